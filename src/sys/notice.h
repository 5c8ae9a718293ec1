/* The seam: being told of changes to files (inotify).
 * All return 0 or a descriptor or a number, or a negative errno; hw_sys_read reads what is told. */
#ifndef HW_SYS_NOTICE_H
#define HW_SYS_NOTICE_H

#include <stdint.h>
#include <sys/inotify.h>

/* A descriptor that does not block, from which struct inotify_event is read. */
int hw_sys_notice_new(void);
/* Watches what `name` leads to below a folder's descriptor ("" is what the descriptor itself is
 * open on): the number its events will have, the same for whatever leads to the same file. Follows
 * symbolic links. -EREMOTE: that file system is not known to tell of all changes.
 * Threads: any. */
int hw_sys_notice_add(int notice, int fd, const char *name, uint32_t mask);
int hw_sys_notice_remove(int notice, int number);

#endif
