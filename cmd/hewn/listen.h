/* Addresses to listen on, and a server that does. */
#ifndef LISTEN_H
#define LISTEN_H

#include "hewn/server.h"
#include "options.h"

typedef struct listening {
    hewn_server *server;
    int wanted_port, port; /* differ where the default port was taken; -1: only -l was given */
    hewn_fault taken;      /* then: by whom */
    size_t secure;         /* so many of its addresses speak TLS: the first */
} listening;

/* Makes a server that listens where the options say; `setup` has everything but the addresses;
 * `tls` may be NULL. A failure is explained on standard error. Returns an exit status of status.h. */
int listen_open(hewn_app *app, const options *chosen, const hewn_server_opts *setup,
                const hewn_tls_opts *tls, listening *ret_listening);

/* Whether nobody but this machine can ask: every address is of the loopback. */
bool listen_is_loopback(const options *chosen);

#endif
