/* Puts itself before OpenSSL's allocator, before OpenSSL has asked for anything. */
#include "tls/memory.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic uint64_t left; /* until one fails; 0: none will */
static atomic_bool is_counting, is_struck, forgives_leaks;

/* Present where LeakSanitizer is linked. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static bool is_failing(void)
{
    if (!atomic_load(&is_counting))
        return false;
    uint64_t before = atomic_load(&left);
    while (before > 0 && !atomic_compare_exchange_weak(&left, &before, before - 1))
        continue;
    if (before == 1)
        atomic_store(&is_struck, true);
    return before == 1;
}

/* Both are counted by LeakSanitizer, by thread. */
static bool begin_forgiving(void)
{
    bool forgives = __lsan_disable && __lsan_enable && atomic_load(&is_counting) &&
                    atomic_load(&forgives_leaks);
    if (forgives)
        __lsan_disable();
    return forgives;
}

static void *allocate(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    if (is_failing())
        return NULL;
    bool forgives = begin_forgiving();
    void *memory = malloc(bytes);
    if (forgives)
        __lsan_enable();
    return memory;
}

static void *resize(void *memory, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    if (is_failing())
        return NULL;
    bool forgives = begin_forgiving();
    void *resized = realloc(memory, bytes);
    if (forgives)
        __lsan_enable();
    return resized;
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

__attribute__((constructor)) static void stand_before_openssl(void)
{
    if (CRYPTO_set_mem_functions(allocate, resize, give_back) == 1)
        return;
    fputs("tests/tls/memory: OpenSSL has allocated already\n", stderr);
    abort();
}

void tls_memory_fail(uint64_t nth)
{
    atomic_store(&left, nth);
    atomic_store(&is_struck, false);
}

void tls_memory_begin(void)
{
    atomic_store(&is_counting, true);
}

void tls_memory_end(void)
{
    atomic_store(&is_counting, false);
}

void tls_memory_forgive(bool forgives)
{
    atomic_store(&forgives_leaks, forgives);
}

uint64_t tls_memory_step(uint64_t usual)
{
    const char *all = getenv("HEWN_ALL"), *step = getenv("HEWN_STEP");
    if (all && *all)
        return 1;
    return step && *step ? strtoull(step, NULL, 10) : usual;
}

bool tls_memory_is_struck(void)
{
    return atomic_load(&is_struck);
}

static bool fails_at(void (*attempt)(void *arg), void *arg, uint64_t nth)
{
    tls_memory_fail(nth);
    attempt(arg);
    bool has_failed = tls_memory_is_struck();
    tls_memory_fail(0);
    return has_failed;
}

/* The last one that can fail. */
static uint64_t count_allocations(void (*attempt)(void *arg), void *arg)
{
    uint64_t some = 0, none = 1;
    while (fails_at(attempt, arg, none))
        some = none, none *= 2;
    while (none - some > 1) {
        uint64_t nth = some + (none - some) / 2;
        if (fails_at(attempt, arg, nth))
            some = nth;
        else
            none = nth;
    }
    return some;
}

uint64_t tls_memory_fail_each(void (*attempt)(void *arg), void *arg, uint64_t dense)
{
    enum { BETWEEN = 20 };
    uint64_t failed = 0, step;
    (void)fails_at(attempt, arg, 0); /* what OpenSSL loads once it has from here on */
    uint64_t all = count_allocations(attempt, arg);
    uint64_t between = all > 2 * dense && tls_memory_step(0) != 1 ? (all - 2 * dense) / BETWEEN : 0;
    for (uint64_t nth = 1; nth <= all; nth += step) {
        failed += fails_at(attempt, arg, nth);
        step = nth > dense && nth + dense + between < all ? between + 1 : 1;
    }
    return failed;
}
