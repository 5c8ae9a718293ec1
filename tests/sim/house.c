/* The server, and a look into its rooms.
 *
 * Lanes are not asked for: each loop watches its own event first, and is found by that. Only a loop
 * that waits is looked at: nobody is in the middle of changing it then. */
#include "sim/house.h"

#include <stdlib.h>

#include "base/error.h"
#include "server/conn_h1.h"
#include "sim/app.h"
#include "sim/fiber.h"
#include "sim/kernel.h"
#include "sim/network.h"
#include "sim/world.h"

#define REST_BYTES_MAX ((size_t)140 * 1024)
/* Of the server and each loop, of each connection, of each exchange. */
#define BYTES_FIXED ((size_t)2 * 1024 * 1024)
#define BYTES_OF_CONNECTION ((size_t)700 * 1024)
#define PIECES_FIXED 600
#define PIECES_OF_CONNECTION 80

static struct {
    sim_app *app;
    hw_server *server;
    hw_server_setup setup;
    hw_sink sink;
    hw_listen listen;
    bool is_serving, is_over;
    unsigned stops, records;
} house;

static void take_note(void *arg, hw_sink_kind kind, const void *item)
{
    (void)arg;
    if (kind != HW_SINK_RECORD)
        return;
    const hw_record *record = item;
    house.records++;
    sim_tell("record", record->status, (int64_t)record->bytes_out);
}

static hw_limits draw_limits(void)
{
    hw_limits limits = hw_limits_default();
    /* Where it is crowded some give way for others, who are not told why. */
    bool is_crowded = sim_chance(20) && !sim_the_plan.is_calm;
    limits.connections_max = is_crowded ? (unsigned)sim_draw_between(1, 5) : 100;
    limits.requests_max = sim_the_plan.requests_max;
    limits.blocked_max = sim_the_plan.is_calm ? 8 : (unsigned)sim_draw_between(1, 3);
    limits.drain_ms = sim_the_plan.is_calm ? 30000 : (unsigned)sim_draw_between(100, 30000);
    limits.cache_bytes_max = sim_chance(30) ? sim_draw(40000) : limits.cache_bytes_max;
    if (!sim_the_plan.is_calm && sim_chance(50)) {
        limits.head_ms = (unsigned)sim_draw_between(10, 15000);
        limits.idle_ms = (unsigned)sim_draw_between(10, 30000);
        limits.response_ms = (unsigned)sim_draw_between(10, 30000);
        limits.answer_ms = (unsigned)sim_draw_between(10, 30000);
        limits.body_grace_ms = (unsigned)sim_draw_between(10, 10000);
        limits.linger_ms = (unsigned)sim_draw_between(10, 2000);
        limits.skip_bytes_max = sim_draw(100000);
    }
    return limits;
}

static void serve(void)
{
    hw_fault fault = {0};
    bool may_fail = sim_the_plan.allocations_failing > 0 || sim_the_plan.calls_failing > 0;
    hw_server *server;
    sim_allow_faults(true);
    int error = hw_server_new(&house.setup, &fault, &server);
    SIM_MUST(error == 0 || may_fail, "no server: %s: %s", fault.where, fault.what);
    if (error < 0)
        return;
    error = hw_server_start(server);
    SIM_MUST(error == 0 || may_fail, "the server does not start: %s", hw_error_words(error));
    if (error == 0) {
        house.server = server;
        house.is_serving = true;
        sim_tell("serving", 0, 0);
        hw_server_wait(server);
        house.is_serving = false;
        house.server = NULL;
        sim_tell("served", 0, 0);
    }
    hw_server_free(server);
}

static void *run_house(void *arg)
{
    (void)arg;
    serve();
    house.is_over = true;
    return NULL;
}

void sim_house_open(void)
{
    sim_app *app = sim_app_new();
    house.app = app;
    house.listen.address = "127.0.0.1:8080";
    house.sink = (hw_sink){.take = take_note, .records = sim_chance(50), .ticks = sim_chance(50)};
    house.setup = (hw_server_setup){
        .listens = &house.listen,
        .listen_count = 1,
        .limits = draw_limits(),
        .loops = (unsigned)sim_draw_between(1, 3),
        .answerer = sim_app_answerer(app),
        .sinks = &house.sink,
        .sink_count = 1,
    };
    house.setup.locals = sim_app_locals(app, &house.setup.local_count);
    house.stops = house.records = 0;
    house.is_over = house.is_serving = false;
    SIM_MUST(sim_fiber_start(run_house, NULL), "no thread");
}

void sim_house_close(void)
{
    sim_app_free(house.app);
}

bool sim_house_is_over(void)
{
    return house.is_over;
}

bool sim_house_is_serving(void)
{
    return house.is_serving;
}

void sim_house_stop(void)
{
    if (!house.server)
        return;
    sim_tell("stop", ++house.stops, 0);
    hw_server_stop(house.server);
}

static void check_exchanges(const conn_h1 *h1)
{
    size_t length = 0;
    for (const hw_link *link = h1->queue.head.next; link != &h1->queue.head; link = link->next) {
        const h1_exchange *e = HW_MEMBER(link, h1_exchange, link);
        length++;
        SIM_MUST(e->conn == h1, "an exchange is in another connection's queue");
        SIM_MUST(e->lending.is_lent == (e == h1->lent), "who is lent is not known");
        SIM_MUST(e->lending.is_lent || e->exchange.arena.held <= e->exchange.arena.bytes_max,
                 "an exchange holds %zu bytes", e->exchange.arena.held);
    }
    SIM_MUST(length == h1->queue_length && length <= H1_QUEUE_MAX + 1,
             "a queue of %zu is counted as %u", length, h1->queue_length);
}

static void plant_in(conn_h1 *h1)
{
    hw_lane *lane = h1->conn.lane;
    if (sim_planted() == SIM_PLANT_NO_DEADLINE && sim_chance(1))
        hw_loop_disarm(&lane->loop, &h1->conn.deadline);
    if (sim_planted() != SIM_PLANT_SWAP || h1->queue_length < 2)
        return;
    h1_exchange *first = HW_MEMBER(h1->queue.head.next, h1_exchange, link);
    h1_exchange *second = HW_MEMBER(first->link.next, h1_exchange, link);
    bool are_ready = first->exchange.is_answered && second->exchange.is_answered &&
                     first->progress == H1_WAITING && second->progress == H1_WAITING &&
                     !first->lending.is_lent && !second->lending.is_lent;
    if (!are_ready)
        return;
    hw_link_remove(&second->link);
    hw_link_insert(&second->link, first->link.prev, &first->link);
}

static void check_connection(const conn_h1 *h1)
{
    const hw_conn *conn = &h1->conn;
    /* The loop's clock may be ahead: a handler has taken its time, and the timers come next. */
    const hw_wheel *wheel = &conn->lane->loop.wheel;
    int64_t now_ms = wheel->now_ms;
    SIM_MUST(!conn->is_closed, "a closed connection is among the open ones");
    check_exchanges(h1);
    SIM_MUST(!h1->rest || h1->rest->capacity <= REST_BYTES_MAX, "a rest of %zu bytes",
             h1->rest->capacity);
    if (hw_link_is_linked(&conn->turn.link) || hw_conn_h1_is_answer_due(h1))
        return;
    SIM_MUST(conn->stream->is_watched, "a connection waits, and is not watched");
    if (conn->deadline_ms == HW_CONN_NEVER) {
        SIM_MUST(h1->input == H1_INPUT_TUNNEL || h1->queue_length > 0,
                 "a connection waits for nothing");
        return;
    }
    SIM_MUST(hw_timer_is_armed(&conn->deadline) && conn->deadline.at_ms <= conn->deadline_ms,
             "a connection waits without a deadline");
    /* One that was over when it was armed fires with the next millisecond. */
    SIM_MUST(conn->deadline.at_ms > now_ms || hw_wheel_next_ms(wheel) <= now_ms + 1,
             "a deadline has passed and nobody noticed");
}

static void check_lane(hw_lane *lane)
{
    uint64_t exchanges = 0;
    size_t connections = 0;
    for (hw_link *link = lane->conns.head.next; link != &lane->conns.head; link = link->next) {
        conn_h1 *h1 = (conn_h1 *)HW_MEMBER(link, hw_conn, link);
        plant_in(h1);
        check_connection(h1);
        exchanges += h1->queue_length;
        connections++;
    }
    for (hw_link *link = lane->abandoned.head.next; link != &lane->abandoned.head;
         link = link->next)
        exchanges++;
    SIM_MUST(connections == lane->conn_count, "%zu connections are counted as %zu", connections,
             lane->conn_count);
    SIM_MUST(exchanges == atomic_load(&lane->counts.exchanges),
             "%llu exchanges are counted as %llu", (unsigned long long)exchanges,
             (unsigned long long)atomic_load(&lane->counts.exchanges));
}

/* Between two steps of all loops, what is accepted is a connection. */
static void check_sums(const hw_lane *lane, size_t connections)
{
    sim_memory held = sim_memory_held();
    uint64_t counted = atomic_load(&lane->shared->connections);
    SIM_MUST(counted == connections && connections == sim_sockets_accepted_open(),
             "%zu connections are counted as %llu and have %zu sockets", connections,
             (unsigned long long)counted, sim_sockets_accepted_open());
    /* A lane lets in who comes while it waits for another one to make room. */
    SIM_MUST(connections <= lane->shared->limits.connections_max + lane->shared->lane_count,
             "%zu connections", connections);
    SIM_MUST(held.bytes <= BYTES_FIXED + connections * BYTES_OF_CONNECTION, "%zu bytes are held",
             held.bytes);
    SIM_MUST(held.pieces <= PIECES_FIXED + connections * PIECES_OF_CONNECTION,
             "%zu pieces of memory are held", held.pieces);
}

void sim_house_check(void)
{
    const hw_lane *last = NULL;
    size_t connections = 0, lanes = 0;
    if (!house.is_serving)
        return;
    for (size_t i = 0; i < sim_poll_count(); i++) {
        void *data = sim_poll_first_data(i);
        if (!data || !sim_poll_is_waited_for(i))
            continue;
        hw_loop *loop = HW_MEMBER((hw_watch *)data, hw_loop, event_watch);
        hw_lane *lane = HW_MEMBER(loop, hw_lane, loop);
        check_lane(lane);
        last = lane;
        lanes++;
        connections += lane->conn_count;
    }
    if (last && lanes == last->shared->lane_count)
        check_sums(last, connections);
}
