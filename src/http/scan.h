/* Runs of bytes of one kind, found quickly: what methods, targets, names and values are made of. */
#ifndef HW_HTTP_SCAN_H
#define HW_HTTP_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "http/block.h"

/* A kind of byte is a bit, so that one look at the table answers for all of them. */
typedef enum hw_scan_kind {
    HW_SCAN_TOKEN = 1,  /* tchar, RFC 9110 5.6.2 */
    HW_SCAN_TARGET = 2, /* visible ASCII: all that may stand between the blanks of a request line */
    HW_SCAN_VALUE = 4,  /* VCHAR, obs-text, SP and HTAB, RFC 9110 5.5 */
    HW_SCAN_BLANK = 8,  /* SP and HTAB, RFC 9110 5.6.3 */
    HW_SCAN_REG_NAME = 16, /* unreserved and sub-delims, RFC 3986 3.2.2 */
    HW_SCAN_PATH = 32,     /* pchar without "%", and "/", RFC 3986 3.3 */
    HW_SCAN_QUERY = 64,    /* pchar without "%", "/" and "?", RFC 3986 3.4 */
} hw_scan_kind;

extern const uint8_t hw_scan_kinds[256];

/* Whether a byte is of one of these kinds. */
/*@ assigns \nothing; */
static inline bool hw_scan_is(char byte, unsigned kinds)
{
    return (hw_scan_kinds[(unsigned char)byte] & kinds) != 0;
}

/* The first byte of at..end-1 that is not of the kind, or end. Nothing outside is read. */
const char *hw_scan(const char *at, const char *end, hw_scan_kind kind);
/* The same, one byte after the other. */
static inline const char *hw_scan_bytes(const char *at, const char *end, unsigned kind)
{
    while (at < end && hw_scan_is(*at, kind))
        at++;
    return at;
}

/* Whether a text is of one kind from end to end; an empty one is. */
bool hw_scan_is_made_of(hw_text text, hw_scan_kind kind);

/* hw_scan for a value that goes on and on: with the widest vectors there are. */
const char *hw_scan_long_value(const char *at, const char *end);

/* What follows is inlined: for those who read a head, and cannot afford a call for each name. */

/* `stops_of` says which bytes of a block are not in a subset of the kind, the usual one, that is
 * quickly told; a byte that stops is looked up in the table, and then it goes on. */
static inline __attribute__((always_inline)) const char *
hw_scan_with(const char *at, const char *end, hw_scan_kind kind,
             hw_block_stops (*stops_of)(hw_block))
{
    while (end - at >= HW_BLOCK_BYTES) {
        hw_block_stops stops = stops_of(hw_block_load(at));
        if (!stops) {
            at += HW_BLOCK_BYTES;
            continue;
        }
        at += hw_block_first(stops);
        if (!hw_scan_is(*at, kind))
            return at;
        at++;
    }
    if (end - at >= HW_BLOCK_BYTES / 2) {
        hw_block_stops stops = stops_of(hw_block_load_halves(at, end - HW_BLOCK_BYTES / 2));
        if (!stops)
            return end;
        unsigned index = hw_block_first(stops);
        at = index < HW_BLOCK_BYTES / 2 ? at + index : end - HW_BLOCK_BYTES + index;
    }
    while (at < end && hw_scan_is(*at, kind))
        at++;
    return at;
}

/* All but letters, digits, "-" and ".", which may stand in tokens and registered names. */
static inline hw_block_stops hw_scan_word_stops(hw_block block)
{
    return hw_block_invert(hw_block_collect(hw_block_letters(block) |
                                            hw_block_range(block, '0', '9') |
                                            hw_block_range(block, '-', '.')));
}

/* All but visible ASCII: exactly the kind. */
static inline hw_block_stops hw_scan_target_stops(hw_block block)
{
    return hw_block_invert(hw_block_collect(hw_block_range(block, '!', '~')));
}

/* Letters, digits, "_", "=" and &'()*+,-./:; which may stand in paths and queries: a set. */
static inline hw_block hw_scan_usual_path(hw_block block)
{
    return hw_block_letters(block) | hw_block_range(block, '&', ';') | hw_block_same(block, '_') |
           hw_block_same(block, '=');
}

static inline hw_block_stops hw_scan_path_stops(hw_block block)
{
    return hw_block_invert(hw_block_collect(hw_scan_usual_path(block)));
}

/* Controls (HTAB too) and DEL. */
static inline hw_block_stops hw_scan_value_stops(hw_block block)
{
    return hw_block_collect(hw_block_range(block, 0, 0x1f) | hw_block_same(block, 0x7f));
}

/* Visible ASCII and SP, what nearly every value is made of: a set. */
static inline hw_block hw_scan_print(hw_block block)
{
    return hw_block_range(block, ' ', '~');
}

#endif
