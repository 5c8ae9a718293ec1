/* Where the files of certificates for development are. */
#ifndef HW_RUN_DEVELOPMENT_H
#define HW_RUN_DEVELOPMENT_H

#include "base/error.h"
#include "hewn/server.h"
#include "run/vault.h"

/* "ca.pem" and its like. */
#define HW_DEVELOPMENT_CERTIFICATE "cert.pem"

/* The folder that was given, or else the user's own. -ENOENT: nothing says where that is. */
int hw_development_folder(const char *given, hw_fault *fault, char ret_path[HW_VAULT_PATH_BYTES]);
/* For the caller, who may not want it (NULL). Returns the fault's error, negative. */
int hw_development_blame(const hw_fault *fault, hewn_fault *ret_fault);

#endif
