/* Facts about the process, counted, and failing where they can when a test says so. */
#include "sys/process.h"

#include "seam/script.h"

HW_SCRIPT_REAL(processors);
HW_SCRIPT_REAL(memory_bytes);
HW_SCRIPT_REAL(descriptors_raise);
HW_SCRIPT_REAL(descriptors_open);
HW_SCRIPT_REAL(signals_block);
HW_SCRIPT_REAL(signal_wait);
HW_SCRIPT_REAL(signal_wait_for);
HW_SCRIPT_REAL(is_terminal);
HW_SCRIPT_REAL(variable);
HW_SCRIPT_REAL(host_name);
HW_SCRIPT_REAL(user);

unsigned hw_sys_processors(void)
{
    (void)hw_script_take(HW_CALL_processors);
    return real_hw_sys_processors();
}

/* A rule makes it unknown. */
uint64_t hw_sys_memory_bytes(void)
{
    return hw_script_take(HW_CALL_memory_bytes) ? 0 : real_hw_sys_memory_bytes();
}

int64_t hw_sys_descriptors_raise(void)
{
    int failure = hw_script_take(HW_CALL_descriptors_raise);
    return failure ? failure : real_hw_sys_descriptors_raise();
}

int64_t hw_sys_descriptors_open(void)
{
    (void)hw_script_take(HW_CALL_descriptors_open);
    return real_hw_sys_descriptors_open();
}

int hw_sys_signals_block(const sigset_t *signals)
{
    int failure = hw_script_take(HW_CALL_signals_block);
    return failure ? failure : real_hw_sys_signals_block(signals);
}

int hw_sys_signal_wait_for(const sigset_t *signals, unsigned ms)
{
    int failure = hw_script_take(HW_CALL_signal_wait_for);
    return failure ? failure : real_hw_sys_signal_wait_for(signals, ms);
}

int hw_sys_signal_wait(const sigset_t *signals)
{
    int failure = hw_script_take(HW_CALL_signal_wait);
    return failure ? failure : real_hw_sys_signal_wait(signals);
}

bool hw_sys_is_terminal(int fd)
{
    (void)hw_script_take(HW_CALL_is_terminal);
    return real_hw_sys_is_terminal(fd);
}

const char *hw_sys_variable(const char *name)
{
    (void)hw_script_take(HW_CALL_variable);
    return real_hw_sys_variable(name);
}

int hw_sys_host_name(char *ret_name, size_t bytes)
{
    int failure = hw_script_take(HW_CALL_host_name);
    return failure ? failure : real_hw_sys_host_name(ret_name, bytes);
}

/* A rule makes it somebody else. */
unsigned hw_sys_user(void)
{
    return real_hw_sys_user() + (hw_script_take(HW_CALL_user) != 0);
}
