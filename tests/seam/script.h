/* What the second set of hw_sys_* functions asks of the script. */
#ifndef HW_TESTS_SCRIPT_H
#define HW_TESTS_SCRIPT_H

#include <stddef.h>

/* clang-format off */
#define HW_SCRIPT_CALLS(X)                                                                         \
    X(open_folder) X(open_folder_at) X(open_beneath) X(open) X(stat) X(read) X(read_at) X(write)   \
    X(duplicate) X(unlink) X(read_folder) X(read_link)                                             \
    X(notice_new) X(notice_add) X(notice_remove)                                                   \
    X(poll_new) X(poll_add) X(poll_remove) X(poll_wait) X(event_new) X(event_post) X(event_take)   \
    X(processors) X(cgroup_processors) X(cgroup_memory) X(memory_bytes) X(descriptors_raise) X(descriptors_open) X(signals_block) X(signal_wait)        \
    X(is_terminal) X(random)                                                                       \
    X(socket) X(bind) X(listen) X(accept) X(connect) X(set_option) X(get_option) X(local_address)  \
    X(receive) X(send) X(send_file) X(shutdown_send) X(close) X(thread_start) X(thread_join)  \
    X(thread_signal) X(open_pipe) X(unblock) X(count_unsent) X(poll_write) X(thread_detach)        \
    X(read_cached) X(is_cached) X(is_in_memory) X(size)
/* clang-format on */

typedef enum hw_script_call {
#define HW_SCRIPT_ENUMERATOR(name) HW_CALL_##name,
    HW_SCRIPT_CALLS(HW_SCRIPT_ENUMERATOR)
#undef HW_SCRIPT_ENUMERATOR
        HW_SCRIPT_CALL_COUNT
} hw_script_call;

/* Counts the call: 0 when it may go ahead, or the negative errno it must return. */
int hw_script_take(hw_script_call call);
/* How many of these bytes the call may move. */
size_t hw_script_limit(hw_script_call call, size_t bytes);

/* Declares real_hw_sys_x as hw_sys_x was declared. */
#define HW_SCRIPT_REAL(name) extern __typeof__(hw_sys_##name) real_hw_sys_##name

#endif
