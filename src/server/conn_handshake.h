/* The driver for connections whose stream is not ready to be used: a handshake comes first. */
#ifndef HW_SERVER_CONN_HANDSHAKE_H
#define HW_SERVER_CONN_HANDSHAKE_H

#include "server/conn.h"

/* Afterwards the stream has a connection of the protocol that was agreed on. Owns: the stream, also on
 * failure. 0, or -ENOMEM. */
int hw_conn_handshake_open(hw_lane *lane, hw_stream *stream);

#endif
