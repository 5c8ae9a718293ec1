#include "h2/head.h"

#include <stdio.h>
#include <string.h>

#include "../harness.h"

/* A list that is read, from lines "name: value\n". */
typedef struct reading {
    hw_h2_head_limits limits;
    hw_arena arena;
    hw_h2_head_builder builder;
    hw_h2_verdict verdict;
} reading;

static void begin(reading *r, bool is_trailers)
{
    r->limits = hw_h2_head_limits_default();
    hw_arena_init(&r->arena, 4096, 256 * 1024);
    hw_h2_head_begin(&r->builder, &r->limits, &r->arena, is_trailers);
}

static void add_lines(reading *r, const char *lines)
{
    hw_text left = hw_text_of(lines);
    while (left.length > 0) {
        hw_text line = hw_text_upto(left, hw_text_find(left, '\n'));
        left = hw_text_from(left, line.length + 1);
        size_t colon = 1 + hw_text_find(hw_text_from(line, 1), ':');
        hw_h2_head_add(&r->builder, hw_text_upto(line, colon), hw_text_from(line, colon + 2));
    }
}

static void end(reading *r, bool ends)
{
    r->verdict = hw_h2_head_end(&r->builder, ends);
    if (r->verdict == HW_H2_VERDICT_NO_MEMORY) {
        assert_int_equal(r->builder.head.problem.status, 503);
        hw_arena_fini(&r->arena);
        hw_test_out_of_memory();
    }
}

static void read_lines(reading *r, bool is_trailers, const char *lines, bool ends)
{
    begin(r, is_trailers);
    add_lines(r, lines);
    end(r, ends);
}

static const hw_h2_head *head_of(const reading *r)
{
    return &r->builder.head;
}

/* Reads them and asserts that they are sound. Ended by hw_arena_fini. */
static void read_sound(reading *r, const char *lines, bool ends)
{
    read_lines(r, false, lines, ends);
    if (r->verdict != HW_H2_VERDICT_SOUND)
        fail_msg("%s %s: %s", head_of(r)->problem.reason, head_of(r)->problem.section, lines);
    assert_int_equal(head_of(r)->problem.status, 0);
}

static void assert_verdict(reading *r, hw_h2_verdict verdict, int status, const char *section)
{
    if (r->verdict != verdict || head_of(r)->problem.status != status ||
        strcmp(head_of(r)->problem.section, section) != 0)
        fail_msg("verdict %d, %d %s %s", r->verdict, head_of(r)->problem.status,
                 head_of(r)->problem.reason ? head_of(r)->problem.reason : "",
                 head_of(r)->problem.section ? head_of(r)->problem.section : "");
    hw_arena_fini(&r->arena);
}

/* What is within a bound is sound. */
static void assert_bound(reading *r, bool is_over, int status, const char *section)
{
    if (is_over) {
        assert_verdict(r, HW_H2_VERDICT_TOO_LARGE, status, section);
        return;
    }
    assert_int_equal(r->verdict, HW_H2_VERDICT_SOUND);
    hw_arena_fini(&r->arena);
}

static void assert_malformed(const char *lines, bool ends, const char *section)
{
    reading r;
    read_lines(&r, false, lines, ends);
    assert_verdict(&r, HW_H2_VERDICT_MALFORMED, 400, section);
}

static void assert_field_malformed(hw_text name, hw_text value, const char *section)
{
    reading r;
    begin(&r, false);
    add_lines(&r, ":method: GET\n:scheme: http\n:path: /\n:authority: a\n");
    hw_h2_head_add(&r.builder, name, value);
    end(&r, true);
    assert_verdict(&r, HW_H2_VERDICT_MALFORMED, 400, section);
}

static void assert_text(hw_text text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_string_equal(text.at, expected); /* with a NUL behind it */
}

static void assert_field(hw_fields fields, size_t index, const char *name, const char *value)
{
    assert_true(index < fields.count);
    assert_text(fields.at[index].name, name);
    assert_text(fields.at[index].value, value);
    assert_int_equal(fields.at[index].id, hw_field_id_of(hw_text_of(name)));
}

#define GET ":method: GET\n:scheme: https\n:path: /\n:authority: a\n"
#define POST ":method: POST\n:scheme: https\n:path: /\n:authority: a\n"

HW_TEST(h2_head_has_the_limits_that_are_documented)
{
    hw_h2_head_limits limits = hw_h2_head_limits_default();
    assert_int_equal(limits.fields_max, 100);
    assert_int_equal(limits.target_bytes_max, 8192);
    assert_int_equal(limits.field_bytes_max, 8192);
    assert_int_equal(limits.head_bytes_max, 32768);
    assert_int_equal(limits.trailers_max, 20);
    assert_int_equal(limits.trailers_bytes_max, 8192);
}

HW_TEST(h2_head_means_what_one_of_http_1_does)
{
    reading r;
    read_sound(&r,
               ":scheme: HTTPS\n:authority: Example.org:8080\n:path: /a%20b?c\n:method: GET\n"
               "user-agent: me\nx-any: \n",
               true);
    const hw_h2_head *head = head_of(&r);
    assert_int_equal(head->method, HW_METHOD_GET);
    assert_text(head->method_name, "GET");
    assert_text(head->target, "/a%20b?c");
    assert_text(head->scheme, "https");
    assert_text(head->authority, "Example.org:8080");
    assert_int_equal(head->protocol.length, 0);
    assert_int_equal(head->content_length, 0);
    assert_true(head->ends);
    assert_false(head->is_tunnel || head->expects_continue || head->expects_other);
    assert_int_equal(head->fields.count, 3);
    assert_field(head->fields, 0, "host", "Example.org:8080");
    assert_field(head->fields, 1, "user-agent", "me");
    assert_field(head->fields, 2, "x-any", "");
    assert_non_null(hw_fields_find(head->fields, HW_FIELD_HOST));
    assert_true(hw_fields_lack(head->fields, HW_FIELD_BIT(HW_FIELD_COOKIE)));
    assert_false(hw_fields_lack(head->fields, HW_FIELD_BIT(HW_FIELD_USER_AGENT)));
    hw_arena_fini(&r.arena);
}

HW_TEST(h2_head_is_copied_whole)
{
    reading r;
    read_sound(&r, POST "content-length: 3\ncookie: a\ncookie: b\n", false);
    hw_arena arena;
    hw_arena_init(&arena, 4096, 64 * 1024);
    hw_h2_head copy;
    bool is_copied = hw_h2_head_copy(&arena, head_of(&r), &copy);
    hw_arena_fini(&r.arena);
    if (!is_copied) {
        hw_arena_fini(&arena);
        hw_test_out_of_memory();
    }
    assert_text(copy.method_name, "POST");
    assert_text(copy.target, "/");
    assert_text(copy.scheme, "https");
    assert_text(copy.authority, "a");
    assert_text(copy.protocol, "");
    assert_int_equal(copy.content_length, 3);
    assert_field(copy.fields, 0, "host", "a");
    assert_field(copy.fields, 1, "content-length", "3");
    assert_field(copy.fields, 2, "cookie", "a; b");
    assert_true(hw_fields_lack(copy.fields, HW_FIELD_BIT(HW_FIELD_TE)));
    hw_arena_fini(&arena);
}

HW_TEST(h2_head_needs_its_pseudo_fields)
{
    assert_malformed("", true, "RFC 9113 8.3.1");
    assert_malformed(":scheme: http\n:path: /\n:authority: a\n", true, "RFC 9113 8.3.1");
    assert_malformed(":method: GET\n:path: /\n:authority: a\n", true, "RFC 9113 8.3.1");
    assert_malformed(":method: GET\n:scheme: http\n:authority: a\n", true, "RFC 9113 8.3.1");
    assert_malformed(":method: GET\n:scheme: http\n:path: /\n", true, "RFC 9110 7.2");
    assert_malformed("accept: a\n", true, "RFC 9113 8.3.1");
}

HW_TEST(h2_head_refuses_pseudo_fields_that_are_not_in_place)
{
    assert_malformed(GET ":path: /\n", true, "RFC 9113 8.3");
    assert_malformed(GET ":method: GET\n", true, "RFC 9113 8.3");
    assert_malformed(GET ":authority: a\n", true, "RFC 9113 8.3");
    assert_malformed(GET ":status: 200\n", true, "RFC 9113 8.3");
    assert_malformed(GET ":: 200\n", true, "RFC 9113 8.3");
    assert_malformed(GET ":Path: /\n", true, "RFC 9113 8.3");
    assert_malformed(":method: GET\n:scheme: http\n:authority: a\naccept: b\n:path: /\n", true,
                     "RFC 9113 8.3");
    /* Also behind fields that take no place. */
    assert_malformed(":method: GET\n:scheme: http\nhost: a\n:path: /\n", true, "RFC 9113 8.3");
    assert_malformed(":method: GET\n:scheme: http\nx: a\n:path: /\n", true, "RFC 9113 8.3");
}

HW_TEST(h2_head_checks_what_pseudo_fields_say)
{
    static const struct {
        const char *before, *after, *values[9];
    } rows[] = {
        {":method: ",
         "\n:scheme: http\n:path: /\n:authority: a\n",
         {"", "G T", "GET/", "G\"T", " GET"}},
        {":method: GET\n:scheme: ", "\n:path: /\n:authority: a\n", {"", "ht tp"}},
        {":method: GET\n:scheme: http\n:path: ",
         "\n:authority: a\n",
         {"", "a", "http://a/", "*", "?a", "/a b", "/\x80", "/\t"}},
        {":method: GET\n:scheme: http\n:path: /\n:authority: ",
         "\n",
         {"", "me@a", "a/b", "a b", "a:b", ":80", "a:99999"}},
    };
    char lines[200];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; rows[i].values[k]; k++) {
            snprintf(lines, sizeof lines, "%s%s%s", rows[i].before, rows[i].values[k],
                     rows[i].after);
            assert_malformed(lines, true, "RFC 9113 8.3.1");
        }
}

HW_TEST(h2_head_serves_http_and_https_alone)
{
    reading r;
    read_lines(&r, false, ":method: GET\n:scheme: ftp\n:path: /\n:authority: a\n", true);
    assert_verdict(&r, HW_H2_VERDICT_TOO_LARGE, 400, "RFC 9110 4.2");
}

HW_TEST(h2_head_asks_for_everything_with_options)
{
    reading r;
    read_sound(&r, ":method: OPTIONS\n:scheme: http\n:path: *\n:authority: a\n", true);
    assert_text(head_of(&r)->target, "*");
    hw_arena_fini(&r.arena);
    assert_malformed(":method: OPTIONS\n:scheme: http\n:path: *a\n:authority: a\n", true,
                     "RFC 9113 8.3.1");
}

HW_TEST(h2_head_opens_tunnels)
{
    reading r;
    read_sound(&r, ":method: CONNECT\n:authority: a:443\n", false);
    assert_text(head_of(&r)->target, "a:443");
    assert_true(head_of(&r)->is_tunnel);
    assert_int_equal(head_of(&r)->scheme.length, 0);
    assert_int_equal(head_of(&r)->content_length, HW_H2_LENGTH_UNKNOWN);
    assert_field(head_of(&r)->fields, 0, "host", "a:443");
    hw_arena_fini(&r.arena);
    read_sound(&r,
               ":method: CONNECT\n:protocol: websocket\n:scheme: https\n:path: /chat\n"
               ":authority: a\norigin: b\n",
               false);
    assert_text(head_of(&r)->target, "/chat");
    assert_text(head_of(&r)->protocol, "websocket");
    assert_true(head_of(&r)->is_tunnel);
    hw_arena_fini(&r.arena);
}

HW_TEST(h2_head_refuses_crooked_tunnels)
{
    assert_malformed(":method: CONNECT\n", false, "RFC 9113 8.5");
    assert_malformed(":method: CONNECT\nhost: a\n", false, "RFC 9113 8.5");
    assert_malformed(":method: CONNECT\n:authority: a:1\n:path: /\n", false, "RFC 9113 8.5");
    assert_malformed(":method: CONNECT\n:authority: a:1\n:scheme: http\n", false, "RFC 9113 8.5");
    assert_malformed(":method: CONNECT\n:authority: a:1\ncontent-length: 1\n", false,
                     "RFC 9110 9.3.6");
    assert_malformed(":method: CONNECT\n:authority: a\n:protocol: p\n", false, "RFC 9113 8.3.1");
    assert_malformed(":method: CONNECT\n:authority: a\n:protocol: p\n:scheme: http\n", false,
                     "RFC 9113 8.3.1");
    assert_malformed(":method: CONNECT\n:protocol: p\n:scheme: http\n:path: /\n", false,
                     "RFC 9110 7.2");
    assert_malformed(":method: CONNECT\n:protocol: p\n:scheme: http\n:path: *\n:authority: a\n",
                     false, "RFC 9113 8.3.1");
    assert_malformed(GET ":protocol: p\n", true, "RFC 8441 4");
    assert_malformed(":method: CONNECT\n:protocol: \n:scheme: http\n:path: /\n:authority: a\n",
                     false, "RFC 8441 4");
}

HW_TEST(h2_head_has_one_host)
{
    reading r;
    read_sound(&r, GET "accept: b\nhost: A\n", true);
    assert_int_equal(head_of(&r)->fields.count, 2);
    assert_field(head_of(&r)->fields, 0, "host", "a");
    hw_arena_fini(&r.arena);
    read_sound(&r, ":method: GET\n:scheme: http\n:path: /\nhost: b:80\n", true);
    assert_text(head_of(&r)->authority, "b:80");
    assert_field(head_of(&r)->fields, 0, "host", "b:80");
    hw_arena_fini(&r.arena);
    assert_malformed(GET "host: b\n", true, "RFC 9113 8.3.1");
    assert_malformed(GET "host: a:443\n", true, "RFC 9113 8.3.1");
    assert_malformed(GET "host: \n", true, "RFC 9113 8.3.1");
    assert_malformed(GET "host: a\nhost: a\n", true, "RFC 9112 3.2");
    assert_malformed(":method: GET\n:scheme: http\n:path: /\nhost: me@b\n", true, "RFC 9112 3.2");
    assert_malformed(":method: GET\n:scheme: http\n:path: /\nhost: \n", true, "RFC 9112 3.2");
    assert_malformed(":method: GET\n:scheme: http\n:path: /\nhost: b\nhost: c\n", true,
                     "RFC 9112 3.2");
}

HW_TEST(h2_head_refuses_fields_of_the_connection)
{
    assert_malformed(GET "connection: close\n", true, "RFC 9113 8.2.2");
    assert_malformed(GET "proxy-connection: close\n", true, "RFC 9113 8.2.2");
    assert_malformed(GET "keep-alive: 5\n", true, "RFC 9113 8.2.2");
    assert_malformed(GET "transfer-encoding: chunked\n", true, "RFC 9113 8.2.2");
    assert_malformed(GET "upgrade: websocket\n", true, "RFC 9113 8.2.2");
    assert_malformed(GET "te: gzip\n", true, "RFC 9113 8.2.2");
    assert_malformed(GET "te: trailers, gzip\n", true, "RFC 9113 8.2.2");
    reading r;
    read_sound(&r, GET "te: trailers\n", true);
    hw_arena_fini(&r.arena);
}

HW_TEST(h2_head_refuses_names_and_values_that_http_1_could_not_carry)
{
    static const hw_text names[] = {
        HW_TEXT_INIT(""),      HW_TEXT_INIT("Accept"), HW_TEXT_INIT("accepT"),
        HW_TEXT_INIT("a b"),   HW_TEXT_INIT("a:"),     HW_TEXT_INIT("a\r\nb"),
        HW_TEXT_INIT("a\0"),   HW_TEXT_INIT("a\x80"),  HW_TEXT_INIT(" a"),
        HW_TEXT_INIT("a\x7f"), HW_TEXT_INIT("(a)"),    HW_TEXT_INIT("Transfer-Encoding"),
    };
    static const hw_text values[] = {
        HW_TEXT_INIT("a\r"),   HW_TEXT_INIT("a\nb"), HW_TEXT_INIT("a\r\nb: c"),
        HW_TEXT_INIT("a\0b"),  HW_TEXT_INIT(" a"),   HW_TEXT_INIT("a "),
        HW_TEXT_INIT("\ta"),   HW_TEXT_INIT("a\t"),  HW_TEXT_INIT(" "),
        HW_TEXT_INIT("a\x7f"), HW_TEXT_INIT("\0"),   HW_TEXT_INIT("a\x01"),
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_field_malformed(names[i], HW_TEXT("v"), "RFC 9113 8.2.1");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_field_malformed(HW_TEXT("x"), values[i], "RFC 9113 8.2.1");
    reading r;
    read_sound(&r, GET "x: a \t b\x80\xff\n!#$%&'*+-.^_`|~09az: v\n", true);
    hw_arena_fini(&r.arena);
}

HW_TEST(h2_head_reads_one_length)
{
    reading r;
    read_sound(&r, POST "content-length: 12\n", false);
    assert_int_equal(head_of(&r)->content_length, 12);
    assert_false(head_of(&r)->ends);
    hw_arena_fini(&r.arena);
    read_sound(&r, POST "content-length: 0\n", true);
    assert_int_equal(head_of(&r)->content_length, 0);
    hw_arena_fini(&r.arena);
    read_sound(&r, POST, false);
    assert_int_equal(head_of(&r)->content_length, HW_H2_LENGTH_UNKNOWN);
    hw_arena_fini(&r.arena);
    assert_malformed(POST "content-length: 5\n", true, "RFC 9113 8.1.1");
    assert_malformed(POST "content-length: 5\ncontent-length: 5\n", false, "RFC 9110 8.6");
    assert_malformed(POST "content-length: 5, 5\n", false, "RFC 9110 8.6");
    assert_malformed(POST "content-length: \n", false, "RFC 9110 8.6");
    assert_malformed(POST "content-length: -1\n", false, "RFC 9110 8.6");
    assert_malformed(POST "content-length: +1\n", false, "RFC 9110 8.6");
    assert_malformed(POST "content-length: 0x1\n", false, "RFC 9110 8.6");
    static const char *const huge[] = {POST "content-length: 9223372036854775808\n",
                                       POST "content-length: 99999999999999999999999\n"};
    for (size_t i = 0; i < 2; i++) {
        read_lines(&r, false, huge[i], false);
        assert_verdict(&r, HW_H2_VERDICT_TOO_LARGE, 413, "RFC 9110 8.6");
    }
}

HW_TEST(h2_head_reads_expectations)
{
    reading r;
    read_sound(&r, POST "expect: 100-Continue\n", false);
    assert_true(head_of(&r)->expects_continue);
    assert_false(head_of(&r)->expects_other);
    hw_arena_fini(&r.arena);
    read_sound(&r, POST "expect: 100-continue\n", true);
    assert_false(head_of(&r)->expects_continue);
    hw_arena_fini(&r.arena);
    read_sound(&r, POST "expect: 100-continue\ncontent-length: 0\n", false);
    assert_false(head_of(&r)->expects_continue);
    hw_arena_fini(&r.arena);
    read_sound(&r, POST "expect: tea, 100-continue\n", false);
    assert_true(head_of(&r)->expects_other);
    hw_arena_fini(&r.arena);
}

HW_TEST(h2_head_joins_cookies)
{
    reading r;
    read_sound(&r, GET "x: 1\ncookie: a=b\ny: 2\ncookie: \ncookie: c=d; e=f\nz: 3\n", true);
    hw_fields fields = head_of(&r)->fields;
    assert_int_equal(fields.count, 5);
    assert_field(fields, 1, "x", "1");
    assert_field(fields, 2, "cookie", "a=b; ; c=d; e=f");
    assert_field(fields, 3, "y", "2");
    assert_field(fields, 4, "z", "3");
    hw_arena_fini(&r.arena);
}

static void begin_get(reading *r)
{
    begin(r, false);
    add_lines(r, GET);
}

static void add_many(reading *r, const char *line, int count)
{
    for (int i = 0; i < count; i++)
        add_lines(r, line);
}

/* However many pieces they come in, they take one place. */
HW_TEST(h2_head_counts_cookies_as_one)
{
    reading r;
    begin_get(&r);
    add_many(&r, "cookie: a=b\n", 200);
    add_many(&r, "x: y\n", 99);
    end(&r, true);
    assert_int_equal(r.verdict, HW_H2_VERDICT_SOUND);
    assert_int_equal(head_of(&r)->fields.count, 101);
    assert_int_equal(head_of(&r)->fields.at[1].value.length, 200 * 3 + 199 * 2);
    hw_arena_fini(&r.arena);
}

HW_TEST(h2_head_has_a_hundred_fields)
{
    for (int over = 0; over <= 1; over++) {
        reading r;
        begin_get(&r);
        add_many(&r, "x: y\n", 100 + over);
        end(&r, true);
        if (over)
            assert_text(head_of(&r)->target, "/");
        else
            assert_int_equal(head_of(&r)->fields.count, 101); /* and the Host that was made */
        assert_bound(&r, over, 431, "RFC 6585 5");
    }
}

/* A field of so many bytes, name and value. */
static void add_large(reading *r, size_t bytes)
{
    static char value[40 * 1024];
    memset(value, 'v', sizeof value);
    hw_h2_head_add(&r->builder, HW_TEXT("x"), (hw_text){value, bytes - 1});
}

HW_TEST(h2_head_has_fields_of_8_kibibytes)
{
    for (size_t over = 0; over <= 1; over++) {
        reading r;
        begin_get(&r);
        add_large(&r, 8192 + over);
        end(&r, true);
        assert_bound(&r, over, 431, "RFC 6585 5");
    }
}

HW_TEST(h2_head_has_a_target_of_8_kibibytes)
{
    static char path[8193];
    memset(path, 'p', sizeof path);
    path[0] = '/';
    for (size_t length = 8192; length <= 8193; length++) {
        reading r;
        begin(&r, false);
        hw_h2_head_add(&r.builder, HW_TEXT(":path"), (hw_text){path, length});
        add_lines(&r, ":method: GET\n:scheme: http\n:authority: a\n");
        end(&r, true);
        assert_bound(&r, length == 8193, 414, "RFC 9110 15.5.15");
    }
}

HW_TEST(h2_head_has_32_kibibytes)
{
    size_t used = 4 * 32 + sizeof ":methodGET:schemehttps:path/:authoritya" - 1;
    for (size_t over = 0; over <= 1; over++) {
        reading r;
        begin_get(&r);
        for (int i = 0; i < 3; i++)
            add_large(&r, 8192);
        add_large(&r, 32768 - used - 3 * 8192 - 4 * 32 + over);
        end(&r, true);
        assert_bound(&r, over, 431, "RFC 6585 5");
    }
}

/* Whatever a list decodes to, no more is kept than one that is just too large would need. */
HW_TEST(h2_head_keeps_nothing_of_what_is_too_large)
{
    reading r;
    begin_get(&r);
    for (int i = 0; i < 10000; i++)
        add_large(&r, 4096);
    add_lines(&r, "connection: close\n"); /* is not looked at any more */
    end(&r, true);
    assert_true(r.arena.held < 64 * 1024);
    assert_verdict(&r, HW_H2_VERDICT_TOO_LARGE, 431, "RFC 6585 5");
}

HW_TEST(h2_head_reads_priorities)
{
    reading r;
    read_sound(&r, GET, true);
    assert_false(head_of(&r)->has_priority);
    assert_int_equal(head_of(&r)->priority.urgency, 3);
    hw_arena_fini(&r.arena);
    read_sound(&r, GET "priority: u=5\npriority: i\n", true);
    assert_true(head_of(&r)->has_priority);
    assert_int_equal(head_of(&r)->priority.urgency, 5);
    assert_true(head_of(&r)->priority.is_incremental);
    assert_int_equal(head_of(&r)->fields.count, 3);
    hw_arena_fini(&r.arena);
}

HW_TEST(h2_trailers_are_those_that_may_trail)
{
    reading r;
    read_lines(&r, true, "x-sum: 1\ncontent-length: 5\nhost: b\netag: \"c\"\ncookie: d\n", true);
    assert_int_equal(r.verdict, HW_H2_VERDICT_SOUND);
    hw_fields fields = head_of(&r)->fields;
    assert_int_equal(fields.count, 2);
    assert_field(fields, 0, "x-sum", "1");
    assert_field(fields, 1, "etag", "\"c\"");
    hw_arena arena;
    hw_arena_init(&arena, 4096, 64 * 1024);
    hw_fields copy;
    if (!hw_h2_trailers_copy(&arena, fields, &copy)) {
        hw_arena_fini(&arena);
        hw_arena_fini(&r.arena);
        hw_test_out_of_memory();
    }
    hw_arena_fini(&r.arena);
    assert_field(copy, 1, "etag", "\"c\"");
    hw_arena_fini(&arena);
}

static void assert_trailers_malformed(const char *lines, const char *section)
{
    reading r;
    read_lines(&r, true, lines, true);
    assert_verdict(&r, HW_H2_VERDICT_MALFORMED, 400, section);
}

HW_TEST(h2_trailers_are_fields_alone)
{
    assert_trailers_malformed(":path: /\n", "RFC 9113 8.3");
    assert_trailers_malformed("x: 1\n:status: 200\n", "RFC 9113 8.3");
    assert_trailers_malformed("X: 1\n", "RFC 9113 8.2.1");
    assert_trailers_malformed("x:  1\n", "RFC 9113 8.2.1");
    assert_trailers_malformed("connection: close\n", "RFC 9113 8.2.2");
}

HW_TEST(h2_trailers_are_bounded)
{
    reading r;
    for (int count = 20; count <= 21; count++) {
        begin(&r, true);
        add_many(&r, "x: y\n", count);
        end(&r, true);
        assert_bound(&r, count == 21, 431, "RFC 6585 5");
    }
    for (size_t over = 0; over <= 1; over++) {
        begin(&r, true);
        add_large(&r, 4096 - 32);
        add_large(&r, 4096 - 32 + over);
        end(&r, true);
        assert_bound(&r, over, 431, "RFC 6585 5");
    }
}

/* Each piece in a block of its own, and so little memory. */
static void limit(hw_arena *arena, size_t bytes_max)
{
    hw_arena_init(arena, 64, bytes_max);
}

/* With more memory from turn to turn: it is said that there is none, until there is enough. */
HW_LONG_TEST(h2_head_says_that_there_is_no_memory)
{
    static const char lines[] =
        ":method: CONNECT\n:protocol: websocket\n:scheme: https\n:path: /chat\n"
        ":authority: example.org\ncookie: a=b\nx: y\ncookie: c=d\nz: 1\n";
    reading r = {.limits = hw_h2_head_limits_default(), .verdict = HW_H2_VERDICT_NO_MEMORY};
    size_t refused = 0;
    r.limits.fields_max = 4;
    for (size_t max = 0; r.verdict == HW_H2_VERDICT_NO_MEMORY; max += 16) {
        assert_true(max < 4096);
        limit(&r.arena, max);
        hw_h2_head_begin(&r.builder, &r.limits, &r.arena, false);
        add_lines(&r, lines);
        r.verdict = hw_h2_head_end(&r.builder, false);
        if (r.verdict == HW_H2_VERDICT_NO_MEMORY) {
            assert_int_equal(head_of(&r)->problem.status, 503);
            refused++;
            hw_arena_fini(&r.arena);
        }
    }
    assert_int_equal(r.verdict, HW_H2_VERDICT_SOUND);
    assert_true(refused > 10);
    assert_field(head_of(&r)->fields, 1, "cookie", "a=b; c=d");
    hw_arena_fini(&r.arena);
}

HW_LONG_TEST(h2_head_is_copied_whole_or_not_at_all)
{
    reading r;
    read_sound(&r,
               ":method: CONNECT\n:protocol: websocket\n:scheme: https\n:path: /chat\n"
               ":authority: example.org\ncookie: a=b\nx: y\n",
               false);
    hw_h2_head copy = {.content_length = 7};
    bool is_copied = false;
    size_t refused = 0;
    hw_arena arena;
    for (size_t max = 0; !is_copied; max += 16) {
        assert_true(max < 4096);
        limit(&arena, max);
        is_copied = hw_h2_head_copy(&arena, head_of(&r), &copy);
        if (!is_copied) {
            assert_int_equal(copy.content_length, 7); /* nothing was written */
            refused++;
            hw_arena_fini(&arena);
        }
    }
    hw_arena_fini(&r.arena);
    assert_true(refused > 10);
    assert_text(copy.method_name, "CONNECT");
    assert_text(copy.protocol, "websocket");
    assert_text(copy.target, "/chat");
    assert_text(copy.authority, "example.org");
    assert_field(copy.fields, 1, "cookie", "a=b");
    assert_field(copy.fields, 2, "x", "y");
    hw_arena_fini(&arena);
}

HW_TEST(h2_head_leaves_a_single_cookie_as_it_came)
{
    reading r;
    read_sound(&r, GET "cookie: a=b; c=d\n", true);
    assert_int_equal(head_of(&r)->fields.count, 2);
    assert_field(head_of(&r)->fields, 1, "cookie", "a=b; c=d");
    hw_arena_fini(&r.arena);
}
