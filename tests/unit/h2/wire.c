/* Frames by hand. What is sent needs no library: a literal without indexing is a byte, a length and
 * the bytes (RFC 7541 6.2.2). What is heard is taken apart by hand too, but for HPACK, where
 * nghttp2's decoder is asked. Its memory, and ours, is malloc's: not an allocation of what is
 * tested. */
#include "wire.h"

#include <nghttp2/nghttp2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "h2/session.h"

hw_text wire_text(const wire *w)
{
    return (hw_text){w->bytes, w->length};
}

void wire_put(wire *w, hw_text bytes)
{
    assert_true(bytes.length <= sizeof w->bytes - w->length);
    if (bytes.length > 0)
        memcpy(w->bytes + w->length, bytes.at, bytes.length);
    w->length += bytes.length;
}

static void put_bytes(char *to, uint32_t number, int count)
{
    for (int i = 0; i < count; i++)
        to[i] = (char)(number >> (8 * (count - 1 - i)));
}

void wire_frame(wire *w, int type, int flags, uint32_t stream, hw_text payload)
{
    char header[9];
    put_bytes(header, (uint32_t)payload.length, 3);
    header[3] = (char)type;
    header[4] = (char)flags;
    put_bytes(header + 5, stream, 4);
    wire_put(w, (hw_text){header, sizeof header});
    wire_put(w, payload);
}

wire *wire_new(void)
{
    wire *w = malloc(sizeof *w);
    assert_non_null(w);
    w->length = 0;
    wire_put(w, HW_TEXT(HW_H2_PREFACE));
    wire_frame(w, WIRE_SETTINGS, 0, 0, (hw_text){0});
    return w;
}

void wire_number(wire *w, int type, uint32_t stream, uint32_t number)
{
    char payload[4];
    put_bytes(payload, number, 4);
    wire_frame(w, type, 0, stream, (hw_text){payload, 4});
}

void wire_setting(wire *w, uint16_t id, uint32_t value)
{
    char payload[6];
    put_bytes(payload, id, 2);
    put_bytes(payload + 2, value, 4);
    wire_frame(w, WIRE_SETTINGS, 0, 0, (hw_text){payload, 6});
}

/* RFC 7541 5.1, with a prefix of 7 bits, and 5.2. */
static size_t put_string(char *to, size_t room, hw_text string)
{
    size_t at = 0, left = string.length;
    assert_true(room >= string.length + 6);
    if (left < 127) {
        to[at++] = (char)left;
    } else {
        to[at++] = 127;
        for (left -= 127; left >= 128; left /= 128)
            to[at++] = (char)(128 + left % 128);
        to[at++] = (char)left;
    }
    if (string.length > 0)
        memcpy(to + at, string.at, string.length);
    return at + string.length;
}

size_t wire_field(char *to, size_t room, hw_text name, hw_text value)
{
    assert_true(room > 0);
    to[0] = 0;
    size_t length = 1;
    length += put_string(to + length, room - length, name);
    return length + put_string(to + length, room - length, value);
}

size_t wire_block(char *to, size_t room, const char *lines)
{
    size_t length = 0;
    hw_text left = hw_text_of(lines);
    while (left.length > 0) {
        hw_text line = hw_text_upto(left, hw_text_find(left, '\n'));
        left = hw_text_from(left, line.length + 1);
        size_t colon = 1 + hw_text_find(hw_text_from(line, 1), ':');
        assert_true(colon < line.length);
        length += wire_field(to + length, room - length, hw_text_upto(line, colon),
                             hw_text_from(line, colon + 2));
    }
    return length;
}

void wire_head(wire *w, int flags, uint32_t stream, const char *lines)
{
    static char block[64 * 1024];
    size_t length = wire_block(block, sizeof block, lines);
    wire_frame(w, WIRE_HEADERS, flags, stream, (hw_text){block, length});
}

void wire_get(wire *w, uint32_t stream, const char *path)
{
    char lines[200];
    snprintf(lines, sizeof lines, ":method: GET\n:scheme: https\n:path: %s\n:authority: a\n", path);
    wire_head(w, WIRE_END, stream, lines);
}

void wire_post(wire *w, uint32_t stream, const char *lines)
{
    char all[1000];
    snprintf(all, sizeof all, ":method: POST\n:scheme: https\n:path: /\n:authority: a\n%s", lines);
    wire_head(w, WIRE_END_HEADERS, stream, all);
}

void wire_data(wire *w, int flags, uint32_t stream, const char *bytes)
{
    wire_frame(w, WIRE_DATA, flags, stream, hw_text_of(bytes));
}

/* What is heard. */

enum { STREAMS_HEARD = 512, FRAME_MAX = 9 + 16384 };

struct heard {
    char frame[FRAME_MAX];
    size_t length; /* of what is there of it */
    char words[256 * 1024], given[256 * 1024];
    size_t words_length;
    uint64_t bytes[STREAMS_HEARD];
    int64_t settings[16];
    unsigned settings_count;
    nghttp2_hd_inflater *inflater;
};

heard *heard_new(void)
{
    heard *h = calloc(1, sizeof *h);
    assert_non_null(h);
    memset(h->settings, -1, sizeof h->settings);
    assert_int_equal(nghttp2_hd_inflate_new(&h->inflater), 0);
    return h;
}

void heard_free(heard *h)
{
    nghttp2_hd_inflate_del(h->inflater);
    free(h);
}

static void say(heard *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(heard *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t room = sizeof h->words - h->words_length;
    int length = vsnprintf(h->words + h->words_length, room, format, args);
    va_end(args);
    assert_true(length >= 0 && (size_t)length < room);
    h->words_length += (size_t)length;
}

static uint32_t number_at(const char *at, int count)
{
    uint32_t number = 0;
    for (int i = 0; i < count; i++)
        number = number << 8 | (uint8_t)at[i];
    return number;
}

static void hear_fields(heard *h, hw_text block, bool is_last)
{
    const uint8_t *at = (const uint8_t *)block.at;
    size_t left = block.length;
    for (;;) {
        nghttp2_nv pair;
        int flags = 0;
        ssize_t used = nghttp2_hd_inflate_hd2(h->inflater, &pair, &flags, at, left, is_last);
        assert_true(used >= 0);
        at += used;
        left -= (size_t)used;
        if (flags & NGHTTP2_HD_INFLATE_EMIT)
            say(h, " %.*s: %.*s\n", (int)pair.namelen, pair.name, (int)pair.valuelen, pair.value);
        if (flags & NGHTTP2_HD_INFLATE_FINAL) {
            nghttp2_hd_inflate_end_headers(h->inflater);
            break;
        }
        if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && left == 0)
            break;
    }
}

static void hear_settings(heard *h, int flags, hw_text payload)
{
    if (h->settings_count++ > 0 && !(flags & WIRE_ACK))
        say(h, "SETTINGS\n");
    for (size_t at = 0; at + 6 <= payload.length; at += 6) {
        uint32_t id = number_at(payload.at + at, 2);
        if (id < 16)
            h->settings[id] = number_at(payload.at + at + 2, 4);
    }
}

static void hear_data(heard *h, uint32_t stream, const char *end, hw_text payload)
{
    assert_true(stream < STREAMS_HEARD);
    h->bytes[stream] += payload.length;
    if (payload.length <= 20)
        say(h, "DATA %u%s %.*s\n", stream, end, HW_TEXT_ARGS(payload));
    else
        say(h, "DATA %u%s (%zu bytes)\n", stream, end, payload.length);
}

static void hear_frame(heard *h)
{
    hw_text payload = {h->frame + 9, h->length - 9};
    int type = (uint8_t)h->frame[3], flags = (uint8_t)h->frame[4];
    uint32_t stream = number_at(h->frame + 5, 4);
    const char *end = flags & WIRE_END_STREAM ? " end" : "";
    switch (type) {
    case WIRE_SETTINGS:
        hear_settings(h, flags, payload);
        break;
    case WIRE_HEADERS:
        say(h, "HEADERS %u%s\n", stream, end);
        hear_fields(h, payload, flags & WIRE_END_HEADERS);
        break;
    case WIRE_CONTINUATION:
        hear_fields(h, payload, flags & WIRE_END_HEADERS);
        break;
    case WIRE_DATA:
        hear_data(h, stream, end, payload);
        break;
    case WIRE_RST_STREAM:
        say(h, "RST_STREAM %u %s\n", stream, hw_h2_code_name(number_at(payload.at, 4)));
        break;
    case WIRE_GOAWAY:
        say(h, "GOAWAY %u %s\n", number_at(payload.at, 4),
            hw_h2_code_name(number_at(payload.at + 4, 4)));
        break;
    case WIRE_WINDOW_UPDATE:
        say(h, "WINDOW_UPDATE %u %u\n", stream, number_at(payload.at, 4));
        break;
    case WIRE_PING:
        say(h, "PING%s\n", flags & WIRE_ACK ? " ack" : "");
        break;
    default:
        fail_msg("a frame of type %d", type);
    }
}

void heard_take(heard *h, hw_text bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        assert_true(h->length < sizeof h->frame);
        h->frame[h->length++] = bytes.at[i];
        if (h->length >= 9 && h->length == 9 + number_at(h->frame, 3)) {
            hear_frame(h);
            h->length = 0;
        }
    }
}

const char *heard_words(heard *h)
{
    memcpy(h->given, h->words, h->words_length);
    h->given[h->words_length] = '\0';
    h->words_length = 0;
    return h->given;
}

uint64_t heard_bytes(const heard *h, uint32_t stream)
{
    assert_true(stream < STREAMS_HEARD);
    return h->bytes[stream];
}

int64_t heard_setting(const heard *h, uint16_t id)
{
    return id < 16 ? h->settings[id] : -1;
}

bool heard_is_whole(const heard *h)
{
    return h->length == 0;
}
