#include "kit/compress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/later.h"
#include "http/coding.h"
#include "kit/encoder.h"
#include "unit/app/asker.h"
#include "unit/http/http_harness.h"
#include "unit/kit/decode.h"

enum { WORDS_BYTES = 1000, BIG_BYTES = 100 * 1000 };

static const char *const types[] = {
    "text/plain",           "text/html; charset=utf-8",     "TEXT/CSS",
    "application/json",     "application/problem+json",     "image/svg+xml",
    "application/wasm",     "Application/JavaScript ; x=y", "font/ttf",
    "message/partial+text",
};
static const char *const other_types[] = {
    "",
    "image/png",
    "application/zip",
    "application/jsonx",
    "font/woff2",
    "application/octet-stream",
    "video/mp4",
    "text",
    "+json",
    "x",
};

HW_TEST(compress_fits_what_is_text)
{
    for (size_t i = 0; i < ROWS(types); i++)
        assert_true(hw_compress_fits(hw_text_of(types[i])));
    for (size_t i = 0; i < ROWS(other_types); i++)
        assert_false(hw_compress_fits(hw_text_of(other_types[i])));
}

/* What a handler is to answer. */
typedef struct compress_state {
    int status;
    const char *type;
    size_t length;
    const char *name, *value; /* a field; NULL: none */
    const char *tag;
    const char *inner_vary; /* said by a middleware further in; NULL: none is there */
} compress_state;

static char *repeat_words(char *text, size_t length)
{
    static const char words[] = "to be or not to be, that is the question; ";
    for (size_t i = 0; i < length; i++)
        text[i] = words[i % (sizeof words - 1)];
    return text;
}

static hewn_response *make_said(hewn_request *rq, const compress_state *state)
{
    static char text[BIG_BYTES];
    hewn_response *rs = hewn_bytes(rq, state->status, state->type,
                                   repeat_words(text, state->length), state->length);
    if (state->name)
        hewn_set(rs, state->name, state->value);
    if (state->tag)
        (void)hewn_etag(rs, state->tag);
    return rs;
}

static hewn_response *say_words(hewn_request *rq)
{
    return make_said(rq, hewn_state(rq));
}

static void begin_said(hewn_later later, hewn_request *rq, void *arg)
{
    const compress_state *state = arg;
    (void)hewn_later_send(later, make_said(rq, state));
}

static hewn_response *promise_said(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_said, hewn_state(rq));
}

static int fill_said(hewn_out *out, void *arg)
{
    compress_state *state = arg;
    char text[500];
    if (hewn_write(out, repeat_words(text, sizeof text), sizeof text) < 0)
        return -ENOMEM;
    return --state->length > 0 ? HEWN_MORE : HEWN_DONE;
}

static hewn_response *pull_said(hewn_request *rq)
{
    compress_state *state = hewn_state(rq);
    state->length = 3;
    return hewn_pull(rq, 200, "text/plain", fill_said, state);
}

static hewn_response *put_field(hewn_request *rq, hewn_next *next, void *arg)
{
    hewn_response *rs = hewn_run_next(rq, next);
    const compress_state *state = arg;
    hewn_set(rs, "Vary", state->inner_vary);
    return rs;
}

static const compress_state usual = {.status = 200, .type = "text/plain", .length = WORDS_BYTES};

static void open_compress(app_asker *asker, compress_state *state, const char *inner_vary)
{
    hewn_app *app = hewn_new(.state = state);
    HW_NEED(app);
    hewn_use(app, hewn_mw_compress, NULL);
    state->inner_vary = inner_vary;
    if (inner_vary)
        hewn_use(app, put_field, state);
    hewn_get(app, "/", say_words);
    hewn_get(app, "/later", promise_said);
    hewn_get(app, "/pull", pull_said);
    asker_open(asker, app);
}

static int ask_accepting(app_asker *asker, const char *method, const char *target,
                         const char *accept)
{
    hw_field field = {HW_TEXT("Accept-Encoding"), hw_text_of(accept), HW_FIELD_ACCEPT_ENCODING};
    int status = ask_with(asker, method, target, hw_fields_of(&field, accept ? 1 : 0), NULL);
    if (hw_test_is_struck() && asker->exchange.response.body == NULL)
        hw_test_out_of_memory();
    return status;
}

static hw_text body_of_answer(const app_asker *asker)
{
    const hw_source *body = asker->exchange.response.body;
    return (hw_text){body->at, (size_t)body->length};
}

static void expect_words(const app_asker *asker, hw_coding coding, hw_text coded, size_t length)
{
    static char decoded[BIG_BYTES], text[BIG_BYTES];
    bool is_ended;
    hw_buffer out = HW_BUFFER_OVER(decoded);
    (void)asker;
    assert_true(decode(coding, coded, &out, &is_ended) && is_ended);
    assert_int_equal(out.length, length);
    assert_memory_equal(decoded, repeat_words(text, length), length);
}

#define assert_field(asker, name, value)                                                           \
    assert_string_equal(hewn_or(answer_field(asker, name), "none"), value)

static bool can_code(hw_coding coding)
{
    return hw_encoder_codings() & HW_CODING_BIT(coding);
}

HW_TEST(compress_gives_what_is_wanted_most)
{
    static const struct {
        const char *accept, *coding;
        hw_coding chosen;
    } rows[] = {
        {"gzip", "gzip", HW_CODING_GZIP},       {"gzip, br", "br", HW_CODING_BR},
        {"gzip, zstd", "zstd", HW_CODING_ZSTD}, {"gzip;q=1, br;q=0.9", "gzip", HW_CODING_GZIP},
        {"x-gzip", "gzip", HW_CODING_GZIP},
    };
    compress_state state = usual;
    app_asker asker;
    if (!can_code(HW_CODING_GZIP) || !can_code(HW_CODING_BR) || !can_code(HW_CODING_ZSTD))
        skip();
    open_compress(&asker, &state, NULL);
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(ask_accepting(&asker, "GET", "/", rows[i].accept), 200);
        assert_field(&asker, "Vary", "Accept-Encoding");
        if (!answer_field(&asker, "Content-Encoding") && hw_test_is_struck())
            continue; /* as it is, without memory */
        assert_field(&asker, "Content-Encoding", rows[i].coding);
        assert_true(body_of_answer(&asker).length < 200);
        expect_words(&asker, rows[i].chosen, body_of_answer(&asker), WORDS_BYTES);
        assert_int_equal(ask_accepting(&asker, "HEAD", "/", rows[i].accept), 200);
        if (hw_test_is_struck())
            continue;
        assert_field(&asker, "Content-Encoding", rows[i].coding);
        assert_true(body_of_answer(&asker).length < 200);
    }
    asker_close(&asker);
}

HW_TEST(compress_leaves_it_as_it_is_for_who_wants_it_so)
{
    static const char *const accepts[] = {
        NULL, "", "identity", "gzip;q=0", "deflate", "*;q=0", "identity;q=0, deflate", "gzip;q=x"};
    compress_state state = usual;
    app_asker asker;
    open_compress(&asker, &state, NULL);
    for (size_t i = 0; i < ROWS(accepts); i++) {
        assert_int_equal(ask_accepting(&asker, "GET", "/", accepts[i]), 200);
        assert_field(&asker, "Vary", "Accept-Encoding");
        assert_field(&asker, "Content-Encoding", "none");
        assert_int_equal(body_of_answer(&asker).length, WORDS_BYTES);
    }
    asker_close(&asker);
}

/* These could have had a coding, or never will. */
HW_TEST(compress_leaves_alone_what_it_must)
{
    static const struct {
        compress_state state;
        const char *vary;
    } rows[] = {
        {{.status = 200, .type = "text/plain", .length = 255}, "Accept-Encoding"},
        {{.status = 404, .type = "text/plain", .length = 255}, "Accept-Encoding"},
        {{.status = 200, .type = "image/png", .length = 1000}, "none"},
        {{.status = 206, .type = "text/plain", .length = 1000}, "none"},
        {{.status = 200,
          .type = "text/plain",
          .length = 1000,
          .name = "Cache-Control",
          .value = "max-age=5, No-Transform"},
         "none"},
        {{.status = 200,
          .type = "text/plain",
          .length = 1000,
          .name = "Content-Encoding",
          .value = "deflate"},
         "none"},
        {{.status = 200,
          .type = "text/plain",
          .length = 1000,
          .name = "Content-Range",
          .value = "lines 1-2/3"},
         "none"},
        {{.status = 200,
          .type = "text/plain",
          .length = 1000,
          .name = "Content-Digest",
          .value = "sha-256=:AA==:"},
         "none"},
        {{.status = 204, .type = "text/plain", .length = 0}, "none"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        compress_state state = rows[i].state;
        app_asker asker;
        open_compress(&asker, &state, NULL);
        int status = ask_accepting(&asker, "GET", "/", "gzip, br, zstd");
        assert_true(status == state.status || hw_test_is_struck());
        if (status == state.status) {
            assert_field(&asker, "Vary", rows[i].vary);
            assert_field(&asker, "Content-Encoding",
                         state.name && !strcmp(state.name, "Content-Encoding") ? "deflate"
                                                                               : "none");
        }
        asker_close(&asker);
    }
}

HW_TEST(compress_joins_what_the_answer_varies_by)
{
    static const char *const rows[][2] = {
        {"Origin", "Origin, Accept-Encoding"},
        {"*", "*"},
        {"accept-encoding", "accept-encoding"},
        {"Origin, Accept-Encoding", "Origin, Accept-Encoding"},
        {"", "Accept-Encoding"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        compress_state state = usual;
        app_asker asker;
        open_compress(&asker, &state, rows[i][0]);
        int status = ask_accepting(&asker, "GET", "/", "gzip");
        assert_true(status == 200 || hw_test_is_struck());
        if (status == 200 && rows[i][0][0]) {
            assert_field(&asker, "Vary", rows[i][1]);
            assert_int_equal(answer_field_count(&asker, "Vary"), 1);
        }
        asker_close(&asker);
    }
}

static int ask_if_none_match(app_asker *asker, const char *accept, const char *tag)
{
    const hw_field fields[] = {
        {HW_TEXT("Accept-Encoding"), hw_text_of(accept), HW_FIELD_ACCEPT_ENCODING},
        {HW_TEXT("If-None-Match"), hw_text_of(tag), HW_FIELD_IF_NONE_MATCH}};
    return ask_with(asker, "GET", "/", hw_fields_of(fields, 2), NULL);
}

/* RFC 9110 8.8.1, 15.4.5: a coding makes the tag weak, for the 304 too; without one it stays. */
HW_TEST(compress_weakens_a_tag)
{
    compress_state state = usual;
    app_asker asker;
    if (!can_code(HW_CODING_GZIP))
        skip();
    state.tag = "\"v1\"";
    open_compress(&asker, &state, NULL);
    if (ask_accepting(&asker, "GET", "/", "gzip") != 200 || hw_test_is_struck()) {
        asker_close(&asker);
        hw_test_out_of_memory();
    }
    assert_field(&asker, "ETag", "W/\"v1\"");
    ask_accepting(&asker, "GET", "/", "identity");
    assert_field(&asker, "ETag", "\"v1\"");
    int status = ask_if_none_match(&asker, "gzip", "W/\"v1\"");
    if (status == 304) {
        assert_field(&asker, "ETag", "W/\"v1\"");
        assert_field(&asker, "Vary", "Accept-Encoding");
    }
    assert_true(status == 304 || hw_test_is_struck());
    status = ask_if_none_match(&asker, "gzip", "\"v1\"");
    if (status == 304)
        assert_field(&asker, "ETag", "\"v1\"");
    assert_true(status == 304 || hw_test_is_struck());
    state.tag = "W/\"v1\"";
    ask_accepting(&asker, "GET", "/", "gzip");
    assert_field(&asker, "ETag", "W/\"v1\"");
    asker_close(&asker);
}

HW_TEST(compress_takes_ranges_away)
{
    compress_state state = usual;
    app_asker asker;
    if (!can_code(HW_CODING_GZIP))
        skip();
    state.name = "Accept-Ranges";
    state.value = "bytes";
    open_compress(&asker, &state, NULL);
    ask_accepting(&asker, "GET", "/", "gzip");
    assert_true(!answer_field(&asker, "Accept-Ranges") || hw_test_is_struck());
    ask_accepting(&asker, "GET", "/", "identity");
    assert_field(&asker, "Accept-Ranges", "bytes");
    asker_close(&asker);
}

/* With its fields, whoever has set them. */
HW_TEST(compress_waits_for_a_promise)
{
    compress_state state = usual;
    app_asker asker;
    hw_exchange *exchange = &asker.exchange;
    if (!can_code(HW_CODING_GZIP))
        skip();
    open_compress(&asker, &state, "Origin");
    ask_accepting(&asker, "GET", "/later", "gzip");
    if (exchange->response.kind == HW_RESPONSE_LATER)
        (void)exchange->promise->begin(exchange->promise, exchange);
    if (!hw_test_is_struck()) {
        assert_field(&asker, "Vary", "Origin, Accept-Encoding");
        assert_field(&asker, "Content-Encoding", "gzip");
        expect_words(&asker, HW_CODING_GZIP, body_of_answer(&asker), WORDS_BYTES);
    }
    asker_close(&asker);
}

/* A feeder goes on feeding. For a stream br is the last choice, as it takes most memory. */
HW_TEST(compress_codes_what_is_written_while_it_is_sent)
{
    static const struct {
        const char *accept, *coding;
    } rows[] = {{"gzip, br, zstd", "zstd"}, {"gzip, br", "gzip"}, {"br", "br"}, {"none", "none"}};
    compress_state state = usual;
    app_asker asker;
    if (!can_code(HW_CODING_GZIP) || !can_code(HW_CODING_BR) || !can_code(HW_CODING_ZSTD))
        skip();
    open_compress(&asker, &state, NULL);
    for (size_t i = 0; i < ROWS(rows); i++) {
        int status = ask_accepting(&asker, "GET", "/pull", rows[i].accept);
        assert_true(status == 200 || hw_test_is_struck());
        if (hw_test_is_struck())
            continue;
        assert_field(&asker, "Content-Encoding", rows[i].coding);
        assert_field(&asker, "Vary", "Accept-Encoding");
    }
    asker_close(&asker);
}

HW_TEST(compress_stops_when_memory_is_tight)
{
    compress_state state = usual;
    app_asker asker;
    hw_budget budget = {.max = 1000 * 1000};
    open_compress(&asker, &state, NULL);
    hw_budget_add(&budget, 950 * 1000);
    hw_arena_charge(&asker.exchange.arena, &budget);
    ask_accepting(&asker, "GET", "/", "gzip");
    assert_field(&asker, "Content-Encoding", "none");
    asker_close(&asker);
    hw_budget_give(&budget, 950 * 1000);
    assert_int_equal(hw_budget_used(&budget), 0);
}
