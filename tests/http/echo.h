/* An answerer for tests: "/echo" gives every request's content back, everything else is somebody
 * else's. */
#ifndef HW_TESTS_HTTP_ECHO_H
#define HW_TESTS_HTTP_ECHO_H

#include "exchange/answerer.h"

typedef struct hw_echo {
    hw_answerer answerer;
    const hw_answerer *rest;
} hw_echo;

/* Use echo->answerer afterwards. rest is borrowed. */
void hw_echo_init(hw_echo *echo, const hw_answerer *rest);

#endif
