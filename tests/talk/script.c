/* Reads talks: lines to steps.
 *
 * A request is written over several lines and becomes bytes when something else begins. Bytes that
 * follow one another without anything expected between them are one step, so that a runner may cut
 * them as it likes. Whether an answer is one to HEAD is known from the order of requests; raw bytes
 * are not looked at, their answers count as answers to GET.
 *
 * A mistake in a talk is a complaint with its line, never a talk that passes. */
#include "talk/script.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/number.h"
#include "talk/quote.h"

#define REQUESTS_MAX 256

/* A request while its lines are read. */
typedef struct request_lines {
    bool is_begun, is_head, has_host, has_content;
    talk_bytes first, fields, content;
} request_lines;

typedef struct script_reader {
    talk_script *script;
    talk_bytes *complaint;
    int line;
    bool has_title, has_carriers, is_wrong;
    request_lines request;
    bool asked_head[REQUESTS_MAX]; /* requests in order */
    size_t asked, answered;
    bool is_in_reply; /* lines about a response may follow */
} script_reader;

static void complain(script_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(script_reader *r, const char *format, ...)
{
    char words[256];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (!r->is_wrong)
        talk_bytes_put_format(r->complaint, "%s:%d: %s", r->script->path, r->line, words);
    r->is_wrong = true;
}

static talk_step *add_step(script_reader *r, talk_step_kind kind)
{
    talk_script *script = r->script;
    if (script->step_count == script->step_capacity) {
        script->step_capacity = script->step_capacity ? script->step_capacity * 2 : 8;
        script->steps = realloc(script->steps, script->step_capacity * sizeof *script->steps);
        if (!script->steps)
            abort();
    }
    talk_step *step = &script->steps[script->step_count++];
    *step = (talk_step){.kind = kind, .line = r->line};
    r->is_in_reply = kind == TALK_EXPECT_REPLY;
    return step;
}

/* The step that sends what is written here: the last one, if it sends. */
static talk_bytes *bytes_to_send(script_reader *r)
{
    talk_script *script = r->script;
    bool is_sending =
        script->step_count > 0 && script->steps[script->step_count - 1].kind == TALK_SEND;
    talk_step *step = is_sending ? &script->steps[script->step_count - 1] : add_step(r, TALK_SEND);
    return &step->bytes;
}

static void end_request(script_reader *r)
{
    request_lines *request = &r->request;
    if (!request->is_begun)
        return;
    talk_bytes *bytes = bytes_to_send(r);
    talk_bytes_put(bytes, talk_bytes_text(&request->first));
    if (!request->has_host)
        talk_bytes_put_string(bytes, "Host: test\r\n");
    talk_bytes_put(bytes, talk_bytes_text(&request->fields));
    if (request->has_content)
        talk_bytes_put_format(bytes, "Content-Length: %zu\r\n", request->content.length);
    talk_bytes_put_string(bytes, "\r\n");
    talk_bytes_put(bytes, talk_bytes_text(&request->content));
    if (r->asked == REQUESTS_MAX)
        complain(r, "too many requests");
    else
        r->asked_head[r->asked++] = request->is_head;
    talk_bytes_free(&request->first);
    talk_bytes_free(&request->fields);
    talk_bytes_free(&request->content);
    *request = (request_lines){0};
}

/* A text that begins like this, and what follows. */
static bool begins(hw_text line, const char *word, hw_text *ret_rest)
{
    hw_text prefix = hw_text_of(word);
    if (!hw_text_has_prefix(line, prefix))
        return false;
    *ret_rest = hw_text_trim(hw_text_from(line, prefix.length));
    return true;
}

static bool is_issue_item(hw_text word)
{
    return word.length >= 2 && word.at[0] >= 'A' && word.at[0] <= 'Z' &&
           hw_char_is_digit(word.at[1]);
}

/* "RFC 9110 14.1.2" or an item of the issue, "E4". */
static bool is_reference(hw_text text)
{
    uint64_t number;
    hw_text rest;
    if (!begins(text, "RFC ", &rest))
        return is_issue_item(text);
    size_t blank = hw_text_find(rest, ' ');
    hw_text section = hw_text_from(rest, blank + 1);
    return hw_number_decimal(hw_text_upto(rest, blank), &number) && section.length > 0 &&
           (hw_char_is_digit(section.at[0]) || hw_char_is_alpha(section.at[0]));
}

/* At least one, with commas between them. */
static bool are_references(hw_text text)
{
    hw_cursor cursor = hw_cursor_of(text);
    do {
        if (!is_reference(hw_text_trim(hw_cursor_take_until(&cursor, ','))))
            return false;
    } while (hw_cursor_take(&cursor, ','));
    return true;
}

static void read_title(script_reader *r, hw_text rest)
{
    size_t hash = hw_text_find(rest, '#');
    if (hw_text_trim(hw_text_upto(rest, hash)).length == 0)
        complain(r, "a talk has a title");
    else if (hash == rest.length || !are_references(hw_text_from(rest, hash + 1)))
        complain(r, "a title is followed by '# RFC 9110 14.2', or an item of the issue");
    r->has_title = true;
}

static void read_carriers(script_reader *r, hw_text rest)
{
    r->script->is_for_memory_only = hw_text_equal(rest, HW_TEXT("memory"));
    if (!r->script->is_for_memory_only && !hw_text_equal(rest, HW_TEXT("all")))
        complain(r, "carriers are 'all' or 'memory'");
    r->has_carriers = true;
}

const char *const talk_carrier_names[TALK_CARRIER_KINDS] = {"memory", "tcp", "tls"};

/* not-over: tls, because ... */
static void read_not_over(script_reader *r, hw_text rest)
{
    size_t comma = hw_text_find(rest, ',');
    hw_text name = hw_text_upto(rest, comma);
    bool is_known = false;
    for (size_t i = 0; i < TALK_CARRIER_KINDS; i++) {
        bool is_it = hw_text_equal(name, hw_text_of(talk_carrier_names[i]));
        r->script->is_not_over[i] |= is_it;
        is_known |= is_it;
    }
    if (!is_known)
        complain(r, "nothing that carries talks is called %.*s", HW_TEXT_ARGS(name));
    else if (hw_text_trim(hw_text_from(rest, comma + 1)).length == 0)
        complain(r, "'not-over:' is followed by a carrier, a comma and the reason");
}

typedef struct limit_name {
    const char *name;
    size_t offset, bytes;
} limit_name;

#define LIMIT(word, member)                                                                        \
    {                                                                                              \
        word, offsetof(hw_limits, member), sizeof(((hw_limits *)0)->member)                        \
    }
static const limit_name limit_names[] = {
    LIMIT("requests-max", requests_max),
    LIMIT("skip-bytes-max", skip_bytes_max),
    LIMIT("head-ms", head_ms),
    LIMIT("response-ms", response_ms),
    LIMIT("response-bytes-waiting", response_bytes_waiting),
    LIMIT("linger-ms", linger_ms),
    LIMIT("drain-ms", drain_ms),
    LIMIT("idle-ms", idle_ms),
    LIMIT("rate-bytes-min", rate_bytes_min),
    LIMIT("head-bytes-max", h1.head_bytes_max),
};

/* limit: requests-max 3 */
static void read_limit(script_reader *r, hw_text rest)
{
    size_t blank = hw_text_find(rest, ' ');
    hw_text name = hw_text_upto(rest, blank);
    uint64_t number;
    if (!hw_number_decimal(hw_text_trim(hw_text_from(rest, blank)), &number)) {
        complain(r, "a limit is a name and a number");
        return;
    }
    for (size_t i = 0; i < sizeof limit_names / sizeof *limit_names; i++) {
        if (!hw_text_equal(name, hw_text_of(limit_names[i].name)))
            continue;
        char *member = (char *)&r->script->limits + limit_names[i].offset;
        unsigned narrow = (unsigned)number;
        memcpy(member, limit_names[i].bytes == sizeof number ? (void *)&number : &narrow,
               limit_names[i].bytes);
        return;
    }
    complain(r, "no limit is called %.*s", HW_TEXT_ARGS(name));
}

static void need_memory(script_reader *r, const char *what)
{
    if (!r->script->is_for_memory_only)
        complain(r, "'%s' needs 'carriers: memory'", what);
}

static void read_wait(script_reader *r, hw_text rest)
{
    hw_text digits = rest;
    uint64_t unit_ms = 1000;
    if (hw_text_has_suffix(rest, HW_TEXT("ms"))) {
        digits = hw_text_upto(rest, rest.length - 2);
        unit_ms = 1;
    } else if (hw_text_has_suffix(rest, HW_TEXT("s"))) {
        digits = hw_text_upto(rest, rest.length - 1);
    }
    talk_step *step = add_step(r, TALK_WAIT);
    if (digits.length == rest.length || !hw_number_decimal(digits, &step->number))
        complain(r, "a time is written '15s' or '900ms'");
    step->number *= unit_ms;
    need_memory(r, "wait:");
}

/* cut: big.bin 1000 */
static void read_cut(script_reader *r, hw_text rest)
{
    talk_step *step = add_step(r, TALK_CUT);
    size_t blank = hw_text_find(rest, ' ');
    talk_bytes_put(&step->bytes, hw_text_upto(rest, blank));
    if (!hw_number_decimal(hw_text_trim(hw_text_from(rest, blank)), &step->number))
        complain(r, "what is cut is a file and the length that remains");
}

/* take: 500 */
static void read_take(script_reader *r, hw_text rest)
{
    if (!hw_number_decimal(rest, &add_step(r, TALK_TAKE)->number))
        complain(r, "what is taken is a number of bytes");
    need_memory(r, "take:");
}

static void read_raw(script_reader *r, hw_text rest)
{
    if (!talk_quote_read(rest, bytes_to_send(r)))
        complain(r, "raw bytes are written \"...\" or 100*\"...\"");
}

static void begin_request(script_reader *r, hw_text rest)
{
    request_lines *request = &r->request;
    size_t first = hw_text_find(rest, ' '), last = hw_text_find_last(rest, ' ');
    if (first == rest.length) {
        complain(r, "a request begins with its method and target");
        return;
    }
    request->is_begun = true;
    request->is_head = hw_text_equal(hw_text_upto(rest, first), HW_TEXT("HEAD"));
    talk_bytes_put(&request->first, rest);
    talk_bytes_put_string(&request->first, first == last ? " HTTP/1.1\r\n" : "\r\n");
}

/* A field, the content, or `!host`. */
static void read_request_line(script_reader *r, hw_text rest)
{
    request_lines *request = &r->request;
    hw_text content;
    if (!request->is_begun) {
        begin_request(r, rest);
    } else if (hw_text_equal(rest, HW_TEXT("!host"))) {
        request->has_host = true;
    } else if (begins(rest, "body:", &content)) {
        request->has_content = true;
        if (!talk_quote_unescape(content, &request->content))
            complain(r, "no such escape");
    } else if (hw_text_find(rest, ':') == rest.length) {
        complain(r, "no field; an empty line goes before the next request");
    } else {
        request->has_host |= hw_text_equal_nocase(hw_text_upto(rest, 5), HW_TEXT("host:"));
        talk_bytes_put(&request->fields, rest);
        talk_bytes_put_string(&request->fields, "\r\n");
    }
}

static void begin_reply(script_reader *r, hw_text digits)
{
    talk_step *step = add_step(r, TALK_EXPECT_REPLY);
    step->status = (digits.at[0] - '0') * 100 + (digits.at[1] - '0') * 10 + (digits.at[2] - '0');
    bool is_final = step->status >= 200 || step->status == 101;
    if (is_final && r->answered < r->asked)
        step->to_head = r->asked_head[r->answered++];
}

static bool is_status(hw_text text)
{
    return text.length == 3 && hw_char_is_digit(text.at[0]) && hw_char_is_digit(text.at[1]) &&
           hw_char_is_digit(text.at[2]);
}

static char *copy_string(hw_text text)
{
    char *copy = malloc(text.length + 1);
    if (!copy)
        abort();
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

/* name: value, name: *, name: {kept} */
static void read_expected_field(script_reader *r, hw_text text, talk_expected *expected)
{
    size_t colon = hw_text_find(text, ':');
    hw_text value = hw_text_trim(hw_text_from(text, colon + 1));
    bool is_kept = value.length > 2 && value.at[0] == '{' && value.at[value.length - 1] == '}';
    if (colon == text.length)
        complain(r, "a field is written 'name: value', 'name: *' or '!name'");
    expected->name = copy_string(hw_text_trim(hw_text_upto(text, colon)));
    if (is_kept)
        value = hw_text_upto(hw_text_from(value, 1), value.length - 2);
    talk_bytes_put(&expected->value, value);
    if (expected->kind == TALK_FIELD && hw_text_equal(value, HW_TEXT("*")))
        expected->kind = TALK_FIELD_PRESENT;
    else if (expected->kind == TALK_FIELD && is_kept)
        expected->kind = TALK_FIELD_KEPT;
}

static void read_expected(script_reader *r, hw_text text, talk_step *step)
{
    hw_text rest;
    if (step->expected_count == TALK_EXPECTED_MAX) {
        complain(r, "too much is expected of one response");
        return;
    }
    talk_expected *expected = &step->expected[step->expected_count++];
    *expected = (talk_expected){.kind = TALK_FIELD, .line = r->line};
    if (begins(text, "!", &rest)) {
        expected->kind = TALK_FIELD_ABSENT;
        expected->name = copy_string(rest);
    } else if (begins(text, "body:", &rest)) {
        expected->kind = TALK_CONTENT;
        if (!talk_quote_unescape(rest, &expected->value))
            complain(r, "no such escape");
    } else if (begins(text, "length:", &rest)) {
        expected->kind = TALK_CONTENT_LENGTH;
        if (!hw_number_decimal(rest, &expected->number))
            complain(r, "a length is a number");
    } else if (begins(text, "body-of:", &rest)) {
        expected->kind = TALK_CONTENT_FILE;
        talk_bytes_put(&expected->value, rest);
    } else if (begins(text, "parts-of:", &rest)) {
        expected->kind = TALK_PARTS;
        talk_bytes_put(&expected->value, rest);
        if (hw_text_find(rest, ' ') == rest.length)
            complain(r, "parts are written 'parts-of: FILE 0-3, 6-9'");
    } else {
        if (begins(text, "trailer ", &rest)) {
            expected->kind = TALK_TRAILER;
            text = rest;
        }
        read_expected_field(r, text, expected);
    }
}

/* The same response is to come again, so it has not used up its request. */
static void begin_only(script_reader *r, talk_step *step)
{
    if (r->answered > 0 && !step->is_begun)
        r->answered--;
    step->is_begun = true;
}

static void read_reply_line(script_reader *r, hw_text rest)
{
    if (is_status(rest)) {
        begin_reply(r, rest);
        return;
    }
    if (!r->is_in_reply) {
        complain(r, "a response begins with its status");
        return;
    }
    talk_step *step = &r->script->steps[r->script->step_count - 1];
    if (hw_text_equal(rest, HW_TEXT("broken")))
        step->is_broken = true;
    else if (hw_text_equal(rest, HW_TEXT("begun")))
        begin_only(r, step);
    else
        read_expected(r, rest, step);
}

static bool read_header_line(script_reader *r, hw_text line)
{
    hw_text rest;
    if (begins(line, "talk:", &rest))
        read_title(r, rest);
    else if (begins(line, "carriers:", &rest))
        read_carriers(r, rest);
    else if (begins(line, "not-over:", &rest))
        read_not_over(r, rest);
    else if (begins(line, "limit:", &rest))
        read_limit(r, rest);
    else
        return false;
    if (r->script->step_count > 0)
        complain(r, "this belongs before the first step");
    return true;
}

/* What the client does besides asking. */
static bool read_act_line(script_reader *r, hw_text line)
{
    hw_text rest;
    if (begins(line, ">>", &rest))
        read_raw(r, rest);
    else if (hw_text_equal(line, HW_TEXT(">|")))
        add_step(r, TALK_END_SEND);
    else if (hw_text_equal(line, HW_TEXT(">!")))
        add_step(r, TALK_RESET);
    else if (hw_text_equal(line, HW_TEXT("connect:")))
        add_step(r, TALK_CONNECT);
    else if (begins(line, "wait:", &rest))
        read_wait(r, rest);
    else if (begins(line, "take:", &rest))
        read_take(r, rest);
    else if (hw_text_equal(line, HW_TEXT("stop:")))
        add_step(r, TALK_STOP);
    else if (begins(line, "cut:", &rest))
        read_cut(r, rest);
    else
        return false;
    return true;
}

/* What is expected besides a response. */
static bool read_silence_line(script_reader *r, hw_text line)
{
    hw_text rest;
    if (begins(line, "<<", &rest)) {
        if (!talk_quote_read(rest, &add_step(r, TALK_EXPECT_BYTES)->bytes))
            complain(r, "raw bytes are written \"...\" or 100*\"...\"");
    } else if (hw_text_equal(line, HW_TEXT("<||"))) {
        add_step(r, TALK_EXPECT_CLOSED);
        need_memory(r, "<||");
    } else if (hw_text_equal(line, HW_TEXT("<|"))) {
        add_step(r, TALK_EXPECT_END);
    } else if (hw_text_equal(line, HW_TEXT("<-"))) {
        add_step(r, TALK_EXPECT_NOTHING);
        need_memory(r, "<-");
    } else {
        return false;
    }
    return true;
}

static void read_script_line(script_reader *r, hw_text line)
{
    hw_text rest;
    if (hw_text_has_prefix(line, HW_TEXT("#")))
        return;
    bool is_request_line = hw_text_has_prefix(line, HW_TEXT("> "));
    if (!is_request_line)
        end_request(r);
    if (line.length == 0 || read_header_line(r, line))
        return;
    if (!r->has_title || !r->has_carriers)
        complain(r, "a talk begins with 'talk:' and 'carriers:'");
    else if (is_request_line)
        read_request_line(r, hw_text_from(line, 2));
    else if (begins(line, "< ", &rest))
        read_reply_line(r, rest);
    else if (!read_silence_line(r, line) && !read_act_line(r, line))
        complain(r, "this line is no part of a talk");
}

static bool read_whole_file(const char *path, talk_bytes *bytes)
{
    char piece[4096];
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    for (size_t count; (count = fread(piece, 1, sizeof piece, file)) > 0;)
        talk_bytes_put(bytes, (hw_text){piece, count});
    bool is_good = !ferror(file);
    fclose(file);
    return is_good;
}

bool talk_script_read(talk_script *script, const char *path, talk_bytes *complaint)
{
    *script = (talk_script){.path = path, .limits = hw_limits_default()};
    script_reader r = {.script = script, .complaint = complaint};
    talk_bytes bytes = {0};
    if (!read_whole_file(path, &bytes))
        complain(&r, "cannot be read");
    hw_cursor cursor = hw_cursor_of(talk_bytes_text(&bytes));
    while (!hw_cursor_at_end(&cursor)) {
        r.line++;
        read_script_line(&r, hw_cursor_take_until(&cursor, '\n'));
        hw_cursor_take(&cursor, '\n');
    }
    end_request(&r);
    if (script->step_count == 0)
        complain(&r, "nothing is said here");
    talk_bytes_free(&bytes);
    return !r.is_wrong;
}

static void free_step(talk_step *step)
{
    talk_bytes_free(&step->bytes);
    for (size_t i = 0; i < step->expected_count; i++) {
        free(step->expected[i].name);
        talk_bytes_free(&step->expected[i].value);
    }
}

void talk_script_free(talk_script *script)
{
    for (size_t i = 0; i < script->step_count; i++)
        free_step(&script->steps[i]);
    free(script->steps);
    script->steps = NULL;
    script->step_count = 0;
}
