#include "hewn/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/app.h"
#include "unit/harness.h"

static hewn_response *say_hello(hewn_request *rq)
{
    return hewn_text(rq, 200, "hello");
}

static const hewn_listen anywhere[] = {{.address = "127.0.0.1:0"}};

static hewn_app *new_app(void)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_get(app, "/", say_hello);
    if (hw_app_fault(app)) {
        hewn_app_free(app);
        hw_test_out_of_memory();
    }
    return app;
}

/* A server that could not be made says why, in the fault and its result alike. */
static void assert_refused_as(const hewn_server_opts *opts, int error, const char *what,
                              const char *where)
{
    hewn_app *app = new_app();
    hewn_fault fault = {.error = 0};
    hewn_server *server = NULL;
    int result = hewn_server_new(app, opts, &fault, &server);
    hewn_app_free(app);
    assert_null(server);
    assert_int_equal(fault.error, -result);
    if (result == -ENOMEM)
        HW_NEED_OK(result);
    assert_int_equal(result, error);
    assert_string_equal(fault.where, where);
    if (!strstr(fault.what, what))
        assert_true(hw_test_is_struck());
}

HW_TEST(server_refuses_options_that_make_no_sense)
{
    hewn_limits limits = {.head_ms = 1};
    hewn_server_opts opts = {.size = sizeof opts, .listen = anywhere, .n_listen = 1, .log = "xml"};
    assert_refused_as(&opts, -EINVAL, "no log format", "xml");
    opts.log = "off";
    opts.trusted_proxies = "10.0.0.0/8, 10.0.0.1/8";
    assert_refused_as(&opts, -EINVAL, "\"10.0.0.1/8\" has bits set behind those",
                      "trusted_proxies");
    opts.trusted_proxies = "10.0.0.0/8, ::1, unix:";
    opts.limits = &limits;
    assert_refused_as(&opts, -EINVAL, "without its size", "hewn_limits");
    opts.size = 0;
    assert_refused_as(&opts, -EINVAL, "without its size", "hewn_server_opts");
}

HW_TEST(server_says_which_address_is_wrong)
{
    static const hewn_listen bad[] = {{.address = "127.0.0.1:0"}, {.address = "127.0.0.1:port"}};
    static const hewn_listen none[] = {{.address = NULL}};
    hewn_server_opts opts = {.size = sizeof opts, .listen = bad, .n_listen = 2, .log = "off"};
    assert_refused_as(&opts, -EINVAL, "port", "127.0.0.1:port");
    opts.listen = none;
    opts.n_listen = 1;
    assert_refused_as(&opts, -EINVAL, "", "");
}

HW_TEST(server_says_who_has_the_port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(fd, (struct sockaddr *)&in, length), errno);
    assert_return_code(listen(fd, 1), errno);
    assert_return_code(getsockname(fd, (struct sockaddr *)&in, &length), errno);

    char port[16], where[32], holder[32];
    snprintf(port, sizeof port, "%d", ntohs(in.sin_port));
    snprintf(where, sizeof where, "127.0.0.1:%s", port);
    snprintf(holder, sizeof holder, "(pid %d)", getpid());
    hewn_listen taken[] = {{.address = port}};
    hewn_server_opts opts = {.size = sizeof opts, .listen = taken, .n_listen = 1, .log = "off"};
    assert_refused_as(&opts, -EADDRINUSE, holder, where);
    close(fd);
}

HW_TEST(server_refuses_an_app_that_went_wrong)
{
    hewn_app *app = new_app();
    hewn_server *server = NULL;
    hewn_fault fault;
    hw_app_fail(app, &(hw_fault){.error = ENOENT, .what = "no such folder", .where = "site"});
    int result = hewn_server_new(app, NULL, &fault, &server);
    assert_int_equal(result, hw_test_is_struck() ? -ENOMEM : -ENOENT);
    assert_string_equal(fault.what, fault.error == ENOENT ? "no such folder" : "out of memory");
    assert_int_equal(hewn_server_new(NULL, NULL, &fault, &server), -ENOMEM);
    assert_null(server);
    hewn_app_free(app);
}

static int made_server(hewn_app *app, const hewn_server_opts *opts, hewn_server **ret_server)
{
    hewn_fault fault;
    int result = hewn_server_new(app, opts, &fault, ret_server);
    hewn_app_free(app); /* the server has its own */
    if (result < 0)
        assert_int_equal(fault.error, -result);
    return result;
}

HW_TEST(server_says_what_it_bound)
{
    hewn_server *server;
    hewn_server_opts opts = {.size = sizeof opts, .listen = anywhere, .n_listen = 1, .log = "off"};
    HW_NEED_OK(made_server(new_app(), &opts, &server));
    const char *address = hewn_server_address(server, 0);
    assert_ptr_equal(strstr(address, "127.0.0.1:"), address);
    assert_string_not_equal(address, "127.0.0.1:0");
    assert_null(hewn_server_address(server, 1));
    hewn_numbers numbers = hewn_server_numbers(server);
    assert_int_equal(numbers.requests + numbers.in_flight + numbers.connections, 0);
    hewn_server_free(server);
    hewn_server_free(NULL);
}

HW_THREAD_TEST(server_starts_stops_and_ends)
{
    hewn_server *server;
    hewn_server_opts opts = {
        .size = sizeof opts, .listen = anywhere, .n_listen = 1, .log = "off", .loops = 2};
    HW_NEED_OK(made_server(new_app(), &opts, &server));
    int error = hewn_server_start(server);
    if (error == 0) {
        hewn_server_stop(server);
        assert_int_equal(hewn_server_wait(server), 0);
    }
    hewn_server_free(server);
    HW_NEED_OK(error);
}

typedef struct told_record {
    char line[128]; /* what it said, to be looked at by the test's own thread */
    int count;
} told_record;

static void keep_record(const hewn_record *record, void *arg)
{
    told_record *told = arg;
    snprintf(told->line, sizeof told->line, "%s %s %s '%s' %d %d", record->method, record->target,
             record->host, record->user_agent, record->status, (int)record->bytes_out);
    told->count++;
}

/* Sends a request to an address the server said, and waits for the end of the answer. */
static size_t exchange_bytes(const char *address, const char *request, char *answer, size_t bytes)
{
    unsigned port = 0;
    for (const char *at = strrchr(address, ':') + 1; *at; at++)
        port = port * 10 + (unsigned)(*at - '0');
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(connect(fd, (struct sockaddr *)&in, sizeof in), errno);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    size_t length = 0;
    ssize_t got;
    while (length < bytes - 1 && (got = recv(fd, answer + length, bytes - 1 - length, 0)) > 0)
        length += (size_t)got;
    answer[length] = '\0';
    close(fd);
    return length;
}

HW_THREAD_TEST(server_answers_and_tells_its_record)
{
    hewn_server *server;
    told_record told = {.count = 0};
    char answer[1024] = "";
    hewn_server_opts opts = {.size = sizeof opts,
                             .listen = anywhere,
                             .n_listen = 1,
                             .log = "off",
                             .record = keep_record,
                             .record_arg = &told};
    HW_NEED_OK(made_server(new_app(), &opts, &server));
    int error = hewn_server_start(server);
    if (error == 0) {
        exchange_bytes(hewn_server_address(server, 0),
                       "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", answer,
                       sizeof answer);
        hewn_server_stop(server);
        (void)hewn_server_wait(server);
    }
    hewn_server_free(server);
    HW_NEED_OK(error);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    assert_non_null(strstr(answer, "\r\n\r\nhello"));
    assert_int_equal(told.count, 1);
    assert_string_equal(told.line, "GET / x '' 200 5");
}
