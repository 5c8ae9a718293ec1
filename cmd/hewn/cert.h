/* hewn cert: certificates. */
#ifndef CERT_H
#define CERT_H

#include "hewn/server.h"

#include "options.h"

/* The certificate for development, made where need be, also for the private addresses that this
 * machine has now. Returns an exit status of status.h; a failure is explained on standard error. */
int cert_find(const option_list *names, hewn_certificate_paths *ret_paths);

/* hewn cert dev [NAME...] */
int cert_dev(const option_list *names);
/* hewn cert show [FILE]; NULL: the one for development. */
int cert_show(const char *file);

#endif
