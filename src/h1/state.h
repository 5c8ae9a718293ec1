/* Where a parser stands, and how its parts tell each other what came of reading on: internal to h1.
 */
#ifndef HW_H1_STATE_H
#define HW_H1_STATE_H

#include "h1/parser.h"

typedef enum hw_h1_state {
    HW_H1_STATE_START, /* between messages: empty lines, then a method */

    HW_H1_STATE_METHOD, /* section.c: a request line and fields, or (is_trailers) fields */
    HW_H1_STATE_TARGET,
    HW_H1_STATE_VERSION,
    HW_H1_STATE_LINE_LF,
    HW_H1_STATE_FIELD,
    HW_H1_STATE_NAME,
    HW_H1_STATE_BLANKS,
    HW_H1_STATE_VALUE,
    HW_H1_STATE_FIELD_LF,
    HW_H1_STATE_SECTION_LF,

    HW_H1_STATE_SIZE, /* chunk.c: the line before a chunk; digits so far in `scanned` */
    HW_H1_STATE_SIZE_MORE,
    HW_H1_STATE_EXT_BLANK, /* extension bytes of this chunk so far in `scanned` */
    HW_H1_STATE_EXT,
    HW_H1_STATE_EXT_NAME,
    HW_H1_STATE_EXT_NAME_BLANK,
    HW_H1_STATE_EXT_EQUALS,
    HW_H1_STATE_EXT_VALUE,
    HW_H1_STATE_EXT_QUOTED,
    HW_H1_STATE_EXT_PAIR,
    HW_H1_STATE_EXT_QUOTED_END,
    HW_H1_STATE_SIZE_LF,

    HW_H1_STATE_CONTENT, /* `left` bytes of a content with a length */
    HW_H1_STATE_DATA,    /* `left` bytes of a chunk */
    HW_H1_STATE_DATA_CR,
    HW_H1_STATE_DATA_LF,
    HW_H1_STATE_TRAILERS, /* before the first byte of a trailer section */
    HW_H1_STATE_COMPLETE, /* END is the next event */
    HW_H1_STATE_REFUSED,  /* PROBLEM is every next event */
} hw_h1_state;

typedef enum hw_h1_outcome {
    HW_H1_OUTCOME_MORE, /* the input ends here */
    HW_H1_OUTCOME_ON,   /* this part is read, the next state is set */
    HW_H1_OUTCOME_DONE, /* the whole of what was to be read is there */
    HW_H1_OUTCOME_REFUSED,
} hw_h1_outcome;

/*@ requires \valid(parser);
    assigns parser->problem, parser->state;
    ensures \result == HW_H1_OUTCOME_REFUSED && parser->state == HW_H1_STATE_REFUSED; */
static inline hw_h1_outcome hw_h1_refuse(hw_h1_parser *parser, int status, const char *reason,
                                         const char *section)
{
    parser->problem = (hw_problem){status, reason, section};
    parser->state = HW_H1_STATE_REFUSED;
    return HW_H1_OUTCOME_REFUSED;
}

/*@ requires \valid(parser);
    assigns parser->state;
    ensures \result == HW_H1_OUTCOME_ON && parser->state == (uint8_t)state; */
static inline hw_h1_outcome hw_h1_go_to(hw_h1_parser *parser, hw_h1_state state)
{
    parser->state = (uint8_t)state;
    return HW_H1_OUTCOME_ON;
}

#endif
