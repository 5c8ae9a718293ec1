/* Where a server listens, and how it is spoken to there. */
#ifndef HW_RUN_LISTEN_H
#define HW_RUN_LISTEN_H

#include "run/server.h"

/* Binds the addresses of the options, or those of every server that is given none. The server's core is
 * made with the rest of the setup. 0, or a negative errno and the fault in words. */
int hw_run_listen(hewn_server *server, hw_server_setup *setup, const hewn_server_opts *opts,
                  hw_fault *fault);
/* The same, and nobody can connect but through hw_server_connect. */
int hw_run_listen_nowhere(hewn_server *server, hw_server_setup *setup, hw_fault *fault);
/* Lets go of what TLS has; the core has ended. */
void hw_run_listen_end(hewn_server *server);

#endif
