/* Drives HTTP/1 connections: the files among their answers, slice by slice.
 *
 * A slice is what one call sends, and with it a turn ends, so that a fast client does not keep the
 * others waiting. It is never cut smaller by what went before it in the turn, a head as a rule: it
 * would need one more call, and slices that begin within a page. Where nobody else is queued it is
 * longer, for each costs a turn and a wait for events beside the call.
 *
 * What is sent must be of one version of the file, the one its validators are of. So it is looked at
 * before the last slice: where it is another one by then, that slice never goes, and the client sees
 * that the answer broke off. Rejected: another look when all has gone, which tells the client nothing,
 * and cuts off one that has changed the file because it had all of it. What the system has taken are
 * pages of the file, not copies: who writes over them in place, before the client has acknowledged
 * them, changes them on their way. A file that is replaced by another (rename) never is. */
#include <errno.h>

#include "base/number.h"
#include "server/conn_h1.h"
#include "sys/file.h"

/* Of one when nobody else is queued. */
#define LONE_SLICE_BYTES (4 * H1_SLICE_BYTES)

/* Fewer bytes went than were to: is that because the file has no more of them? */
static bool is_file_cut(const hw_segment *file, size_t slice)
{
    int64_t size = hw_sys_size(file->fd);
    return size >= 0 && (uint64_t)size < file->offset + slice;
}

static size_t slice_of(const h1_exchange *e)
{
    bool is_lone = !hw_loop_has_queued(&e->lending.lane->loop);
    return hw_size_min(e->file.length, is_lone ? LONE_SLICE_BYTES : H1_SLICE_BYTES);
}

int hw_conn_h1_ask_ahead(h1_exchange *e, const hw_segment *file, size_t bytes)
{
    conn_h1 *h1 = e->conn;
    int error = hw_ahead_ask(&e->ahead, &e->exchange, h1->conn.lane, file, bytes);
    if (error != -EINPROGRESS)
        return error;
    /* The client is given its time anew behind the disk. */
    h1->by_ms[H1_WAIT_OUTPUT] = h1->by_ms[H1_WAIT_RATE] = H1_NEVER;
    return -EAGAIN;
}

/* What of a slice went. 0: none, and no further sending now; a negative errno: the rest of the file
 * cannot be sent. */
static ssize_t send_slice(h1_exchange *e, size_t slice)
{
    hw_stream *stream = e->conn->conn.stream;
    ssize_t sent = hw_conn_h1_ask_ahead(e, &e->file, slice);
    if (sent == -EAGAIN)
        return 0;
    if (sent == 0)
        sent = stream->ops->send_file(stream, e->file.fd, e->file.offset, slice);
    if (sent == -EAGAIN)
        return 0;
    return sent == 0 ? -ESTALE : sent;
}

bool hw_conn_h1_send_slice(h1_exchange *e, size_t *budget)
{
    conn_h1 *h1 = e->conn;
    size_t slice = slice_of(e);
    if (*budget == 0)
        return false;
    bool is_last = slice == e->file.length;
    ssize_t sent = is_last && !hw_segment_is_current(&e->file) ? -ESTALE : send_slice(e, slice);
    if (sent == 0)
        return false;
    if (sent < 0 || ((size_t)sent < slice && is_file_cut(&e->file, slice))) {
        /* The file is another one, or shorter, or cannot be read: what was promised will never come. */
        hw_conn_close(&h1->conn);
        return false;
    }
    size_t count = (size_t)sent;
    e->file.offset += count;
    e->file.length -= count;
    e->bytes_out += count;
    h1->sent_bytes += count;
    *budget -= hw_size_min(count, *budget);
    return true;
}
