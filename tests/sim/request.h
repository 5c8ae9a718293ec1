/* Requests as clients may send them, and what a slow reading of the standards says of the
 * answer. */
#ifndef HW_TESTS_SIM_REQUEST_H
#define HW_TESTS_SIM_REQUEST_H

#include <stdint.h>

#include "talk/bytes.h"

typedef enum sim_proof {
    SIM_PROOF_NONE, /* the content says nothing */
    SIM_PROOF_TEXT, /* it is exactly this */
    SIM_PROOF_FILE, /* it is this part of a file */
} sim_proof;

typedef struct sim_request {
    const char *kind;
    talk_bytes bytes;
    size_t pause_at; /* so many are sent before the client has been told to go on; 0: all */
    int status, other_status; /* of the answer; 0: no other */
    sim_proof proof;
    talk_bytes content;
    size_t file;
    uint64_t first, length;
    bool to_head;
    bool closes;      /* no answer comes after this one */
    bool may_close;   /* nor, perhaps, after this one */
    bool is_cut;      /* an answer with `status` never completes */
    bool is_tunnel;   /* what follows are not messages */
    unsigned version; /* of the file, when the request had arrived */
    bool has_arrived;
} sim_request;

/* Draws a request with a name of its own. is_last: it may end the connection. */
void sim_request_draw(sim_request *request, unsigned id, bool is_last);
void sim_request_free(sim_request *request);

#endif
