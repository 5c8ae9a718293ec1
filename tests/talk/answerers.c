/* Small answerers, one for each thing an application may do with an exchange. */
#include "talk/answerers.h"

#include "exchange/exchange.h"
#include "http/query.h"
#include "kit/compress.h"

#define BUFFER_BYTES_MAX 1000

typedef struct talk_path {
    const char *path;
    hw_body_plan plan;
    void (*answer)(hw_exchange *exchange);
    void (*quick)(hw_exchange *exchange, size_t slot);
} talk_path;

/* Pieces one after the other, then an end or a failure. */
typedef struct piece_source {
    hw_source source;
    const char *const *pieces; /* NULL-terminated */
    hw_pull last;
    hw_fields trailers;
} piece_source;

static hw_pull pull_piece(hw_source *source, size_t want, hw_piece *ret_piece)
{
    piece_source *pieces = (piece_source *)source;
    (void)want; /* they are short */
    *ret_piece = (hw_piece){0};
    if (*pieces->pieces) {
        ret_piece->bytes = hw_text_of(*pieces->pieces++);
        return HW_PULL_BYTES;
    }
    ret_piece->trailers = pieces->trailers;
    return pieces->last;
}

static void drop_pieces(hw_source *source)
{
    (void)source;
}

static const hw_source_ops piece_ops = {.pull = pull_piece, .drop = drop_pieces};

static void answer_pieces(hw_exchange *exchange, uint64_t length, const char *const *pieces,
                          hw_pull last, hw_fields trailers)
{
    piece_source *source = hw_arena_alloc(&exchange->arena, sizeof *source);
    if (source)
        *source = (piece_source){{.ops = &piece_ops, .length = length}, pieces, last, trailers};
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, source ? &source->source : NULL);
}

/* Long enough to be worth it, and with a tag. */
static void answer_coded(hw_exchange *exchange)
{
    static const char line[] = "a line of sixty bytes, which is the same from end to end:\r\n";
    static const char *const pieces[] = {line, line, line, line, line, NULL};
    static const hw_field trailer = {HW_TEXT_INIT("Checksum"), HW_TEXT_INIT("5"), HW_FIELD_OTHER};
    answer_pieces(exchange, 5 * (sizeof line - 1), pieces, HW_PULL_END, hw_fields_of(&trailer, 1));
    hw_response_add(&exchange->response, HW_FIELD_CONTENT_TYPE, HW_TEXT("text/plain"));
    hw_response_add(&exchange->response, HW_FIELD_ETAG, HW_TEXT("\"five\""));
    hw_response_add_name(&exchange->response, HW_TEXT("Accept-Ranges"), HW_TEXT("bytes"));
    hw_compress_response(exchange);
}

static void answer_chunks(hw_exchange *exchange)
{
    static const char *const pieces[] = {"one", "two", "three", NULL};
    static const hw_field trailer = {HW_TEXT_INIT("Checksum"), HW_TEXT_INIT("11"), HW_FIELD_OTHER};
    answer_pieces(exchange, HW_LENGTH_UNKNOWN, pieces, HW_PULL_END, hw_fields_of(&trailer, 1));
}

static const char *const ten[] = {"01234", "56789", NULL};

static void answer_fail(hw_exchange *exchange)
{
    answer_pieces(exchange, 100, ten, HW_PULL_FAILED, (hw_fields){0});
}

static void answer_fail_chunked(hw_exchange *exchange)
{
    answer_pieces(exchange, HW_LENGTH_UNKNOWN, ten, HW_PULL_FAILED, (hw_fields){0});
}

static void answer_short(hw_exchange *exchange)
{
    answer_pieces(exchange, 10, ten + 1, HW_PULL_END, (hw_fields){0});
}

/* "N bytes\n", the content, "\n", and a line for every trailer field. */
static void answer_buffer(hw_exchange *exchange)
{
    const hw_request *request = &exchange->request;
    hw_response *response = &exchange->response;
    size_t room = 64 + request->content.length;
    for (size_t i = 0; i < request->trailers.count; i++)
        room += request->trailers.at[i].name.length + request->trailers.at[i].value.length + 4;
    hw_response_start(response, 200);
    char *memory = hw_arena_alloc(&exchange->arena, room);
    hw_buffer buffer = hw_buffer_over(memory, memory ? room : 0);
    hw_buffer_put_decimal(&buffer, request->content.length);
    hw_buffer_put_string(&buffer, " bytes\n");
    hw_buffer_put(&buffer, request->content);
    hw_buffer_put_string(&buffer, "\n");
    for (size_t i = 0; i < request->trailers.count; i++) {
        hw_buffer_put(&buffer, request->trailers.at[i].name);
        hw_buffer_put_string(&buffer, ": ");
        hw_buffer_put(&buffer, request->trailers.at[i].value);
        hw_buffer_put_string(&buffer, "\n");
    }
    response->is_broken |= buffer.overflow;
    hw_response_set_bytes(response, hw_buffer_text(&buffer));
}

static void answer_none(hw_exchange *exchange)
{
    hw_response_plain(&exchange->response, 200, "none");
}

static void answer_early(hw_exchange *exchange)
{
    hw_response_plain(&exchange->response, 200, "early");
}

/* Reads a body to its end, then becomes the number of its bytes. */
typedef struct count_source {
    hw_source source;
    hw_source *body;
    uint64_t bytes;
    bool is_told;
    char words[32];
} count_source;

static hw_pull pull_count(hw_source *source, size_t want, hw_piece *ret_piece)
{
    count_source *count = (count_source *)source;
    hw_pull pull = HW_PULL_END;
    while (count->body && (pull = hw_source_pull(count->body, want, ret_piece)) == HW_PULL_BYTES)
        count->bytes += ret_piece->bytes.length;
    *ret_piece = (hw_piece){0};
    if (pull != HW_PULL_END || count->is_told)
        return pull;
    hw_buffer buffer = HW_BUFFER_OVER(count->words);
    hw_buffer_put_decimal(&buffer, count->bytes);
    hw_buffer_put_string(&buffer, " bytes\n");
    ret_piece->bytes = hw_buffer_text(&buffer);
    count->is_told = true;
    return HW_PULL_BYTES;
}

static void drop_count(hw_source *source)
{
    hw_source_drop(((count_source *)source)->body);
}

static const hw_source_ops count_ops = {.pull = pull_count, .drop = drop_count};

static void answer_count(hw_exchange *exchange)
{
    count_source *count = hw_arena_alloc_zeroed(&exchange->arena, 1, sizeof *count);
    hw_response_start(&exchange->response, 200);
    if (count) {
        count->source = (hw_source){.ops = &count_ops, .length = HW_LENGTH_UNKNOWN};
        count->body = hw_exchange_take_body(exchange);
    }
    hw_response_take_body(&exchange->response, count ? &count->source : NULL);
}

static void answer_tunnel(hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    hw_text wanted = hw_fields_single(exchange->request.fields, HW_FIELD_UPGRADE);
    if (!hw_text_equal_nocase(wanted, HW_TEXT("echo"))) {
        hw_response_plain(response, 426, NULL);
        hw_response_add(response, HW_FIELD_UPGRADE, HW_TEXT("echo"));
        return;
    }
    hw_source *sent = hw_exchange_start_tunnel(exchange, 101);
    if (!sent)
        return;
    hw_response_add(response, HW_FIELD_UPGRADE, HW_TEXT("echo"));
    hw_response_take_body(response, sent);
}

static void answer_hints(hw_exchange *exchange)
{
    static const hw_field link = {HW_TEXT_INIT("Link"), HW_TEXT_INIT("</a.css>; rel=preload"),
                                  HW_FIELD_OTHER};
    exchange->carrier->inform(exchange, 103, hw_fields_of(&link, 1));
    hw_response_plain(&exchange->response, 200, "hinted");
}

static void answer_empty(hw_exchange *exchange)
{
    hw_response_start(&exchange->response, 204);
}

static void answer_nothing(hw_exchange *exchange)
{
    (void)exchange;
}

static void answer_split(hw_exchange *exchange)
{
    hw_response_plain(&exchange->response, 200, "split");
    hw_response_add_name(&exchange->response, HW_TEXT("X-Split"), HW_TEXT("a\r\nX-Other: b"));
}

/* The value of the query's pair "last", or what there is without it. */
static void answer_query(hw_exchange *exchange)
{
    hw_text value = HW_TEXT("none");
    hw_query_find(&exchange->arena, exchange->request.target.query, HW_TEXT("last"), &value);
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, value);
}

/* What a loop keeps of /prepared. */
typedef struct prepared_state {
    hw_arena memos;
    hw_prepared prepared;
    unsigned answers;
} prepared_state;

static void answer_prepared(hw_exchange *exchange, size_t slot)
{
    prepared_state *state = hw_exchange_local(exchange, slot);
    hw_response *response = &exchange->response;
    char *count = hw_arena_format(&exchange->arena, "%u", ++state->answers);
    hw_response_start_prepared(response, &state->prepared,
                               hw_source_memory(&exchange->arena, HW_TEXT("prepared\n")));
    if (count)
        hw_response_add_name(response, HW_TEXT("X-Count"), hw_text_of(count));
}

static int init_prepared(void *local, void *arg, const hw_share *share)
{
    static const hw_field fields[] = {
        {HW_TEXT_INIT("Content-Type"), HW_TEXT_INIT("text/plain"), HW_FIELD_CONTENT_TYPE},
        {HW_TEXT_INIT("Content-Length"), HW_TEXT_INIT("9"), HW_FIELD_CONTENT_LENGTH},
    };
    prepared_state *state = local;
    (void)arg, (void)share;
    hw_arena_init(&state->memos, 512, 512);
    hw_prepared_init(&state->prepared, 200, hw_fields_of(fields, 2), &state->memos);
    return 0;
}

static void fini_prepared(void *local)
{
    prepared_state *state = local;
    hw_arena_fini(&state->memos);
}

hw_local talk_answerers_local(void)
{
    return (hw_local){.size = sizeof(prepared_state), .init = init_prepared, .fini = fini_prepared};
}

static const talk_path paths[] = {
    {"/buffer", {HW_PLAN_BUFFER, BUFFER_BYTES_MAX}, answer_buffer, NULL},
    {"/none", {HW_PLAN_NONE, UINT64_MAX}, answer_none, NULL},
    {"/early", {HW_PLAN_STREAM, UINT64_MAX}, answer_early, NULL},
    {"/count", {HW_PLAN_STREAM, UINT64_MAX}, answer_count, NULL},
    {"/coded", {HW_PLAN_NONE, UINT64_MAX}, answer_coded, NULL},
    {"/chunks", {HW_PLAN_NONE, UINT64_MAX}, answer_chunks, NULL},
    {"/query", {HW_PLAN_NONE, UINT64_MAX}, answer_query, NULL},
    {"/prepared", {HW_PLAN_NONE, UINT64_MAX}, NULL, answer_prepared},
    {"/tunnel", {HW_PLAN_NONE, UINT64_MAX}, answer_tunnel, NULL},
    {"/hints", {HW_PLAN_NONE, UINT64_MAX}, answer_hints, NULL},
    {"/empty", {HW_PLAN_NONE, UINT64_MAX}, answer_empty, NULL},
    {"/null", {HW_PLAN_NONE, UINT64_MAX}, answer_nothing, NULL},
    {"/fail", {HW_PLAN_NONE, UINT64_MAX}, answer_fail, NULL},
    {"/fail-chunked", {HW_PLAN_NONE, UINT64_MAX}, answer_fail_chunked, NULL},
    {"/short", {HW_PLAN_NONE, UINT64_MAX}, answer_short, NULL},
    {"/split", {HW_PLAN_NONE, UINT64_MAX}, answer_split, NULL},
};

static const talk_path *find_path(const hw_exchange *exchange)
{
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (hw_text_equal(exchange->request.path.text, hw_text_of(paths[i].path)))
            return &paths[i];
    return NULL;
}

static hw_body_plan plan_path(void *arg, hw_exchange *exchange)
{
    const talk_answerers *answerers = arg;
    const talk_path *path = find_path(exchange);
    return path ? path->plan : answerers->rest->plan(answerers->rest->arg, exchange);
}

static bool answer_path_quickly(void *arg, hw_exchange *exchange)
{
    const talk_answerers *answerers = arg;
    const talk_path *path = find_path(exchange);
    if (!path)
        return answerers->rest->quick && answerers->rest->quick(answerers->rest->arg, exchange);
    if (path->quick)
        path->quick(exchange, answerers->slot);
    return path->quick != NULL;
}

static void answer_path(void *arg, hw_exchange *exchange)
{
    const talk_answerers *answerers = arg;
    const talk_path *path = find_path(exchange);
    if (path)
        path->answer(exchange);
    else
        answerers->rest->answer(answerers->rest->arg, exchange);
}

void talk_answerers_init(talk_answerers *answerers, const hw_answerer *rest, size_t slot)
{
    *answerers = (talk_answerers){
        {plan_path, answer_path_quickly, answer_path, answerers, NULL}, rest, slot};
}
