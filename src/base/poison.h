/* Marks memory that nobody may touch, where AddressSanitizer watches; costs nothing elsewhere.
 * The address must be a multiple of 8; an unpoisoned range may end anywhere. */
#ifndef HW_BASE_POISON_H
#define HW_BASE_POISON_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define HW_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HW_POISONS 1
#endif
#endif

#ifdef HW_POISONS

#include <sanitizer/asan_interface.h>

static inline void hw_poison(const void *memory, size_t bytes)
{
    __asan_poison_memory_region(memory, bytes);
}

static inline void hw_unpoison(const void *memory, size_t bytes)
{
    __asan_unpoison_memory_region(memory, bytes);
}

#else

static inline void hw_poison(const void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
}

static inline void hw_unpoison(const void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
}

#endif
#endif
