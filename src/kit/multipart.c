/* A body of several parts: a head before each, the part itself, a line behind the last.
 *
 * All heads are written when the body is made, for a part's head depends on nothing but its range:
 * so the length of the whole is known in front. The parts are pulled from the entry as a single one
 * is, from memory or as pieces of the open file, and are never copied; but where all of it is a few
 * kilobytes in memory it is put together at once, and leaves with its head in one call.
 *
 * What parts the parts must not occur in them (RFC 2046 5.1.1). It is 128 random bits, new for
 * every answer: that a file should contain them by chance is out of the question, and on purpose
 * nobody can do it, for whoever writes the file does not know them yet. Rejected: to search the file
 * for a boundary (it would have to be read), and one for the life of the server (who has asked once
 * knows it, and may be allowed to upload).
 *
 * The first boundary stands at the start, without an empty line before it: that line would be part of
 * a preamble (RFC 2046 5.1.1), which readers have been seen to stumble over. */
#include "kit/multipart.h"

#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "sys/random.h"

#define BOUNDARY_WORDS 2
#define BOUNDARY_BYTES (16 * BOUNDARY_WORDS)
/* "--", the boundary, the names of two fields, line ends, Content-Range's three numbers. */
#define PART_HEAD_BYTES (BOUNDARY_BYTES + 128)
/* More than that in memory is not copied. */
#define TOGETHER_BYTES_MAX (16 * 1024)

typedef struct multipart_source {
    hw_source source;
    hw_entry *entry;
    hw_representation *file;
    hw_arena *arena;
    hw_ranges ranges;
    char boundary[BOUNDARY_BYTES];
    hw_text heads[HW_RANGES_MAX + 1]; /* before each part; the last line */
    unsigned at;                      /* heads and parts by turns; heads are even */
    uint64_t done;                    /* of that one; `at` where all lies together: of all */
} multipart_source;

static uint64_t length_of_turn(const multipart_source *parts, unsigned at)
{
    return at % 2 == 0 ? parts->heads[at / 2].length : parts->ranges.at[at / 2].length;
}

static hw_pull pull_text(multipart_source *parts, hw_text text, size_t want, hw_piece *ret_piece)
{
    ret_piece->bytes = hw_text_upto(hw_text_from(text, (size_t)parts->done), want);
    parts->done += ret_piece->bytes.length;
    return ret_piece->bytes.length > 0 ? HW_PULL_BYTES : HW_PULL_END;
}

static hw_pull pull_multipart(hw_source *source, size_t want, hw_piece *ret_piece)
{
    multipart_source *parts = (multipart_source *)source;
    unsigned last = 2 * parts->ranges.count;
    *ret_piece = (hw_piece){0};
    if (source->at)
        return pull_text(parts, (hw_text){source->at, (size_t)source->length}, want, ret_piece);
    while (parts->at < last && parts->done == length_of_turn(parts, parts->at)) {
        parts->at++;
        parts->done = 0;
    }
    if (parts->at % 2 == 0)
        return pull_text(parts, parts->heads[parts->at / 2], want, ret_piece);
    hw_range left = parts->ranges.at[parts->at / 2];
    left.first += parts->done;
    left.length -= parts->done;
    parts->done += hw_representation_piece(parts->file, left, want, ret_piece);
    return ret_piece->bytes.length > 0 ? HW_PULL_BYTES : HW_PULL_FILE;
}

static void drop_multipart(hw_source *source)
{
    hw_entry_release(((multipart_source *)source)->entry);
}

static void put_boundary(hw_buffer *out, const multipart_source *parts, const char *end)
{
    hw_buffer_put_string(out, "--");
    hw_buffer_put(out, (hw_text){parts->boundary, BOUNDARY_BYTES});
    hw_buffer_put_string(out, end);
}

/* RFC 9110 14.6: each part says its range and its type, and nothing else needs to be said twice. */
static void put_part_head(hw_buffer *out, const multipart_source *parts, unsigned i, hw_text type)
{
    hw_buffer_put_string(out, i > 0 ? "\r\n" : "");
    put_boundary(out, parts, "\r\nContent-Type: ");
    hw_buffer_put(out, type);
    hw_buffer_put_string(out, "\r\nContent-Range: ");
    hw_range_put(out, &parts->ranges.at[i], parts->file->length);
    hw_buffer_put_string(out, "\r\n\r\n");
}

/* False: no memory. */
static bool make_heads_of_parts(multipart_source *parts, hw_text type)
{
    size_t room = (parts->ranges.count + 1) * (PART_HEAD_BYTES + type.length);
    hw_buffer out = hw_buffer_over(hw_arena_alloc(parts->arena, room), room);
    uint64_t length = 0;
    if (!out.at)
        return false;
    for (unsigned i = 0; i <= parts->ranges.count; i++) {
        size_t start = out.length;
        if (i < parts->ranges.count) {
            put_part_head(&out, parts, i, type);
            length += parts->ranges.at[i].length;
        } else {
            hw_buffer_put_string(&out, "\r\n");
            put_boundary(&out, parts, "--\r\n");
        }
        parts->heads[i] = hw_text_from(hw_buffer_text(&out), start);
    }
    hw_assert(!out.overflow);
    /* The ranges keep apart, so they are no longer than a file can be. */
    parts->source.length = length + out.length;
    return true;
}

/* Without memory for it, or where it is long, it stays in pieces. */
static void put_together(multipart_source *parts)
{
    const hw_representation *file = parts->file;
    uint64_t length = parts->source.length;
    parts->source.at = NULL;
    if (!file->content.at || length > TOGETHER_BYTES_MAX)
        return;
    hw_buffer out = hw_buffer_over(hw_arena_alloc(parts->arena, (size_t)length), (size_t)length);
    if (!out.at)
        return;
    for (unsigned i = 0; i <= parts->ranges.count; i++) {
        hw_range range = i < parts->ranges.count ? parts->ranges.at[i] : (hw_range){0};
        hw_buffer_put(&out, parts->heads[i]);
        hw_buffer_put(&out, hw_text_upto(hw_text_from(file->content, (size_t)range.first),
                                         (size_t)range.length));
    }
    hw_assert(!out.overflow && out.length == length);
    parts->source.at = out.at;
}

/* What a handler says of the type is said of the parts; nothing has been pulled yet. */
static bool retype_parts(hw_source *source, hw_text type)
{
    multipart_source *parts = (multipart_source *)source;
    if (!make_heads_of_parts(parts, type))
        return false;
    put_together(parts);
    return true;
}

static const hw_source_ops multipart_ops = {
    .pull = pull_multipart, .drop = drop_multipart, .retype = retype_parts};

static int choose_boundary(multipart_source *parts)
{
    uint64_t random[BOUNDARY_WORDS];
    int error = hw_sys_random(random, sizeof random);
    if (error < 0)
        return error;
    for (size_t i = 0; i < BOUNDARY_BYTES; i++)
        parts->boundary[i] = "0123456789abcdef"[random[i / 16] >> (i % 16 * 4) & 15];
    return 0;
}

int hw_multipart_new(hw_entry *entry, hw_representation *file, const hw_ranges *ranges,
                     hw_arena *arena, char ret_type[HW_MULTIPART_TYPE_BYTES], hw_source **ret_body)
{
    hw_assert(ranges->count >= 2);
    multipart_source *parts = hw_arena_alloc_zeroed(arena, 1, sizeof *parts);
    if (!parts)
        return -ENOMEM;
    parts->source.ops = &multipart_ops;
    parts->entry = entry;
    parts->file = file;
    parts->arena = arena;
    parts->ranges = *ranges;
    int error = choose_boundary(parts);
    if (error < 0)
        return error;
    if (!make_heads_of_parts(parts, file->whole.fields.at[0].value))
        return -ENOMEM;
    put_together(parts);
    hw_buffer type = hw_buffer_over(ret_type, HW_MULTIPART_TYPE_BYTES);
    hw_buffer_put_string(&type, "multipart/byteranges; boundary=");
    hw_buffer_put(&type, (hw_text){parts->boundary, BOUNDARY_BYTES});
    hw_assert(hw_buffer_string(&type));
    hw_entry_hold(entry);
    *ret_body = &parts->source;
    return 0;
}
