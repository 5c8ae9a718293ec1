/* What a session of HTTP/2 keeps, for the files that are written with nghttp2: internal to h2. */
#ifndef HW_H2_STATE_H
#define HW_H2_STATE_H

#include "base/arena.h"
#include "base/heap.h"
#include "base/list.h"
#include "h2/frame.h"
#include "h2/session.h"
#include "h2/update.h"

/* The longest head that is sent, before it is encoded. */
#define HW_H2_SENT_HEAD_BYTES_MAX ((size_t)64 * 1024)

struct nghttp2_session;

/* How far a stream is. It lives from its HEADERS frame until nghttp2 has closed it and the driver
 * has been told. */
typedef struct hw_h2_stream {
    hw_link link; /* on `open`, `past` or `over` of the session */
    uint32_t id;
    void *owner;
    uint64_t request_left; /* of its Content-Length; or HW_H2_LENGTH_UNKNOWN */
    uint64_t answer_left;  /* of body_bytes; or HW_H2_LENGTH_UNKNOWN */
    uint32_t code;         /* with which it was closed */
    size_t unconsumed;     /* bytes the driver has been given and has not consumed */
    size_t discarded;      /* bytes that it does not get */
    bool has_begun : 1;    /* the driver has been given its HEAD, or soon will be */
    bool is_told : 1;      /* ... and is to be told what becomes of it */
    bool is_tunnel : 1;
    bool is_discarded : 1; /* the driver wants no more of the request */
    bool has_ended : 1;    /* the request is complete */
    bool is_answered : 1;  /* its final head has been submitted */
    bool is_sent : 1;      /* ... and all of the answer sent */
    bool is_past : 1;      /* ... and the driver told so, or soon will be; the client sends on */
    bool is_ranked : 1;    /* by the server: the client's wishes do not count any more */
    bool is_waiting : 1;   /* its body had nothing when it was pulled */
    bool is_reset : 1;     /* RST_STREAM has been submitted */
} hw_h2_stream;

typedef struct hw_h2_intake {
    hw_text input;          /* not looked at yet */
    unsigned preface_left;  /* bytes of the client's preface still to come */
    unsigned header_length; /* how much of `header` is there */
    uint32_t payload_left;  /* of the frame whose header has been read */
    uint8_t header[HW_H2_FRAME_HEADER_BYTES];
    hw_h2_frame frame;       /* what the last header that is complete says */
    hw_h2_begun streams;     /* those that have begun */
    uint64_t begun;          /* heads, and frames that belong to none, so far */
    uint32_t initial_window; /* where SETTINGS are being read: what held before them ... */
    uint32_t widest_window;  /* ... and the largest window of a stream that we may fill */
    bool is_settled;         /* our SETTINGS have been acknowledged */
} hw_h2_intake;

/* No part of a frame makes more events than that. */
#define HW_H2_EVENTS_MAX 4

/* Those that a part of a frame made, oldest first, and whose they are (NULL: nobody's). */
typedef struct hw_h2_events {
    hw_h2_event at[HW_H2_EVENTS_MAX];
    hw_h2_stream *streams[HW_H2_EVENTS_MAX];
    unsigned count, given;
} hw_h2_events;

/* The one head, or trailer section, that is being read or has just been given. */
typedef struct hw_h2_reading {
    hw_arena arena;
    hw_h2_head_builder builder;
    hw_h2_stream *stream; /* whose; NULL: none is being read */
    size_t block_bytes;   /* of its frames so far, as they are encoded */
    size_t decoded_bytes; /* of its fields so far */
} hw_h2_reading;

typedef struct hw_h2_output {
    hw_buffer *buffer; /* the driver's, within hw_h2_send */
    size_t begun_at;   /* where the buffer was when that began */
    hw_text rest;      /* of a frame that did not fit: nghttp2's memory, or `farewell` */
    bool is_full;      /* a DATA frame waits for more room */
    bool is_pinched;   /* the DATA frame being made is tiny because of the client's windows */
    bool has_begun;    /* our SETTINGS have been given */
    bool has_left;     /* GOAWAY with an error has been given: nothing comes behind it */
    char farewell[26]; /* empty SETTINGS, and GOAWAY: frames of our own */
} hw_h2_output;

/* Why the connection is over; problem.status 0: it is not. */
typedef struct hw_h2_failure {
    hw_problem problem;
    uint32_t code;
    bool is_silent;  /* nothing can be said any more: the client does not speak HTTP/2 */
    char reason[96]; /* of what nghttp2 found, where problem.reason points to */
} hw_h2_failure;

struct hw_h2_session {
    struct nghttp2_session *wire;
    hw_heap heap; /* what the session, its streams and nghttp2 take memory from */
    hw_h2_setup setup;
    hw_h2_intake intake;
    hw_h2_reading reading;
    hw_h2_updates updates;
    hw_h2_events events;
    hw_h2_output output;
    hw_h2_failure failure;
    hw_h2_flood flood;
    hw_list open, past, over; /* streams; past: those of which DONE is to be told */
    unsigned open_count;
    uint32_t last_id; /* the last stream whose HEADERS came */
};

struct nghttp2_session_callbacks;
/* What nghttp2 calls while it reads: intake_nghttp2.c; and while it writes: output_nghttp2.c. */
void hw_h2_intake_register(struct nghttp2_session_callbacks *callbacks);
void hw_h2_output_register(struct nghttp2_session_callbacks *callbacks);

/* A stream begins. NULL: no memory. */
hw_h2_stream *hw_h2_stream_add(hw_h2_session *session, uint32_t id);
/* The stream of an id, whose head is complete, and which is open and not reset; or NULL. */
hw_h2_stream *hw_h2_stream_find(const hw_h2_session *session, uint32_t id);
/* Submits RST_STREAM; what has not been consumed is. Where that finds no memory the connection
 * fails. */
void hw_h2_stream_reset(hw_h2_session *session, hw_h2_stream *stream, uint32_t code);
/* Its answer has been sent, and nobody wants the rest of its request. RFC 9113 8.1 has RST_STREAM for
 * that, but curl (7.88) forgets the answer when it finds both at once, and Chromium did: so it comes
 * only where much follows. */
void hw_h2_stream_pass(hw_h2_session *session, hw_h2_stream *stream);
/* Bytes of content that the driver does not get. */
void hw_h2_stream_drop(hw_h2_session *session, uint32_t id, size_t bytes);
/* Bytes of content are done with, for the connection's window alone. */
void hw_h2_credit(hw_h2_session *session, size_t bytes);
/* ... namely all that the driver was given of a stream. */
void hw_h2_stream_credit(hw_h2_session *session, hw_h2_stream *stream);

/* What a stream's priority is from now on. */
void hw_h2_stream_rank(hw_h2_session *session, const hw_h2_stream *stream, hw_priority priority);

/* The connection is over; the first reason stays. */
void hw_h2_fail(hw_h2_session *session, uint32_t code, const hw_problem *problem);
/* The same where nghttp2 said so: a result below 0. True: it did. */
bool hw_h2_fail_wire(hw_h2_session *session, long result);

static inline bool hw_h2_has_failed(const hw_h2_session *session)
{
    return session->failure.problem.status != 0;
}

#endif
