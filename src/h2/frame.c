/* Judges frames by their headers, where nghttp2 (1.52) does not: it reads a CONTINUATION frame of
 * any size, passes over every PRIORITY frame once we have said that we do not use them, and drops a
 * request on a stream that has been passed over, which nobody would ever hear of.
 *
 * A client that skips an id has closed that stream (RFC 9113 5.1.1), and cannot begin it any more.
 * But HEADERS with an old id need not be a mistake: they may be trailers that were on their way when
 * we reset their stream, and have to be borne (5.1). So it is kept which streams have begun, in one
 * bit each; of those that are more than 64 streams behind it is not known any more, and what comes
 * for them is dropped as before. */
#include "h2/frame.h"

#include <stddef.h>

#include "h2/session.h"

/* RFC 9113 6 */
enum { HEADERS = 1, PRIORITY = 2, PADDED = 8, RANKED = 32 };
/* What we allow is what holds unless we say otherwise (6.5.2, SETTINGS_MAX_FRAME_SIZE). */
enum { FRAME_BYTES_MAX = 16 * 1024, BEGUN_MAX = 64 };

hw_h2_frame hw_h2_frame_of(const uint8_t header[HW_H2_FRAME_HEADER_BYTES])
{
    return (hw_h2_frame){
        .length = (uint32_t)header[0] << 16 | (uint32_t)header[1] << 8 | (uint32_t)header[2],
        .type = header[3],
        .flags = header[4],
        .stream = (uint32_t)(header[5] & 0x7f) << 24 | (uint32_t)header[6] << 16 |
                  (uint32_t)header[7] << 8 | (uint32_t)header[8],
    };
}

bool hw_h2_frame_depends(const hw_h2_frame *frame, uint32_t *ret_begin)
{
    *ret_begin = frame->flags & PADDED ? 1 : 0; /* behind the length of the padding */
    return frame->type == HEADERS && (frame->flags & RANKED) != 0;
}

/* HEADERS of a client's stream. False: it has passed over that id. */
static bool note_begun(hw_h2_begun *begun, uint32_t stream)
{
    uint32_t place = (stream + 1) / 2, newest = (begun->newest + 1) / 2; /* from 1 on */
    if (place > newest) {
        uint32_t gap = place - newest;
        begun->which = (gap < BEGUN_MAX ? begun->which << gap : 0) | 1;
        begun->newest = stream;
        return true;
    }
    uint32_t behind = newest - place;
    return behind >= BEGUN_MAX || (begun->which >> behind & 1) != 0;
}

const hw_problem *hw_h2_frame_judge(const hw_h2_frame *frame, hw_h2_begun *begun,
                                    uint32_t *ret_code)
{
    static const hw_problem too_large = {400, "a frame larger than may be", "RFC 9113 4.2"};
    static const hw_problem of_none = {400, "PRIORITY without a stream", "RFC 9113 6.3"};
    static const hw_problem passed = {400, "a stream that was passed over", "RFC 9113 5.1.1"};
    *ret_code = HW_H2_PROTOCOL_ERROR;
    if (frame->length > FRAME_BYTES_MAX) {
        *ret_code = HW_H2_FRAME_SIZE_ERROR;
        return &too_large;
    }
    if (frame->type == PRIORITY && frame->stream == 0)
        return &of_none;
    bool begins = frame->type == HEADERS && frame->stream % 2 == 1;
    return begins && !note_begun(begun, frame->stream) ? &passed : NULL;
}
