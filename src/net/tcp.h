/* A stream over a connected socket: TCP, and Unix stream sockets, which take the same calls. */
#ifndef HW_NET_TCP_H
#define HW_NET_TCP_H

#include "base/sink.h"
#include "loop/loop.h"
#include "net/stream.h"

/* Watches the socket on the loop, edge-triggered, once. Owns: fd, from success on. 0, or a negative
 * errno. on_ready is called on the loop; set it and `arg` before the next step. sink: for steps;
 * may be NULL. */
int hw_tcp_open(hw_loop *loop, int fd, const char *peer, const hw_sink *sink,
                hw_stream **ret_stream);

#endif
