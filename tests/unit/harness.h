/* Unit tests: a test is a function, nothing else.
 *
 *     HW_TEST(text_trim_takes_blanks_off)
 *     {
 *         assert_true(hw_text_equal(hw_text_trim(HW_TEXT(" a ")), HW_TEXT("a")));
 *     }
 *
 * It registers itself before main; the assertions are cmocka's. Each test is also run with its
 * first, second, ... n-th allocation failing (`unit --sweep`): there it must pass, or say through
 * one of the macros below that it could not go on. What its variables still point to then is not a
 * leak; what nobody points to is. */
#ifndef HW_TESTS_HARNESS_H
#define HW_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef enum hw_test_kind {
    HW_TEST_ORDINARY,
    HW_TEST_THREADS,     /* run under ThreadSanitizer too */
    HW_TEST_LONG,        /* too much to be swept: what it runs through is swept elsewhere */
    HW_TEST_THREADS_LONG /* both */
} hw_test_kind;

typedef struct hw_test hw_test;
struct hw_test {
    const char *name, *file;
    int line;
    hw_test_kind kind;
    void (*run)(void);
    hw_test *next;
    bool skipped, returned;
};

void hw_test_register(hw_test *test);

#define HW_TEST(name) HW_TEST_OF_KIND(name, HW_TEST_ORDINARY)
#define HW_THREAD_TEST(name) HW_TEST_OF_KIND(name, HW_TEST_THREADS)
#define HW_LONG_TEST(name) HW_TEST_OF_KIND(name, HW_TEST_LONG)
#define HW_LONG_THREAD_TEST(name) HW_TEST_OF_KIND(name, HW_TEST_THREADS_LONG)

#define HW_TEST_OF_KIND(title, its_kind)                                                           \
    static void test_##title(void);                                                                \
    __attribute__((constructor)) static void register_##title(void)                                \
    {                                                                                              \
        static hw_test node;                                                                       \
        node.name = #title;                                                                        \
        node.file = __FILE__;                                                                      \
        node.line = __LINE__;                                                                      \
        node.kind = its_kind;                                                                      \
        node.run = test_##title;                                                                   \
        hw_test_register(&node);                                                                   \
    }                                                                                              \
    static void test_##title(void)

/* A setup step must have worked: a pointer that is not NULL, a result that is not negative. Where
 * the injected failure of an allocation struck, the test ends here without blame; else it fails. */
#define HW_NEED(pointer)                                                                           \
    ((pointer) != NULL ? (void)0 : hw_test_need_failed(#pointer, 0, __FILE__, __LINE__))
#define HW_NEED_OK(result) hw_test_need_ok((long)(result), #result, __FILE__, __LINE__)

/* The same for what the test found out in another way. */
#define hw_test_out_of_memory() hw_test_need_failed("memory", 0, __FILE__, __LINE__)

/* Whether an injected failure has struck in this test: what follows may be an error's answer. */
bool hw_test_is_struck(void);
/* Whether this is such a run at all: what only repeats itself need not be done then. */
bool hw_test_is_swept(void);

void hw_test_need_ok(long result, const char *what, const char *file, int line);
void hw_test_need_failed(const char *what, long result, const char *file, int line)
    __attribute__((noreturn));

#undef skip
#define skip() hw_test_skip(__FILE__, __LINE__)
void hw_test_skip(const char *file, int line) __attribute__((noreturn));

#endif
