/* Answerers that do what files do not: one path each, and somebody else for the rest.
 *
 *   /buffer      takes up to 1000 bytes, answers how many, the content, and its trailers
 *   /none        wants no body
 *   /early       could read the body, but answers without
 *   /count       reads the body to its end, then says how long it was
 *   /chunks      "one", "two", "three", no length known, and a trailer field
 *   /coded       five lines, compressed for who wants that, and a trailer field
 *   /prepared    a prepared head and a count, from the quick step
 *   /tunnel      101, then an echo
 *   /hints       103, then an answer
 *   /empty       204
 *   /null        no response at all
 *   /fail        promises 100 bytes, gives 10 and fails; /fail-chunked the same, nothing promised
 *   /short       promises 10 bytes, gives 5 and ends
 *   /split       a field with a line end in its value */
#ifndef HW_TESTS_TALK_ANSWERERS_H
#define HW_TESTS_TALK_ANSWERERS_H

#include "exchange/answerer.h"

typedef struct talk_answerers {
    hw_answerer answerer;
    const hw_answerer *rest;
    size_t slot; /* of the state a loop has */
} talk_answerers;

/* Use answerers->answerer afterwards. rest is borrowed; slot is that of talk_answerers_local. */
void talk_answerers_init(talk_answerers *answerers, const hw_answerer *rest, size_t slot);
hw_local talk_answerers_local(void);

#endif
