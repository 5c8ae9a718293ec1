#include "app/json.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit/app/asker.h"

/* Where there is no Jansson there is nothing to be tested. */
static const hewn_json *read_words(hw_arena *arena, const char *words, hw_body_problem *ret_problem)
{
    *ret_problem = (hw_body_problem){0};
    const hewn_json *value = hw_json_read(arena, hw_text_of(words), ret_problem);
    if (!value && ret_problem->status == 501) {
        hw_arena_fini(arena);
        skip();
    }
    return value;
}

static void open_arena(hw_arena *arena)
{
    hw_arena_init(arena, 4096, 64 * 1024 * 1024);
}

static const char person[] =
    "{\"user\": {\"name\": \"Ann \\u00e9\", \"tags\": [\"a\", \"b\", [1, -2]], \"ok\": true},"
    " \"n\": 12, \"big\": 9223372036854775807, \"real\": 1.5, \"whole\": 2.0, \"exp\": 1e3,"
    " \"huge\": 1e300, \"nothing\": null, \"a.b\": 1, \"\": 2}";

HW_TEST(json_values_are_found_by_path)
{
    hw_arena arena;
    hw_body_problem problem;
    open_arena(&arena);
    const hewn_json *root = read_words(&arena, person, &problem);
    if (root) {
        assert_string_equal(hewn_json_str(root, "user.name"), "Ann \xc3\xa9");
        assert_string_equal(hewn_json_str(root, "user.tags[1]"), "b");
        assert_string_equal(hewn_json_str(hewn_json_at(root, "user.tags"), "[0]"), "a");
        static const char *const absent[] = {
            "user",
            "n",
            "nothing",
            "user.tags[3]",
            "user.tags[2][2]",
            "user.tags[x]",
            "user.tags[0",
            "user.tags[]",
            "user.tags[-1]",
            "user.tags[0]x",
            "user..name",
            ".user",
            "user.",
            "a.b",
            "user.tags.0",
            "user[0]",
            "[0]",
            "user.name.x",
            "user.tags[18446744073709551616]",
        };
        for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
            if (hewn_json_str(root, absent[i]))
                fail_msg("%s is there", absent[i]);
        assert_ptr_equal(hewn_json_at(root, ""), root);
        assert_ptr_equal(hewn_json_at(root, NULL), root);
    }
    hw_arena_fini(&arena);
    assert_null(hewn_json_str(NULL, "a"));
    assert_null(hewn_json_at(NULL, NULL));
}

HW_TEST(json_values_have_a_kind)
{
    hw_arena arena;
    hw_body_problem problem;
    hewn_int integer = 77;
    double real = 0.5;
    bool boolean = false;
    open_arena(&arena);
    const hewn_json *root = read_words(&arena, person, &problem);
    if (root) {
        assert_true(hewn_json_int(root, "n", &integer) && integer == 12);
        assert_true(hewn_json_int(root, "big", &integer) && integer == INT64_MAX);
        assert_true(hewn_json_int(root, "whole", &integer) && integer == 2);
        assert_true(hewn_json_int(root, "exp", &integer) && integer == 1000);
        assert_false(hewn_json_int(root, "real", &integer));
        assert_false(hewn_json_int(root, "huge", &integer));
        assert_false(hewn_json_int(root, "user.name", &integer));
        assert_int_equal(integer, 1000);
        assert_true(hewn_json_num(root, "real", &real) && real == 1.5);
        assert_true(hewn_json_num(root, "n", &real) && real == 12);
        assert_false(hewn_json_num(root, "nothing", &real));
        assert_true(hewn_json_bool(root, "user.ok", &boolean) && boolean);
        assert_false(hewn_json_bool(root, "n", &boolean));
        assert_false(hewn_json_bool(root, "gone", &boolean));
    }
    hw_arena_fini(&arena);
}

HW_TEST(json_items_are_walked_in_order)
{
    hw_arena arena;
    hw_body_problem problem;
    open_arena(&arena);
    const hewn_json *root = read_words(&arena, "{\"b\": [1, 2], \"a\": {}, \"c\": 3}", &problem);
    if (root) {
        char keys[10];
        hw_buffer words = HW_BUFFER_OVER(keys);
        const char *key;
        for (size_t at = 0; hewn_json_next(root, &at, &key);)
            hw_buffer_put_string(&words, key);
        assert_string_equal(hw_buffer_string(&words), "bac");
        size_t at = 0;
        hewn_int integer;
        const hewn_json *item;
        for (hewn_int i = 1; (item = hewn_json_next(hewn_json_at(root, "b"), &at, &key)); i++)
            assert_true(!key && hewn_json_int(item, "", &integer) && integer == i);
        assert_int_equal(at, 2);
        at = 0;
        assert_null(hewn_json_next(hewn_json_at(root, "a"), &at, NULL));
        assert_null(hewn_json_next(hewn_json_at(root, "c"), &at, NULL));
    }
    hw_arena_fini(&arena);
}

HW_TEST(json_is_refused_in_words)
{
    static const char *const rows[][2] = {
        {"", "the JSON is broken at line 1, column 0: it ends too early"},
        {"[1", "the JSON is broken at line 1, column 2: it ends too early"},
        {"{\n\"a\": }", "the JSON is broken at line 2, column 6: that is no JSON"},
        {"[1] 2", "the JSON is broken at line 1, column 5: something comes behind its end"},
        {"[\"\xff\"]", "the JSON is broken at line 1, column 2: it is not UTF-8"},
        {"{\"a\": 1, \"a\": 2}", "the JSON is broken at line 1, column 12: a name is there twice"},
        {"[9223372036854775808]", "the JSON is broken at line 1, column 20: a number is too large"},
        {"[1e999]", "the JSON is broken at line 1, column 6: a number is too large"},
        {"[\"\\u0000\"]", "the JSON is broken at line 1, column 9: a string holds \\u0000"},
        {"{\"a\\u0000\": 1}", "the JSON is broken at line 1, column 10: a string holds \\u0000"},
        {"[\"\\ud800\"]", "the JSON is broken at line 1, column 9: that is no JSON"},
        {"[01]", "the JSON is broken at line 1, column 2: that is no JSON"},
        {"[NaN]", "the JSON is broken at line 1, column 4: that is no JSON"},
        {"['a']", "the JSON is broken at line 1, column 2: that is no JSON"},
        {"[1,]", "the JSON is broken at line 1, column 4: that is no JSON"},
        {"[\"a\nb\"]", "the JSON is broken at line 1, column 3: that is no JSON"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hw_arena arena;
        hw_body_problem problem;
        open_arena(&arena);
        assert_null(read_words(&arena, rows[i][0], &problem));
        assert_true(problem.status == 400 || problem.status == 503);
        if (problem.status == 400 && strcmp(problem.words, rows[i][1]) != 0)
            fail_msg("%s: %s", rows[i][0], problem.words);
        hw_arena_fini(&arena);
    }
}

static void fill_nested(char *words, size_t depth)
{
    memset(words, '[', depth);
    memset(words + depth, ']', depth);
    words[2 * depth] = '\0';
}

HW_LONG_TEST(json_is_nested_64_deep)
{
    char words[200];
    hw_arena arena;
    hw_body_problem problem;
    open_arena(&arena);
    fill_nested(words, HW_JSON_DEPTH_MAX);
    const hewn_json *root = read_words(&arena, words, &problem);
    assert_non_null(root);
    hw_text written = hw_json_write(&arena, root);
    assert_true(hw_text_equal(written, hw_text_of(words)));
    fill_nested(words, HW_JSON_DEPTH_MAX + 1);
    assert_null(read_words(&arena, words, &problem));
    assert_int_equal(problem.status, 400);
    hw_arena_fini(&arena);
    /* What is in a string is no nesting. */
    memset(words, '[', sizeof words);
    words[0] = words[100] = '"';
    words[99] = '\\';
    words[101] = '[', words[102] = '"', words[103] = '\0';
    assert_true(hw_json_is_bounded(hw_text_of(words), &problem));
}

HW_LONG_TEST(json_has_so_many_values)
{
    static char words[2 * (HW_JSON_VALUES_MAX + 2)];
    hw_arena arena;
    hw_body_problem problem;
    open_arena(&arena);
    for (size_t i = 0; i < HW_JSON_VALUES_MAX; i++)
        memcpy(words + 1 + 2 * i, "1,", 2);
    words[0] = '[';
    /* The array counts, and the estimate has one to spare. */
    memcpy(words + 1 + 2 * (HW_JSON_VALUES_MAX - 1) - 1, "]", 2);
    assert_non_null(read_words(&arena, words, &problem));
    assert_true(arena.held <= hw_json_room(hw_text_of(words)));
    memcpy(words + 1 + 2 * (HW_JSON_VALUES_MAX - 1) - 1, ",1]", 4);
    assert_null(read_words(&arena, words, &problem));
    assert_int_equal(problem.status, 413);
    hw_arena_fini(&arena);
}

HW_LONG_TEST(json_takes_no_more_room_than_it_says)
{
    static const char *const pieces[] = {
        "1,", "\"\",", "[],", "{\"\":1},", "\"abcdefghijklmnopq\",", "{\"a\":[]},", "[1,[]],"};
    static char words[20000];
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        hw_arena arena;
        hw_body_problem problem;
        hw_buffer buffer = HW_BUFFER_OVER(words);
        open_arena(&arena);
        hw_buffer_put_char(&buffer, '[');
        while (hw_buffer_room(&buffer) > 40)
            hw_buffer_put_string(&buffer, pieces[i]);
        hw_buffer_put_string(&buffer, "0]");
        assert_non_null(hw_buffer_string(&buffer));
        arena.bytes_max = hw_json_room(hw_buffer_text(&buffer));
        if (!read_words(&arena, words, &problem))
            fail_msg("%s: %s", pieces[i], problem.words);
        hw_arena_fini(&arena);
    }
}

HW_TEST(json_is_written_as_it_was_read)
{
    static const char *const rows[][2] = {
        {"null", "null"},
        {" [ true , false,null,-1,0, 1.5 ,1e3, 0.1, 1e-7,1e100, -0.0 ] ",
         "[true,false,null,-1,0,1.5,1000.0,0.1,1e-07,1e+100,-0.0]"},
        {"5e-324", "4.94065645841247e-324"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"{\"a\":{\"b\":[]},\"\\\"\":{}}", "{\"a\":{\"b\":[]},\"\\\"\":{}}"},
        {"\"\\u0001\\n\\\\\\/ \xc3\xa9\"", "\"\\u0001\\n\\\\/ \xc3\xa9\""},
        {"\"</script><!--\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\"",
         "\"\\u003c/script>\\u003c!--\\u2028\\u2029\xe2\x80\xaa\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hw_arena arena;
        hw_body_problem problem;
        hw_text text;
        open_arena(&arena);
        const hewn_json *root = read_words(&arena, rows[i][0], &problem);
        const void *raw = root ? hewn_raw(root) : NULL;
        if (raw) {
            assert_true(hw_tagged_text(raw, HW_TAGGED_JSON, &text));
            if (!hw_text_equal(text, hw_text_of(rows[i][1])))
                fail_msg("%.*s", HW_TEXT_ARGS(text));
        }
        hw_arena_fini(&arena);
    }
    hw_text text;
    assert_true(hw_tagged_text(hewn_raw(NULL), HW_TAGGED_JSON, &text));
    assert_true(hw_text_equal(text, HW_TEXT("null")));
}

static hewn_response *say_body_json(hewn_request *rq)
{
    const hewn_json *body = hewn_body_json(rq);
    assert_true(hewn_body_json(rq) == body || hw_test_is_struck());
    if (!body)
        return hewn_body_problem(rq);
    hewn_response *problem = hewn_body_problem(rq);
    assert_null(problem);
    return hewn_text(rq, 200, hewn_or(hewn_json_str(body, "a"), "(none)"));
}

static void open_bodies(app_asker *asker)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_post(app, "/", say_body_json);
    asker_open(asker, app);
}

HW_TEST(body_is_json_or_its_problem_is_told)
{
    static const struct {
        const char *type, *coding, *content, *answer;
        int status;
    } rows[] = {
        {"application/json", NULL, "{\"a\":\"b\"}", "b", 200},
        {"Application/JSON; charset=utf-8", NULL, "{\"a\":\"b\"}", "b", 200},
        {"application/problem+json", NULL, "{}", "(none)", 200},
        {"application/json", "identity", "[]", "(none)", 200},
        {"application/json", NULL, "{", NULL, 400},
        {"application/json", NULL, "", NULL, 400},
        {"application/json", "gzip", "{}", "the body has a coding that is not read here", 415},
        {"text/plain", NULL, "{}", "the body must be JSON", 415},
        {"application/jsonp", NULL, "{}", "the body must be JSON", 415},
        {"+json", NULL, "{}", "the body must be JSON", 415},
        {"x+json/y", NULL, "{}", "the body must be JSON", 415},
        {"", NULL, "{}", "the body must be JSON", 415},
    };
    app_asker asker;
    open_bodies(&asker);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hw_field fields[] = {
            {HW_TEXT_INIT("Content-Type"), hw_text_of(rows[i].type), HW_FIELD_CONTENT_TYPE},
            {HW_TEXT_INIT("Content-Encoding"), hw_text_of(rows[i].coding),
             HW_FIELD_CONTENT_ENCODING},
        };
        int status = ask_with(&asker, "POST", "/", hw_fields_of(fields, rows[i].coding ? 2 : 1),
                              rows[i].content);
        if (status == 501)
            break;
        assert_int_equal(status, rows[i].status);
        if (rows[i].answer)
            assert_non_null(strstr(asker.body, rows[i].answer));
        if (status == 415 && !rows[i].coding)
            assert_string_equal(answer_field(&asker, "Accept"), "application/json");
    }
    asker_close(&asker);
}

/* Jansson's own: where it was not built in nobody asks for it. */
void json_set_alloc_funcs(void *(*take)(size_t), void (*give)(void *)) __attribute__((weak));

static unsigned takes_left; /* until one fails; 0: none does */

static void *take_but_one(size_t bytes)
{
    if (takes_left == 0 || --takes_left > 0)
        return malloc(bytes);
    errno = ENOMEM;
    return NULL;
}

/* It says of some of them that the text is broken. No word is longer than its buffer is at first:
 * see json_read_jansson.c. */
HW_LONG_TEST(json_that_there_is_no_memory_for_is_not_the_clients_fault)
{
    static const char words[] =
        "{\"a\": [\"b\", 12, 1.5, true, {}], \"c\": {\"d\": null, \"e\": -1}}";
    const hewn_json *root = NULL;
    unsigned count = 0;
    if (!json_set_alloc_funcs)
        skip();
    json_set_alloc_funcs(take_but_one, free);
    while (!root && count < 1000) {
        hw_arena arena;
        hw_body_problem problem;
        open_arena(&arena);
        takes_left = ++count;
        root = read_words(&arena, words, &problem);
        if (!root)
            assert_int_equal(problem.status, 503);
        hw_arena_fini(&arena);
    }
    json_set_alloc_funcs(malloc, free);
    assert_non_null(root);
    assert_in_range(count, 20, 999);
}

/* With more memory from turn to turn, each piece of it in a block of its own: it is never half a
 * value. */
HW_LONG_TEST(json_is_read_whole_or_not_at_all)
{
    hw_arena arena;
    hw_body_problem problem;
    const hewn_json *root = NULL;
    size_t refused = 0;
    for (size_t max = 0; !root; max += 16) {
        assert_true(max < 16384);
        hw_arena_init(&arena, 64, max);
        root = read_words(&arena, person, &problem);
        if (!root) {
            assert_int_equal(problem.status, 503);
            refused++;
            hw_arena_fini(&arena);
        }
    }
    assert_true(refused > 20);
    assert_string_equal(hewn_json_str(root, "user.tags[1]"), "b");
    hw_arena_fini(&arena);
}

/* What is broken is told where there is memory for the words, and is a 503 where there is none. */
HW_TEST(json_of_nothing_is_a_problem)
{
    hw_arena arena;
    hw_body_problem problem = {0};
    open_arena(&arena);
    assert_null(hw_json_read(&arena, (hw_text){0}, &problem));
    assert_true(problem.status == 400 || problem.status == 501 || hw_test_is_struck());
    hw_arena_fini(&arena);
}

HW_TEST(json_that_is_absent_gives_nothing)
{
    hw_arena arena;
    hw_body_problem problem;
    open_arena(&arena);
    const hewn_json *root = read_words(&arena, "{\"low\": -1e300, \"n\": 1}", &problem);
    if (root) {
        hewn_int integer = 7;
        double number = 7;
        bool boolean = true;
        size_t at = 0;
        const char *key;
        assert_false(hewn_json_int(root, "low", &integer));
        assert_false(hewn_json_int(root, "none", &integer));
        assert_false(hewn_json_num(root, "none", &number));
        assert_false(hewn_json_bool(root, "none", &boolean));
        assert_true(integer == 7 && number == 7 && boolean);
        assert_null(hewn_json_next(hewn_json_at(root, "none"), &at, &key));
        assert_null(hewn_json_next(hewn_json_at(root, "n"), &at, &key));
    }
    hw_arena_fini(&arena);
    if (!root)
        hw_test_out_of_memory();
}
