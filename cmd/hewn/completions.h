/* What the table of options says to other programs. */
#ifndef COMPLETIONS_H
#define COMPLETIONS_H

/* Prints the completions of bash, zsh or fish, or the options of the manual page ("man"). Anything
 * else is explained on standard error. Returns an exit status of status.h. */
int completions_print(const char *form);

#endif
