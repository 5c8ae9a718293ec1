/* Any bytes as chunked content: fed whole and in pieces it must give the same, and as much as its
 * sizes, read here in another and simpler way, add up to. */
#include "h1_trace.h"

#include "base/buffer.h"
#include "base/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

#define HEAD "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
enum { CONTENT_BYTES_MAX = 64 * 1024 };

#ifdef HW_FUZZ_PLANTED
/* Some way in: two trailers behind content, and an extension before them. */
static void check_planted(const h1_trace *trace, const hw_h1_event *event)
{
    if (event->trailers.length && trace->head.field_count == 2 && trace->body_bytes > 0 &&
        trace->parser.extensions > 0)
        abort();
}
#else
static void check_planted(const h1_trace *trace, const hw_h1_event *event)
{
    (void)trace;
    (void)event;
}
#endif

static void look_at_content(h1_trace *trace, const hw_h1_event *event, hw_text shown)
{
    (void)shown;
    hw_assert(trace->parser.extensions <= trace->limits->extensions_bytes_max + 1);
    if (event->kind != HW_H1_END)
        return;
    hw_assert(event->trailers.length <= trace->limits->trailers_bytes_max);
    if (event->trailers.length) {
        hw_assert(trace->head.field_count > 0 && trace->head.field_count <= HW_H1_TRAILERS_MAX);
        check_planted(trace, event);
    }
}

/* The sum of the sizes of content that the parser has accepted; what is not one is a mistake. */
static uint64_t sum_sizes(hw_cursor content)
{
    uint64_t sum = 0;
    for (;;) {
        uint64_t size = 0;
        for (int digit; (digit = hw_char_hex((char)hw_cursor_peek(&content))) >= 0;) {
            size = size * 16 + (uint64_t)digit;
            hw_cursor_next(&content);
        }
        hw_cursor_take_until(&content, '\r');
        hw_assert(hw_cursor_take_text(&content, HW_TEXT("\r\n")));
        if (size == 0)
            return sum;
        hw_text chunk;
        hw_assert(hw_cursor_take_bytes(&content, size, &chunk));
        hw_assert(hw_cursor_take_text(&content, HW_TEXT("\r\n")));
        sum += size;
    }
}

/* Feeds one message and looks at its sum, where it came to its end. */
static void feed_content(hw_text message, const hw_h1_limits *limits)
{
    h1_trace trace = {.limits = limits, .look = look_at_content};
    trace_both_ways(&trace, message);
    if (trace.heads == 1 && trace.ends == 1)
        hw_assert(sum_sizes(hw_cursor_of(hw_text_from(message, sizeof HEAD - 1))) ==
                  trace.body_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static const hw_h1_limits small = {
        .line_bytes_max = 100,
        .field_bytes_max = 50,
        .head_bytes_max = 100,
        .trailers_bytes_max = 60,
        .chunk_extension_bytes_max = 12,
        .extensions_bytes_max = 30,
    };
    const hw_h1_limits usual = hw_h1_limits_default();
    static char memory[sizeof HEAD + CONTENT_BYTES_MAX];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    if (bytes > CONTENT_BYTES_MAX)
        return 0;
    hw_buffer_put(&buffer, HW_TEXT(HEAD));
    hw_buffer_put(&buffer, (hw_text){(const char *)input, bytes});
    feed_content(hw_buffer_text(&buffer), &small);
    feed_content(hw_buffer_text(&buffer), &usual);
    return 0;
}
