/* Runs of bytes of one kind.
 *
 * One table of 256 bytes holds a bit for each kind. Where sixteen (or eight) bytes are left they
 * are looked at together, for a subset that a few comparisons tell: letters, digits and a mark or
 * two make up nearly all of what is sent. A byte outside the subset is looked up in the table, so
 * the vectors decide what is quick and never what is right; scan_test compares them with
 * hw_scan_bytes, which is the table alone. Nothing behind the end is read, for it may be another's:
 * a rest of 8 to 15 bytes is loaded as two halves that overlap, a shorter one byte by byte.
 *
 * Sixteen bytes at a time are what every processor of the two families has, and can be inlined. Of
 * thirty-two at a time only what is longer than two blocks has an advantage (a cookie, say): the
 * call, the question whether there is AVX2 and the way back cost as much as a block or two, and
 * most names and values are over by then. So h1/line goes to hw_scan_long_value when two blocks are
 * over, and nobody for anything else. Rejected: AVX2 for every run, chosen through a pointer (names
 * and values are 10 to 40 bytes long, and the call was half of the cost); a table of nibbles for
 * pshufb, exact for every kind, but not in SSE2.
 *
 * Bytes are never looked at through `char`: obs-text would be negative. RFC 9110 5.5 and 5.6.2, RFC
 * 3986 2 and 3: what is in none of its three sets (controls, SP, DEL, bytes over 127 and
 * "<>\^`{|}#%) must be percent-encoded in a URI. */
#include "http/scan.h"

enum {
    OBS = HW_SCAN_VALUE,
    VIS = HW_SCAN_VALUE | HW_SCAN_TARGET,
    TOK = VIS | HW_SCAN_TOKEN,
    URI = HW_SCAN_REG_NAME | HW_SCAN_PATH | HW_SCAN_QUERY, /* unreserved and sub-delims */
    PCH = HW_SCAN_PATH | HW_SCAN_QUERY,
};

const uint8_t hw_scan_kinds[256] = {
    ['\t'] = HW_SCAN_VALUE | HW_SCAN_BLANK,
    [' '] = HW_SCAN_VALUE | HW_SCAN_BLANK,
    ['0' ... '9'] = TOK | URI,
    ['A' ... 'Z'] = TOK | URI,
    ['a' ... 'z'] = TOK | URI,
    ['!'] = TOK | URI,
    ['"'] = VIS,
    ['#'] = TOK,
    ['$'] = TOK | URI,
    ['%'] = TOK,
    ['&'] = TOK | URI,
    ['\''] = TOK | URI,
    ['('] = VIS | URI,
    [')'] = VIS | URI,
    ['*'] = TOK | URI,
    ['+'] = TOK | URI,
    [','] = VIS | URI,
    ['-'] = TOK | URI,
    ['.'] = TOK | URI,
    ['/'] = VIS | PCH,
    [':'] = VIS | PCH,
    [';'] = VIS | URI,
    ['<'] = VIS,
    ['='] = VIS | URI,
    ['>'] = VIS,
    ['?'] = VIS | HW_SCAN_QUERY,
    ['@'] = VIS | PCH,
    ['['] = VIS,
    ['\\'] = VIS,
    [']'] = VIS,
    ['^'] = TOK,
    ['_'] = TOK | URI,
    ['`'] = TOK,
    ['{'] = VIS,
    ['|'] = TOK,
    ['}'] = VIS,
    ['~'] = TOK | URI,
    [0x80 ... 0xff] = OBS,
};

const char *hw_scan(const char *at, const char *end, hw_scan_kind kind)
{
    switch (kind) {
    case HW_SCAN_TOKEN:
        return hw_scan_with(at, end, kind, hw_scan_word_stops);
    case HW_SCAN_TARGET:
        return hw_scan_with(at, end, kind, hw_scan_target_stops);
    case HW_SCAN_VALUE:
        return hw_scan_long_value(at, end);
    case HW_SCAN_BLANK: /* there is one, if any */
        return hw_scan_bytes(at, end, kind);
    case HW_SCAN_REG_NAME:
        return hw_scan_with(at, end, kind, hw_scan_word_stops);
    default:
        return hw_scan_with(at, end, kind, hw_scan_path_stops);
    }
}

bool hw_scan_is_made_of(hw_text text, hw_scan_kind kind)
{
    if (text.length == 0)
        return true;
    const char *end = text.at + text.length;
    return hw_scan(text.at, end, kind) == end;
}
