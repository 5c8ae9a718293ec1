/* Every call of the seam that a script can make fail, and every errno with which it can: those of
 * its manual page that its contract in src/sys lets through (EINTR is retried there, so only a call
 * that hands it on has it here; EAGAIN of an event's counter is no failure; EBADF, EFAULT and the
 * like are mistakes of ours, not of the world).
 * A row without an errno does not compile: CANNOT_FAIL says that there is none. */
#ifndef HW_TESTS_CALLS_H
#define HW_TESTS_CALLS_H

#define CANNOT_FAIL 0

/* clang-format off */
#define HW_SCRIPT_CALLS(X)                                                                         \
    X(open_folder, EACCES, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENOENT, ENOMEM, ENOTDIR, EIO)      \
    X(open_folder_at, EACCES, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENOENT, ENOMEM, ENOTDIR, EIO)   \
    X(open_beneath, EACCES, EAGAIN, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENODEV, ENOENT,   \
      ENOMEM, ENOSYS, ENOTDIR, ENXIO, EOVERFLOW, EPERM, EXDEV, EIO, ESTALE, ETXTBSY)               \
    X(open_at, EACCES, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENOENT, ENOMEM, ENOTDIR, ENXIO, EIO)   \
    X(open, EACCES, ELOOP, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTDIR, ENXIO, EIO, EPERM)             \
    X(stat, EACCES, ENOMEM, EOVERFLOW, EIO, ESTALE)                                                \
    X(read, EAGAIN, EIO, EISDIR, ENOMEM, EINVAL)                                                   \
    X(read_at, EAGAIN, EIO, ENOMEM, EOVERFLOW, ESTALE)                                     \
    X(write, EAGAIN, EDQUOT, EFBIG, EIO, ENOSPC, EPERM, EPIPE)                                     \
    X(duplicate, EMFILE)                                                                           \
    X(unlink, EACCES, EBUSY, EIO, ENOENT, EPERM, EROFS)                                            \
    X(find_beneath, EACCES, EAGAIN, ELOOP, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTDIR, EXDEV, EIO)    \
    X(stat_at, EACCES, EIO, ELOOP, ENOENT, ENOMEM, ENOTDIR, ESTALE)                                \
    X(read_folder, EIO, ENOENT, ENOTDIR, EINVAL)                                                   \
    X(read_link, EACCES, EINVAL, EIO, ELOOP, ENOENT, ENOMEM, ENOTDIR)                              \
    X(notice_new, EMFILE, ENFILE, ENOMEM, ENOSYS)                                                  \
    X(notice_add, EACCES, EEXIST, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC, ENOTDIR, EREMOTE)   \
    X(notice_remove, EINVAL)                                                                       \
    X(poll_new, EMFILE, ENFILE, ENOMEM)                                                            \
    X(poll_add, ENOMEM, ENOSPC, EPERM, EEXIST, ELOOP)                                              \
    X(poll_remove, ENOENT, ENOMEM)                                                                 \
    X(poll_wait, EINTR, EINVAL)                                                                    \
    X(event_new, EMFILE, ENFILE, ENODEV, ENOMEM)                                                   \
    X(event_post, CANNOT_FAIL)                                                                     \
    X(event_take, CANNOT_FAIL)                                                                     \
    X(alarm_new, EMFILE, ENFILE, ENODEV, ENOMEM)                                                   \
    X(alarm_set, CANNOT_FAIL)                                                                      \
    X(processors, CANNOT_FAIL)                                                                     \
    X(cgroup_processors, CANNOT_FAIL)                                                              \
    X(cgroup_memory, CANNOT_FAIL)                                                                  \
    X(memory_bytes, CANNOT_FAIL)                                                                   \
    X(descriptors_raise, EPERM)                                                                    \
    X(descriptors_open, CANNOT_FAIL)                                                               \
    X(signals_block, EINVAL)                                                                       \
    X(signal_wait, EINVAL)                                                                         \
    X(signal_wait_for, EINVAL)                                                                     \
    X(is_terminal, CANNOT_FAIL)                                                                    \
    X(random, ENOSYS, EIO)                                                                         \
    X(socket, EACCES, EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT)              \
    X(bind, EACCES, EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENOMEM, ENOENT, EROFS, EPERM)               \
    X(listen, EADDRINUSE, EOPNOTSUPP)                                                              \
    X(accept, EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO, EPERM, ENETDOWN,      \
      ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ETIMEDOUT, ENOSR)     \
    X(connect, EACCES, EAGAIN, ECONNREFUSED, ENOENT, EPROTOTYPE, ETIMEDOUT, EINPROGRESS)           \
    X(set_option, ENOPROTOOPT, EINVAL, ENOMEM, EPERM)                                              \
    X(get_option, ENOPROTOOPT, ENOTSOCK)                                                           \
    X(local_address, ENOBUFS)                                                                      \
    X(receive, EAGAIN, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENOBUFS, ENOMEM, ENOTCONN,          \
      ETIMEDOUT, ENETDOWN)                                                                         \
    X(send, EAGAIN, EACCES, ECONNRESET, EHOSTUNREACH, ENETDOWN, ENETUNREACH, ENOBUFS, ENOMEM,      \
      ENOTCONN, EPERM, EPIPE, ETIMEDOUT)                                                           \
    X(send_file, EAGAIN, ECONNRESET, EINVAL, EIO, ENOMEM, ENOSYS, EOVERFLOW, EPIPE, ESPIPE,        \
      ETIMEDOUT)                                                                                   \
    X(shutdown_send, ENOTCONN)                                                                     \
    X(reset_on_close, ENOPROTOOPT, EINVAL)                                                         \
    X(close, EINTR, EIO, EDQUOT, ENOSPC)                                                           \
    X(thread_start, EAGAIN, EINVAL, ENOMEM, EPERM)                                                 \
    X(thread_join, EDEADLK, EINVAL, ESRCH)                                                         \
    X(thread_signal, ESRCH)                                                                        \
    X(thread_lower, CANNOT_FAIL)                                                                   \
    X(thread_is_self, CANNOT_FAIL)                                                                 \
    X(open_pipe, EACCES, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTSUP, ENXIO)                           \
    X(unblock, EPERM)                                                                              \
    X(count_unsent, EINVAL, ENOTTY)                                                                \
    X(poll_write, EINVAL, ENOMEM)                                                                  \
    X(thread_detach, EINVAL, ESRCH)                                                                \
    X(read_cached, EAGAIN, EIO, ENOMEM, EOPNOTSUPP, ENOSYS, ESTALE)                        \
    X(is_cached, ENOSYS, EOPNOTSUPP, EPERM)                                                        \
    X(is_in_memory, EIO, ENOMEM, ENOSYS)                                                           \
    X(size, EACCES, EIO, ENOMEM, ENOSYS, ESTALE)                                                   \
    X(make_folder, EACCES, EDQUOT, EEXIST, EIO, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOMEM,       \
      ENOSPC, ENOTDIR, EPERM, EROFS)                                                               \
    X(make_at, EACCES, EDQUOT, EEXIST, EIO, ELOOP, EMFILE, ENFILE, ENOENT, ENOMEM, ENOSPC, ENXIO,  \
      EPERM, EROFS)                                                                                \
    X(set_mode, EIO, ENOMEM, EPERM, EROFS)                                                         \
    X(flush, EDQUOT, EINVAL, EIO, ENOSPC, EROFS)                                                   \
    X(lock, EAGAIN, ENOLCK)                                                                        \
    X(rename_at, EACCES, EBUSY, EDQUOT, EIO, EISDIR, ENOENT, ENOMEM, ENOSPC, EPERM, EROFS)         \
    X(unlink_at, EACCES, EBUSY, EIO, EISDIR, ENOENT, ENOMEM, EPERM, EROFS)                         \
    X(variable, CANNOT_FAIL)                                                                       \
    X(host_name, ENAMETOOLONG)                                                                     \
    X(user, CANNOT_FAIL)
/* clang-format on */

#endif
