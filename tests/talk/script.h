/* A talk, read: what a client says and what it expects to hear, line by line. README.md tells how
 * it is written. */
#ifndef HW_TESTS_TALK_SCRIPT_H
#define HW_TESTS_TALK_SCRIPT_H

#include "server/limits.h"
#include "talk/bytes.h"

#define TALK_EXPECTED_MAX 24

typedef enum talk_step_kind {
    TALK_SEND,
    TALK_END_SEND,       /* >| */
    TALK_RESET,          /* >! */
    TALK_CONNECT,        /* connect: */
    TALK_WAIT,           /* wait: */
    TALK_TAKE,           /* take: */
    TALK_STOP,           /* stop: */
    TALK_CUT,            /* cut: */
    TALK_EXPECT_REPLY,   /* < 200 ... */
    TALK_EXPECT_BYTES,   /* << */
    TALK_EXPECT_END,     /* <| */
    TALK_EXPECT_CLOSED,  /* <|| */
    TALK_EXPECT_NOTHING, /* <- */
} talk_step_kind;

typedef enum talk_expected_kind {
    TALK_FIELD,
    TALK_FIELD_PRESENT,
    TALK_FIELD_ABSENT,
    TALK_FIELD_KEPT, /* its value is kept under a name */
    TALK_TRAILER,
    TALK_CONTENT,
    TALK_CONTENT_LENGTH,
    TALK_CONTENT_FILE,
    TALK_PARTS, /* several ranges of a file */
} talk_expected_kind;

/* One line about a response. */
typedef struct talk_expected {
    talk_expected_kind kind;
    int line;
    char *name;       /* of the field, with a NUL */
    talk_bytes value; /* of the field; the content; the name it is kept under; the file, and
                       * behind a blank its parts */
    uint64_t number;  /* the content's length */
} talk_expected;

typedef struct talk_step {
    talk_step_kind kind;
    int line;
    talk_bytes bytes; /* SEND, EXPECT_BYTES; the file of CUT */
    uint64_t number;  /* WAIT: milliseconds; TAKE: bytes; CUT: the length that remains */
    int status;       /* EXPECT_REPLY, and what follows */
    bool to_head, is_broken;
    bool is_begun; /* it need not be complete, and is expected once more */
    talk_expected expected[TALK_EXPECTED_MAX];
    size_t expected_count;
} talk_step;

/* What may carry a talk. */
typedef enum talk_carrier_kind {
    TALK_MEMORY,
    TALK_TCP,
    TALK_TLS,
    TALK_CARRIER_KINDS
} talk_carrier_kind;

extern const char *const talk_carrier_names[TALK_CARRIER_KINDS];

typedef struct talk_script {
    const char *path;        /* borrowed */
    bool is_for_memory_only; /* and for whatever stands on it, and has its clock */
    bool is_not_over[TALK_CARRIER_KINDS];
    hw_limits limits;
    talk_step *steps;
    size_t step_count, step_capacity;
} talk_script;

/* Reads the file. False: it is not a talk, and `PATH:LINE: WORDS` is in the complaint. Free it
 * either way. */
bool talk_script_read(talk_script *script, const char *path, talk_bytes *complaint);
void talk_script_free(talk_script *script);

#endif
