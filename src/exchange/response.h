/* What is answered: a status, fields and a body, built in the exchange's arena. Building never
 * fails half-way: without memory the response is marked `is_broken`, and the driver answers a
 * static 500 in its place. */
#ifndef HW_EXCHANGE_RESPONSE_H
#define HW_EXCHANGE_RESPONSE_H

#include "exchange/body.h"
#include "exchange/prepared.h"

typedef enum hw_response_kind {
    HW_RESPONSE_NONE,    /* not answered (yet) */
    HW_RESPONSE_STARVED, /* no descriptor was to be had: the answerer wants to be asked again */
    HW_RESPONSE_MESSAGE, /* head and body */
    HW_RESPONSE_TUNNEL,  /* a head, then bytes both ways until either side ends (101, or 200 to
                            CONNECT) */
} hw_response_kind;

struct hewn_response {
    hw_response_kind kind;
    int status;
    hw_field *fields; /* an array in the arena that grows */
    size_t field_count, field_capacity;
    hw_source *body;       /* NULL: empty. Owned: dropped when it is sent or given up */
    hw_prepared *prepared; /* NULL, or where status and the first fields come from */
    hw_arena *arena;
    const char *detail; /* of an error, for who writes its page; NULL: the status says it all */
    bool is_broken;     /* something could not be built */
    bool is_spoiled;    /* the answerer has done what it must not; starting over does not mend it */
    bool is_plain;      /* its body is only words for its status */
};
typedef struct hewn_response hw_response;

/* Starts over with this status: fields and prepared head are gone, the body is dropped. */
void hw_response_start(hw_response *response, int status);
/* Starts over with a prepared head, and takes the body, as hw_response_take_body does. */
void hw_response_start_prepared(hw_response *response, hw_prepared *prepared, hw_source *body);
/* Appends a field. Name and value are borrowed: literals, or memory of the arena. A value that
 * cannot be sent (RFC 9110 5.5) breaks the response. Content-Length, Connection, Transfer-Encoding
 * and Date are the driver's. */
void hw_response_add(hw_response *response, hw_field_id id, hw_text value);
void hw_response_add_name(hw_response *response, hw_text name, hw_text value);
/* Replaces all fields of this name by one. */
void hw_response_set_name(hw_response *response, hw_text name, hw_text value);
/* Takes the source (NULL breaks the response: the maker had no memory) and drops the one before. */
void hw_response_take_body(hw_response *response, hw_source *body);
/* A body of bytes that live as long as the arena. */
void hw_response_set_bytes(hw_response *response, hw_text bytes);
/* Starts over: a short text/plain answer, "Not Found\n", or with the words given, which are copied
 * and become its detail. */
void hw_response_plain(hw_response *response, int status, const char *words);

#endif
