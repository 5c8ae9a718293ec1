/* Runs the unit tests: all, some, or one alone.
 *
 * Tests register by constructor, so there is no list to edit; they are sorted by file and line and
 * run as one cmocka group a file. After each test LeakSanitizer, where it is linked, looks for what
 * nobody points to, so that a leak names its test. cmocka's own catching of signals is kept from
 * the sanitizers' builds: their report is worth more. */
#include "unit/harness.h"

#include "seam/seam.h"
#include "unit/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Present where AddressSanitizer is linked. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allow_user_segv_handler=0:handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2"
           ":detect_leaks=1:exitcode=99:allocator_may_return_null=1"
           ":detect_stack_use_after_return=0";
}

const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}

const char *__tsan_default_options(void)
{
    return "halt_on_error=1:exitcode=99:second_deadlock_stack=1";
}

enum {
    NO_TEST_CHOSEN = 5 /* pytest's exit status for it */
};

typedef struct run_options {
    const char *filter; /* an id, or a part of ids; NULL: all */
    bool threads_only, list, sweep;
    unsigned deadline_s;
} run_options;

static hw_test *first_test, *current_test;
static bool leak_was_reported;

void hw_test_register(hw_test *test)
{
    test->next = first_test;
    first_test = test;
}

/* "h1/parser_test.c" of "../tests/unit/h1/parser_test.c" */
static const char *test_file(const hw_test *test)
{
    const char *unit = strstr(test->file, "/unit/");
    const char *selftest = strstr(test->file, "/selftest/");
    if (unit)
        return unit + strlen("/unit/");
    return selftest ? selftest + 1 : test->file;
}

void hw_test_format_id(const hw_test *test, char *ret_id, size_t bytes)
{
    snprintf(ret_id, bytes, "%s:%s", test_file(test), test->name);
}

/* What returned calls left on the stack would look like somebody's pointers. */
__attribute__((noinline, no_sanitize("address"))) static void scrub_stack(void)
{
    volatile char left_over[32768];
    for (size_t i = 0; i < sizeof left_over; i++)
        left_over[i] = 0;
}

bool hw_test_has_leak(void)
{
    if (!__lsan_do_recoverable_leak_check)
        return false;
    scrub_stack();
    return __lsan_do_recoverable_leak_check() != 0;
}

static size_t count_allocated_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : 0;
}

bool hw_test_is_struck(void)
{
    return hw_sweep_is_struck();
}

bool hw_test_is_swept(void)
{
    return hw_sweep_is_on();
}

void hw_test_skip(const char *file, int line)
{
    current_test->skipped = true;
    _skip(file, line);
    abort();
}

void hw_test_need_failed(const char *what, long result, const char *file, int line)
{
    if (hw_sweep_is_struck() && (result == 0 || result == -ENOMEM))
        hw_sweep_end_child();
    if (result == 0)
        print_error("%s is missing, and no failure was injected\n", what);
    else
        print_error("%s is %ld (%s)\n", what, result, strerrorname_np((int)-result));
    _fail(file, line);
    abort();
}

void hw_test_need_ok(long result, const char *what, const char *file, int line)
{
    if (result < 0)
        hw_test_need_failed(what, result, file, line);
}

static void run_prepared(void **state)
{
    hw_test *test = *state;
    current_test = test;
    test->skipped = test->returned = false;
    hw_seam_reset();
    size_t bytes_before = count_allocated_bytes();
    hw_sweep_arm();
    test->run();
    /* Looking for leaks takes milliseconds, so only where bytes are left; and LeakSanitizer reports
     * a leak again at every later look, so only until the first. */
    if (!leak_was_reported && count_allocated_bytes() > bytes_before && hw_test_has_leak()) {
        leak_was_reported = true;
        print_error("%s leaks\n", test->name);
        _fail(test->file, test->line);
    }
    test->returned = true;
}

static size_t run_group(const char *title, hw_test *const *tests, size_t count)
{
    struct CMUnitTest *group = calloc(count, sizeof *group);
    if (!group)
        abort();
    for (size_t i = 0; i < count; i++)
        group[i] = (struct CMUnitTest){
            .name = tests[i]->name, .test_func = run_prepared, .initial_state = tests[i]};
    int failed = _cmocka_run_group_tests(title, group, count, NULL, NULL);
    free(group);
    return (size_t)failed;
}

bool hw_test_run_quietly(hw_test *test)
{
    return run_group(test_file(test), &test, 1) == 0;
}

static int run_all(const char *program, hw_test *const *tests, size_t count)
{
    size_t passed = 0, failed = 0, skipped = 0;
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && !strcmp(tests[end]->file, tests[i]->file);)
            end++;
        failed += run_group(test_file(tests[i]), tests + i, end - i);
    }
    for (size_t i = 0; i < count; i++) {
        passed += tests[i]->returned;
        skipped += tests[i]->skipped;
        if (!tests[i]->returned && !tests[i]->skipped)
            printf("alone: %s '%s:%s'\n", program, test_file(tests[i]), tests[i]->name);
    }
    printf("%zu passed, %zu failed", passed, failed);
    if (skipped)
        printf(", %zu skipped", skipped);
    printf("\n");
    return failed > 0 || passed + skipped != count;
}

static int compare_tests(const void *a, const void *b)
{
    const hw_test *left = *(hw_test *const *)a, *right = *(hw_test *const *)b;
    int by_file = strcmp(left->file, right->file);
    return by_file ? by_file : (left->line > right->line) - (left->line < right->line);
}

/* A whole id chooses one test; anything else every test with that in its id. */
static size_t choose_tests(const run_options *options, hw_test **tests)
{
    char id[256];
    size_t count = 0;
    for (hw_test *test = first_test; test; test = test->next) {
        hw_test_format_id(test, id, sizeof id);
        if (options->filter && !strcmp(options->filter, id)) {
            tests[0] = test;
            return 1;
        }
        bool is_long = test->kind == HW_TEST_LONG || test->kind == HW_TEST_THREADS_LONG;
        bool has_threads = test->kind == HW_TEST_THREADS || test->kind == HW_TEST_THREADS_LONG;
        if (options->sweep && is_long)
            continue;
        if (options->threads_only && !has_threads)
            continue;
        if (!options->filter || strstr(id, options->filter))
            tests[count++] = test;
    }
    qsort(tests, count, sizeof *tests, compare_tests);
    return count;
}

static int list_tests(hw_test *const *tests, size_t count)
{
    char id[256];
    for (size_t i = 0; i < count; i++) {
        hw_test_format_id(tests[i], id, sizeof id);
        printf("%s\n", id);
    }
    return 0;
}

static bool read_options(int argc, char **argv, run_options *options)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--list"))
            options->list = true;
        else if (!strcmp(argv[i], "--sweep"))
            options->sweep = true;
        else if (!strcmp(argv[i], "--threads"))
            options->threads_only = true;
        else if (!strcmp(argv[i], "--deadline") && i + 1 < argc)
            options->deadline_s = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (argv[i][0] == '-' || options->filter)
            return false;
        else
            options->filter = argv[i];
    }
    return true;
}

int main(int argc, char **argv)
{
    run_options options = {.deadline_s = 20};
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: %s [--list | --sweep [--deadline SECONDS]] [--threads] [FILTER]\n",
                argv[0]);
        return 64;
    }
    size_t count = 1;
    for (const hw_test *test = first_test; test; test = test->next)
        count++;
    hw_test **tests = calloc(count, sizeof *tests);
    if (!tests)
        abort();
    count = choose_tests(&options, tests);
    int status = NO_TEST_CHOSEN;
    if (count == 0)
        fprintf(stderr, "%s: no such test\n", argv[0]);
    else if (options.list)
        status = list_tests(tests, count);
    else if (options.sweep)
        status = hw_sweep(tests, count, options.deadline_s, !options.filter);
    else
        status = run_all(argv[0], tests, count);
    free(tests);
    return status;
}
