/* Paths, decoded, in one canonical reading. A hw_path is a type of its own, so that raw, decoded
 * and file-system strings are never taken for each other. */
#ifndef HW_HTTP_PATH_H
#define HW_HTTP_PATH_H

#include "base/buffer.h"
#include "base/cursor.h"
#include "http/problem.h"
#include "http/scan.h"

/* Begins with "/"; has no empty segment except after a last "/", no segment "." or "..", no control
 * character and no NUL. May hold any other byte; UTF-8 is not required. Made by hw_path_decode
 * alone. */
typedef struct hw_path {
    hw_text text;
} hw_path;

/* Decodes a raw path (RFC 3986 2.1), removes its dot segments, plain and encoded (RFC 3986 5.2.4,
 * 6.2.2.3), and appends the result to `out`, with a NUL behind it that is not counted. "+" is "+";
 * a last "/" stays, and "." or ".." at the end leaves one. raw.length + 2 bytes of room suffice.
 * NULL: it is fine. 400: it does not begin with "/", percent-encoding is broken, "/", a control
 * character or NUL is encoded, a segment is empty ("//"), or it climbs above the root. 414: no
 * room. Valid: ret_path as long as the buffer's memory. */
const hw_problem *hw_path_decode(hw_text raw, hw_buffer *out, hw_path *ret_path);

/* Of sixteen pairs of neighbours, how many come before one whose second byte cannot follow its
 * first in a path that is canonical as it is: a "/" or "." behind a "/", or what is no usual
 * letter. Inlined, for who reads a head. */
static inline unsigned hw_path_plain_pairs(hw_block bytes, hw_block following)
{
    hw_block opens = hw_block_range(following, '.', '/') & hw_block_same(bytes, '/');
    return hw_block_run(hw_scan_usual_path(following) & ~opens);
}

/* Appends a decoded path, percent-encoded where a URI must be (RFC 3986 3.3): for Location and
 * links. What hw_path_decode gave comes back as the same path, and never begins with "//". */
void hw_path_encode(hw_buffer *out, hw_text decoded);

/* The next segment of a path's text, "a" and "b" of "/a/b" and "/a/b/"; false at the end. Start
 * with hw_cursor_of(path.text). */
bool hw_path_next_segment(hw_cursor *cursor, hw_text *ret_segment);
/* Ends with "/": the path of a folder. */
bool hw_path_is_folder(hw_path path);

#endif
