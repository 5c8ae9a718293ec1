/* Runs a server until a signal ends it.
 *
 * Signals are waited for, never handled: no code runs in the middle of other code, and no global is
 * needed to reach the server. The one who waits is a thread of its own, for there are two things to
 * wait for at once, the server's end and the next signal; when the server has ended the thread is
 * woken by a signal of ours. */
#include "run/signals.h"

#include <signal.h>
#include <stdatomic.h>

#include "run/server.h"
#include "sys/process.h"
#include "sys/thread.h"

enum { WATCH_STACK_BYTES = 128 * 1024 };

typedef struct hw_signal_watch {
    hewn_server *server;
    void (*stopping)(hewn_server *server, void *arg);
    void *arg;
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

static void *watch_signals(void *arg)
{
    hw_signal_watch *watch = arg;
    sigset_t signals = ending_signals();
    for (int count = 0; count < 2; count++) {
        if (hw_sys_signal_wait(&signals) < 0 || atomic_load(&watch->is_over))
            break;
        if (count == 0 && watch->stopping)
            watch->stopping(watch->server, watch->arg);
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

int hewn_server_run(hewn_server *server, void (*stopping)(hewn_server *server, void *arg),
                    void *arg)
{
    hw_signal_watch watch = {.server = server, .stopping = stopping, .arg = arg};
    pthread_t watcher;
    hw_signals_hold();
    int error = server->is_started ? 0 : hewn_server_start(server);
    if (error < 0)
        return error;
    int watched = hw_sys_thread_start(&watcher, watch_signals, &watch, WATCH_STACK_BYTES);
    if (watched < 0) {
        hewn_server_stop(server);
        (void)hewn_server_wait(server);
        return watched;
    }
    int result = hewn_server_wait(server);
    atomic_store(&watch.is_over, true);
    (void)hw_sys_thread_signal(watcher, SIGTERM);
    (void)hw_sys_thread_join(watcher);
    return result;
}
