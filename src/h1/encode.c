/* Heads, chunks and trailers to bytes, and heads copied out of the input.
 *
 * Everything is written once, into a bounded buffer that remembers its overflow (rejected:
 * measuring first). What goes into a field is asserted to be one: a value with a CR in it would
 * start a second field, and by the time it gets here it is our own mistake, because an
 * application's fields are checked where it gives them. A head is copied as one piece, from the
 * input's first byte on (empty lines before it are few), so that its places need no moving, and
 * with the array of its fields in one allocation; the byte behind each of its parts (a blank, a
 * colon, a CR) is our own copy's and becomes its NUL. RFC 9112
 * 4, 5, 7. */
#include "h1/encode.h"

#include <string.h>

#include "base/assert.h"
#include "http/status.h"

void hw_h1_put_status_line(hw_buffer *buffer, int status)
{
    hw_assert(status >= 100 && status <= 999);
    hw_buffer_put(buffer, HW_TEXT("HTTP/1.1 "));
    hw_buffer_put_decimal(buffer, (uint64_t)status);
    hw_buffer_put_char(buffer, ' '); /* RFC 9112 4: also before an empty reason */
    hw_buffer_put_string(buffer, hw_status_reason(status));
    hw_buffer_put(buffer, HW_TEXT("\r\n"));
}

void hw_h1_put_field(hw_buffer *buffer, hw_text name, hw_text value)
{
    hw_assert(hw_token_is_valid(name));
    hw_assert(hw_field_value_is_valid(value));
    hw_buffer_put(buffer, name);
    hw_buffer_put(buffer, HW_TEXT(": "));
    hw_buffer_put(buffer, value);
    hw_buffer_put(buffer, HW_TEXT("\r\n"));
}

void hw_h1_put_fields(hw_buffer *buffer, hw_fields fields)
{
    for (size_t i = 0; i < fields.count; i++)
        hw_h1_put_field(buffer, fields.at[i].name, fields.at[i].value);
}

void hw_h1_put_head_end(hw_buffer *buffer, const hw_sink *sink)
{
    hw_buffer_put(buffer, HW_TEXT("\r\n"));
    hw_sink_step(sink, HW_H1_ENCODE_STEP);
}

void hw_h1_put_chunk_head(hw_buffer *buffer, uint64_t size)
{
    hw_assert(size > 0); /* RFC 9112 7.1: the chunk of size 0 is the last one */
    hw_buffer_put_hex(buffer, size);
    hw_buffer_put(buffer, HW_TEXT("\r\n"));
}

void hw_h1_put_chunks_end(hw_buffer *buffer, hw_fields trailers)
{
    hw_buffer_put(buffer, HW_TEXT("0\r\n"));
    for (size_t i = 0; i < trailers.count; i++)
        if (hw_field_may_trail(trailers.at[i].name))
            hw_h1_put_field(buffer, trailers.at[i].name, trailers.at[i].value);
    hw_buffer_put(buffer, HW_TEXT("\r\n"));
}

static inline hw_text end_part(char *at, uint32_t length)
{
    at[length] = '\0';
    return (hw_text){at, length};
}

/* A section copied from its first byte on: behind room for the array of its fields, in one piece of
 * memory. NULL: there is none. */
static inline char *copy_section(hw_arena *arena, hw_text bytes, const hw_h1_head *head,
                                 uint32_t end)
{
    hw_assert(end <= bytes.length);
    size_t array_bytes = head->field_count * sizeof(hw_field);
    char *memory = hw_arena_alloc(arena, array_bytes + end + 1);
    if (!memory)
        return NULL;
    return memcpy(memory + array_bytes, bytes.at, end);
}

/* Where the last part of the table ends. */
static uint32_t end_of_fields(const hw_h1_head *head)
{
    const hw_h1_field *last = &head->fields[head->field_count - 1];
    return last->value_at + last->value_length;
}

/* Fills the array in front of a copied section, and ends its parts. */
static inline hw_fields end_fields(char *copy, const hw_h1_head *head)
{
    hw_field *fields = (hw_field *)(void *)copy - head->field_count, *to = fields;
    const hw_h1_field *from = head->fields, *end = from + head->field_count;
    for (; from < end; from++, to++) {
        to->name = end_part(copy + from->name_at, from->name_length);
        to->value = end_part(copy + from->value_at, from->value_length);
        to->id = (hw_field_id)from->id;
    }
    return (hw_fields){fields, head->field_count, ~head->seen};
}

bool hw_h1_head_copy(hw_arena *arena, hw_text bytes, const hw_h1_head *head, hw_h1_copy *ret_copy)
{
    uint32_t end = head->field_count ? end_of_fields(head) : head->target_at + head->target_length;
    char *copy = copy_section(arena, bytes, head, end);
    if (!copy)
        return false;
    ret_copy->method = end_part(copy + head->method_at, head->method_length);
    ret_copy->target = end_part(copy + head->target_at, head->target_length);
    ret_copy->fields = end_fields(copy, head);
    return true;
}

bool hw_h1_trailers_copy(hw_arena *arena, hw_text bytes, const hw_h1_head *head,
                         hw_fields *ret_fields)
{
    if (bytes.length == 0) { /* no trailer section: the head is not about one */
        *ret_fields = (hw_fields){0};
        return true;
    }
    char *copy = copy_section(arena, bytes, head, end_of_fields(head));
    if (!copy)
        return false;
    *ret_fields = end_fields(copy, head);
    return true;
}
