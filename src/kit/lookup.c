/* Asks the file system what a path leads to.
 *
 * The order is: the name itself, if that is a file; the name with ".html" behind it; a folder. So a
 * page beside a folder of its name, `about.html` beside `about/team.html`, is `/about`, as those
 * expect who have it made that way; and the answer depends on names of one folder alone, whose
 * changes are told together. Rejected: the folder first if it has an index, as some servers do it:
 * then it would depend on what is inside too, for a case that nobody means. A path with a slash at
 * its end is a folder and nothing else. */
#include "kit/lookup.h"

#include "exchange/narrator.h"
#include "http/condition.h"
#include "kit/diagnose.h"
#include "kit/vigil.h"
#include "sys/socket.h"

/* The first index there is. A folder of that name, or none of them, means there is none. */
static int find_index(const hw_lookup *lookup, hw_exchange *exchange, hw_vigil *vigil,
                      const char **ret_name, hw_finding *ret_finding)
{
    const char *folder = exchange->request.below.text.at + 1;
    for (size_t i = 0; i < lookup->index_count; i++) {
        const char *name = hw_arena_format(&exchange->arena, "%s%s", folder, lookup->index[i]);
        if (!name)
            return -ENOMEM;
        int error = hw_root_find(&lookup->root, name, vigil, ret_finding);
        if (error == -ENOENT || error == -EISDIR) {
            hw_exchange_tell(exchange, "index", "there is no '%s'", name);
            continue;
        }
        *ret_name = name;
        hw_exchange_tell(exchange, "index", "'%s' stands for the folder", name);
        return error;
    }
    return -ENOENT;
}

/* A file, or the page that lacks only its ending. */
static int find_named_file(const hw_lookup *lookup, hw_exchange *exchange, hw_vigil *vigil,
                           const char **ret_name, hw_finding *ret_finding)
{
    const char *asked = exchange->request.below.text.at + 1;
    int error = hw_root_find(&lookup->root, asked, vigil, ret_finding);
    *ret_name = asked;
    if (!lookup->has_clean_urls || (error != -EISDIR && !hw_root_is_absence(error)))
        return error;
    const char *page = hw_arena_format(&exchange->arena, "%s.html", asked);
    if (!page)
        return -ENOMEM;
    int page_error = hw_root_find(&lookup->root, page, vigil, ret_finding);
    if (page_error == -EISDIR || hw_root_is_absence(page_error))
        return error;
    *ret_name = page;
    hw_exchange_tell(exchange, "path", "'%s' stands for '%s', which is no file (clean URLs)", page,
                     asked);
    return page_error;
}

/* Whether there is a folder, which may be read. */
static int check_folder_is_there(const hw_lookup *lookup, hw_path below)
{
    int fd = hw_root_open_folder(&lookup->root, below);
    if (fd >= 0)
        (void)hw_sys_close(fd);
    return fd < 0 ? fd : 0;
}

static int make_entry(const hw_lookup *lookup, hw_exchange *exchange, hw_text path,
                      const char *name, const hw_finding *finding, hw_vigil *vigil,
                      hw_entry **ret_entry)
{
    hw_file_rules rules = {.media = exchange->place->media,
                           .policy = lookup->policy,
                           .hasher = lookup->hasher,
                           .press = lookup->is_uncompressed ? NULL : lookup->press,
                           .root = &lookup->root,
                           .now_ms = exchange->now_ms,
                           .content_max = SIZE_MAX,
                           .waits_for_hash = hw_condition_names_strong(exchange->request.fields)};
    hw_siblings siblings = {0};
    hw_exchange_tell(exchange, "file", "'%s', %lld bytes", name, (long long)finding->seen.st_size);
    if (lookup->is_uncompressed)
        hw_exchange_tell(exchange, "coding", "the file as it is: no other is looked for");
    else
        hw_siblings_find(&lookup->root, name, finding, exchange, vigil, &siblings);
    return hw_entry_new_file(path, name, finding, &siblings, &rules, ret_entry);
}

/* -ENOENT and its like: nothing is there. */
static int make_folder_entry(const hw_lookup *lookup, hw_exchange *exchange, hw_vigil *vigil,
                             hw_entry **ret_entry)
{
    hw_path below = exchange->request.below;
    hw_finding finding;
    const char *name;
    int error = find_index(lookup, exchange, vigil, &name, &finding);
    if (error == 0)
        return make_entry(lookup, exchange, below.text, name, &finding, vigil, ret_entry);
    if (error != -ENOENT || !lookup->lists)
        return error;
    error = check_folder_is_there(lookup, below);
    if (error < 0)
        return error;
    hw_exchange_tell(exchange, "listing", "the folder has no index, and is listed");
    return hw_entry_new(HW_ENTRY_LISTED, below.text, ret_entry);
}

static int make_file_entry(const hw_lookup *lookup, hw_exchange *exchange, hw_vigil *vigil,
                           hw_entry **ret_entry)
{
    hw_text path = exchange->request.below.text;
    hw_finding finding;
    const char *name;
    int error = find_named_file(lookup, exchange, vigil, &name, &finding);
    if (error == -EISDIR) {
        hw_exchange_tell(exchange, "path",
                         "'%s' is a folder: its name is one with a slash behind it", path.at + 1);
        return hw_entry_new(HW_ENTRY_FOLDER, path, ret_entry);
    }
    return error < 0 ? error : make_entry(lookup, exchange, path, name, &finding, vigil, ret_entry);
}

static void watch_folders_of(const hw_lookup *lookup, hw_vigil *vigil)
{
    if (vigil && !vigil->is_blind)
        hw_vigil_watch_folders(vigil, &lookup->root);
}

int hw_lookup_path(const hw_lookup *lookup, hw_exchange *exchange, hw_vigil *vigil,
                   hw_entry **ret_entry)
{
    hw_path below = exchange->request.below;
    watch_folders_of(lookup, vigil);
    int error = hw_path_is_folder(below) ? make_folder_entry(lookup, exchange, vigil, ret_entry)
                                         : make_file_entry(lookup, exchange, vigil, ret_entry);
    if (error < 0)
        hw_diagnose(exchange, &lookup->root, below.text.at + 1, error);
    if (hw_root_is_absence(error) || error == -EISDIR)
        return hw_entry_new(HW_ENTRY_ABSENT, below.text, ret_entry);
    return error;
}

int hw_lookup_file(const hw_lookup *lookup, hw_exchange *exchange, hw_text path, hw_vigil *vigil,
                   hw_entry **ret_entry)
{
    hw_finding finding;
    watch_folders_of(lookup, vigil);
    int error = hw_root_find(&lookup->root, path.at + 1, vigil, &finding);
    if (error == 0)
        return make_entry(lookup, exchange, path, path.at + 1, &finding, vigil, ret_entry);
    if (hw_root_is_absence(error) || error == -EISDIR)
        return hw_entry_new(HW_ENTRY_ABSENT, path, ret_entry);
    return error;
}
