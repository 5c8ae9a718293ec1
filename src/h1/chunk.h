/* The lines of the chunked coding: sizes, extensions and the line ends around the data. Internal to
 * h1. */
#ifndef HW_H1_CHUNK_H
#define HW_H1_CHUNK_H

#include "h1/state.h"

/* Prepares for the first chunk of a content. */
void hw_h1_chunk_begin(hw_h1_parser *parser);

/* Reads on from bytes.at[*at], which is moved over what has been read; those bytes need not be
 * kept. DONE: parser->left is the size of a chunk whose data comes next, 0 for the last one. Never
 * ON. */
hw_h1_outcome hw_h1_chunk_read(hw_h1_parser *parser, hw_text bytes, size_t *at);

#endif
