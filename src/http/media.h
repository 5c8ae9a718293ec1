/* Media types of file names (RFC 9110 8.3.1). */
#ifndef HW_HTTP_MEDIA_H
#define HW_HTTP_MEDIA_H

#include "base/arena.h"

/* What is known beyond the built-in table. Immutable after init: threads may share it. A zeroed one
 * knows nothing. */
typedef struct hw_media {
    hw_text mime_types; /* borrowed */
} hw_media;

/* Borrows the text of a mime.types file: "type extension ..." a line, "#" comments; the empty text
 * is fine, and so are lines that make no sense: they are skipped. Of two lines for an extension the
 * last one holds. Extensions of the built-in table keep its types. */
void hw_media_init(hw_media *media, hw_text mime_types);

/* The whole Content-Type value for a file, by the extension of its name (the last segment, if it is
 * a path), in any case: "text/html; charset=utf-8". "application/octet-stream" when there is no
 * extension or it is not known; a name that begins with its only dot has none. media NULL: the
 * built-in table alone. False: no memory in the arena. Valid: as long as what the arena holds. */
bool hw_media_of(const hw_media *media, hw_text file_name, hw_arena *arena, hw_text *ret_type);

#endif
