/* Frames by hand (RFC 9113 4, 6), heads as literals (RFC 7541 6.2.2); what is heard is decoded by
 * nghttp2's HPACK, whose memory is not the server's. */
#include "fault/frames.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "h2/session.h"

#define FRAME_BYTES_MAX ((size_t)16384)

enum { TYPE_DATA, TYPE_HEADERS, TYPE_RST_STREAM = 3, TYPE_SETTINGS, TYPE_WINDOW_UPDATE = 8 };
enum { TYPE_GOAWAY = 7, TYPE_CONTINUATION = 9 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

/* What a client says. */

static void put_number(talk_bytes *bytes, uint32_t number, unsigned octets)
{
    while (octets-- > 0) {
        char octet = (char)(number >> (8 * octets));
        talk_bytes_put(bytes, (hw_text){&octet, 1});
    }
}

static void put_frame(talk_bytes *bytes, unsigned type, unsigned flags, uint32_t stream,
                      hw_text payload)
{
    put_number(bytes, (uint32_t)payload.length, 3);
    put_number(bytes, type, 1);
    put_number(bytes, flags, 1);
    put_number(bytes, stream, 4);
    talk_bytes_put(bytes, payload);
}

void fault_frames_begin(talk_bytes *bytes)
{
    /* SETTINGS_INITIAL_WINDOW_SIZE, and as much for the connection: 1 MiB. */
    static const char window[] = {0, 4, 0, 0x10, 0, 0}, more[] = {0, 0x10, 0, 0};
    talk_bytes_put_string(bytes, HW_H2_PREFACE);
    put_frame(bytes, TYPE_SETTINGS, 0, 0, (hw_text){window, sizeof window});
    put_frame(bytes, TYPE_SETTINGS, ACK, 0, (hw_text){0});
    put_frame(bytes, TYPE_WINDOW_UPDATE, 0, 0, (hw_text){more, sizeof more});
}

static void put_literal(talk_bytes *block, const char *name, hw_text value)
{
    put_number(block, 0, 1);
    put_number(block, (uint32_t)strlen(name), 1); /* each less than 127 bytes */
    talk_bytes_put_string(block, name);
    put_number(block, (uint32_t)value.length, 1);
    talk_bytes_put(block, value);
}

static uint32_t id_of_newest(unsigned streams)
{
    return 2 * streams - 1;
}

static void put_request(talk_bytes *bytes, hw_text line, uint32_t stream)
{
    talk_bytes block = {0};
    size_t blank = hw_text_find(line, ' ');
    hw_text method = hw_text_upto(line, blank);
    bool has_content = hw_text_equal(method, HW_TEXT("POST"));
    put_literal(&block, ":method", method);
    put_literal(&block, ":scheme", HW_TEXT("http"));
    put_literal(&block, ":path", hw_text_from(line, blank + 1));
    put_literal(&block, ":authority", HW_TEXT("test"));
    put_frame(bytes, TYPE_HEADERS, END_HEADERS | (has_content ? 0 : END_STREAM), stream,
              talk_bytes_text(&block));
    talk_bytes_free(&block);
}

static void put_content(talk_bytes *bytes, hw_text content, bool is_end, uint32_t stream)
{
    while (content.length > FRAME_BYTES_MAX) {
        put_frame(bytes, TYPE_DATA, 0, stream, hw_text_upto(content, FRAME_BYTES_MAX));
        content = hw_text_from(content, FRAME_BYTES_MAX);
    }
    put_frame(bytes, TYPE_DATA, is_end ? END_STREAM : 0, stream, content);
}

void fault_frames_say(talk_bytes *bytes, const fault_step *step, unsigned *streams)
{
    talk_bytes content = {0};
    hw_text left = hw_text_of(step->bytes);
    while (left.length > 0) {
        hw_text line = hw_text_upto(left, hw_text_find(left, '\n'));
        left = hw_text_from(left, line.length + 1);
        ++*streams;
        if (hw_text_equal(line, HW_TEXT("RESET"))) {
            static const char cancel[] = {0, 0, 0, HW_H2_CANCEL};
            --*streams;
            put_frame(bytes, TYPE_RST_STREAM, 0, id_of_newest(*streams),
                      (hw_text){cancel, sizeof cancel});
        } else {
            put_request(bytes, line, id_of_newest(*streams));
        }
    }
    for (size_t i = 0; i < step->fill; i++)
        talk_bytes_put_string(&content, "x");
    if (step->end)
        talk_bytes_put_string(&content, step->end);
    if (step->fill > 0 || step->end)
        put_content(bytes, talk_bytes_text(&content), step->end != NULL, id_of_newest(*streams));
    talk_bytes_free(&content);
}

/* What it hears. */

typedef struct stream_heard {
    talk_bytes words; /* fields of each head, content, trailers */
    size_t final_at;  /* in these, behind the heads of 1xx */
    int status;       /* of the final head; 0: not there */
    bool is_ended, is_reset;
} stream_heard;

typedef struct frames_heard {
    fault_answers *answers;
    nghttp2_hd_inflater *inflater;
    stream_heard streams[FAULT_ANSWERS_MAX];
    unsigned count;
} frames_heard;

static void complain(frames_heard *heard, const char *words)
{
    heard->answers->is_bad = true;
    snprintf(heard->answers->complaint, sizeof heard->answers->complaint, "%s", words);
}

static uint32_t number_at(const char *at, unsigned octets)
{
    uint32_t number = 0;
    for (unsigned i = 0; i < octets; i++)
        number = number << 8 | (uint8_t)at[i];
    return number;
}

static void hear_field(stream_heard *stream, hw_text name, hw_text value)
{
    uint64_t status;
    if (hw_text_equal(name, HW_TEXT(":status")) && hw_number_decimal(value, &status)) {
        stream->status = status >= 200 ? (int)status : 0;
        stream->final_at = stream->words.length;
    }
    if (hw_text_equal(name, HW_TEXT("date")) || hw_text_equal(name, HW_TEXT("etag")) ||
        hw_text_equal(name, HW_TEXT("x-count")))
        return;
    talk_bytes_put(&stream->words, name);
    talk_bytes_put_string(&stream->words, ": ");
    talk_bytes_put(&stream->words, value);
    talk_bytes_put_string(&stream->words, "\n");
}

static void hear_block(frames_heard *heard, stream_heard *stream, hw_text block, bool is_last)
{
    const uint8_t *at = (const uint8_t *)block.at;
    size_t left = block.length;
    for (;;) {
        nghttp2_nv pair;
        int flags = 0;
        ssize_t used = nghttp2_hd_inflate_hd2(heard->inflater, &pair, &flags, at, left, is_last);
        if (used < 0) {
            complain(heard, "a head cannot be decoded");
            return;
        }
        at += used;
        left -= (size_t)used;
        if (flags & NGHTTP2_HD_INFLATE_EMIT)
            hear_field(stream, (hw_text){(const char *)pair.name, pair.namelen},
                       (hw_text){(const char *)pair.value, pair.valuelen});
        else if ((flags & NGHTTP2_HD_INFLATE_FINAL) || left == 0)
            break;
    }
    if (is_last)
        nghttp2_hd_inflate_end_headers(heard->inflater);
}

/* Frames of streams, in the order that RFC 9113 5.1 allows. */
static void hear_stream_frame(frames_heard *heard, uint32_t id, unsigned type, unsigned flags,
                              hw_text payload)
{
    if (type == TYPE_WINDOW_UPDATE)
        return;
    if (id % 2 == 0 || id / 2 >= heard->count) {
        complain(heard, "a frame of a stream that there is not");
        return;
    }
    stream_heard *stream = &heard->streams[id / 2];
    if (stream->is_reset || (stream->is_ended && type != TYPE_RST_STREAM))
        complain(heard, "a frame of a stream that has ended");
    if (type == TYPE_HEADERS || type == TYPE_CONTINUATION)
        hear_block(heard, stream, payload, flags & END_HEADERS);
    if (type == TYPE_DATA && stream->status == 0)
        complain(heard, "content in front of its head");
    if (type == TYPE_DATA)
        talk_bytes_put(&stream->words, payload);
    if (type == TYPE_RST_STREAM)
        stream->is_reset = true;
    if ((type == TYPE_DATA || type == TYPE_HEADERS) && (flags & END_STREAM))
        stream->is_ended = true;
}

/* Whole frames, as far as there are any. */
static void hear_frames(frames_heard *heard, hw_text bytes)
{
    while (bytes.length >= 9 && !heard->answers->is_bad) {
        size_t length = number_at(bytes.at, 3);
        unsigned type = (uint8_t)bytes.at[3], flags = (uint8_t)bytes.at[4];
        uint32_t id = number_at(bytes.at + 5, 4);
        if (length > FRAME_BYTES_MAX || type > TYPE_CONTINUATION)
            complain(heard, "that is no frame");
        if (bytes.length < 9 + length)
            return;
        if (id != 0)
            hear_stream_frame(heard, id, type, flags, hw_text_upto(hw_text_from(bytes, 9), length));
        bytes = hw_text_from(bytes, 9 + length);
    }
}

static void put_answer(fault_answers *answers, const stream_heard *stream)
{
    bool is_complete = stream->is_ended && stream->status != 0;
    fault_answer *answer = &answers->at[answers->count++];
    answer->status = is_complete ? stream->status : 0;
    answer->is_broken = stream->is_reset && !is_complete;
    answer->at = answers->words.length + (is_complete ? stream->final_at : 0);
    if (is_complete)
        talk_bytes_put(&answers->words, talk_bytes_text(&stream->words));
    answer->end = answers->words.length;
    answers->is_torn |= !is_complete;
}

void fault_frames_read(fault_answers *answers, const fault_client *client, unsigned streams)
{
    frames_heard heard = {.answers = answers, .count = streams};
    answers->count = answers->words.length = answers->tunnel.length = 0;
    answers->is_torn = answers->is_bad = false;
    if (streams > FAULT_ANSWERS_MAX || nghttp2_hd_inflate_new(&heard.inflater) != 0) {
        complain(&heard, "too many streams");
        return;
    }
    hear_frames(&heard, talk_bytes_text(&client->heard));
    for (unsigned i = 0; i < streams; i++) {
        put_answer(answers, &heard.streams[i]);
        talk_bytes_free(&heard.streams[i].words);
    }
    nghttp2_hd_inflate_del(heard.inflater);
}
