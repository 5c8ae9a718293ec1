/* Heads of HTTP/2 requests: from a list of names and values, as HPACK gives them, to a head that
 * means the same as one of HTTP/1.1 (RFC 9113 8). Pure: no frames, no nghttp2. */
#ifndef HW_H2_HEAD_H
#define HW_H2_HEAD_H

#include <stdint.h>

#include "base/arena.h"
#include "http/field.h"
#include "http/method.h"
#include "http/priority.h"
#include "http/problem.h"

#define HW_H2_LENGTH_UNKNOWN UINT64_MAX

/* Sizes of lists are counted as RFC 9113 6.5.2 has it: name, value and 32 bytes for each field. */
typedef struct hw_h2_head_limits {
    unsigned fields_max;       /* beside the pseudo-header fields, and all cookies being one */
    size_t target_bytes_max;   /* of :path; longer: 414 */
    size_t field_bytes_max;    /* of one field, name and value; larger: 431 */
    size_t head_bytes_max;     /* the whole list; larger: 431 */
    unsigned trailers_max;     /* fields of a trailer section */
    size_t trailers_bytes_max; /* its list */
} hw_h2_head_limits;

/* 100 fields, 8 KiB, 8 KiB, 32 KiB; 20 trailers, 8 KiB: as HTTP/1.1 has them. */
hw_h2_head_limits hw_h2_head_limits_default(void);

/* A request's head, checked. Its texts have a NUL behind them. Valid: as long as the arena it was
 * read into; from a session, until its next event is asked for. */
typedef struct hw_h2_head {
    hw_method method;
    hw_text method_name;
    hw_text target;    /* what a request line would say: :path; of a CONNECT without protocol
                       :authority */
    hw_text scheme;    /* "http" or "https", in lower case; empty of a CONNECT without protocol */
    hw_text authority; /* valid, never empty; from Host where :authority is missing */
    hw_text protocol;  /* of an extended CONNECT (RFC 8441): "websocket"; else empty */
    /* In the order they came, names in lower case. The first is `host`, made of the authority; all
     * cookies are one. No connection-specific field is among them, and no pseudo-header field. */
    hw_fields fields;
    uint64_t content_length; /* what Content-Length says; without one HW_H2_LENGTH_UNKNOWN, or 0
                                where the request ends here */
    hw_priority priority;    /* the client's wish, or the default */
    bool has_priority;       /* it said one */
    bool ends;               /* there is no content: END does not come */
    bool is_tunnel;          /* a CONNECT of either kind */
    bool expects_continue;   /* Expect: 100-continue, and content follows */
    bool expects_other;      /* another expectation: 417 */
    /* Status 0; or the request is not to be begun but answered with this (414, 431; 400 for a
     * scheme that is neither http nor https). Then what is above is what had been read, and may be
     * empty. */
    hw_problem problem;
} hw_h2_head;

/* A copy in another arena, each text with a NUL behind it. False: no memory. Valid: as long as the
 * arena's content. */
bool hw_h2_head_copy(hw_arena *arena, const hw_h2_head *head, hw_h2_head *ret_copy);
/* The same for trailers. */
bool hw_h2_trailers_copy(hw_arena *arena, hw_fields trailers, hw_fields *ret_copy);

/* What came of a list of fields. */
typedef enum hw_h2_verdict {
    HW_H2_VERDICT_SOUND,
    HW_H2_VERDICT_TOO_LARGE, /* or otherwise to be answered with head.problem, and not begun */
    HW_H2_VERDICT_MALFORMED, /* head.problem says why: a stream error PROTOCOL_ERROR (RFC 9113 8.1.1) */
    HW_H2_VERDICT_NO_MEMORY,
} hw_h2_verdict;

/* The values of several cookie fields, until they are one. */
typedef struct hw_h2_crumb hw_h2_crumb;
typedef struct hw_h2_crumbs {
    hw_h2_crumb *first, *last;
    size_t bytes; /* of all, put together */
    size_t place; /* in the table of fields */
} hw_h2_crumbs;

/* A list while it is read. Members are the builder's own, but for `head` after the end. */
typedef struct hw_h2_head_builder {
    const hw_h2_head_limits *limits; /* borrowed */
    hw_arena *arena;                 /* borrowed */
    hw_h2_head head;
    hw_field *fields; /* room for all that may come */
    size_t count, room;
    size_t list_bytes;
    hw_h2_crumbs crumbs;
    unsigned pseudo;         /* bits of those that have come */
    uint64_t seen, repeated; /* bits of ids, as HTTP/1 has them */
    hw_h2_verdict verdict;   /* so far */
    bool is_trailers;
} hw_h2_head_builder;

/* A request's head comes, or a trailer section. The arena is empty, and is not used otherwise until
 * the end. */
void hw_h2_head_begin(hw_h2_head_builder *builder, const hw_h2_head_limits *limits, hw_arena *arena,
                      bool is_trailers);
/* The next field. Both texts are copied; any bytes are fine. */
void hw_h2_head_add(hw_h2_head_builder *builder, hw_text name, hw_text value);
/* That was all. ends: no content follows. Then builder->head is filled; of trailers its fields
 * alone, those that may not trail left out (RFC 9110 6.5.1). */
hw_h2_verdict hw_h2_head_end(hw_h2_head_builder *builder, bool ends);

#endif
