/* Says what the client says and compares what comes with what is expected.
 *
 * The first difference ends a talk: what follows it would mean nothing. A field's value may be kept
 * under a name and said later, {name}, because a tag cannot be known beforehand. When nothing is
 * left to say, nothing may be left to hear. */
#include "talk/run.h"
#include "parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "talk/reply.h"

/* So much of one sending is cut finely; the rest, if any, in larger parts. */
#define FINE_BYTES ((size_t)8 * 1024)
#define COARSE_BYTES ((size_t)5000)
#define KEPT_MAX 8

typedef struct kept_value {
    hw_text name; /* the script's */
    talk_bytes value;
} kept_value;

typedef struct talk_runner {
    const talk_script *script;
    const talk_way *way;
    talk_carrier *carrier;
    talk_site *site;
    talk_bytes *answers, *complaint;
    talk_bytes received;
    talk_reply reply;
    kept_value kept[KEPT_MAX];
    size_t kept_count;
    uint32_t random;
    bool is_ended, is_reset, is_wrong;
} talk_runner;

static const char *name_way(const talk_way *way)
{
    talk_split split = way->split;
    if (way->room_bytes > 0)
        return ", through a narrow pipe";
    if (way->wire_bytes > 0)
        return ", encrypted and then in pieces";
    return split == TALK_WHOLE ? "" : split == TALK_BYTE_BY_BYTE ? ", byte by byte" : ", in pieces";
}

/* Where, what was expected, what came: the first time only. */
static void differ(talk_runner *r, int line, const char *expected, const char *came_format, ...)
    __attribute__((format(printf, 4, 5)));

static void differ(talk_runner *r, int line, const char *expected, const char *came_format, ...)
{
    char came[1024];
    va_list args;
    va_start(args, came_format);
    vsnprintf(came, sizeof came, came_format, args);
    va_end(args);
    if (r->is_wrong)
        return;
    r->is_wrong = true;
    talk_bytes_put_format(r->complaint, "%s:%d: expected ", r->script->path, line);
    talk_bytes_put_string(r->complaint, expected);
    talk_bytes_put_string(r->complaint, "; ");
    talk_bytes_put_string(r->complaint, came);
    talk_bytes_put_format(r->complaint, " (%s%s)", r->carrier->ops->name, name_way(r->way));
}

/* The same, and what came is bytes. */
static void differ_in_bytes(talk_runner *r, int line, const char *expected, const char *words,
                            hw_text came)
{
    talk_bytes shown = {0};
    talk_bytes_put_shown(&shown, came);
    talk_bytes_put(&shown, (hw_text){"", 1});
    differ(r, line, expected, "%s %s", words, shown.at);
    talk_bytes_free(&shown);
}

/* xorshift: the same pieces every time. */
static size_t roll(talk_runner *r, size_t max)
{
    r->random ^= r->random << 13;
    r->random ^= r->random >> 17;
    r->random ^= r->random << 5;
    return 1 + r->random % max;
}

static size_t choose_piece(talk_runner *r, size_t sent)
{
    if (r->way->split == TALK_WHOLE)
        return SIZE_MAX;
    if (sent >= FINE_BYTES)
        return roll(r, COARSE_BYTES);
    if (r->way->split == TALK_BYTE_BY_BYTE)
        return 1;
    return roll(r, roll(r, 3) == 1 ? 5 : 120);
}

static void send_in_pieces(talk_runner *r, hw_text bytes)
{
    for (size_t sent = 0; sent < bytes.length;) {
        hw_text piece = hw_text_upto(hw_text_from(bytes, sent), choose_piece(r, sent));
        r->carrier->ops->send(r->carrier, piece);
        sent += piece.length;
    }
}

static const kept_value *find_kept(const talk_runner *r, hw_text rest)
{
    for (size_t i = 0; i < r->kept_count; i++) {
        size_t length = r->kept[i].name.length;
        if (hw_text_has_prefix(hw_text_from(rest, 1), r->kept[i].name) &&
            rest.length > length + 1 && rest.at[length + 1] == '}')
            return &r->kept[i];
    }
    return NULL;
}

/* {name} gives way to what is kept under that name. */
static void put_with_kept(const talk_runner *r, hw_text text, talk_bytes *bytes)
{
    while (text.length > 0) {
        size_t brace = r->kept_count ? hw_text_find(text, '{') : text.length;
        talk_bytes_put(bytes, hw_text_upto(text, brace));
        text = hw_text_from(text, brace);
        if (text.length == 0)
            return;
        const kept_value *kept = find_kept(r, text);
        talk_bytes_put(bytes, kept ? talk_bytes_text(&kept->value) : HW_TEXT("{"));
        text = hw_text_from(text, kept ? kept->name.length + 2 : 1);
    }
}

static void send_step(talk_runner *r, const talk_step *step)
{
    talk_bytes bytes = {0};
    put_with_kept(r, talk_bytes_text(&step->bytes), &bytes);
    send_in_pieces(r, talk_bytes_text(&bytes));
    talk_bytes_free(&bytes);
}

/* Hears more. False: there is nothing more to hear, now or ever. */
static bool listen_on(talk_runner *r)
{
    if (r->is_ended)
        return false;
    switch (r->carrier->ops->receive(r->carrier, &r->received)) {
    case TALK_HEARD_BYTES:
        return true;
    case TALK_HEARD_RESET:
        r->is_reset = true;
        r->is_ended = true;
        return false;
    case TALK_HEARD_END:
        r->is_ended = true;
        return false;
    case TALK_HEARD_NOTHING:
        break;
    }
    return false;
}

static const char *describe_silence(const talk_runner *r)
{
    return r->is_reset ? "the connection broke" : r->is_ended ? "the server ended" : "nothing came";
}

static const hw_field *find_reply_field(const hw_field *fields, size_t count, const char *name)
{
    return hw_fields_find_name(hw_fields_of(fields, count), hw_text_of(name));
}

static void keep_value(talk_runner *r, const talk_expected *expected, hw_text value)
{
    if (r->kept_count == KEPT_MAX)
        return;
    kept_value *kept = &r->kept[r->kept_count++];
    kept->name = talk_bytes_text(&expected->value);
    talk_bytes_put(&kept->value, value);
}

static void check_field(talk_runner *r, const talk_expected *expected, const hw_field *field)
{
    char wanted[256];
    hw_text value = talk_bytes_text(&expected->value);
    bool is_any = expected->kind == TALK_FIELD_PRESENT || expected->kind == TALK_FIELD_KEPT;
    if (expected->kind == TALK_FIELD_ABSENT) {
        snprintf(wanted, sizeof wanted, "no %s", expected->name);
        if (field)
            differ_in_bytes(r, expected->line, wanted, "it is", field->value);
        return;
    }
    snprintf(wanted, sizeof wanted, "%s: %.*s", expected->name, HW_TEXT_ARGS(value));
    if (!field)
        differ(r, expected->line, wanted, "there is none");
    else if (!is_any && !hw_text_equal(field->value, value))
        differ_in_bytes(r, expected->line, wanted, "it is", field->value);
    else if (expected->kind == TALK_FIELD_KEPT)
        keep_value(r, expected, field->value);
}

static void check_content(talk_runner *r, int line, hw_text wanted)
{
    hw_text content = talk_bytes_text(&r->reply.content);
    talk_bytes shown = {0};
    if (hw_text_equal(content, wanted))
        return;
    talk_bytes_put_shown(&shown, wanted);
    talk_bytes_put(&shown, (hw_text){"", 1});
    differ_in_bytes(r, line, shown.at, "the content is", content);
    talk_bytes_free(&shown);
}

static void check_content_of(talk_runner *r, const talk_expected *expected)
{
    talk_bytes bytes = {0}, name = {0};
    talk_bytes_put(&name, talk_bytes_text(&expected->value));
    talk_bytes_put(&name, (hw_text){"", 1});
    if (talk_site_read(r->site, name.at, &bytes))
        check_content(r, expected->line, talk_bytes_text(&bytes));
    else
        differ(r, expected->line, "a file", "there is none of that name");
    talk_bytes_free(&bytes);
    talk_bytes_free(&name);
}

/* Of a file that lies in `bytes`: the parts, and what each says of itself. */
static void check_parts(talk_runner *r, int line, hw_text bytes, hw_text wanted)
{
    const hw_field *type = find_reply_field(r->reply.fields, r->reply.field_count, "content-type");
    talk_bytes said = {0};
    test_parts parts;
    if (!type || !parts_read(type->value, talk_bytes_text(&r->reply.content), &parts)) {
        differ(r, line, "multipart/byteranges", "it is none");
        return;
    }
    for (size_t i = 0; i < parts.count; i++) {
        const test_part *part = &parts.at[i];
        talk_bytes_put(&said, i > 0 ? HW_TEXT(", ") : HW_TEXT(""));
        talk_bytes_put(&said, hw_text_upto(part->range, hw_text_find(part->range, '/')));
        hw_text same = hw_text_upto(hw_text_from(bytes, part->first), part->bytes.length);
        if (part->total != bytes.length || !hw_text_equal(part->bytes, same))
            differ(r, line, "bytes of the file", "part %zu has others", i);
    }
    if (!hw_text_equal(talk_bytes_text(&said), wanted))
        differ_in_bytes(r, line, "other parts", "they are", talk_bytes_text(&said));
    talk_bytes_free(&said);
}

static void check_parts_of(talk_runner *r, const talk_expected *expected)
{
    hw_text value = talk_bytes_text(&expected->value);
    size_t blank = hw_text_find(value, ' ');
    talk_bytes bytes = {0}, name = {0};
    talk_bytes_put(&name, hw_text_upto(value, blank));
    talk_bytes_put(&name, (hw_text){"", 1});
    if (talk_site_read(r->site, name.at, &bytes))
        check_parts(r, expected->line, talk_bytes_text(&bytes), hw_text_from(value, blank + 1));
    else
        differ(r, expected->line, "a file", "there is none of that name");
    talk_bytes_free(&bytes);
    talk_bytes_free(&name);
}

static void check_expected(talk_runner *r, const talk_expected *expected)
{
    const talk_reply *reply = &r->reply;
    char wanted[64];
    switch (expected->kind) {
    case TALK_CONTENT:
        check_content(r, expected->line, talk_bytes_text(&expected->value));
        break;
    case TALK_CONTENT_FILE:
        check_content_of(r, expected);
        break;
    case TALK_PARTS:
        check_parts_of(r, expected);
        break;
    case TALK_CONTENT_LENGTH:
        snprintf(wanted, sizeof wanted, "%ju bytes of content", (uintmax_t)expected->number);
        if (reply->content.length != expected->number)
            differ(r, expected->line, wanted, "%zu came", reply->content.length);
        break;
    case TALK_TRAILER:
        check_field(r, expected,
                    find_reply_field(reply->trailers, reply->trailer_count, expected->name));
        break;
    default:
        check_field(r, expected,
                    find_reply_field(reply->fields, reply->field_count, expected->name));
    }
}

/* How much of the content must be there before it is compared. */
static size_t content_wanted(const talk_step *step)
{
    size_t wanted = 0;
    for (size_t i = 0; i < step->expected_count; i++) {
        const talk_expected *expected = &step->expected[i];
        if (expected->kind == TALK_CONTENT || expected->kind == TALK_CONTENT_LENGTH)
            wanted = expected->value.length + expected->number;
    }
    return wanted;
}

static bool is_enough(const talk_runner *r, const talk_step *step)
{
    return step->is_begun && r->reply.status > 0 && r->reply.content.length >= content_wanted(step);
}

/* A connection that breaks ends no answer. */
static bool has_ended_well(const talk_runner *r)
{
    return r->is_ended && !r->is_reset;
}

static talk_reply_outcome read_reply(talk_runner *r, const talk_step *step)
{
    talk_reply_outcome outcome;
    do
        outcome = talk_reply_read(&r->reply, talk_bytes_text(&r->received), has_ended_well(r),
                                  step->to_head);
    while (outcome == TALK_REPLY_MORE && !is_enough(r, step) && listen_on(r));
    /* The end itself may complete it. */
    if (outcome == TALK_REPLY_MORE && has_ended_well(r))
        outcome = talk_reply_read(&r->reply, talk_bytes_text(&r->received), true, step->to_head);
    return outcome;
}

/* Whether it has come as far as it should, and no further. */
static void check_progress(talk_runner *r, const talk_step *step, talk_reply_outcome outcome)
{
    bool is_complete = outcome == TALK_REPLY_DONE;
    if (step->is_broken && (is_complete || !r->is_ended))
        differ(r, step->line, "a response that breaks off",
               is_complete ? "it is complete" : "it stands still");
    else if (step->is_begun && (is_complete || r->is_ended))
        differ(r, step->line, "a response under way", "%s",
               is_complete ? "it is complete" : describe_silence(r));
    else if (!step->is_broken && !step->is_begun && !is_complete)
        differ(r, step->line, "a complete response", "%s after %zu bytes of content",
               describe_silence(r), r->reply.content.length);
}

/* Without the tag, which is another one when a cut file has been restored. */
static void note_fields(talk_bytes *answers, const hw_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].id == HW_FIELD_ETAG)
            continue;
        talk_bytes_put(answers, fields[i].name);
        talk_bytes_put_string(answers, ": ");
        talk_bytes_put(answers, fields[i].value);
        talk_bytes_put_string(answers, "\n");
    }
}

static void note_answer(talk_runner *r)
{
    const talk_reply *reply = &r->reply;
    if (reply->status < 200)
        return;
    talk_bytes_put_format(r->answers, "%d\n", reply->status);
    note_fields(r->answers, reply->fields, reply->field_count);
    talk_bytes_put(r->answers, talk_bytes_text(&reply->content));
    note_fields(r->answers, reply->trailers, reply->trailer_count);
}

static void check_reply(talk_runner *r, const talk_step *step)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%d", step->status);
    talk_reply_outcome outcome = read_reply(r, step);
    hw_text received = talk_bytes_text(&r->received);
    if (outcome == TALK_REPLY_BAD)
        differ_in_bytes(r, step->line, wanted, r->reply.words, received);
    else if (r->reply.status == 0)
        differ_in_bytes(r, step->line, wanted, describe_silence(r), received);
    else if (r->reply.status != step->status)
        differ_in_bytes(r, step->line, wanted, "it is", hw_text_upto(received, 60));
    else
        check_progress(r, step, outcome);
    for (size_t i = 0; i < step->expected_count && !r->is_wrong; i++)
        check_expected(r, &step->expected[i]);
    if (r->is_wrong || step->is_begun)
        return;
    note_answer(r);
    talk_bytes_take(&r->received, r->reply.used);
}

static void check_bytes(talk_runner *r, const talk_step *step)
{
    hw_text wanted = talk_bytes_text(&step->bytes);
    while (r->received.length < wanted.length && listen_on(r))
        continue;
    hw_text came = hw_text_upto(talk_bytes_text(&r->received), wanted.length);
    if (hw_text_equal(came, wanted)) {
        talk_bytes_take(&r->received, wanted.length);
        return;
    }
    talk_bytes shown = {0};
    talk_bytes_put_shown(&shown, wanted);
    talk_bytes_put(&shown, (hw_text){"", 1});
    differ_in_bytes(r, step->line, shown.at, r->is_ended ? "the server ended after" : "there came",
                    came);
    talk_bytes_free(&shown);
}

/* Silence, with an end of the server's side or without. */
static void check_silence(talk_runner *r, int line, bool wants_end, const char *wanted)
{
    if (r->received.length == 0)
        listen_on(r);
    if (r->received.length > 0)
        differ_in_bytes(r, line, wanted, "there came", talk_bytes_text(&r->received));
    else if (r->is_reset)
        differ(r, line, wanted, "the connection broke");
    else if (wants_end && !r->is_ended)
        differ(r, line, wanted, "it stays open");
    else if (!wants_end && r->is_ended)
        differ(r, line, wanted, "the server ended");
}

static void connect_again(talk_runner *r)
{
    r->carrier->ops->connect(r->carrier);
    r->received.length = 0;
    r->is_ended = r->is_reset = false;
}

static void cut_file(talk_runner *r, const talk_step *step)
{
    talk_bytes name = {0};
    talk_bytes_put(&name, talk_bytes_text(&step->bytes));
    talk_bytes_put(&name, (hw_text){"", 1});
    if (!talk_site_cut(r->site, name.at, step->number))
        differ(r, step->line, "a file", "there is none of that name");
    talk_bytes_free(&name);
}

/* The client reads so much, and no more. */
static void take_bytes(talk_runner *r, const talk_step *step)
{
    if (!r->carrier->ops->take(r->carrier, &r->received, (size_t)step->number))
        differ(r, step->line, "so many bytes", "there are fewer");
}

static void take_step(talk_runner *r, const talk_step *step)
{
    talk_carrier *carrier = r->carrier;
    switch (step->kind) {
    case TALK_SEND:
        send_step(r, step);
        break;
    case TALK_END_SEND:
        carrier->ops->end_send(carrier);
        break;
    case TALK_RESET:
        carrier->ops->reset(carrier);
        break;
    case TALK_CONNECT:
        connect_again(r);
        break;
    case TALK_WAIT:
        carrier->ops->wait(carrier, step->number);
        break;
    case TALK_TAKE:
        take_bytes(r, step);
        break;
    case TALK_STOP:
        carrier->ops->stop(carrier);
        break;
    case TALK_CUT:
        cut_file(r, step);
        break;
    case TALK_EXPECT_REPLY:
        check_reply(r, step);
        break;
    case TALK_EXPECT_BYTES:
        check_bytes(r, step);
        break;
    case TALK_EXPECT_END:
        check_silence(r, step->line, true, "the end, and nothing before it");
        break;
    case TALK_EXPECT_NOTHING:
        check_silence(r, step->line, false, "silence");
        break;
    case TALK_EXPECT_CLOSED:
        check_silence(r, step->line, true, "the end, and nothing before it");
        if (!r->carrier->ops->is_closed(carrier))
            differ(r, step->line, "a closed connection", "the server still listens");
        break;
    }
}

/* What nobody expected must not have come. Over a network it might still be under way. */
static void check_rest(talk_runner *r)
{
    const talk_step *last = &r->script->steps[r->script->step_count - 1];
    if (r->carrier->ops->has_time && last->kind != TALK_RESET)
        listen_on(r);
    if (r->received.length > 0)
        differ_in_bytes(r, last->line, "nothing more", "there came", talk_bytes_text(&r->received));
}

bool talk_run(const talk_script *script, const talk_way *way, const talk_service *service,
              talk_site *site, talk_bytes *answers, talk_bytes *complaint)
{
    talk_service limited = *service;
    limited.limits = script->limits;
    limited.room_bytes = way->room_bytes;
    limited.wire_bytes = way->wire_bytes;
    talk_runner r = {
        .script = script,
        .way = way,
        .carrier = way->open(&limited),
        .site = site,
        .answers = answers,
        .complaint = complaint,
        .random = way->seed | 1,
    };
    for (size_t i = 0; i < script->step_count && !r.is_wrong; i++)
        take_step(&r, &script->steps[i]);
    if (!r.is_wrong)
        check_rest(&r);
    const char *leftover = r.carrier->ops->close(r.carrier);
    if (leftover)
        talk_bytes_put_format(r.complaint, "%s%s:%d: expected that %s", r.is_wrong ? "\n" : "",
                              script->path, script->steps[script->step_count - 1].line, leftover);
    talk_site_restore(site);
    for (size_t i = 0; i < r.kept_count; i++)
        talk_bytes_free(&r.kept[i].value);
    talk_bytes_free(&r.received);
    talk_reply_free(&r.reply);
    return !r.is_wrong && !leftover;
}
