/* Has one thread do what is asked for, in turn.
 *
 * The thread stays when there is nothing to do: one that ended would have to be joined by who asks
 * next, which may be a loop, and a thread of the lowest priority may take its time to return. */
#include "kit/errands.h"

#include <errno.h>

#include "base/assert.h"

static hw_errand *errand_of(hw_link *link)
{
    return HW_MEMBER(link, hw_errand, link);
}

void hw_errands_init(hw_errands *errands, const hw_errands_setup *setup)
{
    *errands = (hw_errands){.setup = *setup};
    hw_sys_mutex_init(&errands->lock);
    hw_sys_condition_init(&errands->work);
    hw_sys_condition_init(&errands->end);
    hw_list_init(&errands->waiting);
}

void hw_errands_fini(hw_errands *errands)
{
    hw_sys_mutex_lock(&errands->lock);
    atomic_store(&errands->is_ending, true);
    hw_sys_condition_wake_all(&errands->work);
    hw_sys_condition_wake_all(&errands->end);
    hw_sys_mutex_unlock(&errands->lock);
    if (errands->has_thread)
        (void)hw_sys_thread_join(errands->thread);
    for (hw_link *link; (link = hw_list_take_first(&errands->waiting));)
        errands->setup.done(errands->setup.owner, errand_of(link));
    hw_sys_condition_fini(&errands->work);
    hw_sys_condition_fini(&errands->end);
    hw_sys_mutex_fini(&errands->lock);
}

/* The lock is held before and after. */
static void run_errand(hw_errands *errands, hw_errand *errand)
{
    errands->current = errand;
    hw_sys_mutex_unlock(&errands->lock);
    errands->setup.run(errands->setup.owner, errand);
    hw_sys_mutex_lock(&errands->lock);
    errands->current = NULL;
    errands->count--;
    errands->setup.done(errands->setup.owner, errand);
}

static void *run_errands(void *arg)
{
    hw_errands *errands = arg;
    if (errands->setup.is_lowly)
        hw_sys_thread_lower();
    hw_sys_mutex_lock(&errands->lock);
    while (!errands->is_ending) {
        hw_link *link = hw_list_take_first(&errands->waiting);
        if (link)
            run_errand(errands, errand_of(link));
        else
            hw_sys_condition_wait(&errands->work, &errands->lock);
    }
    hw_sys_mutex_unlock(&errands->lock);
    return NULL;
}

int hw_errands_add(hw_errands *errands, hw_errand *errand, bool first)
{
    if (errands->count == errands->setup.count_max)
        return -EAGAIN;
    if (!errands->has_thread) {
        int error =
            hw_sys_thread_start(&errands->thread, run_errands, errands, errands->setup.stack_bytes);
        if (error < 0)
            return error;
        errands->has_thread = true;
    }
    hw_link_init(&errand->link);
    if (first)
        hw_list_prepend(&errands->waiting, &errand->link);
    else
        hw_list_append(&errands->waiting, &errand->link);
    errands->count++;
    hw_sys_condition_wake_one(&errands->work);
    return 0;
}

void hw_errands_hurry(hw_errands *errands, hw_errand *errand)
{
    if (errand == errands->current)
        return;
    hw_link_move(&errand->link, &errands->waiting);
}

hw_errand *hw_errands_next(const hw_errands *errands, const hw_errand *errand)
{
    if (!errand && errands->current)
        return errands->current;
    const hw_link *head = &errands->waiting.head;
    hw_link *next = !errand || errand == errands->current ? head->next : errand->link.next;
    return next == head ? NULL : errand_of(next);
}

bool hw_errands_rest(hw_errands *errands, unsigned ms)
{
    hw_sys_mutex_lock(&errands->lock);
    if (!errands->is_ending)
        hw_sys_condition_wait_for(&errands->end, &errands->lock, ms);
    bool goes_on = !errands->is_ending;
    hw_sys_mutex_unlock(&errands->lock);
    return goes_on;
}
