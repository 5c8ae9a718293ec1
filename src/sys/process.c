/* Tells what this process is and may do.
 *
 * The processors that count are those this process may really use: in a container with half a
 * processor of sixty-four, a thread for each of the machine's would only wait for the others. */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/cgroup.h"

unsigned hw_sys_processors(void)
{
    cpu_set_t set;
    /* The call fails on a machine with more processors than the set has room for. */
    long count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                             : sysconf(_SC_NPROCESSORS_ONLN);
    unsigned usable = count > 1 ? (unsigned)count : 1;
    unsigned quota = hw_sys_cgroup_processors("/proc/self/cgroup", "/sys/fs/cgroup");
    return quota < usable ? quota : usable;
}

uint64_t hw_sys_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    uint64_t machine = pages > 0 && bytes > 0 ? (uint64_t)pages * (uint64_t)bytes : 0;
    uint64_t allowed = hw_sys_cgroup_memory("/proc/self/cgroup", "/sys/fs/cgroup");
    return machine == 0 || allowed < machine ? (allowed < UINT64_MAX ? allowed : 0) : machine;
}

int64_t hw_sys_descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    return limit.rlim_cur < INT64_MAX ? (int64_t)limit.rlim_cur : INT64_MAX;
}

int64_t hw_sys_descriptors_open(void)
{
    int lowest = open("/", O_PATH | O_CLOEXEC);
    if (lowest < 0)
        return errno == EMFILE ? hw_sys_descriptors_raise() : 0;
    (void)close(lowest);
    return lowest;
}

int hw_sys_signals_block(const sigset_t *signals)
{
    return -pthread_sigmask(SIG_BLOCK, signals, NULL);
}

int hw_sys_signal_wait_for(const sigset_t *signals, unsigned ms)
{
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    int signal = (int)TEMP_FAILURE_RETRY(sigtimedwait(signals, NULL, &time));
    return signal < 0 ? -errno : signal;
}

int hw_sys_signal_wait(const sigset_t *signals)
{
    int signal = (int)TEMP_FAILURE_RETRY(sigwaitinfo(signals, NULL));
    return signal < 0 ? -errno : signal;
}

bool hw_sys_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

const char *hw_sys_variable(const char *name)
{
    return secure_getenv(name);
}

int hw_sys_host_name(char *ret_name, size_t bytes)
{
    if (gethostname(ret_name, bytes) < 0)
        return -errno;
    /* One that was cut need not end. */
    return memchr(ret_name, '\0', bytes) ? 0 : -ENAMETOOLONG;
}

unsigned hw_sys_user(void)
{
    return geteuid();
}
