/* What a client says, encrypted, and what it hears, decrypted: no socket. */
#ifndef HW_TESTS_FAULT_TLS_H
#define HW_TESTS_FAULT_TLS_H

#include <stdbool.h>

#include "talk/bytes.h"

typedef struct fault_tls fault_tls;

fault_tls *fault_tls_new(void);
void fault_tls_free(fault_tls *tls); /* NULL is fine */

/* What has come, and what it says, as far as that can be seen. False: the server, whatever failed in
 * it, has sent what nobody can read. */
bool fault_tls_hear(fault_tls *tls, hw_text wire, talk_bytes *heard);
/* Waits in here for the handshake to be over. */
void fault_tls_say(fault_tls *tls, hw_text bytes);
/* That nothing more will be said. */
void fault_tls_end(fault_tls *tls);
/* Whether the server has said so. */
bool fault_tls_is_ended(const fault_tls *tls);

/* What is to be sent; what was is taken. */
hw_text fault_tls_output(fault_tls *tls);
void fault_tls_take(fault_tls *tls, size_t bytes);

#endif
