/* The defaults of every limit and deadline. */
#include "server/limits.h"

hw_limits hw_limits_default(void)
{
    return (hw_limits){
        .connections_max = 0,
        .memory_bytes_max = 0,
        .handshake_ms = 10 * 1000,
        .head_ms = 15 * 1000,
        .idle_ms = 30 * 1000,
        .body_grace_ms = 10 * 1000,
        .body_window_ms = 20 * 1000,
        .response_ms = 30 * 1000,
        .response_window_ms = 60 * 1000,
        .response_bytes_waiting = 64 * 1024,
        .linger_ms = 2 * 1000,
        .answer_ms = 30 * 1000,
        .blocked_max = 64,
        .streams_max = 256,
        .drain_ms = 30 * 1000,
        .rate_bytes_min = 500,
        .requests_max = 10000,
        .skip_bytes_max = 1024 * 1024,
        .cache_bytes_max = (size_t)32 * 1024 * 1024,
        .h1 = hw_h1_limits_default(),
        .h2 = hw_h2_limits_default(),
    };
}
