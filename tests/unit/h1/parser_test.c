#include "h1/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "feeder.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LOG "HEAD GET / 1.1 none keep\n Host: a\nEND\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"

/* A parser with the default limits, fed by hand. */
typedef struct hand {
    hw_h1_limits limits;
    hw_h1_parser parser;
    hw_h1_head head;
} hand;

static void begin_hand(hand *h, const hw_sink *sink)
{
    h->limits = hw_h1_limits_default();
    hw_h1_parser_init(&h->parser, &h->limits, sink);
}

static hw_h1_event show(hand *h, const char *bytes)
{
    return hw_h1_next(&h->parser, &h->head, hw_text_of(bytes));
}

HW_TEST(parser_is_small)
{
    assert_true(sizeof(hw_h1_parser) <= 112);
    assert_true(sizeof(hw_h1_head) <= 2048);
}

HW_TEST(parser_has_the_limits_that_are_documented)
{
    hw_h1_limits limits = hw_h1_limits_default();
    assert_int_equal(limits.line_bytes_max, 8192);
    assert_int_equal(limits.field_bytes_max, 8192);
    assert_int_equal(limits.head_bytes_max, 32768);
    assert_int_equal(limits.trailers_bytes_max, 8192);
    assert_int_equal(limits.chunk_extension_bytes_max, 256);
    assert_int_equal(limits.extensions_bytes_max, 4096);
}

HW_TEST(parser_reads_messages_one_after_the_other)
{
    ASSERT_FEED(GET GET GET, GET_LOG GET_LOG GET_LOG "finish 0\n");
    ASSERT_FEED(
        POST "hello" GET POST "world",
        "HEAD POST / 1.1 length=5 keep\n Host: a\n Content-Length: 5\nBODY hello\nEND\n" GET_LOG
        "HEAD POST / 1.1 length=5 keep\n Host: a\n Content-Length: 5\nBODY world\nEND\n"
        "finish 0\n");
}

HW_TEST(parser_takes_content_for_content)
{
    ASSERT_FEED("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\n" GET,
                "HEAD GET / 1.1 length=27 keep\n Host: a\n Content-Length: 27\n"
                "BODY GET / HTTP/1.1\r\nHost: a\r\n\r\n\nEND\nfinish 0\n");
}

HW_TEST(parser_reads_what_follows_content_as_a_request)
{
    ASSERT_REFUSED(POST "helloEXTRA\r\n\r\n", 400, "RFC 9112 3.1");
    ASSERT_REFUSED(GET "Invalid\r\n\r\n", 400, "RFC 9112 3.1");
}

HW_TEST(parser_skips_a_few_empty_lines)
{
    ASSERT_FEED("\r\n\r\n\r\n" GET, GET_LOG "finish 0\n");
    ASSERT_FEED("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" GET "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" GET,
                GET_LOG GET_LOG "finish 0\n");
    ASSERT_FEED(POST "hello\r\n" GET, "HEAD POST / 1.1 length=5 keep\n Host: a\n"
                                      " Content-Length: 5\nBODY hello\nEND\n" GET_LOG "finish 0\n");
    ASSERT_REFUSED("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" GET, 400, "RFC 9112 2.2");
    ASSERT_REFUSED("\r\r\n" GET, 400, "RFC 9112 2.2");
    ASSERT_REFUSED("\r\n\n" GET, 400, "RFC 9112 3.1");
}

HW_TEST(parser_does_not_count_empty_lines_as_a_beginning)
{
    hand h;
    begin_hand(&h, NULL);
    assert_true(hw_h1_is_between(&h.parser));
    hw_h1_event event = show(&h, "\r\n\r\n");
    assert_int_equal(event.kind, HW_H1_NEED_MORE);
    assert_int_equal(event.used, 4);
    assert_true(hw_h1_is_between(&h.parser));
    assert_int_equal(hw_h1_finish(&h.parser).status, 0);
    show(&h, "G");
    assert_false(hw_h1_is_between(&h.parser));
    assert_int_equal(hw_h1_finish(&h.parser).status, 400);
}

HW_TEST(parser_counts_places_from_the_inputs_first_byte)
{
    hand h;
    begin_hand(&h, NULL);
    static const char input[] = "\r\n\r\n" GET "rest";
    hw_h1_event event = show(&h, input);
    assert_int_equal(event.kind, HW_H1_HEAD);
    assert_int_equal(event.used, sizeof input - sizeof "rest");
    assert_int_equal(h.head.method_at, 4);
    assert_memory_equal(input + h.head.method_at, "GET", h.head.method_length);
    assert_memory_equal(input + h.head.target_at, "/ HTTP", 6);
    assert_memory_equal(input + h.head.fields[0].name_at, "Host: a", 7);
    assert_memory_equal(input + h.head.fields[0].value_at, "a\r\n", 3);
}

HW_TEST(parser_refuses_noise_at_its_first_byte)
{
    hand h;
    begin_hand(&h, NULL);
    hw_h1_event event = show(&h, "GE\001");
    assert_int_equal(event.kind, HW_H1_PROBLEM);
    assert_int_equal(event.problem->status, 400);
    assert_int_equal(event.used, 0);
    assert_non_null(event.problem->reason);
    assert_int_equal(hw_h1_finish(&h.parser).status, 400);
    assert_false(hw_h1_is_between(&h.parser));
}

HW_TEST(parser_keeps_what_is_no_head_yet)
{
    hand h;
    begin_hand(&h, NULL);
    hw_h1_event event = show(&h, "GET / HTTP/1.1\r\nHost: a\r\n\r");
    assert_int_equal(event.kind, HW_H1_NEED_MORE);
    assert_int_equal(event.used, 0);
    event = show(&h, GET "more");
    assert_int_equal(event.kind, HW_H1_HEAD);
    assert_int_equal(event.used, strlen(GET));
}

HW_TEST(parser_ends_a_message_without_content_at_once)
{
    hand h;
    begin_hand(&h, NULL);
    assert_int_equal(show(&h, GET).kind, HW_H1_HEAD);
    assert_false(hw_h1_is_between(&h.parser));
    hw_h1_event event = show(&h, "");
    assert_int_equal(event.kind, HW_H1_END);
    assert_int_equal(event.used, 0);
    assert_int_equal(event.trailers.length, 0);
    assert_true(hw_h1_is_between(&h.parser));
}

HW_TEST(parser_takes_the_end_of_what_has_no_content)
{
    hand h;
    begin_hand(&h, NULL);
    assert_false(hw_h1_take_end(&h.parser));
    assert_int_equal(show(&h, GET).kind, HW_H1_HEAD);
    assert_true(hw_h1_take_end(&h.parser));
    assert_true(hw_h1_is_between(&h.parser));
    assert_int_equal(show(&h, POST).kind, HW_H1_HEAD);
    assert_false(hw_h1_take_end(&h.parser));
    assert_int_equal(show(&h, "hello").kind, HW_H1_BODY);
    assert_int_equal(show(&h, "").kind, HW_H1_END);
}

HW_TEST(parser_tells_a_target_that_is_a_canonical_path)
{
    static const struct {
        const char *target;
        bool is_plain;
    } rows[] = {
        {"/", true},
        {"/a.b/c-d_e/0", true},
        {"/a/path/of/more/than/sixteen/bytes/", true},
        {"/a/path/of/more/than/sixteen/bytes//", false},
        {"/a?b", false},
        {"/a%20b", false},
        {"//a", false},
        {"/.", false},
        {"/a/../b", false},
        {"/a/b/c/d/e/f/g/.h", false},
        {"*", false},
        {"http://a/b", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char input[128 + HW_H1_SLACK];
        hand h;
        begin_hand(&h, NULL);
        hw_h1_parser_promise_slack(&h.parser); /* without one it is not told of so short a head */
        snprintf(input, sizeof input, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].target);
        h.head.has_plain_target = !rows[i].is_plain;
        assert_int_equal(show(&h, input).kind, HW_H1_HEAD);
        assert_int_equal(h.head.has_plain_target, rows[i].is_plain);
        assert_int_equal(h.head.target_length, strlen(rows[i].target));
    }
}

/* In 0x20, in which the cases of a letter differ, a CR differs from "-" too. */
HW_TEST(parser_takes_no_other_byte_for_one_of_a_known_name)
{
    static const char names[][20] = {"If-Match", "Accept-Encoding", "Content-Encoding",
                                     "Transfer-Encoding"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t at = 0; names[i][at]; at++) {
            char input[96], name[20];
            hand h;
            memcpy(name, names[i], sizeof name);
            name[at] ^= 0x20;
            bool is_letter = names[i][at] != '-';
            for (int tail = 0; tail < 2; tail++) {
                begin_hand(&h, NULL);
                snprintf(input, sizeof input, "GET / HTTP/1.1\r\nHost: y\r\n%s: a\r\n%s\r\n", name,
                         tail ? "" : "Y: and more bytes than a block has\r\n");
                bool is_refused = show(&h, input).kind == HW_H1_PROBLEM;
                assert_true(is_letter || is_refused);
            }
        }
}

/* The same field in memory of exactly the input's length, or with a slack that goes on like it. */
static void read_last_field(hw_text input, bool has_slack, unsigned name, unsigned value)
{
    hand h;
    char *bytes = malloc(input.length + HW_H1_SLACK);
    assert_non_null(bytes);
    memset(bytes, 'a', input.length + HW_H1_SLACK);
    char *at = has_slack ? bytes : bytes + HW_H1_SLACK;
    memcpy(at, input.at, input.length);
    hw_text text = {at, input.length};
    for (int in_pieces = 0; in_pieces < 2; in_pieces++) {
        begin_hand(&h, NULL);
        if (has_slack)
            hw_h1_parser_promise_slack(&h.parser);
        for (size_t cut = in_pieces ? 0 : text.length; cut < text.length; cut++)
            assert_int_equal(hw_h1_next(&h.parser, &h.head, hw_text_upto(text, cut)).kind,
                             HW_H1_NEED_MORE);
        assert_int_equal(hw_h1_next(&h.parser, &h.head, text).kind, HW_H1_HEAD);
        assert_int_equal(h.head.field_count, 2);
        assert_int_equal(h.head.fields[1].name_length, name);
        assert_in_range(h.head.fields[1].value_length, value - (value > 0), value);
    }
    free(bytes);
}

static void read_last_field_both_ways(unsigned name, unsigned value)
{
    char words[400], input[480];
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = "a value with blanks, of no meaning; "[i % 36];
    int length = snprintf(input, sizeof input, "GET / HTTP/1.1\r\nHost: a\r\n%.*s: %.*s\r\n\r\n",
                          (int)name, "Name-of-more-letters-than-two-blocks", (int)value, words);
    read_last_field((hw_text){input, (size_t)length}, false, name, value);
    read_last_field((hw_text){input, (size_t)length}, true, name, value);
}

/* Names and values of every length up to the input's end, so that a block ends anywhere in them. */
HW_TEST(parser_reads_a_last_field_of_any_length)
{
    for (unsigned name = 1; name <= 36; name++)
        for (unsigned value = 0; value <= 70; value++)
            read_last_field_both_ways(name, value);
    for (unsigned value = 71; value <= 360; value += 3)
        read_last_field_both_ways(4, value);
}

/* A line in which one byte is any byte says the same whether it is read in one go, or byte for byte
 * for want of a slack. */
static void compare_every_byte(const char *start, const char *line, size_t count)
{
    char input[512 + HW_H1_SLACK] = {0};
    int length = snprintf(input, sizeof input, "%s%s\r\nX: y\r\n\r\n", start, line);
    char *place = input + strlen(start);
    hw_text text = {input, (size_t)length};
    for (; count > 0; count--, place++) {
        const char usual = *place;
        for (int byte = 0; byte < 256; byte++) {
            *place = (char)byte;
            hand exact, quick;
            begin_hand(&exact, NULL);
            begin_hand(&quick, NULL);
            hw_h1_parser_promise_slack(&quick.parser);
            hw_h1_event one = hw_h1_next(&exact.parser, &exact.head, text);
            hw_h1_event other = hw_h1_next(&quick.parser, &quick.head, text);
            assert_int_equal(one.kind, other.kind);
            if (one.kind != HW_H1_HEAD)
                continue;
            assert_int_equal(quick.head.seen, exact.head.seen);
            assert_int_equal(quick.head.field_count, exact.head.field_count);
            assert_memory_equal(quick.head.fields, exact.head.fields,
                                exact.head.field_count * sizeof exact.head.fields[0]);
            hw_text name = {input + quick.head.fields[1].name_at, quick.head.fields[1].name_length};
            assert_true(hw_token_is_valid(name));
            assert_int_equal(quick.head.fields[1].id, hw_field_id_of(name));
        }
        *place = usual;
    }
}

/* A block is compared with its known name and the colon at once: nothing else may pass for it. */
HW_TEST(parser_compares_every_byte_of_a_name)
{
    static const char *const lines[] = {
        "Content-Type: text/x",      "X-Unknown: a",
        "Content-Encoding: x",       "If-Modified-Since: a",
        "If-Unmodified-Since: abcd", "X-Of-As-Many-As-Thirty-One-Byte: a",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        compare_every_byte("GET / HTTP/1.1\r\nHost: a\r\n", lines[i],
                           (size_t)(strchr(lines[i], ' ') - lines[i]) + 2);
}

HW_TEST(parser_compares_every_byte_of_a_value)
{
    static const char value[] = "a value of more bytes than three blocks have, and than four too";
    compare_every_byte("GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", value, sizeof value + 1);
}

HW_TEST(parser_gives_content_as_far_as_it_goes)
{
    hand h;
    begin_hand(&h, NULL);
    show(&h, POST);
    assert_int_equal(show(&h, "").kind, HW_H1_NEED_MORE);
    static const char input[] = "helloGET /";
    hw_h1_event event = show(&h, input);
    assert_int_equal(event.kind, HW_H1_BODY);
    assert_ptr_equal(event.body.at, input);
    assert_int_equal(event.body.length, 5);
    assert_int_equal(event.used, 5);
    assert_int_equal(show(&h, input + 5).kind, HW_H1_END);
}

HW_TEST(parser_gives_a_chunks_data_with_its_line_used)
{
    hand h;
    begin_hand(&h, NULL);
    show(&h, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    hw_h1_event event = show(&h, "5\r\nhello\r\n0\r\n\r\n");
    assert_int_equal(event.kind, HW_H1_BODY);
    assert_int_equal(event.used, 8);
    assert_int_equal(event.body.length, 5);
    event = show(&h, "\r\n0\r\nX: y\r\n\r\nGET");
    assert_int_equal(event.kind, HW_H1_END);
    assert_int_equal(event.used, 13);
    assert_int_equal(event.trailers.length, 8);
    assert_int_equal(h.head.fields[0].name_at, 0);
    assert_int_equal(h.head.fields[0].value_at, 3);
}

HW_TEST(parser_uses_chunk_lines_up_as_they_come)
{
    hand h;
    begin_hand(&h, NULL);
    show(&h, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    hw_h1_event event = show(&h, "5;a=b");
    assert_int_equal(event.kind, HW_H1_NEED_MORE);
    assert_int_equal(event.used, 5);
    event = show(&h, "c\r\nhe");
    assert_int_equal(event.kind, HW_H1_BODY);
    assert_int_equal(event.body.length, 2);
}

HW_TEST(parser_does_not_touch_the_head_while_content_passes)
{
    hand h;
    begin_hand(&h, NULL);
    show(&h, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    hw_h1_head before = h.head;
    show(&h, "5\r\nhello");
    show(&h, "\r\n0\r\n");
    assert_memory_equal(&h.head, &before, sizeof before);
}

HW_TEST(parser_says_what_an_early_end_means)
{
    hand h;
    begin_hand(&h, NULL);
    assert_int_equal(hw_h1_finish(&h.parser).status, 0);
    show(&h, "hello");
    assert_string_equal(hw_h1_finish(&h.parser).section, "RFC 9112 8");
    begin_hand(&h, NULL);
    show(&h, POST);
    assert_int_equal(hw_h1_finish(&h.parser).status, 400);
    show(&h, "hello");
    assert_int_equal(hw_h1_finish(&h.parser).status, 0);
    begin_hand(&h, NULL);
    show(&h, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_int_equal(hw_h1_finish(&h.parser).status, 400);
    show(&h, "0\r\nX: ");
    assert_int_equal(hw_h1_finish(&h.parser).status, 400);
}

static void count_step(void *arg, hw_sink_kind kind, const void *item)
{
    const hw_step *step = item;
    assert_int_equal(kind, HW_SINK_STEP);
    assert_string_equal(step->file, "h1/parser");
    assert_string_equal(step->what, "next event: HEAD");
    ++*(int *)arg;
}

HW_TEST(parser_tells_the_step_of_each_head)
{
    int steps = 0;
    hw_sink sink = {.take = count_step, .arg = &steps, .steps = true};
    hand h;
    begin_hand(&h, &sink);
    show(&h, "GET / HT");
    assert_int_equal(steps, 0);
    show(&h, GET);
    show(&h, "");
    assert_int_equal(steps, 1);
    show(&h, GET);
    assert_int_equal(steps, 2);
}
