/* One loop of a server, and what belongs to it.
 *
 * There is one input and one output buffer a lane, not one a connection: a connection needs them
 * only while it takes its turn, and turns never overlap. What must be kept beyond a turn moves to
 * memory of the connection's own, so that an idle one has none.
 *
 * Draining: the listeners are left, the connections are told, and the loop ends when the last one
 * has gone or the deadline has passed. */
#include "server/lane.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/poison.h"
#include "exchange/later.h"
#include "server/admit.h"
#include "server/conn.h"
#include "server/shed.h"
#include "sys/clock.h"
#include "sys/memory.h"
#include "sys/random.h"

#define MS_PER_S 1000
#define WALL_SPAN_NS (HW_NS_PER_S / 4)

static void free_locals(hw_lane *lane)
{
    for (size_t i = 0; i < lane->place.local_count; i++) {
        const hw_local *local = &lane->shared->locals[i];
        hw_loop_unwatch_early(&lane->loop, &lane->local_watches[i].early);
        if (local->fini)
            local->fini(lane->place.locals[i]);
        hw_sys_free(lane->place.locals[i]);
    }
    hw_sys_free(lane->place.locals);
    hw_sys_free(lane->local_watches);
    lane->place.locals = NULL;
    lane->local_watches = NULL;
    lane->place.local_count = 0;
}

static void on_local_readable(hw_watch *watch, uint32_t events)
{
    hw_local_watch *local_watch = HW_MEMBER(watch, hw_local_watch, early.watch);
    hw_lane *lane = local_watch->lane;
    (void)events;
    lane->shared->locals[local_watch->slot].on_readable(lane->place.locals[local_watch->slot]);
}

static int watch_local(hw_lane *lane, size_t slot)
{
    const hw_local *local = &lane->shared->locals[slot];
    hw_local_watch *local_watch = &lane->local_watches[slot];
    int fd = local->descriptor ? local->descriptor(lane->place.locals[slot]) : -1;
    *local_watch = (hw_local_watch){{.watch = {fd, on_local_readable}}, lane, slot};
    hw_link_init(&local_watch->early.link);
    return fd < 0 ? 0 : hw_loop_watch_early(&lane->loop, &local_watch->early);
}

static int make_local(hw_lane *lane, size_t slot)
{
    const hw_local *local = &lane->shared->locals[slot];
    void *memory = hw_sys_alloc_zeroed(1, local->size);
    int error = !memory       ? -ENOMEM
                : local->init ? local->init(memory, local->arg, &lane->shared->share)
                              : 0;
    if (error < 0) {
        hw_sys_free(memory);
        return error;
    }
    lane->place.locals[slot] = memory;
    lane->place.local_count = slot + 1;
    return watch_local(lane, slot);
}

static int make_locals(hw_lane *lane)
{
    size_t count = lane->shared->local_count;
    int error = 0;
    lane->place.locals = hw_sys_alloc_zeroed(count, sizeof(void *));
    lane->local_watches = hw_sys_alloc_zeroed(count, sizeof *lane->local_watches);
    if (!lane->place.locals || !lane->local_watches)
        error = -ENOMEM;
    for (size_t i = 0; i < count && error == 0; i++)
        error = make_local(lane, i);
    if (error < 0)
        free_locals(lane);
    return error;
}

static void on_drain_limit(hw_timer *timer)
{
    hw_lane *lane = HW_MEMBER(timer, hw_lane, drain_limit);
    lane->is_cut = lane->conn_count > 0;
    hw_lane_cut(lane);
    /* Handlers that nobody waits for have had their time too. */
    hw_loop_end(&lane->loop);
}

static void on_drain_post(hw_post *post)
{
    hw_lane_drain(HW_MEMBER(post, hw_lane, drain_post));
}

static void on_end_post(hw_post *post)
{
    hw_lane *lane = HW_MEMBER(post, hw_lane, end_post);
    hw_lane_drain(lane);
    hw_lane_cut(lane);
    hw_loop_end(&lane->loop);
}

static void on_idle(hw_loop *loop)
{
    hw_sink_put(HW_MEMBER(loop, hw_lane, loop)->place.sink, HW_SINK_IDLE, NULL);
}

static const hw_sink *sink_of(const hw_lane *lane, const hw_shared *shared)
{
    size_t index = shared->lanes ? (size_t)(lane - shared->lanes) : 0;
    return shared->sink_count > 0 ? &shared->sinks[index % shared->sink_count] : NULL;
}

int hw_lane_init(hw_lane *lane, hw_shared *shared, hw_loop_kind kind)
{
    *lane = (hw_lane){
        .shared = shared,
        .streams = {.loop = &lane->loop, .sink = sink_of(lane, shared), .budget = &shared->budget},
        .place = {.sink = sink_of(lane, shared),
                  .media = shared->media,
                  .proxies = shared->proxies,
                  .ids = &lane->ids,
                  .bell = &lane->bell},
        .drain_post.run = on_drain_post,
        .end_post.run = on_end_post,
        .recall_post.run = hw_admit_on_recall,
        .waiting.shed_post.run = hw_shed_on_post,
        .wall_at_ns = INT64_MAX,
        .told_at_ns = -1,
        .date_ms = INT64_MAX,
    };
    hw_list_init(&lane->conns);
    for (size_t i = 0; i < HW_PHASE_COUNT; i++)
        hw_list_init(&lane->waiting.phases[i]);
    for (size_t i = 0; i < HW_LANE_PEERS; i++)
        hw_list_init(&lane->waiting.peers[i]);
    hw_list_init(&lane->starved);
    hw_list_init(&lane->abandoned);
    hw_list_init(&lane->spare_conns);
    hw_list_init(&lane->spare_exchanges);
    hw_list_init(&lane->spare_streams);
    hw_bell_init(&lane->bell);
    hw_timer_init(&lane->tick, hw_admit_on_tick);
    hw_timer_init(&lane->drain_limit, on_drain_limit);
    int error = hw_sys_random(lane->ids.seeds, sizeof lane->ids.seeds);
    if (error == 0)
        error = hw_loop_init(&lane->loop, kind);
    if (error < 0) {
        *lane = (hw_lane){0};
        return error;
    }
    if (lane->place.sink && lane->place.sink->idles)
        lane->loop.on_idle = on_idle;
    /* Zeroed: what is read behind the input counts for nothing, but it is read. */
    lane->input = hw_sys_alloc_zeroed(1, HW_LANE_INPUT_BYTES + HW_H1_SLACK);
    lane->output = hw_sys_alloc(HW_LANE_OUTPUT_BYTES);
    error = lane->input && lane->output ? make_locals(lane) : -ENOMEM;
    if (error == 0 && shared->has_tls)
        error = hw_tls_pool_new(&shared->budget, &lane->tls);
    if (error == 0 && lane->tls)
        hw_tls_pool_use_crew(lane->tls, shared->crew, &lane->loop);
    if (error < 0)
        hw_lane_fini(lane);
    else
        hw_lane_take_buffers_back(lane);
    return error;
}

void hw_lane_empty(hw_lane *lane)
{
    if (!lane->shared)
        return;
    hw_admit_close(lane);
    hw_lane_cut(lane);
}

void hw_lane_fini(hw_lane *lane)
{
    if (!lane->shared)
        return;
    hw_lane_empty(lane);
    hw_loop_disarm(&lane->loop, &lane->tick);
    hw_loop_disarm(&lane->loop, &lane->drain_limit);
    hw_loop_settle(&lane->loop);
    /* Whoever holds a promise gives it back, and hooks run: the loop waits for them once more. */
    atomic_store(&lane->loop.is_ended, false);
    while (!hw_list_is_empty(&lane->abandoned))
        (void)hw_loop_step(&lane->loop, true);
    hw_later_settle();
    hw_assert(lane->conn_count == 0 && atomic_load(&lane->counts.exchanges) == 0);
    hw_conn_free_spares(lane);
    hw_tls_pool_free(lane->tls);
    hw_tcp_pool_fini(&lane->streams);
    hw_bell_fini(&lane->bell);
    if (lane->place.locals)
        free_locals(lane);
    hw_loop_fini(&lane->loop);
    if (lane->input && lane->output)
        hw_lane_lend_buffers(lane);
    hw_sys_free(lane->input);
    hw_sys_free(lane->output);
    *lane = (hw_lane){0};
}

int hw_lane_listen(hw_lane *lane)
{
    return hw_admit_open(lane);
}

/* When the last lane has left them, listeners close: who connects now is refused at once, rather
 * than queued for nobody. */
static void leave_listeners(hw_lane *lane)
{
    hw_shared *shared = lane->shared;
    hw_admit_close(lane);
    if (atomic_fetch_add(&shared->drained_lanes, 1) + 1 != shared->lane_count)
        return;
    for (size_t i = 0; i < shared->listener_count; i++)
        hw_listener_close(&shared->listeners[i]);
}

void hw_lane_drain(hw_lane *lane)
{
    if (lane->is_draining)
        return;
    leave_listeners(lane);
    lane->is_draining = true;
    atomic_store(&lane->place.is_draining, true);
    hw_bell_ring(&lane->bell);
    for (hw_link *link = lane->conns.head.next, *next; link != &lane->conns.head; link = next) {
        next = link->next; /* it may close */
        hw_conn_drain(HW_MEMBER(link, hw_conn, link));
    }
    hw_loop_arm(&lane->loop, &lane->drain_limit, lane->shared->limits.drain_ms);
    hw_lane_end_if_over(lane);
}

void hw_lane_end_if_over(hw_lane *lane)
{
    if (lane->is_draining && lane->conn_count == 0 && hw_list_is_empty(&lane->abandoned))
        hw_loop_end(&lane->loop);
}

void hw_lane_cut(hw_lane *lane)
{
    for (hw_link *link; (link = hw_list_first(&lane->conns));)
        hw_conn_close(HW_MEMBER(link, hw_conn, link));
}

void hw_lane_lend_buffers(hw_lane *lane)
{
    hw_unpoison(lane->input, HW_LANE_INPUT_BYTES + HW_H1_SLACK);
    hw_unpoison(lane->output, HW_LANE_OUTPUT_BYTES);
}

void hw_lane_take_buffers_back(hw_lane *lane)
{
    hw_poison(lane->input, HW_LANE_INPUT_BYTES + HW_H1_SLACK);
    hw_poison(lane->output, HW_LANE_OUTPUT_BYTES);
}

/* The wall clock is read a few times a second and carried on with the loop's own in between: what
 * moves it by hand is seen a moment later. */
void hw_lane_renew_wall(hw_lane *lane)
{
    int64_t since_ns = lane->loop.now_ns - lane->wall_at_ns;
    if (since_ns < 0 || since_ns >= WALL_SPAN_NS) {
        lane->wall_ns = hw_sys_realtime_ns();
        lane->wall_at_ns = lane->loop.now_ns;
        since_ns = 0;
    }
    lane->told_ms = (lane->wall_ns + since_ns) / HW_NS_PER_MS;
    lane->told_at_ns = lane->loop.now_ns;
}

int64_t hw_lane_now_ns(const hw_lane *lane)
{
    const hw_sink *sink = lane->place.sink;
    return sink && sink->records ? hw_sys_monotonic_ns() : lane->loop.now_ns;
}

void hw_lane_renew_date(hw_lane *lane)
{
    static const char name[] = "Date: ", end[] = "\r\n\r\n";
    int64_t now_s = hw_lane_wall_ms(lane) / MS_PER_S;
    char *at = lane->date;
    memcpy(at, name, sizeof name - 1);
    hw_date_format(now_s, at + sizeof name - 1);
    memcpy(at + HW_LANE_DATE_BYTES - 2, end, sizeof end - 1);
    lane->date_ms = now_s * MS_PER_S;
}

void hw_lane_feed_one(hw_lane *lane)
{
    hw_link *link = hw_list_take_first(&lane->starved);
    if (link)
        hw_loop_queue_ready(&lane->loop, HW_MEMBER(link, hw_ready, link));
}

void hw_lane_feed_all(hw_lane *lane)
{
    while (!hw_list_is_empty(&lane->starved))
        hw_lane_feed_one(lane);
}
