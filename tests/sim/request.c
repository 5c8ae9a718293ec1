/* Draws requests. Each kind is a function that writes what is sent beside what must be answered. */
#include "sim/request.h"

#include <string.h>

#include "sim/files.h"
#include "sim/world.h"

#define HOST "Host: sim\r\n"

static void put(sim_request *request, const char *string)
{
    talk_bytes_put_string(&request->bytes, string);
}

static void put_end(sim_request *request)
{
    if (sim_chance(5))
        put(request, "User-Agent: simulated\r\nX-Long: ................................\r\n");
    put(request, "\r\n");
}

static void expect_said(sim_request *request, const char *word, unsigned id)
{
    request->proof = SIM_PROOF_TEXT;
    talk_bytes_put_format(&request->content, "%s %u\n", word, id);
}

/* Letters that are this request's alone, and no line ends. */
static void draw_body(talk_bytes *body, unsigned id, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char letter = (char)('a' + (id * 7 + i * (id % 11 + 1) + i / 26) % 26);
        talk_bytes_put(body, (hw_text){&letter, 1});
    }
}

static void put_chunked(sim_request *request, hw_text body)
{
    while (body.length > 0) {
        size_t part = sim_draw_between(1, body.length);
        talk_bytes_put_format(&request->bytes, "%zX%s\r\n", part, sim_chance(20) ? ";a=b" : "");
        talk_bytes_put(&request->bytes, hw_text_upto(body, part));
        put(request, "\r\n");
        body = hw_text_from(body, part);
    }
    put(request, sim_chance(20) ? "0\r\nX-Trailer: t\r\n\r\n" : "0\r\n\r\n");
}

/* A POST of these bytes, in either framing. */
static void put_post(sim_request *request, const char *path, hw_text body, const char *fields)
{
    bool is_chunked = sim_chance(50);
    talk_bytes_put_format(&request->bytes, "POST %s HTTP/1.1\r\n" HOST "%s", path, fields);
    if (is_chunked)
        put(request, "Transfer-Encoding: chunked\r\n");
    else
        talk_bytes_put_format(&request->bytes, "Content-Length: %zu\r\n", body.length);
    put_end(request);
    if (*fields && (is_chunked || body.length > 0))
        request->pause_at = request->bytes.length;
    if (is_chunked)
        put_chunked(request, body);
    else
        talk_bytes_put(&request->bytes, body);
}

static void draw_say(sim_request *request, unsigned id)
{
    request->kind = "say";
    talk_bytes_put_format(&request->bytes, "GET /say?id=%u HTTP/1.1\r\n" HOST, id);
    put_end(request);
    expect_said(request, "said", id);
}

static void draw_sleep(sim_request *request, unsigned id)
{
    const char *path = sim_chance(50) ? "sleep" : "block";
    request->kind = "sleep";
    talk_bytes_put_format(&request->bytes, "GET /%s?id=%u&ms=%u HTTP/1.1\r\n" HOST, path, id,
                          (unsigned)sim_draw(sim_chance(20) ? 3000 : 12));
    put_end(request);
    expect_said(request, "slept", id);
}

static void draw_slow(sim_request *request, unsigned id)
{
    request->kind = "slow";
    talk_bytes_put_format(&request->bytes, "GET /slow?id=%u HTTP/1.1\r\n" HOST, id);
    put_end(request);
    expect_said(request, "slow", id);
}

static void draw_file(sim_request *request, unsigned id)
{
    size_t index = sim_file_draw();
    const sim_file *file = sim_file_at(index);
    request->kind = "file";
    request->to_head = sim_chance(20);
    request->proof = SIM_PROOF_FILE;
    request->file = index;
    request->length = file->bytes;
    talk_bytes_put_format(&request->bytes, "%s /%s?id=%u HTTP/1.1\r\n" HOST,
                          request->to_head ? "HEAD" : "GET", file->name, id);
    if (file->bytes > 0 && !request->to_head && sim_chance(30)) {
        request->kind = "range";
        request->first = sim_draw(file->bytes);
        request->length = sim_draw_between(1, file->bytes - request->first);
        request->status = 206;
        talk_bytes_put_format(&request->bytes, "Range: bytes=%llu-%llu\r\n",
                              (unsigned long long)request->first,
                              (unsigned long long)(request->first + request->length - 1));
    } else if (sim_chance(10)) {
        request->kind = "condition";
        put(request, "If-None-Match: *\r\n");
        request->status = 304;
        request->proof = SIM_PROOF_NONE;
    }
    put_end(request);
}

static void draw_absent(sim_request *request, unsigned id)
{
    request->kind = "absent";
    request->status = 404;
    talk_bytes_put_format(&request->bytes, "GET /no%u/such HTTP/1.1\r\n" HOST, id);
    put_end(request);
}

static void draw_redirect(sim_request *request, unsigned id)
{
    request->kind = "redirect";
    request->status = 308;
    talk_bytes_put_format(&request->bytes, "GET /dir?id=%u HTTP/1.1\r\n" HOST, id);
    put_end(request);
}

static void draw_echo(sim_request *request, unsigned id)
{
    const char *fields = sim_chance(15) ? "Expect: 100-continue\r\n" : "";
    const char *path = sim_chance(70) ? "/echo" : "/upload";
    size_t most = path[1] == 'u' ? 3000 : sim_chance(10) ? 150000 : 5000;
    request->kind = path + 1;
    draw_body(&request->content, id, sim_draw(most));
    request->proof = SIM_PROOF_TEXT;
    put_post(request, path, talk_bytes_text(&request->content), fields);
}

static void draw_buffer(sim_request *request, unsigned id)
{
    talk_bytes body = {0};
    request->kind = "count";
    draw_body(&body, id, 1 + sim_draw(20000));
    put_post(request, "/count", talk_bytes_text(&body), "");
    request->proof = SIM_PROOF_TEXT;
    talk_bytes_put_format(&request->content, "%zu bytes\n", body.length);
    talk_bytes_free(&body);
}

static void draw_unwanted(sim_request *request, unsigned id)
{
    talk_bytes body = {0};
    const char *path = sim_chance(50) ? "/none" : "/early";
    request->kind = path + 1;
    draw_body(&body, id, sim_draw(sim_chance(10) ? 60000 : 3000));
    put_post(request, path, talk_bytes_text(&body), "");
    request->proof = SIM_PROOF_TEXT;
    talk_bytes_put_format(&request->content, "%s\n", path + 1);
    talk_bytes_free(&body);
}

static void draw_too_long(sim_request *request, unsigned id)
{
    talk_bytes body = {0};
    request->kind = "too long";
    request->status = 413;
    request->closes = true;
    draw_body(&body, id, 3001 + sim_draw(4000));
    put_post(request, "/upload", talk_bytes_text(&body), "");
    talk_bytes_free(&body);
}

static void draw_pieces(sim_request *request, unsigned id)
{
    static const struct {
        const char *path, *content;
    } ways[] = {{"/chunks", "onetwothree"}, {"/hints", "hinted\n"}, {"/prepared", "prepared\n"}};
    size_t way = sim_draw(sizeof ways / sizeof *ways);
    request->kind = ways[way].path + 1;
    talk_bytes_put_format(&request->bytes, "GET %s?id=%u HTTP/1.1\r\n" HOST, ways[way].path, id);
    put_end(request);
    request->proof = SIM_PROOF_TEXT;
    talk_bytes_put_string(&request->content, ways[way].content);
}

static void draw_null(sim_request *request, unsigned id)
{
    request->kind = "null";
    request->status = 500;
    talk_bytes_put_format(&request->bytes, "GET /null?id=%u HTTP/1.1\r\n" HOST, id);
    put_end(request);
}

/* What ends its connection. */

static void draw_failing(sim_request *request, unsigned id)
{
    static const char *const paths[] = {"/fail", "/fail-chunked", "/short"};
    request->kind = "failing";
    request->closes = request->is_cut = true;
    talk_bytes_put_format(&request->bytes, "GET %s?id=%u HTTP/1.1\r\n" HOST, paths[sim_draw(3)],
                          id);
    put_end(request);
}

static void draw_closing(sim_request *request, unsigned id)
{
    bool is_old = sim_chance(40);
    request->kind = "closing";
    request->closes = true;
    talk_bytes_put_format(&request->bytes, "GET /say?id=%u HTTP/1.%d\r\n" HOST "%s", id,
                          is_old ? 0 : 1, is_old ? "" : "Connection: close\r\n");
    put_end(request);
    expect_said(request, "said", id);
}

static void draw_tunnel(sim_request *request, unsigned id)
{
    request->kind = "tunnel";
    request->status = 101;
    request->closes = request->is_tunnel = true;
    talk_bytes_put_format(
        &request->bytes,
        "GET /tunnel?id=%u HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: echo\r\n", id);
    put_end(request);
    request->pause_at = request->bytes.length;
    draw_body(&request->content, id, sim_draw(sim_chance(20) ? 200000 : 3000));
    talk_bytes_put(&request->bytes, talk_bytes_text(&request->content));
}

/* An echo that breaks in its middle: with a status, or, when some of it has left, without an
 * end. */
static void draw_broken_echo(sim_request *request, unsigned id)
{
    talk_bytes body = {0};
    request->kind = "broken echo";
    request->other_status = 400;
    request->closes = request->is_cut = true;
    draw_body(&body, id, sim_draw_between(1, 300));
    put(request, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    talk_bytes_put_format(&request->bytes, "%zx\r\n", body.length);
    talk_bytes_put(&request->bytes, talk_bytes_text(&body));
    put(request, sim_chance(50) ? "\n\r\n" : "\r\nxyz\r\n");
    talk_bytes_free(&body);
}

static void draw_broken(sim_request *request, unsigned id)
{
    static const struct {
        const char *bytes;
        int status;
    } ways[] = {
        {"GET /say\r\n\r\n", 400},
        {"GET /say HTTP/1.1\r\n\r\n", 400},
        {"GET /say HTTP/1.1\nHost: sim\n\n", 400},
        {"GET /say HTTP/1.1\r\nHost: sim\r\nHost: other\r\n\r\n", 400},
        {"GET /say HTTP/2.0\r\nHost: sim\r\n\r\n", 505},
        {"GET /../x HTTP/1.1\r\nHost: sim\r\nContent-Length: 3\r\n\r\nabc", 400},
        {"G(T /say HTTP/1.1\r\nHost: sim\r\n\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\n"
         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST /echo HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
         400},
        {"POST /echo HTTP/1.1\r\nHost: sim\r\nContent-Length: +5\r\n\r\nabcde", 400},
        {"POST /echo HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"POST /echo HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET /say HTTP/1.1\r\nHost: sim\r\nX: a\r\n folded\r\n\r\n", 400},
        {"GET /say HTTP/1.1\r\nHost: sim\r\nX: a\rb\r\n\r\n", 400},
        {"POST /upload HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nabcde\r\n",
         400},
        {"POST /upload HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nabcdeGET /say?id=hidden HTTP/1.1\r\n",
         400},
    };
    size_t way = sim_draw(sizeof ways / sizeof *ways);
    (void)id;
    request->kind = "broken";
    request->closes = true;
    request->status = ways[way].status;
    put(request, ways[way].bytes);
}

static void (*const going_on[])(sim_request *, unsigned) = {
    draw_say,      draw_say,    draw_file,   draw_file,     draw_file,
    draw_echo,     draw_echo,   draw_absent, draw_slow,     draw_buffer,
    draw_unwanted, draw_pieces, draw_null,   draw_redirect, draw_sleep,
};
static void (*const ending[])(sim_request *, unsigned) = {
    draw_failing, draw_closing, draw_tunnel,   draw_broken_echo,
    draw_broken,  draw_broken,  draw_too_long,
};

void sim_request_draw(sim_request *request, unsigned id, bool is_last)
{
    *request = (sim_request){.status = 200};
    if (is_last && sim_chance(50))
        ending[sim_draw(sizeof ending / sizeof *ending)](request, id);
    else
        going_on[sim_draw(sizeof going_on / sizeof *going_on)](request, id);
}

void sim_request_free(sim_request *request)
{
    talk_bytes_free(&request->bytes);
    talk_bytes_free(&request->content);
}
