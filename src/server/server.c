/* A server: binds its addresses, gives each lane's loop to the crew, and stops them.
 *
 * Everything is made before the first thread starts, so that a program can narrow its rights in
 * between. Stopping is a post to every lane: it can come from any thread and from a signal handler,
 * because it takes no lock and no memory. */
#include "server/server.h"

#include <errno.h>

#include "base/assert.h"
#include "base/number.h"
#include "loop/guest.h"
#include "server/conn.h"
#include "server/lane.h"
#include "server/renewal.h"
#include "server/shed.h"
#include "sys/memory.h"
#include "sys/process.h"

/* As many reads as keep a disk busy. */
#define READERS_MAX 4
/* As many signatures as are waited for at once. */
#define SIGNERS_MAX 4
/* Slow handlers that wait for a spare, for each that runs: those of ten clients of HTTP/2, which may ask
 * for a hundred things at once. */
#define WAITING_FACTOR 16
/* Descriptors kept back from connections: clamp(limit / 8, 8, 64). */
#define RESERVE_MIN 8
#define RESERVE_MAX 64
/* Of each loop: epoll, what wakes it, and what tells of changed files. */
#define LANE_DESCRIPTORS 3
/* Of the memory there is, an eighth is for connections, within these bounds. */
#define MEMORY_PART 8
#define MEMORY_MIN ((size_t)1024 * 1024)
#define MEMORY_MAX ((size_t)256 * 1024 * 1024)
/* The rest of the ceiling, which are estimates on the safe side: the program and its libraries; each
 * loop with its buffers, its log and its share of the allocator; each thread's stack, of which much
 * is never touched; and what an allocator has free and cannot give back, for each byte it handed
 * out. That the whole holds under attack is measured (tests/http/test_shedding.py). */
#define FIXED_BYTES ((size_t)8 * 1024 * 1024)
#define FIXED_LOOP_BYTES ((size_t)1024 * 1024)
#define FIXED_THREAD_BYTES ((size_t)128 * 1024)
#define FIXED_PART 8
/* Files that are sent while the cache holds all it may. */
#define FILES_IN_USE_MIN 2

struct hw_server {
    hw_shared shared;
    hw_lane *lanes;
    hw_renewal renewal;
    hw_guest guest; /* a lent server's only loop */
    bool is_running;
    atomic_uint stops;
};

static int open_listeners(hw_server *server, const hw_server_setup *setup, hw_fault *fault)
{
    hw_shared *shared = &server->shared;
    shared->listeners = hw_sys_alloc_zeroed(setup->listen_count + 1, sizeof *shared->listeners);
    if (!shared->listeners)
        return hw_fault_set(fault, ENOMEM, "server", "out of memory");
    for (size_t i = 0; i < setup->listen_count; i++) {
        int error = hw_listener_open(&shared->listeners[i], setup->listens[i].address, fault);
        if (error < 0)
            return error;
        shared->listeners[i].tls = setup->listens[i].tls;
        shared->listeners[i].senders = setup->listens[i].senders;
        shared->has_tls |= setup->listens[i].tls != NULL;
        hw_listener_defer(&shared->listeners[i]);
        shared->listener_count++;
    }
    return 0;
}

/* Where those send their clients that only redirect: known when all are bound. */
static int settle_redirects(hw_shared *shared, const hw_server_setup *setup, hw_fault *fault)
{
    uint16_t first = 0;
    for (size_t i = 0; i < shared->listener_count && first == 0; i++)
        if (setup->listens[i].tls)
            first = hw_address_port(shared->listeners[i].name);
    for (size_t i = 0; i < shared->listener_count; i++) {
        const hw_listen *listen = &setup->listens[i];
        if (!listen->redirects)
            continue;
        shared->listeners[i].https_port = listen->redirect_port ? listen->redirect_port : first;
        if (shared->listeners[i].https_port == 0)
            return hw_fault_set(fault, EINVAL, listen->address,
                                "is to send its clients to TLS, and there is no port of that");
    }
    return 0;
}

static int init_lanes(hw_server *server, hw_fault *fault)
{
    unsigned count = server->shared.lane_count;
    unsigned blocked = server->shared.limits.blocked_max;
    hw_crew_setup crew = {
        .loops = count,
        .readers_max = READERS_MAX,
        .signers_max = server->shared.has_tls ? SIGNERS_MAX : 0,
        .blocked_max = blocked,
        .waiting_max = blocked * WAITING_FACTOR,
        .streams_max = server->shared.limits.streams_max,
    };
    server->lanes = hw_sys_alloc_zeroed(count, sizeof *server->lanes);
    if (!server->lanes)
        return hw_fault_set(fault, ENOMEM, "server", "out of memory");
    server->shared.lanes = server->lanes;
    server->shared.crew = hw_crew_new(&crew);
    if (!server->shared.crew)
        return hw_fault_set(fault, ENOMEM, "server", "out of memory");
    for (unsigned i = 0; i < count; i++) {
        int error = hw_lane_init(&server->lanes[i], &server->shared, HW_LOOP_POLL);
        if (error < 0)
            return hw_fault_set(fault, -error, "loop", "%s", hw_error_words(error));
    }
    return 0;
}

static int64_t clamp_descriptors(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* What the descriptor limit leaves when the reserve and an eighth for files are taken off. Files of
 * that eighth that are in use already, by the server itself, are not to be had. */
static void share_descriptors(hw_shared *shared)
{
    int64_t limit = hw_sys_descriptors_raise();
    limit = limit < 0 ? 1024 : clamp_descriptors(limit, 1, 1024 * 1024);
    int64_t reserve = clamp_descriptors(limit / 8, RESERVE_MIN, RESERVE_MAX);
    int64_t connections = clamp_descriptors(limit - reserve - limit / 8, 1, limit);
    if (shared->limits.connections_max == 0 || shared->limits.connections_max > connections)
        shared->limits.connections_max = (unsigned)connections;
    int64_t taken = hw_sys_descriptors_open() + (int64_t)shared->lane_count * LANE_DESCRIPTORS + 1;
    int64_t files = limit - shared->limits.connections_max - taken - FILES_IN_USE_MIN;
    files = clamp_descriptors(files, 0, limit / 8);
    shared->share.descriptors_max = (unsigned)(files / shared->lane_count);
    shared->share.bytes_max = shared->limits.cache_bytes_max / shared->lane_count;
}

static void share_memory(hw_shared *shared)
{
    size_t most = shared->limits.memory_bytes_max;
    uint64_t machine = hw_sys_memory_bytes();
    if (most == 0)
        most = machine > 0 ? (size_t)hw_number_min(machine / MEMORY_PART, MEMORY_MAX) : MEMORY_MAX;
    shared->limits.memory_bytes_max = hw_size_max(most, MEMORY_MIN);
    shared->budget.max = shared->limits.memory_bytes_max;
    shared->budget.on_news = hw_shed_on_news;
    shared->budget.arg = shared;
}

uint64_t hw_server_ceiling(const hw_server *server)
{
    const hw_limits *limits = &server->shared.limits;
    uint64_t threads = (uint64_t)server->shared.lane_count * 2 + limits->blocked_max + READERS_MAX +
                       (server->shared.has_tls ? SIGNERS_MAX : 0);
    uint64_t charged = (uint64_t)limits->memory_bytes_max + limits->cache_bytes_max;
    for (size_t i = 0; i < server->shared.local_count; i++)
        charged += server->shared.locals[i].beside_bytes;
    return FIXED_BYTES + server->shared.lane_count * FIXED_LOOP_BYTES +
           threads * FIXED_THREAD_BYTES + charged + charged / FIXED_PART;
}

const hw_limits *hw_server_limits(const hw_server *server)
{
    return &server->shared.limits;
}

int hw_server_new(const hw_server_setup *setup, hw_fault *fault, hw_server **ret_server)
{
    hw_server *server = hw_sys_alloc_zeroed(1, sizeof *server);
    if (!server)
        return hw_fault_set(fault, ENOMEM, "server", "out of memory");
    server->shared = (hw_shared){
        .answerer = setup->answerer,
        .sinks = setup->sinks,
        .sink_count = setup->sink_count,
        .media = setup->media,
        .proxies = setup->proxies,
        .locals = setup->locals,
        .local_count = setup->local_count,
        .limits = setup->limits,
        .lane_count = setup->loops ? setup->loops : hw_sys_processors(),
    };
    int error = open_listeners(server, setup, fault);
    if (error == 0)
        error = settle_redirects(&server->shared, setup, fault);
    if (error == 0) {
        share_descriptors(&server->shared);
        share_memory(&server->shared);
        error = init_lanes(server, fault);
    }
    if (error == 0)
        hw_shed_keep_reserve(&server->shared, server->lanes[0].loop.event);
    if (error < 0) {
        hw_server_free(server);
        return error;
    }
    *ret_server = server;
    return 0;
}

/* Those of all listeners, each once, from now on. */
static int renew_certificates(hw_server *server)
{
    const hw_shared *shared = &server->shared;
    hw_tls **all = hw_sys_alloc_zeroed(shared->listener_count + 1, sizeof(hw_tls *));
    size_t count = 0;
    if (!all)
        return -ENOMEM;
    for (size_t i = 0; i < shared->listener_count; i++) {
        size_t before = 0;
        while (before < count && all[before] != shared->listeners[i].tls)
            before++;
        if (before == count && shared->listeners[i].tls)
            all[count++] = shared->listeners[i].tls;
    }
    hw_lane *lane = &server->lanes[0];
    int error = count > 0 ? hw_renewal_open(&server->renewal, all, count, shared->crew, &lane->loop,
                                            lane->place.sink)
                          : 0;
    hw_sys_free(all);
    return error;
}

int hw_server_start(hw_server *server)
{
    int error = renew_certificates(server);
    server->is_running = true;
    for (unsigned i = 0; i < server->shared.lane_count && error == 0; i++) {
        error = hw_lane_listen(&server->lanes[i]);
        if (error == 0)
            error = hw_crew_run_loop(server->shared.crew, &server->lanes[i].loop);
    }
    if (error < 0) {
        hw_server_stop(server);
        hw_server_stop(server);
        hw_server_wait(server);
    }
    return error;
}

int hw_server_lend(hw_server *server)
{
    if (server->shared.lane_count != 1)
        return -EINVAL;
    hw_lane *lane = &server->lanes[0];
    int error = hw_guest_open(&server->guest, &lane->loop);
    if (error == 0)
        error = renew_certificates(server);
    if (error == 0)
        error = hw_lane_listen(lane);
    if (error < 0)
        hw_guest_close(&server->guest);
    server->is_running = error == 0;
    return error;
}

int hw_server_descriptor(const hw_server *server)
{
    return hw_guest_descriptor(&server->guest);
}

void hw_server_poll(hw_server *server, int most_ms)
{
    if (!atomic_load(&server->lanes[0].loop.is_ended))
        hw_guest_poll(&server->guest, most_ms);
}

int hw_server_connect(hw_server *server, hw_stream *stream)
{
    return hw_conn_open(&server->lanes[0], stream);
}

/* A lent loop has no thread but ours. */
static void end_guest(hw_server *server)
{
    while (server->guest.loop && !atomic_load(&server->guest.loop->is_ended))
        hw_guest_poll(&server->guest, -1);
    hw_guest_close(&server->guest);
}

int hw_server_wait(hw_server *server)
{
    bool is_cut = false;
    end_guest(server);
    hw_crew_wait(server->shared.crew);
    server->is_running = false;
    for (unsigned i = 0; i < server->shared.lane_count; i++)
        is_cut |= server->lanes[i].is_cut;
    return is_cut ? -ETIMEDOUT : 0;
}

void hw_server_stop(hw_server *server)
{
    unsigned before = atomic_fetch_add(&server->stops, 1);
    for (unsigned i = 0; before < 2 && i < server->shared.lane_count; i++) {
        hw_lane *lane = &server->lanes[i];
        hw_loop_post(&lane->loop, before == 0 ? &lane->drain_post : &lane->end_post);
    }
}

void hw_server_free(hw_server *server)
{
    if (!server)
        return;
    hw_assert(!server->is_running);
    unsigned lanes = server->lanes ? server->shared.lane_count : 0;
    /* What is still read for connections is given up, so that the spares end soon, but for those in
     * handlers; their last posts run when the lanes go. */
    for (unsigned i = 0; i < lanes; i++)
        hw_lane_empty(&server->lanes[i]);
    hw_renewal_close(&server->renewal);
    hw_crew_free(server->shared.crew);
    server->shared.crew = NULL;
    for (unsigned i = 0; i < lanes; i++) {
        server->lanes[i].loop.monitor = NULL; /* the crew's; hooks may still run */
        hw_lane_fini(&server->lanes[i]);
    }
    hw_renewal_fini(&server->renewal);
    /* Not before: the last steps of a lane may see to it once more. */
    (void)hw_shed_use_reserve(&server->shared);
    for (size_t i = 0; i < server->shared.listener_count; i++)
        hw_listener_close(&server->shared.listeners[i]);
    hw_sys_free(server->shared.listeners);
    hw_sys_free(server->lanes);
    hw_sys_free(server);
}

const char *hw_server_address(const hw_server *server, size_t index)
{
    return index < server->shared.listener_count ? server->shared.listeners[index].name : NULL;
}

hw_server_numbers hw_server_count(const hw_server *server)
{
    hw_server_numbers numbers = {.connections = atomic_load(&server->shared.connections)};
    numbers.memory = hw_budget_used(&server->shared.budget);
    for (unsigned i = 0; server->lanes && i < server->shared.lane_count; i++) {
        const hw_lane_counts *counts = &server->lanes[i].counts;
        numbers.exchanges += atomic_load_explicit(&counts->exchanges, memory_order_relaxed);
        numbers.requests += atomic_load_explicit(&counts->requests, memory_order_relaxed);
        numbers.shed += atomic_load_explicit(&counts->shed, memory_order_relaxed);
        numbers.refused += atomic_load_explicit(&counts->refused, memory_order_relaxed);
        numbers.bytes_out += atomic_load_explicit(&counts->bytes_out, memory_order_relaxed);
    }
    return numbers;
}
