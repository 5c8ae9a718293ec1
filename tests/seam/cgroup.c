/* The processor quota, counted. */
#include "sys/cgroup.h"

#include "seam/script.h"

HW_SCRIPT_REAL(cgroup_processors);

unsigned hw_sys_cgroup_processors(const char *membership, const char *root)
{
    (void)hw_script_take(HW_CALL_cgroup_processors);
    return real_hw_sys_cgroup_processors(membership, root);
}
