#include "kit/errands.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "seam/seam.h"
#include "unit/harness.h"

enum { ERRANDS_MAX = 4 };

typedef struct numbered {
    hw_errand errand;
    int number;
    bool was_run;
} numbered;

/* What is done is noted in the order in which it is; nothing is begun before the gate is open. */
typedef struct errand_bench {
    hw_errands errands;
    atomic_bool is_open;
    atomic_int begun, over;
    char order[16];
    numbered all[8];
} errand_bench;

static void run_numbered(void *owner, hw_errand *errand)
{
    errand_bench *bench = owner;
    atomic_fetch_add(&bench->begun, 1);
    while (!atomic_load(&bench->is_open) && !bench->errands.is_ending)
        sched_yield();
    ((numbered *)errand)->was_run = true;
}

static void note_done(void *owner, hw_errand *errand)
{
    errand_bench *bench = owner;
    const numbered *one = (numbered *)errand;
    bench->order[atomic_load(&bench->over)] = (char)((one->was_run ? '0' : 'a') + one->number);
    atomic_fetch_add(&bench->over, 1);
}

static void open_errands(errand_bench *bench)
{
    memset(bench, 0, sizeof *bench);
    for (int i = 0; i < 8; i++)
        bench->all[i].number = i;
    hw_errands_init(&bench->errands, &(hw_errands_setup){.count_max = ERRANDS_MAX,
                                                         .stack_bytes = (size_t)64 * 1024,
                                                         .is_lowly = true,
                                                         .run = run_numbered,
                                                         .done = note_done,
                                                         .owner = bench});
}

static int add(errand_bench *bench, int number, bool first)
{
    hw_sys_mutex_lock(&bench->errands.lock);
    int error = hw_errands_add(&bench->errands, &bench->all[number].errand, first);
    hw_sys_mutex_unlock(&bench->errands.lock);
    return error;
}

static void wait_for(atomic_int *count, int least)
{
    while (atomic_load(count) < least)
        sched_yield();
}

HW_LONG_THREAD_TEST(errands_are_done_in_turn_by_one_thread)
{
    errand_bench bench;
    open_errands(&bench);
    assert_int_equal(add(&bench, 0, false), 0);
    wait_for(&bench.begun, 1);
    assert_int_equal(add(&bench, 1, false), 0);
    assert_int_equal(add(&bench, 2, false), 0);
    assert_int_equal(add(&bench, 3, true), 0); /* before those that wait */
    assert_int_equal(add(&bench, 4, false), -EAGAIN);
    hw_sys_mutex_lock(&bench.errands.lock);
    hw_errands_hurry(&bench.errands, &bench.all[2].errand);
    hw_errands_hurry(&bench.errands, &bench.all[0].errand); /* it is under way */
    int order[ERRANDS_MAX] = {0}, count = 0;
    for (hw_errand *one = NULL; (one = hw_errands_next(&bench.errands, one));)
        order[count++] = ((numbered *)one)->number;
    hw_sys_mutex_unlock(&bench.errands.lock);
    assert_int_equal(count, 4);
    assert_true(order[0] == 0 && order[1] == 2 && order[2] == 3 && order[3] == 1);
    atomic_store(&bench.is_open, true);
    wait_for(&bench.over, 4);
    assert_string_equal(bench.order, "0231");
    /* There is a thread already. */
    assert_int_equal(add(&bench, 5, false), 0);
    wait_for(&bench.over, 5);
    assert_int_equal(hw_seam_calls("thread_start"), 1);
    assert_int_equal(hw_seam_calls("thread_lower"), 1);
    hw_errands_fini(&bench.errands);
}

HW_LONG_THREAD_TEST(errands_that_wait_at_the_end_are_given_up)
{
    errand_bench bench;
    open_errands(&bench);
    assert_int_equal(add(&bench, 0, false), 0);
    wait_for(&bench.begun, 1);
    assert_int_equal(add(&bench, 1, false), 0);
    hw_errands_fini(&bench.errands);
    assert_string_equal(bench.order, "0b");
}

HW_LONG_THREAD_TEST(errands_without_a_thread_are_not_taken)
{
    errand_bench bench;
    open_errands(&bench);
    hw_seam_fail("thread_start", 1, EAGAIN);
    assert_int_equal(add(&bench, 0, false), -EAGAIN);
    assert_null(hw_errands_next(&bench.errands, NULL));
    hw_errands_fini(&bench.errands);
    assert_string_equal(bench.order, "");
}

HW_LONG_THREAD_TEST(errands_rest_until_the_end)
{
    errand_bench bench;
    open_errands(&bench);
    hw_seam_hurry(true);
    assert_true(hw_errands_rest(&bench.errands, 1000));
    atomic_store(&bench.errands.is_ending, true);
    assert_false(hw_errands_rest(&bench.errands, 1000));
    hw_errands_fini(&bench.errands);
}
