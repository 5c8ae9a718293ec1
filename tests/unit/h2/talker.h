/* A small driver around a session: feeds it whole, byte by byte and at random splits, and writes
 * down what it tells; or by hand, with answers. */
#ifndef HW_TESTS_H2_TALKER_H
#define HW_TESTS_H2_TALKER_H

#include "h2/session.h"
#include "wire.h"

/* A session, and both sides of it. Bodies are what `pull` makes of a path's stream. */
typedef struct talker {
    hw_h2_session *session;
    hw_h2_limits limits;
    hw_budget budget;
    heard *heard;
    int64_t now_ms;
    char words[192 * 1024]; /* events, one a line, see below; a body's content joined */
    size_t length;
    bool in_body;
    bool is_over; /* there was a PROBLEM */
    bool keeps;   /* what BODY gives is not consumed */
    struct {
        uint64_t left; /* bytes a body still has; pulls give dots */
        bool waits, fails, has_trailers;
        size_t step; /* at most so many a pull; 0: whatever is wanted */
    } bodies[512];
    unsigned pulls;
    size_t output_bytes; /* size of the buffers; 0: 16 KiB */
} talker;

/* With the default limits, or others. Ends the test where memory is short. */
talker *talker_new(const hw_h2_limits *limits);
/* Asserts that everything has been given back. */
void talker_free(talker *t);
/* The wire goes too. */
void talker_free_both(talker *t, wire *w);

/* Feeds bytes, in a copy of exactly their size, and writes down the events:
 *
 *     HEAD 1 GET / https a end           or "CONNECT /chat https a websocket"; then
 *                                        length=5, continue, unmet, u=1, i, and 431 of a problem
 *      host: a
 *     BODY 1 hello
 *     END 1
 *      x-trailer: b
 *     DONE 1     RESET 1 CANCEL     MALFORMED 1 RFC 9113 8.3     GONE_AWAY NO_ERROR
 *     PROBLEM ENHANCE_YOUR_CALM 429
 */
void talker_feed(talker *t, hw_text bytes);
void talker_feed_wire(talker *t, wire *w); /* all of it; and empties it */
/* Events that need no input. */
void talker_listen(talker *t);
/* Lets the session send all it has; heard_words says what. */
const char *talker_send(talker *t);
/* The events so far; and forgets them. */
const char *talker_words(talker *t);

/* What was heard, or said, since it was asked last. Where an allocation has failed it may be
 * anything: the test ends there. */
void assert_words(talker *t, const char *expected);
void assert_sent(talker *t, const char *expected);
/* The same of what there is once it has been fed, or without more input. */
void assert_fed(talker *t, wire *w, const char *expected);
void assert_told(talker *t, const char *expected);
/* For what else may be otherwise then. */
void talker_check_memory(void);

/* An answer, with a body of so many bytes, or HW_H2_LENGTH_UNKNOWN and bodies[stream].left. */
void talker_answer(talker *t, uint32_t stream, int status, uint64_t body_bytes);

/* Feeds the same in all ways and asserts the events. w is freed. */
void assert_events(wire *w, const char *expected);
void assert_events_with(wire *w, const hw_h2_limits *limits, const char *expected);

#endif
