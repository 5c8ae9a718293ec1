/* Long values on x86-64: thirty-two bytes at once where there is AVX2, which is asked when the
 * first half kilobyte is over (the C library's start-up has found out; it is one load). */
#include <immintrin.h>

#include "http/scan.h"

/* Over printable bytes: to the first other one, or to where less than a block is left. Bytes over
 * 127, which are rare, are left to the narrower blocks: so one comparison tells. */
static __attribute__((target("avx2"))) const char *skip_wide_value(const char *at, const char *end)
{
    const uint32_t all = UINT32_MAX;
    for (; end - at >= 32; at += 32) {
        __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)at);
        __m256i moved = _mm256_add_epi8(block, _mm256_set1_epi8(1)); /* "~" is the largest then */
        __m256i set = _mm256_cmpgt_epi8(moved, _mm256_set1_epi8(' '));
        uint32_t found = (uint32_t)_mm256_movemask_epi8(set);
        if (found != all)
            return at + __builtin_ctz(~found);
    }
    return at;
}

const char *hw_scan_long_value(const char *at, const char *end)
{
    if (__builtin_cpu_supports("avx2"))
        at = skip_wide_value(at, end);
    /* Nearly always at the value's end: what is left is to look at one byte. */
    if (at != end && !hw_scan_is(*at, HW_SCAN_VALUE))
        return at;
    return hw_scan_with(at, end, HW_SCAN_VALUE, hw_scan_value_stops);
}
