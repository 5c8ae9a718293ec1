/* The formats of hewn_jsonf, hewn_htmlf and their kin, compiled: what a format says is checked
 * once, and from then on filling it in is a walk over its pieces. */
#ifndef HW_APP_FORMAT_H
#define HW_APP_FORMAT_H

#include <stdarg.h>
#include <stdatomic.h>

#include "app/writer.h"

typedef enum hw_format_kind {
    HW_FORMAT_JSON,  /* one value */
    HW_FORMAT_PAIRS, /* members of an object, without its braces */
    HW_FORMAT_HTML,  /* a page, or a piece of one */
    HW_FORMAT_URL,   /* where a redirect leads */
} hw_format_kind;

/* What a conversion takes, and how. */
typedef enum hw_conversion {
    HW_CONVERT_NOTHING,  /* the piece is literal alone */
    HW_CONVERT_TEXT,     /* %s */
    HW_CONVERT_SIGNED,   /* %d, %i */
    HW_CONVERT_UNSIGNED, /* %u */
    HW_CONVERT_HEX,      /* %x */
    HW_CONVERT_REAL,     /* %f, %e, %g */
    HW_CONVERT_BOOL,     /* %hhd */
    HW_CONVERT_TAGGED,   /* %p */
} hw_conversion;

/* How wide a whole number is. */
typedef enum hw_width {
    HW_WIDTH_INT,
    HW_WIDTH_LONG,
    HW_WIDTH_LONG_LONG,
    HW_WIDTH_SIZE,
} hw_width;

/* Where a number that is not as wide as it should be gets blanks or zeros. */
typedef enum hw_padding {
    HW_PAD_NONE,
    HW_PAD_LEFT,
    HW_PAD_RIGHT,
    HW_PAD_ZEROS,
} hw_padding;

/* What a text is where it stands, and so how it is written. */
typedef enum hw_role {
    HW_ROLE_JSON_VALUE,
    HW_ROLE_JSON_KEY,
    HW_ROLE_JSON_INSIDE,   /* a part of a string */
    HW_ROLE_HTML,          /* text, or a part of a quoted value */
    HW_ROLE_HTML_URL,      /* what a URL in a value begins with */
    HW_ROLE_HTML_URL_TAIL, /* what follows letters of the format that it begins with */
    HW_ROLE_HTML_URL_MORE, /* what follows one of these two */
    HW_ROLE_HTML_URL_LAST, /* ... and what may be a character reference */
    HW_ROLE_URL_PART,      /* of a URL */
    HW_ROLE_URL_SEGMENT,   /* a segment of a path that has no letters of the format */
} hw_role;

/* A literal, then a conversion. */
typedef struct hw_format_piece {
    hw_text literal;
    hw_conversion conversion;
    hw_width width;
    char letter; /* of a real number */
    hw_role role;
    hw_padding padding;
    unsigned width_min; /* of a number, with its padding */
    bool has_length;    /* a text's "%.*s": its length comes first */
    int precision;      /* of a real number, or the most of a text; -1: not said */
} hw_format_piece;

typedef struct hw_format {
    hw_arena arena;      /* its own, of one that is kept */
    const char *address; /* of the format it was made of ... */
    hw_text source;      /* ... and a copy of it */
    hw_format_kind kind;
    const char *problem; /* in words; NULL: it is fine */
    const hw_format_piece *pieces;
    size_t count;
} hw_format;

/* Formats that have been compiled, by their addresses. A zeroed one is legal. */
#define HW_FORMATS_COUNT 256
typedef struct hw_formats {
    _Atomic(hw_format *) slots[HW_FORMATS_COUNT];
} hw_formats;

void hw_formats_fini(hw_formats *formats);
/* The format, compiled: kept for the next time where there is a slot and memory, else in the arena.
 * NULL: no memory. Threads: any. */
const hw_format *hw_formats_get(hw_formats *formats, hw_arena *arena, const char *source,
                                hw_format_kind kind);

/* Fills a format without problem in. NULL, or what is wrong with an argument. */
const char *hw_format_put(hw_writer *out, const hw_format *format, va_list args);

#endif
