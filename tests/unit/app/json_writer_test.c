#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit/app/asker.h"
#include "unit/app/json_check.h"

/* What the next request is to be answered with; tests are one thread. */
typedef hewn_response *make_json(hewn_request *rq);

static hewn_response *answer_as_told(hewn_request *rq)
{
    make_json *const *make = hewn_state(rq);
    return (*make)(rq);
}

typedef struct json_asker {
    app_asker asker;
    make_json *make;
} json_asker;

static void open_json_asker(json_asker *json)
{
    hewn_app *app = hewn_new(.state = &json->make);
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/", answer_as_told);
    asker_open(&json->asker, app);
}

static void expect_json(json_asker *json, make_json *make, const char *body)
{
    char shape[4096];
    json->make = make;
    assert_int_equal(ask(&json->asker, "GET", "/"), 200);
    assert_string_equal(json->asker.body, body);
    assert_string_equal(answer_field(&json->asker, "Content-Type"), "application/json");
    assert_true(json_check(hw_text_of(body), shape, sizeof shape));
}

static void expect_misuse(json_asker *json, make_json *make, const char *words)
{
    json->make = make;
    json->asker.faults = 0;
    assert_int_equal(ask(&json->asker, "GET", "/"), 500);
    assert_int_equal(json->asker.faults, 1);
    assert_non_null(strstr(json->asker.fault.what, words));
}

static hewn_response *make_user(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "{'id': %lld, 'name': %s, \"admin\": %hhd}", -7LL, "J\"im",
                      (bool)true);
}

static hewn_response *make_all_kinds(hewn_request *rq)
{
    return hewn_jsonf(rq, 200,
                      "[%d, %i, %u, %ld, %lu, %lld, %llu, %zd, %zu, %hhd, %s, %p, 1, -0.5e+3, "
                      "true, false, null, 'a', {}, []]",
                      -1, 2, 3u, -4L, 5ul, INT64_MIN + 0LL, UINT64_MAX + 0ull, (ssize_t)-6,
                      (size_t)7, (bool)false, hewn_query(rq, "absent"), NULL);
}

static hewn_response *make_reals(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "[%g, %g, %g, %.3g, %f, %.2f, %.0f, %e, %g, %g, %.1f]", 0.1, 1e300,
                      -0.0, 2.0 / 3, 1.5, 2.0 / 3, 2.5, 12345.678, NAN, INFINITY, -INFINITY);
}

static hewn_response *make_quoted(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "{'a \"b\" %s': 'x%sy%%z\\n%d\\'', %s: '%.3s%.*s'}", "k\"", "\\\"",
                      5, "key", "abcdef", 2, "ghi");
}

static hewn_response *make_odd_texts(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "[%s,%s,%s]", "\x01\b\f\n\r\t\x7f</script>",
                      "\xe2\x80\xa8\xe2\x80\xa9\xc3\xa4\xf0\x9f\x98\x80", "\xff\xc3(\xed\xa0\x80");
}

static hewn_response *make_null_inside(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "{%s: '<%s>'}", hewn_query(rq, "absent"), hewn_query(rq, "absent"));
}

HW_TEST(json_formats_are_filled_in)
{
    json_asker json;
    open_json_asker(&json);
    for (int again = 0; again < 2; again++) {
        expect_json(&json, make_user, "{\"id\":-7,\"name\":\"J\\\"im\",\"admin\":true}");
        expect_json(&json, make_all_kinds,
                    "[-1,2,3,-4,5,-9223372036854775808,18446744073709551615,-6,7,false,null,null,1,"
                    "-0.5e+3,true,false,null,\"a\",{},[]]");
        expect_json(&json, make_reals,
                    "[0.1,1e+300,-0,0.667,1.500000,0.67,2,1.234568e+04,null,null,null]");
        expect_json(&json, make_quoted,
                    "{\"a \\\"b\\\" k\\\"\":\"x\\\\\\\"y%z\\n5'\",\"key\":\"abcgh\"}");
        expect_json(&json, make_odd_texts,
                    "[\"\\u0001\\b\\f\\n\\r\\t\\u007f\\u003c/script>\",\"\\u2028\\u2029\xc3\xa4"
                    "\xf0\x9f\x98\x80\",\"\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\"]");
        expect_json(&json, make_null_inside, "{\"\":\"<>\"}");
    }
    asker_close(&json.asker);
}

static hewn_response *make_odd_forms(hewn_request *rq)
{
    return hewn_jsonf(rq, 200,
                      " \t\n\r{'a' : [ 1E5 , 1e-5,1.25e+10 ], 'q\"r': '\\u00e4\\/' , 'p': %p}",
                      hewn_raw(NULL));
}

static hewn_response *make_precise_reals(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "[%.70f, %g, %.0e]", 0.5, 1.0 / 3, 15.0);
}

HW_TEST(json_formats_may_be_written_in_odd_forms)
{
    json_asker json;
    open_json_asker(&json);
    expect_json(&json, make_odd_forms,
                "{\"a\":[1E5,1e-5,1.25e+10],\"q\\\"r\":\"\\u00e4\\/\",\"p\":null}");
    expect_json(&json, make_precise_reals,
                "[0.500000000000000000000000000000000000000000000000000000000000,"
                "0.3333333333333333,2e+01]");
    asker_close(&json.asker);
}

static hewn_response *make_json_without_content(hewn_request *rq)
{
    return hewn_jsonf(rq, 204, "{'a': 1}");
}

static hewn_response *make_text_without_content(hewn_request *rq)
{
    return hewn_textf(rq, 204, "%s", "text");
}

static hewn_response *make_bytes_without_content(hewn_request *rq)
{
    return hewn_bytes(rq, 204, NULL, "bytes", 5);
}

static hewn_response *make_odd_status(hewn_request *rq)
{
    return hewn_jsonf(rq, 600, "1");
}

HW_TEST(json_has_no_body_where_there_can_be_none)
{
    static make_json *const makes[] = {make_json_without_content, make_text_without_content,
                                       make_bytes_without_content};
    json_asker json;
    open_json_asker(&json);
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        json.make = makes[i];
        assert_int_equal(ask(&json.asker, "GET", "/"), 204);
        assert_string_equal(json.asker.body, "");
        assert_null(answer_field(&json.asker, "Content-Type"));
    }
    json.make = make_odd_status;
    assert_int_equal(ask(&json.asker, "GET", "/"), 500);
    asker_close(&json.asker);
}

#define MAKES(name, ...)                                                                           \
    static hewn_response *name(hewn_request *rq)                                                   \
    {                                                                                              \
        return hewn_jsonf(rq, 200, __VA_ARGS__);                                                   \
    }
MAKES(make_two, "1 2")
MAKES(make_nothing, " ")
MAKES(make_open, "{'a': [1")
MAKES(make_crossed, "{'a': [1}")
MAKES(make_closed, "]")
MAKES(make_word, "nul")
MAKES(make_zeros, "01")
MAKES(make_comma, "[1,]")
MAKES(make_no_colon, "{'a' 1}")
MAKES(make_number_key, "{1: 2}")
MAKES(make_int_key, "{%d: 2}", 1)
MAKES(make_endless, "'abc")
MAKES(make_escape, "'\\x'")
MAKES(make_unicode, "'\\u12g4'")
MAKES(make_control, "'\n'")
MAKES(make_char, "%c", 'x')
MAKES(make_wide, "%5d", 1)
MAKES(make_hex, "%x", 1u)
MAKES(make_quoted_pointer, "'%p'", (const void *)"x")
MAKES(make_latin, "'\xe4'")
MAKES(make_bad_length, "%.12345s", "x")
MAKES(make_char_size, "%hhu", (unsigned char)1)
MAKES(make_precise_int, "%.2d", 1)
MAKES(make_precise_pointer, "'a'%.2s", "b")
MAKES(make_escape_end, "'\\")
MAKES(make_short_unicode, "'\\u12")
MAKES(make_bare_point, "1.")
MAKES(make_bare_exponent, "1e")
MAKES(make_letters, "xyz")
MAKES(make_colon, "{'a':: 1}")
MAKES(make_deep, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")
MAKES(make_foreign, "%p", (const void *)"0123456789abcdef0123456789abcdef")

HW_TEST(json_formats_that_are_none_are_misuse)
{
    static const struct {
        make_json *make;
        const char *words;
    } cases[] = {
        {make_two, "something behind its value"},
        {make_nothing, "ends before its value does"},
        {make_open, "ends before its value does"},
        {make_crossed, "closes what is not open"},
        {make_closed, "no JSON value"},
        {make_word, "no JSON value"},
        {make_zeros, "no JSON value"},
        {make_comma, "no JSON value"},
        {make_no_colon, "a key without a colon"},
        {make_number_key, "whose key is no string"},
        {make_int_key, "only %s can be a key"},
        {make_endless, "a string without an end"},
        {make_escape, "a bad escape"},
        {make_unicode, "a bad \\u escape"},
        {make_control, "a control character"},
        {make_char, "do not know"},
        {make_wide, "do not know"},
        {make_hex, "do not know"},
        {make_quoted_pointer, "and is in quotes"},
        {make_latin, "no UTF-8"},
        {make_bad_length, "do not know"},
        {make_char_size, "do not know"},
        {make_precise_int, "do not know"},
        {make_precise_pointer, "something behind its value"},
        {make_escape_end, "a bad escape"},
        {make_short_unicode, "a bad \\u escape"},
        {make_bare_point, "no JSON value"},
        {make_bare_exponent, "no JSON value"},
        {make_letters, "no JSON value"},
        {make_colon, "no JSON value"},
        {make_deep, "nested more than 64 deep"},
        {make_foreign, "hewn_raw has not made"},
    };
    json_asker json;
    open_json_asker(&json);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int again = 0; again < 2; again++)
            expect_misuse(&json, cases[i].make, cases[i].words);
    asker_close(&json.asker);
}

static hewn_response *write_users(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '{');
    hewn_json_open(writer, "us\"ers", '[');
    for (long long i = 1; i <= 3; i++)
        hewn_json_add(writer, "{'id': %lld}", i);
    hewn_json_open(writer, NULL, '[');
    hewn_json_close(writer);
    hewn_json_close(writer);
    hewn_json_add(writer, "'total': %d, 'next': %s", 3, hewn_query(rq, "absent"));
    hewn_json_open(writer, "more", '{');
    return hewn_json_send(writer, 200);
}

static hewn_response *write_nothing(hewn_request *rq)
{
    return hewn_json_send(hewn_json_begin(rq, '['), 200);
}

HW_TEST(json_writer_puts_commas_and_closes)
{
    json_asker json;
    open_json_asker(&json);
    expect_json(&json, write_users,
                "{\"us\\\"ers\":[{\"id\":1},{\"id\":2},{\"id\":3},[]],\"total\":3,\"next\":null,"
                "\"more\":{}}");
    expect_json(&json, write_nothing, "[]");
    asker_close(&json.asker);
}

static hewn_response *write_keyless(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '{');
    hewn_json_open(writer, NULL, '[');
    return hewn_json_send(writer, 200);
}

static hewn_response *write_keyed(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '[');
    hewn_json_open(writer, "a", '[');
    return hewn_json_send(writer, 200);
}

static hewn_response *write_value_in_object(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '{');
    hewn_json_add(writer, "%d", 1);
    return hewn_json_send(writer, 200);
}

static hewn_response *write_pairs_in_array(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '[');
    hewn_json_add(writer, "'a': 1");
    hewn_json_add(writer, "1");
    hewn_json_close(writer);
    hewn_json_open(writer, NULL, '[');
    return hewn_json_send(writer, 200);
}

static hewn_response *write_pairs_that_close(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '{');
    hewn_json_add(writer, "'a': 1}, {'b': 2");
    return hewn_json_send(writer, 200);
}

static hewn_response *write_behind_the_end(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '[');
    hewn_json_close(writer);
    hewn_json_add(writer, "1");
    return hewn_json_send(writer, 200);
}

static hewn_response *close_twice(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '[');
    hewn_json_close(writer);
    hewn_json_close(writer);
    return hewn_json_send(writer, 200);
}

static hewn_response *begin_with_a_quote(hewn_request *rq)
{
    return hewn_json_send(hewn_json_begin(rq, '"'), 200);
}

static hewn_response *nest_deeply(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '[');
    for (int i = 0; i < 64; i++)
        hewn_json_open(writer, NULL, '[');
    return hewn_json_send(writer, 200);
}

HW_TEST(json_writer_refuses_what_does_not_fit)
{
    static const struct {
        make_json *make;
        const char *words;
    } cases[] = {
        {write_keyless, "in an object without a key"},
        {write_keyed, "in an array with a key"},
        {write_value_in_object, "only %s can be a key"},
        {write_pairs_in_array, "something behind its value"},
        {write_pairs_that_close, "closes what is not open"},
        {write_behind_the_end, "nothing open to add to"},
        {close_twice, "closes what is not open"},
        {begin_with_a_quote, "opens '{' or '['"},
        {nest_deeply, "nested more than 64 deep"},
    };
    json_asker json;
    open_json_asker(&json);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_misuse(&json, cases[i].make, cases[i].words);
    asker_close(&json.asker);
}

static char hostile[64];

static hewn_response *make_with_hostile(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "{%s: [%s, 'a%sb', {'%s': %s}], 'n': 1}", hostile, hostile, hostile,
                      hostile, hostile);
}

/* Whatever a text holds, it stays a text. */
HW_LONG_TEST(json_texts_change_no_structure)
{
    static const char *const lines[] = {
        "",        "\"", "\\",        "\"}",      "\",\"x\":\"", "\\\"",
        "\\u0000", "]",  "</script>", "\x1f",     "\xc0\x80",    "\xf4\x90\x80\x80",
        "%s%n",    "'",  "\n\r",      "\xe2\x80", "\xed\xa0\x80"};
    json_asker json;
    char shape[256];
    open_json_asker(&json);
    json.make = make_with_hostile;
    srand(7);
    for (size_t i = 0; i < 20000; i++) {
        memset(hostile, 0, sizeof hostile);
        if (i < sizeof lines / sizeof *lines)
            memcpy(hostile, lines[i], strlen(lines[i]));
        else
            for (int j = 0, length = rand() % 12; j < length; j++)
                hostile[j] = (char)(rand() % 3 ? rand() % 255 + 1 : "\"\\{}[]:,<'"[rand() % 10]);
        assert_int_equal(ask(&json.asker, "GET", "/"), 200);
        assert_true(json_check(hw_text_of(json.asker.body), shape, sizeof shape));
        assert_string_equal(shape, "{s:[s,s,{s:s}],s:n}");
    }
    asker_close(&json.asker);
}

/* The compiler of a program would refuse some of these. */
HW_TEST(json_formats_are_compiled_or_say_why_not)
{
    static const char *const bad[] = {"%hhld", "%hhu",     "%.*f", "%.2p", "%.1d",   "%",
                                      "{'a'}", "{'a'}: 1", "%l",   "%zs",  "[%d %d]"};
    static const char pairs[] = "\"a\": 1, 'b': {}";
    hw_formats formats = {.slots = {NULL}};
    hw_arena arena;
    hw_arena_init(&arena, 64, 1024 * 1024);
    size_t count = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const hw_format *format = hw_formats_get(&formats, &arena, bad[i], HW_FORMAT_JSON);
        count += format && format->problem;
    }
    const hw_format *as_pairs = hw_formats_get(&formats, &arena, pairs, HW_FORMAT_PAIRS);
    const hw_format *as_value = hw_formats_get(&formats, &arena, pairs, HW_FORMAT_JSON);
    bool is_complete = count == sizeof bad / sizeof *bad && as_pairs && as_value;
    if (is_complete) {
        assert_null(as_pairs->problem);
        assert_non_null(as_value->problem);
        assert_ptr_equal(hw_formats_get(&formats, &arena, pairs, HW_FORMAT_PAIRS), as_pairs);
    }
    hw_formats_fini(&formats);
    hw_arena_fini(&arena);
    if (!is_complete && hw_test_is_struck())
        hw_test_out_of_memory();
    assert_true(is_complete);
}

HW_LONG_TEST(json_formats_have_no_more_pieces_than_there_may_be)
{
    enum { CONVERSIONS = 300 };
    static char text[CONVERSIONS * 3 + 3];
    hw_formats formats = {.slots = {NULL}};
    hw_arena arena;
    hw_arena_init(&arena, 4096, 1024 * 1024);
    hw_buffer out = HW_BUFFER_OVER(text);
    hw_buffer_put_char(&out, '[');
    for (int i = 0; i < CONVERSIONS; i++)
        hw_buffer_put_string(&out, i ? ",%d" : "%d");
    hw_buffer_put_char(&out, ']');
    const hw_format *format =
        hw_formats_get(&formats, &arena, hw_buffer_string(&out), HW_FORMAT_JSON);
    assert_non_null(format);
    assert_string_equal(format->problem, "the format has more than 255 conversions");
    hw_formats_fini(&formats);
    hw_arena_fini(&arena);
}

/* More formats than there are slots, and one address with another text. */
HW_LONG_TEST(json_formats_beyond_the_slots_are_right_too)
{
    enum { FORMATS = 1000 };
    static hw_formats formats;
    hw_arena arena;
    hw_arena_init(&arena, 1024 * 1024, 64 * 1024 * 1024);
    char *texts = hw_arena_alloc(&arena, FORMATS * 16);
    HW_NEED(texts);
    for (int turn = 0; turn < 4; turn++)
        for (int i = 0; i < FORMATS; i++) {
            hw_buffer text = hw_buffer_over(texts + i * 16, 16);
            hw_buffer_put_format(&text, turn == 2 ? "[%d]" : turn == 3 ? "%d.5" : "%d", i);
            assert_non_null(hw_buffer_string(&text));
            const hw_format *format =
                hw_formats_get(&formats, &arena, texts + i * 16, HW_FORMAT_JSON);
            assert_non_null(format);
            assert_null(format->problem);
            assert_true(hw_text_equal(format->pieces[0].literal, hw_text_of(texts + i * 16)));
        }
    hw_formats_fini(&formats);
    hw_arena_fini(&arena);
}
