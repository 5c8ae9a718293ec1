/* What a complete head says about its message: how it ends, and what happens after it. Internal to
 * h1. */
#ifndef HW_H1_FRAMING_H
#define HW_H1_FRAMING_H

#include "h1/state.h"

/* Fills the rest of a head whose table is complete: framing, keep_alive, expectations. DONE or
 * REFUSED. */
hw_h1_outcome hw_h1_framing_find(hw_h1_parser *parser, hw_h1_head *head, hw_text bytes);

#endif
