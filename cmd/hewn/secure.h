/* TLS, as the command line asks for it. */
#ifndef SECURE_H
#define SECURE_H

#include "hewn/server.h"
#include "options.h"

typedef struct said_tls {
    hewn_tls_opts opts;
    hewn_certificate certificates[OPTION_LIST_MAX];
    char *memory[OPTION_LIST_MAX];
    hewn_certificate_paths development; /* of --tls dev */
} said_tls;

/* Reads --tls and what goes with it. A mistake is explained on standard error. Returns an exit status of
 * status.h; secure_free it either way. It is not moved: it points into itself. */
int secure_read(const options *chosen, said_tls *ret_said);
void secure_free(said_tls *said);
/* The file of a certificate, a key or clients' authorities that a fault is about; NULL: of none of them. */
const char *secure_find_file(const hewn_tls_opts *tls, const hewn_fault *fault);
/* Explains it. Returns an exit status of status.h. */
int secure_refuse_file(const char *file, const hewn_fault *fault);
/* What is to be listened with; NULL: HTTP in clear. */
const hewn_tls_opts *secure_opts(const said_tls *said);

#endif
