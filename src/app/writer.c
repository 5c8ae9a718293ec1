/* Writes texts whose length nobody knows beforehand: doubling, so that each byte is copied twice at
 * most, and what is left behind goes with the arena. */
#include "app/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "http/html.h"
#include "http/json.h"

#define ROOM_FIRST 256
/* "%f" of the largest double has 309 digits before its point. */
#define REAL_DIGITS_MAX 60
#define REAL_BYTES (310 + REAL_DIGITS_MAX + 8)
/* So many digits tell every double from every other. */
#define REAL_DIGITS_SURE 17

void hw_writer_init(hw_writer *writer, hw_arena *arena)
{
    *writer = (hw_writer){.arena = arena};
}

/* Room for so many bytes, and a NUL. False: the writer is broken. */
static bool reserve_room(hw_writer *writer, size_t bytes)
{
    size_t needed, doubled;
    hw_text written = hw_buffer_text(&writer->buffer);
    if (writer->is_broken)
        return false;
    if (bytes < hw_buffer_room(&writer->buffer))
        return true;
    bool fits = hw_size_add(written.length, bytes, &needed) && hw_size_add(needed, 1, &needed) &&
                hw_size_multiply(written.length, 2, &doubled);
    size_t room = fits ? hw_size_max(hw_size_max(needed, doubled), ROOM_FIRST) : 0;
    char *memory = fits ? hw_arena_alloc(writer->arena, room) : NULL;
    if (!memory) {
        writer->is_broken = true;
        return false;
    }
    writer->buffer = hw_buffer_over(memory, room);
    hw_buffer_put(&writer->buffer, written);
    return true;
}

void hw_writer_put(hw_writer *writer, hw_text text)
{
    if (reserve_room(writer, text.length))
        hw_buffer_put(&writer->buffer, text);
}

void hw_writer_put_json(hw_writer *writer, hw_text text, bool has_quotes)
{
    char escape[HW_JSON_ESCAPE_BYTES];
    hw_cursor cursor = hw_cursor_of(text);
    if (has_quotes)
        hw_writer_put(writer, HW_TEXT("\""));
    while (!hw_cursor_at_end(&cursor)) {
        hw_writer_put(writer, hw_json_take_plain(&cursor));
        if (!hw_cursor_at_end(&cursor))
            hw_writer_put(writer, (hw_text){escape, hw_json_take_odd(&cursor, escape)});
    }
    if (has_quotes)
        hw_writer_put(writer, HW_TEXT("\""));
}

void hw_writer_put_html(hw_writer *writer, hw_text text)
{
    hw_cursor cursor = hw_cursor_of(text);
    while (!hw_cursor_at_end(&cursor)) {
        hw_writer_put(writer, hw_html_take_plain(&cursor));
        if (!hw_cursor_at_end(&cursor))
            hw_writer_put(writer, hw_html_take_odd(&cursor));
    }
}

static bool is_unreserved(char byte)
{
    return hw_char_is_alpha(byte) || hw_char_is_digit(byte) || byte == '-' || byte == '.' ||
           byte == '_' || byte == '~';
}

void hw_writer_put_url(hw_writer *writer, hw_text text)
{
    static const char digits[] = "0123456789ABCDEF";
    hw_cursor cursor = hw_cursor_of(text);
    while (!hw_cursor_at_end(&cursor)) {
        hw_writer_put(writer, hw_cursor_take_while(&cursor, is_unreserved));
        int byte = hw_cursor_next(&cursor);
        if (byte < 0)
            break;
        char spelt[] = {'%', digits[(unsigned)byte >> 4], digits[byte & 15]};
        hw_writer_put(writer, (hw_text){spelt, sizeof spelt});
    }
}

static int spell_real(char *memory, double value, char letter, int precision)
{
    switch (letter) {
    case 'f':
        return snprintf(memory, REAL_BYTES, "%.*f", precision, value);
    case 'e':
        return snprintf(memory, REAL_BYTES, "%.*e", precision, value);
    default:
        return snprintf(memory, REAL_BYTES, "%.*g", precision, value);
    }
}

/* With the fewest digits that read as the same number again. */
static int spell_shortest(char *memory, double value)
{
    int length = 0;
    for (int digits = 15; digits <= REAL_DIGITS_SURE; digits++) {
        length = spell_real(memory, value, 'g', digits);
        if (strtod(memory, NULL) == value)
            break;
    }
    return length;
}

/* The locale's decimal point may be anything; what it is not is known. */
static void put_point(char *memory)
{
    size_t digits = strspn(memory, "-0123456789");
    size_t point = strcspn(memory + digits, "0123456789e");
    if (point == 0)
        return;
    memory[digits] = '.';
    memmove(memory + digits + 1, memory + digits + point, strlen(memory + digits + point) + 1);
}

void hw_writer_put_real(hw_writer *writer, double value, char letter, int precision,
                        hw_text otherwise)
{
    char memory[REAL_BYTES];
    if (!isfinite(value)) {
        hw_writer_put(writer, otherwise);
        return;
    }
    if (precision < 0 && letter == 'g')
        (void)spell_shortest(memory, value);
    else
        (void)spell_real(memory, value, letter,
                         precision < 0                 ? 6
                         : precision > REAL_DIGITS_MAX ? REAL_DIGITS_MAX
                                                       : precision);
    put_point(memory);
    hw_writer_put(writer, hw_text_of(memory));
}

void hw_writer_put_unsigned(hw_writer *writer, unsigned long long value)
{
    char memory[24];
    hw_buffer number = HW_BUFFER_OVER(memory);
    hw_buffer_put_decimal(&number, value);
    hw_writer_put(writer, hw_buffer_text(&number));
}

void hw_writer_put_hex(hw_writer *writer, unsigned long long value)
{
    char memory[24];
    hw_buffer number = HW_BUFFER_OVER(memory);
    hw_buffer_put_hex(&number, value);
    hw_writer_put(writer, hw_buffer_text(&number));
}

void hw_writer_put_signed(hw_writer *writer, long long value)
{
    if (value < 0)
        hw_writer_put(writer, HW_TEXT("-"));
    hw_writer_put_unsigned(writer,
                           value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value);
}

hw_text hw_writer_text(hw_writer *writer)
{
    return reserve_room(writer, 0) && hw_buffer_string(&writer->buffer)
               ? hw_buffer_text(&writer->buffer)
               : (hw_text){0};
}
