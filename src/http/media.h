/* Media types of file names (RFC 9110 8.3.1). */
#ifndef HW_HTTP_MEDIA_H
#define HW_HTTP_MEDIA_H

#include "base/arena.h"
#include "base/map.h"

/* What is known beyond the built-in table. Immutable after init: threads may share it. A zeroed one
 * is legal to fini. */
typedef struct hw_media {
    hw_arena arena;
    hw_map types; /* extension in lower case -> Content-Type value, a string in the arena */
} hw_media;

/* Reads the text of a mime.types file ("type extension ..." a line, "#" comments); the empty text
 * is fine, and so are lines that make no sense: they are skipped. The text may go afterwards.
 * Extensions of the built-in table keep its types. Errors: -ENOMEM, and the object is as after
 * fini. */
int hw_media_init(hw_media *media, hw_text mime_types);
void hw_media_fini(hw_media *media);

/* The whole Content-Type value for a file, by the extension of its name (the last segment, if it is
 * a path), in any case: "text/html; charset=utf-8". "application/octet-stream" when there is no
 * extension or it is not known; a name that begins with its only dot has none. The text has a NUL
 * behind it. Valid: as long as the object. media NULL: the built-in table alone. */
hw_text hw_media_of(const hw_media *media, hw_text file_name);

#endif
