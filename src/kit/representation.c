/* Says of a file what is to be said of it: its tag, its dates, its heads.
 *
 * Everything is asked of the open descriptor, never of the name, so that validators, length and
 * bytes are of one file even when the name changes hands meanwhile. Small files are read before the
 * head is made: one that was cut short by then is an error we can still report.
 *
 * The tag is a hash of the content: other bytes have another one, whatever their dates, and the same
 * bytes the same one, on every machine (RFC 9110 8.8.3). What is read anyway is hashed at once; so
 * is a file of up to TAG_AT_ONCE_MAX, once, for the hasher remembers it. A longer one first has a weak
 * tag of what the file system says (inode, size and both times: mtime alone can be set back by
 * anybody who owns the file, ctime cannot), and both are good for If-None-Match as long as the file
 * is that one. Where the last change is so young that the next one may have the same time, such a tag
 * would be a lie, and there is none. */
#include "kit/representation.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/number.h"
#include "http/date.h"
#include "sys/file.h"
#include "sys/socket.h"

/* Hashed while somebody waits: less than a millisecond. */
#define TAG_AT_ONCE_MAX (1024 * 1024)
/* 1981-01-01 00:00:00 UTC. Build tools that hide the date write 1970 or 1980, where ZIP begins. */
#define FILE_DATE_MIN 347155200
/* W/"", four numbers of 16 digits and what parts them. */
#define NUMBERS_TAG_BYTES (4 + 4 * 16 + 3)
#define FILE_FIELDS_MAX 9
#define NS_PER_MS 1000000

static bool make_numbers_tag(hw_arena *arena, const hw_identity *file, hw_text *ret_tag)
{
    char *memory = hw_arena_alloc(arena, NUMBERS_TAG_BYTES);
    if (!memory)
        return false;
    hw_buffer tag = hw_buffer_over(memory, NUMBERS_TAG_BYTES);
    hw_buffer_put_string(&tag, "W/\"");
    hw_buffer_put_hex(&tag, file->inode);
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, file->size);
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, file->modified_ns);
    hw_buffer_put_char(&tag, '-');
    hw_buffer_put_hex(&tag, file->changed_ns);
    hw_buffer_put_char(&tag, '"');
    *ret_tag = hw_buffer_text(&tag);
    return true;
}

/* 0, or -ENOMEM. */
static int make_hash_tag(hw_representation *file, hw_content_hash hash, const char *suffix,
                         hw_arena *arena)
{
    const char *tag =
        hw_arena_format(arena, "%s\"%016llx%016llx%s\"", file->is_unsettled ? "W/" : "",
                        (unsigned long long)hash.high, (unsigned long long)hash.low, suffix);
    if (!tag)
        return -ENOMEM;
    file->tag = hw_text_of(tag);
    if (!file->is_unsettled)
        file->hash = hash;
    return 0;
}

/* Without the content: there are clocks that tick every few milliseconds. */
static bool make_weak_tag(hw_representation *file, const hw_file_rules *rules, hw_arena *arena)
{
    file->is_unsettled = !hw_identity_is_settled(&file->identity, rules->now_ms * NS_PER_MS);
    return file->is_unsettled || make_numbers_tag(arena, &file->identity, &file->tag);
}

/* Reads it now, and remembers what came out where it was certainly of this version. */
static int make_tag_at_once(hw_representation *file, const hw_file_rules *rules, hw_arena *arena)
{
    hw_content_hash hash;
    struct stat seen;
    int error = hw_content_hash_of_file(file->fd, file->length, NULL, NULL, &hash);
    if (error == 0)
        error = hw_sys_stat(file->fd, &seen);
    if (error < 0)
        return error;
    hw_identity now = hw_identity_of(&seen);
    file->is_unsettled = !hw_identity_is_settled(&file->identity, rules->now_ms * NS_PER_MS) ||
                         !hw_identity_is_same(&file->identity, &now);
    if (!file->is_unsettled)
        hw_hasher_keep(rules->hasher, &file->identity, hash);
    return make_hash_tag(file, hash, "", arena);
}

/* Later, if nobody waits for it. */
static int make_tag_in_time(hw_representation *file, const hw_file_rules *rules, hw_arena *arena)
{
    hw_content_hash hash;
    bool is_known = hw_hasher_find(rules->hasher, &file->identity, &hash);
    if (!is_known && rules->waits_for_hash)
        is_known = hw_hasher_wait(rules->hasher, file->fd, &file->identity, &hash) == 0;
    if (!is_known) {
        file->is_unhashed = true;
        hw_hasher_ask(rules->hasher, file->fd, &file->identity);
        return make_weak_tag(file, rules, arena) ? 0 : -ENOMEM;
    }
    return make_numbers_tag(arena, &file->identity, &file->other_tag)
               ? make_hash_tag(file, hash, "", arena)
               : -ENOMEM;
}

static int make_tag(hw_representation *file, const hw_file_rules *rules, hw_arena *arena)
{
    hw_content_hash hash;
    if (hw_content_hash_exists() && file->fd < 0)
        return make_hash_tag(file, hw_content_hash_of(file->content), "", arena);
    if (!hw_content_hash_exists() || !rules->hasher)
        return make_weak_tag(file, rules, arena) ? 0 : -ENOMEM;
    if (file->length > TAG_AT_ONCE_MAX)
        return make_tag_in_time(file, rules, arena);
    if (!hw_hasher_find(rules->hasher, &file->identity, &hash))
        return make_tag_at_once(file, rules, arena);
    return make_hash_tag(file, hash, "", arena);
}

static void set_dates(hw_representation *file, int64_t modified, int64_t now)
{
    /* RFC 9110 8.8.2.1: never later than Date. Now in its place would be a date that nobody set. */
    bool is_said = modified >= FILE_DATE_MIN && modified <= now;
    file->modified = modified;
    file->last_modified = is_said ? modified : HW_NO_DATE;
}

static bool put_date_field(const hw_representation *file, hw_arena *arena, hw_field *ret_field)
{
    char *date = hw_arena_alloc(arena, HW_DATE_BYTES);
    if (!date)
        return false;
    hw_date_format(file->last_modified, date);
    *ret_field = (hw_field){HW_TEXT("Last-Modified"), hw_text_of(date), HW_FIELD_LAST_MODIFIED};
    return true;
}

/* What a 304 says too (RFC 9110 15.4.5). */
static size_t put_shared_fields(const hw_representation *file, const hw_rendering *rendering,
                                const hw_policy *policy, hw_field *fields)
{
    size_t count = 0;
    hw_text freshness = hw_policy_freshness(policy, rendering->path);
    if (file->tag.length > 0)
        fields[count++] = (hw_field){HW_TEXT("ETag"), file->tag, HW_FIELD_ETAG};
    if (rendering->varies)
        fields[count++] = (hw_field){HW_TEXT("Vary"), HW_TEXT("Accept-Encoding"), HW_FIELD_VARY};
    if (freshness.length > 0)
        fields[count++] = (hw_field){HW_TEXT("Cache-Control"), freshness, HW_FIELD_CACHE_CONTROL};
    for (size_t i = 0; i < policy->fields.count; i++)
        fields[count++] = policy->fields.at[i];
    return count;
}

/* The fields of a 200; those of a 304 are some of them, side by side. */
static bool make_heads(hw_representation *file, const hw_file_rules *rules,
                       const hw_rendering *rendering, hw_arena *arena)
{
    static const hw_policy silent;
    const hw_policy *policy = rules->policy ? rules->policy : &silent;
    hw_field *fields =
        hw_arena_alloc(arena, (FILE_FIELDS_MAX + policy->fields.count) * sizeof *fields);
    const char *length = hw_arena_format(arena, "%llu", (unsigned long long)file->length);
    size_t count = 0;
    if (!fields || !length)
        return false;
    fields[count++] = (hw_field){HW_TEXT("Content-Type"), rendering->type, HW_FIELD_CONTENT_TYPE};
    if (file->last_modified != HW_NO_DATE && !put_date_field(file, arena, &fields[count++]))
        return false;
    size_t shared = put_shared_fields(file, rendering, policy, fields + count);
    hw_fields unchanged = hw_fields_of(fields + count, shared);
    count += shared;
    if (rendering->coding.length > 0)
        fields[count++] =
            (hw_field){HW_TEXT("Content-Encoding"), rendering->coding, HW_FIELD_CONTENT_ENCODING};
    fields[count++] = (hw_field){HW_TEXT("Accept-Ranges"), HW_TEXT("bytes"), HW_FIELD_OTHER};
    if (!policy->says_sniffing)
        fields[count++] =
            (hw_field){HW_TEXT("X-Content-Type-Options"), HW_TEXT("nosniff"), HW_FIELD_OTHER};
    fields[count++] =
        (hw_field){HW_TEXT("Content-Length"), hw_text_of(length), HW_FIELD_CONTENT_LENGTH};
    hw_prepared_init(&file->whole, 200, hw_fields_of(fields, count), arena);
    hw_prepared_init(&file->unchanged, 304, unchanged, arena);
    return true;
}

static int read_content(hw_representation *file, hw_arena *arena)
{
    size_t length = (size_t)file->length;
    char *memory = hw_arena_alloc(arena, length);
    if (!memory)
        return -ENOMEM;
    size_t done = 0;
    while (done < length) {
        ssize_t got = hw_sys_read_at(file->fd, memory + done, length - done, done);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return -ESTALE;
        done += (size_t)got;
    }
    file->content = (hw_text){memory, length};
    (void)hw_sys_close(file->fd);
    file->fd = -1;
    return 0;
}

int hw_representation_make(hw_representation *file, const hw_finding *finding,
                           const hw_file_rules *rules, const hw_rendering *rendering,
                           hw_arena *arena)
{
    *file = (hw_representation){.fd = finding->fd,
                                .length = (uint64_t)finding->seen.st_size,
                                .identity = hw_identity_of(&finding->seen)};
    set_dates(file, finding->seen.st_mtim.tv_sec, rules->now_ms / 1000);
    size_t content_max = hw_size_min(rules->content_max, HW_REPRESENTATION_CONTENT_MAX);
    int error = file->length <= content_max ? read_content(file, arena) : 0;
    if (error == 0)
        error = make_tag(file, rules, arena);
    if (error < 0)
        return error;
    return make_heads(file, rules, rendering, arena) ? 0 : -ENOMEM;
}

int hw_representation_make_pressed(hw_representation *file, const hw_representation *source,
                                   const hw_pressed *pressed, const char *suffix,
                                   const hw_file_rules *rules, const hw_rendering *rendering,
                                   hw_arena *arena)
{
    *file = (hw_representation){.fd = -1,
                                .length = pressed->bytes.length,
                                .content = pressed->bytes,
                                .modified = source->modified,
                                .last_modified = source->last_modified};
    /* Of its own bytes: another version of the library makes others of the same content. */
    int error = make_hash_tag(file, pressed->own_hash, suffix, arena);
    return error == 0 && !make_heads(file, rules, rendering, arena) ? -ENOMEM : error;
}

void hw_representation_close(hw_representation *file)
{
    if (file->fd >= 0)
        (void)hw_sys_close(file->fd);
    file->fd = -1;
}

/* A file comes at once: the driver sends it in slices without reading it, and keeps with the
 * representation what it finds out about it. */
uint64_t hw_representation_piece(hw_representation *file, hw_range part, size_t want,
                                 hw_piece *ret_piece)
{
    bool is_in_memory = file->content.at != NULL;
    size_t length = (size_t)hw_number_min(part.length, is_in_memory ? want : SIZE_MAX);
    *ret_piece = (hw_piece){0};
    if (is_in_memory)
        ret_piece->bytes = hw_text_upto(hw_text_from(file->content, (size_t)part.first), length);
    else
        ret_piece->file = (hw_segment){.fd = file->fd,
                                       .offset = part.first,
                                       .length = length,
                                       .warmth = &file->warmth,
                                       .identity = &file->identity};
    return length;
}
