/* From bytes to events: the reading half of a session.
 *
 * nghttp2 would take all input at once and call back for everything in it: a hundred heads, each of
 * which a few bytes of HPACK can make large. So the input is cut here, by the 9 bytes in front of
 * each frame (RFC 9113 4.1), and nghttp2 is given a part of one frame at a time; what that makes is
 * a few events, which are handed out before it is given more. At most one head is held, in an arena
 * that goes back when the input is used up and none is being read. Each frame is counted at its
 * header (h2/flood), before nghttp2 does anything for it.
 *
 * Callbacks append events and submit frames, which nghttp2 queues; they send nothing and free
 * nothing. An event of a stream that the driver has reset in the meantime is not given.
 *
 * Invariants: intake.header is full while payload_left > 0; no event waits when nghttp2 is given
 * input; content that no BODY tells of is credited at once. RFC 9113 4, 5.1, 8.1. */
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "h2/state.h"

/* A head may decode to so many times what is kept of one. */
enum { DECODED_HEADS_MAX = 64 };

static void push_event(hw_h2_session *session, hw_h2_stream *stream, hw_h2_event event)
{
    hw_h2_events *events = &session->events;
    hw_assert(events->count < HW_H2_EVENTS_MAX);
    event.stream = stream ? stream->id : 0;
    events->streams[events->count] = stream;
    events->at[events->count++] = event;
}

/* RFC 9113 8.1.1 */
static void refuse_malformed(hw_h2_session *session, hw_h2_stream *stream,
                             const hw_problem *problem)
{
    push_event(
        session, stream,
        (hw_h2_event){.kind = HW_H2_MALFORMED, .code = HW_H2_PROTOCOL_ERROR, .problem = problem});
    hw_h2_stream_reset(session, stream, HW_H2_PROTOCOL_ERROR);
}

/* Heads. */

static int on_begin_headers(nghttp2_session *wire, const nghttp2_frame *frame, void *arg)
{
    hw_h2_session *session = arg;
    hw_h2_reading *reading = &session->reading;
    uint32_t id = (uint32_t)frame->hd.stream_id;
    bool is_request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    hw_h2_stream *stream =
        is_request ? hw_h2_stream_add(session, id) : hw_h2_stream_find(session, id);
    (void)wire;
    if (!stream && is_request)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    hw_arena_reset(&reading->arena);
    reading->stream = stream;
    if (stream)
        hw_h2_head_begin(&reading->builder, &session->setup.limits->head, &reading->arena,
                         !is_request);
    return 0;
}

static int on_header(nghttp2_session *wire, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags,
                     void *arg)
{
    static const hw_problem bomb = {431, "a head of far more than was sent", "RFC 9113 10.5.1"};
    hw_h2_session *session = arg;
    hw_h2_reading *reading = &session->reading;
    (void)wire, (void)frame, (void)flags;
    reading->decoded_bytes += name_length + value_length;
    if (reading->decoded_bytes > DECODED_HEADS_MAX * session->setup.limits->head.head_bytes_max) {
        hw_h2_fail(session, HW_H2_ENHANCE_YOUR_CALM, &bomb);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (reading->stream)
        hw_h2_head_add(&reading->builder, (hw_text){(const char *)name, name_length},
                       (hw_text){(const char *)value, value_length});
    return 0;
}

/* RFC 9218 7: a PRIORITY_UPDATE outweighs the field, also when it came first. */
static void rank_as_asked(hw_h2_session *session, const hw_h2_stream *stream,
                          const hw_h2_head *head)
{
    hw_priority priority;
    if (hw_h2_update_find(&session->updates, stream->id, &priority))
        hw_h2_stream_rank(session, stream, priority);
    else if (head->has_priority)
        hw_h2_stream_rank(session, stream, head->priority);
}

static void end_request_head(hw_h2_session *session, hw_h2_stream *stream, bool ends)
{
    hw_h2_head_builder *builder = &session->reading.builder;
    const hw_h2_head *head = &builder->head;
    switch (hw_h2_head_end(builder, ends)) {
    case HW_H2_VERDICT_MALFORMED:
        refuse_malformed(session, stream, &head->problem);
        return;
    case HW_H2_VERDICT_NO_MEMORY: /* RFC 9113 8.7: it may be sent again */
        hw_h2_stream_reset(session, stream, HW_H2_REFUSED_STREAM);
        return;
    case HW_H2_VERDICT_SOUND:
    case HW_H2_VERDICT_TOO_LARGE:
        break;
    }
    stream->has_begun = stream->is_told = true;
    stream->has_ended = ends;
    stream->is_tunnel = head->is_tunnel;
    stream->request_left = head->content_length;
    rank_as_asked(session, stream, head);
    push_event(session, stream, (hw_h2_event){.kind = HW_H2_HEAD, .head = head});
    hw_sink_step(session->setup.sink, "h2/intake", "next event: HEAD");
}

/* RFC 9113 8.1.1: the lengths of its DATA frames are its Content-Length. */
static void end_request(hw_h2_session *session, hw_h2_stream *stream, hw_fields trailers)
{
    static const hw_problem too_short = {400, "less content than Content-Length says",
                                         "RFC 9113 8.1.1"};
    stream->has_ended = true;
    if (stream->is_discarded)
        return;
    if (stream->request_left != HW_H2_LENGTH_UNKNOWN && stream->request_left > 0)
        refuse_malformed(session, stream, &too_short);
    else
        push_event(session, stream, (hw_h2_event){.kind = HW_H2_END, .trailers = trailers});
}

static void end_trailers(hw_h2_session *session, hw_h2_stream *stream, bool ends)
{
    static const hw_problem goes_on = {400, "a second head", "RFC 9113 8.1"};
    hw_h2_head_builder *builder = &session->reading.builder;
    hw_h2_verdict verdict = hw_h2_head_end(builder, ends);
    if (stream->is_discarded && ends)
        stream->has_ended = true;
    else if (!ends)
        refuse_malformed(session, stream, &goes_on);
    else if (verdict == HW_H2_VERDICT_NO_MEMORY)
        hw_h2_stream_reset(session, stream, HW_H2_INTERNAL_ERROR);
    else if (verdict != HW_H2_VERDICT_SOUND)
        refuse_malformed(session, stream, &builder->head.problem);
    else
        end_request(session, stream, builder->head.fields);
}

static void end_head(hw_h2_session *session, const nghttp2_frame *frame)
{
    hw_h2_stream *stream = session->reading.stream;
    bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    session->reading.stream = NULL;
    if (!stream || stream->is_reset)
        return;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        end_request_head(session, stream, ends);
    else
        end_trailers(session, stream, ends);
}

/* Content. */

/* More than the stream's window allows (RFC 9113 6.9.1): nghttp2 resets the stream, but hands out
 * what has come. A driver may count on what was promised. */
static bool is_over_window(const hw_h2_session *session, const hw_h2_stream *stream, size_t length)
{
    return stream->unconsumed + length > session->setup.limits->window_bytes;
}

static int on_data_chunk(nghttp2_session *wire, uint8_t flags, int32_t id, const uint8_t *bytes,
                         size_t length, void *arg)
{
    static const hw_problem too_long = {400, "more content than Content-Length says",
                                        "RFC 9113 8.1.1"};
    hw_h2_session *session = arg;
    hw_h2_stream *stream = hw_h2_stream_find(session, (uint32_t)id);
    (void)wire, (void)flags;
    if (!stream || stream->is_discarded) {
        hw_h2_stream_drop(session, (uint32_t)id, length);
        return 0;
    }
    if (is_over_window(session, stream, length)) {
        hw_h2_credit(session, length);
        hw_h2_stream_reset(session, stream, HW_H2_FLOW_CONTROL_ERROR);
        return 0;
    }
    if (stream->request_left != HW_H2_LENGTH_UNKNOWN) {
        if (length > stream->request_left) {
            refuse_malformed(session, stream, &too_long);
            hw_h2_credit(session, length);
            return 0;
        }
        stream->request_left -= length;
    }
    stream->unconsumed += length;
    push_event(session, stream,
               (hw_h2_event){.kind = HW_H2_BODY, .body = {(const char *)bytes, length}});
    return 0;
}

/* SETTINGS: the client's windows before them. */
static void note_windows(hw_h2_session *session)
{
    hw_h2_intake *intake = &session->intake;
    intake->initial_window =
        nghttp2_session_get_remote_settings(session->wire, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE);
    intake->widest_window = 0;
    const hw_list *open = &session->open;
    for (const hw_link *link = open->head.next; link != &open->head; link = link->next) {
        const hw_h2_stream *stream = HW_MEMBER(link, hw_h2_stream, link);
        int32_t window =
            nghttp2_session_get_stream_remote_window_size(session->wire, (int32_t)stream->id);
        if (window > 0 && (uint32_t)window > intake->widest_window)
            intake->widest_window = (uint32_t)window;
    }
}

/* RFC 9113 6.9.2: a window that they make too large is an error of the connection, while nghttp2
 * resets the stream. Of values of one kind in a frame it keeps the last. */
static void check_windows(hw_h2_session *session, const nghttp2_settings *settings)
{
    static const hw_problem overflow = {400, "SETTINGS that make a window too large",
                                        "RFC 9113 6.9.2"};
    const hw_h2_intake *intake = &session->intake;
    for (size_t i = 0; i < settings->niv; i++) {
        uint32_t value = settings->iv[i].value;
        if (settings->iv[i].settings_id == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE &&
            (int64_t)intake->widest_window + value - intake->initial_window > INT32_MAX)
            hw_h2_fail(session, HW_H2_FLOW_CONTROL_ERROR, &overflow);
    }
}

static int on_frame_received(nghttp2_session *wire, const nghttp2_frame *frame, void *arg)
{
    hw_h2_session *session = arg;
    hw_h2_stream *stream;
    (void)wire;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        end_head(session, frame);
        break;
    case NGHTTP2_DATA:
        stream = hw_h2_stream_find(session, (uint32_t)frame->hd.stream_id);
        if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
            end_request(session, stream, (hw_fields){0});
        break;
    case NGHTTP2_SETTINGS:
        session->intake.is_settled |= (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
        check_windows(session, &frame->settings);
        break;
    case NGHTTP2_GOAWAY:
        push_event(session, NULL,
                   (hw_h2_event){.kind = HW_H2_GONE_AWAY, .code = frame->goaway.error_code});
        break;
    default:
        break;
    }
    return 0;
}

static int on_stream_closed(nghttp2_session *wire, int32_t id, uint32_t code, void *arg)
{
    hw_h2_session *session = arg;
    hw_h2_stream *stream = nghttp2_session_get_stream_user_data(wire, id);
    if (!stream)
        return 0;
    nghttp2_session_set_stream_user_data(wire, id, NULL);
    stream->code = code;
    stream->is_reset = true;
    hw_link_remove(&stream->link);
    hw_list_append(&session->over, &stream->link);
    session->open_count--;
    return 0;
}

void hw_h2_intake_register(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_received);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_closed);
}

/* Input. */

/* nghttp2 is done with all of it, or the session has failed. */
static void show_wire(hw_h2_session *session, const void *bytes, size_t length)
{
    static const hw_problem unread = {429, "what was sent is not read", "RFC 9113 10.5"};
    ssize_t taken = nghttp2_session_mem_recv(session->wire, bytes, length);
    if (hw_h2_fail_wire(session, taken))
        return;
    hw_assert((size_t)taken == length);
    if (nghttp2_session_get_outbound_queue_size(session->wire) > session->setup.limits->queue_max)
        hw_h2_fail(session, HW_H2_ENHANCE_YOUR_CALM, &unread);
}

/* So many bytes from the front of the input. */
static hw_text take_intake(hw_h2_intake *intake, size_t length)
{
    hw_text taken = hw_text_upto(intake->input, length);
    intake->input = hw_text_from(intake->input, length);
    return taken;
}

/* RFC 9218 7.1 */
static void take_update(hw_h2_session *session, hw_h2_update update)
{
    static const hw_problem crowd = {400, "priorities for too many streams", "RFC 9218 7.1"};
    const hw_h2_stream *stream = hw_h2_stream_find(session, update.stream);
    if (stream && !stream->is_ranked)
        hw_h2_stream_rank(session, stream, update.priority);
    else if (update.stream > session->last_id &&
             !hw_h2_update_keep(&session->updates, update, session->last_id, session->open_count))
        hw_h2_fail(session, HW_H2_PROTOCOL_ERROR, &crowd);
}

static void end_update(hw_h2_session *session)
{
    static const hw_problem crooked = {400, "PRIORITY_UPDATE of no request", "RFC 9218 7.1"};
    static const hw_problem too_short = {400, "PRIORITY_UPDATE without a stream", "RFC 9218 7.1"};
    hw_h2_update update;
    switch (hw_h2_update_end(&session->updates, session->intake.frame.stream, &update)) {
    case HW_H2_UPDATE_READ:
        take_update(session, update);
        break;
    case HW_H2_UPDATE_NOTHING:
        break;
    case HW_H2_UPDATE_REFUSED:
        hw_h2_fail(session, HW_H2_PROTOCOL_ERROR, &crooked);
        break;
    case HW_H2_UPDATE_SHORT:
        hw_h2_fail(session, HW_H2_FRAME_SIZE_ERROR, &too_short);
        break;
    }
}

/* A head for a stream that has been there and is not any more: nghttp2 decodes and drops it. */
static bool is_stray_head(const hw_h2_session *session)
{
    const hw_h2_frame *frame = &session->intake.frame;
    return frame->type == NGHTTP2_HEADERS && frame->stream <= session->last_id &&
           !hw_h2_stream_find(session, frame->stream);
}

/* What a frame's header says of what it costs. NULL: it is fine. */
static const hw_problem *count_frame(hw_h2_session *session)
{
    static const hw_problem huge = {431, "a head far too large", "RFC 9113 10.5.1"};
    const hw_h2_frame *frame = &session->intake.frame;
    hw_h2_reading *reading = &session->reading;
    const hw_problem *problem =
        hw_h2_flood_frame(&session->flood, frame->type, frame->flags, frame->length);
    if (!problem && is_stray_head(session))
        problem = hw_h2_flood_stray(&session->flood);
    if (!problem && frame->type == NGHTTP2_RST_STREAM && hw_h2_stream_find(session, frame->stream))
        problem = hw_h2_flood_reset(&session->flood);
    if (frame->type == NGHTTP2_HEADERS)
        reading->block_bytes = reading->decoded_bytes = 0;
    if (frame->type == NGHTTP2_HEADERS || frame->type == NGHTTP2_CONTINUATION)
        reading->block_bytes += frame->length;
    if (!problem && reading->block_bytes > 4 * session->setup.limits->head.head_bytes_max)
        problem = &huge;
    return problem;
}

/* What is ours to judge before nghttp2 sees it. False: the session has failed. */
static bool judge_frame(hw_h2_session *session)
{
    uint32_t code = HW_H2_ENHANCE_YOUR_CALM;
    const hw_problem *problem = count_frame(session);
    if (!problem)
        problem = hw_h2_frame_judge(&session->intake.frame, &session->intake.streams, &code);
    if (problem)
        hw_h2_fail(session, code, problem);
    return !problem;
}

static void read_frame_header(hw_h2_session *session)
{
    hw_h2_intake *intake = &session->intake;
    hw_text bytes = take_intake(intake, HW_H2_FRAME_HEADER_BYTES - intake->header_length);
    if (intake->header_length == 0 && !session->reading.stream)
        intake->begun++;
    memcpy(intake->header + intake->header_length, bytes.at, bytes.length);
    intake->header_length += (unsigned)bytes.length;
    if (intake->header_length < HW_H2_FRAME_HEADER_BYTES)
        return;
    intake->frame = hw_h2_frame_of(intake->header);
    intake->payload_left = intake->frame.length;
    if (intake->payload_left == 0)
        intake->header_length = 0;
    if (!judge_frame(session))
        return;
    if (intake->frame.type == NGHTTP2_SETTINGS)
        note_windows(session);
    show_wire(session, intake->header, HW_H2_FRAME_HEADER_BYTES);
    hw_h2_update_begin(&session->updates);
    if (intake->frame.type == NGHTTP2_PRIORITY_UPDATE && intake->payload_left == 0)
        end_update(session);
}

/* How much of a payload can be shown at once. A stream that HEADERS depends on is shown apart, and
 * as none: we do not use what RFC 7540 had for priorities, and must ignore it where a client says
 * so too (RFC 9218 2.1), but nghttp2 ends the connection of a stream that depends on itself. */
static uint32_t next_part(const hw_h2_intake *intake, bool *ret_is_dependency)
{
    uint32_t begin, at = intake->frame.length - intake->payload_left;
    bool depends = hw_h2_frame_depends(&intake->frame, &begin);
    *ret_is_dependency = depends && at >= begin && at < begin + HW_H2_DEPENDENCY_BYTES;
    uint32_t end = *ret_is_dependency ? begin + HW_H2_DEPENDENCY_BYTES : begin;
    bool is_cut = depends && at < end && end < intake->frame.length;
    return is_cut ? end - at : intake->payload_left;
}

static void read_payload(hw_h2_session *session)
{
    static const char none[HW_H2_DEPENDENCY_BYTES];
    hw_h2_intake *intake = &session->intake;
    bool is_dependency;
    hw_text bytes = take_intake(intake, next_part(intake, &is_dependency));
    intake->payload_left -= (uint32_t)bytes.length;
    if (intake->payload_left == 0)
        intake->header_length = 0;
    show_wire(session, is_dependency ? none : bytes.at, bytes.length);
    if (intake->frame.type == NGHTTP2_PRIORITY_UPDATE) {
        hw_h2_update_add(&session->updates, bytes);
        if (intake->payload_left == 0)
            end_update(session);
    }
}

static void read_preface(hw_h2_session *session)
{
    hw_text bytes = take_intake(&session->intake, session->intake.preface_left);
    session->intake.preface_left -= (unsigned)bytes.length;
    show_wire(session, bytes.at, bytes.length);
}

static void read_frame_part(hw_h2_session *session)
{
    if (session->intake.preface_left > 0)
        read_preface(session);
    else if (session->intake.payload_left > 0)
        read_payload(session);
    else
        read_frame_header(session);
}

void hw_h2_feed(hw_h2_session *session, hw_text input, int64_t now_ms)
{
    hw_assert(session->intake.input.length == 0);
    hw_assert(input.length > 0 && input.length <= HW_H2_INPUT_BYTES_MAX);
    session->intake.input = input;
    hw_h2_flood_tell_time(&session->flood, now_ms);
}

hw_text hw_h2_take_rest(hw_h2_session *session)
{
    hw_text rest = session->intake.input;
    session->intake.input = (hw_text){0};
    return rest;
}

uint64_t hw_h2_unfinished(const hw_h2_session *session)
{
    const hw_h2_intake *intake = &session->intake;
    bool is_data = intake->payload_left > 0 && intake->frame.type == NGHTTP2_DATA;
    if (intake->preface_left > 0)
        return 1;
    bool is_any = intake->header_length > 0 || session->reading.stream;
    return is_any && !is_data ? intake->begun + 1 : 0;
}

bool hw_h2_is_settled(const hw_h2_session *session)
{
    return session->intake.is_settled;
}

bool hw_h2_takes_content(const hw_h2_session *session)
{
    return nghttp2_session_get_local_window_size(session->wire) > 0;
}

/* Events. */

/* The next one that somebody still wants to hear. */
static bool take_event_found(hw_h2_session *session, hw_h2_event *ret_event)
{
    hw_h2_events *events = &session->events;
    while (events->given < events->count) {
        const hw_h2_stream *stream = events->streams[events->given];
        hw_h2_event *event = &events->at[events->given++];
        if (stream && stream->has_begun && !stream->is_told)
            continue;
        if (stream)
            event->owner = stream->owner;
        if (stream && event->kind == HW_H2_MALFORMED)
            events->streams[events->given - 1]->is_told = false;
        *ret_event = *event;
        return true;
    }
    events->given = events->count = 0;
    return false;
}

/* A stream that the driver has done with, while its client may still send. */
static bool take_past_stream(hw_h2_session *session, hw_h2_event *ret_event)
{
    hw_link *link;
    while ((link = hw_list_take_first(&session->past))) {
        hw_h2_stream *stream = HW_MEMBER(link, hw_h2_stream, link);
        hw_list_append(&session->open, &stream->link);
        if (!stream->is_told)
            continue;
        stream->is_told = false;
        *ret_event =
            (hw_h2_event){.kind = HW_H2_DONE, .stream = stream->id, .owner = stream->owner};
        return true;
    }
    return false;
}

/* A stream that is over, where the driver is to hear of that; the others go without a word. */
static bool take_end_of_stream(hw_h2_session *session, hw_h2_event *ret_event)
{
    hw_link *link;
    while ((link = hw_list_take_first(&session->over))) {
        hw_h2_stream *stream = HW_MEMBER(link, hw_h2_stream, link);
        bool is_told = stream->is_told;
        *ret_event = (hw_h2_event){
            .kind = stream->is_sent ? HW_H2_DONE : HW_H2_RESET,
            .stream = stream->id,
            .owner = stream->owner,
            .code = stream->code,
        };
        hw_h2_stream_credit(session, stream);
        if (session->reading.stream == stream)
            session->reading.stream = NULL;
        hw_heap_free(&session->heap, stream);
        if (is_told)
            return true;
    }
    return false;
}

hw_h2_event hw_h2_next(hw_h2_session *session)
{
    hw_h2_event event;
    for (;;) {
        if (take_event_found(session, &event) || take_past_stream(session, &event) ||
            take_end_of_stream(session, &event))
            return event;
        if (hw_h2_has_failed(session)) {
            session->intake.input = (hw_text){0};
            return (hw_h2_event){.kind = HW_H2_PROBLEM,
                                 .code = session->failure.code,
                                 .problem = &session->failure.problem};
        }
        if (session->intake.input.length == 0)
            break;
        read_frame_part(session);
    }
    if (!session->reading.stream && session->reading.arena.held > 0)
        hw_arena_fini(&session->reading.arena);
    return (hw_h2_event){.kind = HW_H2_NEED_MORE};
}
