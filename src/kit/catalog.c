/* Reads what is in a folder.
 *
 * A folder may have a hundred thousand names, and its first rows should not wait for the last: so
 * names are read and sorted at once, which takes no call but those that read the folder, and sizes
 * and times are asked one by one while the answer is sent. Only where an order is by them, or a
 * name is a symbolic link (which may lead to a folder, or out of the root), is asked before. Between
 * two pieces of an answer no descriptor is held: a client that takes its time must not hold what
 * others need. So the folder is opened again for each piece, and has to be the same one.
 *
 * The names are a list in an arena of its own, which is charged like all memory of connections.
 * They are sorted by numbers: the first eight bytes of a name behind what all of them begin with,
 * spelt so that numbers in it count as such, or a size, or a time. A name itself is looked at only
 * where two numbers are the same. Comparing names alone took three times as long as reading them. */
#include "kit/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/buffer.h"
#include "base/number.h"
#include "sys/file.h"
#include "sys/socket.h"

enum {
    CATALOG_BLOCK_BYTES = 64 * 1024,
    CATALOG_READ_BYTES = 16 * 1024,
};

/* What is sorted: a number that decides nearly always, and the name for where it does not. */
typedef struct catalog_slot {
    uint64_t key;
    hw_catalog_item *item;
} catalog_slot;

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
    /* Of a folder that may be read and not entered, or of a disk that fails, there are names. */
    item->is_untold = error < 0 && !hw_root_is_absence(error);
    if (error < 0)
        return item->is_untold;
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
    return item->is_known || item->is_untold || look_at_item(catalog, folder, item);
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

static size_t skip_zeros(hw_text text, size_t at)
{
    while (at < text.length && text.at[at] == '0')
        at++;
    return at;
}

static size_t skip_digits(hw_text text, size_t at)
{
    while (at < text.length && hw_char_is_digit(text.at[at]))
        at++;
    return at;
}

/* The spelling of a name that is compared: letters in one case, and instead of a number a digit, how
 * many digits it has without zeros in front, and those. */
typedef struct name_speller {
    hw_text name;
    size_t at, number_end; /* number_end > at: in a number */
    bool is_length_due;
} name_speller;

/* The next byte of it; -1: that was all. */
static int spell_next(name_speller *speller)
{
    hw_text name = speller->name;
    if (speller->is_length_due) {
        speller->is_length_due = false;
        return (int)(speller->number_end - speller->at);
    }
    if (speller->at == name.length)
        return -1;
    char byte = name.at[speller->at];
    if (speller->at < speller->number_end || !hw_char_is_digit(byte)) {
        speller->at++;
        return (unsigned char)hw_char_lower(byte);
    }
    speller->at = skip_zeros(name, speller->at);
    speller->number_end = skip_digits(name, speller->at);
    speller->is_length_due = true;
    return '0';
}

static hw_text name_of(const hw_catalog_item *item)
{
    return (hw_text){item->name, item->length};
}

static int compare_names(const hw_catalog_item *a, const hw_catalog_item *b)
{
    name_speller one = {.name = name_of(a)}, other = {.name = name_of(b)};
    int byte;
    do {
        byte = spell_next(&one);
        int difference = byte - spell_next(&other);
        if (difference != 0)
            return difference;
    } while (byte >= 0);
    /* No two are the same: what differs in case or in zeros alone has an order too. */
    return strcmp(a->name, b->name);
}

/* So much all names begin with; a number is not cut apart. */
static size_t measure_common(const hw_catalog *catalog)
{
    hw_text common = catalog->first ? name_of(catalog->first) : (hw_text){0};
    for (const hw_catalog_item *item = catalog->first; item; item = item->next) {
        size_t same = 0;
        while (same < common.length && item->name[same] == common.at[same])
            same++;
        common.length = same;
    }
    while (common.length > 0 && hw_char_is_digit(common.at[common.length - 1]))
        common.length--;
    return common.length;
}

static uint64_t make_name_key(hw_text name)
{
    name_speller speller = {.name = name};
    uint64_t key = 0;
    for (size_t i = 0; i < sizeof key; i++) {
        int byte = spell_next(&speller);
        key = key << 8 | (unsigned char)(byte < 0 ? 0 : byte);
    }
    return key;
}

static uint64_t make_key(const hw_catalog_item *item, hw_catalog_order order, size_t common)
{
    uint64_t key = make_name_key(hw_text_from(name_of(item), common));
    if (order.key == HW_CATALOG_TIME)
        key = (uint64_t)item->modified + ((uint64_t)1 << 63); /* before 1970 comes first */
    else if (order.key == HW_CATALOG_SIZE)
        key = item->is_folder ? 0 : item->size;
    return order.is_descending ? ~key : key;
}

static bool comes_before(const catalog_slot *a, const catalog_slot *b, hw_catalog_order order)
{
    if (a->key != b->key)
        return a->key < b->key;
    int difference = compare_names(a->item, b->item);
    bool is_turned = order.is_descending && order.key == HW_CATALOG_NAME;
    return is_turned ? difference > 0 : difference < 0;
}

/* Two sorted runs, one behind the other, into one. */
static void merge_runs(const catalog_slot *from, size_t first_count, size_t count,
                       hw_catalog_order order, catalog_slot *to)
{
    size_t a = 0, b = first_count;
    for (size_t i = 0; i < count; i++) {
        bool takes_second =
            a == first_count || (b < count && comes_before(&from[b], &from[a], order));
        to[i] = takes_second ? from[b++] : from[a++];
    }
}

/* Runs of twice the length each time, from one half of the room to the other. Returns where the
 * sorted ones are. */
static catalog_slot *sort_slots(catalog_slot *slots, catalog_slot *other, size_t count,
                                hw_catalog_order order)
{
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t at = 0; at < count; at += 2 * run) {
            size_t left = count - at;
            merge_runs(slots + at, hw_size_min(run, left), hw_size_min(2 * run, left), order,
                       other + at);
        }
        catalog_slot *sorted = other;
        other = slots;
        slots = sorted;
    }
    return slots;
}

/* Sorts those that are folders, or those that are not, and hangs them in front of the list. */
static void sort_kind(hw_catalog *catalog, bool is_folder, hw_catalog_order order, size_t common,
                      catalog_slot *slots, hw_catalog_item **rest)
{
    catalog_slot *other = slots + catalog->count;
    hw_catalog_item **from = rest;
    size_t count = 0;
    while (*from) {
        hw_catalog_item *item = *from;
        if (item->is_folder != is_folder) {
            from = &item->next;
            continue;
        }
        *from = item->next;
        slots[count++] = (catalog_slot){make_key(item, order, common), item};
    }
    slots = sort_slots(slots, other, count, order);
    while (count > 0) {
        hw_catalog_item *item = slots[--count].item;
        item->next = catalog->first;
        catalog->first = item;
    }
}

static int sort_items(hw_catalog *catalog, hw_catalog_order order)
{
    hw_arena scratch;
    hw_arena_init(&scratch, CATALOG_BLOCK_BYTES, SIZE_MAX);
    hw_arena_charge(&scratch, catalog->memory.budget);
    catalog_slot *slots = hw_arena_alloc(&scratch, 2 * catalog->count * sizeof *slots);
    if (slots) {
        size_t common = measure_common(catalog);
        hw_catalog_item *rest = catalog->first;
        catalog->first = NULL;
        sort_kind(catalog, false, order, common, slots, &rest);
        sort_kind(catalog, true, order, common, slots, &rest);
    }
    hw_arena_fini(&scratch);
    return slots ? 0 : -ENOMEM;
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
    return sort_items(catalog, order);
}
