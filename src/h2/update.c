/* Reads PRIORITY_UPDATE frames, and keeps what they say of streams that are yet to come.
 *
 * nghttp2 can do that, but not safely: 1.52 leaves a stream that such a frame has announced on its
 * list of idle ones when it opens, so it is freed while it is open, or known when it is gone (found
 * by fuzzing: a failed assertion, and worse to be expected). To nghttp2 these frames are of an
 * unknown kind, and it is told what came of them, of open streams alone.
 *
 * What waits is bounded as the RFC has it: with the streams that are open it is no more than may be
 * open. A stream whose number has been passed will not come any more, and is forgotten. A value of
 * more than sixty bytes is ignored: it is a hint. RFC 9218 7.1. */
#include "h2/update.h"

#include <string.h>

#include "base/number.h"

enum { STREAM_BYTES = 4 };

void hw_h2_update_begin(hw_h2_updates *updates)
{
    updates->length = 0;
}

void hw_h2_update_add(hw_h2_updates *updates, hw_text bytes)
{
    size_t room = sizeof updates->payload - hw_size_min(updates->length, sizeof updates->payload);
    size_t kept = hw_size_min(bytes.length, room);
    if (kept > 0)
        memcpy(updates->payload + updates->length, bytes.at, kept);
    updates->length += bytes.length;
}

hw_h2_update_verdict hw_h2_update_end(const hw_h2_updates *updates, uint32_t carrier,
                                      hw_h2_update *ret_update)
{
    const uint8_t *at = (const uint8_t *)updates->payload;
    if (carrier != 0)
        return HW_H2_UPDATE_REFUSED;
    if (updates->length < STREAM_BYTES)
        return HW_H2_UPDATE_SHORT;
    uint32_t stream = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 |
                      (uint32_t)at[2] << 8 | (uint32_t)at[3];
    /* Neither 0 nor one that was pushed, of which there are none. */
    if (stream % 2 == 0)
        return HW_H2_UPDATE_REFUSED;
    if (updates->length > sizeof updates->payload)
        return HW_H2_UPDATE_NOTHING;
    hw_h2_update update = {stream, HW_PRIORITY_DEFAULT};
    hw_text value = {updates->payload + STREAM_BYTES, updates->length - STREAM_BYTES};
    hw_priority_read(value, &update.priority);
    *ret_update = update;
    return HW_H2_UPDATE_READ;
}

/* Streams that have begun, and those that were left out. */
static void forget_updates(hw_h2_updates *updates, uint32_t last)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < updates->count; i++)
        if (updates->at[i].stream > last)
            updates->at[kept++] = updates->at[i];
    updates->count = kept;
}

bool hw_h2_update_keep(hw_h2_updates *updates, hw_h2_update update, uint32_t last, unsigned open)
{
    forget_updates(updates, last);
    for (unsigned i = 0; i < updates->count; i++) {
        if (updates->at[i].stream == update.stream) {
            updates->at[i] = update;
            return true;
        }
    }
    if (updates->count + open >= updates->max)
        return false;
    updates->at[updates->count++] = update;
    return true;
}

bool hw_h2_update_find(const hw_h2_updates *updates, uint32_t stream, hw_priority *ret_priority)
{
    for (unsigned i = 0; i < updates->count; i++) {
        if (updates->at[i].stream == stream) {
            *ret_priority = updates->at[i].priority;
            return true;
        }
    }
    return false;
}
