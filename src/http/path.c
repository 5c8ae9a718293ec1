/* Decodes paths into one canonical reading, and encodes them again.
 *
 * One pass: each segment is decoded behind what is already there and then looked at, so "." and
 * ".." count whether they came plain or as "%2e", and nothing is decoded twice. Names that have two
 * readings are refused rather than guessed:
 *
 * - An encoded "/" would be a separator for some and a letter of a name for others.
 * - An empty segment ("//") is a name of its own to RFC 3986 and nothing to file systems; between
 *   the two, "/a//../b" is "/a/b" or "/b", and "//admin" passes a guard for "/admin". Collapsing
 * was rejected because a proxy in front may not collapse, keeping because files do. As a canonical
 * path thus never begins with "//", no redirect made of one can leave this server.
 * - A path that climbs above the root names nothing; RFC 3986 5.2.4 would drop the climb silently.
 *   It is counted segment by segment, so "/../a" is refused although it ends up inside.
 * - Control characters and NUL have no place in a name, and must not reach logs, fields or open(2).
 *
 * A backslash is a letter like any other here, and is encoded on the way out. Bytes over 127 need
 * not be UTF-8: file names are not either.
 *
 * Most paths are canonical as they come: bytes of which none is encoded, no segment that is empty
 * or begins with a dot. They are found by looking at every pair of neighbours, sixteen pairs at
 * once, and copied; all else, odd letters too, is read segment by segment and gives the same.
 *
 * Invariant of the loop: what has been written since the start is a canonical path that ends with
 * "/". Every byte that ".." takes back was written once, so the work stays linear. */
#include "http/path.h"

#include "http/scan.h"
#include "http/uri.h"

static const hw_problem path_is_relative = {400, "path does not begin with a slash",
                                            "RFC 9112 3.2"};
static const hw_problem path_is_broken = {400, "path has a broken or missing percent-encoding",
                                          "RFC 3986 2.1"};
static const hw_problem path_hides_slash = {400, "path has an encoded slash", "RFC 3986 2.2"};
static const hw_problem path_has_control = {400, "path has an encoded control character",
                                            "RFC 3986 7.3"};
static const hw_problem path_has_gap = {400, "path has an empty segment", "RFC 3986 3.3"};
static const hw_problem path_climbs = {400, "path climbs above the root", "RFC 3986 5.2.4"};
static const hw_problem path_is_too_long = {414, "path is too long", "RFC 9110 15.5.15"};

/* Appends one decoded segment; the cursor stops at the "/" behind it or at the end. */
/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor);
    requires \valid(out) && hw_buffer_is_sound(out);
    requires \separated(cursor, out, out->at + (0 .. out->capacity - 1));
    assigns *cursor, out->length, out->overflow, out->at[0 .. out->capacity - 1];
    ensures hw_cursor_is_sound(*cursor) && cursor->end == \old(cursor->end);
    ensures hw_buffer_is_sound(out);
    ensures 0 <= out->length - \old(out->length) <= cursor->at - \old(cursor->at); */
static const hw_problem *decode_segment(hw_cursor *cursor, hw_buffer *out)
{
    int byte;
    /*@ loop invariant hw_cursor_is_sound(*cursor) && cursor->end == \at(cursor->end, Pre);
        loop invariant hw_buffer_is_sound(out) && out->at == \at(out->at, Pre) &&
            out->capacity == \at(out->capacity, Pre);
        loop invariant \base_addr(cursor->at) == \base_addr(\at(cursor->at, Pre));
        loop invariant 0 <= out->length - \at(out->length, Pre) <=
            cursor->at - \at(cursor->at, Pre);
        loop assigns *cursor, byte, out->length, out->overflow, out->at[0 .. out->capacity - 1]; */
    while ((byte = hw_cursor_peek(cursor)) >= 0 && byte != '/') {
        char decoded = (char)byte;
        if (hw_uri_has_char(decoded, HW_URI_PATH))
            hw_cursor_next(cursor);
        else if (!hw_uri_take_percent(cursor, &decoded))
            return &path_is_broken;
        if (decoded == '/')
            return &path_hides_slash;
        if ((unsigned char)decoded < ' ' || decoded == 0x7f)
            return &path_has_control;
        hw_buffer_put_char(out, decoded);
    }
    return NULL;
}

/* Takes the last segment off a canonical path that starts at `start` and ends with "/". False: it
 * has none. */
static bool drop_last_segment(hw_buffer *out, size_t start)
{
    hw_text path = hw_text_from(hw_buffer_text(out), start);
    if (path.length == 1)
        return false;
    hw_text without_slash = hw_text_upto(path, path.length - 1);
    out->length = start + hw_text_find_last(without_slash, '/') + 1;
    return true;
}

static const hw_problem *decode_segments(hw_cursor *cursor, hw_buffer *out, size_t start)
{
    while (!hw_cursor_at_end(cursor)) {
        size_t segment_start = out->length;
        const hw_problem *problem = decode_segment(cursor, out);
        if (problem)
            return problem;
        bool has_slash = hw_cursor_take(cursor, '/');
        hw_text segment = hw_text_from(hw_buffer_text(out), segment_start);
        if (out->overflow)
            return &path_is_too_long;
        if (segment.length == 0)
            return &path_has_gap;
        /* RFC 3986 5.2.4, and 6.2.2.3 for those that came encoded */
        if (hw_text_equal(segment, HW_TEXT("."))) {
            out->length = segment_start;
        } else if (hw_text_equal(segment, HW_TEXT(".."))) {
            out->length = segment_start;
            if (!drop_last_segment(out, start))
                return &path_climbs;
        } else if (has_slash) {
            hw_buffer_put_char(out, '/');
        }
    }
    return NULL;
}

static bool are_plain_pairs(hw_block bytes, hw_block following)
{
    return hw_path_plain_pairs(bytes, following) == HW_BLOCK_BYTES;
}

/* Whether a path that begins with "/" is canonical as it is. False is no answer. */
static bool is_plain_path(hw_text raw)
{
    const char *at = raw.at, *last = raw.at + raw.length - 1; /* pairs begin in at..last-1 */
    if (last - at >= HW_BLOCK_BYTES) {
        for (; last - at > HW_BLOCK_BYTES; at += HW_BLOCK_BYTES)
            if (!are_plain_pairs(hw_block_load(at), hw_block_load(at + 1)))
                return false;
        at = last - HW_BLOCK_BYTES;
        return are_plain_pairs(hw_block_load(at), hw_block_load(at + 1));
    }
    if (last - at >= HW_BLOCK_BYTES / 2) {
        const char *half = last - HW_BLOCK_BYTES / 2;
        return are_plain_pairs(hw_block_load_halves(at, half),
                               hw_block_load_halves(at + 1, half + 1));
    }
    for (; at < last; at++)
        if (!hw_uri_has_char(at[1], HW_URI_PATH) || (*at == '/' && (at[1] == '/' || at[1] == '.')))
            return false;
    return true;
}

/* False: it has to be read segment by segment. */
static bool copy_plain_path(hw_text raw, hw_buffer *out)
{
    if (raw.length == 0 || raw.at[0] != '/' || raw.length >= hw_buffer_room(out) || out->overflow ||
        !is_plain_path(raw))
        return false;
    char *to = out->at + out->length;
    memcpy(to, raw.at, raw.length);
    to[raw.length] = '\0';
    out->length += raw.length;
    return true;
}

const hw_problem *hw_path_decode(hw_text raw, hw_buffer *out, hw_path *ret_path)
{
    size_t start = out->length;
    if (copy_plain_path(raw, out)) {
        ret_path->text = (hw_text){out->at + start, raw.length};
        return NULL;
    }
    hw_cursor cursor = hw_cursor_of(raw);
    if (!hw_cursor_take(&cursor, '/'))
        return &path_is_relative;
    hw_buffer_put_char(out, '/');
    const hw_problem *problem = decode_segments(&cursor, out, start);
    if (!problem && !hw_buffer_string(out))
        problem = &path_is_too_long;
    if (problem) {
        out->length = start;
        return problem;
    }
    ret_path->text = hw_text_from(hw_buffer_text(out), start);
    return NULL;
}

void hw_path_encode(hw_buffer *out, hw_text decoded)
{
    static const char digits[] = "0123456789ABCDEF";
    /* RFC 3986 4.2: "//name" would be a reference to another host; "/./" means the same as "/". */
    if (hw_text_has_prefix(decoded, HW_TEXT("//")))
        hw_buffer_put_string(out, "/.");
    for (size_t i = 0; i < decoded.length; i++) {
        unsigned char byte = (unsigned char)decoded.at[i];
        if (hw_uri_has_char((char)byte, HW_URI_PATH)) {
            hw_buffer_put_char(out, (char)byte);
        } else {
            /* RFC 3986 2.1: upper case */
            const char encoded[] = {'%', digits[byte >> 4], digits[byte & 15]};
            hw_buffer_put(out, (hw_text){encoded, sizeof(encoded)});
        }
    }
}

bool hw_path_next_segment(hw_cursor *cursor, hw_text *ret_segment)
{
    hw_cursor_take(cursor, '/');
    if (hw_cursor_at_end(cursor))
        return false;
    *ret_segment = hw_cursor_take_until(cursor, '/');
    return true;
}

bool hw_path_is_folder(hw_path path)
{
    return hw_text_has_suffix(path.text, HW_TEXT("/"));
}
