/* The file of the log. */
#ifndef LOG_FILE_H
#define LOG_FILE_H

#include "hewn/server.h"

/* Opens it to append, and makes it where there is none. A failure is explained on standard error.
 * Returns an exit status of status.h. */
int log_file_open(const char *path, int *ret_fd);
/* Opens it anew and has the server go on there; where that fails it says so, and the server keeps
 * the one it has. */
void log_file_reopen(const char *path, hewn_server *server);

#endif
