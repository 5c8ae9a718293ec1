/* Builds bytes in memory of a fixed size, in one pass.
 *
 * A piece goes in whole or not at all, and after the first that did not fit nothing goes in any
 * more: what has been built is always a true beginning of what was meant, and one question at the
 * end replaces a check at every line. Measuring first and copying then was rejected: two passes can
 * disagree. Invariant: length <= capacity; what lies behind length is scratch. */
#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

enum { DECIMAL_DIGITS_MAX = 20, HEX_DIGITS_MAX = 16 };

hw_buffer hw_buffer_over(void *memory, size_t capacity)
{
    return (hw_buffer){.at = memory, .capacity = capacity};
}

void hw_buffer_put_string(hw_buffer *buffer, const char *string)
{
    hw_buffer_put(buffer, hw_text_of(string));
}

void hw_buffer_put_decimal(hw_buffer *buffer, uint64_t number)
{
    hw_buffer_put_decimal_padded(buffer, number, 0);
}

void hw_buffer_put_decimal_padded(hw_buffer *buffer, uint64_t number, unsigned width)
{
    char digits[DECIMAL_DIGITS_MAX];
    size_t start = sizeof digits;
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);

    size_t count = sizeof digits - start;
    size_t zeros = width > count ? width - count : 0;
    char *piece = hw_buffer_claim(buffer, zeros + count);
    if (!piece)
        return;
    memset(piece, '0', zeros);
    memcpy(piece + zeros, digits + start, count);
}

void hw_buffer_put_hex(hw_buffer *buffer, uint64_t number)
{
    char digits[HEX_DIGITS_MAX];
    size_t start = sizeof digits;
    do {
        digits[--start] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number > 0);
    hw_buffer_put(buffer, (hw_text){digits + start, sizeof digits - start});
}

void hw_buffer_put_format(hw_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hw_buffer_put_formatv(buffer, format, args);
    va_end(args);
}

void hw_buffer_put_formatv(hw_buffer *buffer, const char *format, va_list args)
{
    size_t room = hw_buffer_room(buffer);
    if (buffer->overflow || room == 0) {
        buffer->overflow = true;
        return;
    }
    int length = vsnprintf(buffer->at + buffer->length, room, format, args);
    if (length < 0 || (size_t)length >= room)
        buffer->overflow = true;
    else
        buffer->length += (size_t)length;
}

hw_text hw_buffer_text(const hw_buffer *buffer)
{
    return (hw_text){buffer->at, buffer->length};
}

const char *hw_buffer_string(hw_buffer *buffer)
{
    if (buffer->overflow || hw_buffer_room(buffer) == 0)
        return NULL;
    buffer->at[buffer->length] = '\0';
    return buffer->at;
}

void hw_buffer_clear(hw_buffer *buffer)
{
    buffer->length = 0;
    buffer->overflow = false;
}
