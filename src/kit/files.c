/* Folders of files as applications mount them: the public face of kit/static.
 *
 * What the world can get wrong (a folder that is not there) is a fault in words, which hewn_files
 * returns and hewn_static, that has no way to, leaves with the app: a server refuses it. What only
 * the programmer can get wrong (a bad prefix, options from a later version) aborts. */
#include <errno.h>
#include <string.h>

#include "app/app.h"
#include "app/options.h"
#include "base/assert.h"
#include "base/text.h"
#include "hewn/server.h"
#include "kit/cache.h"
#include "kit/explain.h"
#include "kit/static.h"
#include "sys/file.h"
#include "sys/socket.h"

/* Where changes are not told, an older answer is looked up again. */
#define FRESH_MS 1000

static bool is_index_name(const char *name)
{
    hw_text text = hw_text_of(name);
    return text.length > 0 && hw_text_find(text, '/') == text.length &&
           !hw_text_equal(text, HW_TEXT(".")) && !hw_text_equal(text, HW_TEXT(".."));
}

static int check_index_names(const char *const *index, hw_fault *fault)
{
    for (; index && *index; index++)
        if (!is_index_name(*index))
            return hw_fault_set(fault, EINVAL, *index, "an index is the name of a file");
    return 0;
}

static int check_names(const hw_static_setup *setup, hw_fault *fault)
{
    int error = check_index_names(setup->index, fault);
    if (error < 0 || !setup->spa)
        return error;
    if (!is_index_name(setup->spa))
        return hw_fault_set(fault, EINVAL, setup->spa, "what stands in is the name of a file");
    const hw_root rule = {.shows_hidden = setup->shows_hidden};
    if (!hw_root_shows_name(&rule, hw_text_of(setup->spa), true))
        return hw_fault_set(fault, EINVAL, setup->spa, "a hidden file stands in for nothing");
    return 0;
}

/* O_PATH descriptors and others alike: only a folder can be opened from. */
static int check_folder(int folder, hw_fault *fault)
{
    struct stat seen;
    int error = hw_sys_stat(folder, &seen);
    if (error == 0 && !S_ISDIR(seen.st_mode))
        error = -ENOTDIR;
    return error < 0 ? hw_fault_set(fault, -error, NULL, "%s", hw_error_words(error)) : 0;
}

static void free_mounted_files(void *arg)
{
    hw_static_free(arg);
}

/* The first folder of an app makes what all of them share: a setup of caches, and the hasher. */
static int share_setup(hewn_app *app, hw_cache_setup **ret_setup, size_t *ret_slot)
{
    hw_cache_setup *setup = hw_arena_alloc_zeroed(&app->arena, 1, sizeof *setup);
    if (!setup)
        return -ENOMEM;
    hw_local local = hw_cache_local(setup);
    *ret_setup = setup;
    *ret_slot = hw_app_local_add(app, &local);
    return *ret_slot == SIZE_MAX ? -ENOMEM : 0;
}

/* What works in the background for all of them: each holds it. */
static int share_helpers(hw_static *files, hw_cache_setup *setup)
{
    int error = 0;
    if (!setup->hasher)
        error = hw_hasher_new(&setup->hasher);
    else
        hw_hasher_hold(setup->hasher);
    if (error < 0)
        return error;
    hw_static_take_hasher(files, setup->hasher);
    if (!setup->press)
        error = hw_press_new(&setup->press);
    else
        hw_press_hold(setup->press);
    if (error == 0)
        hw_static_take_press(files, setup->press);
    return error;
}

/* All folders of files that a server has share one cache a loop; each is a site of it. */
static int bind_cache(hewn_app *app, void *arg)
{
    hw_static *files = arg;
    size_t slot;
    hw_cache_setup *setup = hw_app_local_find(app, hw_cache_local(NULL).init, &slot);
    int error = setup ? 0 : share_setup(app, &setup, &slot);
    if (error == 0)
        error = share_helpers(files, setup);
    if (error == 0)
        hw_static_bind(files, slot, setup->site_count++);
    return error;
}

static int check_setup(const hw_static_setup *setup, hw_fault *fault)
{
    int error = check_names(setup, fault);
    if (error == 0)
        error = hw_policy_check(&setup->policy, fault);
    return error < 0 ? error : check_folder(setup->folder, fault);
}

static int mount_files(hewn_app *app, const char *prefix, const hw_static_setup *setup,
                       hw_fault *fault)
{
    hw_static *files;
    int error = check_setup(setup, fault);
    if (error < 0)
        return error;
    error = hw_static_new(setup, &files);
    if (error == 0)
        error = hw_app_mount(app, prefix, hw_static_answerer(files), free_mounted_files);
    if (error == 0)
        hw_app_on_seal(app, bind_cache, files);
    return error < 0 ? hw_fault_set(fault, -error, prefix, "%s", hw_error_words(error)) : 0;
}

/* What options say, and what is made of them. */
typedef struct read_options {
    hewn_files_opts known;
    const char *only[2]; /* an index, which alone is shown */
    hw_static_setup setup;
} read_options;

static void read_files_options(int folder_fd, const hewn_files_opts *opts, read_options *ret_read)
{
    hewn_files_opts *known = &ret_read->known;
    bool is_understood = hw_options_read(known, sizeof *known, opts);
    hw_assert(is_understood);
    ret_read->only[0] = known->only;
    ret_read->only[1] = NULL;
    ret_read->setup = (hw_static_setup){
        .folder = folder_fd,
        .index = known->only ? ret_read->only : known->index,
        .only = known->only,
        .policy = {known->fields, known->n_fields, known->cors_origins, known->isolated,
                   known->max_age_s},
        .shows_hidden = known->hidden,
        .follows_links = known->follow_links,
        .is_uncompressed = known->uncompressed,
        .lists = known->list,
        .has_clean_urls = known->clean_urls,
        .spa = known->spa,
        .fresh_ms = !known->fresh_ms                     ? FRESH_MS
                    : known->fresh_ms == HEWN_EVERY_TIME ? 0
                                                         : known->fresh_ms,
    };
}

static int tell_fault(int error, const hw_fault *why, hewn_fault *fault)
{
    if (error < 0 && fault) {
        *fault = (hewn_fault){.error = why->error};
        memcpy(fault->what, why->what, sizeof why->what);
        memcpy(fault->where, why->where, sizeof why->where);
    }
    return error;
}

int hewn_files(hewn_app *app, const char *prefix, int folder_fd, const hewn_files_opts *opts,
               hewn_fault *fault)
{
    read_options read;
    hw_fault why = {0};
    read_files_options(folder_fd, opts, &read);
    return tell_fault(mount_files(app, prefix, &read.setup, &why), &why, fault);
}

int hewn_files_explain(int folder_fd, const hewn_files_opts *opts, const char *target,
                       const hewn_field *fields, size_t n_fields, hewn_tell_fn *tell, void *arg,
                       hewn_fault *fault)
{
    read_options read;
    hw_fault why = {0};
    const hw_narrator narrator = {tell, arg};
    read_files_options(folder_fd, opts, &read);
    int error = check_setup(&read.setup, &why);
    if (error == 0)
        error = hw_explain(&read.setup, target, fields, n_fields, &narrator);
    if (error < 0 && !why.error)
        (void)hw_fault_set(&why, -error, target, "%s", hw_error_words(error));
    return tell_fault(error, &why, fault);
}

void hewn_static(hewn_app *app, const char *prefix, const char *folder)
{
    hw_fault fault = {0};
    int fd = hw_sys_open_folder(folder);
    if (fd < 0)
        (void)hw_fault_set(&fault, -fd, folder, "%s", hw_error_words(fd));
    else
        (void)mount_files(app, prefix, &(hw_static_setup){.folder = fd, .fresh_ms = FRESH_MS},
                          &fault);
    if (fd >= 0)
        (void)hw_sys_close(fd);
    if (fault.error)
        hw_app_fail(app, &fault);
}
