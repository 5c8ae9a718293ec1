/* The signals that end a server. */
#ifndef HW_RUN_SIGNALS_H
#define HW_RUN_SIGNALS_H

#include <stdbool.h>

/* Blocks SIGINT, SIGTERM and SIGPIPE in the calling thread: those that come wait for
 * hewn_server_run. */
void hw_signals_hold(void);
/* Waits for SIGINT or SIGTERM, for so long at most: whether one came. */
bool hw_signals_came(unsigned ms);

#endif
