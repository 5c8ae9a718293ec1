/* A budget bounds how many bytes its holders have together. Each block is charged when it is
 * allocated and given back when it is freed; what is recycled in between costs nothing. Threads:
 * all functions, any. */
#ifndef HW_BASE_BUDGET_H
#define HW_BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* With less than this left it is full. */
#define HW_BUDGET_BRIM_BYTES ((size_t)16 * 1024)

typedef struct hw_budget {
    size_t max; /* 0: nothing is refused */
    _Atomic size_t used;
    atomic_bool is_told;   /* that it is tight, and it has been so since */
    atomic_bool is_missed; /* somebody waits until it is not full any more */
    /* It has become tight, or there is room for who waits. May be NULL. Only notes it. */
    void (*on_news)(void *arg);
    void *arg;
} hw_budget;

/* False: it would pass max, and nothing is charged. A budget of NULL has room for everything. */
bool hw_budget_take(hw_budget *budget, size_t bytes);
/* Charges what is there already: max may be passed. */
void hw_budget_add(hw_budget *budget, size_t bytes);
void hw_budget_give(hw_budget *budget, size_t bytes);

static inline size_t hw_budget_used(const hw_budget *budget)
{
    return atomic_load_explicit(&budget->used, memory_order_relaxed);
}

/* Nine tenths are used, or more. */
static inline bool hw_budget_is_tight(const hw_budget *budget)
{
    return budget->max > 0 && hw_budget_used(budget) >= budget->max - budget->max / 10;
}

/* Nothing should be begun that needs memory. */
static inline bool hw_budget_is_full(const hw_budget *budget)
{
    return hw_budget_used(budget) + HW_BUDGET_BRIM_BYTES > budget->max && budget->max > 0;
}

/* The caller wants to hear when it is not full any more. False: it is not, and nobody will tell. */
bool hw_budget_await(hw_budget *budget);

#endif
