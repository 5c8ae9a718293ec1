/* Steps a lane that listens on 127.0.0.1.
 *
 * Client and server share a thread, and loopback delivers within the call that sends, so nothing
 * has to be waited for but spares, whose work is seen in the lane. */
#include "fault/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/number.h"
#include "seam/seam.h"
#include "server/conn_h1.h"
#include "server/conn_h2.h"
#include "server/shed.h"
#include "sys/clock.h"

#define NS_PER_MS INT64_C(1000000)
#define STEPS_MAX 5000
#define REFUSALS_MAX 2000
#define SPARE_LOOK_US 100
#define SPARE_LOOKS_MAX 50000

void fault_clock_hold(void)
{
    int64_t monotonic = hw_sys_monotonic_ns(), realtime = hw_sys_realtime_ns();
    hw_seam_reset();
    hw_seam_clock_freeze(monotonic, realtime);
}

static uint16_t port_of(const hw_listener *listener)
{
    hw_text address = hw_text_of(listener->name);
    uint64_t port = 0;
    hw_number_decimal(hw_text_from(address, hw_text_find_last(address, ':') + 1), &port);
    return (uint16_t)port;
}

static int open_lane(fault_world *world)
{
    int error = hw_lane_init(&world->lane, &world->shared, HW_LOOP_POLL);
    return error < 0 ? error : hw_lane_listen(&world->lane);
}

int fault_world_open(fault_world *world, const talk_service *service, bool has_spares,
                     bool is_secure)
{
    static const hw_crew_setup crew = {1, 2, 2, 4, 2, 2};
    *world = (fault_world){.shared = {
                               .answerer = service->answerer,
                               .locals = service->locals,
                               .local_count = service->local_count,
                               .share = {.bytes_max = 8 * 1024 * 1024, .descriptors_max = 32},
                               .limits = service->limits,
                               .listeners = &world->listener,
                               .lane_count = 1,
                           }};
    world->listener.fd = -1;
    int error = hw_listener_open(&world->listener, "127.0.0.1:0", NULL);
    world->shared.listener_count = error == 0;
    world->shared.has_tls = is_secure;
    world->listener.tls = is_secure ? service->tls : NULL;
    if (error == 0 && has_spares) {
        world->shared.crew = hw_crew_new(&crew);
        error = world->shared.crew ? 0 : -ENOMEM;
    }
    if (error == 0)
        error = open_lane(world);
    if (error < 0)
        fault_world_close(world);
    else
        world->port = port_of(&world->listener);
    return error;
}

static void step_on(fault_world *world)
{
    for (unsigned i = 0; i < STEPS_MAX; i++)
        if (!hw_loop_step(&world->lane.loop, false))
            return;
    world->spins = true;
}

void fault_world_close(fault_world *world)
{
    if (world->lane.shared) {
        hw_lane_drain(&world->lane);
        step_on(world);
        hw_lane_empty(&world->lane);
    }
    hw_crew_free(world->shared.crew);
    (void)hw_shed_use_reserve(&world->shared);
    hw_lane_fini(&world->lane);
    hw_listener_close(&world->listener);
}

/* Then it is no conn_h1 yet. */
static bool is_shaking(const hw_conn *conn)
{
    const hw_stream *stream = conn->stream;
    return stream->ops->handshake && !stream->ops->facts(stream);
}

/* One of its streams', or of those that are left of them. */
static bool has_h2_exchange(const hw_conn *conn, bool is_such(const h2_exchange *e))
{
    const conn_h2 *h2 = (const conn_h2 *)conn;
    const hw_list *lists[] = {&h2->exchanges, &h2->left};
    for (int i = 0; i < 2; i++)
        for (const hw_link *link = lists[i]->head.next; link != &lists[i]->head; link = link->next)
            if (is_such(HW_MEMBER(link, h2_exchange, link)))
                return true;
    return false;
}

/* Its handler has read all that has come, and waits for more. */
static bool waits_for_content(const h2_exchange *e)
{
    return e->lending.intake && !e->has_whole_body && hw_flow_is_wanted(e->lending.intake) &&
           hw_flow_taken(e->lending.intake) == e->exchange.fed;
}

static bool is_exchange_aside(const h2_exchange *e)
{
    return (e->lending.is_lent && !waits_for_content(e)) || e->ahead.read;
}

static bool is_exchange_starved(const h2_exchange *e)
{
    return e->is_starved;
}

static bool is_conn_aside(const hw_conn *conn)
{
    if (conn->driver == &hw_conn_h2_driver)
        return has_h2_exchange(conn, is_exchange_aside);
    const conn_h1 *h1 = (const conn_h1 *)conn;
    if (is_shaking(conn))
        return false;
    const hw_link *head = &h1->queue.head;
    for (const hw_link *link = head->next; link != head; link = link->next)
        if (HW_MEMBER(link, h1_exchange, link)->ahead.read)
            return true;
    return h1->lent != NULL;
}

/* It is asked again with the next tick. */
static bool is_starved(const hw_conn *conn)
{
    if (conn->driver == &hw_conn_h2_driver)
        return has_h2_exchange(conn, is_exchange_starved) && hw_timer_is_armed(&conn->lane->tick);
    if (is_shaking(conn))
        return false;
    const conn_h1 *h1 = (const conn_h1 *)conn;
    const hw_link *first = h1->queue.head.next;
    return first != &h1->queue.head && HW_MEMBER(first, h1_exchange, link)->is_starved &&
           hw_timer_is_armed(&conn->lane->tick);
}

/* A spare works for somebody, or for nobody any more. */
static bool is_spare_busy(const fault_world *world)
{
    const hw_link *head = &world->lane.conns.head;
    for (const hw_link *link = head->next; link != head; link = link->next)
        if (is_conn_aside(HW_MEMBER(link, hw_conn, link)))
            return true;
    return !hw_list_is_empty(&world->lane.abandoned);
}

static void wait_for_spares(fault_world *world)
{
    for (unsigned i = 0; i < SPARE_LOOKS_MAX && is_spare_busy(world); i++) {
        usleep(SPARE_LOOK_US);
        step_on(world);
    }
}

/* What the server does with its sockets: while this changes it is not at rest. */
static unsigned count_moves(void)
{
    return hw_seam_calls("accept") + hw_seam_calls("receive") + hw_seam_calls("send") +
           hw_seam_calls("send_file");
}

bool fault_world_settle(fault_world *world, fault_client *client, int wait_ms)
{
    bool is_new = false;
    for (unsigned quiet = 0; quiet < 2 && !world->spins;) {
        unsigned moves = count_moves();
        step_on(world);
        if (world->shared.crew)
            wait_for_spares(world);
        bool heard = fault_client_hear(client, quiet > 0 ? wait_ms : 0);
        bool is_progress = heard || count_moves() != moves;
        quiet = is_progress ? 0 : quiet + 1;
        is_new |= is_progress;
        /* A listener that everybody is refused from is looked at for ever. */
        world->refusals = is_progress && !heard ? world->refusals + 1 : 0;
        if (world->refusals > REFUSALS_MAX)
            break;
    }
    return is_new;
}

void fault_world_wait(fault_world *world, fault_client *client, int64_t ms)
{
    hw_loop *loop = &world->lane.loop;
    int64_t end_ms = hw_loop_now_ms(loop) + ms;
    for (int64_t now_ms; (now_ms = hw_loop_now_ms(loop)) < end_ms && !world->spins;) {
        int64_t next_ms = hw_wheel_next_ms(&loop->wheel);
        next_ms = next_ms <= now_ms ? now_ms + 1 : next_ms > end_ms ? end_ms : next_ms;
        hw_seam_clock_advance((next_ms - now_ms) * NS_PER_MS);
        fault_world_settle(world, client, 0);
        bool is_over = client->fd < 0 && world->lane.conn_count == 0;
        if (is_over || (client->fd >= 0 && client->is_ended))
            return;
    }
}

/* "tfd:        8 events: 8000201d data: 7ffd0 ...": what the loop watches, and how. */
static bool read_watch(const char *line, int *ret_fd, struct epoll_event *ret_event)
{
    const char *events = strstr(line, "events:"), *data = strstr(line, "data:");
    if (strncmp(line, "tfd:", 4) != 0 || !events || !data)
        return false;
    *ret_fd = (int)strtol(line + 4, NULL, 10);
    ret_event->events = (uint32_t)strtoul(events + 7, NULL, 16);
    ret_event->data.u64 = strtoull(data + 5, NULL, 16);
    return true;
}

/* Modifying a watch without a change makes the kernel look again. */
void fault_world_tell_again(const fault_world *world)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", world->lane.loop.poll);
    FILE *info = fopen(path, "re");
    while (info && fgets(line, sizeof line, info)) {
        int fd;
        struct epoll_event event;
        if (read_watch(line, &fd, &event))
            (void)epoll_ctl(world->lane.loop.poll, EPOLL_CTL_MOD, fd, &event);
    }
    if (info)
        fclose(info);
}

const char *fault_world_find_stuck(const fault_world *world)
{
    const hw_link *head = &world->lane.conns.head;
    for (const hw_link *link = head->next; link != head; link = link->next) {
        const hw_conn *conn = HW_MEMBER(link, hw_conn, link);
        if (is_starved(conn))
            continue;
        if (conn->deadline_ms == HW_CONN_NEVER || !hw_timer_is_armed(&conn->deadline))
            return "a connection is open and has no deadline";
    }
    return NULL;
}
