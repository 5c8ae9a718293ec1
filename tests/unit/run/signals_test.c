#include "run/signals.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "hewn/server.h"
#include "unit/harness.h"

typedef struct run_tellings {
    int serving, stopping;
} run_tellings;

static void count_serving(hewn_server *server, void *arg)
{
    run_tellings *told = arg;
    assert_non_null(hewn_server_address(server, 0));
    assert_int_equal(told->stopping, 0);
    told->serving++;
}

static void count_stopping(hewn_server *server, void *arg)
{
    run_tellings *told = arg;
    assert_int_equal(hewn_server_numbers(server).in_flight, 0);
    assert_int_equal(told->serving, 1);
    told->stopping++;
}

static int run_and_count(hewn_server *server, run_tellings *told)
{
    const hewn_run_opts opts = {sizeof opts, count_serving, count_stopping, told, NULL};
    *told = (run_tellings){0};
    return hewn_server_run(server, &opts);
}

HW_THREAD_TEST(signals_end_a_server)
{
    static const hewn_listen anywhere[] = {{.address = "127.0.0.1:0"}};
    hewn_server_opts opts = {.size = sizeof opts, .listen = anywhere, .n_listen = 1, .log = "off"};
    hewn_server *server;
    run_tellings told;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    int error = hewn_server_new(app, &opts, NULL, &server);
    hewn_app_free(app);
    HW_NEED_OK(error);
    hw_signals_hold();
    kill(getpid(), SIGTERM); /* waits for the one who waits for it */
    error = run_and_count(server, &told);
    hewn_server_free(server);
    HW_NEED_OK(error);
    assert_int_equal(told.serving, 1);
    assert_int_equal(told.stopping, 1);
}

HW_THREAD_TEST(signals_are_no_longer_waited_for_when_a_server_has_ended)
{
    static const hewn_listen anywhere[] = {{.address = "127.0.0.1:0"}};
    hewn_server_opts opts = {.size = sizeof opts, .listen = anywhere, .n_listen = 1, .log = "off"};
    hewn_server *server;
    run_tellings told = {0};
    hewn_app *app = hewn_new();
    HW_NEED(app);
    int error = hewn_server_new(app, &opts, NULL, &server);
    hewn_app_free(app);
    HW_NEED_OK(error);
    error = hewn_server_start(server);
    if (error == 0) {
        hewn_server_stop(server);
        error = run_and_count(server, &told);
    }
    hewn_server_free(server);
    HW_NEED_OK(error);
    assert_int_equal(told.stopping, 0);
}

static void stop_at_second_reopening(hewn_server *server, int signal_number, void *arg)
{
    int *told = arg;
    assert_int_equal(signal_number, *told == 0 ? SIGHUP : SIGUSR1);
    if (*told == 0)
        kill(getpid(), SIGUSR1);
    else
        hewn_server_stop(server);
    ++*told;
}

HW_THREAD_TEST(signals_reopen_a_log_and_end_nothing)
{
    static const hewn_listen anywhere[] = {{.address = "127.0.0.1:0"}};
    hewn_server_opts opts = {.size = sizeof opts, .listen = anywhere, .n_listen = 1, .log = "off"};
    int told = 0;
    const hewn_run_opts run = {
        .size = sizeof run, .arg = &told, .reopen = stop_at_second_reopening};
    sigset_t signals;
    hewn_server *server;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    int error = hewn_server_new(app, &opts, NULL, &server);
    hewn_app_free(app);
    HW_NEED_OK(error);
    assert_int_equal(hewn_server_log_to(server, -1), 0); /* without a log there is nothing to do */
    assert_true(hewn_server_loops(server) > 0);
    assert_true(hewn_server_limits(server).connections_max > 0);
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    kill(getpid(), SIGHUP);
    error = hewn_server_run(server, &run);
    hewn_server_free(server);
    while (sigtimedwait(&signals, NULL, &(struct timespec){0}) > 0) /* where it has not started */
        continue;
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    HW_NEED_OK(error);
    assert_int_equal(told, 2);
}

HW_THREAD_TEST(signals_options_of_a_newer_version_start_nothing_and_stop_what_runs)
{
    static const hewn_listen anywhere[] = {{.address = "127.0.0.1:0"}};
    hewn_server_opts opts = {.size = sizeof opts, .listen = anywhere, .n_listen = 1, .log = "off"};
    const hewn_run_opts unknown = {.size = 1};
    for (int is_running = 0; is_running < 2; is_running++) {
        hewn_server *server;
        hewn_app *app = hewn_new();
        HW_NEED(app);
        int error = hewn_server_new(app, &opts, NULL, &server);
        hewn_app_free(app);
        HW_NEED_OK(error);
        error = is_running ? hewn_server_start(server) : 0;
        int result = hewn_server_run(server, &unknown);
        hewn_server_free(server);
        HW_NEED_OK(error);
        assert_int_equal(result, -EINVAL);
    }
}
