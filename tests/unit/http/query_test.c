#include "unit/http/http_harness.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "http/query.h"

/* All pairs as <name=value>; returns what ended the walk. */
static int join_pairs(hw_arena *arena, hw_text raw, hw_buffer *joined)
{
    hw_query query;
    hw_text name, value;
    int result;
    hw_buffer_clear(joined);
    hw_query_init(&query, raw, arena);
    while ((result = hw_query_next(&query, &name, &value)) > 0) {
        assert_int_equal(name.at[name.length], '\0');
        assert_int_equal(value.at[value.length], '\0');
        hw_buffer_put_format(joined, "<%.*s=%.*s>", HW_TEXT_ARGS(name), HW_TEXT_ARGS(value));
    }
    return result;
}

HW_TEST(query_pairs_are_decoded)
{
    static const struct {
        const char *raw, *pairs;
        int result;
    } rows[] = {
        {"", "", 0},
        {"&&", "", 0},
        {"a=b", "<a=b>", 0},
        {"a=b&c=d", "<a=b><c=d>", 0},
        {"a=b&a=c", "<a=b><a=c>", 0},
        {"a", "<a=>", 0},
        {"a=", "<a=>", 0},
        {"=b", "<=b>", 0},
        {"a=b=c", "<a=b=c>", 0},
        {"a=b;c=d", "<a=b;c=d>", 0},
        {"&a=b&&c&", "<a=b><c=>", 0},
        {"a+b=c+d", "<a b=c d>", 0},
        {"a%2Bb=%26%3D%25", "<a+b=&=%>", 0},
        {"a=%0A", "<a=\n>", 0},
        {"q=caf%C3%A9", "<q=caf\xc3\xa9>", 0},
        {"a=%", "", -EINVAL},
        {"a=%4", "", -EINVAL},
        {"a=%zz", "", -EINVAL},
        {"%=a", "", -EINVAL},
        {"a=b&c=%00&d=e", "<a=b>", -EINVAL},
        {"a%00=b", "", -EINVAL},
    };
    char memory[200];
    hw_buffer joined = HW_BUFFER_OVER(memory);
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    for (size_t i = 0; i < ROWS(rows); i++) {
        int result = join_pairs(&arena, hw_text_of(rows[i].raw), &joined);
        if (result == -ENOMEM)
            break;
        assert_int_equal(result, rows[i].result);
        assert_text(hw_buffer_text(&joined), rows[i].pairs);
    }
    hw_arena_fini(&arena);
}

HW_TEST(query_has_no_raw_nul)
{
    char memory[20];
    hw_buffer joined = HW_BUFFER_OVER(memory);
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    int result = join_pairs(&arena, (hw_text){"a\0b=c", 5}, &joined);
    assert_true(result == -EINVAL || result == -ENOMEM);
    hw_arena_fini(&arena);
}

HW_TEST(query_is_over_after_an_error)
{
    hw_arena arena;
    hw_query query;
    hw_text name, value;
    hw_arena_init(&arena, 1024, 65536);
    hw_query_init(&query, HW_TEXT("%&a=b"), &arena);
    assert_true(hw_query_next(&query, &name, &value) < 0);
    assert_int_equal(hw_query_next(&query, &name, &value), 0);
    hw_arena_fini(&arena);
}

HW_TEST(query_has_a_limit_of_pairs)
{
    char raw[2 * HW_QUERY_PAIRS_MAX + 2];
    char memory[4 * HW_QUERY_PAIRS_MAX + 10];
    hw_buffer joined = HW_BUFFER_OVER(memory);
    hw_arena arena;
    hw_arena_init(&arena, 4096, 1 << 20);
    for (size_t i = 0; i < sizeof(raw); i++)
        raw[i] = i % 2 ? '&' : 'a';
    int full = join_pairs(&arena, (hw_text){raw, 2 * HW_QUERY_PAIRS_MAX}, &joined);
    int over = join_pairs(&arena, (hw_text){raw, sizeof(raw)}, &joined);
    hw_arena_fini(&arena);
    if (full == -ENOMEM || over == -ENOMEM)
        return;
    assert_int_equal(full, 0);
    assert_int_equal(over, -E2BIG);
}

HW_TEST(query_says_when_there_is_no_memory)
{
    hw_arena arena;
    hw_query query;
    hw_text name, value = HW_TEXT("before");
    hw_arena_init(&arena, 64, 0);
    hw_query_init(&query, HW_TEXT("a=b"), &arena);
    assert_int_equal(hw_query_next(&query, &name, &value), -ENOMEM);
    assert_false(hw_query_find(&arena, HW_TEXT("a=b"), HW_TEXT("a"), &value));
    assert_text(value, "before");
    hw_arena_fini(&arena);
}

HW_TEST(query_value_is_found_by_its_decoded_name)
{
    static const struct {
        const char *raw, *name, *value; /* NULL: not found */
    } rows[] = {
        {"a=b&c=d", "c", "d"},     {"a=1&a=2", "a", "1"},  {"%61=b", "a", "b"},
        {"a+b=c+d", "a b", "c d"}, {"ab=1&a=2", "a", "2"}, {"a=1&ab=2", "ab", "2"},
        {"flag", "flag", ""},      {"A=b", "a", NULL},     {"a=b", "b", NULL},
        {"", "a", NULL},           {"a=%00", "a", NULL},   {"%zz=1&a=b", "a", NULL},
        {"a=b&%zz=1", "a", "b"},   {"=x", "", "x"},
    };
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    for (size_t i = 0; i < ROWS(rows) && !hw_test_is_struck(); i++) {
        hw_text value = HW_TEXT("");
        bool found =
            hw_query_find(&arena, hw_text_of(rows[i].raw), hw_text_of(rows[i].name), &value);
        if (hw_test_is_struck())
            break;
        assert_int_equal(found, rows[i].value != NULL);
        assert_text(value, rows[i].value);
    }
    hw_arena_fini(&arena);
}
