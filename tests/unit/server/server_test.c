#include "server/server.h"

#include "exchange/exchange.h"
#include "seam/seam.h"
#include "sys/thread.h"
#include "unit/http/http_harness.h"
#include "unit/net/socket_pair.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static hw_body_plan plan_small(void *arg, hw_exchange *exchange)
{
    (void)arg;
    (void)exchange;
    return (hw_body_plan){HW_PLAN_BUFFER, 1000};
}

static atomic_int answers;

static void answer_yes(void *arg, hw_exchange *exchange)
{
    (void)arg;
    atomic_fetch_add(&answers, 1);
    hw_response_plain(&exchange->response, 200, "yes");
}

static const hw_answerer yes = {.plan = plan_small, .answer = answer_yes};
static const hw_listen loopback[] = {{.address = "127.0.0.1:0"}};

static hw_server_setup setup_of(const hw_answerer *answerer, unsigned loops)
{
    return (hw_server_setup){.listens = loopback,
                             .listen_count = 1,
                             .limits = hw_limits_default(),
                             .loops = loops,
                             .answerer = answerer};
}

static hw_server *start_server(const hw_server_setup *setup)
{
    hw_server *server = NULL;
    hw_fault fault = {0};
    HW_NEED_OK(hw_server_new(setup, &fault, &server));
    int error = hw_server_start(server);
    if (error < 0)
        hw_server_free(server);
    HW_NEED_OK(error);
    return server;
}

static void end_server(hw_server *server)
{
    hw_server_stop(server);
    int error = hw_server_wait(server);
    hw_server_free(server);
    assert_int_equal(error, 0);
}

/* Whether the answer is whole; in the sweep a connection may have been closed instead. */
static bool is_answered(int client, const char *request)
{
    char answer[1024] = "";
    hw_test_send(client, request);
    long length = hw_test_receive(client, answer, sizeof answer - 1);
    return length > 0 && strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0 &&
           strstr(answer, "\r\n\r\nyes\n");
}

static void need_answered(hw_server *server, bool is_right)
{
    if (is_right)
        return;
    hw_server_stop(server);
    hw_server_stop(server);
    hw_server_wait(server);
    hw_server_free(server);
    hw_test_out_of_memory();
}

HW_THREAD_TEST(server_starts_and_stops_several_times)
{
    const hw_server_setup setup = setup_of(&yes, 1);
    for (int i = 0; i < 3; i++) {
        hw_server *server = start_server(&setup);
        assert_null(hw_server_address(server, 1));
        int client = hw_test_connect(hw_server_address(server, 0));
        bool is_right = is_answered(client, LAST);
        close(client);
        need_answered(server, is_right);
        assert_int_equal(hw_server_count(server).requests, 1);
        end_server(server);
    }
}

HW_THREAD_TEST(server_shares_its_work_among_loops)
{
    enum { CLIENTS = 40 };
    const hw_server_setup setup = setup_of(&yes, 3);
    hw_server *server = start_server(&setup);
    int clients[CLIENTS];
    bool is_right = true;
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = hw_test_connect(hw_server_address(server, 0));
    for (int i = CLIENTS; i-- > 0;) {
        is_right = is_answered(clients[i], LAST) && is_right;
        close(clients[i]);
    }
    need_answered(server, is_right);
    assert_int_equal(hw_server_count(server).requests, CLIENTS);
    end_server(server);
}

HW_THREAD_TEST(server_stopped_before_it_runs_ends_at_once)
{
    const hw_server_setup setup = setup_of(&yes, 2);
    hw_server *server = NULL;
    HW_NEED_OK(hw_server_new(&setup, NULL, &server));
    hw_server_stop(server);
    int error = hw_server_start(server);
    if (error == 0)
        error = hw_server_wait(server);
    hw_server_free(server);
    HW_NEED_OK(error);
}

HW_THREAD_TEST(server_that_never_ran_is_freed)
{
    const hw_server_setup setup = setup_of(&yes, 2);
    hw_server *server = NULL;
    HW_NEED_OK(hw_server_new(&setup, NULL, &server));
    assert_int_equal(hw_server_wait(server), 0);
    hw_server_free(server);
    hw_server_free(NULL);
}

HW_THREAD_TEST(server_stopped_twice_does_not_wait_for_clients)
{
    const hw_server_setup setup = setup_of(&yes, 2);
    hw_server *server = start_server(&setup);
    char byte;
    int client = hw_test_connect(hw_server_address(server, 0));
    hw_test_send(client, "GET / HT");
    for (int i = 0; i < 4; i++)
        hw_server_stop(server);
    int error = hw_server_wait(server);
    assert_true(hw_test_receive(client, &byte, 1) <= 0);
    close(client);
    assert_int_equal(hw_server_count(server).connections, 0);
    hw_server_free(server);
    assert_int_equal(error, 0);
}

/* A handler that waits until the test lets it go on, both through pipes. */
static int entered[2], left[2];

static void answer_when_let(void *arg, hw_exchange *exchange)
{
    char byte = 'x';
    if (write(entered[1], &byte, 1) == 1 && read(left[0], &byte, 1) == 1)
        answer_yes(arg, exchange);
}

/* False: nobody will come, for an injected failure has closed the connection. */
static bool has_entered(int client)
{
    struct pollfd waits[] = {{.fd = entered[0], .events = POLLIN},
                             {.fd = client, .events = POLLIN}};
    assert_true(poll(waits, 2, 10000) > 0);
    return waits[0].revents & POLLIN;
}

HW_THREAD_TEST(server_finishes_what_is_in_flight)
{
    static const hw_answerer slow = {.plan = plan_small, .answer = answer_when_let};
    const hw_server_setup setup = setup_of(&slow, 1);
    char answer[1024] = "";
    hw_server *server = start_server(&setup);
    assert_return_code(pipe(entered), errno);
    assert_return_code(pipe(left), errno);
    int client = hw_test_connect(hw_server_address(server, 0));
    hw_test_send(client, GET);
    bool was_inside = has_entered(client);
    hw_server_stop(server);
    assert_int_equal(write(left[1], "x", 1), 1);
    long length = hw_test_receive(client, answer, sizeof answer - 1);
    int error = hw_server_wait(server);
    hw_server_free(server);
    for (int i = 0; i < 2; i++) {
        close(entered[i]);
        close(left[i]);
    }
    close(client);
    assert_int_equal(error, 0);
    if (!was_inside || length <= 0 || !strstr(answer, "\r\n\r\nyes\n"))
        hw_test_out_of_memory();
}

HW_THREAD_TEST(server_cuts_what_does_not_end_in_time)
{
    hw_server_setup setup = setup_of(&yes, 1);
    char byte;
    setup.limits.drain_ms = 20;
    hw_server *server = start_server(&setup);
    int client = hw_test_connect(hw_server_address(server, 0));
    hw_test_send(client, "GET / HT");
    hw_server_stop(server);
    int error = hw_server_wait(server);
    assert_true(hw_test_receive(client, &byte, 1) <= 0);
    close(client);
    hw_server_free(server);
    /* Where memory ran out, the connection ended by itself. */
    assert_true(error == -ETIMEDOUT || hw_test_is_struck());
}

static void *stop_server(void *arg)
{
    hw_server_stop(arg);
    return NULL;
}

HW_THREAD_TEST(server_is_stopped_by_any_thread)
{
    const hw_server_setup setup = setup_of(&yes, 2);
    for (int i = 0; i < 10; i++) {
        pthread_t threads[3];
        hw_server *server = start_server(&setup);
        for (int j = 0; j < 3; j++)
            assert_int_equal(hw_sys_thread_start(&threads[j], stop_server, server, 256 * 1024), 0);
        for (int j = 0; j < 3; j++)
            hw_sys_thread_join(threads[j]);
        int error = hw_server_wait(server);
        hw_server_free(server);
        assert_int_equal(error, 0);
    }
}

HW_THREAD_TEST(server_that_cannot_start_runs_no_thread)
{
    static const char *const calls[] = {"thread_start", "poll_add"};
    const hw_server_setup setup = setup_of(&yes, 3);
    for (size_t i = 0; i < ROWS(calls); i++) {
        hw_server *server = NULL;
        HW_NEED_OK(hw_server_new(&setup, NULL, &server));
        hw_seam_fail(calls[i], 2, EAGAIN);
        int error = hw_server_start(server);
        unsigned started = hw_seam_calls("thread_start");
        hw_server_free(server);
        unsigned joined = hw_seam_calls("thread_join");
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, -EAGAIN);
        assert_int_equal(started - joined, i == 0 ? 1 : 0);
        hw_seam_reset();
    }
}

HW_TEST(server_says_which_address_is_wrong)
{
    const hw_listen listens[] = {{.address = "127.0.0.1:0"}, {.address = "nowhere"}};
    hw_server_setup setup = setup_of(&yes, 1);
    hw_server *server = NULL;
    hw_fault fault = {0};
    setup.listens = listens;
    setup.listen_count = 2;
    int error = hw_server_new(&setup, &fault, &server);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EINVAL);
    assert_string_equal(fault.where, "nowhere");
    assert_null(server);
}

static uint64_t ceiling_with(size_t memory_bytes)
{
    hw_server *server = NULL;
    hw_fault fault = {0};
    hw_server_setup setup = setup_of(&yes, 1);
    setup.limits.memory_bytes_max = memory_bytes;
    HW_NEED_OK(hw_server_new(&setup, &fault, &server));
    uint64_t ceiling = hw_server_ceiling(server);
    hw_server_free(server);
    return ceiling;
}

/* An eighth of what there is, at most 256 MiB; unknown, as much as that; and 1 MiB at least. */
HW_TEST(server_derives_its_memory)
{
    const uint64_t mib = 1024 * 1024, part = 9 * mib / 8;
    uint64_t least = ceiling_with(1);
    assert_int_equal(ceiling_with(mib), least);
    assert_int_equal(ceiling_with(2 * mib) - least, part);
    assert_true(ceiling_with(0) > least && ceiling_with(0) - least <= 255 * part);
    hw_seam_fail("memory_bytes", 1, ENOENT);
    assert_int_equal(ceiling_with(0) - least, 255 * part);
}
