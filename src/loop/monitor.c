/* Looks at the marks every millisecond.
 *
 * A mark that is inside the same handler as one look before belongs to an owner that is held up, or
 * that the system has set aside: the monitor cannot tell, and need not. A handler that is over
 * within a millisecond is never seen twice.
 *
 * The thread begins with the first marked handler and ends when there has been none for
 * QUIET_LOOKS: a server that answers from its caches has no such thread, and an idle one is not
 * woken a thousand times a second. Starting it costs what forty cached answers do. That it could
 * not be started is nobody's loss but time: the next handler tries again.
 *
 * Rejected: a timer signal to the thread that is held up (what it interrupts may be anything), and
 * a thread that sleeps for good (the first handler after it would have to wake it, and does so for
 * less than it starts one, but then each process has one thread more than it has use for). */
#include "loop/monitor.h"

#include "loop/loop.h"
#include "sys/thread.h"

#define LOOK_MS 1
#define QUIET_LOOKS 100
#define MONITOR_STACK_BYTES ((size_t)128 * 1024)

void hw_monitor_init(hw_monitor *monitor, hw_monitored *room, hw_monitor_take *take, void *arg)
{
    *monitor = (hw_monitor){.take = take, .arg = arg, .loops = room};
    hw_sys_mutex_init(&monitor->lock);
    hw_sys_condition_init(&monitor->end);
}

void hw_monitor_add(hw_monitor *monitor, hw_loop *loop)
{
    hw_sys_mutex_lock(&monitor->lock);
    monitor->loops[monitor->count++] = (hw_monitored){loop, 0};
    hw_sys_mutex_unlock(&monitor->lock);
}

/* True: it has been in a handler since the last look, or is. */
static bool look_at(hw_monitor *monitor, hw_monitored *monitored)
{
    uint64_t before = monitored->seen, now = atomic_load(&monitored->loop->mark.value);
    bool is_inside = hw_mark_is_inside(now);
    monitored->seen = now;
    if (is_inside && now == before)
        monitor->take(monitor->arg, monitored->loop, now);
    return is_inside || now != before;
}

static bool look(hw_monitor *monitor)
{
    bool is_active = false;
    for (unsigned i = 0; i < monitor->count; i++)
        is_active |= look_at(monitor, &monitor->loops[i]);
    return is_active;
}

/* Who has set a mark and still saw it awake is seen here. */
static bool falls_asleep(hw_monitor *monitor)
{
    atomic_store(&monitor->is_awake, false);
    if (!look(monitor))
        return true;
    atomic_store(&monitor->is_awake, true);
    return false;
}

static void *run_monitor(void *arg)
{
    hw_monitor *monitor = arg;
    unsigned quiet = 0;
    hw_sys_mutex_lock(&monitor->lock);
    while (!monitor->is_ending) {
        quiet = look(monitor) ? 0 : quiet + 1;
        if (quiet >= QUIET_LOOKS && falls_asleep(monitor))
            break;
        hw_sys_condition_wait_for(&monitor->end, &monitor->lock, LOOK_MS);
    }
    hw_sys_mutex_unlock(&monitor->lock);
    return NULL;
}

/* A thread that has fallen asleep did so under the lock, and does nothing any more but return. */
static void join_monitor(hw_monitor *monitor)
{
    if (monitor->has_thread)
        (void)hw_sys_thread_join(monitor->thread);
    monitor->has_thread = false;
}

void hw_monitor_start(hw_monitor *monitor)
{
    hw_sys_mutex_lock(&monitor->lock);
    if (!atomic_load(&monitor->is_awake) && !monitor->is_ending) {
        join_monitor(monitor);
        monitor->has_thread =
            hw_sys_thread_start(&monitor->thread, run_monitor, monitor, MONITOR_STACK_BYTES) == 0;
        atomic_store(&monitor->is_awake, monitor->has_thread);
    }
    hw_sys_mutex_unlock(&monitor->lock);
}

void hw_monitor_fini(hw_monitor *monitor)
{
    hw_sys_mutex_lock(&monitor->lock);
    monitor->is_ending = true;
    hw_sys_condition_wake_all(&monitor->end);
    hw_sys_mutex_unlock(&monitor->lock);
    join_monitor(monitor);
    hw_sys_condition_fini(&monitor->end);
    hw_sys_mutex_fini(&monitor->lock);
}
