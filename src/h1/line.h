/* Whole lines of a head or a trailer section, read in one go: internal to h1. */
#ifndef HW_H1_LINE_H
#define HW_H1_LINE_H

#include "h1/state.h"

#define HW_H1_LINE_FIELDS_MAX(parser)                                                              \
    ((parser)->is_trailers ? HW_H1_TRAILERS_MAX : HW_H1_FIELDS_MAX)

/* Reads the lines from the one that begins at parser->scanned on, as long as all of a line is in
 * the `length` bytes at `at` and within the limits and nothing about it is unusual. True: the
 * section ends after parser->scanned bytes. False: the line that begins there now has not been
 * touched, the state says which it is, and h1/section has to look at it. */
bool hw_h1_line_read_all(hw_h1_parser *parser, hw_h1_head *head, const char *at, uint32_t length);

#endif
