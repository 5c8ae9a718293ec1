/* A stream over a connected socket: TCP, and Unix stream sockets, which take the same calls. */
#ifndef HW_NET_TCP_H
#define HW_NET_TCP_H

#include "base/budget.h"
#include "base/sink.h"
#include "loop/loop.h"
#include "net/stream.h"

/* What a stream takes while its connection is idle, at most. */
#define HW_TCP_STREAM_BYTES_MAX 80

/* Streams of one loop, and the memory of those that were closed: a busy loop allocates none. */
typedef struct hw_tcp_pool {
    hw_loop *loop;
    const hw_sink *sink; /* for steps; may be NULL */
    hw_budget *budget;   /* for their memory; may be NULL */
    struct tcp_spare *spares;
    unsigned spare_count;
} hw_tcp_pool;

/* Nothing of it needs an init but loop, sink and budget. After fini, which frees the spares, it is
 * as new. */
void hw_tcp_pool_fini(hw_tcp_pool *pool);

/* Owns: fd, from success on. 0, or -ENOMEM. on_ready is called on the pool's loop; set it and `arg`
 * before the stream is watched. */
int hw_tcp_open(hw_tcp_pool *pool, int fd, const hw_peer *peer, hw_stream **ret_stream);

#endif
