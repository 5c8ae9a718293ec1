/* What a name led to: its validators, its heads and its body.
 *
 * Everything is asked of the open descriptor, never of the name, so that validators, length and
 * bytes are of one file even when the name changes hands meanwhile. The tag has inode, size, mtime
 * and ctime: mtime alone can be set back by anybody who owns the file, ctime cannot. It is weak
 * because two writes within one tick of the file system's clock leave the same four numbers (RFC
 * 9110 8.8.1). Small files are read before the head is made: one that was cut short by then is an
 * error we can still report.
 *
 * An entry is one allocation of its own and one arena, filled once; the answer that made it and
 * every later one are made of it in the same way, so a cached answer cannot differ. */
#include "kit/entry.h"

#include <errno.h>

#include "base/assert.h"
#include "base/buffer.h"
#include "base/number.h"
#include "http/date.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/socket.h"

/* 1981-01-01 00:00:00 UTC. Build tools that hide the date write 1970 or 1980, where ZIP begins. */
#define ENTRY_DATE_MIN 347155200
/* W/"", four numbers of 16 digits and what parts them. */
#define ENTRY_TAG_BYTES (4 + 4 * 16 + 3)
/* Texts, fields and the encoded heads of a usual file. */
#define ENTRY_BLOCK_BYTES 1280
#define ENTRY_FIELDS_MAX 7

int hw_entry_new(hw_entry_kind kind, hw_text path, hw_entry **ret_entry)
{
    hw_entry *entry = hw_sys_alloc_zeroed(1, sizeof *entry);
    if (!entry)
        return -ENOMEM;
    entry->kind = kind;
    entry->references = 1;
    entry->file.fd = -1;
    hw_arena_init(&entry->memory, kind == HW_ENTRY_FILE ? ENTRY_BLOCK_BYTES : 64, SIZE_MAX);
    if (!hw_arena_copy_text(&entry->memory, path, &entry->path)) {
        hw_entry_release(entry);
        return -ENOMEM;
    }
    *ret_entry = entry;
    return 0;
}

static void charge_to(hw_entry *entry, hw_budget *budget)
{
    hw_arena_charge(&entry->memory, budget);
    hw_budget_add(budget, sizeof *entry);
    hw_budget_give(entry->charged, sizeof *entry);
    entry->charged = budget;
}

int hw_entry_charge(hw_entry *entry, hw_budget *budget)
{
    entry->origin = budget;
    charge_to(entry, budget);
    return budget && budget->max > 0 && hw_budget_used(budget) > budget->max ? -ENOMEM : 0;
}

void hw_entry_enter_cache(hw_entry *entry)
{
    charge_to(entry, NULL);
}

/* What nobody has any more goes at once. */
void hw_entry_leave_cache(hw_entry *entry)
{
    if (entry->references > 1)
        charge_to(entry, entry->origin);
}

void hw_entry_hold(hw_entry *entry)
{
    entry->references++;
}

/* Out of line, for it is seldom the last one. */
static __attribute__((noinline)) void free_entry(hw_entry *entry)
{
    hw_assert(entry->filing.cost == 0);
    if (entry->file.fd >= 0)
        (void)hw_sys_close(entry->file.fd);
    charge_to(entry, NULL);
    hw_arena_fini(&entry->memory);
    hw_sys_free(entry);
}

void hw_entry_release(hw_entry *entry)
{
    if (entry && --entry->references == 0)
        free_entry(entry);
}

/* Wraps around after the year 2554, which makes no two neighbouring times alike. */
static uint64_t count_nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

static bool make_tag(hw_entry *entry, const struct stat *seen)
{
    char *memory = hw_arena_alloc(&entry->memory, ENTRY_TAG_BYTES);
    if (!memory)
        return false;
    hw_buffer tag = hw_buffer_over(memory, ENTRY_TAG_BYTES);
    hw_buffer_put_string(&tag, "W/\"");
    hw_buffer_put_hex(&tag, seen->st_ino);
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, (uint64_t)seen->st_size);
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, count_nanoseconds(seen->st_mtim));
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, count_nanoseconds(seen->st_ctim));
    hw_buffer_put_char(&tag, '"');
    entry->file.tag = hw_buffer_text(&tag);
    return true;
}

static void set_dates(hw_representation *file, int64_t modified, int64_t now)
{
    /* RFC 9110 8.8.2.1: never later than Date. Now in its place would be a date that nobody set. */
    bool is_said = modified >= ENTRY_DATE_MIN && modified <= now;
    file->modified = modified;
    file->last_modified = is_said ? modified : HW_NO_DATE;
}

static bool add_date_field(hw_entry *entry, hw_field *ret_field)
{
    char *date = hw_arena_alloc(&entry->memory, HW_DATE_BYTES);
    if (!date)
        return false;
    hw_date_format(entry->file.last_modified, date);
    *ret_field = (hw_field){HW_TEXT("Last-Modified"), hw_text_of(date), HW_FIELD_LAST_MODIFIED};
    return true;
}

/* The fields of a 200; those of a 304 (RFC 9110 15.4.5) are some of them, side by side. */
static bool make_heads(hw_entry *entry, hw_text type)
{
    static const hw_policy silent;
    hw_representation *file = &entry->file;
    const hw_policy *policy = entry->policy ? entry->policy : &silent;
    hw_field *fields =
        hw_arena_alloc(&entry->memory, (ENTRY_FIELDS_MAX + policy->fields.count) * sizeof *fields);
    const char *length = hw_arena_format(&entry->memory, "%llu", (unsigned long long)file->length);
    size_t count = 0;
    if (!fields || !length)
        return false;
    fields[count++] = (hw_field){HW_TEXT("Content-Type"), type, HW_FIELD_CONTENT_TYPE};
    if (file->last_modified != HW_NO_DATE && !add_date_field(entry, &fields[count++]))
        return false;
    const hw_field *validator = fields + count;
    fields[count++] = (hw_field){HW_TEXT("ETag"), file->tag, HW_FIELD_ETAG};
    if (!policy->says_cache_control)
        fields[count++] =
            (hw_field){HW_TEXT("Cache-Control"), HW_TEXT("no-cache"), HW_FIELD_CACHE_CONTROL};
    for (size_t i = 0; i < policy->fields.count; i++)
        fields[count++] = policy->fields.at[i];
    hw_fields unchanged = hw_fields_of(validator, (size_t)(fields + count - validator));
    fields[count++] = (hw_field){HW_TEXT("Accept-Ranges"), HW_TEXT("bytes"), HW_FIELD_OTHER};
    if (!policy->says_sniffing)
        fields[count++] =
            (hw_field){HW_TEXT("X-Content-Type-Options"), HW_TEXT("nosniff"), HW_FIELD_OTHER};
    fields[count++] =
        (hw_field){HW_TEXT("Content-Length"), hw_text_of(length), HW_FIELD_CONTENT_LENGTH};
    hw_prepared_init(&file->whole, 200, hw_fields_of(fields, count), &entry->memory);
    hw_prepared_init(&file->unchanged, 304, unchanged, &entry->memory);
    return true;
}

static int read_content(hw_entry *entry, size_t length)
{
    char *memory = hw_arena_alloc(&entry->memory, length);
    if (!memory)
        return -ENOMEM;
    size_t done = 0;
    while (done < length) {
        ssize_t got = hw_sys_read_at(entry->file.fd, memory + done, length - done, done);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return -ESTALE;
        done += (size_t)got;
    }
    entry->file.content = (hw_text){memory, length};
    (void)hw_sys_close(entry->file.fd);
    entry->file.fd = -1;
    return 0;
}

static int fill_file(hw_entry *entry, const char *name, const struct stat *seen, size_t content_max,
                     const hw_media *media, int64_t now)
{
    hw_representation *file = &entry->file;
    hw_text type;
    file->length = (uint64_t)seen->st_size;
    set_dates(file, seen->st_mtim.tv_sec, now);
    entry->name = hw_arena_copy(&entry->memory, hw_text_of(name));
    if (!entry->name || !make_tag(entry, seen) ||
        !hw_media_of(media, hw_text_of(name), &entry->memory, &type) || !make_heads(entry, type))
        return -ENOMEM;
    bool is_small = file->length <= hw_size_min(content_max, HW_ENTRY_CONTENT_MAX);
    return is_small ? read_content(entry, (size_t)file->length) : 0;
}

int hw_entry_new_file(hw_text path, const char *name, const hw_finding *finding, size_t content_max,
                      const hw_media *media, const hw_policy *policy, int64_t now,
                      hw_entry **ret_entry)
{
    hw_entry *entry;
    int error = hw_entry_new(HW_ENTRY_FILE, path, &entry);
    if (error < 0) {
        (void)hw_sys_close(finding->fd);
        return error;
    }
    entry->file.fd = finding->fd;
    entry->policy = policy;
    error = fill_file(entry, name, &finding->seen, content_max, media, now);
    if (error < 0)
        hw_entry_release(entry);
    else
        *ret_entry = entry;
    return error;
}

/* A part of an entry's file, on its way out. */
typedef struct entry_source {
    hw_source source;
    hw_entry *entry;
    hw_range left;
} entry_source;

/* A file comes at once: the driver sends it in slices without reading it, and keeps with the entry
 * what it finds out about it. */
uint64_t hw_entry_piece(hw_entry *entry, hw_range part, size_t want, hw_piece *ret_piece)
{
    hw_representation *file = &entry->file;
    bool is_in_memory = file->content.at != NULL;
    size_t length = (size_t)hw_number_min(part.length, is_in_memory ? want : SIZE_MAX);
    *ret_piece = (hw_piece){0};
    if (is_in_memory)
        ret_piece->bytes = hw_text_upto(hw_text_from(file->content, (size_t)part.first), length);
    else
        ret_piece->file = (hw_segment){
            .fd = file->fd, .offset = part.first, .length = length, .warmth = &file->warmth};
    return length;
}

static hw_pull pull_entry(hw_source *source, size_t want, hw_piece *ret_piece)
{
    entry_source *part = (entry_source *)source;
    hw_range *left = &part->left;
    *ret_piece = (hw_piece){0};
    if (left->length == 0)
        return HW_PULL_END;
    uint64_t length = hw_entry_piece(part->entry, *left, want, ret_piece);
    left->first += length;
    left->length -= length;
    return ret_piece->bytes.length > 0 ? HW_PULL_BYTES : HW_PULL_FILE;
}

static void drop_entry_source(hw_source *source)
{
    hw_entry_release(((entry_source *)source)->entry);
}

static const hw_source_ops entry_ops = {.pull = pull_entry, .drop = drop_entry_source};

hw_source *hw_entry_body(hw_entry *entry, hw_range part, hw_arena *arena)
{
    entry_source *source = hw_arena_alloc(arena, sizeof *source);
    if (!source)
        return NULL;
    const char *content = entry->file.content.at;
    *source = (entry_source){
        {&entry_ops, part.length, content ? content + part.first : NULL}, entry, part};
    hw_entry_hold(entry);
    return &source->source;
}
