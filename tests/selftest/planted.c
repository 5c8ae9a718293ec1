/* Mistakes that the sanitizers and the sweep must find: each test here has to end red, with the
 * right report; selftest.py sees to it. A test build that lets one of them pass proves nothing. */
#include "sys/memory.h"
#include "sys/thread.h"
#include "unit/harness.h"

#include <limits.h>
#include <string.h>

static void *volatile kept;

HW_TEST(leak)
{
    kept = hw_sys_alloc(123);
    assert_non_null(kept);
    kept = NULL;
}

HW_TEST(overflow)
{
    volatile size_t index = 10;
    char *memory = hw_sys_alloc(10);
    HW_NEED(memory);
    memory[index] = 'x';
    hw_sys_free(memory);
}

HW_TEST(undefined)
{
    volatile int number = INT_MAX;
    number = number + 1;
    assert_int_not_equal(number, 0);
}

static int counted;

static void *count_up(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++)
        counted++;
    return NULL;
}

HW_THREAD_TEST(race)
{
    pthread_t thread;
    HW_NEED_OK(hw_sys_thread_start(&thread, count_up, NULL, 256 * 1024));
    count_up(NULL);
    hw_sys_thread_join(thread);
    assert_int_not_equal(counted, 0);
}

HW_TEST(assertion)
{
    assert_int_equal(1, 2);
}

/* From here on: right as long as memory lasts. */

HW_TEST(unchecked_allocation)
{
    char *volatile memory = hw_sys_alloc(10);
    memory[0] = 'x';
    hw_sys_free(memory);
}

static void *allocate_pair(void)
{
    void **pair = hw_sys_alloc(sizeof *pair);
    if (!pair)
        return NULL;
    *pair = hw_sys_alloc(99);
    return *pair ? pair : NULL;
}

HW_TEST(leak_on_the_way_out)
{
    void **pair = allocate_pair();
    HW_NEED(pair);
    hw_sys_free(*pair);
    hw_sys_free(pair);
}

HW_TEST(hang)
{
    void *memory = NULL;
    while (!memory) {
        memory = hw_sys_alloc(10);
        volatile bool waiting = !memory;
        while (waiting)
            ;
    }
    hw_sys_free(memory);
}

HW_TEST(wrong_answer)
{
    void *memory = hw_sys_alloc(10);
    assert_non_null(memory);
    hw_sys_free(memory);
}

/* And one without a mistake, which must stay green everywhere. */
HW_TEST(sound)
{
    void *first = hw_sys_alloc(10), *second = hw_sys_alloc_zeroed(2, 5);
    HW_NEED(first);
    HW_NEED(second);
    void *larger = hw_sys_resize(first, 100);
    HW_NEED(larger);
    memset(larger, 1, 100);
    hw_sys_free(larger);
    hw_sys_free(second);
}
