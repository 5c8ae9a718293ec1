/* Each allocation of OpenSSL's fails in turn while certificates for development are made, found and
 * described: it is told, and what lies on the disk is whole, so that the next attempt finds it in order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hewn/server.h"
#include "tls/memory.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

typedef struct shown_lines {
    unsigned count;
} shown_lines;

static void count_line(void *arg, const char *subject, const char *words)
{
    assert_non_null(subject);
    assert_non_null(words);
    ((shown_lines *)arg)->count++;
}

/* Makes one in a new folder, finds it, and describes it; the nth allocation fails. Whether it has. */
static bool fail_development(uint64_t nth)
{
    hw_test_folder folder;
    char path[128];
    hewn_certificate_paths paths;
    hewn_fault fault = {.error = 0};
    shown_lines lines = {0};
    hw_test_folder_init(&folder);
    snprintf(path, sizeof path, "%s/dev", folder.path);
    static const char *const names[] = {"app.localhost", "192.168.1.5", NULL};
    const hewn_certificate_dev_opts opts = {sizeof opts, path, names};
    tls_memory_fail(nth);
    tls_memory_begin();
    int error = hewn_certificate_dev(&opts, &fault, &paths);
    int shown =
        error < 0 ? 0 : hewn_certificate_show(paths.certificate, count_line, &lines, &fault);
    tls_memory_end();
    bool is_struck = tls_memory_is_struck();
    if ((error < 0 || shown < 0) && (!is_struck || fault.error == 0))
        fail_msg("allocation %llu: %s: %s", (unsigned long long)nth, fault.where, fault.what);
    assert_int_equal(hewn_certificate_dev(&opts, &fault, &paths), 0);
    assert_int_equal(hewn_certificate_show(paths.certificate, count_line, &lines, &fault), 0);
    assert_true(lines.count > 10);
    hw_test_folder_fini(&folder);
    return is_struck;
}

HW_LONG_TEST(development_survives_what_openssl_lacks)
{
    const uint64_t step = tls_memory_step(997);
    uint64_t nth = 1;
    /* What OpenSSL cannot begin with it never tries again. */
    assert_false(fail_development(0));
    tls_memory_forgive(true);
    while (fail_development(nth))
        nth += step;
    tls_memory_forgive(false);
    assert_true(nth > 100);
}
