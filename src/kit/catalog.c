/* Reads what is in a folder.
 *
 * A folder may have a hundred thousand names, and its first rows should not wait for the last: so
 * names are read and sorted at once, which takes no call but those that read the folder, and sizes
 * and times are asked one by one while the answer is sent. Only where an order is by them, or a
 * name is a symbolic link (which may lead to a folder, or out of the root), is asked before. Between
 * two pieces of an answer no descriptor is held: a client that takes its time must not hold what
 * others need. So the folder is opened again for each piece, and has to be the same one.
 *
 * The names are a list in an arena of its own, which is charged like all memory of connections; a
 * list, because it is sorted by merging in place, whatever its length, without a second copy. */
#include "kit/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/buffer.h"
#include "sys/file.h"
#include "sys/socket.h"

enum {
    CATALOG_BLOCK_BYTES = 64 * 1024,
    CATALOG_READ_BYTES = 16 * 1024,
    /* So many doublings of a list are more than there can be names. */
    CATALOG_BINS = 24,
};

/* Letters in one case, and every digit the same one, behind which nothing counts: names that differ
 * here differ, in the same way. */
static uint32_t make_prefix(hw_text name)
{
    uint32_t prefix = 0;
    bool is_over = false;
    for (size_t i = 0; i < sizeof prefix; i++) {
        char byte = i < name.length && !is_over ? hw_char_lower(name.at[i]) : 0;
        is_over = is_over || hw_char_is_digit(byte);
        prefix = prefix << 8 | (unsigned char)(hw_char_is_digit(byte) ? '0' : byte);
    }
    return prefix;
}

/* A name below the root. False: it is too long to be looked for. */
static bool put_whole_name(const hw_catalog *catalog, const char *name, hw_buffer *out)
{
    hw_buffer_put(out, hw_text_from(catalog->below.text, 1));
    hw_buffer_put_string(out, name);
    return hw_buffer_string(out) != NULL;
}

static void note_facts(hw_catalog_item *item, const struct stat *seen)
{
    item->is_folder = S_ISDIR(seen->st_mode);
    item->size = (uint64_t)seen->st_size;
    item->modified = seen->st_mtim.tv_sec;
    item->is_known = true;
}

static bool look_through_link(const hw_catalog *catalog, hw_catalog_item *item)
{
    char memory[PATH_MAX];
    hw_buffer path = HW_BUFFER_OVER(memory);
    struct stat seen;
    if (!put_whole_name(catalog, item->name, &path) ||
        hw_root_look(catalog->root, path.at, &seen) < 0)
        return false;
    note_facts(item, &seen);
    return true;
}

static bool look_at_item(const hw_catalog *catalog, int folder, hw_catalog_item *item)
{
    struct stat seen;
    int error = hw_sys_stat_at(folder, item->name, &seen);
    /* A folder that may be read and not entered. */
    item->is_forbidden = error == -EACCES;
    if (error < 0)
        return item->is_forbidden;
    item->is_link = S_ISLNK(seen.st_mode);
    if (item->is_link)
        return look_through_link(catalog, item);
    if (!S_ISDIR(seen.st_mode) && !S_ISREG(seen.st_mode))
        return false;
    note_facts(item, &seen);
    return true;
}

bool hw_catalog_look(const hw_catalog *catalog, int folder, hw_catalog_item *item)
{
    return item->is_known || item->is_forbidden || look_at_item(catalog, folder, item);
}

/* Whether a name is one of those that are shown, as far as its kind says so. */
static bool is_shown(const hw_catalog *catalog, hw_text name, unsigned char type)
{
    if (hw_text_equal(name, HW_TEXT(".")) || hw_text_equal(name, HW_TEXT("..")))
        return false;
    bool may_be_shown = type == DT_DIR || type == DT_REG || type == DT_LNK || type == DT_UNKNOWN;
    return may_be_shown && name.length <= HW_CATALOG_NAME_BYTES &&
           hw_root_shows_name(catalog->root, name, catalog->below.text.length == 1);
}

static int add_name(hw_catalog *catalog, int folder, hw_text name, unsigned char type)
{
    size_t bytes = sizeof(hw_catalog_item) + name.length + 1;
    if (catalog->count == HW_CATALOG_NAMES_MAX || catalog->bytes + bytes > HW_CATALOG_BYTES_MAX) {
        catalog->is_cut = true;
        return 0;
    }
    hw_catalog_item *item = hw_arena_alloc(&catalog->memory, bytes);
    if (!item)
        return -ENOMEM;
    *item = (hw_catalog_item){
        .next = catalog->first,
        .prefix = make_prefix(name),
        .is_folder = type == DT_DIR,
        .length = (unsigned char)name.length,
    };
    memcpy(item->name, name.at, name.length);
    item->name[name.length] = '\0';
    catalog->bytes += bytes;
    if ((type == DT_LNK || type == DT_UNKNOWN) && !look_at_item(catalog, folder, item))
        return 0;
    catalog->first = item;
    catalog->count++;
    return 0;
}

/* The kernel's struct linux_dirent64: whole records, each with the name at its end. */
static int add_names(hw_catalog *catalog, int folder, hw_text records)
{
    int error = 0;
    while (error == 0 && records.length > offsetof(struct dirent64, d_name) && !catalog->is_cut) {
        unsigned short length;
        memcpy(&length, records.at + offsetof(struct dirent64, d_reclen), sizeof length);
        hw_text record = hw_text_upto(records, length);
        hw_text name = hw_text_from(record, offsetof(struct dirent64, d_name));
        unsigned char type = (unsigned char)record.at[offsetof(struct dirent64, d_type)];
        name = hw_text_upto(name, hw_text_find(name, '\0'));
        if (is_shown(catalog, name, type))
            error = add_name(catalog, folder, name, type);
        if (length == 0)
            return -EIO;
        records = hw_text_from(records, length);
    }
    return error;
}

static int read_names(hw_catalog *catalog, int folder)
{
    char memory[CATALOG_READ_BYTES];
    ssize_t got;
    while (!catalog->is_cut && (got = hw_sys_read_folder(folder, memory, sizeof memory)) != 0) {
        int error = got < 0 ? (int)got : add_names(catalog, folder, (hw_text){memory, (size_t)got});
        if (error < 0)
            return error;
    }
    return 0;
}

static int read_opened(hw_catalog *catalog, int folder)
{
    struct stat seen;
    int error = hw_sys_stat(folder, &seen);
    if (error < 0)
        return error;
    catalog->device = seen.st_dev;
    catalog->inode = seen.st_ino;
    return read_names(catalog, folder);
}

int hw_catalog_read(const hw_root *root, hw_path below, hw_budget *budget, hw_catalog *ret_catalog)
{
    hw_catalog catalog = {.root = root, .below = below};
    int folder = hw_root_open_folder(root, below);
    if (folder < 0)
        return folder;
    hw_arena_init(&catalog.memory, CATALOG_BLOCK_BYTES, SIZE_MAX);
    hw_arena_charge(&catalog.memory, budget);
    int error = read_opened(&catalog, folder);
    (void)hw_sys_close(folder);
    if (error < 0)
        hw_arena_fini(&catalog.memory);
    else
        *ret_catalog = catalog;
    return error;
}

void hw_catalog_fini(hw_catalog *catalog)
{
    hw_arena_fini(&catalog->memory);
}

int hw_catalog_open(const hw_catalog *catalog)
{
    struct stat seen;
    int folder = hw_root_open_folder(catalog->root, catalog->below);
    if (folder < 0)
        return folder;
    int error = hw_sys_stat(folder, &seen);
    if (error == 0 && (seen.st_dev != catalog->device || seen.st_ino != catalog->inode))
        error = -ESTALE;
    if (error < 0)
        (void)hw_sys_close(folder);
    return error < 0 ? error : folder;
}

static const char *skip_zeros(const char *digits)
{
    while (*digits == '0')
        digits++;
    return digits;
}

static size_t count_digits(const char *at)
{
    size_t count = 0;
    while (hw_char_is_digit(at[count]))
        count++;
    return count;
}

/* Two numbers, which it moves past; of the same value the one with fewer zeros is not less. */
static int compare_numbers(const char **a, const char **b)
{
    const char *one = skip_zeros(*a), *other = skip_zeros(*b);
    size_t one_length = count_digits(one), other_length = count_digits(other);
    *a = one + one_length;
    *b = other + other_length;
    if (one_length != other_length)
        return one_length < other_length ? -1 : 1;
    return memcmp(one, other, one_length);
}

static int compare_letters(char a, char b)
{
    return (unsigned char)hw_char_lower(a) - (unsigned char)hw_char_lower(b);
}

static int compare_names(const hw_catalog_item *a, const hw_catalog_item *b)
{
    const char *one = a->name, *other = b->name;
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    while (*one && *other) {
        bool are_numbers = hw_char_is_digit(*one) && hw_char_is_digit(*other);
        int difference =
            are_numbers ? compare_numbers(&one, &other) : compare_letters(*one++, *other++);
        if (difference != 0)
            return difference;
    }
    /* No two are the same: what differs in case or in zeros alone has an order too. */
    return *one || *other ? (unsigned char)*one - (unsigned char)*other : strcmp(a->name, b->name);
}

static int compare_facts(const hw_catalog_item *a, const hw_catalog_item *b, hw_catalog_key key)
{
    if (key == HW_CATALOG_TIME)
        return (a->modified > b->modified) - (a->modified < b->modified);
    if (key == HW_CATALOG_NAME || a->is_folder)
        return 0;
    return (a->size > b->size) - (a->size < b->size);
}

static bool comes_before(const hw_catalog_item *a, const hw_catalog_item *b, hw_catalog_order order)
{
    if (a->is_folder != b->is_folder)
        return a->is_folder;
    int difference = compare_facts(a, b, order.key);
    if (difference == 0) {
        difference = compare_names(a, b);
        order.is_descending = order.is_descending && order.key == HW_CATALOG_NAME;
    }
    return order.is_descending ? difference > 0 : difference < 0;
}

static hw_catalog_item *merge_lists(hw_catalog_item *a, hw_catalog_item *b, hw_catalog_order order)
{
    hw_catalog_item *first = NULL, **end = &first;
    while (a && b) {
        hw_catalog_item **least = comes_before(b, a, order) ? &b : &a;
        *end = *least;
        end = &(*least)->next;
        *least = *end;
    }
    *end = a ? a : b;
    return first;
}

/* In place: bin i holds a sorted list of 2^i items, or nothing, as in adding one to a number. */
static void merge_items(hw_catalog *catalog, hw_catalog_order order)
{
    hw_catalog_item *bins[CATALOG_BINS] = {NULL}, *rest = catalog->first;
    while (rest) {
        hw_catalog_item *carried = rest;
        size_t bin = 0;
        rest = rest->next;
        carried->next = NULL;
        for (; bin < CATALOG_BINS - 1 && bins[bin]; bin++) {
            carried = merge_lists(bins[bin], carried, order);
            bins[bin] = NULL;
        }
        bins[bin] = merge_lists(bins[bin], carried, order);
    }
    catalog->first = NULL;
    for (size_t bin = 0; bin < CATALOG_BINS; bin++)
        catalog->first = merge_lists(bins[bin], catalog->first, order);
}

/* Those that are not there any more are taken out. */
static void look_at_all(hw_catalog *catalog, int folder)
{
    hw_catalog_item **at = &catalog->first;
    while (*at) {
        if (hw_catalog_look(catalog, folder, *at)) {
            at = &(*at)->next;
        } else {
            *at = (*at)->next;
            catalog->count--;
        }
    }
}

int hw_catalog_sort(hw_catalog *catalog, hw_catalog_order order)
{
    if (order.key != HW_CATALOG_NAME) {
        int folder = hw_catalog_open(catalog);
        if (folder < 0)
            return folder;
        look_at_all(catalog, folder);
        (void)hw_sys_close(folder);
    }
    merge_items(catalog, order);
    return 0;
}
