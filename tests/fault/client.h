/* The client's side: a socket that does not wait, and what came over it. It uses nothing of the
 * seam, so that nothing of it can be made to fail. */
#ifndef HW_TESTS_FAULT_CLIENT_H
#define HW_TESTS_FAULT_CLIENT_H

#include <stdint.h>

#include "fault/tls.h"

typedef struct fault_client {
    int fd; /* -1: none */
    talk_bytes heard;
    bool is_ended;     /* nothing more will come */
    bool is_broken;    /* the connection was reset; over TLS also, without a word it ended */
    bool is_secure;    /* it speaks TLS */
    bool is_senseless; /* what came over TLS nobody can read */
    fault_tls *tls;    /* NULL: in clear, or not connected */
} fault_client;

/* Forgets what was heard. False: refused. */
bool fault_client_connect(fault_client *client, uint16_t port);
bool fault_client_connect_unix(fault_client *client, const char *path);
void fault_client_close(fault_client *client); /* what was heard stays */
void fault_client_free(fault_client *client);
/* Nothing more will be sent. */
void fault_client_end(fault_client *client);

/* How many bytes it took; 0: none now, or never. */
size_t fault_client_send(fault_client *client, hw_text bytes);
/* Everything that is there, after up to wait_ms. True: something new, or the end. */
bool fault_client_hear(fault_client *client, int wait_ms);

#endif
