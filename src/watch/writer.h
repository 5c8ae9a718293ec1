/* The one thread that writes a log, so that no loop ever waits for a disk, a pipe or a terminal. */
#ifndef HW_WATCH_WRITER_H
#define HW_WATCH_WRITER_H

#include "watch/spool.h"

typedef struct hw_log_writer hw_log_writer;

/* A writer with `count` spools, at least one. What is behind fd is the writer's own from now on: a
 * pipe is opened anew, so as not to block, anything else duplicated. fault_fd (duplicated too) is
 * told of lines that are lost: when that begins, and when it has ended. 0, or a negative errno. */
int hw_log_writer_new(int fd, int fault_fd, unsigned count, hw_log_writer **ret_writer);
/* Threads: that of the loop which fills it. */
hw_spool *hw_log_writer_spool(hw_log_writer *writer, unsigned index);

/* 0, or a negative errno: then it is not running. */
int hw_log_writer_start(hw_log_writer *writer);
/* Makes it look at its spools. Threads: any. */
void hw_log_writer_wake(hw_log_writer *writer);
/* Goes on behind another fd, of which it makes its own as at the beginning: what is written next
 * goes there, and begins with a whole line. 0, or a negative errno: it stays where it is. Threads:
 * any, until it is freed. */
int hw_log_writer_turn_to(hw_log_writer *writer, int fd);
/* Writes what there is in all spools and ends; within end_ms, whatever happens. A writer that is
 * not running has ended. Threads: not while loops still fill spools. */
void hw_log_writer_end(hw_log_writer *writer, int end_ms);
/* Lines that could not be written, and, when it has ended, never will be. Threads: any. */
unsigned long long hw_log_writer_count_lost(const hw_log_writer *writer);
/* NULL is fine. Not while it is running (asserted). */
void hw_log_writer_free(hw_log_writer *writer);

#endif
