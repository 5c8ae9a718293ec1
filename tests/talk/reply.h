/* A response as a strict client reads it. */
#ifndef HW_TESTS_TALK_REPLY_H
#define HW_TESTS_TALK_REPLY_H

#include "http/field.h"
#include "talk/bytes.h"

#define TALK_REPLY_FIELDS_MAX 64

typedef struct talk_reply {
    int status; /* 0: its head is not complete yet */
    hw_field fields[TALK_REPLY_FIELDS_MAX];
    size_t field_count;
    hw_field trailers[TALK_REPLY_FIELDS_MAX];
    size_t trailer_count;
    talk_bytes content; /* without its framing, as far as it has come */
    size_t used;        /* bytes of the whole response */
    char words[160];    /* BAD: what is wrong with it */
} talk_reply;

typedef enum talk_reply_outcome {
    TALK_REPLY_MORE, /* it is not complete */
    TALK_REPLY_DONE,
    TALK_REPLY_BAD,
} talk_reply_outcome;

/* Reads the response at the start of the bytes, all of it anew at every call. is_ended: nothing
 * will follow. Valid: fields and trailers as long as the bytes. */
talk_reply_outcome talk_reply_read(talk_reply *reply, hw_text bytes, bool is_ended, bool to_head);
void talk_reply_free(talk_reply *reply);

#endif
