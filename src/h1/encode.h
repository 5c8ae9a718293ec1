/* The HTTP/1 engine's writing half: heads, chunks and trailers to bytes (RFC 9112). Everything goes
 * into a bounded buffer, in one pass; the caller looks at its overflow once. */
#ifndef HW_H1_ENCODE_H
#define HW_H1_ENCODE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/sink.h"
#include "h1/parser.h"
#include "http/field.h"

/* The longest frame around a chunk's data: size in hexadecimal digits and CRLF. */
#define HW_H1_CHUNK_HEAD_BYTES_MAX 18

/* "HTTP/1.1 200 OK\r\n"; a status without a registered reason has an empty one (RFC 9112 4). */
void hw_h1_put_status_line(hw_buffer *buffer, int status);
/* "Name: value\r\n". Name and value must be valid (asserted). */
void hw_h1_put_field(hw_buffer *buffer, hw_text name, hw_text value);
void hw_h1_put_fields(hw_buffer *buffer, hw_fields fields);
/* The step that a head's end tells, file and words: also of whoever puts a head he has already. */
#define HW_H1_ENCODE_STEP "h1/encode", "head to bytes"
/* The empty line; tells HW_H1_ENCODE_STEP to the sink. */
void hw_h1_put_head_end(hw_buffer *buffer, const hw_sink *sink);
/* What stands before a chunk of this size (not 0); CRLF stands behind it. */
void hw_h1_put_chunk_head(hw_buffer *buffer, uint64_t size);
/* The last chunk and the trailer section: "0\r\n" fields "\r\n". Fields that may not trail (RFC
 * 9110 6.5.1) are left out. */
void hw_h1_put_chunks_end(hw_buffer *buffer, hw_fields trailers);

/* A complete head, copied once into an arena: every name, value, the method and the target get a
 * NUL behind them. False: no memory. Valid: as long as the arena's content. */
typedef struct hw_h1_copy {
    hw_text method, target;
    hw_fields fields;
} hw_h1_copy;
bool hw_h1_head_copy(hw_arena *arena, hw_text bytes, const hw_h1_head *head, hw_h1_copy *ret_copy);
/* The same for a trailer section. */
bool hw_h1_trailers_copy(hw_arena *arena, hw_text bytes, const hw_h1_head *head,
                         hw_fields *ret_fields);

#endif
