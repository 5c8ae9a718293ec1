/* Long values on x86-64: thirty-two bytes at once where there is AVX2, which is asked when the
 * first sixty-four bytes are over (the C library's start-up has found out; it is one load). */
#include <immintrin.h>

#include "http/scan.h"

/* Over all blocks of nothing but value: to the first byte that hw_scan_value_stops would tell, or
 * to where less than a block is left. */
static __attribute__((target("avx2"))) const char *skip_wide_value(const char *at, const char *end)
{
    const __m256i control = _mm256_set1_epi8(0x1f), del = _mm256_set1_epi8(0x7f);
    while (end - at >= 32) {
        __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)at);
        __m256i is_control = _mm256_cmpeq_epi8(_mm256_min_epu8(block, control), block);
        __m256i stops = _mm256_or_si256(is_control, _mm256_cmpeq_epi8(block, del));
        unsigned found = (unsigned)_mm256_movemask_epi8(stops);
        if (found)
            return at + __builtin_ctz(found);
        at += 32;
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
