/* A text that grows in an arena while it is written. Without memory it is broken, and whatever is
 * put into it from then on is lost: who writes asks once, at the end. */
#ifndef HW_APP_WRITER_H
#define HW_APP_WRITER_H

#include "base/arena.h"
#include "base/buffer.h"

typedef struct hw_writer {
    hw_arena *arena;
    hw_buffer buffer;
    bool is_broken;
} hw_writer;

/* Takes no memory yet. */
void hw_writer_init(hw_writer *writer, hw_arena *arena);
void hw_writer_put(hw_writer *writer, hw_text text);
/* A JSON string, quotes and all, or what is between them. */
void hw_writer_put_json(hw_writer *writer, hw_text text, bool has_quotes);
/* Text in HTML, between tags or in a quoted value. */
void hw_writer_put_html(hw_writer *writer, hw_text text);
/* Text in a URL: what is not unreserved (RFC 3986 2.3) is percent-encoded. */
void hw_writer_put_url(hw_writer *writer, hw_text text);
/* A number, in any locale alike, and the word where it is none (infinite, or NaN). precision -1: as
 * many digits as tell it from any other. letter: 'f', 'e' or 'g', as printf has them. */
void hw_writer_put_real(hw_writer *writer, double value, char letter, int precision,
                        hw_text otherwise);
void hw_writer_put_signed(hw_writer *writer, long long value);
void hw_writer_put_unsigned(hw_writer *writer, unsigned long long value);
void hw_writer_put_hex(hw_writer *writer, unsigned long long value);
/* What has been written, with a NUL behind it. at NULL: it is broken. */
hw_text hw_writer_text(hw_writer *writer);

#endif
