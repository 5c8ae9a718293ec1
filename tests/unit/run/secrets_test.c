#include "run/secrets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/sign.h"
#include "seam/seam.h"
#include "unit/harness.h"

#define SECRET_ONE "0123456789abcdef0123456789abcdef"
#define SECRET_TWO "fedcba9876543210fedcba9876543210 and more"

/* A file of secrets that was read, or what was said about it. */
typedef struct read_secrets {
    char path[32], words[1024];
    hw_arena arena;
    const char *const *secrets;
    bool is_open;
    int error;
} read_secrets;

static void read_from_file(read_secrets *own, const char *content, size_t bytes, mode_t mode)
{
    *own = (read_secrets){.path = "/tmp/hewn-secrets-XXXXXX"};
    hw_buffer words = HW_BUFFER_OVER(own->words);
    int fd = mkstemp(own->path);
    assert_true(fd >= 0 && write(fd, content, bytes) == (ssize_t)bytes && fchmod(fd, mode) == 0);
    close(fd);
    hw_arena_init(&own->arena, 64, 1024 * 1024);
    own->error = hw_secrets_read(own->path, &own->arena, &words, &own->secrets, &own->is_open);
    unlink(own->path);
    assert_non_null(hw_buffer_string(&words));
    if (own->error == -ENOMEM) {
        hw_arena_fini(&own->arena);
        hw_test_out_of_memory();
    }
}

static void need_signing(void)
{
    if (!hw_signer_is_built)
        skip();
}

HW_TEST(secrets_are_read_line_by_line)
{
    static const char content[] = SECRET_ONE "\r\n\n" SECRET_TWO;
    read_secrets own;
    need_signing();
    read_from_file(&own, content, strlen(content), 0600);
    assert_int_equal(own.error, 0);
    assert_string_equal(own.secrets[0], SECRET_ONE);
    assert_string_equal(own.secrets[1], SECRET_TWO);
    assert_null(own.secrets[2]);
    assert_false(own.is_open);
    hw_arena_fini(&own.arena);
}

HW_TEST(secrets_that_others_can_read_are_told)
{
    static const mode_t modes[] = {0640, 0604, 0620};
    need_signing();
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        read_secrets own;
        read_from_file(&own, SECRET_ONE, strlen(SECRET_ONE), modes[i]);
        assert_int_equal(own.error, 0);
        assert_true(own.is_open);
        hw_arena_fini(&own.arena);
    }
}

HW_TEST(secrets_that_are_none_are_refused_with_advice)
{
    static const struct {
        const char *content;
        size_t bytes;
        const char *words;
        bool has_advice;
    } cases[] = {
        {"", 0, ": there is no secret in it\n", true},
        {"\n\r\n", 3, ": there is no secret in it\n", true},
        {SECRET_ONE "\nshort\n", 39, ": a secret has fewer than 32 bytes\n", true},
        {SECRET_ONE "\0x", 34, ": a secret is text, and this has a zero byte", false},
    };
    need_signing();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_secrets own;
        read_from_file(&own, cases[i].content, cases[i].bytes, 0600);
        assert_int_equal(own.error, -EINVAL);
        assert_non_null(strstr(own.words, cases[i].words));
        assert_non_null(strstr(own.words, own.path));
        assert_true((strstr(own.words, "openssl rand -hex 32") != NULL) == cases[i].has_advice);
        hw_arena_fini(&own.arena);
    }
}

HW_TEST(secrets_are_not_read_without_an_end)
{
    static char content[64 * 1024 + 1];
    read_secrets own;
    need_signing();
    memset(content, 'x', sizeof content);
    read_from_file(&own, content, sizeof content, 0600);
    assert_int_equal(own.error, -EINVAL);
    assert_non_null(strstr(own.words, "longer than 64 KiB"));
    hw_arena_fini(&own.arena);
    read_from_file(&own, content, sizeof content - 1, 0600);
    assert_int_equal(own.error, 0);
    hw_arena_fini(&own.arena);
}

HW_TEST(secrets_that_cannot_be_read_say_why)
{
    static const struct {
        const char *call;
        int error;
        const char *words;
    } cases[] = {{"open", EACCES, ": "},
                 {"stat", EIO, ": "},
                 {"read", EIO, ": "},
                 {"open", ENOENT, "no such"}};
    need_signing();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_secrets own;
        hw_seam_fail(cases[i].call, 1, cases[i].error);
        read_from_file(&own, SECRET_ONE, strlen(SECRET_ONE), 0600);
        assert_true(own.error < 0);
        assert_non_null(strstr(own.words, cases[i].words));
        assert_non_null(strstr(own.words, "--secret-file /tmp/"));
        hw_arena_fini(&own.arena);
    }
}
