/* Heads, chunks and trailers to bytes, and heads copied out of the input.
 *
 * Everything is written once, into a bounded buffer that remembers its overflow (rejected:
 * measuring first). What goes into a field is asserted to be one: a value with a CR in it would
 * start a second field, and by the time it gets here it is our own mistake, because an
 * application's fields are checked where it gives them. A head is copied as one piece; the byte
 * behind each of its parts (a blank, a colon, a CR) is our own copy's and becomes its NUL. RFC 9112
 * 4, 5, 7. */
#include "h1/encode.h"

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
    hw_sink_step(sink, "h1/encode", "head to bytes");
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

/* One copy of bytes[from..end), in which the parts are then ended. */
typedef struct head_copy {
    char *at;
    uint32_t from;
} head_copy;

static hw_text end_part(head_copy copy, uint32_t part_at, uint32_t length)
{
    char *at = copy.at + (part_at - copy.from);
    at[length] = '\0';
    return (hw_text){at, length};
}

static bool copy_section(hw_arena *arena, hw_text bytes, uint32_t from, uint32_t end,
                         head_copy *ret_copy)
{
    hw_assert(from <= end && end <= bytes.length);
    char *at = hw_arena_copy(arena, hw_text_upto(hw_text_from(bytes, from), end - from));
    if (!at)
        return false;
    *ret_copy = (head_copy){at, from};
    return true;
}

/* Where the last part of the table ends. */
static uint32_t end_of_fields(const hw_h1_head *head)
{
    const hw_h1_field *last = &head->fields[head->field_count - 1];
    return last->value_at + last->value_length;
}

static bool copy_fields(hw_arena *arena, head_copy copy, const hw_h1_head *head,
                        hw_fields *ret_fields)
{
    hw_field *fields = hw_arena_alloc_zeroed(arena, head->field_count, sizeof *fields);
    if (!fields)
        return false;
    for (unsigned i = 0; i < head->field_count; i++) {
        const hw_h1_field *field = &head->fields[i];
        fields[i].name = end_part(copy, field->name_at, field->name_length);
        fields[i].value = end_part(copy, field->value_at, field->value_length);
        fields[i].id = (hw_field_id)field->id;
    }
    *ret_fields = (hw_fields){fields, head->field_count};
    return true;
}

bool hw_h1_head_copy(hw_arena *arena, hw_text bytes, const hw_h1_head *head, hw_h1_copy *ret_copy)
{
    head_copy copy;
    hw_fields fields = {0};
    uint32_t end = head->field_count ? end_of_fields(head) : head->target_at + head->target_length;
    if (!copy_section(arena, bytes, head->method_at, end, &copy))
        return false;
    if (head->field_count && !copy_fields(arena, copy, head, &fields))
        return false;
    *ret_copy = (hw_h1_copy){
        .method = end_part(copy, head->method_at, head->method_length),
        .target = end_part(copy, head->target_at, head->target_length),
        .fields = fields,
    };
    return true;
}

bool hw_h1_trailers_copy(hw_arena *arena, hw_text bytes, const hw_h1_head *head,
                         hw_fields *ret_fields)
{
    head_copy copy;
    if (bytes.length == 0) { /* no trailer section: the head is not about one */
        *ret_fields = (hw_fields){0};
        return true;
    }
    return copy_section(arena, bytes, 0, end_of_fields(head), &copy) &&
           copy_fields(arena, copy, head, ret_fields);
}
