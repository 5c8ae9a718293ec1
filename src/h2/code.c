/* The names of HTTP/2's error codes, and the limits that hold unless somebody sets others. RFC 9113
 * 7. */
#include "h2/session.h"

const char *hw_h2_code_name(uint32_t code)
{
    static const char *const names[] = {
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    };
    return code < sizeof names / sizeof names[0] ? names[code] : "unknown error";
}

hw_h2_limits hw_h2_limits_default(void)
{
    return (hw_h2_limits){
        .streams_max = 100,
        .window_bytes = 64 * 1024,
        .connection_window_bytes = 1024 * 1024,
        .memory_bytes_max = 512 * 1024,
        .passed_bytes_max = 1024 * 1024,
        .queue_max = 400,
        .head = hw_h2_head_limits_default(),
        .flood = hw_h2_flood_limits_default(),
    };
}
