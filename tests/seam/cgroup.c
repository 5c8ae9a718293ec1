/* The limits of the control group, counted. */
#include "sys/cgroup.h"

#include "seam/script.h"

HW_SCRIPT_REAL(cgroup_processors);
HW_SCRIPT_REAL(cgroup_memory);

unsigned hw_sys_cgroup_processors(const char *membership, const char *root)
{
    (void)hw_script_take(HW_CALL_cgroup_processors);
    return real_hw_sys_cgroup_processors(membership, root);
}

uint64_t hw_sys_cgroup_memory(const char *membership, const char *root)
{
    (void)hw_script_take(HW_CALL_cgroup_memory);
    return real_hw_sys_cgroup_memory(membership, root);
}
