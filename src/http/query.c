/* Decodes queries as forms write them: a=b&c=d.
 *
 * RFC 3986 3.4 leaves the inside of a query to its readers; the web reads it as
 * application/x-www-form-urlencoded: "&" separates, the first "=" divides, "+" is a space. ";" does
 * not separate. Decoding never makes a text longer, so each one takes its raw length plus a NUL
 * from the arena, once. Looking for a name decodes both sides byte by byte and copies nothing but
 * the value found, so the cost of a lookup is one walk, whatever was sent.
 *
 * %00 is refused: the texts are NUL-terminated for those who read them as strings, and must not be
 * shorter to them than to others. */
#include "http/query.h"

#include <errno.h>

#include "base/buffer.h"
#include "http/uri.h"

typedef struct raw_pair {
    hw_text name, value;
} raw_pair;

/* The next byte of a raw name or value, decoded: 0..255, -1 at the end, -EINVAL (far below -1) when
 * it is broken or NUL. */
static int next_decoded(hw_cursor *cursor)
{
    char byte;
    if (hw_cursor_at_end(cursor))
        return -1;
    if (hw_uri_take_percent(cursor, &byte))
        return byte == '\0' ? -EINVAL : (unsigned char)byte;
    int plain = hw_cursor_next(cursor);
    if (plain == '%' || plain == '\0')
        return -EINVAL;
    return plain == '+' ? ' ' : plain;
}

static int decode_query_text(hw_arena *arena, hw_text raw, hw_text *ret_text)
{
    char *memory = hw_arena_alloc(arena, raw.length + 1);
    if (!memory)
        return -ENOMEM;
    hw_buffer buffer = hw_buffer_over(memory, raw.length + 1);
    hw_cursor cursor = hw_cursor_of(raw);
    int byte;
    while ((byte = next_decoded(&cursor)) >= 0)
        hw_buffer_put_char(&buffer, (char)byte);
    if (byte == -EINVAL)
        return -EINVAL;
    *ret_text = (hw_text){hw_buffer_string(&buffer), buffer.length};
    return 0;
}

/* Whether a raw text decodes to this one: 1, 0 or -EINVAL. */
static int compare_decoded(hw_text raw, hw_text decoded)
{
    hw_cursor cursor = hw_cursor_of(raw), wanted = hw_cursor_of(decoded);
    bool is_same = true;
    int byte;
    while ((byte = next_decoded(&cursor)) >= 0)
        if (hw_cursor_next(&wanted) != byte)
            is_same = false;
    return byte == -EINVAL ? -EINVAL : is_same && hw_cursor_at_end(&wanted);
}

/* 1, 0 at the end, or -E2BIG. */
static int next_raw_pair(hw_query *query, raw_pair *ret_pair)
{
    while (!hw_cursor_at_end(&query->rest)) {
        hw_text pair = hw_cursor_take_until(&query->rest, '&');
        hw_cursor_take(&query->rest, '&');
        if (pair.length == 0)
            continue;
        if (query->pairs == HW_QUERY_PAIRS_MAX)
            return -E2BIG;
        query->pairs++;
        size_t equals = hw_text_find(pair, '=');
        *ret_pair = (raw_pair){hw_text_upto(pair, equals), hw_text_from(pair, equals + 1)};
        return 1;
    }
    return 0;
}

void hw_query_init(hw_query *query, hw_text raw, hw_arena *arena)
{
    *query = (hw_query){.rest = hw_cursor_of(raw), .arena = arena};
}

int hw_query_next(hw_query *query, hw_text *ret_name, hw_text *ret_value)
{
    raw_pair pair;
    hw_text name, value;
    int result = next_raw_pair(query, &pair);
    if (result == 0)
        return 0;
    if (result > 0)
        result = decode_query_text(query->arena, pair.name, &name);
    if (result == 0)
        result = decode_query_text(query->arena, pair.value, &value);
    if (result < 0) {
        query->rest.at = query->rest.end;
        return result;
    }
    *ret_name = name;
    *ret_value = value;
    return 1;
}

bool hw_query_find(hw_arena *arena, hw_text raw, hw_text name, hw_text *ret_value)
{
    hw_query query;
    raw_pair pair;
    hw_query_init(&query, raw, arena);
    while (next_raw_pair(&query, &pair) > 0) {
        int found = compare_decoded(pair.name, name);
        if (found < 0)
            return false;
        if (found > 0)
            return decode_query_text(arena, pair.value, ret_value) == 0;
    }
    return false;
}
