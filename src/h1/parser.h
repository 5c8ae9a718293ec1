/* The HTTP/1 engine's reading half: bytes in, events out (RFC 9112). It is pulled: the caller shows
 * it the bytes it has not used yet and gets the next event. It never reads, writes, waits or looks
 * at a clock, takes no memory, and never writes to its input.
 *
 * The caller keeps unused bytes and shows them again, at any address, with more behind them. The
 * parser remembers how far it has looked, so that no byte is examined again however small the
 * pieces are. */
#ifndef HW_H1_PARSER_H
#define HW_H1_PARSER_H

#include <stdint.h>

#include "base/sink.h"
#include "base/text.h"
#include "http/field.h"
#include "http/method.h"
#include "http/problem.h"

#define HW_H1_FIELDS_MAX 100
#define HW_H1_TRAILERS_MAX 20
/* See hw_h1_parser_promise_slack. */
#define HW_H1_SLACK 64

typedef struct hw_h1_limits {
    size_t line_bytes_max;  /* the request line without its end; longer: 414 */
    size_t field_bytes_max; /* one field line without its end; longer: 431 */
    size_t head_bytes_max;  /* the whole head; longer: 431 (414 while still in the request line) */
    size_t trailers_bytes_max;        /* the whole trailer section */
    size_t chunk_extension_bytes_max; /* of one chunk */
    size_t extensions_bytes_max;      /* of all chunks of a body */
} hw_h1_limits;

/* 8 KiB, 8 KiB, 32 KiB, 8 KiB, 256 B, 4 KiB. */
hw_h1_limits hw_h1_limits_default(void);

/* Where a field line's parts stand, counted from the first byte of its section. */
typedef struct hw_h1_field {
    uint32_t name_at, value_at;
    uint32_t value_length;
    uint16_t name_length;
    uint16_t id; /* hw_field_id */
} hw_h1_field;

typedef enum hw_h1_framing {
    HW_H1_FRAMING_NONE,   /* no content */
    HW_H1_FRAMING_LENGTH, /* content_length bytes; may be 0 */
    HW_H1_FRAMING_CHUNKED,
} hw_h1_framing;

/* A head (or a trailer section) while and after it is read. It is the caller's memory, about 1.7
 * KiB: one for a whole loop is enough as long as heads arrive in one piece; a head in pieces needs
 * its own until it is complete. */
typedef struct hw_h1_head {
    uint32_t method_at; /* 0, or behind the empty lines that came with the head */
    uint32_t method_length;
    uint32_t target_at, target_length;
    bool has_plain_target; /* it is a path, canonical as it is, and nothing else (http/path); false
                              says nothing */
    hw_method method;
    int minor; /* 0: HTTP/1.0; 1: HTTP/1.1 and what reads as it */
    hw_h1_framing framing;
    uint64_t content_length; /* of HW_H1_FRAMING_LENGTH */
    bool keep_alive;         /* the peer allows another request (RFC 9112 9.3) */
    bool expects_continue;   /* Expect: 100-continue; the version knows it, content follows */
    bool expects_other;      /* another expectation: 417 */
    uint64_t seen,
        repeated; /* bits of ids (HW_FIELD_BIT) that a field has, and that several have */
    unsigned field_count;
    hw_h1_field fields[HW_H1_FIELDS_MAX];
} hw_h1_head;

typedef enum hw_h1_event_kind {
    HW_H1_NEED_MORE, /* show me these bytes again (less `used`), with more behind them */
    HW_H1_HEAD, /* the head passed to hw_h1_next is filled; its places count from the input's first
                   byte */
    HW_H1_BODY, /* `body` is content, part of the input */
    HW_H1_END, /* the message is complete; a trailer section, if any, is in the head passed, counted
                  from `trailers` */
    HW_H1_PROBLEM, /* not HTTP: answer `problem` and close; every further call says the same */
} hw_h1_event_kind;

typedef struct hw_h1_event {
    hw_h1_event_kind kind;
    size_t used; /* bytes of the input that are done with: drop them after handling the event,
                         before the next call */
    union {
        hw_text body;     /* BODY: valid as long as the input; never empty */
        hw_text trailers; /* END: the bytes of the trailer section, empty when it has no field */
        const hw_problem *problem; /* PROBLEM: the parser's */
    };
} hw_h1_event;

typedef struct hw_h1_parser hw_h1_parser; /* 64 bytes; members are the parser's own */

struct hw_h1_parser {
    const hw_h1_limits *limits; /* borrowed */
    const hw_sink *sink;        /* borrowed; for steps; may be NULL */
    hw_problem problem;
    uint64_t left;    /* content bytes of this body or chunk still to come */
    uint32_t scanned; /* bytes already examined of the head, trailer section or part of a chunk line
                         being read */
    uint32_t line_at; /* where the current line starts, from the section's first byte */
    uint32_t extensions; /* bytes of chunk extensions so far in this body */
    uint8_t state;       /* hw_h1_state of state.h */
    uint8_t empty_lines; /* before the request line so far */
    bool is_trailers;    /* the section being read is a trailer section */
    bool has_slack;      /* HW_H1_SLACK bytes behind every input may be read */
};

/* Between messages. The limits of head, trailers and extensions must be below 4 GiB (asserted).
 */
void hw_h1_parser_init(hw_h1_parser *parser, const hw_h1_limits *limits, const hw_sink *sink);

/* After init: behind every input that will be shown there are HW_H1_SLACK bytes of the caller's
 * memory. What they hold has no meaning, and no influence on what is said; that they may be read
 * makes short heads cheaper. */
void hw_h1_parser_promise_slack(hw_h1_parser *parser);

/* The next event of the input. `head` must be the same from the first NEED_MORE of a head (or of a
 * trailer section) until it is complete, may differ otherwise, and is written while a head or a
 * trailer section is being read only. */
hw_h1_event hw_h1_next(hw_h1_parser *parser, hw_h1_head *head, hw_text input);

/* After a HEAD: true where the message has no content; it is over then as if END had been asked
 * for, and END does not come. */
bool hw_h1_take_end(hw_h1_parser *parser);

/* True between messages: nothing of the next one has been seen, so a close here is no fault. */
bool hw_h1_is_between(const hw_h1_parser *parser);

/* True while a head or a trailer section is being read: only then is there anything to be kept in
 * the head, its first field_count fields and the one behind them. */
bool hw_h1_is_in_section(const hw_h1_parser *parser);

/* What to answer when the peer ends its stream here: a problem (400) inside a head or a body;
 * status 0 between messages. */
hw_problem hw_h1_finish(const hw_h1_parser *parser);

#endif
