/* Compares, searches and cuts slices of bytes.
 *
 * Nothing here knows a locale: case is folded for the 26 ASCII letters only, since that is what
 * HTTP means by case-insensitive. A text without bytes may point nowhere, and neither the mem*
 * functions nor pointer arithmetic accept NULL, so every function looks at the length first. */
#include "base/text.h"

#include <string.h>

hw_text hw_text_of(const char *string)
{
    return string ? (hw_text){string, strlen(string)} : HW_TEXT("");
}

bool hw_text_equal(hw_text a, hw_text b)
{
    if (a.length != b.length)
        return false;
    return a.length == 0 || memcmp(a.at, b.at, a.length) == 0;
}

bool hw_text_equal_nocase(hw_text a, hw_text b)
{
    if (a.length != b.length)
        return false;
    /*@ loop invariant i <= a.length;
        loop assigns i;
        loop variant a.length - i; */
    for (size_t i = 0; i < a.length; i++)
        if (hw_char_lower(a.at[i]) != hw_char_lower(b.at[i]))
            return false;
    return true;
}

bool hw_text_has_prefix(hw_text text, hw_text prefix)
{
    return prefix.length <= text.length && hw_text_equal(hw_text_upto(text, prefix.length), prefix);
}

bool hw_text_has_suffix(hw_text text, hw_text suffix)
{
    return suffix.length <= text.length &&
           hw_text_equal(hw_text_from(text, text.length - suffix.length), suffix);
}

size_t hw_text_find(hw_text text, char byte)
{
    if (text.length == 0)
        return 0;
    const char *found = memchr(text.at, byte, text.length);
    return found ? (size_t)(found - text.at) : text.length;
}

size_t hw_text_find_last(hw_text text, char byte)
{
    /*@ loop invariant i <= text.length;
        loop assigns i;
        loop variant i; */
    for (size_t i = text.length; i > 0; i--)
        if (text.at[i - 1] == byte)
            return i - 1;
    return text.length;
}

hw_text hw_text_from(hw_text text, size_t start)
{
    if (start > text.length)
        start = text.length;
    if (start == 0)
        return text;
    return (hw_text){text.at + start, text.length - start};
}

hw_text hw_text_upto(hw_text text, size_t end)
{
    return (hw_text){text.at, end < text.length ? end : text.length};
}

hw_text hw_text_trim(hw_text text)
{
    /*@ loop invariant text.length <= \at(text.length, Pre);
        loop assigns text.length;
        loop variant text.length; */
    while (text.length > 0 && hw_char_is_blank(text.at[text.length - 1]))
        text.length--;
    size_t start = 0;
    /*@ loop invariant start <= text.length;
        loop assigns start;
        loop variant text.length - start; */
    while (start < text.length && hw_char_is_blank(text.at[start]))
        start++;
    return hw_text_from(text, start);
}

char hw_char_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool hw_char_is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

bool hw_char_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

bool hw_char_is_alpha(char byte)
{
    char lower = hw_char_lower(byte);
    return lower >= 'a' && lower <= 'z';
}

int hw_char_hex(char byte)
{
    char lower = hw_char_lower(byte);
    if (hw_char_is_digit(byte))
        return byte - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
