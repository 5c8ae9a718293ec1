/* A method and any bytes as a request target: what is accepted must consist of its parts, hold only
 * what RFC 3986 allows, and be fit for those who decode its path and its query. The first byte
 * picks the method. */
#include "reading_fuzz.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/assert.h"
#include "http/authority.h"
#include "http/path.h"
#include "http/query.h"
#include "http/target.h"

#ifdef HW_FUZZ_PLANTED
/* An absolute form with a port of two digits and a query that begins with "&". */
static void check_planted(const hw_target *target)
{
    hw_text host, port;
    if (target->form == HW_TARGET_ABSOLUTE && hw_authority_split(target->authority, &host, &port) &&
        port.length == 2 && hw_text_has_prefix(target->query, HW_TEXT("&")))
        abort();
}
#else
static void check_planted(const hw_target *target)
{
    (void)target;
}
#endif

static void check_bytes(hw_text part)
{
    for (size_t i = 0; i < part.length; i++) {
        char byte = part.at[i];
        hw_assert(byte > ' ' && byte < 0x7f);
        hw_assert(hw_text_find(HW_TEXT("\"#<>\\^`{|}"), byte) == 10);
        if (byte == '%')
            hw_assert(i + 2 < part.length && hw_char_hex(part.at[i + 1]) >= 0 &&
                      hw_char_hex(part.at[i + 2]) >= 0);
    }
}

/* Put together again, the parts are the raw target. */
static void check_whole(const hw_target *target, hw_text raw)
{
    hw_cursor cursor = hw_cursor_of(raw);
    hw_assert(hw_cursor_take_text(&cursor, target->scheme));
    if (target->form == HW_TARGET_ABSOLUTE)
        hw_assert(hw_cursor_take_text(&cursor, HW_TEXT("://")));
    hw_assert(hw_cursor_take_text(&cursor, target->authority));
    if (target->form == HW_TARGET_ASTERISK)
        hw_assert(hw_cursor_take(&cursor, '*'));
    if (!hw_cursor_take_text(&cursor, target->path))
        hw_assert(target->form == HW_TARGET_ABSOLUTE && hw_text_equal(target->path, HW_TEXT("/")));
    hw_assert(hw_cursor_take(&cursor, '?') == target->has_query);
    hw_assert(hw_text_equal(hw_cursor_rest(&cursor), target->query));
    hw_assert(target->has_query || target->query.length == 0);
}

static void check_form(const hw_target *target, hw_method method)
{
    bool has_path = target->form == HW_TARGET_ORIGIN || target->form == HW_TARGET_ABSOLUTE;
    bool has_authority = target->form == HW_TARGET_AUTHORITY || target->form == HW_TARGET_ABSOLUTE;
    hw_assert((target->form == HW_TARGET_AUTHORITY) == (method == HW_METHOD_CONNECT));
    hw_assert(target->form != HW_TARGET_ASTERISK || method == HW_METHOD_OPTIONS);
    hw_assert(has_authority == hw_authority_is_valid(target->authority));
    hw_assert(has_path == hw_text_has_prefix(target->path, HW_TEXT("/")));
}

/* A path of a target is refused for what it means, never for room or a character. */
static void check_path(const hw_target *target)
{
    size_t room = target->path.length + 2;
    char *memory = malloc(room);
    hw_buffer out = hw_buffer_over(memory, room);
    hw_path path;
    const hw_problem *problem = memory ? hw_path_decode(target->path, &out, &path) : NULL;
    hw_assert(!problem || problem->status == 400);
    free(memory);
}

static void check_query(const hw_target *target)
{
    hw_arena arena;
    hw_query query;
    hw_text name, value, found;
    hw_arena_init(&arena, 4096, 16u << 20);
    hw_query_init(&query, target->query, &arena);
    while (hw_query_next(&query, &name, &value) > 0) {
        hw_assert(hw_text_find(name, '\0') == name.length && !name.at[name.length]);
        hw_assert(hw_text_find(value, '\0') == value.length && !value.at[value.length]);
        hw_assert(hw_query_find(&arena, target->query, name, &found));
    }
    hw_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    if (bytes == 0 || bytes > FUZZ_INPUT_MAX)
        return 0;
    (void)fuzz_reading("target", input + 1, bytes - 1);
    hw_method method = (hw_method)(input[0] % (HW_METHOD_PATCH + 1));
    hw_text raw = {(const char *)input + 1, bytes - 1};
    hw_target target;
    const hw_problem *problem = hw_target_parse(raw, method, &target);
    if (problem) {
        hw_assert(problem->status == 400 && problem->reason && problem->section);
        return 0;
    }
    check_whole(&target, raw);
    check_form(&target, method);
    check_bytes(target.path);
    check_bytes(target.query);
    if (target.path.length > 0)
        check_path(&target);
    check_query(&target);
    check_planted(&target);
    return 0;
}
