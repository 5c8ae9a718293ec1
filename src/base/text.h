/* A text is a slice of bytes somebody else owns: where it starts and how long it is. It has no NUL
 * at its end, may hold any byte, and lives as long as the memory it points into. Texts are passed
 * by value. */
#ifndef HW_BASE_TEXT_H
#define HW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

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

/* The text of a NUL-terminated string; NULL is the empty text. */
hw_text hw_text_of(const char *string);

bool hw_text_equal(hw_text a, hw_text b);
/* Equal when ASCII letters are compared without case; no other byte is folded, whatever the locale.
 */
bool hw_text_equal_nocase(hw_text a, hw_text b);
bool hw_text_has_prefix(hw_text text, hw_text prefix);
bool hw_text_has_suffix(hw_text text, hw_text suffix);

/* The index of the first (last) such byte, or text.length when there is none. */
size_t hw_text_find(hw_text text, char byte);
size_t hw_text_find_last(hw_text text, char byte);

/* The part from (up to) an index; an index past the end is the end. */
hw_text hw_text_from(hw_text text, size_t start);
hw_text hw_text_upto(hw_text text, size_t end);

/* Without SP and HTAB at both ends: the optional whitespace of RFC 9110 5.6.3. */
hw_text hw_text_trim(hw_text text);

/* One ASCII letter in lower case; every other byte is itself. */
char hw_char_lower(char byte);
bool hw_char_is_blank(char byte); /* SP or HTAB */
bool hw_char_is_digit(char byte);
bool hw_char_is_alpha(char byte);
/* 0..15, or -1 when the byte is no hexadecimal digit. */
int hw_char_hex(char byte);

#endif
