/* The rules that the references share, each as its RFC writes it down. Slow and plain. */
#ifndef HW_TESTS_GRAMMAR_H
#define HW_TESTS_GRAMMAR_H

#include "reading.h"

#define GRAMMAR_DIGITS "0123456789"
#define GRAMMAR_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define GRAMMAR_HEXDIGITS GRAMMAR_DIGITS "ABCDEFabcdef"
/* RFC 9110 5.6.2: tchar */
#define GRAMMAR_TCHARS "!#$%&'*+-.^_`|~" GRAMMAR_DIGITS GRAMMAR_LETTERS
/* RFC 3986 2.2, 2.3, 3.3: pchar without pct-encoded */
#define GRAMMAR_UNRESERVED GRAMMAR_LETTERS GRAMMAR_DIGITS "-._~"
#define GRAMMAR_SUB_DELIMS "!$&'()*+,;="
#define GRAMMAR_PCHARS GRAMMAR_UNRESERVED GRAMMAR_SUB_DELIMS ":@"

static inline bool is_one_of(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

static inline bool is_made_of(span text, const char *set)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_one_of(text.at[i], set))
            return false;
    return true;
}

/* RFC 9110 5.6.2: token = 1*tchar */
static inline bool is_token(span text)
{
    return text.length > 0 && is_made_of(text, GRAMMAR_TCHARS);
}

static inline span part_of(span text, size_t from, size_t to)
{
    return (span){text.at + from, to - from};
}

/* Where a byte is first; the length where it is not. */
static inline size_t place_of(span text, char byte)
{
    size_t i = 0;
    while (i < text.length && text.at[i] != byte)
        i++;
    return i;
}

/* RFC 9110 5.6.3: without the OWS at both ends. */
static inline span without_blanks(span text)
{
    while (text.length > 0 && is_one_of(text.at[0], " \t"))
        text = part_of(text, 1, text.length);
    while (text.length > 0 && is_one_of(text.at[text.length - 1], " \t"))
        text = part_of(text, 0, text.length - 1);
    return text;
}

static inline char lower_letter(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static inline bool is_same(span text, const char *word)
{
    return text.length == strlen(word) && !memcmp(text.at, word, text.length);
}

static inline bool is_same_in_any_case(span one, span other)
{
    if (one.length != other.length)
        return false;
    for (size_t i = 0; i < one.length; i++)
        if (lower_letter(one.at[i]) != lower_letter(other.at[i]))
            return false;
    return true;
}

static inline bool is_word_in_any_case(span text, const char *word)
{
    return is_same_in_any_case(text, (span){word, strlen(word)});
}

/* How long the RFC 9110 5.6.4 quoted-string is that begins at a quote; all of the rest where none
 * ends. */
static inline size_t quoted_length(span text)
{
    size_t i = 1;
    while (i < text.length && text.at[i] != '"')
        i += text.at[i] == '\\' ? 2 : 1;
    return i < text.length ? i + 1 : text.length;
}

/* The next part of a text that commas (or semicolons) divide, those inside quoted strings not
 * counting (RFC 9110 5.6.1, 5.6.6). False: there is none. *at is where it begins, and then where
 * the next one does. */
static inline bool next_part(span text, char separator, size_t *at, span *ret_part)
{
    size_t from = *at, i = from;
    if (from > text.length)
        return false;
    while (i < text.length && text.at[i] != separator)
        i += text.at[i] == '"' ? quoted_length(part_of(text, i, text.length)) : 1;
    *ret_part = without_blanks(part_of(text, from, i));
    *at = i + 1;
    return true;
}

/* The next element of a list that is not empty (RFC 9110 5.6.1.2), or the next parameter. */
static inline bool next_full_part(span text, char separator, size_t *at, span *ret_part)
{
    while (next_part(text, separator, at, ret_part))
        if (ret_part->length > 0)
            return true;
    return false;
}

/* An element, value *( OWS ";" OWS [ parameter ] ), divided (RFC 9110 5.6.6). */
static inline void divide_element(span element, span *ret_value, span *ret_parameters)
{
    size_t at = 0;
    if (!next_part(element, ';', &at, ret_value))
        *ret_value = element;
    *ret_parameters =
        without_blanks(part_of(element, at < element.length ? at : element.length, element.length));
}

/* name "=" value; blanks around the "=" are put up with. */
static inline void divide_parameter(span parameter, span *ret_name, span *ret_value)
{
    size_t equals = place_of(parameter, '=');
    size_t behind = equals < parameter.length ? equals + 1 : equals;
    *ret_name = without_blanks(part_of(parameter, 0, equals));
    *ret_value = without_blanks(part_of(parameter, behind, parameter.length));
}

/* RFC 3986 2.1: the byte of a pct-encoded; -1 where there is none. */
static inline int encoded_byte(span text)
{
    static const char digits[] = "0123456789abcdef";
    if (text.length < 3 || text.at[0] != '%' || !is_one_of(text.at[1], GRAMMAR_HEXDIGITS) ||
        !is_one_of(text.at[2], GRAMMAR_HEXDIGITS))
        return -1;
    return (int)(strchr(digits, lower_letter(text.at[1])) - digits) * 16 +
           (int)(strchr(digits, lower_letter(text.at[2])) - digits);
}

/* Whether a text is *( one of the set / pct-encoded ). */
static inline bool is_encoded_of(span text, const char *set)
{
    for (size_t i = 0; i < text.length;) {
        if (is_one_of(text.at[i], set))
            i++;
        else if (encoded_byte(part_of(text, i, text.length)) >= 0)
            i += 3;
        else
            return false;
    }
    return true;
}

/* RFC 9110 8.8.3: entity-tag, which is all of the text; and the next one of a list from *rest on,
 * an empty text where there is none, or no more that can be read; of references_lists.c. */
bool is_entity_tag(span text);
span next_entity_tag(span *rest);

/* RFC 9110 5.6.7, in seconds since 1970; of references_values.c. */
bool read_http_date(span text, int64_t now, int64_t *ret_seconds);

/* RFC 3986 3.2.2, of references_uri.c: addresses, without brackets. */
bool is_ipv4(span text);
bool is_ipv6(span text);

/* RFC 3986 3.2 as RFC 9110 4.2 narrows it: a host that is not empty and perhaps a port; of
 * references_uri.c. */
bool divide_authority(span text, span *ret_host, span *ret_port);

#endif
