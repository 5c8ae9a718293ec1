/* Texts from elsewhere (arguments, file names, process names) on somebody's terminal. */
#ifndef SHOW_H
#define SHOW_H

#include <stdint.h>
#include <stdio.h>

/* The text with every control character, C1 ones in UTF-8 included, replaced by '?'. */
void show_text(FILE *out, const char *text);
/* The text as a shell takes it: quoted where it must be. */
void show_argument(FILE *out, const char *text);

/* The system's words for an errno value, never NULL. */
const char *show_error(int error);

/* "1 file", "214 files". */
void show_count(FILE *out, uint64_t count, const char *noun);
/* "17 B", "4.2 kB", "66 kB": what travels is told in thousands. */
void show_traffic(FILE *out, uint64_t bytes);
/* "17 B", "6.1 MiB": what lies on a disk is told in 1024s. */
void show_size(FILE *out, uint64_t bytes);

#endif
