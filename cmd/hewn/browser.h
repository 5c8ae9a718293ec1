/* A browser that shows what is served. */
#ifndef BROWSER_H
#define BROWSER_H

#include "hewn/server.h"

/* Starts one on the server's first address that a browser can use, and waits for nothing. What goes
 * wrong is said in a line on standard error. */
void browser_open(const hewn_server *server, bool is_secure);

#endif
