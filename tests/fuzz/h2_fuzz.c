/* A connection of HTTP/2 as a script: frames, good and bad, in any pieces; a small driver that
 * answers with bodies, waits, resets, discards and says goodbye; buffers of any size; little memory.
 * What must hold: events come for streams that are there and in their order, heads are what HTTP/1.1
 * could carry, content is what was announced, never more output than there is room, made of frames
 * for streams that were answered, memory within its bounds and all of it given back.
 *
 * The input: how much memory there is; then words of a letter and its arguments, see act(). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "h2/session.h"
#include "h2_frames.h"
#include "http/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 4000, STREAMS = 256 };

#ifdef HW_FUZZ_PLANTED
/* A tunnel whose client has sent three times. */
static void check_planted(bool is_tunnel, unsigned bodies)
{
    if (is_tunnel && bodies == 3)
        abort();
}
#else
static void check_planted(bool is_tunnel, unsigned bodies)
{
    (void)is_tunnel, (void)bodies;
}
#endif

typedef enum progress { IDLE, OPEN, COMPLETE, GONE } progress;

/* What the driver knows of a stream. */
typedef struct known {
    progress progress;
    uint64_t content_left; /* of its Content-Length, or unknown */
    size_t unconsumed;
    unsigned bodies;
    bool is_tunnel, is_answered, is_reset, is_discarded;
    uint64_t promised, pulled; /* of the answer's body */
    unsigned mood;             /* how its body behaves */
} known;

typedef struct driver {
    hw_h2_session *session;
    hw_budget budget;
    hw_cursor script;
    int64_t now_ms;
    known streams[STREAMS];
    fuzz_frames frames; /* of the client, not fed yet */
    bool has_preface, is_over, has_problem;
    uint8_t header[9]; /* of the frame that is being given */
    size_t header_length, payload_left;
} driver;

static driver d;
static const hw_h2_limits limits = {
    .streams_max = 20,
    .window_bytes = HW_H2_WINDOW_BYTES_MIN,
    .connection_window_bytes = 70000,
    .memory_bytes_max = 256 * 1024,
    .queue_max = 60,
    .head = {.fields_max = 10,
             .target_bytes_max = 200,
             .field_bytes_max = 300,
             .head_bytes_max = 2000,
             .trailers_max = 3,
             .trailers_bytes_max = 300},
    .flood = {.resets_burst = 10,
              .resets_per_second = 10,
              .empty_frames = 100,
              .empty_per_answer = 10,
              .empty_per_frame = 2,
              .empty_per_second = 1,
              .continuations_max = 4},
};

static unsigned next_number(void)
{
    int byte = hw_cursor_next(&d.script);
    return byte < 0 ? 0 : (unsigned)byte;
}

static known *known_of(uint32_t id)
{
    return id < STREAMS ? &d.streams[id] : NULL;
}

/* Bodies. */

static hw_h2_pull pull_body(void *arg, uint32_t id, void *owner, char *memory, size_t want,
                            hw_h2_pulled *ret_pulled)
{
    static const hw_field trailer = {HW_TEXT_INIT("X-Sum"), HW_TEXT_INIT("1"), HW_FIELD_OTHER};
    known *stream = owner;
    hw_assert(arg == &d && want > 0 && stream == known_of(id));
    hw_assert(stream->is_answered && !stream->is_reset && stream->progress != GONE);
    stream->mood = stream->mood * 5 + 1;
    if (stream->mood % 16 == 7)
        return HW_H2_PULL_FAILED;
    if (stream->mood % 8 == 3)
        return HW_H2_PULL_WAIT;
    size_t count = hw_size_min(want, 1 + stream->mood % 3000);
    memset(memory, 'b', count);
    ret_pulled->count = count;
    stream->pulled += count;
    hw_assert(stream->promised == HW_H2_LENGTH_UNKNOWN || stream->pulled <= stream->promised);
    if (stream->promised != HW_H2_LENGTH_UNKNOWN || stream->mood % 32 != 5)
        return HW_H2_PULL_MORE;
    if (stream->mood & 64)
        ret_pulled->trailers = hw_fields_of(&trailer, 1);
    return HW_H2_PULL_END;
}

static void answer(uint32_t id, unsigned how)
{
    static const hw_field fields[] = {
        {HW_TEXT_INIT("Server"), HW_TEXT_INIT("fuzz"), HW_FIELD_OTHER},
        {HW_TEXT_INIT("Connection"), HW_TEXT_INIT("close"), HW_FIELD_CONNECTION},
    };
    known *stream = known_of(id);
    hw_priority priority = {.urgency = how % 8, .is_incremental = how & 8};
    hw_h2_response response = {
        .status = 200 + (int)how,
        .fields = hw_fields_of(fields, how % 3),
        .body_bytes = how & 128 ? HW_H2_LENGTH_UNKNOWN : (how & 7) * 700,
        .priority = how & 16 ? &priority : NULL,
    };
    int result = hw_h2_answer(d.session, id, &response);
    if (result != 0)
        return;
    hw_assert(stream && !stream->is_answered && !stream->is_reset);
    stream->is_answered = true;
    stream->promised = response.body_bytes;
    stream->mood = how;
}

/* Events. */

static void check_fields(hw_fields fields)
{
    for (size_t i = 0; i < fields.count; i++) {
        const hw_field *field = &fields.at[i];
        hw_assert(hw_token_is_valid(field->name) && hw_field_value_is_valid(field->value));
        for (size_t at = 0; at < field->name.length; at++)
            hw_assert(hw_char_lower(field->name.at[at]) == field->name.at[at]);
        hw_assert(field->id == hw_field_id_of(field->name));
        hw_assert(!hw_text_equal(field->name, HW_TEXT("connection")));
        hw_assert(field->id != HW_FIELD_TRANSFER_ENCODING && field->id != HW_FIELD_UPGRADE);
        hw_assert(field->name.at[field->name.length] == '\0');
        hw_assert(field->value.at[field->value.length] == '\0');
        hw_assert(i == 0 || field->id != HW_FIELD_HOST); /* one */
    }
}

static void check_head(const hw_h2_head *head)
{
    hw_assert(head->fields.count <= limits.head.fields_max + 1);
    if (head->problem.status != 0)
        return;
    hw_assert(hw_token_is_valid(head->method_name));
    hw_assert(head->target.length > 0 && hw_scan_is_made_of(head->target, HW_SCAN_TARGET));
    hw_assert(head->is_tunnel == (head->method == HW_METHOD_CONNECT));
    hw_assert(head->target.at[0] == '/' || head->is_tunnel ||
              (head->target.length == 1 && head->method == HW_METHOD_OPTIONS));
    hw_assert(head->fields.at[0].id == HW_FIELD_HOST);
    hw_assert(hw_text_equal(head->fields.at[0].value, head->authority));
    hw_assert(head->authority.length > 0);
    hw_assert(head->ends ? head->content_length == 0 : true);
    check_fields(head->fields);
}

static void on_head(const hw_h2_event *event)
{
    known *stream = known_of(event->stream);
    check_head(event->head);
    if (!stream) {
        hw_h2_reset(d.session, event->stream, HW_H2_REFUSED_STREAM);
        return;
    }
    hw_assert(stream->progress == IDLE && event->stream % 2 == 1 && !event->owner);
    stream->progress = event->head->ends ? COMPLETE : OPEN;
    stream->content_left = event->head->content_length;
    stream->is_tunnel = event->head->is_tunnel;
    hw_h2_own(d.session, event->stream, stream);
}

static void on_body(const hw_h2_event *event)
{
    known *stream = event->owner;
    hw_assert(stream == known_of(event->stream) && stream->progress == OPEN);
    hw_assert(!stream->is_reset && !stream->is_discarded && event->body.length > 0);
    stream->unconsumed += event->body.length;
    hw_assert(stream->unconsumed <= limits.window_bytes);
    check_planted(stream->is_tunnel, ++stream->bodies);
    if (stream->content_left != HW_H2_LENGTH_UNKNOWN) {
        hw_assert(event->body.length <= stream->content_left);
        stream->content_left -= event->body.length;
    }
    char last = event->body.at[event->body.length - 1]; /* can be read */
    (void)last;
}

/* A stream is over, and must have been there. */
static void on_end_of_stream(const hw_h2_event *event)
{
    known *stream = known_of(event->stream);
    if (!stream)
        return;
    if (event->kind == HW_H2_MALFORMED && !event->owner) {
        hw_assert(stream->progress == IDLE);
    } else {
        hw_assert(event->owner == stream && !stream->is_reset);
        hw_assert(stream->progress == OPEN || stream->progress == COMPLETE);
    }
    if (event->kind == HW_H2_DONE)
        hw_assert(stream->is_answered);
    stream->progress = GONE;
}

static void take_events(void)
{
    for (;;) {
        hw_h2_event event = hw_h2_next(d.session);
        known *stream = known_of(event.stream);
        switch (event.kind) {
        case HW_H2_NEED_MORE:
            return;
        case HW_H2_HEAD:
            on_head(&event);
            break;
        case HW_H2_BODY:
            on_body(&event);
            break;
        case HW_H2_END:
            hw_assert(event.owner == stream && stream->progress == OPEN);
            hw_assert(stream->content_left == HW_H2_LENGTH_UNKNOWN || stream->content_left == 0);
            check_fields(event.trailers);
            stream->progress = COMPLETE;
            break;
        case HW_H2_DONE:
        case HW_H2_RESET:
        case HW_H2_MALFORMED:
            on_end_of_stream(&event);
            break;
        case HW_H2_GONE_AWAY:
            break;
        case HW_H2_PROBLEM:
            hw_assert(event.problem->status && event.problem->reason && event.problem->section);
            d.has_problem = true;
            return;
        }
    }
}

static void check_memory(void)
{
    size_t held = hw_h2_held_bytes(d.session);
    hw_assert(held <= limits.memory_bytes_max + 16 * limits.head.head_bytes_max + 8192);
    hw_assert(hw_budget_used(&d.budget) >= held - held % 4096);
    hw_assert(hw_h2_open_streams(d.session) <= limits.streams_max + 1);
}

/* In exact memory, so that a look behind it is seen. */
static void feed(size_t length)
{
    length = hw_size_min(hw_size_min(length, d.frames.length), HW_H2_INPUT_BYTES_MAX);
    if (length == 0)
        return;
    char *piece = malloc(length);
    hw_assert(piece);
    memcpy(piece, d.frames.bytes, length);
    frames_drop(&d.frames, length);
    hw_h2_feed(d.session, (hw_text){piece, length}, d.now_ms);
    take_events();
    free(piece);
    check_memory();
}

/* Output. */

static void check_frame(void)
{
    uint32_t id = (uint32_t)d.header[5] << 24 | (uint32_t)d.header[6] << 16 |
                  (uint32_t)d.header[7] << 8 | d.header[8];
    d.payload_left = (size_t)d.header[0] << 16 | (size_t)d.header[1] << 8 | (size_t)d.header[2];
    hw_assert(d.payload_left <= 16384 && id <= INT32_MAX);
    hw_assert(d.header[3] <= 9);
    const known *stream = known_of(id);
    if (d.header[3] == 0)
        hw_assert(stream && stream->is_answered);
    d.header_length = 0;
}

static void check_output(hw_text output)
{
    while (output.length > 0) {
        size_t skipped = hw_size_min(d.payload_left, output.length);
        d.payload_left -= skipped;
        output = hw_text_from(output, skipped);
        while (output.length > 0 && d.header_length < 9) {
            d.header[d.header_length++] = (uint8_t)output.at[0];
            output = hw_text_from(output, 1);
        }
        if (d.header_length == 9)
            check_frame();
    }
}

static bool send_once(size_t room)
{
    char *memory = malloc(room + 1);
    hw_assert(memory);
    hw_buffer buffer = hw_buffer_over(memory, room);
    bool has_more = hw_h2_send(d.session, &buffer);
    hw_assert(!buffer.overflow && buffer.length <= room);
    check_output(hw_buffer_text(&buffer));
    free(memory);
    take_events();
    check_memory();
    return has_more;
}

static void act_as_driver(int word)
{
    uint32_t id = next_number();
    known *stream = known_of(id);
    switch (word) {
    case 'A':
        answer(id, next_number());
        break;
    case 'C': {
        size_t count = hw_size_min(stream->unconsumed, 1 + next_number() * 8);
        if (stream->is_discarded || stream->progress == GONE || stream->is_reset)
            break;
        stream->unconsumed -= count;
        hw_h2_consume(d.session, id, count);
        break;
    }
    case 'D':
        if (stream->progress == IDLE)
            break;
        hw_h2_discard(d.session, id);
        stream->is_discarded = true;
        break;
    case 'X':
        if (hw_h2_reset(d.session, id, next_number() % 14) == 0)
            stream->is_reset = true;
        break;
    case 'I':
        (void)hw_h2_inform(d.session, id, 103, (hw_fields){0});
        break;
    case 'R':
        (void)hw_h2_resume(d.session, id);
        break;
    case 'N':
        (void)hw_h2_give_notice(d.session);
        break;
    case 'G':
        (void)hw_h2_go_away(d.session, id % 4 ? 0 : id % 14);
        break;
    default:
        break;
    }
}

static void act(int word)
{
    switch (word) {
    case 'F': /* feed so many bytes */
        feed(1 + next_number() * 7);
        break;
    case 'S': /* one buffer */
        (void)send_once(next_number() * 20);
        break;
    case 'T':
        d.now_ms += next_number() * 50;
        break;
    default:
        frames_act(&d.frames, word);
        if (word >= 'A' && word <= 'Z')
            act_as_driver(word);
        break;
    }
}

static void finish(void)
{
    while (d.frames.length > 0)
        feed(HW_H2_INPUT_BYTES_MAX);
    for (unsigned i = 0; send_once(16 * 1024); i++)
        hw_assert(i < 10000);
    if (d.has_problem) {
        hw_assert(hw_h2_is_over(d.session));
        hw_assert(hw_h2_next(d.session).kind == HW_H2_PROBLEM);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    if (bytes > INPUT_MAX)
        return 0;
    memset(&d, 0, sizeof d);
    d.script = hw_cursor_of((hw_text){(const char *)input, bytes});
    unsigned memory = next_number();
    d.budget.max = memory & 1 ? 32 * 1024 + memory * 512 : 0;
    d.frames.script = &d.script;
    d.frames.next_stream = 1;
    hw_h2_setup setup = {.limits = &limits, .budget = &d.budget, .pull = pull_body, .arg = &d};
    if (hw_h2_session_new(&setup, 0, &d.session) == 0) {
        if (!(memory & 2)) {
            frames_put(&d.frames, HW_H2_PREFACE, sizeof HW_H2_PREFACE - 1);
            frames_put_header(&d.frames, 0, 4, 0, 0);
            frames_put_header(&d.frames, 0, 4, 1, 0);
        }
        for (int word; (word = hw_cursor_next(&d.script)) >= 0;)
            act(word);
        finish();
        hw_h2_session_free(d.session);
    }
    hw_assert(hw_budget_used(&d.budget) == 0);
    return 0;
}
