/* The log of a server: a sink that writes a line for each finished exchange. */
#ifndef HW_WATCH_LOG_H
#define HW_WATCH_LOG_H

#include <stdatomic.h>

#include "base/sink.h"

typedef enum hw_log_format {
    HW_LOG_OFF,
    HW_LOG_PRETTY,
    HW_LOG_JSON,
    HW_LOG_COMBINED,
} hw_log_format;

/* "off", "pretty", "json", "combined". False: none of them. */
bool hw_log_format_of(const char *name, hw_log_format *ret_format);

typedef struct hw_log {
    hw_log_format format;
    int fd;             /* borrowed; records and steps */
    int fault_fd;       /* borrowed; faults, in words */
    bool colors;        /* pretty: status codes in colour */
    atomic_ullong lost; /* lines that could not be written whole */
} hw_log;

void hw_log_init(hw_log *log, hw_log_format format, int fd, int fault_fd, bool colors);

/* Writes what a sink is told: a record as a line, unless the format is off; a fault as
 * "hewn: where: what"; a step as "step FILE  WHAT". arg is the hw_log: the function fits
 * hw_sink.take. A line that cannot be written, or not whole, is counted and forgotten.
 * Threads: any number at a time; one write a line keeps lines whole. */
void hw_log_take(void *arg, hw_sink_kind kind, const void *item);

#endif
