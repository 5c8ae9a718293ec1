/* What a client of HTTP/2 sends, as a script says it: frames, good and bad. For the targets that
 * drive the engine and the server. */
#ifndef HW_TESTS_FUZZ_H2_FRAMES_H
#define HW_TESTS_FUZZ_H2_FRAMES_H

#include <string.h>

#include "base/cursor.h"
#include "base/number.h"
#include "base/text.h"

enum { FRAMES_BYTES_MAX = 64 * 1024 };

typedef struct fuzz_frames {
    hw_cursor *script; /* borrowed */
    uint32_t next_stream;
    size_t length; /* of what has not been sent yet */
    char bytes[FRAMES_BYTES_MAX];
} fuzz_frames;

static inline unsigned frames_draw(const fuzz_frames *f)
{
    int byte = hw_cursor_next(f->script);
    return byte < 0 ? 0 : (unsigned)byte;
}

/* What has no room is lost. */
static inline void frames_put(fuzz_frames *f, const void *bytes, size_t length)
{
    if (length > FRAMES_BYTES_MAX - f->length)
        return;
    memcpy(f->bytes + f->length, bytes, length);
    f->length += length;
}

/* So much of it has been sent. */
static inline void frames_drop(fuzz_frames *f, size_t length)
{
    memmove(f->bytes, f->bytes + length, f->length - length);
    f->length -= length;
}

static inline void frames_put_header(fuzz_frames *f, size_t length, unsigned type, unsigned flags,
                                     uint32_t id)
{
    const uint8_t header[9] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length,
                               (uint8_t)type,           (uint8_t)flags,         0,
                               (uint8_t)(id >> 16),     (uint8_t)(id >> 8),     (uint8_t)id};
    frames_put(f, header, sizeof header);
}

static inline void frames_put_script(fuzz_frames *f, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char byte = (char)frames_draw(f);
        frames_put(f, &byte, 1);
    }
}

/* A head of fields that the script chooses, from the static table and literal. */
static inline void frames_put_head(fuzz_frames *f, uint32_t id, unsigned flags)
{
    static const char *const lines[] = {
        "\x82", /* :method: GET */
        "\x83", /* :method: POST */
        "\x84", /* :path: / */
        "\x86", /* :scheme: http */
        "\x87", /* :scheme: https */
        "\x01\x01"
        "a", /* :authority: a */
        "\x42\x07"
        "CONNECT", /* :method */
        "\x44\x05"
        "/b?c=", /* :path */
        "\x40\x09:protocol\x09websocket",
        "\x0f\x0d\x01"
        "5", /* content-length: 5 */
        "\x40\x08priority\x06u=1, i",
        "\x0f\x11\x03"
        "a=b", /* cookie */
        "\x60\x05"
        "c=d;e", /* cookie, with indexing */
        "\x10\x02te\x08trailers",
        "\x40\x01x\x01y",
        "\xbe", /* the newest of the table */
        "\x0f\x17\x01"
        "a", /* host: a */
        "\x0f\x14\x0c"
        "100-continue", /* expect */
        "\x10\x0a"
        "connection\x05"
        "close",
        "\x10\x05"
        "x-sum\x03"
        "abc",
        "\x42\x07OPTIONS",
    };
    static char block[2000];
    size_t length = 0;
    unsigned count = frames_draw(f) % 24;
    if (flags & 64) { /* an ordinary one in front */
        memcpy(block,
               "\x83\x84\x87\x01\x01"
               "a",
               6);
        length = 6;
    }
    for (unsigned i = 0; i < count; i++) {
        const char *line = lines[frames_draw(f) % (sizeof lines / sizeof lines[0])];
        memcpy(block + length, line, strlen(line));
        length += strlen(line);
    }
    frames_put_header(f, length, 1, flags & 0x3f & ~0x28u, id);
    frames_put(f, block, length);
}

static inline void frames_put_number(fuzz_frames *f, unsigned type, uint32_t id, uint32_t number)
{
    const uint8_t payload[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                (uint8_t)(number >> 8), (uint8_t)number};
    frames_put_header(f, 4, type, 0, id);
    frames_put(f, payload, 4);
}

static inline void frames_put_setting(fuzz_frames *f, unsigned id, uint32_t value)
{
    const uint8_t payload[6] = {0,
                                (uint8_t)id,
                                (uint8_t)(value >> 24),
                                (uint8_t)(value >> 16),
                                (uint8_t)(value >> 8),
                                (uint8_t)value};
    frames_put_header(f, 6, 4, 0, 0);
    frames_put(f, payload, 6);
}

static inline uint32_t frames_new_stream(fuzz_frames *f)
{
    uint32_t id = f->next_stream;
    f->next_stream += 2;
    return id;
}

/* A frame of any kind. */
static inline void frames_put_any(fuzz_frames *f)
{
    size_t length = frames_draw(f);
    uint32_t id = frames_draw(f);
    unsigned type = frames_draw(f) % 20;
    frames_put_header(f, length, type, frames_draw(f), id);
    frames_put_script(f, length);
}

static inline void frames_put_content(fuzz_frames *f, uint32_t id)
{
    static const char zeros[16384];
    size_t length = (size_t)frames_draw(f) * 64;
    frames_put_header(f, length, 0, frames_draw(f) & 1, id);
    frames_put(f, zeros, length);
}

/* A word of the script, if it is one of these. */
static inline void frames_act(fuzz_frames *f, int word)
{
    uint32_t id;
    switch (word) {
    case 'r': /* any bytes */
        frames_put_script(f, frames_draw(f));
        break;
    case 'f':
        frames_put_any(f);
        break;
    case 'h': /* a request */
        id = frames_new_stream(f);
        frames_put_head(f, id, frames_draw(f) | 64);
        break;
    case 'H': /* a head, or trailers */
        id = frames_draw(f);
        frames_put_head(f, id, frames_draw(f));
        break;
    case 'd':
        frames_put_content(f, frames_draw(f));
        break;
    case 'w':
        id = frames_draw(f);
        frames_put_number(f, 8, id, frames_draw(f) << frames_draw(f) % 24);
        break;
    case 'x':
        id = frames_draw(f);
        frames_put_number(f, 3, id, frames_draw(f) % 16);
        break;
    case 's':
        id = frames_draw(f) % 10;
        frames_put_setting(f, id, frames_draw(f) << frames_draw(f) % 24);
        break;
    case 'p':
        frames_put_header(f, 8, 6, 0, 0);
        frames_put(f, "fuzzing!", 8);
        break;
    default:
        break;
    }
}

#endif
