/* Whether what a client hears is what it must hear. */
#ifndef HW_TESTS_SIM_CHECK_H
#define HW_TESTS_SIM_CHECK_H

#include "sim/client.h"
#include "sim/reply.h"
#include "sim/request.h"

/* A client's requests, and how far they are answered. */
typedef struct sim_check {
    unsigned client;
    sim_request requests[SIM_REQUESTS_MAX];
    uint64_t ends_at[SIM_REQUESTS_MAX]; /* of all the client sends, once it is sent */
    size_t count, answered;
    sim_reply reply;
    size_t tunnel_at;
    bool is_strict;   /* everything must be answered, and rightly */
    bool is_tunnel;   /* what comes are no messages any more */
    bool is_closing;  /* the last answer said that no other follows */
    bool goes_on;     /* the client has been told to send the content */
    bool has_stopped; /* the server was told to */
    uint64_t read;    /* of the client's bytes, by the server, in the end */
} sim_check;

void sim_check_free(sim_check *check);
/* So many bytes of the client's have arrived; the requests up to `sent` have been sent whole. */
void sim_check_arrived(sim_check *check, uint64_t bytes, size_t sent);
void sim_check_bytes(sim_check *check, hw_text bytes);
void sim_check_end(sim_check *check, bool is_reset);

#endif
