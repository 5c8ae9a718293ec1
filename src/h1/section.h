/* Reading a head (a request line and fields) or a trailer section (fields alone): internal to h1.
 */
#ifndef HW_H1_SECTION_H
#define HW_H1_SECTION_H

#include "h1/state.h"

/* Prepares for the first byte of a head (of a trailer section). */
void hw_h1_section_begin(hw_h1_parser *parser, hw_h1_head *head, bool is_trailers);

/* Reads on in a section whose first byte is the first of `bytes`. DONE: it ends after
 * parser->scanned bytes. Never ON. */
hw_h1_outcome hw_h1_section_read(hw_h1_parser *parser, hw_h1_head *head, hw_text bytes);

#endif
