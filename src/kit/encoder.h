/* Codes bytes as a content coding has them (RFC 9110 8.4.1), piece by piece and within bounds of
 * memory. Which codings there are depends on the libraries of the build. */
#ifndef HW_KIT_ENCODER_H
#define HW_KIT_ENCODER_H

#include "base/buffer.h"
#include "http/coding.h"
#include "kit/workspace.h"

/* RFC 9659: a browser need not decode what looks further back. */
#define HW_ENCODER_WINDOW_LOG_MAX 23
/* From this level on it is about size, and takes the time and memory that asks for; below, somebody
 * waits, and there may be hundreds of them. */
#define HW_ENCODER_LEVEL_SMALLEST 10
/* Output of less than that cannot be made: zlib would say twice that it has flushed. */
#define HW_ENCODER_ROOM_MIN 64

typedef enum hw_encoder_step {
    HW_ENCODER_FEED,   /* takes what it is given, and says something of it when it likes */
    HW_ENCODER_FLUSH,  /* the same, and says all of it, so that it can be decoded */
    HW_ENCODER_FINISH, /* and ends: nothing follows */
} hw_encoder_step;

typedef struct hw_encoder_opts {
    hw_budget *budget; /* all its memory is charged to it; NULL: to none */
    uint64_t length;   /* of what it will be fed, which it must be then; or HW_LENGTH_UNKNOWN */
    int level;         /* of its library; 0: for an answer that is waited for */
} hw_encoder_opts;

typedef struct hw_encoder hw_encoder;

/* One a coding: what its library does. All its memory comes from encoder->memory. */
typedef struct hw_encoder_kind {
    size_t bytes; /* of its own struct, which begins with hw_encoder; 0: it is not in this build */
    int (*begin)(hw_encoder *encoder, const hw_encoder_opts *opts);
    int (*step)(hw_encoder *encoder, hw_encoder_step step, hw_text *input, hw_buffer *output);
    void (*end)(hw_encoder *encoder); /* of one that has begun */
} hw_encoder_kind;

extern const hw_encoder_kind hw_encoder_gzip, hw_encoder_zstd, hw_encoder_br;

struct hw_encoder {
    const hw_encoder_kind *kind;
    hw_workspace memory;
};

/* Those of this build, as a set of HW_CODING_BIT; identity is none. */
unsigned hw_encoder_codings(void);
/* 0; -ENOMEM; -ENOTSUP: this build has no such coding. */
int hw_encoder_new(hw_coding coding, const hw_encoder_opts *opts, hw_encoder **ret_encoder);
void hw_encoder_free(hw_encoder *encoder); /* NULL is fine */

/* Takes from the front of the input, and appends to the output, which must have room for
 * HW_ENCODER_ROOM_MIN. 0: all of it is taken and said, as far as the step asks for. 1: the output is
 * full; the same step is to be asked again, with what is left of the input and room anew. FLUSH and
 * FINISH that have been begun get no new input. -ENOMEM, -EPROTO (the length was
 * another): it can only be freed. It takes as long as the input is: give it little at a time. */
int hw_encoder_run(hw_encoder *encoder, hw_encoder_step step, hw_text *input, hw_buffer *output);

#endif
