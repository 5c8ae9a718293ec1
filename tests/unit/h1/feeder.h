/* Feeds a parser whole, byte by byte and at random splits, and writes down what it tells. */
#ifndef HW_TESTS_H1_FEEDER_H
#define HW_TESTS_H1_FEEDER_H

#include "h1/parser.h"

/* The events of an input as text, one line each, the content of a message joined:
 *
 *     HEAD GET /x 1.1 chunked keep      or none, length=5; then close, continue, unmet
 *      Host: a
 *     BODY hello
 *     END
 *      X-Trailer: b
 *     PROBLEM 400 RFC 9112 2.2
 *     finish 0                          what hw_h1_finish says; not behind a problem
 */
typedef struct feed_log {
    char text[160 * 1024];
    size_t length;
    hw_problem problem; /* the last one */
} feed_log;

/* Feeds the input in all three ways, each piece in memory of exactly its size, or with a slack
 * behind it, and always elsewhere; asserts that the logs are equal. limits NULL: the defaults.
 * Owns: the caller frees the log with free. */
feed_log *feed_all_ways(hw_text input, const hw_h1_limits *limits);

void assert_feed(hw_text input, const char *expected);
void assert_refused(hw_text input, int status, const char *section);
/* Neither refused nor complete. */
void assert_waits(hw_text input);

#define ASSERT_FEED(literal, expected) assert_feed(HW_TEXT(literal), expected)
#define ASSERT_REFUSED(literal, status, section) assert_refused(HW_TEXT(literal), status, section)
#define ASSERT_WAITS(literal) assert_waits(HW_TEXT(literal))

#endif
