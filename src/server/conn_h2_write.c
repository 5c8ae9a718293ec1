/* Drives HTTP/2 connections: WRITE, from the session to the stream.
 *
 * The session says what is next, of all streams, and puts it into the lane's output buffer; bodies are
 * pulled straight to their places there. So all that is ready leaves in one write. What a full socket
 * leaves is kept, and goes before anything else is asked for: what is most urgent is decided as late
 * as it can be.
 *
 * A file is read into the buffer, from the page cache alone (server/ahead.h). */
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "server/conn_h2.h"
#include "sys/file.h"
#include "sys/memory.h"

/* Sent in one turn, so that a fast client does not keep the others waiting. */
#define TURN_BYTES_H2 ((size_t)256 * 1024)
/* Of a file: asked for at once. */
#define SEGMENT_AHEAD_BYTES ((size_t)64 * 1024)

/* Bodies. */

/* Before so much of a file is read. MORE: now. */
static hw_h2_pull warm_h2(h2_exchange *e, const hw_segment *file, size_t bytes)
{
    int error = hw_ahead_ask(&e->ahead, &e->exchange, e->lending.lane, file, bytes);
    if (error == 0)
        return HW_H2_PULL_MORE;
    e->is_waiting = true;
    return error == -EINPROGRESS || error == -EAGAIN ? HW_H2_PULL_WAIT : HW_H2_PULL_FAILED;
}

static hw_h2_pull read_segment(h2_exchange *e, char *memory, size_t want, size_t *ret_count)
{
    hw_segment *file = &e->file;
    size_t count = hw_size_min(want, file->length);
    hw_h2_pull pull = warm_h2(e, file, hw_size_min(file->length, SEGMENT_AHEAD_BYTES));
    if (pull != HW_H2_PULL_MORE)
        return pull;
    if (count == file->length && !hw_segment_is_current(file))
        return HW_H2_PULL_FAILED;
    ssize_t result = hw_sys_read_at(file->fd, memory, count, file->offset);
    if (result <= 0) /* cut, or it cannot be read */
        return HW_H2_PULL_FAILED;
    file->offset += (size_t)result;
    file->length -= (size_t)result;
    *ret_count = (size_t)result;
    return HW_H2_PULL_MORE;
}

static hw_h2_pull copy_piece(h2_exchange *e, char *memory, size_t want, size_t *ret_count)
{
    hw_text piece = hw_text_upto(e->piece, want);
    memcpy(memory, piece.at, piece.length);
    e->piece = hw_text_from(e->piece, piece.length);
    *ret_count = piece.length;
    return HW_H2_PULL_MORE;
}

/* The body reads a file itself, and does not want to wait for it either. */
static hw_pull pull_warmed_h2(h2_exchange *e, size_t want, hw_piece *piece)
{
    size_t bytes = hw_size_min(piece->file.length, SEGMENT_AHEAD_BYTES);
    hw_h2_pull warmth = warm_h2(e, &piece->file, bytes);
    *piece = (hw_piece){0};
    if (warmth != HW_H2_PULL_MORE)
        return warmth == HW_H2_PULL_WAIT ? HW_PULL_COLD : HW_PULL_FAILED;
    hw_pull pull = hw_source_pull(e->exchange.response.body, want, piece);
    if (pull == HW_PULL_COLD && !e->ahead.read) { /* another part: in another turn */
        e->is_waiting = e->is_stirred = true;
        hw_conn_queue(&e->conn->conn);
    }
    return pull;
}

/* The next piece of the body. MORE: it is there. */
static hw_h2_pull pull_piece(h2_exchange *e, size_t want, hw_h2_pulled *ret_pulled)
{
    hw_piece piece = {0};
    if (e->ahead.read) /* for the body */
        return HW_H2_PULL_WAIT;
    hw_sink_step(e->lending.lane->place.sink, "exchange/body", "pull: bytes or file segment");
    hw_pull pull = hw_source_pull(e->exchange.response.body, want, &piece);
    if (pull == HW_PULL_COLD)
        pull = pull_warmed_h2(e, want, &piece);
    switch (pull) {
    case HW_PULL_BYTES:
    case HW_PULL_FILE:
        e->piece = piece.bytes;
        e->file = piece.file;
        return HW_H2_PULL_MORE;
    case HW_PULL_END:
        ret_pulled->trailers = piece.trailers;
        return HW_H2_PULL_END;
    case HW_PULL_WAIT:
        if (!e->lending.is_feeder_idle)
            hw_lending_ask_feeder(&e->lending);
        return HW_H2_PULL_WAIT;
    case HW_PULL_COLD:
        return HW_H2_PULL_WAIT;
    case HW_PULL_FAILED:
        break;
    }
    return HW_H2_PULL_FAILED;
}

hw_h2_pull hw_conn_h2_pull(void *arg, uint32_t stream, void *owner, char *memory, size_t want,
                           hw_h2_pulled *ret_pulled)
{
    conn_h2 *h2 = arg;
    h2_exchange *e = owner;
    hw_assert(e && e->stream == stream && e->is_sent);
    hw_h2_pull pull = HW_H2_PULL_MORE;
    if (e->piece.length == 0 && e->file.length == 0)
        pull = pull_piece(e, want, ret_pulled);
    if (pull == HW_H2_PULL_MORE && e->file.length > 0)
        pull = read_segment(e, memory, want, &ret_pulled->count);
    else if (pull == HW_H2_PULL_MORE)
        pull = copy_piece(e, memory, want, &ret_pulled->count);
    e->is_waiting = pull == HW_H2_PULL_WAIT;
    e->bytes_out += ret_pulled->count;
    h2->body_bytes += ret_pulled->count;
    e->is_given = pull == HW_H2_PULL_END || e->bytes_out == e->exchange.response.body->length;
    h2->has_given |= e->is_given;
    return pull;
}

/* Those that had nothing, and may have something now. */
static void resume_bodies(conn_h2 *h2)
{
    hw_link *next;
    for (hw_link *link = h2->exchanges.head.next; link != &h2->exchanges.head; link = next) {
        h2_exchange *e = HW_MEMBER(link, h2_exchange, link);
        next = link->next; /* it may leave */
        if (e->is_aborted) {
            hw_conn_h2_reset(e, HW_H2_INTERNAL_ERROR);
            continue;
        }
        if (e->is_stirred && e->is_waiting) {
            (void)hw_h2_resume(h2->session, e->stream);
            e->is_waiting = false; /* for its bytes: from here on for the client's windows */
        }
        e->is_stirred = false;
    }
}

/* Who reads the rest of a request does it for the answer: nobody does any more. */
static void discard_given(conn_h2 *h2)
{
    if (!h2->has_given)
        return;
    h2->has_given = false;
    for (hw_link *link = h2->exchanges.head.next; link != &h2->exchanges.head; link = link->next) {
        h2_exchange *e = HW_MEMBER(link, h2_exchange, link);
        if (e->is_given && (e->is_tunnel || !e->has_whole_body))
            hw_conn_h2_discard(e);
    }
}

/* Output. */

void hw_conn_h2_drop_unsent(conn_h2 *h2)
{
    if (!h2->unsent)
        return;
    hw_sys_free(h2->unsent);
    hw_budget_give(&h2->conn.lane->shared->budget, HW_LANE_OUTPUT_BYTES);
    h2->unsent = NULL;
    h2->output = (hw_text){0};
}

/* What is left of the lane's buffer moves to the connection; what lies there already stays. Over its
 * budget: who has a connection must be able to say something on it. False: no memory. */
static bool keep_unsent(conn_h2 *h2)
{
    if (h2->output.length == 0) {
        hw_conn_h2_drop_unsent(h2);
        return true;
    }
    if (h2->unsent)
        return true;
    h2->unsent = hw_sys_alloc(HW_LANE_OUTPUT_BYTES);
    if (!h2->unsent)
        return false;
    hw_budget_add(&h2->conn.lane->shared->budget, HW_LANE_OUTPUT_BYTES);
    memcpy(h2->unsent, h2->output.at, h2->output.length);
    h2->output.at = h2->unsent;
    return true;
}

/* What the session has to say now, if nothing else is there to be sent. */
static void fill_output(conn_h2 *h2)
{
    /* Once something had to be kept it is sent from there: the lane's is the next connection's. */
    char *memory = h2->unsent ? h2->unsent : h2->conn.lane->output;
    hw_buffer buffer = hw_buffer_over(memory, HW_LANE_OUTPUT_BYTES);
    if (h2->output.length > 0)
        return;
    hw_conn_h2_send_held_back(h2);
    (void)hw_h2_send(h2->session, &buffer);
    h2->output = hw_buffer_text(&buffer);
}

/* False: no further sending now; the connection may be closed. */
static bool write_output(conn_h2 *h2)
{
    hw_stream *stream = h2->conn.stream;
    struct iovec part = {(void *)h2->output.at, h2->output.length};
    if (part.iov_len == 0)
        return false;
    ssize_t count = stream->ops->write(stream, &part, 1, false);
    if (count < 0 && count != -EAGAIN) {
        hw_conn_close(&h2->conn);
        return false;
    }
    size_t sent = count > 0 ? (size_t)count : 0;
    h2->sent_bytes += sent;
    h2->output = hw_text_from(h2->output, sent);
    return h2->output.length == 0;
}

void hw_conn_h2_write(conn_h2 *h2)
{
    size_t before = h2->sent_bytes;
    bool goes_on = h2->conn.stream->writable;
    h2->goes_on = false;
    resume_bodies(h2);
    h2->is_before_write = false;
    if (!goes_on)
        hw_conn_h2_take_events(h2); /* it may have failed */
    while (goes_on && !h2->goes_on) {
        fill_output(h2);
        discard_given(h2);
        hw_conn_h2_take_events(h2); /* what has been given to the output is over */
        goes_on = !h2->conn.is_closed && write_output(h2);
        h2->goes_on = goes_on && h2->sent_bytes - before >= TURN_BYTES_H2;
    }
    if (h2->conn.is_closed)
        return;
    if (!keep_unsent(h2)) {
        hw_conn_close(&h2->conn);
        return;
    }
    /* Stopped by choice: the next turn goes on. */
    if (h2->goes_on)
        hw_conn_queue_write(&h2->conn);
}
