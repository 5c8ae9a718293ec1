#include "unit/sys/refusal.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/harness.h"

enum { WELL = 0, NOT_WELL = 1, CANNOT_REFUSE = 2 };

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))

void hw_test_refuse(long call, hw_test_refused which, int error)
{
    /* Whether there is a third argument is seen from its low half: a pointer's is hardly 0. */
    struct sock_filter rules[] = {
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 3),
        LOAD(args[2]),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, which == REFUSE_WITH_THIRD,
                 which == REFUSE_WITHOUT_THIRD),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        _exit(CANNOT_REFUSE);
}

void hw_test_in_child(bool (*run)(void))
{
    int status = 0;
    pid_t child = fork();
    assert_return_code(child, errno);
    if (child == 0)
        _exit(run() ? WELL : NOT_WELL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT_REFUSE)
        skip();
    assert_int_equal(WEXITSTATUS(status), WELL);
}
