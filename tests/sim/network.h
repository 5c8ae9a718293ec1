/* The network between the server's sockets and the clients. */
#ifndef HW_TESTS_SIM_NETWORK_H
#define HW_TESTS_SIM_NETWORK_H

#include <stdint.h>

#include "base/text.h"
#include "talk/bytes.h"

typedef struct sim_socket sim_socket;

typedef enum sim_heard {
    SIM_HEARD_BYTES,
    SIM_HEARD_NOTHING,
    SIM_HEARD_END,   /* the server has finished, and everything has been taken */
    SIM_HEARD_RESET, /* what had not been taken by then is lost */
} sim_heard;

void sim_network_begin(void);
/* A connection that waits to be accepted; NULL: nobody listens. The id is for telling of it;
 * window_bytes: how much of the server's bytes there may be on the way. */
sim_socket *sim_connect(int id, size_t window_bytes);
/* A refused connection, or one the client has done with; the server's side may still be open. */
void sim_socket_leave(sim_socket *socket);

/* Puts bytes on their way to the server. */
void sim_socket_send(sim_socket *socket, hw_text bytes);
size_t sim_socket_on_the_way(const sim_socket *socket);
/* So many of them arrive, and with the last ones the end. */
void sim_socket_arrive(sim_socket *socket, size_t bytes);
/* How many bytes of the client's have arrived, and the server has read before it ended its side. */
uint64_t sim_socket_arrived(const sim_socket *socket);
uint64_t sim_socket_read(const sim_socket *socket);
void sim_socket_end(sim_socket *socket);
void sim_socket_reset(sim_socket *socket);

/* Takes up to so many of the server's bytes. */
sim_heard sim_socket_take(sim_socket *socket, size_t bytes, talk_bytes *into);
/* Whether there is something to be taken or heard. */
bool sim_socket_has_news(const sim_socket *socket);

/* The server's half of it. */
size_t sim_sockets_accepted_open(void);

#endif
