/* A buffer builds bytes in memory of a fixed size. Writing past the end writes nothing of that
 * piece, sets `overflow` for good and makes every later write a no-op, so a caller builds in one
 * pass and asks once at the end. */
#ifndef HW_BASE_BUFFER_H
#define HW_BASE_BUFFER_H

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

typedef struct hw_buffer {
    char *at; /* borrowed: the caller's memory */
    size_t length, capacity;
    bool overflow;
} hw_buffer;

/* What has been built lies inside the memory, and the buffer outside of it. */
/*@ predicate hw_buffer_is_sound{L}(hw_buffer *buffer) =
        buffer->length <= buffer->capacity <= PTRDIFF_MAX &&
        \valid(buffer->at + (0 .. buffer->capacity - 1)) &&
        \separated(buffer, buffer->at + (0 .. buffer->capacity - 1)); */

/* A buffer over the caller's memory, empty. */
hw_buffer hw_buffer_over(void *memory, size_t capacity);
/* A buffer over an array. */
#define HW_BUFFER_OVER(array) hw_buffer_over((array), sizeof(array))

/*@ requires \valid_read(buffer) && hw_buffer_is_sound(buffer);
    assigns \nothing;
    ensures \result == buffer->capacity - buffer->length; */
static inline size_t hw_buffer_room(const hw_buffer *buffer)
{
    return buffer->capacity - buffer->length;
}

/* Where a piece of so many bytes, at least 1, goes, to be written by the caller; NULL when it does
 * not fit. */
/*@ requires \valid(buffer) && hw_buffer_is_sound(buffer) && bytes > 0;
    assigns buffer->length, buffer->overflow;
    ensures hw_buffer_is_sound(buffer);
    ensures buffer->length == \old(buffer->length) ||
        buffer->length == \old(buffer->length) + bytes;
    ensures \result != \null ==> \result == buffer->at + \old(buffer->length) &&
        buffer->length == \old(buffer->length) + bytes; */
static inline char *hw_buffer_claim(hw_buffer *buffer, size_t bytes)
{
    if (buffer->overflow || bytes > hw_buffer_room(buffer)) {
        buffer->overflow = true;
        return NULL;
    }
    char *piece = buffer->at + buffer->length;
    buffer->length += bytes;
    return piece;
}

static inline void hw_buffer_put(hw_buffer *buffer, hw_text text)
{
    if (text.length == 0 || !text.at)
        return;
    char *piece = hw_buffer_claim(buffer, text.length);
    if (piece)
        memcpy(piece, text.at, text.length);
}

/*@ requires \valid(buffer) && hw_buffer_is_sound(buffer);
    assigns buffer->length, buffer->overflow,
        buffer->at[buffer->length .. buffer->capacity - 1];
    ensures hw_buffer_is_sound(buffer);
    ensures \old(buffer->length) <= buffer->length <= \old(buffer->length) + 1; */
static inline void hw_buffer_put_char(hw_buffer *buffer, char byte)
{
    char *piece = hw_buffer_claim(buffer, 1);
    if (piece)
        *piece = byte;
}

void hw_buffer_put_string(hw_buffer *buffer, const char *string);
void hw_buffer_put_decimal(hw_buffer *buffer, uint64_t number);
/* With leading zeros up to width digits (width 0: as short as it can be); longer numbers are
 * written whole. */
void hw_buffer_put_decimal_padded(hw_buffer *buffer, uint64_t number, unsigned width);
void hw_buffer_put_hex(hw_buffer *buffer, uint64_t number); /* lower case, no prefix */
/* The piece and a NUL behind it, which is not counted, must fit. */
void hw_buffer_put_format(hw_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void hw_buffer_put_formatv(hw_buffer *buffer, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* What has been built so far; valid as long as the memory, unchanged by what is appended later. */
hw_text hw_buffer_text(const hw_buffer *buffer);
/* The built bytes with a NUL after them, or NULL when they (or the NUL) did not fit. */
const char *hw_buffer_string(hw_buffer *buffer);
void hw_buffer_clear(hw_buffer *buffer); /* empty again, overflow forgotten */

#endif
