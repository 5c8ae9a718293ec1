/* Any bytes as the lines of Cookie fields: the same pairs as a reader finds that looks at each byte;
 * a value that is set comes back; and whatever a cookie is made of, Set-Cookie has the attributes it
 * was meant to have and no other. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "http/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 1000, LINES_MAX = 8, TEXT_MAX = 8192 };

#ifdef HW_FUZZ_PLANTED
/* Three pairs, the last one in quotes. */
static void check_planted(hw_text pairs)
{
    if (pairs.length > 2 && memmem(pairs.at, pairs.length, ">c=", 3) &&
        memmem(pairs.at, pairs.length, "<a=", 3))
        abort();
}
#else
static void check_planted(hw_text pairs)
{
    (void)pairs;
}
#endif

static void put_fuzz_pair(hw_buffer *out, hw_text name, hw_text value)
{
    hw_buffer_put_char(out, '<');
    hw_buffer_put(out, name);
    hw_buffer_put_char(out, '=');
    hw_buffer_put(out, value);
    hw_buffer_put_char(out, '>');
}

/* One line, byte by byte, with indexes. */
static void refer_line(hw_buffer *out, const char *at, size_t length)
{
    for (size_t start = 0; start < length + 1;) {
        size_t end = start, equals;
        while (end < length && at[end] != ';')
            end++;
        for (equals = start; equals < end && at[equals] != '=';)
            equals++;
        hw_text name = hw_text_trim((hw_text){at + start, equals - start});
        if (equals < end && hw_token_is_valid(name)) {
            hw_text value = hw_text_trim((hw_text){at + equals + 1, end - equals - 1});
            if (value.length > 1 && *value.at == '"' && value.at[value.length - 1] == '"')
                value = (hw_text){value.at + 1, value.length - 2};
            put_fuzz_pair(out, name, value);
        }
        start = end + 1;
    }
}

static void check_reading(const char *at, size_t length)
{
    static char ours_memory[TEXT_MAX], theirs_memory[TEXT_MAX];
    hw_buffer ours = HW_BUFFER_OVER(ours_memory), theirs = HW_BUFFER_OVER(theirs_memory);
    hw_field fields[LINES_MAX];
    hw_cookies cookies;
    hw_text name, value;
    hw_cursor cursor = hw_cursor_of((hw_text){at, length});
    size_t count = 0;
    while (!hw_cursor_at_end(&cursor) && count < LINES_MAX) {
        hw_text line = hw_cursor_take_until(&cursor, '\n');
        hw_cursor_take(&cursor, '\n');
        fields[count++] = (hw_field){HW_TEXT("Cookie"), line, HW_FIELD_COOKIE};
        refer_line(&theirs, line.at, line.length);
    }
    hw_cookies_init(&cookies, hw_fields_of(fields, count));
    while (hw_cookies_next(&cookies, &name, &value))
        put_fuzz_pair(&ours, name, value);
    hw_assert(!ours.overflow && hw_text_equal(hw_buffer_text(&ours), hw_buffer_text(&theirs)));
    check_planted(hw_buffer_text(&ours));
}

static void check_return(hw_text value)
{
    static char memory[3 * INPUT_MAX];
    hw_buffer encoded = HW_BUFFER_OVER(memory);
    hw_arena arena;
    hw_text decoded;
    hw_arena_init(&arena, 4096, 1024 * 1024);
    hw_assert(hw_cookie_decode(&arena, value, &decoded));
    hw_assert(decoded.length <= value.length && decoded.at[decoded.length] == '\0');
    if (hw_text_find(value, '\0') == value.length) {
        hw_cookie_encode(&encoded, value);
        hw_assert(!encoded.overflow && hw_field_value_is_valid(hw_buffer_text(&encoded)));
        hw_assert(hw_cookie_decode(&arena, hw_buffer_text(&encoded), &decoded));
        hw_assert(hw_text_equal(decoded, value));
    }
    hw_arena_fini(&arena);
}

/* The first four lines are name, value, path and domain; bits of the first byte are options. */
static void check_writing(hw_text input)
{
    static char memory[3 * INPUT_MAX], whole[4 * INPUT_MAX + HW_COOKIE_WORDS_MAX];
    hw_buffer value = HW_BUFFER_OVER(memory), buffer = HW_BUFFER_OVER(whole);
    hw_cursor cursor = hw_cursor_of(input);
    int bits = hw_cursor_next(&cursor);
    hw_text lines[4];
    for (size_t i = 0; i < 4; i++) {
        lines[i] = hw_cursor_take_until(&cursor, '\n');
        hw_cursor_take(&cursor, '\n');
    }
    hw_cookie_encode(&value, lines[1]);
    hw_cookie cookie = {lines[0],        hw_buffer_text(&value), lines[2],
                        lines[3],        bits & 1 ? 9 : 0,       "LSN"[(bits & 6) % 3],
                        (bits & 8) != 0, (bits & 16) != 0,       (bits & 32) != 0};
    if (hw_cookie_problem(&cookie))
        return;
    hw_cookie_put(&buffer, &cookie);
    hw_text text = hw_buffer_text(&buffer);
    hw_assert(!buffer.overflow && hw_field_value_is_valid(text));
    size_t semicolons = 0;
    for (size_t i = 0; i < text.length; i++)
        semicolons += text.at[i] == ';';
    size_t expected = 2; /* Path and SameSite */
    expected += cookie.domain.length > 0;
    expected += cookie.is_deleted ? 2 : cookie.max_age > 0;
    expected += cookie.is_secure;
    expected += cookie.is_http_only;
    hw_assert(semicolons == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    if (bytes > INPUT_MAX)
        return 0;
    hw_text text = {(const char *)input, bytes};
    check_reading(text.at, text.length);
    check_return(text);
    check_writing(text);
    return 0;
}
