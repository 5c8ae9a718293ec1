/* The terminal a program was started on. */
#ifndef HANGUP_H
#define HANGUP_H

#include <stdbool.h>

/* Whether SIGHUP was ignored when this began, as nohup has it. Before anything else is done to it.
 */
bool hangup_is_ignored(void);
/* Whether one of the standard descriptors is a terminal that has gone. */
bool hangup_has_come(void);

#endif
