#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/sign.h"
#include "run/signals.h"
#include "seam/seam.h"
#include "unit/harness.h"

/* Runs hewn_main with standard error and output in a pipe; what it said is in `said`. */
static int run_main(hewn_app *app, int argc, const char *const *arguments, char *said, size_t bytes)
{
    int ends[2], kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    char *argv[8] = {NULL};
    for (int i = 0; i < argc; i++)
        argv[i] = (char *)arguments[i];
    assert_return_code(pipe2(ends, O_CLOEXEC), errno);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    int status = hewn_main(app, argc, argv);
    dup2(kept[0], STDOUT_FILENO);
    dup2(kept[1], STDERR_FILENO);
    close(kept[0]);
    close(kept[1]);
    close(ends[1]);
    ssize_t got = read(ends[0], said, bytes - 1);
    said[got > 0 ? got : 0] = '\0';
    close(ends[0]);
    return status;
}

/* What hewn_main says of arguments with which it does not start; without memory it says nothing
 * of them, and the test is over. */
static int run_arguments(int argc, const char *const *argv, char *said, size_t bytes)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    int status = run_main(app, argc, argv, said, bytes);
    if (status == 70 && hw_test_is_struck())
        hw_test_out_of_memory();
    return status;
}

HW_TEST(main_refuses_a_command_line_that_makes_no_sense)
{
    static const char *const arguments[] = {"bin/hello", "--lisen", "80"};
    char said[512];
    assert_int_equal(run_arguments(3, arguments, said, sizeof said), 64);
    assert_string_equal(said, "hello: unknown option --lisen; did you mean --listen?\n");
}

HW_TEST(main_shows_help)
{
    static const char *const arguments[] = {"hello", "--help"};
    char said[2048];
    hewn_app *app = hewn_new();
    HW_NEED(app);
    int status = run_main(app, 2, arguments, said, sizeof said);
    if (status == 70 && hw_test_is_struck())
        hw_test_out_of_memory();
    assert_int_equal(status, 0);
    assert_ptr_equal(strstr(said, "usage: hello"), said);
}

HW_TEST(main_says_that_there_is_no_app)
{
    static const char *const arguments[] = {"hello"};
    char said[512];
    assert_int_equal(run_main(NULL, 1, arguments, said, sizeof said), 70);
    assert_string_equal(said, hw_test_is_struck() ? said : "hello: out of memory\n");
}

HW_TEST(main_cannot_listen_where_there_is_no_such_address)
{
    static const char *const arguments[] = {"hello", "--listen", "192.0.2.1:80", "--log=off"};
    char said[512];
    assert_int_equal(run_arguments(4, arguments, said, sizeof said), 69);
    assert_string_equal(said,
                        "hello: cannot listen on 192.0.2.1:80: this machine has no such address\n");
}

/* What hewn_main says where the system refuses to bind an address. */
static int run_refused(const char *address, int error, char *said, size_t bytes)
{
    const char *arguments[] = {"hello", "--listen", address, "--log=off"};
    hw_seam_fail("bind", 1, error);
    return run_arguments(4, arguments, said, bytes);
}

HW_TEST(main_says_how_to_listen_on_a_port_that_is_forbidden)
{
    static const int errors[] = {EACCES, EPERM};
    char said[512];
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        assert_int_equal(run_refused("127.0.0.1:80", errors[i], said, sizeof said), 77);
        assert_ptr_equal(strstr(said, "hello: cannot listen on port 80: "), said);
        assert_non_null(strstr(said, "setcap cap_net_bind_service"));
        assert_int_equal(run_refused("unix:/tmp/hewn-no", errors[i], said, sizeof said), 77);
        assert_ptr_equal(strstr(said, "hello: cannot listen on unix:/tmp/hewn-no: "), said);
        assert_null(strstr(said, "setcap"));
    }
}

HW_TEST(main_says_that_an_address_is_taken)
{
    char said[512];
    assert_int_equal(run_refused("127.0.0.1:80", EADDRINUSE, said, sizeof said), 69);
    assert_ptr_equal(strstr(said, "hello: cannot listen on 127.0.0.1:80: already in use"), said);
    assert_int_equal(run_refused("127.0.0.1:80", EAFNOSUPPORT, said, sizeof said), 69);
    assert_ptr_equal(strstr(said, "hello: cannot listen on 127.0.0.1:80: "), said);
}

HW_TEST(main_says_what_is_wrong_with_the_app)
{
    static const char *const arguments[] = {"hello", "--listen", "127.0.0.1:0"};
    char said[512];
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hw_app_fail(app, &(hw_fault){.error = EACCES, .what = "no right", .where = "a:80\033[2J"});
    int status = run_main(app, 3, arguments, said, sizeof said);
    assert_int_equal(status, 70);
    if (!hw_test_is_struck())
        assert_string_equal(said, "hello: a:80\\x1b[2J: no right\n");
}

HW_TEST(main_escapes_what_it_repeats)
{
    static const char *const arguments[] = {"hello", "--listen", "\033[2J:80"};
    char said[512];
    assert_int_equal(run_arguments(3, arguments, said, sizeof said), 64);
    assert_null(strchr(said, '\033'));
    assert_ptr_equal(strstr(said, "hello: \\x1b[2J:80: "), said);
}

HW_TEST(main_says_which_option_makes_no_sense)
{
    static const char *const arguments[] = {"hello", "--trusted-proxies", "10.0.0.1/8", "-l",
                                            "127.0.0.1:0"};
    char said[512];
    assert_int_equal(run_arguments(5, arguments, said, sizeof said), 64);
    assert_string_equal(said, "hello: --trusted-proxies: \"10.0.0.1/8\" has bits set behind those "
                              "that its length counts\n");
}

HW_TEST(main_says_that_there_are_no_secrets)
{
    static const char *const arguments[] = {"hello", "--secret-file", "/no/such\033file"};
    char said[512];
    assert_int_equal(run_arguments(3, arguments, said, sizeof said), 66);
    assert_null(strchr(said, '\033'));
    assert_ptr_equal(strstr(said, "hello: --secret-file /no/such\\x1bfile: "), said);
}

/* They are in the app, whatever becomes of the server. */
HW_TEST(main_signs_with_the_secrets_of_a_file)
{
    static const char secret[] = "0123456789abcdef0123456789abcdef\n";
    if (!hw_signer_is_built)
        skip();
    char said[512], path[] = "/tmp/hewn-secret-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, secret, strlen(secret)) > 0 && fchmod(fd, 0644) == 0);
    close(fd);
    const char *arguments[] = {"hello", "--secret-file", path, "-l", "192.0.2.1:80"};
    hewn_app *app = hewn_new();
    if (!app)
        unlink(path);
    HW_NEED(app);
    hw_app_hold(app);
    int status = run_main(app, 5, arguments, said, sizeof said);
    bool has_signer = app->signer != NULL;
    hewn_app_free(app);
    unlink(path);
    if (status == 70 && hw_test_is_struck())
        hw_test_out_of_memory();
    assert_int_equal(status, 69);
    assert_true(has_signer);
    assert_ptr_equal(strstr(said, "hello: others can read the secrets: chmod 600 /tmp/"), said);
}

HW_THREAD_TEST(main_serves_until_a_signal)
{
    static const char *const arguments[] = {"hello", "--listen", "127.0.0.1:0", "--loops=1"};
    char said[512];
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hw_signals_hold();
    kill(getpid(), SIGINT);
    int status = run_main(app, 4, arguments, said, sizeof said);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    assert_int_equal(status, 0);
    assert_ptr_equal(strstr(said, "hello: listening on http://127.0.0.1:"), said);
    assert_non_null(strstr(said, "hello: stopping: 0 requests in flight\n"));
}
