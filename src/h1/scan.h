/* Runs of bytes of one kind, found quickly: what a method, a target, a field name and a field value
 * are made of. */
#ifndef HW_H1_SCAN_H
#define HW_H1_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* A kind of byte is a bit, so that one look at the table answers for all of them. */
typedef enum hw_h1_kind {
    HW_H1_KIND_TOKEN = 1, /* tchar, RFC 9110 5.6.2 */
    HW_H1_KIND_TARGET =
        2, /* visible ASCII: all that may stand between the blanks of a request line */
    HW_H1_KIND_VALUE = 4, /* VCHAR, obs-text, SP and HTAB, RFC 9110 5.5 */
    HW_H1_KIND_BLANK = 8, /* SP and HTAB, RFC 9110 5.6.3 */
} hw_h1_kind;

/* The index of the first byte in from..end-1 that is not of the kind, or end. */
uint32_t hw_h1_scan(const char *at, uint32_t from, uint32_t end, hw_h1_kind kind);
bool hw_h1_scan_is(char byte, hw_h1_kind kind);

#endif
