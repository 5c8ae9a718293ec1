/* From answers to bytes: the writing half of a session.
 *
 * nghttp2 chooses the next frame (RFC 9218) and makes it; here it goes into the driver's buffer. A
 * frame other than DATA is nghttp2's memory and is copied; where the buffer ends it is cut, and the
 * rest goes into the next one, before anything else is asked of nghttp2. The content of a DATA
 * frame is pulled when its turn has come, straight to its place in the buffer, nine bytes behind
 * the end: nghttp2 is told not to copy it and gives the header, which is put in front. So a body is
 * written once, and nothing of it is made before there is room.
 *
 * A DATA frame takes what room there is, but not a small rest of it: under 1 KiB it waits for the
 * next buffer, unless that is all there is to be sent or the buffer was empty.
 *
 * A GOAWAY that ends a failed session is written by hand, without memory and without nghttp2, which
 * may be unusable; in front of it, where nothing has been sent so far, empty SETTINGS, for that is
 * what a client expects first (RFC 9113 3.4).
 *
 * Invariants: while output.rest is not empty nghttp2 is not asked to send; behind a GOAWAY with an
 * error nothing comes. RFC 9113 6.1, 6.8, 8.1; RFC 9218 10. */
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "h2/state.h"

enum { DATA_HEADER_BYTES = 9, DATA_BYTES_MIN = 1024, PINCHED_BYTES_MAX = 256, PAIRS_FEW = 16 };

/* Bodies. */

/* How much a DATA frame may hold now, at most `limit`; 0: it waits for the next buffer. */
static size_t room_for_data(const hw_h2_output *output, size_t limit)
{
    size_t room = hw_buffer_room(output->buffer);
    if (room <= DATA_HEADER_BYTES)
        return 0;
    size_t want = hw_size_min(room - DATA_HEADER_BYTES, limit);
    bool is_small = want < limit && want < DATA_BYTES_MIN;
    return is_small && output->buffer->length > output->begun_at ? 0 : want;
}

/* nghttp2 writes to none of them. */
static uint8_t *bytes_of(const char *at)
{
    union {
        const char *given;
        uint8_t *wanted;
    } bytes = {.given = at};
    return bytes.wanted;
}

static nghttp2_nv pair_of(hw_text name, hw_text value)
{
    return (nghttp2_nv){bytes_of(name.at), bytes_of(value.at), name.length, value.length,
                        NGHTTP2_NV_FLAG_NONE};
}

/* RFC 9113 8.2.2: HTTP/2 has no such fields; a handler need not know. */
static bool is_left_out(const hw_field *field)
{
    switch (field->id) {
    case HW_FIELD_CONNECTION:
    case HW_FIELD_KEEP_ALIVE:
    case HW_FIELD_TRANSFER_ENCODING:
    case HW_FIELD_UPGRADE:
        return true;
    case HW_FIELD_OTHER:
        return hw_text_equal_nocase(field->name, HW_TEXT("proxy-connection"));
    default:
        return false;
    }
}

/* A list for nghttp2, which copies it when it is submitted, names in lower case. The first place is
 * for a :status. A short one takes no memory. */
typedef struct pair_list {
    nghttp2_nv few[PAIRS_FEW];
    nghttp2_nv *at;
    size_t count, bytes; /* of names and values */
} pair_list;

static bool begin_pairs(hw_h2_session *session, pair_list *pairs, size_t room)
{
    size_t size;
    pairs->at = pairs->few;
    pairs->count = 1;
    pairs->bytes = 0;
    if (room < PAIRS_FEW)
        return true;
    if (!hw_size_add(room, 1, &room) || !hw_size_multiply(room, sizeof(nghttp2_nv), &size))
        return false;
    pairs->at = hw_heap_alloc(&session->heap, size);
    return pairs->at != NULL;
}

static void end_pairs(hw_h2_session *session, pair_list *pairs)
{
    if (pairs->at != pairs->few)
        hw_heap_free(&session->heap, pairs->at);
}

static void list_pair(pair_list *pairs, const hw_field *field)
{
    hw_assert(hw_token_is_valid(field->name) && hw_field_value_is_valid(field->value));
    pairs->at[pairs->count++] = pair_of(field->name, field->value);
    pairs->bytes += field->name.length + field->value.length;
}

/* Pairs that have been made before, and checked then. */
static void add_ready(pair_list *pairs, hw_text ready)
{
    size_t count = ready.length / sizeof(nghttp2_nv);
    nghttp2_nv *added = pairs->at + pairs->count;
    if (count == 0)
        return;
    memcpy(added, ready.at, ready.length);
    for (size_t i = 0; i < count; i++)
        pairs->bytes += added[i].namelen + added[i].valuelen;
    pairs->count += count;
}

void hw_h2_prepare(hw_fields fields, hw_buffer *output)
{
    for (size_t i = 0; i < fields.count; i++) {
        const hw_field *field = &fields.at[i];
        if (is_left_out(field))
            continue;
        hw_assert(hw_token_is_valid(field->name) && hw_field_value_is_valid(field->value));
        const nghttp2_nv pair = pair_of(field->name, field->value);
        hw_buffer_put(output, (hw_text){(const char *)&pair, sizeof pair});
    }
}

/* Within the last DATA frame's turn, which then does not end the stream. False: there are none, or
 * no memory for them, which the session's failure tells. */
static bool submit_trailers(hw_h2_session *session, const hw_h2_stream *stream, hw_fields trailers)
{
    pair_list pairs;
    if (trailers.count == 0)
        return false;
    if (!begin_pairs(session, &pairs, trailers.count))
        return !hw_h2_fail_wire(session, NGHTTP2_ERR_NOMEM);
    for (size_t i = 0; i < trailers.count; i++)
        if (hw_field_may_trail(trailers.at[i].name))
            list_pair(&pairs, &trailers.at[i]);
    bool is_any = pairs.count > 1 && pairs.bytes <= HW_H2_SENT_HEAD_BYTES_MAX / 2;
    if (is_any)
        hw_h2_fail_wire(session, nghttp2_submit_trailer(session->wire, (int32_t)stream->id,
                                                        pairs.at + 1, pairs.count - 1));
    end_pairs(session, &pairs);
    return is_any;
}

/* What a pull that gave bytes, or the end, makes of a DATA frame. */
static ssize_t make_data(hw_h2_session *session, hw_h2_stream *stream, hw_h2_pull pull,
                         const hw_h2_pulled *pulled, uint32_t *flags)
{
    bool is_known = stream->answer_left != HW_H2_LENGTH_UNKNOWN;
    if (is_known)
        stream->answer_left -= pulled->count;
    if (is_known && pull == HW_H2_PULL_END && stream->answer_left > 0)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (is_known ? stream->answer_left == 0 : pull == HW_H2_PULL_END)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!is_known && pull == HW_H2_PULL_END && submit_trailers(session, stream, pulled->trailers))
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return hw_h2_has_failed(session) ? NGHTTP2_ERR_CALLBACK_FAILURE : (ssize_t)pulled->count;
}

static ssize_t on_data_wanted(nghttp2_session *wire, int32_t id, uint8_t *memory, size_t length,
                              uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    hw_h2_session *session = arg;
    hw_h2_stream *stream = source->ptr;
    hw_h2_output *output = &session->output;
    uint8_t *unused = memory; /* nghttp2's own, from where it would be copied */
    (void)wire, (void)id, (void)unused;
    size_t want = room_for_data(output, hw_number_min(length, stream->answer_left));
    if (want == 0) {
        output->is_full = true;
        return NGHTTP2_ERR_PAUSE;
    }
    hw_h2_pulled pulled = {0};
    char *place = output->buffer->at + output->buffer->length + DATA_HEADER_BYTES;
    hw_h2_pull pull =
        session->setup.pull(session->setup.arg, stream->id, stream->owner, place, want, &pulled);
    switch (pull) {
    case HW_H2_PULL_WAIT:
        stream->is_waiting = true;
        return NGHTTP2_ERR_DEFERRED;
    case HW_H2_PULL_FAILED:
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    case HW_H2_PULL_MORE:
    case HW_H2_PULL_END:
        break;
    }
    hw_assert(pulled.count <= want && (pulled.count > 0 || pull == HW_H2_PULL_END));
    output->is_pinched = pulled.count == length && length <= PINCHED_BYTES_MAX;
    return make_data(session, stream, pull, &pulled, flags);
}

/* The content is in its place already. */
static int on_data_made(nghttp2_session *wire, nghttp2_frame *frame, const uint8_t *header,
                        size_t length, nghttp2_data_source *source, void *arg)
{
    hw_h2_session *session = arg;
    (void)wire, (void)frame, (void)source;
    hw_assert(frame->data.padlen == 0);
    char *piece = hw_buffer_claim(session->output.buffer, DATA_HEADER_BYTES + length);
    hw_assert(piece);
    memcpy(piece, header, DATA_HEADER_BYTES);
    if (!session->output.is_pinched)
        hw_h2_flood_sent(&session->flood);
    return 0;
}

/* What has been sent. */

static void end_answer(hw_h2_session *session, hw_h2_stream *stream)
{
    stream->is_sent = true;
    hw_h2_flood_answered(&session->flood);
    if (stream->is_discarded && !stream->has_ended)
        hw_h2_stream_pass(session, stream);
}

/* nghttp2 has found a connection error, and its GOAWAY says which. */
static void note_goaway(hw_h2_session *session, const nghttp2_goaway *frame)
{
    hw_h2_failure *failure = &session->failure;
    if (frame->error_code == HW_H2_NO_ERROR || hw_h2_has_failed(session))
        return;
    hw_buffer reason = hw_buffer_over(failure->reason, sizeof failure->reason - 1);
    hw_buffer_put(&reason,
                  hw_text_upto((hw_text){(const char *)frame->opaque_data, frame->opaque_data_len},
                               sizeof failure->reason - 1));
    failure->reason[reason.length] = '\0';
    const char *words = reason.length > 0 ? failure->reason : hw_h2_code_name(frame->error_code);
    hw_h2_fail(session, frame->error_code, &(hw_problem){400, words, "RFC 9113 5.4.1"});
    session->output.has_left = true;
}

static int on_frame_sent(nghttp2_session *wire, const nghttp2_frame *frame, void *arg)
{
    hw_h2_session *session = arg;
    const hw_problem *problem = NULL;
    hw_h2_stream *stream;
    switch (frame->hd.type) {
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS:
        stream = nghttp2_session_get_stream_user_data(wire, frame->hd.stream_id);
        if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
            end_answer(session, stream);
        break;
    case NGHTTP2_RST_STREAM:
        /* One that follows a complete answer has cost no work in vain. */
        if (frame->rst_stream.error_code != HW_H2_NO_ERROR)
            problem = hw_h2_flood_reset(&session->flood);
        break;
    case NGHTTP2_GOAWAY:
        note_goaway(session, &frame->goaway);
        break;
    default:
        break;
    }
    if (problem)
        hw_h2_fail(session, HW_H2_ENHANCE_YOUR_CALM, problem);
    return 0;
}

/* A head that could not be sent, on a stream that is still there, would leave its client waiting.
 */
static int on_frame_dropped(nghttp2_session *wire, const nghttp2_frame *frame, int error, void *arg)
{
    hw_h2_session *session = arg;
    (void)wire, (void)error;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        hw_h2_stream *stream = hw_h2_stream_find(session, (uint32_t)frame->hd.stream_id);
        if (stream)
            hw_h2_stream_reset(session, stream, HW_H2_INTERNAL_ERROR);
    }
    return 0;
}

void hw_h2_output_register(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_data_made);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_dropped);
}

/* Answers. */

static void put_status(char status[3], int number)
{
    hw_assert(number >= 100 && number <= 999);
    status[0] = (char)('0' + number / 100);
    status[1] = (char)('0' + number / 10 % 10);
    status[2] = (char)('0' + number % 10);
}

/* A list with its :status in front: 0, -EMSGSIZE or -ENOMEM, and then there is none. */
static int pair_up_head(hw_h2_session *session, const char status[3], hw_text ready,
                        hw_fields fields, pair_list *pairs)
{
    size_t room;
    if (!hw_size_add(ready.length / sizeof(nghttp2_nv), fields.count, &room) ||
        !begin_pairs(session, pairs, room))
        return -ENOMEM;
    pairs->at[0] = pair_of(HW_TEXT(":status"), (hw_text){status, 3});
    add_ready(pairs, ready);
    for (size_t i = 0; i < fields.count; i++)
        if (!is_left_out(&fields.at[i]))
            list_pair(pairs, &fields.at[i]);
    /* What HPACK adds at the most is counted as nghttp2 counts it. */
    if (pairs->bytes + 12 * (pairs->count + 2) <= HW_H2_SENT_HEAD_BYTES_MAX)
        return 0;
    end_pairs(session, pairs);
    return -EMSGSIZE;
}

bool hw_h2_has_room(const hw_h2_session *session)
{
    return session->heap.used <= session->setup.limits->memory_bytes_max / 2 ||
           nghttp2_session_get_outbound_queue_size(session->wire) == 0;
}

int hw_h2_answer(hw_h2_session *session, uint32_t id, const hw_h2_response *response)
{
    hw_h2_stream *stream = hw_h2_stream_find(session, id);
    if (!stream)
        return -ENOENT;
    if (stream->is_answered)
        return -EALREADY;
    hw_assert(response->status >= 200);
    char status[3];
    pair_list pairs;
    put_status(status, response->status);
    int error = pair_up_head(session, status, response->ready, response->fields, &pairs);
    if (error < 0)
        return error;
    const nghttp2_data_provider body = {{.ptr = stream}, on_data_wanted};
    int result = nghttp2_submit_response(session->wire, (int32_t)id, pairs.at, pairs.count,
                                         response->body_bytes > 0 ? &body : NULL);
    end_pairs(session, &pairs);
    if (hw_h2_fail_wire(session, result))
        return -ENOMEM;
    stream->is_answered = true;
    stream->answer_left = response->body_bytes;
    hw_sink_step(session->setup.sink, "h2/output", "head to bytes");
    if (response->priority) {
        stream->is_ranked = true;
        hw_h2_stream_rank(session, stream, *response->priority);
    }
    return 0;
}

int hw_h2_inform(hw_h2_session *session, uint32_t id, int status, hw_fields fields)
{
    hw_h2_stream *stream = hw_h2_stream_find(session, id);
    if (!stream)
        return -ENOENT;
    if (stream->is_answered)
        return -EALREADY;
    /* Half of what may wait is for what must be said. What has no fields is small, and asks for
     * content: its client waits for that. */
    bool has_room = fields.count == 0 || hw_h2_has_room(session);
    if (!has_room || nghttp2_session_get_outbound_queue_size(session->wire) >
                         session->setup.limits->queue_max / 2)
        return -ENOBUFS;
    hw_assert(status >= 100 && status < 200 && status != 101);
    char digits[3];
    pair_list pairs;
    put_status(digits, status);
    int error = pair_up_head(session, digits, (hw_text){0}, fields, &pairs);
    if (error < 0)
        return error;
    int result = nghttp2_submit_headers(session->wire, NGHTTP2_FLAG_NONE, (int32_t)id, NULL,
                                        pairs.at, pairs.count, NULL);
    end_pairs(session, &pairs);
    return hw_h2_fail_wire(session, result) ? -ENOMEM : 0;
}

int hw_h2_resume(hw_h2_session *session, uint32_t id)
{
    hw_h2_stream *stream = hw_h2_stream_find(session, id);
    if (!stream)
        return -ENOENT;
    if (!stream->is_waiting)
        return 0;
    stream->is_waiting = false;
    int result = nghttp2_session_resume_data(session->wire, (int32_t)id);
    /* Another error says that there is nothing to resume any more. */
    return nghttp2_is_fatal(result) && hw_h2_fail_wire(session, result) ? -ENOMEM : 0;
}

/* Sending. */

static void put_number(hw_buffer *buffer, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        hw_buffer_put_char(buffer, (char)(number >> shift));
}

/* RFC 9113 6.5, 6.8: SETTINGS of 0 bytes, GOAWAY of 8. */
static void say_farewell(hw_h2_session *session)
{
    hw_h2_output *output = &session->output;
    output->has_left = true;
    if (session->failure.is_silent)
        return;
    hw_buffer frames = HW_BUFFER_OVER(output->farewell);
    const hw_text both = HW_TEXT("\0\0\0\4\0\0\0\0\0"
                                 "\0\0\10\7\0\0\0\0\0");
    hw_buffer_put(&frames, output->has_begun ? hw_text_from(both, DATA_HEADER_BYTES) : both);
    put_number(&frames, session->last_id);
    put_number(&frames, session->failure.code);
    hw_assert(!frames.overflow);
    output->rest = (hw_text){frames.at, frames.length};
}

/* As much of the rest as there is room for. True: all of it. */
static bool put_rest(hw_h2_output *output)
{
    hw_text piece = hw_text_upto(output->rest, hw_buffer_room(output->buffer));
    hw_buffer_put(output->buffer, piece);
    output->rest = hw_text_from(output->rest, piece.length);
    return output->rest.length == 0;
}

/* Frames, until there is no more room (true) or nothing more to send. */
static bool put_frames(hw_h2_session *session)
{
    hw_h2_output *output = &session->output;
    output->is_full = false;
    while (!output->has_left) {
        const uint8_t *bytes;
        ssize_t length =
            hw_h2_has_failed(session) ? 0 : nghttp2_session_mem_send(session->wire, &bytes);
        hw_h2_fail_wire(session, length);
        if (length > 0) {
            output->rest = (hw_text){(const char *)bytes, (size_t)length};
            output->has_begun = true;
        } else if (hw_h2_has_failed(session) && !output->has_left) {
            say_farewell(session);
        } else {
            break;
        }
        if (!put_rest(output))
            return true;
    }
    return output->is_full;
}

bool hw_h2_send(hw_h2_session *session, hw_buffer *output)
{
    session->output.buffer = output;
    session->output.begun_at = output->length;
    bool has_more = !put_rest(&session->output) || put_frames(session);
    session->output.buffer = NULL;
    return has_more;
}

bool hw_h2_wants_send(const hw_h2_session *session)
{
    const hw_h2_output *output = &session->output;
    if (output->rest.length > 0)
        return true;
    if (hw_h2_has_failed(session))
        return !output->has_left && !session->failure.is_silent;
    return nghttp2_session_want_write(session->wire) != 0;
}

static bool is_being_sent(const hw_h2_session *session, uint32_t id)
{
    const hw_h2_stream *stream = hw_h2_stream_find(session, id);
    return stream && stream->is_answered && !stream->is_sent;
}

bool hw_h2_is_shut(const hw_h2_session *session, uint32_t id)
{
    return is_being_sent(session, id) &&
           nghttp2_session_get_stream_remote_window_size(session->wire, (int32_t)id) <= 0;
}

bool hw_h2_is_blocked(const hw_h2_session *session, uint32_t id)
{
    return hw_h2_is_shut(session, id) ||
           (is_being_sent(session, id) &&
            nghttp2_session_get_remote_window_size(session->wire) <= 0);
}
