/* Reads the names that somebody wants a certificate for.
 *
 * What is written into a certificate is a list in which commas and colons mean something, so a name
 * is what RFC 952 and RFC 1123 2.1 call one (and "_", which is in use), or an address, and nothing
 * else. The last word of a host's name is no number: "127.1" is an address to some and a name to
 * others. A wildcard stands before two words at least, or nobody takes it. */
#include <arpa/inet.h>
#include <errno.h>

#include "run/certificate.h"
#include "run/certificate_parts.h"

enum { HOST_BYTES_MAX = 253, LABEL_BYTES_MAX = 63 }; /* RFC 1035 2.3.4 */

static bool is_label_char(char byte)
{
    return hw_char_is_alpha(byte) || hw_char_is_digit(byte) || byte == '-' || byte == '_';
}

static bool is_label(hw_text label)
{
    if (label.length == 0 || label.length > LABEL_BYTES_MAX || label.at[0] == '-' ||
        label.at[label.length - 1] == '-')
        return false;
    for (size_t i = 0; i < label.length; i++)
        if (!is_label_char(label.at[i]))
            return false;
    return true;
}

static bool is_all_digits(hw_text label)
{
    for (size_t i = 0; i < label.length; i++)
        if (!hw_char_is_digit(label.at[i]))
            return false;
    return true;
}

static bool is_host(hw_text name)
{
    size_t labels = 0, labels_min = 1;
    if (name.length > HOST_BYTES_MAX)
        return false;
    if (hw_text_has_prefix(name, HW_TEXT("*."))) {
        name = hw_text_from(name, 2);
        labels_min = 2;
    }
    for (;;) {
        size_t dot = hw_text_find(name, '.');
        hw_text label = hw_text_upto(name, dot);
        if (!is_label(label))
            return false;
        labels++;
        if (dot == name.length)
            return labels >= labels_min && !is_all_digits(label);
        name = hw_text_from(name, dot + 1);
    }
}

static bool put_address(hw_text word, hw_buffer *out)
{
    char text[INET6_ADDRSTRLEN], shown[INET6_ADDRSTRLEN];
    unsigned char address[16];
    hw_buffer plain = HW_BUFFER_OVER(text);
    if (word.length > 2 && word.at[0] == '[' && word.at[word.length - 1] == ']')
        word = hw_text_from(hw_text_upto(word, word.length - 1), 1);
    hw_buffer_put(&plain, word);
    const char *whole = hw_buffer_string(&plain);
    int family = whole && hw_text_find(word, ':') < word.length ? AF_INET6 : AF_INET;
    if (!whole || inet_pton(family, whole, address) != 1)
        return false;
    hw_buffer_put_string(out, "IP:");
    hw_buffer_put_string(out, inet_ntop(family, address, shown, sizeof shown));
    return true;
}

static bool put_host_name(hw_text word, hw_buffer *out)
{
    if (word.length > 1 && word.at[word.length - 1] == '.')
        word = hw_text_upto(word, word.length - 1);
    if (!is_host(word))
        return false;
    hw_buffer_put_string(out, "DNS:");
    for (size_t i = 0; i < word.length; i++)
        hw_buffer_put_char(out, hw_char_lower(word.at[i]));
    return true;
}

int hw_names_put(hw_names *names, hw_arena *arena, hw_text name)
{
    for (size_t i = 0; i < names->count; i++)
        if (hw_text_equal(hw_text_of(names->at[i]), name))
            return 0;
    if (names->count == HW_CERTIFICATE_NAMES_MAX)
        return -E2BIG;
    const char *copy = hw_arena_copy(arena, name);
    if (!copy)
        return -ENOMEM;
    names->at[names->count++] = copy;
    return 0;
}

int hw_names_add(hw_names *names, hw_arena *arena, hw_text word)
{
    char memory[HW_NAME_BYTES_MAX];
    hw_buffer name = HW_BUFFER_OVER(memory);
    if (!put_address(word, &name) && !put_host_name(word, &name))
        return -EINVAL;
    return hw_names_put(names, arena, hw_buffer_text(&name));
}
