/* From the limits of include/hewn/server.h to those of the server. */
#ifndef HW_RUN_LIMITS_H
#define HW_RUN_LIMITS_H

#include "base/error.h"
#include "hewn/server.h"
#include "server/limits.h"

/* given NULL: the defaults. 0, or -EINVAL and the fault: it is not a struct this version knows. */
int hw_run_limits_read(const hewn_limits *given, hw_fault *fault, hw_limits *ret_limits);

/* The other way: nothing of what it returns is 0. */
hewn_limits hw_run_limits_show(const hw_limits *limits);

#endif
