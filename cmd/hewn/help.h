/* What the table of options says to people. */
#ifndef HELP_H
#define HELP_H

#include <stdio.h>

#include "table.h"

/* Of a row: "-l, --listen ADDR"; "--spa[=FILE]". Returns how many characters it took. */
int help_print_name(FILE *out, const option_row *row);
/* Bounds and default in sentences, each with a space before it; nothing where there is neither. */
void help_print_bounds(FILE *out, const option_row *row);

/* One screen on standard output. */
void help_print_screen(void);
/* Everything, by topics. */
void help_print_all(void);
/* Of one topic ("limits") or option ("port", "--port", "-p"); NULL: the screen. An unknown one is
 * explained on standard error. Returns an exit status of status.h. */
int help_print_about(const char *word);

#endif
