/* What the compilers of formats have in common: each reads the format by the grammar of what it makes
 * and cuts it into pieces at its conversions. */
#ifndef HW_APP_FORMAT_COMPILER_H
#define HW_APP_FORMAT_COMPILER_H

#include "app/format.h"
#include "base/buffer.h"
#include "base/cursor.h"

#define HW_FORMAT_PIECES_MAX 256

typedef struct hw_format_compiler {
    hw_cursor cursor;     /* over the format */
    hw_buffer literal;    /* of all pieces, one behind the other: two bytes for one of the format */
    size_t literal_start; /* of the piece that is being read */
    hw_format_piece pieces[HW_FORMAT_PIECES_MAX];
    size_t count;
    const char *problem;
} hw_format_compiler;

/* Says what is wrong with the format, unless that has been said; false. */
bool hw_format_fail(hw_format_compiler *compiler, const char *problem);
/* Reads a conversion, behind its "%". False: there is no such conversion. */
bool hw_format_read_conversion(hw_cursor *cursor, hw_format_piece *piece);
/* Ends the literal that is being read with a conversion. */
void hw_format_end_piece(hw_format_compiler *compiler, hw_format_piece piece);

void hw_format_compile_json(hw_format_compiler *to, bool is_pairs);
void hw_format_compile_html(hw_format_compiler *to);
void hw_format_compile_url(hw_format_compiler *to);

#endif
