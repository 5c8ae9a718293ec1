/* Runs a server until a signal ends it.
 *
 * Signals are waited for, never handled: no code runs in the middle of other code, and no global is
 * needed to reach the server. The one who waits is a thread of its own, for there are two things to
 * wait for at once, the server's end and the next signal; when the server has ended the thread is
 * woken by a signal of ours. It is there before the server starts, so that a server that has told
 * the world of itself lacks nothing, and it waits at a gate until then. */
#include "run/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#include "app/options.h"
#include "run/server.h"
#include "sys/process.h"
#include "sys/thread.h"

enum { WATCH_STACK_BYTES = 128 * 1024 };

typedef struct hw_signal_watch {
    hewn_server *server;
    hewn_run_opts told;
    pthread_mutex_t gate; /* shut while the server starts */
    atomic_bool is_over;
} hw_signal_watch;

static sigset_t ending_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/* All that this program wants to be told of. */
static sigset_t watched_signals(const hewn_run_opts *told)
{
    sigset_t signals = ending_signals();
    if (told->reopen) {
        sigaddset(&signals, SIGHUP);
        sigaddset(&signals, SIGUSR1);
    }
    return signals;
}

static void *watch_signals(void *arg)
{
    hw_signal_watch *watch = arg;
    sigset_t signals = watched_signals(&watch->told), ending = ending_signals();
    pthread_mutex_lock(&watch->gate);
    pthread_mutex_unlock(&watch->gate);
    for (int stops = 0; stops < 2;) {
        int number = hw_sys_signal_wait(&signals);
        if (number < 0 || atomic_load(&watch->is_over))
            break;
        if (sigismember(&ending, number) != 1) {
            watch->told.reopen(watch->server, number, watch->told.arg);
            continue;
        }
        if (stops++ == 0 && watch->told.stopping)
            watch->told.stopping(watch->server, watch->told.arg);
        hewn_server_stop(watch->server);
    }
    return NULL;
}

void hw_signals_hold(void)
{
    sigset_t signals = ending_signals();
    sigaddset(&signals, SIGPIPE); /* a log whose reader has gone is an error code, not an end */
    (void)hw_sys_signals_block(&signals);
}

bool hw_signals_came(unsigned ms)
{
    sigset_t signals = ending_signals();
    return hw_sys_signal_wait_for(&signals, ms) > 0;
}

static int start_and_tell(hewn_server *server, const hewn_run_opts *told)
{
    int error = server->is_started ? 0 : hewn_server_start(server);
    if (error == 0 && told->serving)
        told->serving(server, told->arg);
    return error;
}

int hewn_server_run(hewn_server *server, const hewn_run_opts *opts)
{
    hw_signal_watch watch = {.server = server, .gate = PTHREAD_MUTEX_INITIALIZER};
    pthread_t watcher;
    bool is_known = hw_options_read(&watch.told, sizeof watch.told, opts);
    sigset_t watched = watched_signals(&watch.told);
    hw_signals_hold();
    (void)hw_sys_signals_block(&watched);
    pthread_mutex_lock(&watch.gate);
    int watching = is_known
                       ? hw_sys_thread_start(&watcher, watch_signals, &watch, WATCH_STACK_BYTES)
                       : -EINVAL;
    int result = watching < 0 ? watching : start_and_tell(server, &watch.told);
    atomic_store(&watch.is_over, result < 0);
    pthread_mutex_unlock(&watch.gate);
    if (watching < 0 && server->is_started)
        hewn_server_stop(server);
    if (server->is_started) {
        int ended = hewn_server_wait(server);
        result = result < 0 ? result : ended;
    }
    if (watching == 0) {
        atomic_store(&watch.is_over, true);
        (void)hw_sys_thread_signal(watcher, SIGTERM);
        (void)hw_sys_thread_join(watcher);
    }
    return result;
}
