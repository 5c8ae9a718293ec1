/* Bodies as they come and go: curl -N 127.0.0.1:9000/clock */
#include "hewn.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

struct squares {
    hewn_int next, end;
};

/* Asked whenever the client can take more: a million lines need no memory, and no thread. */
static int write_squares(hewn_out *out, void *arg)
{
    struct squares *squares = arg;
    for (int lines = 0; lines < 500 && squares->next < squares->end; lines++, squares->next++)
        hewn_writef(out, "%lld,%lld\r\n", squares->next, squares->next * squares->next);
    return squares->next < squares->end ? HEWN_MORE : HEWN_DONE;
}

static hewn_response *list_squares(hewn_request *rq)
{
    struct squares *squares = hewn_alloc(rq, sizeof *squares);
    if (!squares)
        return hewn_errno(rq, ENOMEM);
    squares->end = hewn_param_int(rq, "n");
    return hewn_pull(rq, 200, "text/csv", write_squares, squares);
}

/* Any number of listeners: each is asked once a second. */
static int tell_time(hewn_out *out, void *arg)
{
    char now[32];
    (void)arg;
    snprintf(now, sizeof now, "%lld", (long long)time(NULL));
    if (hewn_stopping(hewn_out_request(out)))
        return HEWN_DONE;
    int error = hewn_sse(out, "tick", NULL, now);
    return error < 0 ? error : HEWN_WAIT;
}

static hewn_response *clock_events(hewn_request *rq)
{
    return hewn_pull(rq, 200, "text/event-stream", tell_time, NULL);
}

/* Written as a straight line, on a thread of its own while it lasts. */
static int report_progress(hewn_out *out, void *arg)
{
    for (int percent = 0; percent <= 100; percent += 10) {
        char text[8];
        snprintf(text, sizeof text, "%d", percent);
        int error = hewn_sse(out, "progress", NULL, text);
        if (error < 0)
            return error;
        if (hewn_sleep(arg, 200) < 0)
            return hewn_sse(out, "stopped", NULL, "");
    }
    return hewn_sse(out, "done", NULL, "");
}

static hewn_response *run_job(hewn_request *rq)
{
    return hewn_stream(rq, 200, "text/event-stream", report_progress, rq);
}

/* A body of any length, in one piece of memory. */
static hewn_response *count_bytes(hewn_request *rq)
{
    char piece[16 * 1024];
    hewn_int total = 0, lines = 0;
    ssize_t count;
    while ((count = hewn_read(rq, piece, sizeof piece)) > 0) {
        for (ssize_t i = 0; i < count; i++)
            lines += piece[i] == '\n';
        total += count;
    }
    return hewn_jsonf(rq, 200, "{'bytes': %lld, 'lines': %lld}", total, lines);
}

int main(int argc, char **argv)
{
    hewn_app *app = hewn_new();
    hewn_get(app, "/squares/{n:int}", list_squares);
    hewn_get(app, "/clock", clock_events);
    hewn_get(app, "/job", run_job);
    hewn_post(app, "/count", count_bytes, .body = HEWN_BODY_STREAM,
              .body_bytes_max = HEWN_UNLIMITED);
    return hewn_main(app, argc, argv);
}
