/* Keeps what the tests told the seam.
 *
 * Counts are atomic; the rules lie under one lock, which is only taken while there are rules, so
 * that the seam does not order threads that the real calls would not order. A rule names the
 * absolute number of the call it strikes, so nothing has to be counted down. */
#include "seam/script.h"

#include "seam/seam.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 128 };

typedef struct rule {
    hw_script_call call;
    unsigned number;
    int error;
    bool stays; /* for every later call too */
} rule;

static const char *const names[] = {
#define NAME(name, first, ...) #name,
    HW_SCRIPT_CALLS(NAME)
#undef NAME
};

static const int *const errors[] = {
#define ERRORS(name, ...) (const int[]){__VA_ARGS__, 0},
    HW_SCRIPT_CALLS(ERRORS)
#undef ERRORS
};

static atomic_uint calls[HW_SCRIPT_CALL_COUNT];
static atomic_size_t limits[HW_SCRIPT_CALL_COUNT];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static rule rules[RULES_MAX];
static atomic_size_t rule_count;

static hw_script_call find_call(const char *name)
{
    for (unsigned i = 0; i < HW_SCRIPT_CALL_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    fprintf(stderr, "seam: there is no call \"%s\"\n", name);
    abort();
}

static bool can_be_short(hw_script_call call)
{
    return call == HW_CALL_read || call == HW_CALL_read_at || call == HW_CALL_write ||
           call == HW_CALL_receive || call == HW_CALL_send || call == HW_CALL_send_file;
}

void hw_seam_reset(void)
{
    pthread_mutex_lock(&lock);
    atomic_store(&rule_count, 0);
    for (unsigned i = 0; i < HW_SCRIPT_CALL_COUNT; i++) {
        atomic_store(&calls[i], 0);
        atomic_store(&limits[i], 0);
    }
    pthread_mutex_unlock(&lock);
    hw_seam_fail_allocation(0);
    hw_seam_clock_thaw();
}

static void add_rule(const char *name, unsigned nth, int error, bool stays)
{
    hw_script_call call = find_call(name);
    pthread_mutex_lock(&lock);
    size_t count = atomic_load(&rule_count);
    if (count == RULES_MAX || nth == 0 || error <= 0) {
        fprintf(stderr, "seam: bad rule: %s, %u, %d\n", name, nth, error);
        abort();
    }
    rules[count] = (rule){call, atomic_load(&calls[call]) + nth, error, stays};
    atomic_store(&rule_count, count + 1);
    pthread_mutex_unlock(&lock);
}

void hw_seam_fail(const char *name, unsigned nth, int error)
{
    add_rule(name, nth, error, false);
}

void hw_seam_fail_from(const char *name, unsigned nth, int error)
{
    add_rule(name, nth, error, true);
}

const char *hw_seam_call(size_t index)
{
    return index < HW_SCRIPT_CALL_COUNT ? names[index] : NULL;
}

const int *hw_seam_errors(const char *name)
{
    return errors[find_call(name)];
}

bool hw_seam_moves_bytes(const char *name)
{
    return can_be_short(find_call(name));
}

void hw_seam_short(const char *name, size_t bytes)
{
    hw_script_call call = find_call(name);
    if (!can_be_short(call)) {
        fprintf(stderr, "seam: \"%s\" moves no bytes\n", name);
        abort();
    }
    atomic_store(&limits[call], bytes);
}

unsigned hw_seam_calls(const char *name)
{
    return atomic_load(&calls[find_call(name)]);
}

int hw_script_take(hw_script_call call)
{
    unsigned number = atomic_fetch_add_explicit(&calls[call], 1, memory_order_relaxed) + 1;
    if (atomic_load_explicit(&rule_count, memory_order_relaxed) == 0)
        return 0;
    int result = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < atomic_load(&rule_count) && result == 0; i++)
        if (rules[i].call == call &&
            (rules[i].number == number || (rules[i].stays && rules[i].number < number)))
            result = -rules[i].error;
    pthread_mutex_unlock(&lock);
    return result;
}

size_t hw_script_limit(hw_script_call call, size_t bytes)
{
    size_t limit = atomic_load_explicit(&limits[call], memory_order_relaxed);
    if (limit == HW_SEAM_HALF)
        return bytes - bytes / 2;
    return limit > 0 && limit < bytes ? limit : bytes;
}
