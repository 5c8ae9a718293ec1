/* hewn explain: what would be answered, and why. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "hewn/server.h"

/* Prints what a server with these options would answer to a browser that asks for a URL or a path of
 * this folder, which is called `name`. 0, also where the answer is a 404: to learn why is what one
 * asks for; or what hewn_files_explain says. */
int explain_print(int folder_fd, const char *name, const hewn_files_opts *files, const char *url,
                  hewn_fault *ret_fault);

#endif
