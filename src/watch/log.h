/* The log of a server: a sink for each of its loops, which write a line for each finished exchange.
 */
#ifndef HW_WATCH_LOG_H
#define HW_WATCH_LOG_H

#include "base/sink.h"

typedef enum hw_log_format {
    HW_LOG_OFF,
    HW_LOG_PRETTY,
    HW_LOG_JSON,
    HW_LOG_COMBINED,
} hw_log_format;

/* "off", "pretty", "json", "combined". False: none of them. */
bool hw_log_format_of(const char *name, hw_log_format *ret_format);

typedef struct hw_log hw_log;

typedef struct hw_log_setup {
    hw_log_format format;
    int fd;       /* borrowed during hw_log_new; records and steps */
    int fault_fd; /* borrowed; faults, in words */
    bool colors;  /* pretty: status codes in colour */
    bool steps;   /* of traced requests */
    bool
        is_watched; /* somebody looks on: a line is shown when its loop is about to wait, not within
                        a second */
    unsigned loops;
    int end_ms; /* how long hw_log_end may take */
} hw_log_setup;

/* 0, or a negative errno. */
int hw_log_new(const hw_log_setup *setup, hw_log **ret_log);
/* What a loop tells: a record becomes a line, unless the format is off; a step "step FILE  WHAT";
 * they are written by the log's own thread, in their order. A fault is written at once as
 * "hewn: where: what". Lines that find no room are counted and lost; taking never blocks but for a
 * fault. Valid: as long as the log. Threads: the loop's. */
hw_sink hw_log_sink(hw_log *log, unsigned loop);

/* Goes on behind another fd, borrowed during the call. 0, or a negative errno: it stays where it is.
 * Threads: any. */
int hw_log_turn_to(hw_log *log, int fd);
/* Starts to write, if there is anything to be written. 0, or a negative errno. */
int hw_log_start(hw_log *log);
/* Writes what has been told and tells how many lines were lost, if any. The first time; after that,
 * or when it has not started, it does nothing. Threads: not while loops run. */
void hw_log_end(hw_log *log);
void hw_log_free(hw_log *log); /* after hw_log_end; NULL is fine */

#endif
