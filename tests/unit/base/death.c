#include "unit/base/death.h"

#include "unit/harness.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* An injected failure struck the child before what should have ended it: nothing to say. */
enum { DEATH_PREVENTED = 75 };

static void die(void (*run)(void *arg), void *arg, int output)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL);
    dup2(output, STDERR_FILENO);
    run(arg);
    _exit(hw_test_is_struck() ? DEATH_PREVENTED : 0);
}

void hw_test_expect_death(void (*run)(void *arg), void *arg, const char *words)
{
    int ends[2];
    assert_return_code(pipe(ends), 0);
    pid_t child = fork();
    assert_return_code(child, 0);
    if (child == 0)
        die(run, arg, ends[1]);
    close(ends[1]);

    char output[4096];
    size_t length = 0;
    ssize_t count;
    while ((count = read(ends[0], output + length, sizeof output - 1 - length)) > 0)
        length += (size_t)count;
    output[length] = '\0';
    close(ends[0]);

    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == DEATH_PREVENTED)
        return;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    if (!strstr(output, words))
        fail_msg("\"%s\" is not in \"%s\"", words, output);
}
