/* The driver for connections that a proxy makes for a client: it says first which one (net/proxy_header.h). */
#ifndef HW_SERVER_CONN_PROXIED_H
#define HW_SERVER_CONN_PROXIED_H

#include "server/conn.h"

/* A connection that nobody may make has been closed, or a header is none: no more than one of them is
 * told of in this time, in each lane. */
#define HW_CONN_PROXIED_QUIET_MS 1000

/* Reads the header. Afterwards the stream's peer is the client that it names, and the stream, with TLS
 * over it (NULL: none), has a connection like any other. Owns: the stream, also on failure. 0, or
 * -ENOMEM. */
int hw_conn_proxied_open(hw_lane *lane, hw_tls *tls, hw_stream *stream);
/* Closes the stream of somebody who may say for nobody else, and tells of it. */
void hw_conn_proxied_refuse(hw_lane *lane, hw_stream *stream);

#endif
