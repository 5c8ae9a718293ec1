/* Bounds how many bytes its holders have together.
 *
 * One atomic counter: who takes adds first and takes back what was too much, so max is never passed
 * by more than what others ask for in that moment. Who waits for room says so before he
 * looks for the last time, and who gives looks for him after giving: one of them sees the other.
 *
 * News are told once, until the state they tell of has ended: a budget that stays tight does not
 * wake everybody with each block. */
#include "base/budget.h"

#include "base/assert.h"

static void tell_news(hw_budget *budget)
{
    if (budget->on_news)
        budget->on_news(budget->arg);
}

static void note_tight(hw_budget *budget)
{
    if (hw_budget_is_tight(budget) && !atomic_exchange(&budget->is_told, true))
        tell_news(budget);
}

bool hw_budget_take(hw_budget *budget, size_t bytes)
{
    if (!budget)
        return true;
    /* Nobody could give way for that. */
    if (budget->max > 0 && bytes > budget->max)
        return false;
    size_t before = atomic_fetch_add(&budget->used, bytes);
    bool is_within = budget->max == 0 || before <= budget->max - bytes;
    note_tight(budget);
    if (!is_within)
        hw_budget_give(budget, bytes);
    return is_within;
}

void hw_budget_add(hw_budget *budget, size_t bytes)
{
    if (!budget)
        return;
    atomic_fetch_add(&budget->used, bytes);
    note_tight(budget);
}

void hw_budget_give(hw_budget *budget, size_t bytes)
{
    if (!budget)
        return;
    size_t before = atomic_fetch_sub(&budget->used, bytes);
    hw_assert(before >= bytes);
    if (!hw_budget_is_tight(budget) && atomic_load_explicit(&budget->is_told, memory_order_relaxed))
        atomic_store(&budget->is_told, false);
    if (atomic_load(&budget->is_missed) && !hw_budget_is_full(budget) &&
        atomic_exchange(&budget->is_missed, false))
        tell_news(budget);
}

bool hw_budget_await(hw_budget *budget)
{
    atomic_store(&budget->is_missed, true);
    atomic_thread_fence(memory_order_seq_cst);
    return hw_budget_is_full(budget);
}
