/* The seam: how much processor time and memory the control group of this process allows. */
#ifndef HW_SYS_CGROUP_H
#define HW_SYS_CGROUP_H

#include <limits.h>
#include <stdint.h>

/* The quota as a number of processors, rounded up, at least 1; UINT_MAX when there is none or it
 * cannot be read. membership: a file like /proc/self/cgroup; root: where control groups are
 * mounted. */
unsigned hw_sys_cgroup_processors(const char *membership, const char *root);
/* The limit of memory in bytes; UINT64_MAX when there is none or it cannot be read. */
uint64_t hw_sys_cgroup_memory(const char *membership, const char *root);

#endif
