#include "h2/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "talker.h"

/* A session that has greeted and been greeted. */
static talker *greeted(wire **ret_wire)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    wire_frame(w, WIRE_SETTINGS, WIRE_ACK, 0, (hw_text){0});
    assert_sent(t, "WINDOW_UPDATE 0 983041\n");
    assert_fed(t, w, "");
    assert_sent(t, "");
    *ret_wire = w;
    return t;
}

/* GETs of "/" on streams first, first + 2, ..., fed and their words dropped. */
static void get_many(talker *t, wire *w, uint32_t first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        wire_get(w, first + 2 * i, "/");
    talker_feed_wire(t, w);
    talker_words(t);
}

/* The same behind the greetings, from stream 1 on. */
static talker *asked_many(unsigned count, wire **ret_wire)
{
    talker *t = greeted(ret_wire);
    get_many(t, *ret_wire, 1, count);
    return t;
}

/* DATA of 16 KiB each. */
static void put_content(wire *w, uint32_t stream, unsigned frames)
{
    static char content[16384];
    memset(content, 'x', sizeof content);
    for (unsigned i = 0; i < frames; i++)
        wire_frame(w, WIRE_DATA, 0, stream, (hw_text){content, sizeof content});
}

static void assert_open(talker *t, unsigned count)
{
    if (hw_h2_open_streams(t->session) != count)
        talker_check_memory();
    assert_int_equal(hw_h2_open_streams(t->session), count);
}

/* What may fail for want of memory, and must not fail otherwise. */
static void assert_done(int result)
{
    if (result == -ENOMEM)
        talker_check_memory();
    assert_int_equal(result, 0);
}

HW_TEST(h2_session_answers_a_get)
{
    wire *w;
    talker *t = greeted(&w);
    wire_get(w, 1, "/x");
    assert_fed(t, w, "HEAD 1 GET /x https a end\n host: a\n");
    assert_open(t, 1);
    talker_answer(t, 1, 200, 5);
    assert_true(hw_h2_wants_send(t->session));
    assert_sent(t, "HEADERS 1\n :status: 200\n server: h\nDATA 1 end .....\n");
    assert_int_equal(t->pulls, 1);
    assert_false(hw_h2_wants_send(t->session));
    assert_told(t, "DONE 1\n");
    assert_open(t, 0);
    assert_false(hw_h2_is_over(t->session));
    talker_free_both(t, w);
}

HW_TEST(h2_session_says_its_settings)
{
    wire *w;
    talker *t = greeted(&w);
    assert_int_equal(heard_setting(t->heard, 1), -1); /* HEADER_TABLE_SIZE: 4096 */
    assert_int_equal(heard_setting(t->heard, 3), 100);
    assert_int_equal(heard_setting(t->heard, 4), 65536);
    assert_int_equal(heard_setting(t->heard, 5), -1); /* MAX_FRAME_SIZE: 16384 */
    assert_int_equal(heard_setting(t->heard, 6), 32768);
    assert_int_equal(heard_setting(t->heard, 8), 1);
    assert_int_equal(heard_setting(t->heard, 9), 1);
    talker_free_both(t, w);
}

HW_LONG_TEST(h2_session_holds_little)
{
    wire *w;
    talker *t = greeted(&w);
    assert_true(hw_h2_held_bytes(t->session) < 40 * 1024);
    size_t idle = hw_h2_held_bytes(t->session);
    get_many(t, w, 1, 100);
    assert_open(t, 100);
    size_t busy = hw_h2_held_bytes(t->session);
    assert_true(busy - idle < 100 * 1024);
    for (uint32_t id = 1; id < 200; id += 2)
        talker_answer(t, id, 200, 5);
    talker_send(t);
    talker_listen(t);
    assert_open(t, 0);
    assert_true(hw_h2_held_bytes(t->session) < idle + 8 * 1024);
    talker_free_both(t, w);
}

HW_TEST(h2_session_knows_the_preface)
{
    talker *t = talker_new(NULL);
    talker_feed(t, HW_TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"));
    assert_words(t, "PROBLEM PROTOCOL_ERROR 400\n");
    assert_false(hw_h2_wants_send(t->session)); /* it would not be understood */
    assert_sent(t, "");
    assert_true(hw_h2_is_over(t->session));
    /* What comes afterwards is not looked at. */
    talker_feed(t, HW_TEXT("more"));
    assert_words(t, "PROBLEM PROTOCOL_ERROR 400\n");
    talker_free(t);
}

HW_TEST(h2_session_wants_settings_first)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    w->length = sizeof HW_H2_PREFACE - 1;
    wire_get(w, 1, "/");
    talker_feed_wire(t, w);
    assert_sent(t, "GOAWAY 0 PROTOCOL_ERROR\n");
    assert_told(t, "PROBLEM PROTOCOL_ERROR 400\n");
    assert_true(hw_h2_is_over(t->session));
    talker_free_both(t, w);
}

/* A request with so many frames of content, none of which is consumed. */
static void keep_content(talker *t, wire *w, unsigned frames)
{
    t->keeps = true;
    wire_post(w, 1, "");
    put_content(w, 1, frames);
    talker_feed_wire(t, w);
}

HW_TEST(h2_session_reads_content_and_credits_what_is_consumed)
{
    wire *w;
    talker *t = greeted(&w);
    keep_content(t, w, 3);
    talker_words(t);
    assert_sent(t, "");
    hw_h2_consume(t->session, 1, 32767);
    assert_sent(t, "");
    hw_h2_consume(t->session, 1, 1);
    assert_sent(t, "WINDOW_UPDATE 1 32768\n");
    hw_h2_consume(t->session, 3, 1); /* no such stream */
    talker_free_both(t, w);
}

HW_TEST(h2_session_credits_the_connection_when_a_stream_ends_unread)
{
    hw_h2_limits limits = hw_h2_limits_default();
    limits.connection_window_bytes = 65535;
    talker *t = talker_new(&limits);
    wire *w = wire_new();
    keep_content(t, w, 2);
    assert_sent(t, "");
    wire_number(w, WIRE_RST_STREAM, 1, HW_H2_CANCEL);
    talker_feed_wire(t, w);
    assert_sent(t, "WINDOW_UPDATE 0 32768\n");
    /* The same where it was us who gave it up, and where nobody wanted the content. */
    wire_post(w, 3, "");
    put_content(w, 3, 2);
    talker_feed_wire(t, w);
    hw_h2_reset(t->session, 3, HW_H2_CANCEL);
    assert_sent(t, "WINDOW_UPDATE 0 32768\nRST_STREAM 3 CANCEL\n");
    wire_post(w, 5, "");
    put_content(w, 5, 1);
    talker_feed_wire(t, w);
    hw_h2_discard(t->session, 5);
    put_content(w, 5, 1);
    talker_feed_wire(t, w);
    assert_sent(t, "WINDOW_UPDATE 0 32768\n");
    talker_free_both(t, w);
}

HW_TEST(h2_session_takes_content_while_the_connection_has_a_window)
{
    hw_h2_limits limits = hw_h2_limits_default();
    limits.connection_window_bytes = 65535;
    talker *t = talker_new(&limits);
    wire *w = wire_new();
    keep_content(t, w, 3);
    if (!t->is_over)
        assert_true(hw_h2_takes_content(t->session));
    static char rest[16383];
    wire_frame(w, WIRE_DATA, 0, 1, (hw_text){rest, sizeof rest});
    talker_feed_wire(t, w);
    assert_sent(t, "");
    assert_false(hw_h2_takes_content(t->session));
    hw_h2_consume(t->session, 1, 40000);
    assert_sent(t, "WINDOW_UPDATE 0 40000\nWINDOW_UPDATE 1 40000\n");
    assert_true(hw_h2_takes_content(t->session));
    talker_free_both(t, w);
}

/* One whose answer has just been sent, while its client may still send; the session fails before that
 * is told, and then the driver gives it up. */
HW_TEST(h2_session_is_silent_about_a_past_stream_when_it_has_failed)
{
    wire *w;
    talker *t = greeted(&w);
    wire_post(w, 1, "");
    assert_fed(t, w, "HEAD 1 POST / https a\n host: a\n");
    talker_answer(t, 1, 200, 0);
    hw_h2_discard(t->session, 1);
    assert_sent(t, "HEADERS 1 end\n :status: 200\n server: h\n");
    assert_done(hw_h2_go_away(t->session, HW_H2_SETTINGS_TIMEOUT));
    assert_int_equal(hw_h2_reset(t->session, 1, HW_H2_CANCEL), -ENOENT);
    assert_told(t, "PROBLEM SETTINGS_TIMEOUT 503\n");
    talker_free_both(t, w);
}

HW_TEST(h2_session_tells_of_resets)
{
    wire *w;
    talker *t = asked_many(2, &w);
    talker_answer(t, 3, 200, 1000);
    t->bodies[3].waits = true;
    assert_sent(t, "HEADERS 3\n :status: 200\n server: h\n");
    wire_number(w, WIRE_RST_STREAM, 1, HW_H2_CANCEL);
    wire_number(w, WIRE_RST_STREAM, 3, 77);
    assert_fed(t, w, "RESET 1 CANCEL\nRESET 3 unknown error\n");
    /* Whatever is said of them now comes too late. */
    hw_h2_response response = {.status = 200};
    assert_int_equal(hw_h2_answer(t->session, 1, &response), -ENOENT);
    assert_int_equal(hw_h2_inform(t->session, 1, 103, (hw_fields){0}), -ENOENT);
    assert_int_equal(hw_h2_resume(t->session, 3), -ENOENT);
    assert_int_equal(hw_h2_reset(t->session, 3, HW_H2_CANCEL), -ENOENT);
    hw_h2_own(t->session, 3, NULL);
    hw_h2_discard(t->session, 3);
    assert_int_equal(hw_h2_answer(t->session, 0, &response), -ENOENT);
    assert_int_equal(hw_h2_answer(t->session, UINT32_MAX, &response), -ENOENT);
    assert_sent(t, "");
    talker_free_both(t, w);
}

HW_TEST(h2_session_is_silent_about_streams_it_was_told_to_reset)
{
    wire *w;
    talker *t = asked_many(1, &w);
    talker_answer(t, 1, 200, 1000);
    assert_done(hw_h2_reset(t->session, 1, HW_H2_INTERNAL_ERROR));
    assert_sent(t, "RST_STREAM 1 INTERNAL_ERROR\n");
    assert_told(t, "");
    assert_int_equal(t->pulls, 0);
    assert_open(t, 0);
    talker_free_both(t, w);
}

/* Its content and its end have been found when the driver gives it up. */
HW_TEST(h2_session_is_silent_about_events_that_come_too_late)
{
    wire *w;
    talker *t = greeted(&w);
    wire_post(w, 1, "content-length: 9\n");
    talker_feed_wire(t, w);
    talker_words(t);
    wire_data(w, WIRE_END_STREAM, 1, "hello"); /* BODY, then MALFORMED */
    hw_h2_feed(t->session, wire_text(w), 0);
    hw_h2_event event = hw_h2_next(t->session);
    if (event.kind != HW_H2_BODY)
        talker_check_memory();
    assert_int_equal(event.kind, HW_H2_BODY);
    hw_h2_reset(t->session, 1, HW_H2_CANCEL);
    assert_told(t, "");
    talker_free_both(t, w);
}

HW_TEST(h2_session_leaves_off_where_the_driver_wants)
{
    wire *w;
    talker *t = greeted(&w);
    wire_get(w, 1, "/1");
    wire_get(w, 3, "/3");
    hw_text input = wire_text(w);
    hw_h2_feed(t->session, input, 0);
    hw_h2_event event = hw_h2_next(t->session);
    if (event.kind != HW_H2_HEAD || event.stream != 1)
        talker_check_memory();
    assert_int_equal(event.kind, HW_H2_HEAD);
    assert_int_equal(event.stream, 1);
    hw_text rest = hw_h2_take_rest(t->session);
    assert_int_equal(rest.length, input.length / 2);
    assert_told(t, "");
    talker_feed(t, rest);
    assert_words(t, "HEAD 3 GET /3 https a end\n host: a\n");
    talker_free_both(t, w);
}

HW_TEST(h2_session_ends_a_discarded_request_behind_its_answer)
{
    wire *w;
    talker *t = greeted(&w);
    wire_post(w, 1, "content-length: 100\n");
    wire_post(w, 3, "content-length: 4\n");
    wire_post(w, 5, "");
    talker_feed_wire(t, w);
    talker_words(t);
    for (uint32_t id = 1; id <= 5; id += 2) {
        talker_answer(t, id, 404, 3);
        if (id < 5)
            hw_h2_discard(t->session, id);
    }
    wire_data(w, 0, 1, "more");
    wire_data(w, WIRE_END_STREAM, 3, "more");
    wire_data(w, 0, 5, "more");
    assert_fed(t, w, "BODY 5 more\n");
    assert_sent(t, "HEADERS 1\n :status: 404\n server: h\n"
                   "HEADERS 3\n :status: 404\n server: h\n"
                   "HEADERS 5\n :status: 404\n server: h\n"
                   "DATA 1 end ...\nDATA 3 end ...\nDATA 5 end ...\n");
    assert_told(t, "DONE 1\nDONE 3\n");
    /* The third goes on until that is said of it too. */
    wire_data(w, 0, 5, "and more");
    assert_fed(t, w, "BODY 5 and more\n");
    hw_h2_discard(t->session, 5);
    assert_sent(t, "");
    assert_told(t, "DONE 5\n");
    /* What still comes is nobody's, and the end of it the end of the stream. */
    wire_data(w, WIRE_END_STREAM, 1, "and more");
    wire_head(w, WIRE_END, 5, "x-sum: 1\n");
    assert_fed(t, w, "");
    assert_int_equal(hw_h2_open_streams(t->session), 0);
    talker_free_both(t, w);
}

/* RFC 9113 8.1, but not at once: there are clients that would not hear the answer. */
HW_LONG_TEST(h2_session_resets_what_goes_on_for_long_behind_its_answer)
{
    wire *w;
    talker *t = greeted(&w);
    wire_post(w, 1, "");
    put_content(w, 1, 2);
    talker_feed_wire(t, w);
    talker_words(t);
    talker_answer(t, 1, 404, 3);
    hw_h2_discard(t->session, 1);
    talker_send(t);
    assert_told(t, "DONE 1\n");
    for (int i = 0; i < 63; i++) {
        put_content(w, 1, 1);
        assert_fed(t, w, "");
        assert_null(strstr(talker_send(t), "RST_STREAM"));
    }
    put_content(w, 1, 1);
    assert_fed(t, w, "");
    assert_non_null(strstr(talker_send(t), "RST_STREAM 1 NO_ERROR\n"));
    assert_int_equal(hw_h2_open_streams(t->session), 0);
    talker_free_both(t, w);
}

HW_LONG_TEST(h2_session_bounds_the_streams_that_are_open)
{
    wire *w;
    talker *t = asked_many(100, &w);
    assert_open(t, 100);
    wire_get(w, 201, "/");
    assert_fed(t, w, "");
    assert_sent(t, "GOAWAY 199 PROTOCOL_ERROR\n");
    assert_told(t, "PROBLEM PROTOCOL_ERROR 400\n");
    talker_free_both(t, w);
}

/* A client that cannot have read the limit yet is told in a way that lets it try again. */
HW_LONG_TEST(h2_session_refuses_streams_of_who_cannot_know)
{
    talker *t = talker_new(NULL);
    wire *w = wire_new();
    assert_sent(t, "WINDOW_UPDATE 0 983041\n");
    get_many(t, w, 1, 100);
    wire_get(w, 201, "/");
    assert_fed(t, w, "");
    assert_sent(t, "RST_STREAM 201 REFUSED_STREAM\n");
    talker_free_both(t, w);
}

HW_TEST(h2_session_ends_gracefully_in_two_steps)
{
    wire *w;
    talker *t = asked_many(1, &w);
    assert_done(hw_h2_give_notice(t->session));
    assert_sent(t, "GOAWAY 2147483647 NO_ERROR\n");
    get_many(t, w, 3, 1);
    assert_open(t, 2);
    assert_done(hw_h2_go_away(t->session, HW_H2_NO_ERROR));
    assert_sent(t, "GOAWAY 3 NO_ERROR\n");
    wire_get(w, 5, "/");
    assert_fed(t, w, "");
    assert_open(t, 2);
    talker_answer(t, 1, 200, 0);
    talker_answer(t, 3, 200, 0);
    assert_false(hw_h2_is_over(t->session));
    assert_sent(t, "HEADERS 1 end\n :status: 200\n server: h\n"
                   "HEADERS 3 end\n :status: 200\n server: h\n");
    assert_told(t, "DONE 1\nDONE 3\n");
    assert_true(hw_h2_is_over(t->session));
    talker_free_both(t, w);
}

HW_TEST(h2_session_ends_at_once_when_told)
{
    wire *w;
    talker *t = asked_many(1, &w);
    talker_answer(t, 1, 200, 100);
    hw_h2_go_away(t->session, HW_H2_ENHANCE_YOUR_CALM);
    assert_true(hw_h2_wants_send(t->session));
    assert_false(hw_h2_is_over(t->session));
    assert_sent(t, "GOAWAY 1 ENHANCE_YOUR_CALM\n");
    assert_true(hw_h2_is_over(t->session));
    assert_told(t, "PROBLEM ENHANCE_YOUR_CALM 503\n");
    assert_done(hw_h2_go_away(t->session, HW_H2_NO_ERROR));
    assert_done(hw_h2_give_notice(t->session));
    assert_sent(t, "");
    talker_free_both(t, w);
}

/* Nothing has been sent so far: a client still expects SETTINGS. */
HW_TEST(h2_session_says_settings_before_goodbye)
{
    talker *t = talker_new(NULL);
    hw_h2_go_away(t->session, HW_H2_INTERNAL_ERROR);
    assert_sent(t, "GOAWAY 0 INTERNAL_ERROR\n");
    assert_int_equal(heard_setting(t->heard, 3), -1);
    talker_free(t);
}

HW_TEST(h2_session_tells_that_the_client_goes)
{
    wire *w;
    talker *t = asked_many(1, &w);
    wire_frame(w, WIRE_GOAWAY, 0, 0, HW_TEXT("\0\0\0\0\0\0\0\0bye"));
    assert_fed(t, w, "GONE_AWAY NO_ERROR\n");
    assert_false(hw_h2_is_over(t->session));
    talker_answer(t, 1, 200, 2);
    assert_sent(t, "HEADERS 1\n :status: 200\n server: h\nDATA 1 end ..\n");
    assert_told(t, "DONE 1\n");
    assert_true(hw_h2_is_over(t->session));
    talker_free_both(t, w);
}

HW_TEST(h2_session_answers_pings)
{
    wire *w;
    talker *t = greeted(&w);
    wire_frame(w, WIRE_PING, 0, 0, HW_TEXT("12345678"));
    wire_frame(w, WIRE_PING, WIRE_ACK, 0, HW_TEXT("12345678"));
    assert_fed(t, w, "");
    assert_sent(t, "PING ack\n");
    talker_free_both(t, w);
}

/* Says what is wrong with the frames of a connection. */
static void assert_connection_error(wire *w, const char *goaway, const char *reason)
{
    talker *t = talker_new(NULL);
    talker_feed_wire(t, w);
    const char *sent = talker_send(t);
    const char *last = strstr(sent, "GOAWAY");
    if (!last)
        talker_check_memory();
    assert_non_null(last);
    talker_listen(t);
    hw_h2_event event = hw_h2_next(t->session);
    assert_int_equal(event.kind, HW_H2_PROBLEM);
    if (strcmp(last, goaway) != 0)
        talker_check_memory();
    assert_string_equal(last, goaway);
    assert_string_equal(event.problem->reason, reason);
    assert_true(hw_h2_is_over(t->session));
    talker_free_both(t, w);
}

/* The same where the engine has found out itself, and says so before it has sent anything. */
static void assert_own_error(wire *w, const char *goaway, const char *reason)
{
    talker *t = talker_new(NULL);
    talker_feed_wire(t, w);
    hw_h2_event event = hw_h2_next(t->session);
    if (event.kind != HW_H2_PROBLEM || strcmp(event.problem->reason, reason) != 0)
        talker_check_memory();
    assert_int_equal(event.kind, HW_H2_PROBLEM);
    assert_string_equal(event.problem->reason, reason);
    assert_sent(t, goaway);
    talker_free_both(t, w);
}

HW_TEST(h2_session_says_why_frames_are_wrong)
{
    wire *w = wire_new();
    wire_frame(w, WIRE_DATA, 0, 0, HW_TEXT("x"));
    assert_connection_error(w, "GOAWAY 0 PROTOCOL_ERROR\n", "DATA: stream_id == 0");
    w = wire_new();
    wire_frame(w, WIRE_HEADERS, WIRE_END, 1, HW_TEXT("\x80"));
    assert_connection_error(w, "GOAWAY 1 COMPRESSION_ERROR\n", "COMPRESSION_ERROR");
    w = wire_new();
    wire_frame(w, WIRE_HEADERS, 0, 1, HW_TEXT("\x82"));
    wire_frame(w, WIRE_PING, 0, 0, HW_TEXT("12345678"));
    assert_connection_error(w, "GOAWAY 1 PROTOCOL_ERROR\n",
                            "unexpected non-CONTINUATION frame or stream_id is invalid");
    w = wire_new();
    wire_get(w, 2, "/");
    assert_connection_error(w, "GOAWAY 0 PROTOCOL_ERROR\n", "request HEADERS: invalid stream_id");
}

HW_TEST(h2_session_says_why_priorities_are_wrong)
{
    wire *w = wire_new();
    wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 0, (hw_text){0});
    assert_own_error(w, "GOAWAY 0 FRAME_SIZE_ERROR\n", "PRIORITY_UPDATE without a stream");
    w = wire_new();
    wire_frame(w, WIRE_PRIORITY, 0, 0, HW_TEXT("\0\0\0\0\1"));
    assert_own_error(w, "GOAWAY 0 PROTOCOL_ERROR\n", "PRIORITY without a stream");
    w = wire_new();
    wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 1, HW_TEXT("\0\0\0\1u=1"));
    assert_own_error(w, "GOAWAY 0 PROTOCOL_ERROR\n", "PRIORITY_UPDATE of no request");
    w = wire_new();
    for (char id = 1; id > 0; id += 2) {
        char payload[4] = {0, 0, 0, id};
        wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 0, (hw_text){payload, 4});
    }
    wire_get(w, 101, "/");
    for (char id = 1; id > 0; id += 2) {
        char payload[4] = {0, 0, 1, id};
        wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 0, (hw_text){payload, 4});
        payload[2] = 2;
        wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 0, (hw_text){payload, 4});
    }
    assert_own_error(w, "GOAWAY 101 PROTOCOL_ERROR\n", "priorities for too many streams");
}

/* What was kept of them is of no consequence to streams that open and end, nor to a GOAWAY. */
HW_LONG_TEST(h2_session_forgets_priorities)
{
    wire *w;
    talker *t = greeted(&w);
    for (uint32_t first = 1; first < 480; first += 40) {
        for (uint32_t id = first; id < first + 40; id += 2) {
            char payload[7] = {0, 0, (char)(id >> 8), (char)id, 'u', '=', '1'};
            wire_frame(w, WIRE_PRIORITY_UPDATE, 0, 0, (hw_text){payload, 7});
        }
        get_many(t, w, first, 20);
        assert_open(t, 20);
        for (uint32_t id = first; id < first + 40; id += 2)
            talker_answer(t, id, 200, 0);
        talker_send(t);
        talker_listen(t);
        talker_words(t);
        assert_open(t, 0);
    }
    hw_h2_go_away(t->session, HW_H2_NO_ERROR);
    talker_send(t);
    assert_true(hw_h2_is_over(t->session));
    talker_free_both(t, w);
}

HW_TEST(h2_session_bounds_a_frame)
{
    wire *w = wire_new();
    static char large[16385];
    wire_frame(w, WIRE_PING, 0, 0, (hw_text){large, 8});
    wire_frame(w, 99, 0, 0, (hw_text){large, 16384});
    wire_post(w, 1, "");
    wire_frame(w, WIRE_DATA, 0, 1, (hw_text){large, 16385});
    assert_connection_error(w, "GOAWAY 1 FRAME_SIZE_ERROR\n", "a frame larger than may be");
    w = wire_new();
    wire_frame(w, WIRE_HEADERS, WIRE_END_STREAM, 1, (hw_text){0});
    wire_frame(w, WIRE_CONTINUATION, WIRE_END_HEADERS, 1, (hw_text){large, 16385});
    assert_connection_error(w, "GOAWAY 1 FRAME_SIZE_ERROR\n", "a frame larger than may be");
}

/* nghttp2 asks where its bound is in every way it can, and nothing is left behind. */
HW_LONG_TEST(h2_session_ends_when_its_memory_is_used_up)
{
    for (size_t more = 0; more < 40000; more += 97) {
        hw_h2_limits limits = hw_h2_limits_default();
        limits.memory_bytes_max = 34000 + more;
        talker *t = talker_new(&limits);
        wire *w = wire_new();
        wire_setting(w, 4, 100);
        for (uint32_t id = 1; id <= 99; id += 2)
            wire_get(w, id, "/");
        talker_feed_wire(t, w);
        for (uint32_t id = 1; id <= 99; id += 2) {
            hw_h2_response response = {.status = 200, .body_bytes = 1000};
            t->bodies[id].left = 1000;
            int result = hw_h2_answer(t->session, id, &response);
            assert_true(result == 0 || result == -ENOMEM || result == -ENOENT);
        }
        talker_send(t);
        talker_listen(t);
        hw_h2_event event = hw_h2_next(t->session);
        assert_true(event.kind == HW_H2_NEED_MORE || event.problem->status == 503);
        talker_free_both(t, w);
    }
}

/* A driver that discards may still say what it has done with the content, and discard once more. */
HW_TEST(h2_session_takes_back_nothing_twice)
{
    wire *w;
    talker *t = greeted(&w);
    wire_post(w, 1, "");
    put_content(w, 1, 1);
    t->keeps = true;
    talker_feed_wire(t, w);
    talker_words(t);
    hw_h2_consume(t->session, 1, 0);
    hw_h2_discard(t->session, 1);
    hw_h2_consume(t->session, 1, 16384);
    hw_h2_discard(t->session, 1);
    /* Nor does anybody hear of the rest of it. */
    wire_head(w, WIRE_END, 1, "x-sum: 1\n");
    assert_fed(t, w, "");
    talker_answer(t, 1, 200, 2);
    assert_sent(t, "HEADERS 1\n :status: 200\n server: h\nDATA 1 end ..\n");
    assert_told(t, "DONE 1\n");
    talker_free_both(t, w);
    hw_h2_session_free(NULL);
}
