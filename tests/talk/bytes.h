/* Bytes that grow. Without memory the runner gives up. */
#ifndef HW_TESTS_TALK_BYTES_H
#define HW_TESTS_TALK_BYTES_H

#include "base/text.h"

typedef struct talk_bytes {
    char *at;
    size_t length, capacity;
} talk_bytes;

void talk_bytes_free(talk_bytes *bytes); /* empty again */
hw_text talk_bytes_text(const talk_bytes *bytes);

void talk_bytes_put(talk_bytes *bytes, hw_text text);
void talk_bytes_put_string(talk_bytes *bytes, const char *string);
void talk_bytes_put_format(talk_bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* As a talk writes them, in quotes; what is long is cut. */
void talk_bytes_put_shown(talk_bytes *bytes, hw_text text);
/* The first so many go. */
void talk_bytes_take(talk_bytes *bytes, size_t count);

#endif
