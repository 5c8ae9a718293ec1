/* Hands lines from a loop to the writer without a lock and without a copy.
 *
 * A half belongs to the loop while its `handed` is 0 and to the writer while it is not; the store
 * that changes that releases the bytes, the load that sees it acquires them. Both go through the
 * halves in turn, so the order of lines is kept, and neither ever waits for the other: a loop that
 * finds no half counts the line as lost. A ring of bytes was rejected: a line that wraps round its
 * end takes two pieces to build and two to write, and the writer would be shown a few lines at a
 * time. Invariant: of two halves handed over, `taking` is the older. */
#include "watch/spool.h"

void hw_spool_init(hw_spool *spool)
{
    spool->lines = (hw_buffer){0};
    spool->filling = 0;
    atomic_init(&spool->lost, 0);
    atomic_init(&spool->handed[0], 0);
    atomic_init(&spool->handed[1], 0);
    atomic_init(&spool->taking, 0);
    atomic_init(&spool->taken, 0);
}

static bool has_half(const hw_spool *spool, unsigned half)
{
    return atomic_load_explicit(&spool->handed[half], memory_order_acquire) == 0;
}

static bool claim_half(hw_spool *spool)
{
    if (!has_half(spool, spool->filling))
        return false;
    spool->lines = HW_BUFFER_OVER(spool->halves[spool->filling]);
    return true;
}

hw_buffer *hw_spool_line(hw_spool *spool)
{
    if (spool->lines.at || claim_half(spool))
        return &spool->lines;
    unsigned long long lost = atomic_load_explicit(&spool->lost, memory_order_relaxed);
    atomic_store_explicit(&spool->lost, lost + 1, memory_order_relaxed);
    return NULL;
}

bool hw_spool_is_full(const hw_spool *spool)
{
    return spool->lines.length >= HW_SPOOL_HALF_BYTES;
}

bool hw_spool_is_idle(const hw_spool *spool)
{
    return has_half(spool, !spool->filling);
}

bool hw_spool_hand_over(hw_spool *spool)
{
    if (spool->lines.length == 0)
        return false;
    atomic_store_explicit(&spool->handed[spool->filling], spool->lines.length,
                          memory_order_release);
    spool->lines = (hw_buffer){0};
    spool->filling = !spool->filling;
    return true;
}

hw_text hw_spool_next(const hw_spool *spool)
{
    unsigned half = atomic_load_explicit(&spool->taking, memory_order_relaxed);
    size_t length = atomic_load_explicit(&spool->handed[half], memory_order_acquire);
    size_t taken = atomic_load_explicit(&spool->taken, memory_order_relaxed);
    return hw_text_from((hw_text){spool->halves[half], length}, taken);
}

void hw_spool_take(hw_spool *spool, size_t bytes)
{
    unsigned half = atomic_load_explicit(&spool->taking, memory_order_relaxed);
    size_t length = atomic_load_explicit(&spool->handed[half], memory_order_relaxed);
    size_t taken = atomic_load_explicit(&spool->taken, memory_order_relaxed) + bytes;
    bool is_done = taken == length;
    atomic_store_explicit(&spool->taken, is_done ? 0 : taken, memory_order_relaxed);
    if (!is_done)
        return;
    atomic_store_explicit(&spool->taking, !half, memory_order_relaxed);
    atomic_store_explicit(&spool->handed[half], 0, memory_order_release);
}

void hw_spool_take_back(hw_spool *spool)
{
    unsigned half = atomic_load_explicit(&spool->taking, memory_order_relaxed);
    size_t taken = atomic_load_explicit(&spool->taken, memory_order_relaxed);
    while (taken > 0 && spool->halves[half][taken - 1] != '\n')
        taken--;
    atomic_store_explicit(&spool->taken, taken, memory_order_relaxed);
}

static unsigned long long count_lines(hw_text text)
{
    unsigned long long lines = 0;
    for (size_t i = 0; i < text.length; i++)
        lines += text.at[i] == '\n';
    return lines;
}

unsigned long long hw_spool_count_left(const hw_spool *spool)
{
    unsigned half = atomic_load(&spool->taking);
    hw_text other = {spool->halves[!half], atomic_load(&spool->handed[!half])};
    return count_lines(hw_spool_next(spool)) + count_lines(other);
}
