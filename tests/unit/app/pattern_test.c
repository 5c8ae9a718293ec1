#include "app/pattern.h"

#include "unit/harness.h"

HW_TEST(pattern_problems_are_said_in_words)
{
    static const char *const good[] = {"/",         "/a",        "/a/",       "/a b/c.d",
                                       "/\xc3\xa4", "/a*b",      "/...",      "/%",
                                       "/{x}",      "/{x:int}/", "/a/{x...}", "/{a}/{b_2}/{C...}"};
    static const char *const bad[][2] = {
        {"", "must begin with '/'"},
        {"a", "must begin with '/'"},
        {"//", "has an empty segment"},
        {"/a//b", "has an empty segment"},
        {"/a//", "has an empty segment"},
        {"/.", "has a dot segment"},
        {"/a/..", "has a dot segment"},
        {"/./a", "has a dot segment"},
        {"/a?b=", "is a path: it has no query and no fragment"},
        {"/a#b", "is a path: it has no query and no fragment"},
        {"/a/b\nc", "has a control character, which no path can have"},
        {"/\x7f", "has a control character, which no path can have"},
        {"/{x", "has a {parameter} that is only a part of its segment"},
        {"/x}", "has a {parameter} that is only a part of its segment"},
        {"/a{x}", "has a {parameter} that is only a part of its segment"},
        {"/{x}.json", "has a {parameter} that is only a part of its segment"},
        {"/{}", "has a {parameter} without a name of letters, digits and \"_\""},
        {"/{-}", "has a {parameter} without a name of letters, digits and \"_\""},
        {"/{x:uuid}", "has a {parameter} that is none of {name}, {name:int} and {name...}"},
        {"/{x}{y}", "has a {parameter} that is none of {name}, {name:int} and {name...}"},
        {"/{x....}", "has a {parameter} that is none of {name}, {name:int} and {name...}"},
        {"/{x...}/a", "has something behind {name...}, which takes all that follows"},
        {"/{x...}/", "has something behind {name...}, which takes all that follows"},
        {"/{x}/{x:int}", "has two {parameters} of the same name"},
        {"/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3",
         "has more than 32 segments"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(hw_pattern_problem(hw_text_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_non_null(hw_pattern_problem(hw_text_of(bad[i][0])));
        assert_string_equal(hw_pattern_problem(hw_text_of(bad[i][0])), bad[i][1]);
    }
}

HW_TEST(pattern_prefixes_are_literal)
{
    assert_null(hw_pattern_prefix_problem(HW_TEXT("/")));
    assert_null(hw_pattern_prefix_problem(HW_TEXT("/a/b")));
    assert_string_equal(hw_pattern_prefix_problem(HW_TEXT("/a/")), "must not end with '/'");
    assert_string_equal(hw_pattern_prefix_problem(HW_TEXT("/{a}")), "must have no {parameter}");
}

HW_TEST(pattern_reads_whole_numbers_of_64_bits)
{
    static const struct {
        const char *text;
        long long value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"7", 7},
                {"-12", -12},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      "01",
                                      "-01",
                                      "00",
                                      "1.0",
                                      "1e3",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999",
                                      "--1",
                                      "1-"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        long long value = 99;
        assert_true(hw_pattern_read_int(hw_text_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        long long value = 99;
        assert_false(hw_pattern_read_int(hw_text_of(bad[i]), &value));
        assert_true(value == 99);
    }
}

static bool parse_two(hw_arena *arena, const char *const texts[2], hw_pattern patterns[2])
{
    for (int i = 0; i < 2; i++) {
        assert_null(hw_pattern_parse(arena, hw_text_of(texts[i]), &patterns[i]));
        if (!patterns[i].parts)
            return false;
    }
    return true;
}

HW_TEST(pattern_relations_are_those_of_the_paths)
{
    static const struct {
        const char *texts[2];
        hw_pattern_relation relation;
    } cases[] = {
        {{"/", "/"}, HW_PATTERNS_SAME},
        {{"/", "/a"}, HW_PATTERNS_APART},
        {{"/a", "/a/"}, HW_PATTERNS_APART},
        {{"/a", "/{x}"}, HW_PATTERN_NARROWER},
        {{"/a", "/{x:int}"}, HW_PATTERNS_APART},
        {{"/7", "/{x:int}"}, HW_PATTERN_NARROWER},
        {{"/07", "/{x:int}"}, HW_PATTERNS_APART},
        {{"/{x:int}", "/{y}"}, HW_PATTERN_NARROWER},
        {{"/{x}", "/{y}"}, HW_PATTERNS_SAME},
        {{"/{x}", "/"}, HW_PATTERNS_APART},
        {{"/{x}/", "/{y}"}, HW_PATTERNS_APART},
        {{"/{x...}", "/"}, HW_PATTERN_WIDER},
        {{"/{x...}", "/a/b"}, HW_PATTERN_WIDER},
        {{"/{x...}", "/{y...}"}, HW_PATTERNS_SAME},
        {{"/a/{x...}", "/a"}, HW_PATTERNS_APART},
        {{"/a/{x...}", "/a/"}, HW_PATTERN_WIDER},
        {{"/a/{x...}", "/{y...}"}, HW_PATTERN_NARROWER},
        {{"/a/{x...}", "/b/{y...}"}, HW_PATTERNS_APART},
        {{"/a/{x}", "/{y}/b"}, HW_PATTERNS_CROSSED},
        {{"/a/{x...}", "/{y}/b"}, HW_PATTERNS_CROSSED},
        {{"/{a:int}/{b}", "/{c}/7"}, HW_PATTERNS_CROSSED},
        {{"/{a:int}/x", "/{c}/{d}"}, HW_PATTERN_NARROWER},
        {{"/a/{x}/c", "/a/b/{y}"}, HW_PATTERNS_CROSSED},
        {{"/a/{x}/c", "/a/b/{y}/d"}, HW_PATTERNS_APART},
    };
    static const hw_pattern_relation turned[] = {HW_PATTERNS_APART, HW_PATTERNS_SAME,
                                                 HW_PATTERN_WIDER, HW_PATTERN_NARROWER,
                                                 HW_PATTERNS_CROSSED};
    hw_arena arena;
    hw_arena_init(&arena, 16 * 1024, 1024 * 1024);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hw_pattern patterns[2];
        if (!parse_two(&arena, cases[i].texts, patterns)) {
            hw_arena_fini(&arena);
            hw_test_out_of_memory();
        }
        assert_int_equal(hw_pattern_relate(&patterns[0], &patterns[1]), cases[i].relation);
        assert_int_equal(hw_pattern_relate(&patterns[1], &patterns[0]), turned[cases[i].relation]);
    }
    hw_arena_fini(&arena);
}

HW_TEST(pattern_values_are_found_again)
{
    hw_arena arena;
    hw_pattern pattern;
    hw_path path = {HW_TEXT("/u/7/a b/x/y/")};
    hw_arena_init(&arena, 4096, 1024 * 1024);
    assert_null(hw_pattern_parse(&arena, HW_TEXT("/u/{id:int}/{name}/{rest...}"), &pattern));
    if (!pattern.parts) {
        hw_arena_fini(&arena);
        hw_test_out_of_memory();
    }
    static const char *const values[][2] = {{"id", "7"}, {"name", "a b"}, {"rest", "x/y/"}};
    for (size_t i = 0; i < 3; i++) {
        const hw_part *part = hw_pattern_part(&pattern, hw_text_of(values[i][0]));
        assert_non_null(part);
        assert_true(
            hw_text_equal(hw_pattern_value(&pattern, part, path), hw_text_of(values[i][1])));
    }
    assert_null(hw_pattern_part(&pattern, HW_TEXT("u")));
    const hw_part *rest = hw_pattern_part(&pattern, HW_TEXT("rest"));
    assert_int_equal(hw_pattern_value(&pattern, rest, (hw_path){HW_TEXT("/u/7/a/")}).length, 0);
    hw_arena_fini(&arena);
}
