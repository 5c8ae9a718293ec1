/* The client's side of HTTP/2, by hand: frames into bytes, and what a server sends into words. */
#ifndef HW_TESTS_H2_WIRE_H
#define HW_TESTS_H2_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* RFC 9113 6, RFC 9218 7.1 */
enum {
    WIRE_DATA = 0,
    WIRE_HEADERS = 1,
    WIRE_PRIORITY = 2,
    WIRE_RST_STREAM = 3,
    WIRE_SETTINGS = 4,
    WIRE_PUSH_PROMISE = 5,
    WIRE_PING = 6,
    WIRE_GOAWAY = 7,
    WIRE_WINDOW_UPDATE = 8,
    WIRE_CONTINUATION = 9,
    WIRE_PRIORITY_UPDATE = 16,
};
enum { WIRE_END_STREAM = 1, WIRE_ACK = 1, WIRE_END_HEADERS = 4, WIRE_PADDED = 8 };
/* What a request without content has. */
enum { WIRE_END = WIRE_END_STREAM | WIRE_END_HEADERS };

/* What a client sends. */
typedef struct wire {
    char bytes[512 * 1024];
    size_t length;
} wire;

/* Owns: the caller frees it with free. */
wire *wire_new(void); /* with a preface and empty SETTINGS */
hw_text wire_text(const wire *w);
void wire_put(wire *w, hw_text bytes);
void wire_frame(wire *w, int type, int flags, uint32_t stream, hw_text payload);
/* A payload that is one number of 32 bits: RST_STREAM, WINDOW_UPDATE. */
void wire_number(wire *w, int type, uint32_t stream, uint32_t number);
void wire_setting(wire *w, uint16_t id, uint32_t value);
/* HEADERS of lines "name: value\n", as literals without indexing. */
void wire_head(wire *w, int flags, uint32_t stream, const char *lines);
/* GET of a path, over https from "a", with END_STREAM. */
void wire_get(wire *w, uint32_t stream, const char *path);
/* The same with content to come, and more lines. */
void wire_post(wire *w, uint32_t stream, const char *lines);
void wire_data(wire *w, int flags, uint32_t stream, const char *bytes);

/* A block of fields, by itself: what wire_head puts into its frame. Returns its length. */
size_t wire_block(char *to, size_t room, const char *lines);
/* One literal field, of any bytes. */
size_t wire_field(char *to, size_t room, hw_text name, hw_text value);

/* What a server said. Frames as lines, without SETTINGS at the beginning and acknowledgements:
 *
 *     HEADERS 1 end         or CONTINUATION's, as one
 *      :status: 200
 *     DATA 1 end hello      up to 20 bytes; of more "(16384 bytes)"
 *     RST_STREAM 1 PROTOCOL_ERROR
 *     GOAWAY 1 NO_ERROR
 *     WINDOW_UPDATE 0 65536
 *     PING ack
 */
typedef struct heard heard;
heard *heard_new(void);
void heard_free(heard *h);
/* More of it, cut anywhere. Asserts that it is made of frames. */
void heard_take(heard *h, hw_text bytes);
/* So far; and forgets it. */
const char *heard_words(heard *h);
/* Bytes of DATA of a stream so far. */
uint64_t heard_bytes(const heard *h, uint32_t stream);
/* The value of a setting the server sent, or -1. */
int64_t heard_setting(const heard *h, uint16_t id);
/* No frame is half there. */
bool heard_is_whole(const heard *h);

#endif
