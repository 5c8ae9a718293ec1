/* Failures of the world are negative errno values; 0 or a count is success. While a program sets
 * itself up, a fault says the same in words, for the person who has to mend it. */
#ifndef HW_BASE_ERROR_H
#define HW_BASE_ERROR_H

#include <errno.h>
#include <stdarg.h>

typedef struct hw_fault {
    int error;        /* errno, positive; 0 while nothing went wrong */
    int line, column; /* in a file, else 0 */
    char what[200];   /* "already in use" */
    char where[200];  /* "127.0.0.1:8080" */
} hw_fault;

/* Fills the fault (NULL is allowed) and returns -error, so that a caller can write `return
 * hw_fault_set(...)`. Words that are too long are cut; where may be NULL; line and column become 0.
 * error must be positive (asserted). */
int hw_fault_set(hw_fault *fault, int error, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int hw_fault_setv(hw_fault *fault, int error, const char *where, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

/* The system's words for an errno value (either sign), never NULL, safe in every thread. */
const char *hw_error_words(int error);

#endif
