#include "h1/section.h"

#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "base/buffer.h"
#include "feeder.h"

#define HOST "Host: a\r\n"
#define OK "\r\n" HOST "\r\n"

/* A head that is refused: by whom (RFC section) and how. */
typedef struct bad_head {
    hw_text text;
    int status;
    const char *section;
} bad_head;

static void assert_all_refused(const bad_head *heads, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_refused(heads[i].text, heads[i].status, heads[i].section);
}

#define ASSERT_ALL_REFUSED(heads) assert_all_refused(heads, sizeof(heads) / sizeof *(heads))
#define BAD(literal, status, section)                                                              \
    {                                                                                              \
        HW_TEXT_INIT(literal), status, section                                                     \
    }

HW_TEST(section_reads_a_request_line_and_fields)
{
    ASSERT_FEED("GET /hello.txt?a=b HTTP/1.1\r\n" HOST "X-A: b\r\n\r\n",
                "HEAD GET /hello.txt?a=b 1.1 none keep\n Host: a\n X-A: b\nEND\nfinish 0\n");
}

HW_TEST(section_takes_any_token_for_a_method)
{
    ASSERT_FEED("A!#$%&'*+-.^_`|~9 /x HTTP/1.1" OK,
                "HEAD A!#$%&'*+-.^_`|~9 /x 1.1 none keep\n Host: a\nEND\nfinish 0\n");
    ASSERT_FEED("get / HTTP/1.1" OK, "HEAD get / 1.1 none keep\n Host: a\nEND\nfinish 0\n");
}

HW_TEST(section_names_the_method)
{
    hw_h1_limits limits = hw_h1_limits_default();
    hw_h1_parser parser;
    hw_h1_head head;
    hw_h1_parser_init(&parser, &limits, NULL);
    hw_text input = HW_TEXT("DELETE / HTTP/1.1" OK);
    assert_int_equal(hw_h1_next(&parser, &head, input).kind, HW_H1_HEAD);
    assert_int_equal(head.method, HW_METHOD_DELETE);
}

HW_TEST(section_leaves_a_targets_syntax_to_others)
{
    ASSERT_FEED("OPTIONS * HTTP/1.1" OK, "HEAD OPTIONS * 1.1 none keep\n Host: a\nEND\nfinish 0\n");
    ASSERT_FEED("GET x<>\"\\^`{|}#% HTTP/1.1" OK,
                "HEAD GET x<>\"\\^`{|}#% 1.1 none keep\n Host: a\nEND\nfinish 0\n");
}

HW_TEST(section_refuses_what_is_no_method)
{
    static const bad_head heads[] = {
        BAD("hello\r\n", 400, "RFC 9112 3.1"),
        BAD("hello there\r\n\r\n", 400, "RFC 9112 3"),
        BAD("GET\r\n\r\n", 400, "RFC 9112 3.1"),
        BAD(" GET / HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("\tGET / HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("GE(T / HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("G\"ET\" / HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("G\001ET / HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("GET\0 / HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("G\303\211T / HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("GET\t/\tHTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("GET\v/ HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("\nGET / HTTP/1.1" OK, 400, "RFC 9112 3.1"),
        BAD("\0", 400, "RFC 9112 3.1"),
        BAD("\200", 400, "RFC 9112 3.1"),
        BAD("\026\003\001\002", 400, "RFC 9112 3.1"), /* a TLS handshake */
    };
    ASSERT_ALL_REFUSED(heads);
}

HW_TEST(section_refuses_a_request_line_of_other_shape)
{
    static const bad_head heads[] = {
        BAD("GET \r\n", 400, "RFC 9112 3"),
        BAD("GET /\r\n", 400, "RFC 9112 3"),
        BAD("GET  / HTTP/1.1" OK, 400, "RFC 9112 3"),
        BAD("GET /  HTTP/1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET /a b HTTP/1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1.1 \r\n", 400, "RFC 9112 2.3"),
        BAD("GET /\n", 400, "RFC 9112 3.2"),
        BAD("GET /\001 HTTP/1.1" OK, 400, "RFC 9112 3.2"),
        BAD("GET /\0 HTTP/1.1" OK, 400, "RFC 9112 3.2"),
        BAD("GET /\177 HTTP/1.1" OK, 400, "RFC 9112 3.2"),
        BAD("GET /\tx HTTP/1.1" OK, 400, "RFC 9112 3.2"),
        BAD("GET /\fHTTP/1.1" OK, 400, "RFC 9112 3.2"),
        BAD("GET /caf\303\251 HTTP/1.1" OK, 400, "RFC 9112 3.2"),
        BAD("GET / HTTP/1.1\n" HOST "\n", 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1.1\r\r\n" HOST "\r\n", 400, "RFC 9112 2.2"),
        BAD("GET / HTTP/1.1\rX", 400, "RFC 9112 2.2"),
    };
    ASSERT_ALL_REFUSED(heads);
}

HW_TEST(section_refuses_a_malformed_version)
{
    static const bad_head heads[] = {
        BAD("GET / Http/1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / http/1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1." OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP" OK, 400, "RFC 9112 2.3"),
        BAD("GET / " OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1.1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/11" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1.10" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/01.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1.01" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/2.10" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/-1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1,1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1 .1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/a.b" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/0x1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP/1.4294967297" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTPS/1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP 1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / HTTP//1.1" OK, 400, "RFC 9112 2.3"),
        BAD("GET / ICY/1.0" OK, 400, "RFC 9112 2.3"),
        BAD("GET / RTSP/1.0" OK, 400, "RFC 9112 2.3"),
    };
    ASSERT_ALL_REFUSED(heads);
}

HW_TEST(section_does_not_speak_other_major_versions)
{
    ASSERT_REFUSED("GET / HTTP/0.0" OK, 505, "RFC 9110 15.6.6");
    ASSERT_REFUSED("GET / HTTP/0.9" OK, 505, "RFC 9110 15.6.6");
    ASSERT_REFUSED("GET / HTTP/3.1" OK, 505, "RFC 9110 15.6.6");
    ASSERT_REFUSED("GET / HTTP/9.9" OK, 505, "RFC 9110 15.6.6");
    ASSERT_REFUSED("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "RFC 9110 15.6.6");
}

HW_TEST(section_reads_higher_minor_versions_as_1_1)
{
    ASSERT_FEED("GET / HTTP/1.2" OK, "HEAD GET / 1.1 none keep\n Host: a\nEND\nfinish 0\n");
    ASSERT_FEED("GET / HTTP/1.9" OK, "HEAD GET / 1.1 none keep\n Host: a\nEND\nfinish 0\n");
    ASSERT_FEED("GET / HTTP/1.0" OK, "HEAD GET / 1.0 none close\n Host: a\nEND\nfinish 0\n");
}

HW_TEST(section_takes_blanks_off_both_ends_of_a_value)
{
    ASSERT_FEED("GET / HTTP/1.1\r\nHost:a\r\nB: \t b \t c \t \r\nC:\r\nD: \t \r\n\r\n",
                "HEAD GET / 1.1 none keep\n Host: a\n B: b \t c\n C: \n D: \nEND\nfinish 0\n");
}

HW_TEST(section_takes_what_a_field_may_be)
{
    ASSERT_FEED("GET / HTTP/1.1\r\nhOsT: a\r\n!#$%&'*+-.^_`|~09: x\r\nX_U: :a:\tb:\r\n"
                "X: \351\377\200\r\n\r\n",
                "HEAD GET / 1.1 none keep\n hOsT: a\n !#$%&'*+-.^_`|~09: x\n X_U: :a:\tb:\n"
                " X: \351\377\200\nEND\nfinish 0\n");
}

#define LINE(field) "GET / HTTP/1.1\r\n" HOST field "\r\n\r\n"

HW_TEST(section_refuses_what_is_no_field_name)
{
    static const bad_head heads[] = {
        BAD(LINE("X-A : b"), 400, "RFC 9112 5.1"),
        BAD(LINE("X-A\t: b"), 400, "RFC 9112 5.1"),
        BAD(LINE("Content-Length : 5"), 400, "RFC 9112 5.1"),
        BAD(LINE("Transfer-Encoding : chunked"), 400, "RFC 9112 5.1"),
        BAD(LINE("X A: b"), 400, "RFC 9112 5.1"),
        BAD(LINE(":"), 400, "RFC 9110 5.1"),
        BAD(LINE(": b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X"), 400, "RFC 9110 5.1"),
        BAD(LINE("X<A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X@A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X,A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X\\A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X\"A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X/A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X[A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X{A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X\0A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X\rA: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X\nA: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("\nX: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X\177A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("X\200A: b"), 400, "RFC 9110 5.1"),
        BAD(LINE("Content-Length\205: 5"), 400, "RFC 9110 5.1"),
    };
    ASSERT_ALL_REFUSED(heads);
}

HW_TEST(section_refuses_folded_lines)
{
    static const bad_head heads[] = {
        BAD("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "RFC 9112 5.2"),
        BAD("GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n", 400, "RFC 9112 5.2"),
        BAD(LINE("X-A: b\r\n c"), 400, "RFC 9112 5.2"),
        BAD(LINE("X-A: b\r\n\tc"), 400, "RFC 9112 5.2"),
        BAD(LINE("Content-Length: 1\r\n 0"), 400, "RFC 9112 5.2"),
        BAD(LINE(" "), 400, "RFC 9112 5.2"),
    };
    ASSERT_ALL_REFUSED(heads);
}

HW_TEST(section_refuses_bytes_that_no_value_has)
{
    static const bad_head heads[] = {
        BAD(LINE("X: a\0b"), 400, "RFC 9110 5.5"),
        BAD(LINE("X: a\001b"), 400, "RFC 9110 5.5"),
        BAD(LINE("X: a\037b"), 400, "RFC 9110 5.5"),
        BAD(LINE("X: a\177b"), 400, "RFC 9110 5.5"),
        BAD(LINE("X: \vb"), 400, "RFC 9110 5.5"),
        BAD(LINE("X: a\nY: b"), 400, "RFC 9112 2.2"),
        BAD(LINE("X:\n\nGET / HTTP/1.1"), 400, "RFC 9112 2.2"),
        BAD(LINE("X: a\rb"), 400, "RFC 9112 2.2"),
        BAD(LINE("X: a\r\r"), 400, "RFC 9112 2.2"),
        BAD("GET / HTTP/1.1\r\n" HOST "X: b\r\n\n", 400, "RFC 9110 5.1"),
        BAD("GET / HTTP/1.1\r\n" HOST "X: b\r\n\r\r\n", 400, "RFC 9112 2.2"),
        BAD("GET / HTTP/1.1\r\n" HOST "\rX", 400, "RFC 9112 2.2"),
    };
    ASSERT_ALL_REFUSED(heads);
}

HW_TEST(section_waits_for_the_rest_of_a_head)
{
    ASSERT_WAITS("G");
    ASSERT_WAITS("hello");
    ASSERT_WAITS("GET ");
    ASSERT_WAITS("GET / HTTP/1.");
    ASSERT_WAITS("GET / HTTP/1.1\r");
    ASSERT_WAITS("GET / HTTP/1.1\r\n");
    ASSERT_WAITS("GET / HTTP/1.1\r\nHos");
    ASSERT_WAITS("GET / HTTP/1.1\r\nHost: a");
    ASSERT_WAITS("GET / HTTP/1.1\r\nHost: a\r\n");
    ASSERT_WAITS("GET / HTTP/1.1\r\nHost: a\r\n\r");
}

/* Builds an input with long runs in it. */
typedef struct long_input {
    char bytes[70 * 1024];
    hw_buffer buffer;
} long_input;

static long_input *new_input(void)
{
    long_input *input = malloc(sizeof *input);
    assert_non_null(input);
    input->buffer = HW_BUFFER_OVER(input->bytes);
    return input;
}

static void put_run(long_input *input, char byte, size_t count)
{
    while (count--)
        hw_buffer_put_char(&input->buffer, byte);
    assert_false(input->buffer.overflow);
}

static void put_words(long_input *input, const char *words)
{
    hw_buffer_put_string(&input->buffer, words);
    assert_false(input->buffer.overflow);
}

/* The status that refuses the input, 0 when nothing does. Frees the input. */
static int status_of(long_input *input, const hw_h1_limits *limits)
{
    feed_log *log = feed_all_ways(hw_buffer_text(&input->buffer), limits);
    int status = log->problem.status;
    free(log);
    free(input);
    return status;
}

/* Small, so that limits are met quickly at every split. */
static hw_h1_limits small_limits(void)
{
    return (hw_h1_limits){
        .line_bytes_max = 40,
        .field_bytes_max = 30,
        .head_bytes_max = 100,
        .trailers_bytes_max = 50,
        .chunk_extension_bytes_max = 8,
        .extensions_bytes_max = 20,
    };
}

static int status_of_request_line(size_t bytes)
{
    hw_h1_limits limits = small_limits();
    long_input *input = new_input();
    put_words(input, "GET /");
    put_run(input, 'a', bytes - sizeof "GET / HTTP/1.1" + 1);
    put_words(input, " HTTP/1.1\r\n" HOST "\r\n");
    return status_of(input, &limits);
}

HW_TEST(section_bounds_the_request_line)
{
    assert_int_equal(status_of_request_line(39), 0);
    assert_int_equal(status_of_request_line(40), 0);
    assert_int_equal(status_of_request_line(41), 414);
    assert_int_equal(status_of_request_line(60), 414);
}

HW_TEST(section_refuses_a_long_request_line_before_its_end)
{
    hw_h1_limits limits = small_limits();
    for (int i = 0; i < 3; i++) {
        static const char *const starts[] = {"", "GET /", "GET / HTTP/1."};
        long_input *input = new_input();
        put_words(input, starts[i]);
        limits.line_bytes_max = i == 2 ? 12 : 40;
        put_run(input, i == 2 ? '1' : 'A', 41 - input->buffer.length);
        assert_int_equal(status_of(input, &limits), 414);
    }
}

static int status_of_field_line(size_t bytes)
{
    hw_h1_limits limits = small_limits();
    long_input *input = new_input();
    put_words(input, "GET / HTTP/1.1\r\n" HOST "X: ");
    put_run(input, 'b', bytes - 3);
    put_words(input, "\r\n\r\n");
    return status_of(input, &limits);
}

HW_TEST(section_bounds_a_field_line)
{
    assert_int_equal(status_of_field_line(29), 0);
    assert_int_equal(status_of_field_line(30), 0);
    assert_int_equal(status_of_field_line(31), 431);
}

HW_TEST(section_refuses_a_long_field_line_before_its_end)
{
    static const char *const starts[] = {"X", "X:", "X: b"};
    static const char runs[] = {'X', ' ', 'b'};
    for (int i = 0; i < 3; i++) {
        hw_h1_limits limits = small_limits();
        long_input *input = new_input();
        put_words(input, "GET / HTTP/1.1\r\n" HOST);
        put_words(input, starts[i]);
        put_run(input, runs[i], 31 - strlen(starts[i]));
        assert_int_equal(status_of(input, &limits), 431);
    }
}

/* 16 + 9 + 2 * 29 + 2 bytes and what is asked for. */
static int status_of_head(size_t bytes)
{
    hw_h1_limits limits = small_limits();
    long_input *input = new_input();
    put_words(input, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 2; i++)
        put_words(input, "X: 123456789012345678901234\r\n");
    put_words(input, "Y: ");
    put_run(input, 'y', bytes - input->buffer.length - 4);
    put_words(input, "\r\n\r\n");
    assert_int_equal(input->buffer.length, bytes);
    return status_of(input, &limits);
}

HW_TEST(section_bounds_the_whole_head)
{
    assert_int_equal(status_of_head(99), 0);
    assert_int_equal(status_of_head(100), 0);
    for (size_t bytes = 101; bytes < 110; bytes++)
        assert_int_equal(status_of_head(bytes), 431);
}

HW_TEST(section_says_414_while_the_head_is_a_request_line)
{
    hw_h1_limits limits = small_limits();
    limits.head_bytes_max = 20;
    long_input *input = new_input();
    put_words(input, "GET /");
    put_run(input, 'a', 30);
    assert_int_equal(status_of(input, &limits), 414);
}

static int status_of_count(int count)
{
    long_input *input = new_input();
    put_words(input, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 1; i < count; i++)
        put_words(input, "X: y\r\n");
    put_words(input, "\r\n");
    return status_of(input, NULL);
}

HW_TEST(section_bounds_the_number_of_fields)
{
    assert_int_equal(status_of_count(99), 0);
    assert_int_equal(status_of_count(100), 0);
    assert_int_equal(status_of_count(101), 431);
    assert_int_equal(status_of_count(500), 431);
}

HW_TEST(section_takes_what_the_default_limits_allow)
{
    long_input *line = new_input();
    put_words(line, "GET /?");
    put_run(line, 'a', 8192 - 15);
    put_words(line, " HTTP/1.1" OK);
    assert_int_equal(status_of(line, NULL), 0);
    long_input *field = new_input();
    put_words(field, "GET / HTTP/1.1\r\n" HOST "X: ");
    put_run(field, 'a', 8192 - 3);
    put_words(field, "\r\n\r\n");
    assert_int_equal(status_of(field, NULL), 0);
}

HW_TEST(section_refuses_a_name_that_does_not_fit_its_place)
{
    hw_h1_limits limits = hw_h1_limits_default();
    limits.field_bytes_max = limits.head_bytes_max = 1 << 20;
    hw_h1_parser parser;
    hw_h1_head head;
    hw_h1_parser_init(&parser, &limits, NULL);
    long_input *input = new_input();
    put_words(input, "GET / HTTP/1.1\r\n" HOST);
    put_run(input, 'X', 65536);
    put_words(input, ": a\r\n\r\n");
    hw_h1_event event = hw_h1_next(&parser, &head, hw_buffer_text(&input->buffer));
    free(input);
    assert_int_equal(event.kind, HW_H1_PROBLEM);
    assert_int_equal(event.problem->status, 431);
}
