/* Reading a head (a request line and fields) or a trailer section (fields alone): internal to h1.
 */
#ifndef HW_H1_SECTION_H
#define HW_H1_SECTION_H

#include "base/number.h"
#include "h1/line.h"

/* Prepares for the first byte of a head (of a trailer section). */
static inline void hw_h1_section_begin(hw_h1_parser *parser, hw_h1_head *head, bool is_trailers)
{
    parser->is_trailers = is_trailers;
    parser->scanned = 0;
    parser->line_at = 0;
    parser->state = is_trailers ? HW_H1_STATE_FIELD : HW_H1_STATE_METHOD;
    head->field_count = 0;
    head->seen = head->repeated = 0;
    if (!is_trailers)
        head->method_at = 0;
}

static inline uint32_t hw_h1_section_bytes_max(const hw_h1_parser *parser)
{
    const hw_h1_limits *limits = parser->limits;
    return (uint32_t)(parser->is_trailers ? limits->trailers_bytes_max : limits->head_bytes_max);
}

/* Reads on wherever the section's reading stopped. */
hw_h1_outcome hw_h1_section_read_on(hw_h1_parser *parser, hw_h1_head *head, hw_text bytes);

/* Reads on in a section whose first byte is the first of `bytes`. DONE: it ends after
 * parser->scanned bytes. Never ON. */
static inline hw_h1_outcome hw_h1_section_read(hw_h1_parser *parser, hw_h1_head *head,
                                               hw_text bytes)
{
    if (parser->scanned == 0) {
        uint32_t length = (uint32_t)hw_size_min(bytes.length, hw_h1_section_bytes_max(parser));
        if (hw_h1_line_read_all(parser, head, bytes.at, length))
            return HW_H1_OUTCOME_DONE;
    }
    return hw_h1_section_read_on(parser, head, bytes);
}

#endif
