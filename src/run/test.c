/* Asks an application without a socket: what a program's tests are written with.
 *
 * It is a whole server with one loop, lent to the caller, and a connection in memory for each
 * request: everything but the sockets is what runs in production, limits, deadlines and parser
 * too. The loop runs while a request waits for its answer, on the thread of the test. Answers are
 * kept in an arena until the next one is asked for; cookies stay, as in a browser. */
#include <string.h>

#include "app/app.h"
#include "app/json.h"
#include "base/assert.h"
#include "base/number.h"
#include "http/element.h"
#include "http/status.h"
#include "kit/background.h"
#include "net/memory.h"
#include "run/server.h"
#include "sys/memory.h"

#define PIPE_BYTES ((size_t)64 * 1024)
#define RESULT_BYTES_MAX (SIZE_MAX / 2)
#define DRAIN_MS 500

/* A cookie of the jar. */
typedef struct hw_test_cookie {
    struct hw_test_cookie *next;
    hw_text name, value, path;
} hw_test_cookie;

struct hewn_test {
    hewn_server *server;
    hw_pipe *client; /* of the request that waits; else NULL */
    hw_arena jar;    /* the cookies' */
    hw_test_cookie *cookies;
    hw_arena arena; /* of the last answer */
    hewn_response answer;
    const hewn_json *json; /* its body; NULL: not read yet, or not to be read */
    size_t timers;         /* that the app had before */
    char *raw;             /* what has come of it, from malloc: it grows */
    size_t length, capacity;
};

static void fail_test(const char *what, const char *words)
{
    hw_misuse_abort(NULL, 0, "hewn_test: %s: %s", what, words);
}

hewn_test *hewn_test_new(hewn_app *app)
{
    /* What is in flight when a test ends has been forgotten. */
    const hewn_limits limits = {.size = sizeof limits, .drain_ms = DRAIN_MS};
    const hewn_server_opts opts = {
        .size = sizeof opts, .limits = &limits, .log = "off", .loops = 1, .dev = true};
    hw_fault fault = {0};
    hewn_test *test = app ? hw_sys_alloc_zeroed(1, sizeof *test) : NULL;
    if (!test)
        fail_test("hewn_test_new", "out of memory");
    if (hw_run_server_new(app, &opts, false, &fault, &test->server) < 0)
        fail_test(fault.where[0] ? fault.where : "hewn_test_new", fault.what);
    if (hewn_server_fd(test->server) < 0)
        fail_test("hewn_test_new", "the loop cannot be made");
    test->timers = hw_background_timers(app);
    hw_arena_init(&test->jar, 1024, RESULT_BYTES_MAX);
    hw_arena_init(&test->arena, 4096, RESULT_BYTES_MAX);
    return test;
}

void hewn_test_free(hewn_test *test)
{
    if (!test)
        return;
    if (hw_background_timers(test->server->app) > test->timers)
        fail_test("hewn_test_free", "a timer was not stopped");
    hewn_server_stop(test->server);
    if (hewn_server_wait(test->server) < 0 || hewn_server_numbers(test->server).in_flight > 0)
        fail_test("hewn_test_free",
                  "a request was not finished: a handler has not returned, or holds a promise");
    hewn_server_free(test->server);
    hw_arena_fini(&test->jar);
    hw_arena_fini(&test->arena);
    hw_sys_free(test->raw);
    hw_sys_free(test);
}

/* The request. */

static hw_text keep(hewn_test *test, hw_text text)
{
    hw_text copy;
    if (!hw_arena_copy_text(&test->arena, text, &copy))
        fail_test("hewn_test_send", "out of memory");
    return copy;
}

static bool is_path_match(hw_text target, hw_text path)
{
    target = hw_text_upto(target, hw_text_find(target, '?'));
    if (!hw_text_has_prefix(target, path))
        return false;
    return target.length == path.length || hw_text_has_suffix(path, HW_TEXT("/")) ||
           target.at[path.length] == '/';
}

/* RFC 6265 5.4 */
static void put_cookies(const hewn_test *test, hw_buffer *out, hw_text target)
{
    const char *before = "Cookie: ";
    for (const hw_test_cookie *cookie = test->cookies; cookie; cookie = cookie->next) {
        if (!is_path_match(target, cookie->path))
            continue;
        hw_buffer_put_string(out, before);
        hw_buffer_put(out, cookie->name);
        hw_buffer_put_char(out, '=');
        hw_buffer_put(out, cookie->value);
        before = "; ";
    }
    if (before[0] == ';')
        hw_buffer_put_string(out, "\r\n");
}

static bool has_line(hw_text lines, hw_text name)
{
    hw_cursor cursor = hw_cursor_of(lines);
    while (!hw_cursor_at_end(&cursor)) {
        hw_text line = hw_cursor_take_until(&cursor, '\n');
        (void)hw_cursor_take(&cursor, '\n');
        if (hw_text_equal_nocase(hw_text_upto(line, hw_text_find(line, ':')), name))
            return true;
    }
    return false;
}

/* Each on a line of its own, whatever ends them. */
static void put_lines(hw_buffer *out, hw_text lines)
{
    hw_cursor cursor = hw_cursor_of(lines);
    while (!hw_cursor_at_end(&cursor)) {
        hw_text line = hw_cursor_take_until(&cursor, '\n');
        (void)hw_cursor_take(&cursor, '\n');
        if (hw_text_has_suffix(line, HW_TEXT("\r")))
            line.length--;
        if (line.length == 0)
            continue;
        hw_buffer_put(out, line);
        hw_buffer_put_string(out, "\r\n");
    }
}

static size_t count_request_room(const hewn_test *test, hw_text line, hw_text lines, hw_text body)
{
    enum { OWN_BYTES = 200 };
    size_t room = OWN_BYTES + line.length + lines.length * 2 + body.length;
    for (const hw_test_cookie *cookie = test->cookies; cookie; cookie = cookie->next)
        room += cookie->name.length + cookie->value.length + 4;
    return room;
}

static hw_text spell_request(hewn_test *test, hw_text line, hw_text lines, hw_text body)
{
    size_t room = count_request_room(test, line, lines, body);
    hw_buffer out = hw_buffer_over(hw_arena_alloc(&test->arena, room), room);
    if (!out.at)
        fail_test("hewn_test_send", "out of memory");
    hw_buffer_put(&out, line);
    hw_buffer_put_string(&out, " HTTP/1.1\r\n");
    if (!has_line(lines, HW_TEXT("Host")))
        hw_buffer_put_string(&out, "Host: localhost\r\n");
    put_lines(&out, lines);
    put_cookies(test, &out, hw_text_from(line, hw_text_find(line, ' ') + 1));
    if (body.at && !has_line(lines, HW_TEXT("Content-Length")) &&
        !has_line(lines, HW_TEXT("Transfer-Encoding")))
        hw_buffer_put_format(&out, "Content-Length: %zu\r\n", body.length);
    hw_buffer_put_string(&out, "\r\n");
    hw_buffer_put(&out, body);
    hw_assert(!out.overflow);
    return hw_buffer_text(&out);
}

/* The answer. */

/* The line up to CRLF; false: it has not come whole. */
static bool take_answer_line(hw_cursor *cursor, hw_text *ret_line)
{
    hw_cursor at = *cursor;
    *ret_line = hw_cursor_take_until(&at, '\n');
    if (!hw_cursor_take(&at, '\n') || !hw_text_has_suffix(*ret_line, HW_TEXT("\r")))
        return false;
    ret_line->length--;
    *cursor = at;
    return true;
}

static bool read_answer_head(hewn_test *test, hw_cursor *cursor)
{
    hw_text line;
    hewn_response *answer = &test->answer;
    if (!take_answer_line(cursor, &line))
        return false;
    uint64_t status = 0;
    (void)hw_number_decimal(hw_text_upto(hw_text_from(line, sizeof "HTTP/1.1" - 1 + 1), 3),
                            &status);
    hw_response_start(answer, (int)status);
    while (take_answer_line(cursor, &line)) {
        if (line.length == 0)
            return true;
        size_t colon = hw_text_find(line, ':');
        hw_response_add_name(answer, keep(test, hw_text_upto(line, colon)),
                             keep(test, hw_text_trim(hw_text_from(line, colon + 1))));
    }
    return false;
}

static const hw_field *find_answer_field(const hewn_response *answer, hw_text name)
{
    return hw_fields_find_name(hw_fields_of(answer->fields, answer->field_count), name);
}

/* RFC 9112 7.1; no trailers are kept. False: not whole yet. */
static bool read_chunks(hw_cursor *cursor, hw_buffer *out)
{
    hw_text line, data;
    uint64_t size;
    while (take_answer_line(cursor, &line)) {
        if (!hw_number_hex(line, &size))
            fail_test("hewn_test_send", "the server sent a bad chunk");
        if (size == 0)
            break;
        if (!hw_cursor_take_bytes(cursor, (size_t)size, &data) || !take_answer_line(cursor, &line))
            return false;
        hw_buffer_put(out, data);
    }
    bool is_over = false;
    while (!is_over && take_answer_line(cursor, &line))
        is_over = line.length == 0;
    return is_over;
}

/* RFC 9112 6.3. False: not whole yet. */
static bool read_answer_body(hewn_test *test, bool is_head, hw_cursor *cursor, hw_text *ret_body)
{
    const hewn_response *answer = &test->answer;
    const hw_field *length = find_answer_field(answer, HW_TEXT("Content-Length"));
    uint64_t bytes;
    *ret_body = (hw_text){0};
    if (is_head || !hw_status_has_content(answer->status))
        return true;
    if (length)
        return hw_number_decimal(length->value, &bytes) &&
               hw_cursor_take_bytes(cursor, (size_t)bytes, ret_body);
    if (!find_answer_field(answer, HW_TEXT("Transfer-Encoding"))) {
        *ret_body = hw_cursor_rest(cursor);
        return hw_pipe_is_ended(test->client);
    }
    hw_buffer out = hw_buffer_over(hw_arena_alloc(&test->arena, test->length), test->length);
    if (!out.at)
        fail_test("hewn_test_send", "out of memory");
    bool is_whole = read_chunks(cursor, &out);
    *ret_body = hw_buffer_text(&out);
    return is_whole;
}

/* From the beginning: tests are not in a hurry, and their answers short. */
static bool read_answer(hewn_test *test, bool is_head)
{
    hw_text body;
    hw_cursor cursor = hw_cursor_of((hw_text){test->raw, test->length});
    do {
        if (!read_answer_head(test, &cursor))
            return false;
    } while (test->answer.status < 200);
    if (!read_answer_body(test, is_head, &cursor, &body))
        return false;
    hw_response_set_bytes(&test->answer, keep(test, body));
    return true;
}

static void take_received(hewn_test *test)
{
    hw_text bytes = hw_pipe_received(test->client);
    if (test->capacity - test->length < bytes.length) {
        test->capacity = (test->length + bytes.length) * 2;
        test->raw = hw_sys_resize(test->raw, test->capacity);
        if (!test->raw)
            fail_test("hewn_test_send", "out of memory");
    }
    if (bytes.length > 0)
        memcpy(test->raw + test->length, bytes.at, bytes.length);
    test->length += bytes.length;
    hw_pipe_take(test->client, bytes.length);
}

/* Cookies: RFC 6265 5.2 and 5.3, as far as one host in one test goes. */

static void drop_cookie(hewn_test *test, hw_text name, hw_text path)
{
    for (hw_test_cookie **at = &test->cookies; *at; at = &(*at)->next)
        if (hw_text_equal((*at)->name, name) && hw_text_equal((*at)->path, path)) {
            *at = (*at)->next;
            return;
        }
}

static void set_cookie(hewn_test *test, hw_text field)
{
    hw_cursor cursor = hw_cursor_of(field);
    hw_text pair = hw_cursor_take_until(&cursor, ';'), path = HW_TEXT("/");
    bool is_over = false;
    while (hw_cursor_take(&cursor, ';')) {
        hw_text attribute = hw_text_trim(hw_cursor_take_until(&cursor, ';'));
        size_t equals = hw_text_find(attribute, '=');
        hw_text name = hw_text_upto(attribute, equals), value = hw_text_from(attribute, equals + 1);
        if (hw_text_equal_nocase(name, HW_TEXT("Path")) && hw_text_has_prefix(value, HW_TEXT("/")))
            path = value;
        if (hw_text_equal_nocase(name, HW_TEXT("Max-Age")))
            is_over = hw_text_has_prefix(value, HW_TEXT("-")) || hw_text_equal(value, HW_TEXT("0"));
    }
    size_t equals = hw_text_find(pair, '=');
    hw_text name = hw_text_trim(hw_text_upto(pair, equals));
    hw_text value = hw_text_trim(hw_text_from(pair, equals + 1));
    drop_cookie(test, name, path);
    if (is_over)
        return;
    hw_test_cookie *cookie = hw_arena_alloc_zeroed(&test->jar, 1, sizeof *cookie);
    if (!cookie || !hw_arena_copy_text(&test->jar, name, &cookie->name) ||
        !hw_arena_copy_text(&test->jar, value, &cookie->value) ||
        !hw_arena_copy_text(&test->jar, path, &cookie->path))
        fail_test("hewn_test_send", "out of memory");
    cookie->next = test->cookies;
    test->cookies = cookie;
}

static void keep_cookies(hewn_test *test)
{
    const hewn_response *answer = &test->answer;
    for (size_t i = 0; i < answer->field_count; i++)
        if (hw_text_equal_nocase(answer->fields[i].name, HW_TEXT("Set-Cookie")))
            set_cookie(test, answer->fields[i].value);
}

static void connect_client(hewn_test *test)
{
    hw_stream *stream;
    hw_pipe *client;
    if (hw_pipe_new(PIPE_BYTES, &client, &stream) < 0)
        fail_test("hewn_test_send", "out of memory");
    if (hw_server_connect(test->server->core, stream) < 0)
        fail_test("hewn_test_send", "out of memory");
    test->client = client;
}

static void forget_answer(hewn_test *test)
{
    hw_arena_reset(&test->arena);
    test->answer = (hewn_response){.arena = &test->arena};
    test->json = NULL;
    test->length = 0;
}

hewn_response *hewn_test_send(hewn_test *test, const char *line, const char *headers,
                              const char *body)
{
    hw_text request_line = hw_text_of(line);
    bool is_head = hw_text_has_prefix(request_line, HW_TEXT("HEAD "));
    forget_answer(test);
    connect_client(test);
    hw_text request = spell_request(test, request_line, hw_text_of(headers), hw_text_of(body));
    if (hw_pipe_send(test->client, request) < 0)
        fail_test(line, "out of memory");
    while (!read_answer(test, is_head)) {
        if (hw_pipe_is_ended(test->client) && hw_pipe_received(test->client).length == 0)
            fail_test(line, "the server closed the connection without a whole answer");
        hw_server_poll(test->server->core, hw_pipe_received(test->client).length > 0 ? 0 : -1);
        take_received(test);
    }
    hw_pipe_close(test->client);
    test->client = NULL;
    hw_server_poll(test->server->core, 0);
    keep_cookies(test);
    return &test->answer;
}

static const hewn_json *read_answer_json(hewn_test *test)
{
    hw_text type, parameters;
    hw_body_problem problem;
    const char *said = hewn_response_header(&test->answer, "Content-Type");
    hw_element_split(hw_text_of(said), &type, &parameters);
    if (!hw_body_is_json(type))
        return NULL;
    hw_text body = {0};
    body.at = hewn_response_body(&test->answer, &body.length);
    const hewn_json *json = hw_json_read(&test->arena, body, &problem);
    if (!json && problem.status >= 500)
        fail_test("hewn_test_json", problem.words);
    return json;
}

const hewn_json *hewn_test_json(hewn_test *test)
{
    if (!test->json)
        test->json = read_answer_json(test);
    return test->json;
}

const void *hewn_response_body(const hewn_response *rs, size_t *ret_length)
{
    const hw_source *body = rs->body;
    if (ret_length)
        *ret_length = body && body->at ? (size_t)body->length : 0;
    return body && body->at ? body->at : "";
}

const char *hewn_response_header(const hewn_response *rs, const char *name)
{
    const hw_field *field = find_answer_field(rs, hw_text_of(name));
    return field ? field->value.at : NULL;
}
