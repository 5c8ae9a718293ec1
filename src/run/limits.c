/* Reads the limits that a program gives: zero means the default, what is too much the most there is.
 */
#include "run/limits.h"

#include "app/options.h"
#include "base/number.h"

enum {
    THREADS_MAX = 10000,         /* of a kind */
    HEAD_BYTES_MAX = 256 * 1024, /* it is copied to the arena of its exchange */
};

/* The same for both versions, though HTTP/2 counts differently (RFC 9113 6.5.2). */
static void read_head_limit(size_t given, hw_h1_limits *h1, hw_h2_head_limits *h2)
{
    h1->head_bytes_max = h2->head_bytes_max = hw_size_min(given, HEAD_BYTES_MAX);
    h1->line_bytes_max = hw_size_min(h1->line_bytes_max, given);
    h1->field_bytes_max = hw_size_min(h1->field_bytes_max, given);
    h2->target_bytes_max = hw_size_min(h2->target_bytes_max, given);
    h2->field_bytes_max = hw_size_min(h2->field_bytes_max, given);
}

static void read_unread_limit(uint64_t given, hw_limits *limits)
{
    limits->skip_bytes_max = given == HEWN_NONE ? 0 : given;
    limits->h2.passed_bytes_max = (size_t)hw_number_min(limits->skip_bytes_max, SIZE_MAX);
}

int hw_run_limits_read(const hewn_limits *given, hw_fault *fault, hw_limits *ret_limits)
{
    hewn_limits known;
    hw_limits limits = hw_limits_default();
    if (!hw_options_read(&known, sizeof known, given))
        return hw_fault_set(fault, EINVAL, "hewn_limits",
                            "without its size, or from a newer version");
    limits.connections_max = known.connections_max;
    if (known.head_ms)
        limits.head_ms = known.head_ms;
    if (known.idle_ms)
        limits.idle_ms = known.idle_ms;
    if (known.drain_ms)
        limits.drain_ms = known.drain_ms;
    if (known.blocked_max)
        limits.blocked_max = (unsigned)hw_number_min(known.blocked_max, THREADS_MAX);
    if (known.streams_max)
        limits.streams_max = (unsigned)hw_number_min(known.streams_max, THREADS_MAX);
    if (known.rate_bytes_min)
        limits.rate_bytes_min = known.rate_bytes_min;
    limits.memory_bytes_max = (size_t)hw_number_min(known.memory_bytes_max, SIZE_MAX / 4);
    if (known.cache_bytes_max)
        limits.cache_bytes_max =
            known.cache_bytes_max == HEWN_NONE ? 0 : (size_t)known.cache_bytes_max;
    if (known.unread_bytes_max)
        read_unread_limit(known.unread_bytes_max, &limits);
    if (known.head_bytes_max)
        read_head_limit(known.head_bytes_max, &limits.h1, &limits.h2.head);
    *ret_limits = limits;
    return 0;
}

hewn_limits hw_run_limits_show(const hw_limits *limits)
{
    return (hewn_limits){
        .size = sizeof(hewn_limits),
        .connections_max = limits->connections_max,
        .head_ms = limits->head_ms,
        .idle_ms = limits->idle_ms,
        .drain_ms = limits->drain_ms,
        .blocked_max = limits->blocked_max,
        .rate_bytes_min = limits->rate_bytes_min,
        .head_bytes_max = limits->h1.head_bytes_max,
        .cache_bytes_max = limits->cache_bytes_max ? limits->cache_bytes_max : HEWN_NONE,
        .unread_bytes_max = limits->skip_bytes_max ? limits->skip_bytes_max : HEWN_NONE,
        .memory_bytes_max = limits->memory_bytes_max,
        .streams_max = limits->streams_max,
    };
}
