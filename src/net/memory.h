/* A stream in memory: the server's end is a hw_stream like any other, the client's end is held by a
 * test (or by whoever runs a handler without a socket). It lives on a manual loop: nothing is
 * watched, a change queues a turn. */
#ifndef HW_NET_MEMORY_H
#define HW_NET_MEMORY_H

#include "net/stream.h"

typedef struct hw_pipe hw_pipe;

/* room_bytes: how much the server may have written that the client has not taken. Both ends must be
 * closed; the second to go frees. 0, or -ENOMEM. */
int hw_pipe_new(size_t room_bytes, hw_pipe **ret_client, hw_stream **ret_server);

/* The client's end. */
int hw_pipe_send(hw_pipe *pipe, hw_text bytes); /* 0; -ENOMEM; -EPIPE: the server has closed */
void hw_pipe_end_send(hw_pipe *pipe);           /* the server reads its end */
void hw_pipe_reset(hw_pipe *pipe); /* the server's next read and write fail with -ECONNRESET */
/* What the server has written and nobody has taken yet. Valid: until the next call. */
hw_text hw_pipe_received(const hw_pipe *pipe);
void hw_pipe_take(hw_pipe *pipe, size_t bytes); /* so much of it is done with */
bool hw_pipe_is_ended(
    const hw_pipe *pipe); /* the server has ended its writing or closed: nothing will follow */
bool hw_pipe_is_broken_off(const hw_pipe *pipe); /* what it has written is not all */
bool hw_pipe_is_closed(const hw_pipe *pipe);     /* the server has closed */
void hw_pipe_close(hw_pipe *pipe);

#endif
