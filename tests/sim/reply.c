/* A response reader of one page, which shares nothing with the engine under test.
 *
 * It knows what RFC 9112 lets this server say, and calls everything else wrong: another version, a
 * line end that is not CRLF, framing twice or where there is none, a final answer without a
 * date. */
#include "sim/reply.h"

#include <string.h>
#include <strings.h>

#define LINE_BYTES_MAX 9000

void sim_reply_begin(sim_reply *reply, bool to_head)
{
    reply->content.length = reply->line.length = reply->range.length = 0;
    *reply = (sim_reply){
        .to_head = to_head, .line = reply->line, .content = reply->content, .range = reply->range};
}

void sim_reply_free(sim_reply *reply)
{
    talk_bytes_free(&reply->line);
    talk_bytes_free(&reply->content);
    talk_bytes_free(&reply->range);
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static const char *read_status_line(sim_reply *reply, hw_text line)
{
    if (line.length < 13 || memcmp(line.at, "HTTP/1.1 ", 9) != 0 || line.at[12] != ' ')
        return "a bad status line";
    for (int i = 9; i < 12; i++)
        if (!is_digit(line.at[i]))
            return "a bad status";
    reply->status = (line.at[9] - '0') * 100 + (line.at[10] - '0') * 10 + (line.at[11] - '0');
    reply->state = SIM_REPLY_FIELDS;
    return reply->status < 100 || reply->status > 599 ? "a bad status" : NULL;
}

static bool has_content(const sim_reply *reply)
{
    return reply->status >= 200 && reply->status != 204 && reply->status != 304;
}

static const char *end_head(sim_reply *reply)
{
    if (reply->has_length && reply->is_chunked)
        return "framing twice";
    if ((reply->status < 200 || reply->status == 204) && (reply->has_length || reply->is_chunked))
        return "framing without content";
    if (reply->status >= 200 && !reply->has_date)
        return "no Date";
    /* What is said of bytes that were not read as a request does not know that it was HEAD. */
    bool is_unread = reply->status == 400 || reply->status == 408;
    if ((reply->to_head && !is_unread) || !has_content(reply)) {
        reply->state = SIM_REPLY_DONE;
    } else if (reply->is_chunked) {
        reply->state = SIM_REPLY_CHUNK_SIZE;
    } else if (reply->has_length) {
        reply->left = reply->length;
        reply->state = reply->left > 0 ? SIM_REPLY_LENGTH : SIM_REPLY_DONE;
    } else {
        reply->state = SIM_REPLY_UNTIL_END;
        if (!reply->closes)
            return "content until the end of a connection that is kept";
    }
    return NULL;
}

static const char *read_length(sim_reply *reply, hw_text value)
{
    if (reply->has_length || value.length == 0 || value.length > 15)
        return "a bad Content-Length";
    for (size_t i = 0; i < value.length; i++) {
        if (!is_digit(value.at[i]))
            return "a bad Content-Length";
        reply->length = reply->length * 10 + (uint64_t)(value.at[i] - '0');
    }
    reply->has_length = true;
    return NULL;
}

static bool is_name(hw_text name, const char *wanted)
{
    return name.length == strlen(wanted) && strncasecmp(name.at, wanted, name.length) == 0;
}

static const char *read_field(sim_reply *reply, hw_text line)
{
    if (line.length == 0)
        return end_head(reply);
    size_t colon = hw_text_find(line, ':');
    if (colon == 0 || colon == line.length || memchr(line.at, ' ', colon))
        return "a bad field line";
    hw_text name = hw_text_upto(line, colon), value = hw_text_trim(hw_text_from(line, colon + 1));
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)value.at[i] < ' ' || value.at[i] == 127)
            return "a bad field value";
    if (is_name(name, "content-length"))
        return read_length(reply, value);
    if (is_name(name, "transfer-encoding")) {
        if (reply->is_chunked || !hw_text_equal(value, HW_TEXT("chunked")))
            return "a bad Transfer-Encoding";
        reply->is_chunked = true;
    } else if (is_name(name, "date")) {
        if (reply->has_date || value.length != 29)
            return "a bad Date";
        reply->has_date = true;
    } else if (is_name(name, "connection")) {
        reply->closes |= hw_text_equal(value, HW_TEXT("close"));
    } else if (is_name(name, "content-range")) {
        talk_bytes_put(&reply->range, value);
    }
    return NULL;
}

static const char *read_chunk_size(sim_reply *reply, hw_text line)
{
    reply->left = 0;
    if (line.length == 0 || line.length > 8)
        return "a bad chunk size";
    for (size_t i = 0; i < line.length; i++) {
        const char *digits = "0123456789abcdef", *digit = strchr(digits, line.at[i] | 0x20);
        if (!digit)
            return "a bad chunk size";
        reply->left = reply->left * 16 + (uint64_t)(digit - digits);
    }
    reply->state = reply->left > 0 ? SIM_REPLY_CHUNK : SIM_REPLY_TRAILERS;
    return NULL;
}

static const char *take_line(sim_reply *reply, hw_text line)
{
    switch (reply->state) {
    case SIM_REPLY_STATUS:
        return read_status_line(reply, line);
    case SIM_REPLY_FIELDS:
        return read_field(reply, line);
    case SIM_REPLY_CHUNK_SIZE:
        return read_chunk_size(reply, line);
    case SIM_REPLY_CHUNK_END:
        reply->state = SIM_REPLY_CHUNK_SIZE;
        return line.length > 0 ? "no line end behind a chunk" : NULL;
    case SIM_REPLY_TRAILERS:
        if (line.length == 0)
            reply->state = SIM_REPLY_DONE;
        return NULL;
    default:
        return "a line where there is none";
    }
}

/* The part of a line that has come; a whole one is read. */
static size_t read_line(sim_reply *reply, hw_text bytes, const char **ret_wrong)
{
    size_t lf = hw_text_find(bytes, '\n'), used = lf < bytes.length ? lf + 1 : bytes.length;
    talk_bytes_put(&reply->line, hw_text_upto(bytes, used));
    hw_text line = talk_bytes_text(&reply->line);
    if (line.length > LINE_BYTES_MAX)
        *ret_wrong = "an endless line";
    if (lf == bytes.length)
        return used;
    if (line.length < 2 || line.at[line.length - 2] != '\r')
        *ret_wrong = "LF without CR";
    else if (hw_text_find(line, '\r') != line.length - 2)
        *ret_wrong = "CR within a line";
    else
        *ret_wrong = take_line(reply, hw_text_upto(line, line.length - 2));
    reply->line.length = 0;
    return used;
}

static size_t read_content(sim_reply *reply, hw_text bytes)
{
    if (reply->state == SIM_REPLY_UNTIL_END) {
        talk_bytes_put(&reply->content, bytes);
        return bytes.length;
    }
    hw_text part = hw_text_upto(bytes, (size_t)reply->left);
    talk_bytes_put(&reply->content, part);
    reply->left -= part.length;
    if (reply->left == 0)
        reply->state = reply->state == SIM_REPLY_CHUNK ? SIM_REPLY_CHUNK_END : SIM_REPLY_DONE;
    return part.length;
}

size_t sim_reply_read(sim_reply *reply, hw_text bytes, const char **ret_wrong)
{
    size_t used = 0;
    *ret_wrong = NULL;
    while (used < bytes.length && reply->state != SIM_REPLY_DONE && !*ret_wrong) {
        hw_text rest = hw_text_from(bytes, used);
        bool is_content = reply->state == SIM_REPLY_LENGTH || reply->state == SIM_REPLY_CHUNK ||
                          reply->state == SIM_REPLY_UNTIL_END;
        used += is_content ? read_content(reply, rest) : read_line(reply, rest, ret_wrong);
        reply->is_begun = true;
    }
    return used;
}

bool sim_reply_end(sim_reply *reply)
{
    if (reply->state == SIM_REPLY_UNTIL_END)
        reply->state = SIM_REPLY_DONE;
    return reply->state == SIM_REPLY_DONE;
}
