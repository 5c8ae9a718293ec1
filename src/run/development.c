/* Certificates for development: an authority of this user's own, and a certificate that it signs.
 *
 * Four files: a key and a certificate of each. What is there and good is used as it is, without a
 * lock and without writing, so a home that may only be read will do once they are made. Else the
 * folder is held, looked at again (somebody else may have made them meanwhile), and what is missing
 * is made, keys first: a key without a certificate gets one, a certificate without its key is
 * useless. So a crash between two files leaves nothing to be mended by hand. An authority is never
 * replaced: whoever has trusted it is told, and decides.
 *
 * The names that go without saying are those under which this machine may be reached. One of them
 * that the authority may not vouch for, because the machine was called otherwise when it was made, is
 * left out; one that was asked for is a fault. */
#include "run/development.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/options.h"
#include "run/certificate.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"

enum { ARENA_BLOCK_BYTES = 16 * 1024, ARENA_BYTES_LIMIT = 1024 * 1024, HOST_BYTES = 256 };

typedef enum dev_file {
    FILE_AUTHORITY,
    FILE_AUTHORITY_KEY,
    FILE_CERTIFICATE,
    FILE_KEY,
    FILE_COUNT,
} dev_file;

static const struct {
    const char *name;
    hw_vault_access access;
} dev_files[FILE_COUNT] = {
    [FILE_AUTHORITY] = {"ca.pem", HW_VAULT_PUBLIC},
    [FILE_AUTHORITY_KEY] = {"ca-key.pem", HW_VAULT_SECRET},
    [FILE_CERTIFICATE] = {HW_DEVELOPMENT_CERTIFICATE, HW_VAULT_PUBLIC},
    [FILE_KEY] = {"key.pem", HW_VAULT_SECRET},
};

typedef struct dev_work {
    hw_arena arena;
    hw_fault fault;
    hw_vault vault;
    hw_text texts[FILE_COUNT]; /* empty: there is no such file */
    hw_names names;
    size_t own_names; /* of these the first, which go without saying */
    const char *host; /* NULL: this machine has no name that a certificate could have */
    int64_t now_s;
    const char *reason; /* why the certificate is made anew; NULL: it is not */
    bool is_new_authority;
} dev_work;

int hw_development_blame(const hw_fault *fault, hewn_fault *ret_fault)
{
    if (ret_fault) {
        *ret_fault = (hewn_fault){.error = fault->error};
        snprintf(ret_fault->what, sizeof ret_fault->what, "%s", fault->what);
        snprintf(ret_fault->where, sizeof ret_fault->where, "%s", fault->where);
    }
    return -fault->error;
}

static bool is_folder(const char *path)
{
    int fd = path && path[0] == '/' ? hw_sys_open_folder(path) : -ENOENT;
    if (fd < 0)
        return false;
    (void)hw_sys_close(fd);
    return true;
}

int hw_development_folder(const char *given, hw_fault *fault, char ret_path[HW_VAULT_PATH_BYTES])
{
    hw_buffer path = hw_buffer_over(ret_path, HW_VAULT_PATH_BYTES);
    const char *share = hw_sys_variable("XDG_DATA_HOME"), *home = hw_sys_variable("HOME");
    if (given) {
        hw_buffer_put_string(&path, given);
    } else if (share && share[0] == '/') { /* others are to be ignored, says its specification */
        hw_buffer_put_format(&path, "%s/hewn/dev", share);
    } else if (is_folder(home)) {
        hw_buffer_put_format(&path, "%s/.local/share/hewn/dev", home);
    } else {
        return hw_fault_set(fault, ENOENT, home && *home ? home : "HOME",
                            "there is no home for certificates: set HOME or XDG_DATA_HOME to a "
                            "folder of yours, from / on");
    }
    if (!hw_buffer_string(&path) || path.length + sizeof "/ca-key.pem" > HW_VAULT_PATH_BYTES)
        return hw_fault_set(fault, ENAMETOOLONG, NULL,
                            "the path of the folder for certificates is longer than 500 bytes");
    return 0;
}

static int blame_memory(dev_work *work)
{
    return hw_fault_set(&work->fault, ENOMEM, NULL, "out of memory");
}

static int blame_dev_file(dev_work *work, dev_file file, int error, const char *why)
{
    return error == -ENOMEM
               ? blame_memory(work)
               : hw_vault_blame(&work->vault, dev_files[file].name, error, &work->fault, "%s", why);
}

/* Where it is no name it is left out. */
static int add_own_name(dev_work *work, const char *name)
{
    int error = hw_names_add(&work->names, &work->arena, hw_text_of(name));
    return error == -ENOMEM ? blame_memory(work) : 0;
}

/* The machine's name, and the one that multicast DNS has for it (RFC 6762 3). */
static int add_host_names(dev_work *work)
{
    char host[HOST_BYTES], local[HOST_BYTES + sizeof ".local"];
    hw_buffer words = HW_BUFFER_OVER(local);
    size_t before = work->names.count;
    if (hw_sys_host_name(host, sizeof host) < 0)
        return 0;
    int error = add_own_name(work, host);
    if (error < 0 || work->names.count == before)
        return error;
    if (strncmp(work->names.at[before], "DNS:", 4) != 0) {
        work->names.count = before; /* a machine that is called like an address */
        return 0;
    }
    work->host = work->names.at[before] + 4;
    hw_buffer_put(&words,
                  hw_text_upto(hw_text_of(work->host), hw_text_find(hw_text_of(work->host), '.')));
    hw_buffer_put_string(&words, ".local");
    return add_own_name(work, hw_buffer_string(&words));
}

static int add_asked_names(dev_work *work, const char *const *asked)
{
    for (; asked && *asked; asked++) {
        int error = hw_names_add(&work->names, &work->arena, hw_text_of(*asked));
        if (error == -ENOMEM)
            return blame_memory(work);
        if (error == -E2BIG)
            return hw_fault_set(&work->fault, E2BIG, *asked,
                                "a certificate for development has at most %d names",
                                HW_CERTIFICATE_NAMES_MAX);
        if (error < 0)
            return hw_fault_set(&work->fault, EINVAL, *asked,
                                "this is neither a host's name nor an address (\"*\" stands only "
                                "before two words: *.app.test)");
    }
    return 0;
}

static int gather_names(dev_work *work, const char *const *asked)
{
    int error = add_own_name(work, "localhost");
    if (error == 0)
        error = add_host_names(work);
    if (error == 0)
        error = add_own_name(work, "127.0.0.1");
    if (error == 0)
        error = add_own_name(work, "::1");
    work->own_names = work->names.count;
    return error < 0 ? error : add_asked_names(work, asked);
}

/* 1: it may stand in a certificate of this authority. */
static int permits_name(const dev_work *work, const char *name)
{
    const hw_names alone = {{name}, 1};
    return hw_authority_permits(work->texts[FILE_AUTHORITY], &alone);
}

static void drop_name(hw_names *names, size_t index)
{
    names->count--;
    for (; index < names->count; index++)
        names->at[index] = names->at[index + 1];
}

/* All at once first: that is the common case. */
static int keep_permitted_names(dev_work *work)
{
    int permits = hw_authority_permits(work->texts[FILE_AUTHORITY], &work->names);
    for (size_t i = 0; permits == 0 && i < work->names.count;) {
        const char *name = work->names.at[i];
        int alone = permits_name(work, name);
        if (alone < 0)
            return blame_memory(work);
        if (alone == 0 && i >= work->own_names)
            return hw_fault_set(
                &work->fault, EINVAL, strchr(name, ':') + 1,
                "the authority for development vouches only for this machine's own "
                "name, *.localhost, *.local, *.test, *.lan, *.internal, *.home.arpa "
                "and private addresses");
        if (alone == 0) {
            drop_name(&work->names, i);
            work->own_names--;
        } else {
            i++;
        }
    }
    return permits < 0 ? blame_memory(work) : 0;
}

static int read_files(dev_work *work)
{
    for (dev_file file = 0; file < FILE_COUNT; file++) {
        work->texts[file] = (hw_text){0};
        int error = hw_vault_read(&work->vault, dev_files[file].name, dev_files[file].access,
                                  &work->arena, &work->fault, &work->texts[file]);
        if (error < 0 && error != -ENOENT)
            return error;
        if (error == 0 && work->texts[file].length == 0)
            return blame_dev_file(work, file, -EBADMSG, "it is empty: move it away");
    }
    return 0;
}

static int check_keys(dev_work *work)
{
    const hw_text *texts = work->texts;
    int fits = texts[FILE_AUTHORITY_KEY].length == 0
                   ? 1
                   : hw_certificate_fits_key(texts[FILE_AUTHORITY], texts[FILE_AUTHORITY_KEY]);
    if (fits < 0)
        return blame_dev_file(work, FILE_AUTHORITY_KEY, fits,
                              "there is no key in it that can be read: move it away");
    if (fits == 0 && texts[FILE_AUTHORITY].length > 0)
        return blame_dev_file(work, FILE_AUTHORITY_KEY, -EBADMSG,
                              "it is not the key of ca.pem: move both away");
    if (texts[FILE_KEY].length > 0 && hw_certificate_fits_key((hw_text){0}, texts[FILE_KEY]) < 0)
        return blame_dev_file(work, FILE_KEY, -EBADMSG,
                              "there is no key in it that can be read: move it away");
    return 0;
}

static hw_certificate_plan plan_of(const dev_work *work)
{
    return (hw_certificate_plan){work->texts[FILE_AUTHORITY], work->texts[FILE_AUTHORITY_KEY],
                                 work->texts[FILE_KEY], &work->names, work->now_s};
}

/* What there is, and whether it will do: see work->reason. */
static int look_at_folder_files(dev_work *work)
{
    const char *why = "there was none";
    hw_certificate_plan plan;
    int error = read_files(work);
    if (error < 0)
        return error;
    if (work->texts[FILE_AUTHORITY].length > 0) {
        error = hw_authority_check(work->texts[FILE_AUTHORITY], work->now_s, &why);
        if (error < 0)
            return blame_dev_file(work, FILE_AUTHORITY, error, why);
    }
    error = check_keys(work);
    if (error == 0 && work->texts[FILE_AUTHORITY].length > 0)
        error = keep_permitted_names(work);
    if (error < 0)
        return error;
    plan = plan_of(work);
    int judged = work->texts[FILE_CERTIFICATE].length > 0
                     ? hw_certificate_check(work->texts[FILE_CERTIFICATE], &plan, &why)
                     : 1;
    if (judged < 0)
        return blame_dev_file(work, FILE_CERTIFICATE, judged, why);
    work->reason = judged ? why : NULL;
    return 0;
}

static hw_buffer make_pem_room(dev_work *work)
{
    void *memory = hw_arena_alloc(&work->arena, HW_CERTIFICATE_BYTES_MAX);
    return hw_buffer_over(memory, memory ? HW_CERTIFICATE_BYTES_MAX : 0);
}

static int keep_file(dev_work *work, dev_file file, int error, const hw_buffer *made)
{
    if (error < 0)
        return blame_dev_file(work, file, error, "it cannot be made");
    work->texts[file] = hw_buffer_text(made);
    return hw_vault_write(&work->vault, dev_files[file].name, dev_files[file].access,
                          work->texts[file], &work->fault);
}

static int make_key_file(dev_work *work, dev_file file)
{
    if (work->texts[file].length > 0)
        return 0;
    hw_buffer pem = make_pem_room(work);
    return keep_file(work, file, hw_certificate_make_key(&pem), &pem);
}

/* "ann@box": who will be asked whether it is to be trusted should know whose it is. */
static void put_owner(const dev_work *work, hw_buffer *words)
{
    const char *user = hw_sys_variable("LOGNAME");
    if (!user || !*user)
        user = hw_sys_variable("USER");
    for (; user && *user; user++)
        hw_buffer_put_char(words, *user > ' ' && *user <= '~' ? *user : '?');
    if (words->length == 0)
        hw_buffer_put_format(words, "user %u", hw_sys_user());
    hw_buffer_put_format(words, "@%s", work->host ? work->host : "localhost");
}

static int make_authority_files(dev_work *work)
{
    char memory[1024];
    hw_buffer owner = HW_BUFFER_OVER(memory);
    if (work->texts[FILE_AUTHORITY].length > 0)
        return work->texts[FILE_AUTHORITY_KEY].length > 0
                   ? 0
                   : blame_dev_file(
                         work, FILE_AUTHORITY_KEY, -ENOENT,
                         "there is no such file, and ca.pem is of no use without it: move "
                         "that away, and trust the next one instead");
    int error = make_key_file(work, FILE_AUTHORITY_KEY);
    if (error < 0)
        return error;
    put_owner(work, &owner);
    const char *title = hw_buffer_string(&owner);
    hw_buffer pem = make_pem_room(work);
    error = hw_authority_make(work->texts[FILE_AUTHORITY_KEY], title ? title : "a user", work->host,
                              work->now_s, &pem);
    error = keep_file(work, FILE_AUTHORITY, error, &pem);
    if (error < 0)
        return error;
    work->is_new_authority = true;
    return keep_permitted_names(work);
}

/* Whoever asked for them once may still want them. */
static int add_names_of_old(dev_work *work)
{
    hw_names old = {.count = 0};
    int error = hw_certificate_tell_names(work->texts[FILE_CERTIFICATE], &work->arena, &old);
    for (size_t i = 0; error == 0 && i < old.count; i++) {
        int permits = permits_name(work, old.at[i]);
        error = permits < 0 ? permits : 0;
        if (permits == 1)
            error = hw_names_put(&work->names, &work->arena, hw_text_of(old.at[i]));
        if (error == -E2BIG)
            return 0;
    }
    return error < 0 ? blame_memory(work) : 0;
}

static int make_certificate_file(dev_work *work)
{
    int error = add_names_of_old(work);
    if (error < 0)
        return error;
    hw_certificate_plan plan = plan_of(work);
    hw_buffer pem = make_pem_room(work);
    return keep_file(work, FILE_CERTIFICATE, hw_certificate_make(&plan, &pem), &pem);
}

static int make_missing(dev_work *work, const char *folder)
{
    int error = hw_vault_hold(folder, &work->fault, &work->vault);
    if (error == 0)
        error = look_at_folder_files(work);
    if (error < 0 || !work->reason)
        return error;
    error = make_authority_files(work);
    if (error == 0)
        error = make_key_file(work, FILE_KEY);
    return error < 0 ? error : make_certificate_file(work);
}

static int look_or_make(dev_work *work, const char *folder)
{
    int error = hw_vault_open(folder, &work->fault, &work->vault);
    if (error == 0)
        error = look_at_folder_files(work);
    else if (error == -ENOENT)
        return make_missing(work, folder);
    if (error < 0 || !work->reason)
        return error;
    hw_vault_close(&work->vault);
    return make_missing(work, folder);
}

static void show_paths(const dev_work *work, const char *folder, hewn_certificate_paths *ret_paths)
{
    hewn_certificate_paths paths = {.reason = work->reason,
                                    .is_new_authority = work->is_new_authority};
    (void)hw_certificate_until(work->texts[FILE_CERTIFICATE], &paths.until_s);
    snprintf(paths.certificate, sizeof paths.certificate, "%s/%s", folder,
             dev_files[FILE_CERTIFICATE].name);
    snprintf(paths.key, sizeof paths.key, "%s/%s", folder, dev_files[FILE_KEY].name);
    snprintf(paths.authority, sizeof paths.authority, "%s/%s", folder,
             dev_files[FILE_AUTHORITY].name);
    *ret_paths = paths;
}

static int do_work(dev_work *work, const hewn_certificate_dev_opts *opts,
                   hewn_certificate_paths *ret_paths)
{
    hewn_certificate_dev_opts known;
    char folder[HW_VAULT_PATH_BYTES];
    if (!hw_options_read(&known, sizeof known, opts))
        return hw_fault_set(&work->fault, EINVAL, "hewn_certificate_dev_opts",
                            "without its size, or from a newer version");
    if (!hw_certificate_is_built)
        return hw_fault_set(&work->fault, ENOTSUP, NULL,
                            "this program was built without OpenSSL, and makes no certificates");
    int error = gather_names(work, known.names);
    if (error == 0)
        error = hw_development_folder(known.folder, &work->fault, folder);
    if (error == 0)
        error = look_or_make(work, folder);
    if (error == 0)
        show_paths(work, folder, ret_paths);
    return error;
}

int hewn_certificate_dev(const hewn_certificate_dev_opts *opts, hewn_fault *fault,
                         hewn_certificate_paths *ret_paths)
{
    dev_work work = {.vault = {NULL, -1, -1}, .now_s = hw_sys_realtime_ns() / HW_NS_PER_S};
    hw_arena_init(&work.arena, ARENA_BLOCK_BYTES, ARENA_BYTES_LIMIT);
    int error = do_work(&work, opts, ret_paths);
    hw_vault_close(&work.vault);
    hw_arena_fini(&work.arena);
    return error < 0 ? hw_development_blame(&work.fault, fault) : 0;
}
