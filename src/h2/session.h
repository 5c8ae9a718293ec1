/* The HTTP/2 engine (RFC 9113), server role: bytes in, events out; answers in, bytes out. It never
 * reads, writes, waits or looks at a clock. A driver uses it in turns:
 *
 *     hw_h2_feed(session, input, now_ms)
 *     do { event = hw_h2_next(session)    act on it: hw_h2_answer, hw_h2_consume, ...
 *     } while (event.kind != HW_H2_NEED_MORE && event.kind != HW_H2_PROBLEM)
 *     hw_h2_send(session, &output)        until it returns false: fill a buffer, write it out
 *     hw_h2_is_over(session)              close when the output has gone
 *
 * Nothing is called back but `pull`, within hw_h2_send; it must not call the session. One thread at
 * a time. Streams are named by their ids: a call about a stream that is over does nothing, or
 * returns -ENOENT, so nobody need know in which order things happened. */
#ifndef HW_H2_SESSION_H
#define HW_H2_SESSION_H

#include <stdint.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/sink.h"
#include "base/text.h"
#include "h2/flood.h"
#include "h2/head.h"
#include "http/field.h"
#include "http/priority.h"
#include "http/problem.h"

/* Error codes (RFC 9113 7). */
typedef enum hw_h2_code {
    HW_H2_NO_ERROR = 0,
    HW_H2_PROTOCOL_ERROR = 1,
    HW_H2_INTERNAL_ERROR = 2,
    HW_H2_FLOW_CONTROL_ERROR = 3,
    HW_H2_SETTINGS_TIMEOUT = 4,
    HW_H2_STREAM_CLOSED = 5,
    HW_H2_FRAME_SIZE_ERROR = 6,
    HW_H2_REFUSED_STREAM = 7,
    HW_H2_CANCEL = 8,
    HW_H2_COMPRESSION_ERROR = 9,
    HW_H2_CONNECT_ERROR = 10,
    HW_H2_ENHANCE_YOUR_CALM = 11,
    HW_H2_INADEQUATE_SECURITY = 12,
    HW_H2_HTTP_1_1_REQUIRED = 13,
} hw_h2_code;

/* "PROTOCOL_ERROR"; of an unknown code "unknown error". */
const char *hw_h2_code_name(uint32_t code);

/* The client connection preface (RFC 9113 3.4): who begins with it speaks HTTP/2. */
#define HW_H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* At most so much is fed at a time. */
#define HW_H2_INPUT_BYTES_MAX ((size_t)16 * 1024)

/* Neither window is smaller: a client may send so much before it knows (RFC 9113 6.9.2). */
#define HW_H2_WINDOW_BYTES_MIN 65535

typedef struct hw_h2_limits {
    unsigned streams_max;  /* open at a time */
    uint32_t window_bytes; /* a stream's: what BODY gave of it and has not been consumed is never
                              more */
    uint32_t connection_window_bytes; /* that of all streams together */
    size_t memory_bytes_max;          /* of the session in all, but for the head being read */
    size_t passed_bytes_max; /* of a request that nobody wants: behind its answer so much is read
                                 and dropped before its stream is reset */
    unsigned queue_max; /* frames that wait to be sent, DATA apart, before the client is asked to
                           calm down: it does not read */
    hw_h2_head_limits head;
    hw_h2_flood_limits flood;
} hw_h2_limits;

/* 100; 64 KiB; 1 MiB: sixteen requests of whose bodies nobody takes anything hold up nobody else,
 * and bound what a driver has to keep; 512 KiB; 1 MiB, as HTTP/1.1 has it; 400. */
hw_h2_limits hw_h2_limits_default(void);

typedef enum hw_h2_pull {
    HW_H2_PULL_MORE,   /* `count` bytes, at least one */
    HW_H2_PULL_END,    /* `count` bytes, 0 is fine, and then no more; `trailers` */
    HW_H2_PULL_WAIT,   /* nothing now: hw_h2_resume when there is */
    HW_H2_PULL_FAILED, /* it cannot be completed: the stream is reset with INTERNAL_ERROR */
} hw_h2_pull;

typedef struct hw_h2_pulled {
    size_t count;
    hw_fields trailers; /* of END, where the length was not known; borrowed during the call */
} hw_h2_pulled;

/* `owner` is what hw_h2_own said of the stream. Writes at most `want` bytes (at least one) of the
 * stream's body to `memory`, which is the output buffer's own. */
typedef hw_h2_pull hw_h2_puller(void *arg, uint32_t stream, void *owner, char *memory, size_t want,
                                hw_h2_pulled *ret_pulled);

typedef struct hw_h2_setup {
    const hw_h2_limits *limits; /* borrowed; must outlive the session */
    hw_budget *budget;          /* borrowed; what all memory is charged to; may be NULL */
    const hw_sink *sink;        /* borrowed; for steps; may be NULL */
    hw_h2_puller *pull;
    void *arg; /* of pull */
} hw_h2_setup;

typedef struct hw_h2_session hw_h2_session;

/* A session between a client and us; our SETTINGS are the first that hw_h2_send gives. 0; -ENOMEM;
 * -ENOTSUP: built without nghttp2. Owns: the caller; hw_h2_session_free. */
int hw_h2_session_new(const hw_h2_setup *setup, int64_t now_ms, hw_h2_session **ret_session);
void hw_h2_session_free(hw_h2_session *session); /* NULL is fine; whatever is still open is lost */
/* Whether this library speaks HTTP/2. */
extern const bool hw_h2_is_built;

typedef enum hw_h2_event_kind {
    HW_H2_NEED_MORE, /* the input is used up: feed more. Nothing points to it any more */
    HW_H2_HEAD,      /* a request begins: `head` */
    HW_H2_BODY,      /* `body`: content, part of the input, never empty. To be consumed */
    HW_H2_END,       /* the request is complete: `trailers`, often none */
    /* The three ends of a stream that had a HEAD, one of which comes unless the driver has reset it
     * itself. The stream is gone: */
    HW_H2_DONE,      /* the answer has been given to the output whole */
    HW_H2_RESET,     /* it has not, and won't: `code`, of the client or of ours */
    HW_H2_MALFORMED, /* the request broke a rule: `problem`; the engine resets it with
                        PROTOCOL_ERROR. Comes without a HEAD where that is what was malformed: then
                        `owner` is NULL */
    HW_H2_GONE_AWAY, /* the client will begin no more requests: `code` */
    HW_H2_PROBLEM,   /* the connection is over: send what there is and close. `code`, `problem`.
                        Every further call says the same */
} hw_h2_event_kind;

typedef struct hw_h2_event {
    hw_h2_event_kind kind;
    uint32_t stream; /* 0: none in particular */
    void *owner;     /* what hw_h2_own said of the stream; NULL before */
    uint32_t code;   /* hw_h2_code */
    const hw_problem *problem;
    union {
        const hw_h2_head *head;
        hw_text body;
        hw_fields trailers;
    };
} hw_h2_event; /* what it points to is valid until the next call of hw_h2_next or hw_h2_feed */

/* What has arrived, 1 to HW_H2_INPUT_BYTES_MAX bytes. It stays where it is, unchanged, until
 * NEED_MORE or hw_h2_take_rest. The input before must have been used up (asserted). */
void hw_h2_feed(hw_h2_session *session, hw_text input, int64_t now_ms);
hw_h2_event hw_h2_next(hw_h2_session *session);
/* For a driver that wants to act on no more events now: what of the input has not been looked at.
 * Events that have been found already still come from hw_h2_next; this must be fed again after
 * that, before anything else. */
hw_text hw_h2_take_rest(hw_h2_session *session);

/* Says to whom a stream belongs; also one that is reset already, of which RESET is still to come. */
void hw_h2_own(hw_h2_session *session, uint32_t id, void *owner);
/* So much of the content that BODY gave is done with: the client may send as much again. */
void hw_h2_consume(hw_h2_session *session, uint32_t id, size_t bytes);
/* What the client still sends on this stream does not matter: no BODY and no END come. Once the
 * answer has been sent whole DONE comes, and what follows is passed over, up to
 * passed_bytes_max; then the stream is reset with NO_ERROR (RFC 9113 8.1). */
void hw_h2_discard(hw_h2_session *session, uint32_t id);

/* Makes fields that never change ready for hw_h2_answer, once: what is appended to the output points
 * to their names and values. Connection-specific ones are left out. Where there is no room the output
 * overflows, and says so. */
void hw_h2_prepare(hw_fields fields, hw_buffer *output);

typedef struct hw_h2_response {
    int status;       /* 200..599 */
    hw_text ready;    /* what hw_h2_prepare has made of those that come first; or empty */
    hw_fields fields; /* borrowed during the call; names in any case. Connection-specific ones are
                            left out (RFC 9113 8.2.2) */
    uint64_t body_bytes; /* 0: no body, nothing is pulled; HW_H2_LENGTH_UNKNOWN: until END; else so
                            many bytes are pulled and no more. A body that ends before is a failure
                            of ours: INTERNAL_ERROR */
    const hw_priority *priority; /* what the server knows better (RFC 9218 8); NULL: the client's */
} hw_h2_response;

/* Another answer may begin. False: what waits to be sent takes half of memory_bytes_max, and a head that
 * finds no room there ends the session; so some of it is sent first. */
bool hw_h2_has_room(const hw_h2_session *session);
/* All of these: 0; -ENOENT: the stream is over; -EALREADY: it has been answered; -EMSGSIZE: the
 * head is over 64 KiB; -ENOBUFS: too much waits to be sent (inform alone); -ENOMEM. */
int hw_h2_answer(hw_h2_session *session, uint32_t id, const hw_h2_response *response);
/* A 1xx response, but 101 (RFC 9113 8.1). */
int hw_h2_inform(hw_h2_session *session, uint32_t id, int status, hw_fields fields);
/* The body of a stream that had to wait may go on. Does nothing where it does not wait. */
int hw_h2_resume(hw_h2_session *session, uint32_t id);
/* Ends a stream. Nothing more is heard of it, also where it was over: no event, no pull. */
int hw_h2_reset(hw_h2_session *session, uint32_t id, uint32_t code);

/* The connection is to end. First a notice, which refuses nothing and lets the client know; then,
 * at the least a round trip later, the truth: NO_ERROR, and the streams that have begun are
 * finished (RFC 9113 6.8). Another code ends the connection: PROBLEM is the next event. 0, or
 * -ENOMEM. */
int hw_h2_give_notice(hw_h2_session *session);
int hw_h2_go_away(hw_h2_session *session, uint32_t code);

/* Appends the frames that are ready to the output, the most urgent first (RFC 9218), as far as
 * there is room; a frame may begin in one buffer and end in the next. DATA frames are cut to the
 * room that is left, but not to less than 1 KiB. True: there is more, which goes into the next
 * buffer. */
bool hw_h2_send(hw_h2_session *session, hw_buffer *output);
/* Whether hw_h2_send has something to give. */
bool hw_h2_wants_send(const hw_h2_session *session);

/* Of what the client has begun to send and not finished: a head with all its frames, or a frame that
 * is not DATA, or the preface. 0: nothing; else always the same number for the same thing. */
uint64_t hw_h2_unfinished(const hw_h2_session *session);
/* The client has acknowledged our SETTINGS (RFC 9113 6.5.3). */
bool hw_h2_is_settled(const hw_h2_session *session);

/* The answer of a stream has begun, is not complete, and the client's windows let nothing more of it
 * through. */
bool hw_h2_is_blocked(const hw_h2_session *session, uint32_t id);
/* ... and it is the stream's own window that is used up, not only that of all together. */
bool hw_h2_is_shut(const hw_h2_session *session, uint32_t id);

/* The client may send content: the window of all streams together is not used up. */
bool hw_h2_takes_content(const hw_h2_session *session);

/* Streams that are open, those that the driver has reset and has yet to send that of included. */
unsigned hw_h2_open_streams(const hw_h2_session *session);
/* Nothing more will be read and there is nothing to send: the connection can be closed. */
bool hw_h2_is_over(const hw_h2_session *session);
/* Bytes that the session holds. */
size_t hw_h2_held_bytes(const hw_h2_session *session);

#endif
