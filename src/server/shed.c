/* Decides which connections give way when a server is full.
 *
 * Nobody who is served is hurt for one who comes: only those give way who keep the server waiting.
 * First who is idle, the one that has been so for longest; he has to expect it (RFC 9112 9.3.1) and
 * loses nothing. Then who has not sent a whole head yet, again the one that has waited for longest,
 * and who is not read from for want of memory. Then who sends content, or takes what is sent,
 * slower than the least rate. When there is nothing of the kind, who comes is answered 503
 * (admit.c).
 *
 * ARM enters a connection into the list of what it waits for, at the end; so the first of a list is
 * the one to go, and nothing is searched for. The speed of clients is not watched: it is looked at
 * when it matters, of the few that have waited longest; who is fast enough goes back to the end
 * of the list, and is measured anew.
 *
 * Slots are the server's, but a lane closes its own connections alone. One that has nothing to
 * close asks another one that may have, and lets in who comes: for a moment there may be as many
 * too many as there are lanes. One that was asked and has nothing either says so (may_shed), until
 * one of its connections waits again or a second has passed, and is not asked before that.
 *
 * How many connections an address has is counted for the whole server, in a table of counters by a
 * hash of the address: addresses that meet there are counted together, and as who is over his share
 * only loses connections of his very own, this harms nobody. Rejected: a map of addresses, which
 * would need memory, and a lock, at the very moment when both are scarce. For the same reason an
 * address's connections are found in one of a fixed number of lists. */
#include "server/shed.h"

#include <string.h>

#include "server/trust.h"
#include "sys/file.h"
#include "sys/socket.h"

/* Of a list: so much is looked at for who may give way, and no more. */
#define LOOKS_MAX 16
#define PEER_LOOKS_MAX 64
/* Connections that give way for memory in one step. */
#define RELIEF_MAX 16

static bool is_above(uint64_t part, uint64_t whole, unsigned percent)
{
    return part * 100 >= whole * percent;
}

static uint64_t count_slots(const hw_lane *lane)
{
    return atomic_load(&lane->shared->connections);
}

static void shed(hw_conn *conn)
{
    hw_lane_count(&conn->lane->counts.shed, 1);
    hw_conn_close(conn);
}

static hw_conn *first_of(const hw_list *list)
{
    hw_link *link = hw_list_first(list);
    return link ? HW_MEMBER(link, hw_conn, waiting) : NULL;
}

/* One whose next request has just arrived is not idle. */
static hw_conn *find_idle(const hw_list *list)
{
    hw_link *link = list->head.next;
    for (int i = 0; i < LOOKS_MAX && link != &list->head; i++, link = link->next) {
        hw_conn *conn = HW_MEMBER(link, hw_conn, waiting);
        if (!conn->stream->readable)
            return conn;
    }
    return NULL;
}

/* It has been measured for long enough, and is too slow. */
static bool is_slow(const hw_conn *conn, int64_t span_ms)
{
    uint32_t moved = conn->driver->moved(conn) - conn->moved;
    uint64_t least = (uint64_t)conn->lane->shared->limits.rate_bytes_min * (uint64_t)span_ms / 1000;
    return moved < least;
}

static hw_conn *find_slow(hw_lane *lane)
{
    for (int i = 0; i < LOOKS_MAX; i++) {
        hw_conn *conn = first_of(&lane->waiting.phases[HW_PHASE_CONTENT]);
        int64_t span_ms = conn ? hw_loop_now_ms(&lane->loop) - conn->since_ms : 0;
        /* Who stands behind it has waited for less. */
        if (span_ms < HW_SHED_RATE_MS)
            return NULL;
        if (is_slow(conn, span_ms))
            return conn;
        hw_conn_enter(conn, HW_PHASE_CONTENT);
    }
    return NULL;
}

/* The stalled hold a slot and next to no memory: for that they wait, as they were promised. */
static bool shed_first(hw_lane *lane, bool is_for_slot)
{
    hw_waiting *waiting = &lane->waiting;
    hw_conn *conn = find_idle(&waiting->phases[HW_PHASE_IDLE]);
    if (!conn)
        conn = first_of(&waiting->phases[HW_PHASE_HEAD]);
    if (!conn && is_for_slot)
        conn = first_of(&waiting->phases[HW_PHASE_STALLED]);
    if (!conn)
        conn = find_slow(lane);
    if (conn)
        shed(conn);
    else
        atomic_store_explicit(&waiting->may_shed, false, memory_order_relaxed);
    return conn != NULL;
}

bool hw_shed_one(hw_lane *lane)
{
    return shed_first(lane, true);
}

static void post_once(hw_lane *lane)
{
    if (!atomic_exchange(&lane->waiting.is_asked, true))
        hw_loop_post(&lane->loop, &lane->waiting.shed_post);
}

/* The next one that is not this one, and may have something to give way. */
bool hw_shed_elsewhere(const hw_lane *lane)
{
    const hw_shared *shared = lane->shared;
    size_t own = shared->lanes ? (size_t)(lane - shared->lanes) : 0;
    for (unsigned i = 1; shared->lanes && i < shared->lane_count; i++) {
        hw_lane *other = &shared->lanes[(own + i) % shared->lane_count];
        hw_waiting *waiting = &other->waiting;
        if (!atomic_load_explicit(&waiting->may_shed, memory_order_relaxed))
            continue;
        if (atomic_exchange(&waiting->is_room_wanted, true))
            continue;
        post_once(other);
        return true;
    }
    return false;
}

/* Nobody is idle for long while the server is nearly full. */
static void shed_idle(hw_lane *lane)
{
    const hw_list *list = &lane->waiting.phases[HW_PHASE_IDLE];
    int64_t before_ms = hw_loop_now_ms(&lane->loop) - HW_SHED_IDLE_MS;
    uint64_t most = lane->shared->limits.connections_max;
    for (hw_conn *conn; count_slots(lane) * 100 > most * HW_SHED_IDLE_PERCENT &&
                        (conn = find_idle(list)) && conn->since_ms <= before_ms;)
        shed(conn);
}

/* First what nobody uses, then a few connections: their memory is free at the end of the step, and
 * what is still to be done is seen in the next one. */
static void relieve_memory(hw_lane *lane)
{
    const hw_budget *budget = &lane->shared->budget;
    if (!hw_budget_is_tight(budget))
        return;
    hw_conn_free_spares(lane);
    hw_tcp_pool_fini(&lane->streams);
    int count = 0;
    while (count < RELIEF_MAX && hw_budget_is_tight(budget) && shed_first(lane, false))
        count++;
    if (count > 0)
        post_once(lane);
}

/* Those that are not read from for want of memory look again. */
static void resume_stalled(hw_lane *lane)
{
    const hw_list *list = &lane->waiting.phases[HW_PHASE_STALLED];
    hw_budget *budget = &lane->shared->budget;
    /* What was told is not true any more: it is to be told again. */
    if (!hw_list_is_empty(list) && hw_budget_is_full(budget) && hw_budget_await(budget))
        return;
    for (hw_link *link = list->head.next; link != &list->head; link = link->next)
        hw_conn_queue(HW_MEMBER(link, hw_conn, waiting));
}

void hw_shed_on_post(hw_post *post)
{
    hw_lane *lane = HW_MEMBER(post, hw_lane, waiting.shed_post);
    atomic_store(&lane->waiting.is_asked, false);
    bool is_room_wanted = atomic_exchange(&lane->waiting.is_room_wanted, false);
    if (is_room_wanted)
        (void)hw_shed_one(lane);
    relieve_memory(lane);
    resume_stalled(lane);
}

void hw_shed_on_news(void *arg)
{
    const hw_shared *shared = arg;
    for (unsigned i = 0; shared->lanes && i < shared->lane_count; i++)
        post_once(&shared->lanes[i]);
}

void hw_shed_on_tick(hw_lane *lane)
{
    /* What could not be judged a second ago may be by now. */
    atomic_store_explicit(&lane->waiting.may_shed, true, memory_order_relaxed);
    shed_idle(lane);
    relieve_memory(lane);
    resume_stalled(lane);
}

/* The part of an address that counts as one: all of IPv4, half of IPv6. 0: it has no share. */
static size_t count_peer_bytes(const hw_peer *peer)
{
    switch (peer->family) {
    case AF_INET:
        return 4;
    case AF_INET6:
        return 8;
    default:
        return 0;
    }
}

/* FNV-1a. */
static uint32_t hash_peer(const hw_peer *peer)
{
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < count_peer_bytes(peer); i++)
        hash = (hash ^ peer->bytes[i]) * 16777619;
    return hash ^ hash >> 16;
}

static bool is_same_peer(const hw_peer *one, const hw_peer *other)
{
    return one->family == other->family &&
           memcmp(one->bytes, other->bytes, count_peer_bytes(one)) == 0;
}

void hw_shed_count_in(hw_conn *conn)
{
    const hw_peer *peer = &conn->stream->peer;
    if (count_peer_bytes(peer) == 0)
        return;
    uint32_t hash = hash_peer(peer);
    atomic_fetch_add_explicit(&conn->lane->shared->peers[hash % HW_SHARED_PEERS], 1,
                              memory_order_relaxed);
    hw_list_append(&conn->lane->waiting.peers[hash % HW_LANE_PEERS], &conn->near);
}

void hw_shed_count_out(hw_conn *conn)
{
    hw_link_remove(&conn->waiting);
    if (!hw_link_is_linked(&conn->near))
        return;
    uint32_t hash = hash_peer(&conn->stream->peer);
    atomic_fetch_sub_explicit(&conn->lane->shared->peers[hash % HW_SHARED_PEERS], 1,
                              memory_order_relaxed);
    hw_link_remove(&conn->near);
}

/* A trusted proxy is not one client but many. */
static bool has_peer_its_share(const hw_lane *lane, const hw_peer *peer)
{
    uint64_t most = lane->shared->limits.connections_max;
    if (count_peer_bytes(peer) == 0 || !is_above(count_slots(lane), most, HW_SHED_CROWD_PERCENT))
        return false;
    unsigned count = atomic_load_explicit(&lane->shared->peers[hash_peer(peer) % HW_SHARED_PEERS],
                                          memory_order_relaxed);
    return is_above(count, most, HW_SHED_SHARE_PERCENT) &&
           !hw_trust_has(lane->shared->proxies, peer);
}

/* Closes one of this address, in this lane, that is idle or incomplete: the first that is found. */
static void shed_of_peer(hw_lane *lane, const hw_peer *peer)
{
    hw_list *list = &lane->waiting.peers[hash_peer(peer) % HW_LANE_PEERS];
    const hw_link *newest = list->head.prev;
    for (int i = 0; i < PEER_LOOKS_MAX && !hw_list_is_empty(list); i++) {
        hw_link *link = hw_list_first(list);
        hw_conn *conn = HW_MEMBER(link, hw_conn, near);
        bool is_waiting = conn->phase == HW_PHASE_IDLE || conn->phase == HW_PHASE_HEAD;
        if (is_waiting && is_same_peer(&conn->stream->peer, peer)) {
            shed(conn);
            return;
        }
        /* Whoever is next looks at others first. */
        hw_link_remove(link);
        hw_list_append(list, link);
        if (link == newest)
            return;
    }
}

void hw_shed_keep_share(hw_lane *lane, const hw_peer *peer)
{
    if (has_peer_its_share(lane, peer))
        shed_of_peer(lane, peer);
}

bool hw_shed_make_room(hw_lane *lane, const hw_peer *peer)
{
    const hw_shared *shared = lane->shared;
    uint64_t most = shared->limits.connections_max;
    hw_shed_keep_share(lane, peer);
    uint64_t all = count_slots(lane);
    bool is_tight = is_above(all, most, HW_SHED_PERCENT) || hw_budget_is_tight(&shared->budget);
    if (!is_tight || hw_shed_one(lane))
        return true;
    bool is_asked = hw_shed_elsewhere(lane);
    if (hw_budget_is_full(&shared->budget))
        return false;
    return all < most || (is_asked && all < most + shared->lane_count);
}

void hw_shed_keep_reserve(hw_shared *shared, int fd)
{
    if (fd < 0 || atomic_load(&shared->reserve) > 0)
        return;
    int copy = hw_sys_duplicate(fd), none = 0;
    if (copy >= 0 && !atomic_compare_exchange_strong(&shared->reserve, &none, copy + 1))
        (void)hw_sys_close(copy);
}

bool hw_shed_use_reserve(hw_shared *shared)
{
    int reserve = atomic_exchange(&shared->reserve, 0);
    if (reserve > 0)
        (void)hw_sys_close(reserve - 1);
    return reserve > 0;
}
