/* A text is a slice of bytes somebody else owns: where it starts and how long it is. It has no NUL
 * at its end, may hold any byte, and lives as long as the memory it points into. Texts are passed
 * by value. */
#ifndef HW_BASE_TEXT_H
#define HW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hw_text {
    const char *at; /* may be NULL when length is 0 */
    size_t length;
} hw_text;

/* The text of a string literal, usable in static initialisers and in expressions alike. */
#define HW_TEXT_INIT(literal)                                                                      \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define HW_TEXT(literal) ((hw_text)HW_TEXT_INIT(literal))
/* For printf's %.*s, short texts only (the length must fit an int). */
#define HW_TEXT_ARGS(text) ((int)(text).length), ((text).at)

/* What begins with an at-sign is for `./dev prove`: see docs/proofs.md. */

/* All its bytes can be read; it is no longer than an object can be. */
/*@ predicate hw_text_is_sound{L}(hw_text text) =
        text.length <= PTRDIFF_MAX && \valid_read(text.at + (0 .. text.length - 1)); */

/* The text of a NUL-terminated string; NULL is the empty text. */
/*@ requires string == \null ||
        (\exists integer n; 0 <= n && \valid_read(string + (0 .. n)) && string[n] == 0);
    assigns \nothing;
    ensures hw_text_is_sound(\result); */
hw_text hw_text_of(const char *string);

/*@ requires hw_text_is_sound(a) && hw_text_is_sound(b);
    assigns \nothing;
    ensures \result ==> a.length == b.length; */
bool hw_text_equal(hw_text a, hw_text b);
/* Equal when ASCII letters are compared without case; no other byte is folded, whatever the locale.
 */
/*@ requires hw_text_is_sound(a) && hw_text_is_sound(b);
    assigns \nothing;
    ensures \result ==> a.length == b.length; */
bool hw_text_equal_nocase(hw_text a, hw_text b);
/*@ requires hw_text_is_sound(text) && hw_text_is_sound(prefix);
    assigns \nothing;
    ensures \result ==> prefix.length <= text.length; */
bool hw_text_has_prefix(hw_text text, hw_text prefix);
/*@ requires hw_text_is_sound(text) && hw_text_is_sound(suffix);
    assigns \nothing;
    ensures \result ==> suffix.length <= text.length; */
bool hw_text_has_suffix(hw_text text, hw_text suffix);

/* The index of the first (last) such byte, or text.length when there is none. */
/*@ requires hw_text_is_sound(text);
    assigns \nothing;
    ensures \result <= text.length;
    ensures \result < text.length ==> text.at[\result] == byte; */
size_t hw_text_find(hw_text text, char byte);
/*@ requires hw_text_is_sound(text);
    assigns \nothing;
    ensures \result <= text.length;
    ensures \result < text.length ==> text.at[\result] == byte; */
size_t hw_text_find_last(hw_text text, char byte);

/* The part from (up to) an index; an index past the end is the end. */
/*@ requires hw_text_is_sound(text);
    assigns \nothing;
    ensures hw_text_is_sound(\result);
    ensures \result.length == (start < text.length ? text.length - start : 0);
    ensures \result.at == text.at + (start < text.length ? start : text.length); */
hw_text hw_text_from(hw_text text, size_t start);
/*@ requires hw_text_is_sound(text);
    assigns \nothing;
    ensures hw_text_is_sound(\result);
    ensures \result.length == (end < text.length ? end : text.length);
    ensures \result.at == text.at; */
hw_text hw_text_upto(hw_text text, size_t end);

/* Without SP and HTAB at both ends: the optional whitespace of RFC 9110 5.6.3. */
/*@ requires hw_text_is_sound(text);
    assigns \nothing;
    ensures hw_text_is_sound(\result);
    ensures \exists integer start; 0 <= start && start + \result.length <= text.length &&
        \result.at == text.at + start; */
hw_text hw_text_trim(hw_text text);

/* One ASCII letter in lower case; every other byte is itself. */
/*@ assigns \nothing;
    ensures \result == ('A' <= byte <= 'Z' ? byte + 32 : byte); */
char hw_char_lower(char byte);
/* SP or HTAB */
/*@ assigns \nothing;
    ensures \result <==> byte == ' ' || byte == '\t'; */
bool hw_char_is_blank(char byte);
/*@ assigns \nothing;
    ensures \result <==> '0' <= byte <= '9'; */
bool hw_char_is_digit(char byte);
/*@ assigns \nothing;
    ensures \result <==> 'a' <= byte <= 'z' || 'A' <= byte <= 'Z'; */
bool hw_char_is_alpha(char byte);
/* 0..15, or -1 when the byte is no hexadecimal digit. */
/*@ logic integer hw_char_value(integer byte) =
        '0' <= byte <= '9' ? byte - '0' :
        'a' <= byte <= 'f' ? byte - 'a' + 10 :
        'A' <= byte <= 'F' ? byte - 'A' + 10 : -1; */
/*@ assigns \nothing;
    ensures \result == hw_char_value(byte) && -1 <= \result <= 15; */
int hw_char_hex(char byte);

#endif
