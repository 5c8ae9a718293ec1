#include "server/conn_h1.h"

#include "unit/server/rig.h"

#include "seam/seam.h"

#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LARGE "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
#define HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" RIG_DATE "\r\nhi"

static char large_bytes[16 * 1024 + 1];
static const hw_piece large_pieces[] = {{.bytes = {large_bytes, sizeof large_bytes}}};

/* The bodies of /large give nothing before a test says so; the newest is the last. */
static struct {
    uint64_t length;
    rig_body bodies[4];
    hw_exchange *exchanges[4];
    unsigned made;
} large;

static void answer_large_or_hi(void *arg, hw_exchange *exchange)
{
    if (!hw_text_equal(exchange->request.path.text, HW_TEXT("/large"))) {
        rig_answer_hi(arg, exchange);
        return;
    }
    large.exchanges[large.made] = exchange;
    rig_body *body = &large.bodies[large.made++];
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response,
                          rig_body_init(body, large_pieces, 0, large.length, HW_PULL_WAIT));
}

static void let_large_end(test_rig *rig, unsigned index)
{
    rig_body *body = &large.bodies[index];
    NEED_TRUE(body->drops == 0);
    body->count = 1;
    body->last = HW_PULL_END;
    large.exchanges[index]->carrier->wake(large.exchanges[index]);
    hw_loop_settle(&rig->lane.loop);
}

/* Takes what has arrived; how many answers of either kind began in it. */
static void take_answers(hw_pipe *client, unsigned *ret_large, unsigned *ret_small)
{
    hw_text got = hw_pipe_received(client);
    *ret_large = *ret_small = 0;
    for (; got.length > 0; got = hw_text_from(got, 1)) {
        *ret_small += hw_text_has_prefix(got, HW_TEXT(HI));
        *ret_large += hw_text_has_prefix(got, HW_TEXT("HTTP/1.1 200 OK")) &&
                      !hw_text_has_prefix(got, HW_TEXT(HI));
    }
    hw_pipe_take(client, hw_pipe_received(client).length);
}

/* However many are asked for, a connection holds one large body, or one of unknown length. */
HW_TEST(exchange_makes_one_large_answer_at_a_time)
{
    static const uint64_t lengths[] = {HW_LENGTH_UNKNOWN, sizeof large_bytes};
    for (size_t i = 0; i < ROWS(lengths); i++) {
        test_rig rig = {.answerer = {.answer = answer_large_or_hi}};
        unsigned larges, smalls;
        memset(&large, 0, sizeof large);
        large.length = lengths[i];
        rig_open(&rig);
        hw_pipe *client = rig_connect(&rig, 1024 * 1024);
        rig_send(&rig, client, GET GET_LARGE GET GET_LARGE GET GET GET_LARGE);
        NEED_TRUE(large.made == 1);
        assert_int_equal(rig.answers, 1);
        for (unsigned n = 0; n < 3; n++) {
            NEED_TRUE(large.made == n + 1);
            let_large_end(&rig, n);
            NEED_TRUE(large.bodies[n].drops == 1);
        }
        NEED_TRUE(rig.records == 7);
        take_answers(client, &larges, &smalls);
        assert_int_equal(larges, 3);
        assert_int_equal(smalls, 4);
        for (size_t n = 0; n < 7; n++) {
            bool is_large = n == 1 || n == 3 || n == 6;
            assert_int_equal(rig.record[n].bytes_out, is_large ? sizeof large_bytes : 2);
        }
        hw_pipe_close(client);
        rig_close(&rig);
    }
}

/* Small answers are made ahead, and leave together: behind small ones, and behind a large one. */
HW_TEST(exchange_answers_small_ones_together)
{
    rig_counts counts;
    test_rig rig = {.answerer = {.answer = answer_large_or_hi}};
    memset(&large, 0, sizeof large);
    large.length = sizeof large_bytes - 1;
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 1024 * 1024);
    rig_send(&rig, client, GET_LARGE GET GET);
    NEED_TRUE(large.made == 1 && rig.answers == 2);
    large.length = HW_LENGTH_UNKNOWN;
    hw_pipe_close(client);
    hw_loop_settle(&rig.lane.loop);
    client = rig_connect(&rig, 1024 * 1024);
    rig_send(&rig, client, GET_LARGE GET GET GET GET);
    NEED_TRUE(large.made == 2 && rig.answers == 2);
    rig_count(&counts, rig_conn(&rig)->conn.stream);
    let_large_end(&rig, 1);
    NEED_TRUE(rig.answers == 6);
    assert_in_range(counts.writes, 2, 3);
    assert_true(hw_text_has_suffix(hw_pipe_received(client), HW_TEXT(HI HI HI HI)));
    hw_pipe_close(client);
    rig_close(&rig);
}

static void start_tunnel_anyway(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    hw_source *source = hw_exchange_start_tunnel(exchange, 101);
    if (source)
        hw_response_take_body(&exchange->response, source);
}

/* What follows was read as requests already, or may not be anything else. */
HW_TEST(exchange_starts_no_tunnel_nobody_asked_for)
{
    static const char *const requests[] = {
        GET,
        (GET GET),
        "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade, keep-alive\r\nUpgrade: x\r\n\r\n",
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab" GET),
    };
    for (size_t i = 0; i < ROWS(requests); i++) {
        test_rig rig = {.answerer = {.answer = start_tunnel_anyway}, .plan = {HW_PLAN_BUFFER, 9}};
        rig_open(&rig);
        hw_pipe *client = rig_connect(&rig, 10000);
        rig_send(&rig, client, requests[i]);
        rig_expect(&rig, client,
                   "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n" RIG_DATE
                   "Connection: close\r\n\r\n");
        assert_true(hw_pipe_is_ended(client));
        NEED_TRUE(rig.records > 0 && rig.record[0].status == 500);
        hw_pipe_close(client);
        rig_close(&rig);
    }
}

/* RFC 9110 7.8: an upgrade that is not accepted is a request like any other. */
HW_TEST(exchange_answers_what_follows_a_declined_upgrade)
{
    test_rig rig = {.plan = {HW_PLAN_NONE, 100}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 10000);
    rig_send(&rig, client,
             "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" GET
             "PUT / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n"
             "Content-Length: 2\r\n\r\nab" GET);
    rig_expect(&rig, client, HI HI HI HI);
    hw_pipe_close(client);
    rig_close(&rig);
}

static void answer_after_5_ms(void *arg, hw_exchange *exchange)
{
    hw_seam_clock_advance(INT64_C(5000000));
    rig_answer_hi(arg, exchange);
}

/* The loop reads its clock once a step, but a record tells how long the handler took. */
HW_TEST(conn_h1_exchange_records_the_time_of_the_handler)
{
    test_rig rig = {.answerer = {.answer = answer_after_5_ms}};
    rig_open(&rig);
    hw_pipe *client = rig_connect(&rig, 1024);
    rig_send(&rig, client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    NEED_TRUE(rig.records == 1 && rig.record[0].status == 200);
    assert_int_equal(rig.record[0].us, 5000);
    hw_pipe_close(client);
    rig_close(&rig);
}

/* What was asked of the answerer, in order: p and q for plan and quick step, a for an answer, each
 * with the target's letter. */
static struct {
    char letters[64];
    size_t length;
} asked;

static void note_asked(char what, const hw_exchange *exchange)
{
    assert_true(asked.length + 2 < sizeof asked.letters);
    asked.letters[asked.length++] = what;
    asked.letters[asked.length++] = exchange->request.raw_target.at[1];
}

static hw_body_plan plan_noted(void *arg, hw_exchange *exchange)
{
    (void)arg;
    note_asked('p', exchange);
    return (hw_body_plan){HW_PLAN_NONE, 100};
}

static bool answer_quick_noted(void *arg, hw_exchange *exchange)
{
    note_asked('q', exchange);
    bool is_quick = exchange->request.raw_target.at[1] == 'q';
    if (is_quick)
        rig_answer_hi(arg, exchange);
    return is_quick;
}

static void answer_noted(void *arg, hw_exchange *exchange)
{
    note_asked('a', exchange);
    rig_answer_hi(arg, exchange);
}

#define GET_OF(letter) "GET /" letter " HTTP/1.1\r\nHost: a\r\n\r\n"

HW_TEST(exchange_takes_the_quick_step_in_the_turn)
{
    static const struct {
        const char *sent, *asked_in_turn, *asked;
        size_t records; /* after the turn: one with a request in the ready queue writes nothing */
    } rows[] = {
        {GET_OF("q"), "pqqq", "pqqq", 1},
        {GET_OF("q") GET_OF("q"), "pqqqpqqq", "pqqqpqqq", 2},
        {GET_OF("s"), "psqs", "psqsas", 0},
        {GET_OF("q") GET_OF("s") GET_OF("q"), "pqqqpsqs", "pqqqpsqsaspqqq", 0},
        {"POST /q HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", "", "pqqq", 0},
        {"GET /q HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "", "pqqq", 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        test_rig rig = {.answerer = {plan_noted, answer_quick_noted, answer_noted, NULL, NULL}};
        rig_open(&rig);
        hw_pipe *client = rig_connect(&rig, 10000);
        hw_loop_settle(&rig.lane.loop);
        conn_h1 *h1 = rig_conn(&rig);
        asked.length = 0;
        NEED_TRUE(hw_pipe_send(client, hw_text_of(rows[i].sent)) == 0);
        /* Only the turn, as the loop would take it. */
        hw_task *turn = &h1->conn.turn;
        hw_task_cancel(turn);
        turn->run(turn);
        NEED_TRUE(!hw_pipe_is_closed(client));
        asked.letters[asked.length] = '\0';
        NEED_TRUE(strcmp(asked.letters, rows[i].asked_in_turn) == 0);
        NEED_TRUE(rig.records == rows[i].records);
        hw_loop_settle(&rig.lane.loop);
        asked.letters[asked.length] = '\0';
        NEED_TRUE(strcmp(asked.letters, rows[i].asked) == 0);
        hw_pipe_close(client);
        rig_close(&rig);
    }
}
