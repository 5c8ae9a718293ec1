/* An HTTP/2 session: its life, its streams and its end, with nghttp2 for frames and HPACK.
 *
 * nghttp2 knows frames, HPACK, windows, stream states and the order of what is sent. What HTTP is
 * made of (heads, lengths, trailers: h2/head) and what a client may ask for (h2/flood) is decided
 * here, with nghttp2's own checks of messages switched off: two sets of rules would be two
 * readings, and its set changes with its version.
 *
 * Memory: everything nghttp2 takes comes from the session's heap, bounded and charged to the
 * connection's budget. (Its options and callbacks are taken from the C library and given back
 * before a session is there.) When memory runs out the session fails: nghttp2 cannot be used after
 * that. It cannot even be taken down: where it finds no memory to queue a body it frees the body's
 * frame and keeps a pointer to it, which nghttp2_session_del would free again (1.52). So a
 * session ends by freeing its heap, and nghttp2, which holds nothing else, is not asked.
 *
 * A stream of ours exists from its HEADERS until nghttp2 has closed it and the driver has been told
 * of that. It is freed where the driver asks for events, never inside a callback.
 *
 * A session that fails says so in a GOAWAY written by hand (h2/output), which needs neither memory
 * nor nghttp2. RFC 9113 3.4, 5.4, 6.5, 6.8. */
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/assert.h"
#include "h2/state.h"

enum {
    ENCODING_TABLE_BYTES = 4096,
    READING_BLOCK_BYTES = 8192, /* the table of fields, and the texts of most heads */
};

const bool hw_h2_is_built = true;

/* nghttp2's hooks. */

static void *wire_alloc(size_t bytes, void *heap)
{
    return hw_heap_alloc(heap, bytes);
}

static void wire_free(void *memory, void *heap)
{
    hw_heap_free(heap, memory);
}

static void *wire_alloc_zeroed(size_t count, size_t bytes, void *heap)
{
    return hw_heap_alloc_zeroed(heap, count, bytes);
}

static void *wire_resize(void *memory, size_t bytes, void *heap)
{
    return hw_heap_resize(heap, memory, bytes);
}

/* What is ours to decide. Acknowledgements that wait are bounded by nghttp2, everything that waits
 * by us (h2/intake). */
static nghttp2_option *make_options(const hw_h2_limits *limits)
{
    nghttp2_option *option;
    if (nghttp2_option_new(&option) != 0)
        return NULL;
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_http_messaging(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_outbound_ack(option, limits->queue_max);
    nghttp2_option_set_max_send_header_block_length(option, HW_H2_SENT_HEAD_BYTES_MAX);
    nghttp2_option_set_max_deflate_dynamic_table_size(option, ENCODING_TABLE_BYTES);
    return option;
}

static int make_wire(hw_h2_session *session)
{
    nghttp2_mem memory = {&session->heap, wire_alloc, wire_free, wire_alloc_zeroed, wire_resize};
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = make_options(session->setup.limits);
    int result = option ? nghttp2_session_callbacks_new(&callbacks) : NGHTTP2_ERR_NOMEM;
    if (result == 0) {
        hw_h2_intake_register(callbacks);
        hw_h2_output_register(callbacks);
        result = nghttp2_session_server_new3(&session->wire, callbacks, session, option, &memory);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return result == 0 ? 0 : -ENOMEM;
}

/* RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1: what differs from the defaults. The connection's window
 * is no setting (RFC 9113 6.9.2). */
static int submit_settings(hw_h2_session *session)
{
    const hw_h2_limits *limits = session->setup.limits;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams_max},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits->window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->head.head_bytes_max},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    if (nghttp2_submit_settings(session->wire, NGHTTP2_FLAG_NONE, settings,
                                sizeof settings / sizeof settings[0]) != 0)
        return -ENOMEM;
    int result = nghttp2_session_set_local_window_size(session->wire, NGHTTP2_FLAG_NONE, 0,
                                                       (int32_t)limits->connection_window_bytes);
    return result == 0 ? 0 : -ENOMEM;
}

/* Pieces are padded to 16 bytes and blocks are left half empty at the worst, where what a list
 * counts for a field is 32 bytes more than it has; cookies are there twice. */
static size_t reading_bytes_max(const hw_h2_head_limits *limits)
{
    size_t table = (limits->fields_max + limits->trailers_max + 1) * sizeof(hw_field);
    return 4 * (limits->head_bytes_max + limits->trailers_bytes_max) + table + READING_BLOCK_BYTES;
}

static void init_reading(hw_h2_session *session)
{
    size_t bytes_max = reading_bytes_max(&session->setup.limits->head);
    hw_arena_init(&session->reading.arena, READING_BLOCK_BYTES, bytes_max);
    hw_arena_charge(&session->reading.arena, session->setup.budget);
}

static int make_updates(hw_h2_session *session)
{
    unsigned max = session->setup.limits->streams_max;
    hw_h2_update *memory = hw_heap_alloc_zeroed(&session->heap, max, sizeof *memory);
    session->updates = (hw_h2_updates){.at = memory, .max = max};
    return memory ? 0 : -ENOMEM;
}

int hw_h2_session_new(const hw_h2_setup *setup, int64_t now_ms, hw_h2_session **ret_session)
{
    hw_assert(setup->limits->window_bytes >= HW_H2_WINDOW_BYTES_MIN);
    hw_assert(setup->limits->window_bytes <= INT32_MAX);
    hw_assert(setup->limits->connection_window_bytes >= HW_H2_WINDOW_BYTES_MIN);
    hw_assert(setup->limits->connection_window_bytes <= INT32_MAX);
    hw_heap heap;
    hw_heap_init(&heap, setup->budget, setup->limits->memory_bytes_max);
    hw_h2_session *session = hw_heap_alloc_zeroed(&heap, 1, sizeof *session);
    if (!session) {
        hw_heap_fini(&heap);
        return -ENOMEM;
    }
    session->heap = heap;
    session->setup = *setup;
    session->intake.preface_left = sizeof HW_H2_PREFACE - 1;
    hw_list_init(&session->open);
    hw_list_init(&session->past);
    hw_list_init(&session->over);
    hw_h2_flood_init(&session->flood, &setup->limits->flood, now_ms);
    init_reading(session);
    int result = make_updates(session);
    if (result == 0)
        result = make_wire(session);
    if (result == 0)
        result = submit_settings(session);
    if (result < 0)
        hw_h2_session_free(session);
    else
        *ret_session = session;
    return result;
}

void hw_h2_session_free(hw_h2_session *session)
{
    if (!session)
        return;
    hw_arena_fini(&session->reading.arena);
    hw_heap heap = session->heap;
    hw_heap_fini(&heap);
}

/* Streams. */

hw_h2_stream *hw_h2_stream_add(hw_h2_session *session, uint32_t id)
{
    hw_h2_stream *stream = hw_heap_alloc_zeroed(&session->heap, 1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->id = id;
    stream->request_left = stream->answer_left = HW_H2_LENGTH_UNKNOWN;
    if (nghttp2_session_set_stream_user_data(session->wire, (int32_t)id, stream) != 0) {
        hw_heap_free(&session->heap, stream);
        return NULL;
    }
    hw_list_append(&session->open, &stream->link);
    session->open_count++;
    if (id > session->last_id)
        session->last_id = id;
    return stream;
}

/* One that is not closed, reset or not. */
static hw_h2_stream *find_stream_kept(const hw_h2_session *session, uint32_t id)
{
    if (id == 0 || id > INT32_MAX || hw_h2_has_failed(session))
        return NULL;
    return nghttp2_session_get_stream_user_data(session->wire, (int32_t)id);
}

hw_h2_stream *hw_h2_stream_find(const hw_h2_session *session, uint32_t id)
{
    hw_h2_stream *stream = find_stream_kept(session, id);
    bool is_open = stream && stream->has_begun && !stream->is_past && !stream->is_reset;
    return is_open ? stream : NULL;
}

void hw_h2_credit(hw_h2_session *session, size_t bytes)
{
    if (bytes > 0 && !hw_h2_has_failed(session))
        hw_h2_fail_wire(session, nghttp2_session_consume_connection(session->wire, bytes));
}

void hw_h2_stream_credit(hw_h2_session *session, hw_h2_stream *stream)
{
    size_t bytes = stream->unconsumed;
    stream->unconsumed = 0;
    hw_h2_credit(session, bytes);
}

void hw_h2_stream_reset(hw_h2_session *session, hw_h2_stream *stream, uint32_t code)
{
    stream->is_reset = true;
    hw_h2_stream_credit(session, stream);
    if (!hw_h2_has_failed(session))
        hw_h2_fail_wire(session, nghttp2_submit_rst_stream(session->wire, NGHTTP2_FLAG_NONE,
                                                           (int32_t)stream->id, code));
}

void hw_h2_stream_rank(hw_h2_session *session, const hw_h2_stream *stream, hw_priority priority)
{
    const nghttp2_extpri rank = {priority.urgency, priority.is_incremental};
    hw_h2_fail_wire(session, nghttp2_session_change_extpri_stream_priority(
                                 session->wire, (int32_t)stream->id, &rank, stream->is_ranked));
}

void hw_h2_own(hw_h2_session *session, uint32_t id, void *owner)
{
    hw_h2_stream *stream = find_stream_kept(session, id);
    if (stream)
        stream->owner = owner;
}

void hw_h2_consume(hw_h2_session *session, uint32_t id, size_t bytes)
{
    hw_h2_stream *stream = hw_h2_stream_find(session, id);
    if (!stream || stream->is_discarded || bytes == 0)
        return;
    hw_assert(bytes <= stream->unconsumed);
    stream->unconsumed -= bytes;
    hw_h2_fail_wire(session, nghttp2_session_consume(session->wire, (int32_t)id, bytes));
}

void hw_h2_discard(hw_h2_session *session, uint32_t id)
{
    hw_h2_stream *stream = hw_h2_stream_find(session, id);
    if (!stream || stream->is_discarded)
        return;
    stream->is_discarded = true;
    stream->discarded = stream->unconsumed;
    hw_h2_stream_credit(session, stream);
    if (stream->is_sent && !stream->has_ended)
        hw_h2_stream_pass(session, stream);
}

/* nghttp2 counts what is consumed of a stream and of the connection apart. */
static void credit_stream(hw_h2_session *session, const hw_h2_stream *stream, size_t bytes)
{
    if (bytes > 0 && !hw_h2_has_failed(session))
        hw_h2_fail_wire(session,
                        nghttp2_session_consume_stream(session->wire, (int32_t)stream->id, bytes));
}

void hw_h2_stream_pass(hw_h2_session *session, hw_h2_stream *stream)
{
    if (stream->is_tunnel || stream->discarded >= session->setup.limits->passed_bytes_max) {
        hw_h2_stream_reset(session, stream, HW_H2_NO_ERROR);
        return;
    }
    stream->is_past = true;
    hw_link_remove(&stream->link);
    hw_list_append(&session->past, &stream->link);
    credit_stream(session, stream, stream->discarded);
}

void hw_h2_stream_drop(hw_h2_session *session, uint32_t id, size_t bytes)
{
    hw_h2_stream *stream = find_stream_kept(session, id);
    hw_h2_credit(session, bytes);
    if (!stream || stream->is_reset || !stream->is_discarded)
        return;
    stream->discarded += bytes;
    if (stream->is_past && stream->discarded >= session->setup.limits->passed_bytes_max)
        hw_h2_stream_reset(session, stream, HW_H2_NO_ERROR);
    else if (stream->is_past)
        credit_stream(session, stream, bytes);
}

/* What has been found of one that is over already, or whose session is, is not told any more. */
static void silence(hw_list *streams, uint32_t id)
{
    for (hw_link *link = streams->head.next; link != &streams->head; link = link->next) {
        hw_h2_stream *stream = HW_MEMBER(link, hw_h2_stream, link);
        if (stream->id == id)
            stream->is_told = false;
    }
}

int hw_h2_reset(hw_h2_session *session, uint32_t id, uint32_t code)
{
    hw_h2_stream *stream = find_stream_kept(session, id);
    if (!stream) {
        silence(&session->past, id);
        silence(&session->over, id);
        silence(&session->open, id);
    }
    if (!stream || !stream->is_told)
        return -ENOENT;
    stream->is_told = false;
    if (!stream->is_reset)
        hw_h2_stream_reset(session, stream, code);
    return hw_h2_has_failed(session) ? -ENOMEM : 0;
}

/* The end. */

void hw_h2_fail(hw_h2_session *session, uint32_t code, const hw_problem *problem)
{
    if (hw_h2_has_failed(session))
        return;
    session->failure.problem = *problem;
    session->failure.code = code;
}

bool hw_h2_fail_wire(hw_h2_session *session, long result)
{
    static const hw_problem memory = {503, "no memory for the connection", "RFC 9110 15.6.4"};
    static const hw_problem preface = {400, "not the preface of HTTP/2", "RFC 9113 3.4"};
    static const hw_problem flooded = {429, "acknowledgements are not read", "RFC 9113 10.5"};
    static const hw_problem other = {500, "nghttp2 refuses what it was told", "RFC 9113 5.4.1"};
    if (result >= 0)
        return false;
    switch (result) {
    case NGHTTP2_ERR_NOMEM:
        hw_h2_fail(session, HW_H2_INTERNAL_ERROR, &memory);
        break;
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
        session->failure.is_silent = !hw_h2_has_failed(session);
        hw_h2_fail(session, HW_H2_PROTOCOL_ERROR, &preface);
        break;
    case NGHTTP2_ERR_FLOODED:
        hw_h2_fail(session, HW_H2_ENHANCE_YOUR_CALM, &flooded);
        break;
    default:
        hw_h2_fail(session, HW_H2_INTERNAL_ERROR, &other);
        break;
    }
    return true;
}

int hw_h2_give_notice(hw_h2_session *session)
{
    if (hw_h2_has_failed(session))
        return 0;
    return hw_h2_fail_wire(session, nghttp2_submit_shutdown_notice(session->wire)) ? -ENOMEM : 0;
}

int hw_h2_go_away(hw_h2_session *session, uint32_t code)
{
    static const hw_problem ended = {503, "the server ends the connection", "RFC 9113 6.8"};
    if (hw_h2_has_failed(session))
        return 0;
    if (code != HW_H2_NO_ERROR) {
        hw_h2_fail(session, code, &ended);
        return 0;
    }
    int32_t last = nghttp2_session_get_last_proc_stream_id(session->wire);
    int result = nghttp2_submit_goaway(session->wire, NGHTTP2_FLAG_NONE, last, code, NULL, 0);
    return hw_h2_fail_wire(session, result) ? -ENOMEM : 0;
}

unsigned hw_h2_open_streams(const hw_h2_session *session)
{
    return session->open_count;
}

bool hw_h2_is_over(const hw_h2_session *session)
{
    if (hw_h2_wants_send(session))
        return false;
    return hw_h2_has_failed(session) || !nghttp2_session_want_read(session->wire);
}

size_t hw_h2_held_bytes(const hw_h2_session *session)
{
    return session->heap.used + session->reading.arena.held;
}
