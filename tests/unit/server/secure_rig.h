/* A rig whose clients speak TLS. */
#ifndef HW_TESTS_SECURE_RIG_H
#define HW_TESTS_SECURE_RIG_H

#include "unit/net/tls_rig.h"
#include "unit/server/rig.h"

/* The server's certificates, and one client with his connection. Of `tls` the connection is not
 * used. */
typedef struct secure_rig {
    test_rig rig;
    tls_rig tls;
    hw_pipe *pipe;
    tls_client *client;
    bool offers_h2;
} secure_rig;

/* Certificates for a.test and b.test, one each. Fill in secure->rig and offers_h2 before. */
void secure_open(secure_rig *secure);
void secure_close(secure_rig *secure);

/* A connection that the lane has, and a client who has not said anything. */
void secure_connect(secure_rig *secure, const tls_client_wish *wish, size_t room_bytes);
void secure_hang_up(secure_rig *secure);
/* Everything that is on its way arrives, until nobody says anything more. */
void secure_settle(secure_rig *secure);
/* Both; the handshake must succeed. */
void secure_greet(secure_rig *secure, const char *name);
/* The client says it in one record. */
void secure_send(secure_rig *secure, const char *string);
/* What has arrived is exactly this. */
void secure_expect(secure_rig *secure, const char *string);

#endif
