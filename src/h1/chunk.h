/* The lines of the chunked coding: sizes, extensions and the line ends around the data. Internal to
 * h1. */
#ifndef HW_H1_CHUNK_H
#define HW_H1_CHUNK_H

#include "h1/state.h"

/* What a parser has counted while it reads a chunk line: at most 15 digits of a size, and no more
 * bytes of extensions than the limits allow. */
/*@ logic integer hw_h1_chunk_sizes(integer digits) =
        digits == 0 ? 0x1 : digits == 1 ? 0x10 : digits == 2 ? 0x100 : digits == 3 ? 0x1000 :
        digits == 4 ? 0x10000 : digits == 5 ? 0x100000 : digits == 6 ? 0x1000000 :
        digits == 7 ? 0x10000000 : digits == 8 ? 0x100000000 : digits == 9 ? 0x1000000000 :
        digits == 10 ? 0x10000000000 : digits == 11 ? 0x100000000000 :
        digits == 12 ? 0x1000000000000 : digits == 13 ? 0x10000000000000 :
        digits == 14 ? 0x100000000000000 : 0x1000000000000000; */
/*@ predicate hw_h1_chunk_is_sound{L}(hw_h1_parser *parser) =
        \valid_read(parser->limits) && \separated(parser, parser->limits) &&
        parser->limits->chunk_extension_bytes_max < UINT32_MAX &&
        parser->limits->extensions_bytes_max < UINT32_MAX &&
        (HW_H1_STATE_SIZE <= parser->state <= HW_H1_STATE_SIZE_LF ||
         parser->state == HW_H1_STATE_DATA_CR || parser->state == HW_H1_STATE_DATA_LF) &&
        parser->extensions <= parser->limits->extensions_bytes_max &&
        parser->left < 0x1000000000000000 &&
        (parser->state <= HW_H1_STATE_SIZE_MORE ==> parser->scanned <= 15 &&
         parser->left < hw_h1_chunk_sizes(parser->scanned)) &&
        (HW_H1_STATE_EXT_BLANK <= parser->state <= HW_H1_STATE_EXT_QUOTED_END ==>
         parser->scanned <= parser->limits->chunk_extension_bytes_max); */

/* Prepares for the first chunk of a content. */
/*@ requires \valid(parser);
    assigns parser->extensions, parser->left, parser->scanned, parser->state;
    ensures parser->extensions == 0 && parser->left == 0 && parser->scanned == 0;
    ensures parser->state == HW_H1_STATE_SIZE; */
void hw_h1_chunk_begin(hw_h1_parser *parser);

/* Reads on from bytes.at[*at], which is moved over what has been read; those bytes need not be
 * kept. DONE: parser->left is the size of a chunk whose data comes next, 0 for the last one. Never
 * ON. */
/*@ requires \valid(parser) && hw_h1_chunk_is_sound(parser) && hw_text_is_sound(bytes);
    requires \valid(at) && *at <= bytes.length;
    requires \separated(parser, parser->limits, at);
    assigns *at, *parser;
    ensures \old(*at) <= *at <= bytes.length;
    ensures \result == HW_H1_OUTCOME_DONE || \result == HW_H1_OUTCOME_MORE ==>
        hw_h1_chunk_is_sound(parser);
    ensures \result != HW_H1_OUTCOME_ON; */
hw_h1_outcome hw_h1_chunk_read(hw_h1_parser *parser, hw_text bytes, size_t *at);

#endif
