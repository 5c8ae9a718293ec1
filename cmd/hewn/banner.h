/* What the program says about itself while it runs. */
#ifndef BANNER_H
#define BANNER_H

#include <stdbool.h>
#include <stdio.h>

#include "count.h"
#include "listen.h"

/* How to speak: to a person at a terminal on standard output, else in plain lines on standard
 * error. */
typedef struct banner {
    FILE *out;
    bool is_terminal, has_colors;
} banner;

banner banner_choose(void);

void banner_greet(const banner *speaker, const char *name, folder_count count,
                  const listening *made);
/* Between the first signal and the end of the server, and after it. */
void banner_stopping(const banner *speaker, hewn_numbers numbers);
void banner_stopped(const banner *speaker, hewn_numbers before, hewn_numbers after, double seconds,
                    bool is_cut_off);

#endif
