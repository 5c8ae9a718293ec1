/* Reads responses and forgives nothing.
 *
 * Whatever a server may not send (RFC 9112 4 to 7, RFC 9110 6.6.1, 8.6) is bad, also where a client
 * could make sense of it: framing said twice, a length where there is no content, a field said
 * twice that may be said once, a line end that is not CRLF. Everything is read from the start each
 * time more has arrived, so nothing is remembered between two calls. */
#include "talk/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/number.h"
#include "http/date.h"

#define CHUNK_LINE_MAX 18

static talk_reply_outcome call_bad(talk_reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static talk_reply_outcome call_bad(talk_reply *reply, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reply->words, sizeof reply->words, format, args);
    va_end(args);
    return TALK_REPLY_BAD;
}

/* A line without its CRLF. BAD: a CR or an LF on its own. */
static talk_reply_outcome take_line(talk_reply *reply, hw_cursor *cursor, hw_text *ret_line)
{
    hw_text rest = hw_cursor_rest(cursor);
    size_t lf = hw_text_find(rest, '\n'), cr = hw_text_find(rest, '\r');
    if (lf < cr)
        return call_bad(reply, "LF without CR");
    if (cr + 1 < rest.length && rest.at[cr + 1] != '\n')
        return call_bad(reply, "CR without LF");
    if (lf == rest.length)
        return TALK_REPLY_MORE;
    *ret_line = hw_text_upto(rest, cr);
    return hw_cursor_take_bytes(cursor, lf + 1, &rest) ? TALK_REPLY_DONE : TALK_REPLY_MORE;
}

static talk_reply_outcome read_status_line(talk_reply *reply, hw_text line, int *ret_status)
{
    hw_cursor cursor = hw_cursor_of(line);
    hw_text digits;
    uint64_t status;
    bool is_good = hw_cursor_take_text(&cursor, HW_TEXT("HTTP/1.1 ")) &&
                   hw_cursor_take_bytes(&cursor, 3, &digits) &&
                   hw_number_decimal(digits, &status) && status >= 100 && status <= 599 &&
                   hw_cursor_take(&cursor, ' ') && hw_field_value_is_valid(hw_cursor_rest(&cursor));
    if (!is_good)
        return call_bad(reply, "a bad status line: %.*s", HW_TEXT_ARGS(hw_text_upto(line, 60)));
    *ret_status = (int)status;
    return TALK_REPLY_DONE;
}

static bool is_listed(const hw_field *fields, size_t count, hw_text name)
{
    for (size_t i = 0; i < count; i++)
        if (hw_text_equal_nocase(fields[i].name, name))
            return true;
    return false;
}

static talk_reply_outcome read_fields(talk_reply *reply, hw_cursor *cursor, hw_field *fields,
                                      size_t *ret_count)
{
    size_t count = 0;
    hw_text line;
    for (;;) {
        talk_reply_outcome outcome = take_line(reply, cursor, &line);
        if (outcome != TALK_REPLY_DONE)
            return outcome;
        if (line.length == 0)
            break;
        size_t colon = hw_text_find(line, ':');
        hw_text name = hw_text_upto(line, colon);
        hw_text value = hw_text_trim(hw_text_from(line, colon + 1));
        if (colon == line.length || !hw_token_is_valid(name) || !hw_field_value_is_valid(value))
            return call_bad(reply, "a bad field line: %.*s", HW_TEXT_ARGS(hw_text_upto(line, 60)));
        if (is_listed(fields, count, name) && !hw_text_equal_nocase(name, HW_TEXT("set-cookie")))
            return call_bad(reply, "the field %.*s twice", HW_TEXT_ARGS(hw_text_upto(name, 60)));
        if (count == TALK_REPLY_FIELDS_MAX)
            return call_bad(reply, "too many fields");
        fields[count++] = (hw_field){name, value, hw_field_id_of(name)};
    }
    *ret_count = count;
    return TALK_REPLY_DONE;
}

static const hw_field *find_field(const talk_reply *reply, hw_field_id id)
{
    return hw_fields_find(hw_fields_of(reply->fields, reply->field_count), id);
}

static talk_reply_outcome check_head(talk_reply *reply)
{
    const hw_field *length = find_field(reply, HW_FIELD_CONTENT_LENGTH);
    const hw_field *coding = find_field(reply, HW_FIELD_TRANSFER_ENCODING);
    const hw_field *date = find_field(reply, HW_FIELD_DATE);
    bool has_none = reply->status < 200 || reply->status == 204;
    uint64_t bytes;
    int64_t seconds;
    if (length && coding)
        return call_bad(reply, "Content-Length with Transfer-Encoding");
    if (has_none && (length || coding))
        return call_bad(reply, "%d with framing fields (RFC 9110 8.6)", reply->status);
    if (length && !hw_number_decimal(length->value, &bytes))
        return call_bad(reply, "a bad Content-Length");
    if (coding && !hw_text_equal(coding->value, HW_TEXT("chunked")))
        return call_bad(reply, "a bad Transfer-Encoding");
    if (date &&
        (date->value.length != HW_DATE_BYTES - 1 || !hw_date_parse(date->value, 0, &seconds)))
        return call_bad(reply, "a bad Date");
    return TALK_REPLY_DONE;
}

/* The size line of a chunk; MORE only while it can still become one. */
static talk_reply_outcome read_chunk_size(talk_reply *reply, hw_cursor *cursor, uint64_t *ret_size)
{
    hw_text line;
    if (hw_cursor_left(cursor) > CHUNK_LINE_MAX &&
        hw_text_find(hw_text_upto(hw_cursor_rest(cursor), CHUNK_LINE_MAX), '\n') == CHUNK_LINE_MAX)
        return call_bad(reply, "an overlong chunk size");
    talk_reply_outcome outcome = take_line(reply, cursor, &line);
    if (outcome == TALK_REPLY_DONE && !hw_number_hex(line, ret_size))
        return call_bad(reply, "a bad chunk size: %.*s", HW_TEXT_ARGS(line));
    return outcome;
}

static talk_reply_outcome read_chunks(talk_reply *reply, hw_cursor *cursor)
{
    for (;;) {
        uint64_t size;
        talk_reply_outcome outcome = read_chunk_size(reply, cursor, &size);
        if (outcome != TALK_REPLY_DONE)
            return outcome;
        if (size == 0)
            return read_fields(reply, cursor, reply->trailers, &reply->trailer_count);
        hw_text data = hw_text_upto(hw_cursor_rest(cursor), size);
        talk_bytes_put(&reply->content, data);
        hw_cursor_take_bytes(cursor, data.length, &data);
        hw_text end;
        if (data.length < size || !hw_cursor_take_bytes(cursor, 2, &end))
            return TALK_REPLY_MORE;
        if (!hw_text_equal(end, HW_TEXT("\r\n")))
            return call_bad(reply, "a chunk without CRLF behind it");
    }
}

static talk_reply_outcome read_content(talk_reply *reply, hw_cursor *cursor, bool is_ended,
                                       bool to_head)
{
    const hw_field *length = find_field(reply, HW_FIELD_CONTENT_LENGTH);
    uint64_t bytes = UINT64_MAX;
    if (to_head || reply->status < 200 || reply->status == 204 || reply->status == 304)
        return TALK_REPLY_DONE;
    if (find_field(reply, HW_FIELD_TRANSFER_ENCODING))
        return read_chunks(reply, cursor);
    if (length)
        hw_number_decimal(length->value, &bytes);
    hw_text content = hw_text_upto(hw_cursor_rest(cursor), bytes);
    talk_bytes_put(&reply->content, content);
    hw_cursor_take_bytes(cursor, content.length, &content);
    bool is_complete = length ? content.length == bytes : is_ended;
    return is_complete ? TALK_REPLY_DONE : TALK_REPLY_MORE;
}

talk_reply_outcome talk_reply_read(talk_reply *reply, hw_text bytes, bool is_ended, bool to_head)
{
    hw_cursor cursor = hw_cursor_of(bytes);
    hw_text line;
    int status = 0;
    reply->status = 0;
    reply->field_count = reply->trailer_count = reply->content.length = 0;
    talk_reply_outcome outcome = take_line(reply, &cursor, &line);
    if (outcome == TALK_REPLY_DONE)
        outcome = read_status_line(reply, line, &status);
    if (outcome == TALK_REPLY_DONE)
        outcome = read_fields(reply, &cursor, reply->fields, &reply->field_count);
    if (outcome == TALK_REPLY_DONE) {
        reply->status = status;
        outcome = check_head(reply);
    }
    if (outcome == TALK_REPLY_DONE)
        outcome = read_content(reply, &cursor, is_ended, to_head);
    reply->used = bytes.length - hw_cursor_left(&cursor);
    return outcome;
}

void talk_reply_free(talk_reply *reply)
{
    talk_bytes_free(&reply->content);
}
