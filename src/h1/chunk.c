/* The lines of the chunked coding.
 *
 * A table of states and kinds of bytes, exactly the grammar of RFC 9112 7.1: every byte is used up
 * as it comes, so nothing of a chunk line has to be kept or looked at again. Extensions mean
 * nothing to us, but are checked and counted: what one recipient takes for part of an extension (a
 * quoted line end, a bare LF) another takes for the line's end. Blanks are allowed where the
 * grammar has BWS and nowhere else: not before the size, not at a line's end. Rejected: skipping to
 * CRLF, which reads more than it understands; collecting the line, which needs memory that a peer
 * can fill.
 *
 * Invariant: at most 15 digits, so a size fits 60 bits and cannot wrap. RFC 9112 7.1, 7.1.1, 11.2.
 */
#include "h1/chunk.h"

#include "http/scan.h"

/* What a byte may be good for in a chunk line. */
typedef enum chunk_byte {
    BYTE_BAD,
    BYTE_TEXT, /* inside quotes only */
    BYTE_TOKEN,
    BYTE_DIGIT, /* hexadecimal; a token byte too */
    BYTE_BLANK,
    BYTE_SEMICOLON,
    BYTE_EQUALS,
    BYTE_QUOTE,
    BYTE_BACKSLASH,
    BYTE_CR,
    BYTE_KINDS,
} chunk_byte;

enum {
    SIZE_DIGITS_MAX = 15,
    NOT = 0, /* no state of a chunk line: refused */
    SZ = HW_H1_STATE_SIZE_MORE,
    BL = HW_H1_STATE_EXT_BLANK,
    EX = HW_H1_STATE_EXT,
    NA = HW_H1_STATE_EXT_NAME,
    NB = HW_H1_STATE_EXT_NAME_BLANK,
    EQ = HW_H1_STATE_EXT_EQUALS,
    VA = HW_H1_STATE_EXT_VALUE,
    QU = HW_H1_STATE_EXT_QUOTED,
    QP = HW_H1_STATE_EXT_PAIR,
    QE = HW_H1_STATE_EXT_QUOTED_END,
    LF = HW_H1_STATE_SIZE_LF,
};

#define ROW(state) [HW_H1_STATE_##state - HW_H1_STATE_SIZE]

/* clang-format off */
static const uint8_t next_states[][BYTE_KINDS] = {
    /*                     BAD  TEXT TOKEN DIGIT BLANK ;   =    "    \    CR */
    ROW(SIZE)            = {NOT, NOT, NOT, SZ,  NOT, NOT, NOT, NOT, NOT, NOT},
    ROW(SIZE_MORE)       = {NOT, NOT, NOT, SZ,  BL,  EX,  NOT, NOT, NOT, LF},
    ROW(EXT_BLANK)       = {NOT, NOT, NOT, NOT, BL,  EX,  NOT, NOT, NOT, NOT},
    ROW(EXT)             = {NOT, NOT, NA,  NA,  EX,  NOT, NOT, NOT, NOT, NOT},
    ROW(EXT_NAME)        = {NOT, NOT, NA,  NA,  NB,  EX,  EQ,  NOT, NOT, LF},
    ROW(EXT_NAME_BLANK)  = {NOT, NOT, NOT, NOT, NB,  EX,  EQ,  NOT, NOT, NOT},
    ROW(EXT_EQUALS)      = {NOT, NOT, VA,  VA,  EQ,  NOT, NOT, QU,  NOT, NOT},
    ROW(EXT_VALUE)       = {NOT, NOT, VA,  VA,  BL,  EX,  NOT, NOT, NOT, LF},
    ROW(EXT_QUOTED)      = {NOT, QU,  QU,  QU,  QU,  QU,  QU,  QE,  QP,  NOT},
    ROW(EXT_PAIR)        = {NOT, QU,  QU,  QU,  QU,  QU,  QU,  QU,  QU,  NOT},
    ROW(EXT_QUOTED_END)  = {NOT, NOT, NOT, NOT, BL,  EX,  NOT, NOT, NOT, LF},
};
/* clang-format on */

/* What the rows of the table have in common. */
/*@ predicate chunk_step_is_sound(integer row, integer kind, integer next) =
        next == NOT || (next == SZ && kind == BYTE_DIGIT && row <= 1) ||
        (next == LF && row >= 1) || (BL <= next <= QE && row >= 1); */

/*@ assigns \nothing;
    ensures \result < BYTE_KINDS;
    ensures \result == BYTE_DIGIT ==> hw_char_value(byte) >= 0; */
static chunk_byte kind_of_chunk_byte(char byte)
{
    switch (byte) {
    case '\r':
        return BYTE_CR;
    case ';':
        return BYTE_SEMICOLON;
    case '=':
        return BYTE_EQUALS;
    case '"':
        return BYTE_QUOTE;
    case '\\':
        return BYTE_BACKSLASH;
    case ' ':
    case '\t':
        return BYTE_BLANK;
    default:
        break;
    }
    if (hw_char_hex(byte) >= 0)
        return BYTE_DIGIT;
    if (hw_scan_is(byte, HW_SCAN_TOKEN))
        return BYTE_TOKEN;
    return hw_scan_is(byte, HW_SCAN_VALUE) ? BYTE_TEXT : BYTE_BAD;
}

/*@ requires \valid(parser) && hw_h1_chunk_is_sound(parser);
    requires parser->state <= HW_H1_STATE_SIZE_MORE && hw_char_value(byte) >= 0;
    assigns *parser;
    ensures \result != HW_H1_OUTCOME_REFUSED ==> hw_h1_chunk_is_sound(parser);
    ensures \result == HW_H1_OUTCOME_ON || \result == HW_H1_OUTCOME_REFUSED; */
static hw_h1_outcome take_size_digit(hw_h1_parser *parser, char byte)
{
    if (parser->scanned++ == SIZE_DIGITS_MAX)
        return hw_h1_refuse(parser, 400, "chunk size out of range", "RFC 9112 7.1");
    parser->left = parser->left * 16 + (uint64_t)hw_char_hex(byte);
    return hw_h1_go_to(parser, HW_H1_STATE_SIZE_MORE);
}

/* Counts a byte behind the size, and starts counting behind the last digit. */
/*@ requires \valid(parser) && hw_h1_chunk_is_sound(parser);
    requires HW_H1_STATE_SIZE_MORE <= parser->state <= HW_H1_STATE_EXT_QUOTED_END;
    requires HW_H1_STATE_EXT_BLANK <= next <= HW_H1_STATE_EXT_QUOTED_END;
    assigns *parser;
    ensures \result != HW_H1_OUTCOME_REFUSED ==> hw_h1_chunk_is_sound(parser);
    ensures \result == HW_H1_OUTCOME_ON || \result == HW_H1_OUTCOME_REFUSED; */
static hw_h1_outcome take_extension_byte(hw_h1_parser *parser, hw_h1_state next)
{
    if (parser->state == HW_H1_STATE_SIZE_MORE)
        parser->scanned = 0;
    if (parser->scanned++ == parser->limits->chunk_extension_bytes_max ||
        parser->extensions++ == parser->limits->extensions_bytes_max) /* RFC 9112 7.1.1 */
        return hw_h1_refuse(parser, 400, "chunk extensions too long", "RFC 9112 7.1.1");
    return hw_h1_go_to(parser, next);
}

/*@ requires \valid(parser) && hw_h1_chunk_is_sound(parser);
    requires HW_H1_STATE_SIZE <= parser->state <= HW_H1_STATE_EXT_QUOTED_END;
    assigns *parser;
    ensures \result != HW_H1_OUTCOME_REFUSED ==> hw_h1_chunk_is_sound(parser);
    ensures \result == HW_H1_OUTCOME_ON || \result == HW_H1_OUTCOME_REFUSED; */
static hw_h1_outcome take_line_byte(hw_h1_parser *parser, char byte)
{
    int row = parser->state - HW_H1_STATE_SIZE;
    chunk_byte kind = kind_of_chunk_byte(byte);
    uint8_t next = next_states[row][kind];
    /*@ assert r0: row == 0 ==> chunk_step_is_sound(0, kind, next); */
    /*@ assert r1: row == 1 ==> chunk_step_is_sound(1, kind, next); */
    /*@ assert r2: row == 2 ==> chunk_step_is_sound(2, kind, next); */
    /*@ assert r3: row == 3 ==> chunk_step_is_sound(3, kind, next); */
    /*@ assert r4: row == 4 ==> chunk_step_is_sound(4, kind, next); */
    /*@ assert r5: row == 5 ==> chunk_step_is_sound(5, kind, next); */
    /*@ assert r6: row == 6 ==> chunk_step_is_sound(6, kind, next); */
    /*@ assert r7: row == 7 ==> chunk_step_is_sound(7, kind, next); */
    /*@ assert r8: row == 8 ==> chunk_step_is_sound(8, kind, next); */
    /*@ assert r9: row == 9 ==> chunk_step_is_sound(9, kind, next); */
    /*@ assert r10: row == 10 ==> chunk_step_is_sound(10, kind, next); */
    /*@ assert chunk_step_is_sound(row, kind, next); */
    if (next == NOT && parser->state <= HW_H1_STATE_SIZE_MORE)
        return hw_h1_refuse(parser, 400, "malformed chunk size", "RFC 9112 7.1");
    if (next == NOT)
        return hw_h1_refuse(parser, 400, "malformed chunk extension", "RFC 9112 7.1.1");
    if (next == HW_H1_STATE_SIZE_MORE)
        return take_size_digit(parser, byte);
    if (next == HW_H1_STATE_SIZE_LF)
        return hw_h1_go_to(parser, HW_H1_STATE_SIZE_LF);
    return take_extension_byte(parser, (hw_h1_state)next);
}

/*@ requires \valid(parser);
    assigns parser->left, parser->scanned, parser->state;
    ensures parser->left == 0 && parser->scanned == 0 && parser->state == HW_H1_STATE_SIZE; */
static void begin_chunk_line(hw_h1_parser *parser)
{
    parser->left = 0;
    parser->scanned = 0;
    parser->state = HW_H1_STATE_SIZE;
}

/*@ requires \valid(parser) && hw_h1_chunk_is_sound(parser);
    assigns *parser;
    ensures \result != HW_H1_OUTCOME_REFUSED ==> hw_h1_chunk_is_sound(parser);
    ensures \result != HW_H1_OUTCOME_MORE; */
static hw_h1_outcome take_chunk_byte(hw_h1_parser *parser, char byte)
{
    switch (parser->state) {
    case HW_H1_STATE_SIZE_LF:
        if (byte != '\n') /* RFC 9112 2.2 */
            return hw_h1_refuse(parser, 400, "CR without LF", "RFC 9112 7.1");
        return HW_H1_OUTCOME_DONE;
    case HW_H1_STATE_DATA_CR:
        if (byte != '\r')
            return hw_h1_refuse(parser, 400, "chunk longer than its size", "RFC 9112 7.1");
        return hw_h1_go_to(parser, HW_H1_STATE_DATA_LF);
    case HW_H1_STATE_DATA_LF:
        if (byte != '\n')
            return hw_h1_refuse(parser, 400, "chunk without CRLF behind it", "RFC 9112 7.1");
        begin_chunk_line(parser);
        return HW_H1_OUTCOME_ON;
    default:
        break;
    }
    return take_line_byte(parser, byte);
}

void hw_h1_chunk_begin(hw_h1_parser *parser)
{
    parser->extensions = 0;
    begin_chunk_line(parser);
}

hw_h1_outcome hw_h1_chunk_read(hw_h1_parser *parser, hw_text bytes, size_t *at)
{
    hw_h1_outcome outcome = HW_H1_OUTCOME_ON;
    /*@ loop invariant \at(*at, Pre) <= *at <= bytes.length;
        loop invariant outcome != HW_H1_OUTCOME_REFUSED ==> hw_h1_chunk_is_sound(parser);
        loop invariant outcome != HW_H1_OUTCOME_MORE;
        loop assigns outcome, *at, *parser;
        loop variant bytes.length - *at + (outcome == HW_H1_OUTCOME_ON ? 1 : 0); */
    while (outcome == HW_H1_OUTCOME_ON) {
        if (*at == bytes.length)
            return HW_H1_OUTCOME_MORE;
        outcome = take_chunk_byte(parser, bytes.at[(*at)++]);
    }
    return outcome;
}
