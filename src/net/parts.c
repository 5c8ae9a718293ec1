/* Parts of a write. Invariant: the first of those that are left has a byte that is left. */
#include "net/parts.h"

#include "base/buffer.h"
#include "base/number.h"

static hw_text first_piece(const hw_parts *parts)
{
    if (parts->count == 0)
        return (hw_text){0};
    return (hw_text){(const char *)parts->at->iov_base + parts->offset,
                     parts->at->iov_len - parts->offset};
}

/* At most to the end of the first part. */
static void go_on(hw_parts *parts, size_t bytes)
{
    parts->offset += bytes;
    while (parts->count > 0 && parts->offset == parts->at->iov_len) {
        parts->at++;
        parts->count--;
        parts->offset = 0;
    }
}

hw_parts hw_parts_of(const struct iovec *parts, size_t count)
{
    hw_parts all = {parts, count, 0};
    go_on(&all, 0);
    return all;
}

size_t hw_parts_skip(hw_parts *parts, size_t bytes)
{
    size_t skipped = 0;
    hw_text piece;
    while (skipped < bytes && (piece = first_piece(parts)).length > 0) {
        size_t step = hw_size_min(piece.length, bytes - skipped);
        go_on(parts, step);
        skipped += step;
    }
    return skipped;
}

hw_text hw_parts_take(hw_parts *parts, size_t bytes, char *memory)
{
    hw_text piece = first_piece(parts);
    if (piece.length >= bytes || parts->count <= 1) {
        piece = hw_text_upto(piece, bytes);
        go_on(parts, piece.length);
        return piece;
    }
    hw_buffer gathered = hw_buffer_over(memory, bytes);
    while (piece.length > 0 && hw_buffer_room(&gathered) > 0) {
        piece = hw_text_upto(piece, hw_buffer_room(&gathered));
        hw_buffer_put(&gathered, piece);
        go_on(parts, piece.length);
        piece = first_piece(parts);
    }
    return hw_buffer_text(&gathered);
}
