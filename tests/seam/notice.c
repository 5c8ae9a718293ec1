/* Notices of changes that fail when a test says so. */
#include "sys/notice.h"

#include "seam/script.h"

HW_SCRIPT_REAL(notice_new);
HW_SCRIPT_REAL(notice_add);
HW_SCRIPT_REAL(notice_remove);

int hw_sys_notice_new(void)
{
    int failure = hw_script_take(HW_CALL_notice_new);
    return failure ? failure : real_hw_sys_notice_new();
}

int hw_sys_notice_add(int notice, int fd, const char *name, uint32_t mask)
{
    int failure = hw_script_take(HW_CALL_notice_add);
    return failure ? failure : real_hw_sys_notice_add(notice, fd, name, mask);
}

int hw_sys_notice_remove(int notice, int number)
{
    int failure = hw_script_take(HW_CALL_notice_remove);
    return failure ? failure : real_hw_sys_notice_remove(notice, number);
}
