/* Drives HTTP/1 connections: the writing half.
 *
 * Answers leave in the order of their requests. Whatever is ready is gathered first, over as many
 * exchanges as there are, and goes out in one write. Heads and frames are built in the lane's
 * output buffer in the order they are sent, and short texts are copied behind them: many small
 * answers are one part of the write. A longer text is a part of its own. A part of a file ends the
 * gathering: what is gathered goes with the word that more follows, then the file.
 *
 * What a full socket leaves unsent of what was built moves to the exchange's arena, because the
 * next connection's turn uses the same buffer. Pieces stay where their source has them: it is not
 * pulled again before its piece is sent.
 *
 * Nearly every answer is a head that has been encoded before and a short body that lies in memory:
 * gather_usual makes short work of them. What it leaves in the exchange is what the long way
 * leaves, so nothing else knows the difference. As nearly every turn has one answer, a usual one
 * that is alone is written and ended without a batch (write_usual).
 */
#include <string.h>

#include "base/number.h"
#include "http/status.h"
#include "server/conn_h1.h"

/* A longer piece is a part of its own; to copy it would cost more than the part. */
#define COPY_BYTES_MAX 1024
/* Gathered in memory before it is sent; also what is pulled at once. */
#define BATCH_BYTES ((size_t)64 * 1024)
/* Sent in one turn, so that a fast client does not keep the others waiting. */
#define TURN_BYTES H1_SLICE_BYTES
/* Room a head's fixed part and a frame take at most. */
#define FRAME_BYTES 64
/* An exchange's at most: the output before it, four texts, the output behind it. */
#define EXCHANGE_PARTS_MAX 6
/* Of a file that a body reads: asked for at once. */
#define COLD_BYTES_MAX ((size_t)64 * 1024)
/* Fewer are not worth a head. */
#define ECHO_BYTES_FIRST 64

/* File and words of a step that two places tell. */
#define BODY_STEP "exchange/body", "pull: bytes or file segment"

typedef struct h1_batch {
    struct iovec *parts; /* the lane's */
    size_t count;
    hw_buffer output;  /* heads, frames and short pieces of this batch */
    size_t parted;     /* of the output: is in a part already */
    size_t elsewhere;  /* bytes in parts that are not the output's */
    h1_exchange *file; /* whose file follows the parts; or NULL */
} h1_batch;

static size_t count_gathered(const h1_batch *batch)
{
    return batch->elsewhere + batch->output.length;
}

/* What was built since the last part becomes one. */
static void part_output(h1_batch *batch)
{
    hw_buffer *output = &batch->output;
    if (output->length == batch->parted)
        return;
    batch->parts[batch->count++] =
        (struct iovec){output->at + batch->parted, output->length - batch->parted};
    batch->parted = output->length;
}

/* The exchange keeps the original of what is copied, for what may be left unsent. */
static void gather_text(h1_batch *batch, hw_text text)
{
    hw_buffer *output = &batch->output;
    bool has_room = hw_buffer_room(output) >= HW_LANE_OUTPUT_BYTES / 2;
    if (text.length == 0)
        return;
    if (text.length <= COPY_BYTES_MAX && has_room) {
        hw_buffer_put(output, text);
        return;
    }
    part_output(batch);
    batch->parts[batch->count++] = (struct iovec){(void *)text.at, text.length};
    batch->elsewhere += text.length;
}

/* A response that could not be built becomes a 500 that needs no memory. */
static void replace_broken(h1_exchange *e)
{
    hw_response *response = &e->exchange.response;
    hw_response_start(response, 500);
    e->status = 500;
    e->is_chunked = false;
    e->closes = true;
}

/* Encodes the head into the batch. False: there is no room left in this batch. */
static bool encode_head(h1_exchange *e, h1_batch *batch)
{
    hw_response *response = &e->exchange.response;
    hw_buffer *output = &batch->output;
    size_t start = output->length;
    if (response->is_broken)
        replace_broken(e);
    e->status = response->status;
    hw_conn_h1_put_head(e, output);
    bool is_full = output->overflow || hw_buffer_room(output) < FRAME_BYTES;
    if (is_full && start > 0) {
        output->length = start;
        output->overflow = false;
        return false;
    }
    /* Somebody writes its body already: it cannot become another answer. */
    if (is_full && response->feeder) {
        hw_buffer_clear(output);
        e->is_aborted = true;
        return false;
    }
    if (is_full) {
        hw_buffer_clear(output);
        replace_broken(e);
        hw_conn_h1_put_head(e, output);
    }
    e->prefix = hw_text_from(hw_buffer_text(output), start);
    if (e->closes)
        e->conn->is_last = true;
    return true;
}

static void end_body(h1_exchange *e, hw_fields trailers, h1_batch *batch)
{
    hw_buffer *output = &batch->output;
    e->progress = H1_DONE;
    if (!e->is_chunked)
        return;
    size_t start = output->length;
    hw_h1_put_chunks_end(output, trailers);
    if (output->overflow) {
        output->length = start;
        output->overflow = false;
        hw_h1_put_chunks_end(output, (hw_fields){0});
    }
    e->suffix = hw_text_from(hw_buffer_text(output), start);
}

/* RFC 9112 7.1: the size in front, CRLF behind. The head, when it has just been encoded, lies right
 * before the frame. */
static void frame_chunk(h1_exchange *e, size_t size, h1_batch *batch)
{
    hw_buffer *output = &batch->output;
    size_t start = output->length - e->prefix.length;
    hw_h1_put_chunk_head(output, size);
    e->prefix = hw_text_from(hw_buffer_text(output), start);
    e->suffix = HW_TEXT("\r\n");
}

/* What of an answer is not the output's yet, and is there to be sent. */
static void gather_piece(h1_exchange *e, h1_batch *batch)
{
    gather_text(batch, e->piece);
    if (e->file.length > 0)
        batch->file = e;
    else
        gather_text(batch, e->suffix);
}

static void take_piece(h1_exchange *e, hw_pull pull, const hw_piece *piece, h1_batch *batch)
{
    const hw_source *body = e->exchange.response.body;
    size_t length = piece->bytes.length + piece->file.length;
    bool is_known = body->length != HW_LENGTH_UNKNOWN;
    switch (pull) {
    case HW_PULL_BYTES:
    case HW_PULL_FILE:
        /* More than was promised: the client would take it for the next answer. */
        if (is_known && length > body->length - e->bytes_out) {
            e->progress = H1_DONE;
            e->is_aborted = true;
            break;
        }
        e->piece = piece->bytes;
        e->file = piece->file;
        if (e->is_chunked)
            frame_chunk(e, length, batch);
        else if (e->bytes_out + length == body->length)
            e->progress = H1_DONE;
        gather_piece(e, batch);
        break;
    case HW_PULL_END:
        end_body(e, piece->trailers, batch);
        /* Fewer bytes than were promised: RFC 9112 8, the client must see that. */
        if (is_known && e->bytes_out != body->length)
            e->is_aborted = true;
        break;
    case HW_PULL_FAILED:
        e->progress = H1_DONE;
        e->is_aborted = true;
        break;
    case HW_PULL_WAIT:
    case HW_PULL_COLD:
        break;
    }
}

bool hw_conn_h1_sends_body(const h1_exchange *e)
{
    const hw_response *response = &e->exchange.response;
    if (response->kind == HW_RESPONSE_TUNNEL)
        return response->body != NULL;
    return response->body && !e->is_head && hw_status_has_content(response->status);
}

/* The body reads a file itself, and does not want to wait for it either: there are threads for that.
 * It is pulled again when the part is there, at once if it is now. */
static __attribute__((noinline)) hw_pull pull_warmed(h1_exchange *e, hw_piece *piece)
{
    size_t bytes = hw_size_min(piece->file.length, COLD_BYTES_MAX);
    int error = hw_conn_h1_ask_ahead(e, &piece->file, bytes);
    hw_pull pull = error == -EAGAIN ? HW_PULL_COLD : HW_PULL_FAILED;
    *piece = (hw_piece){0};
    if (error == 0)
        pull = hw_source_pull(e->exchange.response.body, BATCH_BYTES, piece);
    if (pull == HW_PULL_COLD && !e->ahead.read) /* another part: in another turn */
        hw_conn_queue(&e->conn->conn);
    return pull;
}

static void gather_body(h1_exchange *e, h1_batch *batch)
{
    hw_piece piece = {0};
    if (e->ahead.read) /* for the body */
        return;
    hw_sink_step(e->conn->conn.lane->place.sink, BODY_STEP);
    hw_pull pull = hw_source_pull(e->exchange.response.body, BATCH_BYTES, &piece);
    if (pull == HW_PULL_COLD)
        pull = pull_warmed(e, &piece);
    take_piece(e, pull, &piece, batch);
    if (pull == HW_PULL_WAIT && e->exchange.response.feeder && !e->lending.is_feeder_idle)
        hw_lending_ask_feeder(&e->lending);
}

/* RFC 9110 10.1.1: an answer that is still to be produced, as the request's own body is, may need
 * the content, and the client is asked for it. One that is complete does not: the client is not
 * asked, and the connection ends with the answer. */
static void settle_continue(h1_exchange *e)
{
    const hw_source *body = e->exchange.response.body;
    const hw_ring *inflow = e->exchange.inflow;
    bool is_wanted =
        (inflow && body && (body == &inflow->source || body->length == HW_LENGTH_UNKNOWN)) ||
        (e->lending.intake && e->exchange.response.feeder);
    if (is_wanted) {
        hw_conn_h1_inform(e, 100, (hw_fields){0});
    } else {
        e->closes = true;
        hw_conn_h1_leave_reading(e);
    }
    e->wants_continue = false;
}

/* An answer that is the request's own body begins when a few bytes of that are there: until then
 * what may be wrong with the request can still be said with a status. */
static bool is_held_back(const h1_exchange *e)
{
    const hw_ring *inflow = e->exchange.inflow;
    const hw_response *response = &e->exchange.response;
    bool is_echo = inflow && response->body == &inflow->source &&
                   response->kind != HW_RESPONSE_TUNNEL; /* whose client waits for the head */
    return is_echo && !inflow->is_ended && !inflow->is_failed &&
           inflow->length < hw_size_min(ECHO_BYTES_FIRST, inflow->capacity);
}

/* The head. False: it is not its time yet, or there is no room left in this batch. */
static bool begin_head(h1_exchange *e, h1_batch *batch)
{
    bool has_room = hw_buffer_room(&batch->output) >= FRAME_BYTES;
    if (e->wants_continue && has_room)
        settle_continue(e);
    gather_text(batch, e->interim);
    if (!has_room || is_held_back(e) || !encode_head(e, batch))
        return false;
    e->progress = hw_conn_h1_sends_body(e) ? H1_BODY : H1_DONE;
    return true;
}

/* Fills prefix, piece, suffix and file with what comes next, if there is something and room. */
static __attribute__((noinline)) void gather_next(h1_exchange *e, h1_batch *batch)
{
    if (e->progress == H1_WAITING ? !begin_head(e, batch)
                                  : hw_buffer_room(&batch->output) < FRAME_BYTES)
        return;
    if (e->progress != H1_DONE)
        gather_body(e, batch);
}

/* What was left unsent by another turn, or a body has not gone on from. */
static void gather_saved(h1_exchange *e, h1_batch *batch)
{
    gather_text(batch, e->interim);
    gather_text(batch, e->prefix);
    gather_piece(e, batch);
}

/* Not yet begun, its head encoded before, its body short and in memory, or none. */
static inline bool is_usual(const h1_exchange *e)
{
    const hw_response *response = &e->exchange.response;
    const hw_source *body = response->body;
    bool has_memo = response->prepared && response->field_count == 0 &&
                    response->prepared->memo[HW_PROTOCOL_HTTP1].length > 0;
    bool is_plain = !e->is_http10 && !e->closes && !e->wants_continue && !response->is_broken &&
                    !e->conn->conn.lane->is_draining;
    bool is_short = !body || (body->at && body->length <= COPY_BYTES_MAX);
    return has_memo && is_plain && is_short && e->progress == H1_WAITING &&
           e->interim.length == 0 && response->kind == HW_RESPONSE_MESSAGE;
}

/* The same steps as on the long way. */
static __attribute__((noinline)) void tell_usual(const hw_sink *sink, bool has_body)
{
    hw_sink_put_step(sink, HW_H1_ENCODE_STEP);
    if (has_body)
        hw_sink_put_step(sink, BODY_STEP);
}

/* All of a usual answer in one go: the bytes that gather_next would build. False: it is another, or
 * there is no room. */
static inline bool gather_usual(h1_exchange *e, h1_batch *batch)
{
    const hw_response *response = &e->exchange.response;
    hw_lane *lane = e->conn->conn.lane;
    if (!is_usual(e))
        return false;
    hw_text memo = response->prepared->memo[HW_PROTOCOL_HTTP1], body = {0};
    e->status = response->status;
    if (hw_conn_h1_sends_body(e))
        body = (hw_text){response->body->at, (size_t)response->body->length};
    size_t head_bytes = memo.length + sizeof lane->date, bytes = head_bytes + body.length;
    if (bytes > hw_buffer_room(&batch->output))
        return false;
    char *at = batch->output.at + batch->output.length;
    batch->output.length += bytes;
    memcpy(at, memo.at, memo.length);
    memcpy(at + memo.length, hw_lane_date(lane).at, sizeof lane->date);
    if (body.length > 0)
        memcpy(at + head_bytes, body.at, body.length);
    if (lane->place.sink && lane->place.sink->steps)
        tell_usual(lane->place.sink, hw_conn_h1_sends_body(e));
    e->prefix = (hw_text){at, head_bytes};
    e->piece = body;
    e->progress = H1_DONE;
    return true;
}

/* Adds what the exchange has to send. False: the gathering ends here. */
static bool gather_exchange(h1_exchange *e, h1_batch *batch, size_t budget)
{
    size_t gathered = count_gathered(batch);
    if (batch->count + EXCHANGE_PARTS_MAX > HW_LANE_PARTS_MAX || gathered >= BATCH_BYTES ||
        gathered >= budget)
        return false;
    if (e->exchange.is_answered && gather_usual(e, batch))
        return !e->is_aborted;
    if (e->exchange.is_answered && e->progress != H1_DONE && hw_conn_h1_unsent_bytes(e) == 0)
        gather_next(e, batch);
    else
        gather_saved(e, batch);
    return e->progress == H1_DONE && !batch->file && !e->is_aborted && !e->closes;
}

static void gather(conn_h1 *h1, h1_batch *batch, size_t budget)
{
    for (hw_link *link = h1->queue.head.next; link != &h1->queue.head; link = link->next)
        if (!gather_exchange(HW_MEMBER(link, h1_exchange, link), batch, budget))
            break;
    part_output(batch);
}

/* So much of a text is sent. */
static size_t consume(hw_text *text, size_t *sent)
{
    size_t count = hw_size_min(text->length, *sent);
    *text = hw_text_from(*text, count);
    *sent -= count;
    return count;
}

/* Takes what was sent off an exchange. False: something of it is left. */
static bool take_sent(h1_exchange *e, size_t *sent)
{
    size_t unsent = e->interim.length + hw_conn_h1_unsent_bytes(e);
    if (unsent <= *sent) {
        *sent -= unsent;
        e->bytes_out += e->piece.length;
        e->interim.length = e->prefix.length = e->piece.length = e->suffix.length = 0;
        return true;
    }
    consume(&e->interim, sent);
    consume(&e->prefix, sent);
    e->bytes_out += consume(&e->piece, sent);
    if (e->file.length == 0)
        consume(&e->suffix, sent);
    return false;
}

/* What is saved already, and constants, stay where they are: a client that takes its answer in many
 * small steps would fill the arena. */
static bool is_in_output(const h1_exchange *e, hw_text text)
{
    const char *output = e->conn->conn.lane->output;
    return text.length > 0 && text.at >= output && text.at < output + HW_LANE_OUTPUT_BYTES;
}

/* Moves what lies in the lane's buffer and is not sent yet to the exchange. A chunk's frame has a
 * place of its own there, for a body may have any number of them. */
static bool save_unsent(h1_exchange *e)
{
    hw_arena *arena = &e->unsent;
    if (is_in_output(e, e->prefix) && e->prefix.length <= sizeof e->frame) {
        memcpy(e->frame, e->prefix.at, e->prefix.length);
        e->prefix.at = e->frame;
    } else if (is_in_output(e, e->prefix) && !hw_arena_copy_text(arena, e->prefix, &e->prefix)) {
        return false;
    }
    bool is_saved = !is_in_output(e, e->suffix) || hw_arena_copy_text(arena, e->suffix, &e->suffix);
    e->lending.ends_slowly |= arena->held > 0;
    return is_saved;
}

/* RFC 9112 9.6: after an answer that says close no other may follow, whatever was asked
 * meanwhile. */
static void end_after_answer(conn_h1 *h1)
{
    if (h1->input != H1_INPUT_OVER)
        hw_conn_h1_end_requests(h1);
    for (hw_link *link; (link = hw_list_first(&h1->queue));) {
        hw_conn_h1_drop(HW_MEMBER(link, h1_exchange, link));
    }
}

/* Takes what was sent off the exchanges, and ends those sent whole. False: it is closed. */
static bool settle(conn_h1 *h1, size_t sent)
{
    unsigned before = h1->queue_length;
    for (hw_link *link; (link = hw_list_first(&h1->queue));) {
        h1_exchange *e = HW_MEMBER(link, h1_exchange, link);
        if (!take_sent(e, &sent) || (!e->is_aborted && e->progress != H1_DONE))
            break;
        if (e->is_aborted) {
            hw_conn_close(&h1->conn);
            return false;
        }
        bool closes = e->closes;
        hw_conn_h1_finish(e, true);
        if (closes)
            end_after_answer(h1);
    }
    if (h1->queue_length < before && h1->queue_length > 0)
        hw_conn_h1_queue_unanswered(h1);
    for (hw_link *link = h1->queue.head.next; link != &h1->queue.head; link = link->next) {
        h1_exchange *e = HW_MEMBER(link, h1_exchange, link);
        if (!save_unsent(e)) {
            hw_conn_close(&h1->conn);
            return false;
        }
    }
    return true;
}

/* What a write has come to: `count` is what it returned. False: it is closed. */
static bool settle_write(conn_h1 *h1, ssize_t count)
{
    if (count < 0 && count != -EAGAIN) {
        hw_conn_close(&h1->conn);
        return false;
    }
    size_t sent = count > 0 ? (size_t)count : 0;
    h1->sent_bytes += sent;
    return settle(h1, sent);
}

/* One gathering and its sending. False: no further sending now. */
static bool write_batch(conn_h1 *h1, size_t *budget)
{
    hw_lane *lane = h1->conn.lane;
    hw_stream *stream = h1->conn.stream;
    h1_batch batch = {
        .parts = lane->parts,
        .output = {.at = lane->output, .capacity = HW_LANE_OUTPUT_BYTES},
    };
    gather(h1, &batch, *budget);
    ssize_t count = 0;
    if (batch.count > 0)
        count = stream->ops->write(stream, batch.parts, batch.count, batch.file != NULL);
    size_t sent = count > 0 ? (size_t)count : 0;
    bool is_all_sent = sent == count_gathered(&batch);
    h1_exchange *file = is_all_sent ? batch.file : NULL;
    *budget -= hw_size_min(sent, *budget);
    if (!settle_write(h1, count))
        return false;
    if (file)
        return hw_conn_h1_send_slice(file, budget) && settle(h1, 0);
    return is_all_sent && sent > 0;
}

/* Nearly every turn has one usual answer, all of which goes: that one is over without a batch.
 * False: this is another turn, and nothing has been done. */
static inline bool write_usual(conn_h1 *h1)
{
    hw_lane *lane = h1->conn.lane;
    hw_stream *stream = h1->conn.stream;
    h1_exchange *e = HW_MEMBER(h1->queue.head.next, h1_exchange, link);
    h1_batch batch = {
        .parts = lane->parts,
        .output = {.at = lane->output, .capacity = HW_LANE_OUTPUT_BYTES},
    };
    if (h1->queue_length != 1 || !e->exchange.is_answered || e->is_aborted ||
        !gather_usual(e, &batch))
        return false;
    part_output(&batch);
    ssize_t count = stream->ops->write(stream, batch.parts, 1, false);
    if (count != (ssize_t)batch.output.length) {
        (void)settle_write(h1, count);
        return true;
    }
    h1->sent_bytes += batch.output.length;
    e->bytes_out += e->piece.length;
    hw_conn_h1_finish(e, true);
    return true;
}

/* Out of line, so that its variables do not cost the usual turns. */
static __attribute__((noinline)) void write_batches(conn_h1 *h1)
{
    size_t budget = TURN_BYTES;
    while (h1->conn.stream->writable && budget > 0 && h1->queue_length > 0)
        if (!write_batch(h1, &budget))
            break;
    /* Stopped by choice: the next turn goes on. */
    h1->goes_on = !h1->conn.is_closed && budget == 0;
    if (h1->goes_on)
        hw_conn_queue(&h1->conn);
}

void hw_conn_h1_write(conn_h1 *h1)
{
    h1->goes_on = false;
    if (h1->conn.stream->writable && h1->queue_length > 0 && !write_usual(h1))
        write_batches(h1);
}
