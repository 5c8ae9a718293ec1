/* Runs of bytes of one kind.
 *
 * One table of 256 bytes holds a bit for each kind, so the loop has one load, one test and no
 * branch that depends on the kind. Bytes are never looked at through `char`: obs-text would be
 * negative. Vector versions belong behind the same two functions. RFC 9110 5.5 and 5.6.2; a
 * target's finer syntax is `http`'s. */
#include "h1/scan.h"

#include <stddef.h>

enum {
    S = HW_H1_KIND_VALUE | HW_H1_KIND_BLANK,
    O = HW_H1_KIND_VALUE, /* obs-text */
    V = HW_H1_KIND_VALUE | HW_H1_KIND_TARGET,
    T = HW_H1_KIND_VALUE | HW_H1_KIND_TARGET | HW_H1_KIND_TOKEN,
};

/* clang-format off */
static const uint8_t byte_kinds[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, S, 0, 0, 0, 0, 0, 0, /* 00: HTAB */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    S, T, V, T, T, T, T, T, V, V, T, T, V, T, T, V, /* 20: SP ! " # $ % & ' ( ) * + , - . / */
    T, T, T, T, T, T, T, T, T, T, V, V, V, V, V, V, /* 30: digits, then : ; < = > ? */
    V, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* 40: @, letters */
    T, T, T, T, T, T, T, T, T, T, T, V, V, V, T, T, /* 50: letters, then [ \ ] ^ _ */
    T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* 60: `, letters */
    T, T, T, T, T, T, T, T, T, T, T, V, T, V, T, 0, /* 70: letters, then { | } ~ DEL */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
};
/* clang-format on */

uint32_t hw_h1_scan(const char *at, uint32_t from, uint32_t end, hw_h1_kind kind)
{
    while (from < end && (byte_kinds[(unsigned char)at[from]] & kind))
        from++;
    return from;
}

bool hw_h1_scan_is(char byte, hw_h1_kind kind)
{
    return byte_kinds[(unsigned char)byte] & kind;
}
