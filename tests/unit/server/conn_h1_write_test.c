#include "seam/seam.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "unit/server/rig.h"
#include "unit/sys/folder.h"

#include <errno.h>
#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define PIECE(literal)                                                                             \
    {                                                                                              \
        .bytes = HW_TEXT_INIT(literal)                                                             \
    }
#define ANSWER_BYTES_MAX 4096

static const hw_piece three_pieces[] = {PIECE("one"), PIECE("seventeen bytes .."), PIECE("3")};
static const hw_field trailer_fields[] = {FIELD(ETAG, "\"t\"")};

static rig_body bodies[16];
static unsigned bodies_made;

static rig_body *next_body(void)
{
    return &bodies[bodies_made++ % ROWS(bodies)];
}

/* Every body that was made has been dropped once. */
static bool are_bodies_dropped(void)
{
    for (unsigned i = 0; i < ROWS(bodies) && i < bodies_made; i++)
        if (bodies[i].drops != 1)
            return false;
    return true;
}

static void answer_length(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(next_body(), three_pieces, 3, 22, HW_PULL_END));
}

static void answer_chunks(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, rig_body_init(next_body(), three_pieces, 3,
                                                             HW_LENGTH_UNKNOWN, HW_PULL_END));
    bodies[(bodies_made - 1) % ROWS(bodies)].trailers = hw_fields_of(trailer_fields, 1);
}

static hw_piece file_pieces[3];

/* A file between two pieces of memory. */
static void answer_file(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(next_body(), file_pieces, 3, 12, HW_PULL_END));
}

static void answer_file_in_chunks(void *arg, hw_exchange *exchange)
{
    answer_file(arg, exchange);
    bodies[(bodies_made - 1) % ROWS(bodies)].source.length = HW_LENGTH_UNKNOWN;
}

static void inform_and_answer(void *arg, hw_exchange *exchange)
{
    static const hw_field link = {HW_TEXT_INIT("Link"), HW_TEXT_INIT("</a.css>"), HW_FIELD_OTHER};
    exchange->carrier->inform(exchange, 103, hw_fields_of(&link, 1));
    answer_chunks(arg, exchange);
}

static int open_ten_bytes(void)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "f", "0123456789");
    int file = hw_sys_open(hw_test_folder_path(&folder, "f"));
    assert_true(file >= 0);
    hw_test_folder_fini(&folder);
    file_pieces[0] = (hw_piece){.bytes = HW_TEXT("<")};
    file_pieces[1] = (hw_piece){.file = {.fd = file, .length = 10}};
    file_pieces[2] = (hw_piece){.bytes = HW_TEXT(">")};
    return file;
}

/* A stream that takes so many bytes, and no more until the test says so. */
static struct {
    const hw_stream_ops *real;
    hw_stream_ops ops; /* the real ones but for those that write */
    size_t step;
} narrow;

static ssize_t write_narrow(hw_stream *stream, const struct iovec *parts, size_t count, bool more)
{
    struct iovec cut[64];
    size_t left = narrow.step, used = 0;
    assert_in_range(count, 1, 64);
    for (; used < count && left > 0; used++) {
        cut[used] = parts[used];
        if (cut[used].iov_len > left)
            cut[used].iov_len = left;
        left -= cut[used].iov_len;
    }
    ssize_t sent = narrow.real->write(stream, cut, used, more);
    stream->writable = false;
    return sent;
}

static ssize_t send_file_narrow(hw_stream *stream, int file, uint64_t offset, size_t bytes)
{
    if (!stream->writable)
        return -EAGAIN;
    ssize_t sent =
        narrow.real->send_file(stream, file, offset, bytes < narrow.step ? bytes : narrow.step);
    stream->writable = false;
    return sent;
}

/* Opens the stream's narrow door until nothing more comes through. */
static void drain_narrow(test_rig *rig, hw_pipe *client)
{
    for (size_t before = SIZE_MAX; before != hw_pipe_received(client).length;) {
        before = hw_pipe_received(client).length;
        NEED_TRUE(!hw_pipe_is_closed(client));
        hw_stream *stream = rig_conn(rig)->conn.stream;
        stream->writable = true;
        stream->on_ready(stream->arg);
        hw_loop_settle(&rig->lane.loop);
    }
}

static size_t take_answer(hw_pipe *client, char answer[ANSWER_BYTES_MAX])
{
    hw_text got = hw_pipe_received(client);
    NEED_TRUE(got.length <= ANSWER_BYTES_MAX);
    if (got.length > 0)
        memcpy(answer, got.at, got.length);
    hw_pipe_take(client, got.length);
    return got.length;
}

/* Whatever part of the output a write takes, the client gets the same bytes. */
static void check_requests_at_every_split(void (*answer)(void *, hw_exchange *),
                                          const char *requests)
{
    char whole[ANSWER_BYTES_MAX], parts[ANSWER_BYTES_MAX];
    test_rig rig = {.answerer = {.answer = answer}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 100000);
    rig_send(&rig, client, requests);
    size_t length = take_answer(client, whole);
    NEED_TRUE(length > 100 && !hw_pipe_is_closed(client));
    narrow.real = rig_conn(&rig)->conn.stream->ops;
    narrow.ops = *narrow.real;
    narrow.ops.write = write_narrow;
    narrow.ops.send_file = send_file_narrow;
    rig_conn(&rig)->conn.stream->ops = &narrow.ops;
    for (narrow.step = 1; narrow.step <= length; narrow.step++) {
        rig_send(&rig, client, requests);
        drain_narrow(&rig, client);
        size_t got = take_answer(client, parts);
        NEED_TRUE(got == length);
        assert_memory_equal(parts, whole, length);
    }
    NEED_TRUE(rig.lane.counts.exchanges == 0 && are_bodies_dropped());
    hw_pipe_close(client);
    rig_close(&rig);
}

static void check_every_split(void (*answer)(void *, hw_exchange *))
{
    check_requests_at_every_split(answer, GET GET);
}

HW_TEST(write_of_known_length_at_every_split)
{
    check_every_split(answer_length);
}

HW_TEST(write_in_chunks_at_every_split)
{
    check_every_split(answer_chunks);
}

HW_TEST(write_of_a_file_at_every_split)
{
    int file = open_ten_bytes();
    check_every_split(answer_file);
    hw_sys_close(file);
}

HW_TEST(write_of_a_file_in_chunks_at_every_split)
{
    int file = open_ten_bytes();
    check_every_split(answer_file_in_chunks);
    hw_sys_close(file);
}

static void answer_cut_file(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(next_body(), &file_pieces[1], 1, 14, HW_PULL_END));
}

HW_TEST(write_of_a_file_that_has_been_cut_breaks_off)
{
    int file = open_ten_bytes();
    test_rig rig = {.answerer = {.answer = answer_cut_file}};
    file_pieces[1].file.length = 14;
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 100000);
    unsigned sizes = hw_seam_calls("size");
    rig_send(&rig, client, GET GET);
    NEED_TRUE(hw_pipe_is_closed(client));
    hw_text got = hw_pipe_received(client);
    NEED_TRUE(got.length > 14 && memcmp(got.at + got.length - 14, "\r\n\r\n0123456789", 14) == 0);
    assert_int_equal(hw_seam_calls("size"), sizes + 1);
    assert_false(rig.record[0].is_complete);
    hw_pipe_close(client);
    rig_close(&rig);
    hw_sys_close(file);
}

HW_TEST(write_of_an_interim_response_at_every_split)
{
    check_every_split(inform_and_answer);
}

HW_TEST(write_says_exactly_this)
{
    int file = open_ten_bytes();
    static const struct {
        void (*answer)(void *, hw_exchange *);
        const char *request, *response;
    } rows[] = {
        {answer_length, GET,
         "HTTP/1.1 200 OK\r\nContent-Length: 22\r\n" RIG_DATE "\r\noneseventeen bytes ..3"},
        {answer_chunks, GET,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" RIG_DATE "\r\n"
         "3\r\none\r\n12\r\nseventeen bytes ..\r\n1\r\n3\r\n0\r\nETag: \"t\"\r\n\r\n"},
        {answer_chunks, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" RIG_DATE "\r\n"},
        {answer_chunks, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET,
         "HTTP/1.1 200 OK\r\n" RIG_DATE "Connection: close\r\n\r\noneseventeen bytes ..3"},
        {answer_file_in_chunks, GET,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" RIG_DATE "\r\n"
         "1\r\n<\r\na\r\n0123456789\r\n1\r\n>\r\n0\r\n\r\n"},
        {inform_and_answer, "GET / HTTP/1.0\r\n\r\n",
         "HTTP/1.1 200 OK\r\n" RIG_DATE "Connection: close\r\n\r\noneseventeen bytes ..3"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        test_rig rig = {.answerer = {.answer = rows[i].answer}};
        rig_open(&rig);
        hw_pipe *client = rig_connect(&rig, 100000);
        rig_send(&rig, client, rows[i].request);
        hw_text got = hw_pipe_received(client);
        /* Names are compared as they are known here. */
        NEED_TRUE(got.length == strlen(rows[i].response));
        assert_int_equal(strncasecmp(got.at, rows[i].response, got.length), 0);
        assert_true(are_bodies_dropped());
        hw_pipe_close(client);
        rig_close(&rig);
    }
    hw_sys_close(file);
}

/* What a full socket leaves unsent of a long head is kept once, not once a write. */
static void answer_long_head(void *arg, hw_exchange *exchange)
{
    static char value[20000];
    (void)arg;
    memset(value, 'v', sizeof value);
    hw_response_start(&exchange->response, 200);
    hw_response_add_name(&exchange->response, HW_TEXT("X-Long"), (hw_text){value, sizeof value});
}

HW_TEST(write_of_a_long_head_to_a_slow_client)
{
    test_rig rig = {.answerer = {.answer = answer_long_head}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 64);
    rig_send(&rig, client, GET);
    size_t got = 0;
    while (hw_pipe_received(client).length > 0) {
        got += hw_pipe_received(client).length;
        hw_pipe_take(client, hw_pipe_received(client).length);
        hw_loop_settle(&rig.lane.loop);
    }
    NEED_TRUE(got > 20000);
    assert_false(hw_pipe_is_closed(client));
    assert_in_range(rig_conn(&rig)->conn.lane->spare_count, 1, 1);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* A body without end, a kilobyte a piece. */
static char endless_bytes[1024];
static uint64_t endless_left;
static unsigned endless_pulls;

static hw_pull pull_endless(hw_source *source, size_t want, hw_piece *ret_piece)
{
    (void)source;
    assert_true(want >= sizeof endless_bytes);
    endless_pulls++;
    *ret_piece = (hw_piece){0};
    if (endless_left-- == 0)
        return HW_PULL_END;
    ret_piece->bytes = (hw_text){endless_bytes, sizeof endless_bytes};
    return HW_PULL_BYTES;
}

static void drop_endless(hw_source *source)
{
    (void)source;
}

static const hw_source_ops endless_ops = {.pull = pull_endless, .drop = drop_endless};
static hw_source endless = {.ops = &endless_ops, .length = HW_LENGTH_UNKNOWN};

static void answer_endless(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, &endless);
}

HW_TEST(write_pulls_only_what_the_client_takes)
{
    test_rig rig = {.answerer = {.answer = answer_endless}};
    endless_left = UINT64_MAX;
    endless_pulls = 0;
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 5000);
    rig_send(&rig, client, GET);
    NEED_TRUE(endless_pulls > 0);
    NEED_TRUE(endless_pulls >= 4 && endless_pulls <= 6);
    hw_pipe_take(client, 3000);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(endless_pulls >= 6 && endless_pulls <= 9);
    hw_pipe_close(client);
    hw_loop_settle(&rig.lane.loop);
    assert_int_equal(rig.shared.connections, 0);
    rig_close(&rig);
}

/* Every chunk is cut by the full pipe; nothing of it may stay behind in the arena. */
HW_TEST(write_of_a_long_stream_does_not_grow)
{
    test_rig rig = {.answerer = {.answer = answer_endless}};
    endless_left = 20000;
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 700);
    rig_send(&rig, client, GET);
    NEED_TRUE(rig.lane.counts.exchanges == 1);
    h1_exchange *e = HW_MEMBER(hw_list_first(&rig_conn(&rig)->queue), h1_exchange, link);
    size_t held = e->exchange.arena.held, got = 0;
    while (hw_pipe_received(client).length > 0) {
        got += hw_pipe_received(client).length;
        hw_pipe_take(client, hw_pipe_received(client).length);
        hw_loop_settle(&rig.lane.loop);
        NEED_TRUE(!hw_pipe_is_closed(client));
        assert_true(e->exchange.arena.held <= held + 8192);
    }
    NEED_TRUE(got > 20000 * sizeof endless_bytes);
    assert_false(hw_pipe_is_closed(client));
    hw_pipe_close(client);
    rig_close(&rig);
}

static hw_prepared prepared_head;
static hw_field prepared_fields[2];

static void answer_prepared(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start_prepared(&exchange->response, &prepared_head,
                               hw_source_memory(&exchange->arena, HW_TEXT("hi")));
    hw_response_add(&exchange->response, HW_FIELD_VARY, HW_TEXT("accept"));
}

static hw_text usual_body;

static void answer_usual(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_response_start_prepared(&exchange->response, &prepared_head,
                               hw_source_memory(&exchange->arena, usual_body));
}

static void answer_usual_and_other(void *arg, hw_exchange *exchange)
{
    answer_usual(arg, exchange);
    if (hw_text_equal(exchange->request.path.text, HW_TEXT("/other")))
        hw_response_add(&exchange->response, HW_FIELD_VARY, HW_TEXT("accept"));
}

static void check_usual_at_every_split(hw_text body, const char *requests)
{
    char length[32];
    hw_buffer buffer = HW_BUFFER_OVER(length);
    hw_buffer_put_decimal(&buffer, body.length);
    prepared_fields[0] =
        (hw_field){HW_TEXT("Content-Length"), hw_buffer_text(&buffer), HW_FIELD_CONTENT_LENGTH};
    prepared_fields[1] = (hw_field){HW_TEXT("Content-Type"), HW_TEXT("text/plain; charset=utf-8"),
                                    HW_FIELD_CONTENT_TYPE};
    usual_body = body;
    hw_arena memos;
    hw_arena_init(&memos, 512, 512);
    hw_prepared_init(&prepared_head, 200, hw_fields_of(prepared_fields, 2), &memos);
    check_requests_at_every_split(answer_usual_and_other, requests);
    hw_arena_fini(&memos);
}

/* Copied whole behind what is gathered; the first of all is built the long way. */
HW_TEST(write_of_a_usual_answer_at_every_split)
{
    check_usual_at_every_split(HW_TEXT("a short body, known from the start"), GET GET);
}

HW_TEST(write_of_usual_answers_among_others_at_every_split)
{
    check_usual_at_every_split(HW_TEXT("short"), GET "GET /other HTTP/1.1\r\nHost: a\r\n\r\n" GET);
}

HW_TEST(write_of_an_empty_usual_answer_at_every_split)
{
    check_usual_at_every_split(HW_TEXT(""), GET GET);
}

/* Too long to be copied, so that it lies between two parts of the output. */
HW_TEST(write_of_a_longer_body_from_memory_at_every_split)
{
    static char body[1100];
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)('a' + i % 26);
    check_usual_at_every_split((hw_text){body, sizeof body}, GET GET);
}

/* The same bytes the long way, which makes the memo, and the short one; and what is asked otherwise
 * is still answered otherwise. */
HW_TEST(write_of_a_usual_answer_says_exactly_this)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Y: z\r\n" RIG_DATE;
    static const struct {
        const char *request, *end;
    } rows[] = {
        {GET, "\r\nhi"},
        {GET, "\r\nhi"},
        {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n"},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive\r\n\r\nhi"},
        {GET, "\r\nhi"},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close\r\n\r\nhi"},
    };
    test_rig rig = {.answerer = {.answer = answer_usual}};
    prepared_fields[0] =
        (hw_field){HW_TEXT("Content-Length"), HW_TEXT("2"), HW_FIELD_CONTENT_LENGTH};
    prepared_fields[1] = (hw_field){HW_TEXT("X-Y"), HW_TEXT("z"), HW_FIELD_OTHER};
    usual_body = HW_TEXT("hi");
    hw_arena memos;
    hw_arena_init(&memos, 512, 512);
    hw_prepared_init(&prepared_head, 200, hw_fields_of(prepared_fields, 2), &memos);
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    for (size_t i = 0; i < ROWS(rows); i++) {
        char expected[512];
        hw_buffer buffer = HW_BUFFER_OVER(expected);
        hw_buffer_put_string(&buffer, head);
        hw_buffer_put_string(&buffer, rows[i].end);
        rig_send(&rig, client, rows[i].request);
        rig_expect(&rig, client, hw_buffer_string(&buffer));
    }
    NEED_TRUE(hw_pipe_is_closed(client));
    hw_pipe_close(client);
    rig_close(&rig);
    hw_arena_fini(&memos);
}

HW_TEST(write_of_a_prepared_head_is_encoded_once)
{
    static const char expected[] = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 2\r\n"
                                   "Vary: accept\r\n" RIG_DATE "\r\nhi";
    test_rig rig = {.answerer = {.answer = answer_prepared}};
    prepared_fields[0] = (hw_field){HW_TEXT("ETag"), HW_TEXT("\"1\""), HW_FIELD_ETAG};
    prepared_fields[1] =
        (hw_field){HW_TEXT("Content-Length"), HW_TEXT("2"), HW_FIELD_CONTENT_LENGTH};
    hw_arena memos;
    hw_arena_init(&memos, 512, 512);
    hw_prepared_init(&prepared_head, 200, hw_fields_of(prepared_fields, 2), &memos);
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client, GET);
    rig_expect(&rig, client, expected);
    hw_text memo = prepared_head.memo[HW_PROTOCOL_HTTP1];
    NEED_TRUE(memo.length > 0);
    /* Were it encoded again, it would show. */
    prepared_fields[0].value = HW_TEXT("\"2\"");
    for (int i = 0; i < 2; i++) {
        rig_send(&rig, client, GET);
        rig_expect(&rig, client, expected);
    }
    hw_pipe_close(client);
    rig_close(&rig);
    hw_arena_fini(&memos);
}

static uint64_t bent_length;
static hw_pull bent_last;

static void answer_bent(void *arg, hw_exchange *exchange)
{
    answer_length(arg, exchange);
    bodies[(bodies_made - 1) % ROWS(bodies)].source.length = bent_length;
    bodies[(bodies_made - 1) % ROWS(bodies)].last = bent_last;
}

/* The client must see that something is missing, and get nothing behind what was promised. */
HW_TEST(write_of_a_body_that_breaks_its_promise)
{
    static const struct {
        uint64_t length;
        hw_pull last;
        size_t body_max;
    } rows[] = {
        {23, HW_PULL_END, 22}, {23, HW_PULL_FAILED, 22}, {HW_LENGTH_UNKNOWN, HW_PULL_FAILED, 41},
        {20, HW_PULL_END, 20}, {10, HW_PULL_END, 10},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        test_rig rig = {.answerer = {.answer = answer_bent}};
        bent_length = rows[i].length;
        bent_last = rows[i].last;
        rig_open(&rig);
        hw_pipe *client = rig_connect(&rig, 10000);
        NEED_TRUE(hw_pipe_send(client, HW_TEXT(GET GET)) == 0);
        hw_loop_settle(&rig.lane.loop);
        hw_text got = hw_pipe_received(client);
        NEED_TRUE(hw_text_has_prefix(got, HW_TEXT("HTTP/1.1 200 ")));
        const char *end = memmem(got.at, got.length, "\r\n\r\n", 4);
        assert_non_null(end);
        assert_in_range(got.length - (size_t)(end + 4 - got.at), 0, rows[i].body_max);
        NEED_TRUE(hw_pipe_is_closed(client));
        assert_true(are_bodies_dropped());
        assert_false(rig.record[0].is_complete);
        hw_pipe_close(client);
        rig_close(&rig);
    }
}

HW_TEST(write_of_a_file_that_has_become_shorter)
{
    int file = open_ten_bytes();
    test_rig rig = {.answerer = {.answer = answer_file}};
    file_pieces[1].file.offset = 3;
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    NEED_TRUE(hw_pipe_send(client, HW_TEXT(GET GET)) == 0);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(hw_text_has_suffix(hw_pipe_received(client), HW_TEXT("\r\n\r\n<3456789")));
    assert_true(hw_pipe_is_closed(client));
    assert_false(rig.record[0].is_complete);
    hw_pipe_close(client);
    rig_close(&rig);
    hw_sys_close(file);
}

static void answer_and_stop(void *arg, hw_exchange *exchange)
{
    answer_length(arg, exchange);
    exchange->carrier->stop(exchange, -EIO);
}

HW_TEST(write_of_an_answer_that_is_stopped)
{
    test_rig rig = {.answerer = {.answer = answer_and_stop}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    NEED_TRUE(hw_pipe_send(client, HW_TEXT(GET GET)) == 0);
    hw_loop_settle(&rig.lane.loop);
    NEED_TRUE(hw_pipe_is_closed(client) && rig.records == 2);
    assert_false(rig.record[0].is_complete);
    assert_true(rig.record[0].bytes_out < 22);
    hw_pipe_close(client);
    rig_close(&rig);
}

static void answer_huge_head(void *arg, hw_exchange *exchange)
{
    (void)arg;
    static char value[8000];
    memset(value, 'v', sizeof value);
    hw_response_start(&exchange->response, 200);
    for (int i = 0; i < 5; i++)
        hw_response_add_name(&exchange->response, HW_TEXT("X-Long"),
                             (hw_text){value, sizeof value});
    hw_response_set_bytes(&exchange->response, HW_TEXT("hi"));
}

HW_TEST(write_of_a_head_that_fits_no_buffer_is_a_500)
{
    test_rig rig = {.answerer = {.answer = answer_huge_head}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 100000);
    rig_send(&rig, client, GET);
    rig_expect(&rig, client,
               "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n" RIG_DATE
               "Connection: close\r\n\r\n");
    hw_pipe_close(client);
    rig_close(&rig);
}
