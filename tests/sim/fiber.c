/* Threads as coroutines, and the seam's calls for them.
 *
 * The world is the stack of main. It chooses a thread that can go on, and gets control back when
 * that one waits, sleeps, yields or ends. There is no preemption, so what happens between two calls
 * of the seam happens at once, and the order of everything depends on the dice alone. That leaves
 * the races inside a few instructions to ThreadSanitizer and the model in prove/.
 *
 * A mutex holds its owner in its first bytes; a condition is only an address to wait for. */
#include "sim/fiber.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/poison.h"
#include "sim/switch.h"
#include "sim/world.h"
#include "sys/thread.h"

#ifdef HW_POISONS
#include <sanitizer/common_interface_defs.h>
#endif

#define FIBERS_MAX 128
#define STACK_BYTES ((size_t)512 * 1024)

typedef enum fiber_state { FIBER_FREE, FIBER_READY, FIBER_WAITING, FIBER_DONE } fiber_state;

struct sim_fiber {
    sim_place place;
    void *stack, *fake_stack;
    fiber_state state;
    const void *thing; /* it waits for */
    int64_t until_ns;
    void *poll;
    void *(*run)(void *arg);
    void *arg;
    bool was_woken, is_detached;
};

static sim_fiber fibers[FIBERS_MAX];
static sim_fiber *running; /* NULL: the world */
static sim_place world_place;
static void *world_fake_stack;
static const void *world_stack;
static size_t world_stack_bytes;

#ifdef HW_POISONS
static void announce_switch(void **fake, const void *stack, size_t bytes)
{
    __sanitizer_start_switch_fiber(fake, stack, bytes);
}
static void finish_switch(void *fake, const void **stack, size_t *bytes)
{
    __sanitizer_finish_switch_fiber(fake, stack, bytes);
}
#else
static void announce_switch(void **fake, const void *stack, size_t bytes)
{
    (void)fake, (void)stack, (void)bytes;
}
static void finish_switch(void *fake, const void **stack, size_t *bytes)
{
    (void)fake, (void)stack, (void)bytes;
}
#endif

static void switch_to_world(void)
{
    sim_fiber *fiber = running;
    running = NULL;
    announce_switch(fiber->state == FIBER_DONE ? NULL : &fiber->fake_stack, world_stack,
                    world_stack_bytes);
    sim_switch(&fiber->place, &world_place);
    finish_switch(fiber->fake_stack, NULL, NULL);
}

static void switch_to(sim_fiber *fiber)
{
    running = fiber;
    announce_switch(&world_fake_stack, fiber->stack, STACK_BYTES);
    sim_switch(&world_place, &fiber->place);
    finish_switch(world_fake_stack, NULL, NULL);
}

static void release_fiber(sim_fiber *fiber)
{
    fiber->state = FIBER_FREE;
}

static void begin_fiber(void)
{
    finish_switch(NULL, &world_stack, &world_stack_bytes);
    sim_fiber *fiber = running;
    fiber->run(fiber->arg);
    fiber->state = FIBER_DONE;
    sim_fiber_wake(fiber);
    switch_to_world();
}

static void *take_stack(const sim_fiber *fiber)
{
    void *stack = fiber->stack;
    if (!stack)
        stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        sim_fail("no memory for a stack");
    hw_unpoison(stack, STACK_BYTES);
    return stack;
}

sim_fiber *sim_fiber_start(void *(*run)(void *arg), void *arg)
{
    sim_fiber *fiber = fibers;
    while (fiber < fibers + FIBERS_MAX && fiber->state != FIBER_FREE)
        fiber++;
    if (fiber == fibers + FIBERS_MAX)
        return NULL;
    *fiber = (sim_fiber){.place = fiber->place,
                         .stack = take_stack(fiber),
                         .state = FIBER_READY,
                         .run = run,
                         .arg = arg};
    sim_switch_prepare(&fiber->place, fiber->stack, STACK_BYTES, begin_fiber);
    return fiber;
}

void sim_fiber_begin(void)
{
    for (int i = 0; i < FIBERS_MAX; i++)
        fibers[i].state = FIBER_FREE;
}

void sim_fiber_free_stacks(void)
{
    for (int i = 0; i < FIBERS_MAX; i++) {
        sim_switch_free(&fibers[i].place);
        if (fibers[i].stack)
            munmap(fibers[i].stack, STACK_BYTES);
    }
    sim_switch_free(&world_place);
    memset(fibers, 0, sizeof fibers);
}

static bool can_run(const sim_fiber *fiber)
{
    return fiber->state == FIBER_READY ||
           (fiber->state == FIBER_WAITING && fiber->until_ns <= sim_now_ns());
}

bool sim_fiber_can_run_any(void)
{
    for (int i = 0; i < FIBERS_MAX; i++)
        if (can_run(&fibers[i]))
            return true;
    return false;
}

bool sim_fiber_run_any(void)
{
    unsigned count = 0;
    sim_fiber *chosen = NULL;
    for (int i = 0; i < FIBERS_MAX; i++)
        if (can_run(&fibers[i]) && sim_draw(++count) == 0)
            chosen = &fibers[i];
    if (!chosen)
        return false;
    chosen->state = FIBER_READY;
    switch_to(chosen);
    if (chosen->state == FIBER_DONE && chosen->is_detached)
        release_fiber(chosen);
    return true;
}

int64_t sim_fiber_next_ns(void)
{
    int64_t next_ns = SIM_NEVER;
    for (int i = 0; i < FIBERS_MAX; i++)
        if (fibers[i].state == FIBER_WAITING && fibers[i].until_ns < next_ns)
            next_ns = fibers[i].until_ns;
    return next_ns;
}

unsigned sim_fiber_count(void)
{
    unsigned count = 0;
    for (int i = 0; i < FIBERS_MAX; i++)
        count += fibers[i].state != FIBER_FREE;
    return count;
}

void sim_fiber_yield(void)
{
    if (running)
        switch_to_world();
}

bool sim_fiber_wait(const void *thing, int64_t until_ns)
{
    if (!running)
        sim_fail("the world waits");
    sim_fiber *fiber = running;
    fiber->thing = thing;
    fiber->until_ns = until_ns;
    fiber->was_woken = false;
    fiber->state = FIBER_WAITING;
    switch_to_world();
    return fiber->was_woken;
}

static void wake_fiber(sim_fiber *fiber)
{
    fiber->state = FIBER_READY;
    fiber->was_woken = true;
    fiber->thing = NULL;
}

void sim_fiber_wake(const void *thing)
{
    for (int i = 0; i < FIBERS_MAX; i++)
        if (fibers[i].state == FIBER_WAITING && fibers[i].thing == thing)
            wake_fiber(&fibers[i]);
}

static void wake_one_of(const void *thing)
{
    unsigned count = 0;
    sim_fiber *chosen = NULL;
    for (int i = 0; i < FIBERS_MAX; i++)
        if (fibers[i].state == FIBER_WAITING && fibers[i].thing == thing && sim_draw(++count) == 0)
            chosen = &fibers[i];
    if (chosen)
        wake_fiber(chosen);
}

void sim_fiber_wake_spuriously(void)
{
    unsigned count = 0;
    sim_fiber *chosen = NULL;
    for (int i = 0; i < FIBERS_MAX; i++)
        if (fibers[i].state == FIBER_WAITING && !fibers[i].poll && fibers[i].thing &&
            sim_draw(++count) == 0)
            chosen = &fibers[i];
    if (chosen)
        wake_fiber(chosen);
}

void sim_fiber_sleep_ms(int64_t ms)
{
    sim_fiber_wait(NULL, sim_now_ns() + ms * SIM_NS_PER_MS);
}

void sim_fiber_set_poll(void *poll)
{
    if (running)
        running->poll = poll;
}

bool sim_fiber_is_in_poll(const void *poll)
{
    for (int i = 0; i < FIBERS_MAX; i++)
        if (fibers[i].state != FIBER_FREE && fibers[i].poll == poll)
            return true;
    return false;
}

bool sim_fiber_is_world(void)
{
    return !running;
}

int hw_sys_thread_start(pthread_t *ret_thread, void *(*run)(void *), void *arg, size_t stack_bytes)
{
    (void)stack_bytes;
    if (sim_strikes(sim_the_plan.calls_failing * 10))
        return -EAGAIN;
    sim_fiber *fiber = sim_fiber_start(run, arg);
    if (!fiber)
        sim_fail("more than %d threads", FIBERS_MAX);
    *ret_thread = (pthread_t)(uintptr_t)fiber;
    return 0;
}

int hw_sys_thread_join(pthread_t thread)
{
    sim_fiber *fiber = (sim_fiber *)(uintptr_t)thread;
    while (fiber->state != FIBER_DONE)
        sim_fiber_wait(fiber, SIM_NEVER);
    release_fiber(fiber);
    return 0;
}

int hw_sys_thread_detach(pthread_t thread)
{
    ((sim_fiber *)(uintptr_t)thread)->is_detached = true;
    return 0;
}

int hw_sys_thread_signal(pthread_t thread, int signal)
{
    (void)thread, (void)signal;
    return 0;
}

void hw_sys_thread_lower(void)
{
}

bool hw_sys_thread_is_self(pthread_t thread)
{
    return (sim_fiber *)(uintptr_t)thread == running;
}

static const sim_fiber *owner_of(const pthread_mutex_t *mutex)
{
    const sim_fiber *owner;
    memcpy(&owner, mutex, sizeof owner);
    return owner;
}

static void set_owner(pthread_mutex_t *mutex, const sim_fiber *owner)
{
    memcpy(mutex, &owner, sizeof owner);
}

void hw_sys_mutex_init(pthread_mutex_t *mutex)
{
    set_owner(mutex, NULL);
}

void hw_sys_mutex_fini(pthread_mutex_t *mutex)
{
    SIM_MUST(!owner_of(mutex), "a mutex ends while it is held");
}

void hw_sys_mutex_lock(pthread_mutex_t *mutex)
{
    if (sim_chance(20))
        sim_fiber_yield();
    SIM_MUST(!running || owner_of(mutex) != running, "a thread takes a mutex twice");
    while (owner_of(mutex))
        sim_fiber_wait(mutex, SIM_NEVER);
    set_owner(mutex, running);
}

bool hw_sys_mutex_try(pthread_mutex_t *mutex)
{
    if (owner_of(mutex))
        return false;
    set_owner(mutex, running);
    return true;
}

void hw_sys_mutex_unlock(pthread_mutex_t *mutex)
{
    SIM_MUST(owner_of(mutex) == running, "a thread gives back a mutex it does not hold");
    set_owner(mutex, NULL);
    sim_fiber_wake(mutex);
    if (sim_chance(10))
        sim_fiber_yield();
}

void hw_sys_condition_init(pthread_cond_t *condition)
{
    (void)condition;
}

void hw_sys_condition_fini(pthread_cond_t *condition)
{
    (void)condition;
}

static void wait_for_condition(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ns)
{
    SIM_MUST(owner_of(mutex) == running, "a thread waits without the mutex");
    set_owner(mutex, NULL);
    sim_fiber_wake(mutex);
    sim_fiber_wait(condition, until_ns);
    while (owner_of(mutex))
        sim_fiber_wait(mutex, SIM_NEVER);
    set_owner(mutex, running);
}

void hw_sys_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    wait_for_condition(condition, mutex, SIM_NEVER);
}

void hw_sys_condition_wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, unsigned ms)
{
    wait_for_condition(condition, mutex, sim_now_ns() + (int64_t)ms * SIM_NS_PER_MS);
}

void hw_sys_condition_wake_one(pthread_cond_t *condition)
{
    wake_one_of(condition);
}

void hw_sys_condition_wake_all(pthread_cond_t *condition)
{
    sim_fiber_wake(condition);
}
