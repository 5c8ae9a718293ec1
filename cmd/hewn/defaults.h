/* Every default, and where it comes from. */
#ifndef DEFAULTS_H
#define DEFAULTS_H

#include "hewn/server.h"

/* Prints them, a line an option. What this machine decides is taken from a server that was made with
 * no option at all. */
void defaults_print(const hewn_server *server);

#endif
