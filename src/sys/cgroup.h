/* The seam: how much processor time the control group of this process allows. */
#ifndef HW_SYS_CGROUP_H
#define HW_SYS_CGROUP_H

#include <limits.h>

/* The quota as a number of processors, rounded up, at least 1; UINT_MAX when there is none or it
 * cannot be read. membership: a file like /proc/self/cgroup; root: where control groups are
 * mounted. */
unsigned hw_sys_cgroup_processors(const char *membership, const char *root);

#endif
