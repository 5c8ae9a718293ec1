/* An application around which hewn_mw_compress stands, for real clients:
 *     coding-server FILE OPTION...
 *
 *   /text/N    N bytes of text at once            /later/N   the same, promised
 *   /noise/N   N bytes that do not get smaller    /file      FILE, by hewn_send_file
 *   /pull/N    N lines, a fill                    /stream/N  N lines, a stream
 *   /events    an event, and the next when /tell was asked
 *   /tagged    a text with a strong tag           /echo      the body of the request
 *   /broken    a stream that breaks off
 *   /secret    a text that says no-transform
 *
 * The options are those of hewn_main. */
#include "hewn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

typedef struct coding_state {
    const char *file;
    atomic_uint told;
} coding_state;

/* Bytes of a text are told by their place alone, so that clients can check them. */
static void fill_text(char *text, size_t length)
{
    static const char words[] = "the quick brown fox jumps over the lazy dog and back again\n";
    for (size_t i = 0; i < length; i++)
        text[i] = words[(i + i / 1000) % (sizeof words - 1)];
}

static void fill_noise(char *text, size_t length)
{
    unsigned long long state = 1;
    for (size_t i = 0; i < length; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        text[i] = (char)(state >> 56);
    }
}

static hewn_response *say_bytes(hewn_request *rq, void (*fill)(char *text, size_t length))
{
    size_t length = (size_t)hewn_param_int(rq, "n");
    char *text = hewn_alloc(rq, length);
    if (!text)
        return hewn_errno(rq, ENOMEM);
    fill(text, length);
    return hewn_bytes(rq, 200, "text/plain; charset=utf-8", text, length);
}

static hewn_response *say_text(hewn_request *rq)
{
    return say_bytes(rq, fill_text);
}

static hewn_response *say_noise(hewn_request *rq)
{
    return say_bytes(rq, fill_noise);
}

static void begin_text(hewn_later later, hewn_request *rq, void *arg)
{
    (void)arg;
    (void)hewn_later_send(later, say_text(rq));
}

static hewn_response *promise_text(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_text, NULL);
}

typedef struct line_count {
    hewn_int next, end;
} line_count;

static int fill_lines(hewn_out *out, void *arg)
{
    line_count *lines = arg;
    for (int i = 0; i < 100 && lines->next < lines->end; i++, lines->next++)
        if (hewn_writef(out, "line %lld of %lld\n", lines->next, lines->end) < 0)
            return -EPIPE;
    return lines->next < lines->end ? HEWN_MORE : HEWN_DONE;
}

static int stream_lines(hewn_out *out, void *arg)
{
    int said;
    while ((said = fill_lines(out, arg)) == HEWN_MORE)
        continue;
    return said;
}

static int break_off(hewn_out *out, void *arg)
{
    (void)arg;
    return hewn_writef(out, "a line, and no more\n") < 0 ? -EPIPE : -EIO;
}

static hewn_response *say_broken(hewn_request *rq)
{
    return hewn_stream(rq, 200, "text/csv", break_off, NULL);
}

static line_count *count_lines(hewn_request *rq)
{
    line_count *lines = hewn_alloc(rq, sizeof *lines);
    if (lines)
        lines->end = hewn_param_int(rq, "n");
    return lines;
}

static hewn_response *pull_lines(hewn_request *rq)
{
    line_count *lines = count_lines(rq);
    return lines ? hewn_pull(rq, 200, "text/csv", fill_lines, lines) : hewn_errno(rq, ENOMEM);
}

static hewn_response *send_lines(hewn_request *rq)
{
    line_count *lines = count_lines(rq);
    return lines ? hewn_stream(rq, 200, "text/csv", stream_lines, lines) : hewn_errno(rq, ENOMEM);
}

/* An event, whenever there is one more to be told. */
static int tell_events(hewn_out *out, void *arg)
{
    hewn_request *rq = hewn_out_request(out);
    coding_state *state = hewn_state(rq);
    (void)arg;
    for (unsigned told = 0; told <= 2; told++) {
        char number[16];
        while (atomic_load(&state->told) < told)
            if (hewn_sleep(rq, 5) < 0)
                return 0;
        snprintf(number, sizeof number, "%u", told);
        int error = hewn_sse(out, "tell", number, "there is something new");
        if (error < 0)
            return error;
    }
    return 0;
}

static hewn_response *send_events(hewn_request *rq)
{
    return hewn_stream(rq, 200, "text/event-stream", tell_events, NULL);
}

static hewn_response *tell_one(hewn_request *rq)
{
    coding_state *state = hewn_state(rq);
    atomic_fetch_add(&state->told, 1);
    return hewn_empty(rq, 204);
}

static hewn_response *send_file(hewn_request *rq)
{
    const coding_state *state = hewn_state(rq);
    return hewn_send_file(rq, AT_FDCWD, state->file);
}

static hewn_response *say_tagged(hewn_request *rq)
{
    char text[2000];
    hewn_response *rs = hewn_empty(rq, 200);
    if (hewn_etag(rs, "\"v1\""))
        return rs;
    fill_text(text, sizeof text);
    rs = hewn_bytes(rq, 200, "text/plain", text, sizeof text);
    (void)hewn_etag(rs, "\"v1\"");
    return rs;
}

static hewn_response *say_secret(hewn_request *rq)
{
    char text[2000];
    fill_text(text, sizeof text);
    hewn_response *rs = hewn_bytes(rq, 200, "text/plain", text, sizeof text);
    hewn_set(rs, "Cache-Control", "no-transform");
    return rs;
}

static hewn_response *say_back(hewn_request *rq)
{
    size_t length;
    const void *body = hewn_body(rq, &length);
    return hewn_bytes(rq, 200, "text/plain", body, length);
}

int main(int argc, char **argv)
{
    coding_state state = {.file = argc > 1 ? argv[1] : ""};
    hewn_app *app = hewn_new(.state = &state);
    hewn_use(app, hewn_mw_compress, NULL);
    hewn_get(app, "/text/{n:int}", say_text);
    hewn_get(app, "/noise/{n:int}", say_noise);
    hewn_get(app, "/later/{n:int}", promise_text);
    hewn_get(app, "/pull/{n:int}", pull_lines);
    hewn_get(app, "/stream/{n:int}", send_lines);
    hewn_get(app, "/broken", say_broken);
    hewn_get(app, "/events", send_events);
    hewn_post(app, "/tell", tell_one);
    hewn_get(app, "/file", send_file);
    hewn_get(app, "/tagged", say_tagged);
    hewn_get(app, "/secret", say_secret);
    hewn_post(app, "/echo", say_back, .body_bytes_max = 4 * 1024 * 1024);
    return hewn_main(app, argc - 1, argv + 1);
}
