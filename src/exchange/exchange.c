/* One request and its response.
 *
 * A driver makes an exchange begin when a head is complete, prepares it for the body once somebody
 * has said what is to become of it, and feeds it. The exchange copies nothing of the head: its
 * driver has put it into the arena. It knows no protocol, no stream and no clock; what it needs of
 * its driver it asks through the carrier. A target of which the driver knows that it is a canonical
 * path, as nearly all are, is taken as it is; every other is parsed and decoded here. */
#include "exchange/exchange.h"

#include <string.h>

#include "base/assert.h"
#include "base/buffer.h"
#include "base/number.h"
#include "http/authority.h"

/* How much of a streamed body waits for its reader. */
#define INFLOW_BYTES (64 * 1024)
/* The first room for a buffered body of unknown length. */
#define CONTENT_BYTES_FIRST (4 * 1024)

void hw_exchange_init(hw_exchange *exchange, size_t block_bytes, size_t bytes_max)
{
    *exchange = (hw_exchange){0};
    hw_arena_init(&exchange->arena, block_bytes, bytes_max);
    /* An exchange may wait long for its client, and there may be thousands of them. */
    hw_arena_start_small(&exchange->arena, block_bytes / 2);
}

static void drop_bodies(hw_exchange *exchange)
{
    hw_source_drop(exchange->request.body);
    hw_source_drop(exchange->response.body);
    exchange->request.body = exchange->response.body = NULL;
}

void hw_exchange_end_intake(hw_exchange *exchange)
{
    if (exchange->intake)
        hw_flow_fini(exchange->intake);
    exchange->intake = NULL;
}

void hw_exchange_fini(hw_exchange *exchange)
{
    drop_bodies(exchange);
    hw_exchange_end_intake(exchange);
    hw_arena_fini(&exchange->arena);
}

void hw_exchange_reset(hw_exchange *exchange)
{
    drop_bodies(exchange);
    exchange->left = (hw_left){0}; /* in the arena */
    hw_arena_reset(&exchange->arena);
}

static const hw_problem no_memory = {503, "out of memory", "RFC 9110 15.6.4"};
static const hw_problem bad_target_host = {400, "bad host in the request target", "RFC 9112 3.2.2"};

static void read_host_field(hw_request *request)
{
    const hw_field *host = hw_fields_find(request->fields, HW_FIELD_HOST);
    request->host = host ? host->value : (hw_text){0};
}

/* RFC 9112 3.2.2: the authority of an absolute target replaces the Host field. */
static const hw_problem *read_host(hw_request *request)
{
    const hw_target *target = &request->target;
    if (target->form == HW_TARGET_ABSOLUTE || target->form == HW_TARGET_AUTHORITY) {
        request->host = target->authority;
        if (target->authority.length == 0 || !hw_authority_is_valid(target->authority))
            return &bad_target_host;
        return NULL;
    }
    read_host_field(request);
    return NULL;
}

static const hw_problem *read_path(hw_request *request, hw_arena *arena)
{
    const hw_target *target = &request->target;
    if (target->form != HW_TARGET_ORIGIN && target->form != HW_TARGET_ABSOLUTE)
        return NULL;
    size_t room = target->path.length + 2; /* decoding never makes it longer; '/' and NUL */
    char *memory = hw_arena_alloc(arena, room);
    if (!memory)
        return &no_memory;
    hw_buffer buffer = hw_buffer_over(memory, room);
    const hw_problem *problem = hw_path_decode(target->path, &buffer, &request->path);
    if (!problem)
        request->below = request->path;
    return problem;
}

/* Out of line, for most targets are plain. */
static __attribute__((noinline)) const hw_problem *read_odd_target(hw_request *request,
                                                                   hw_arena *arena)
{
    request->target = (hw_target){0};
    request->host = (hw_text){0};
    request->path = request->below = (hw_path){0};
    const hw_problem *problem =
        hw_target_parse(request->raw_target, request->method, &request->target);
    if (!problem)
        problem = read_host(request);
    if (!problem)
        problem = read_path(request, arena);
    return problem;
}

/* All that read_odd_target would find, of a target that is known to be a canonical path. */
static void take_plain_target(hw_request *request)
{
    request->target = (hw_target){.form = HW_TARGET_ORIGIN, .path = request->raw_target};
    request->path.text = request->below.text = request->raw_target;
    read_host_field(request);
}

/* Everything but the request and the arena: what the exchange before has in these members is
 * overwritten here; but what points into the arena is gone with that already, and hooks, promise and
 * intake are when they are over. */
static void start_exchange(hw_exchange *exchange, const hw_carrier_ops *carrier,
                           const hw_place *place, int64_t now_ms, int64_t began_ns)
{
    exchange->response = (hw_response){.arena = &exchange->arena};
    exchange->carrier = carrier;
    exchange->place = place;
    exchange->answerer = NULL;
    exchange->call = NULL;
    exchange->told = NULL;
    exchange->left = (hw_left){0};
    exchange->plan = (hw_body_plan){0};
    exchange->inflow = NULL;
    exchange->content_capacity = 0;
    exchange->now_ms = now_ms;
    exchange->began_ns = began_ns;
    exchange->fed = 0;
    exchange->is_quick = exchange->is_answered = false;
    atomic_store_explicit(&exchange->is_gone, false, memory_order_relaxed);
}

void hw_exchange_begin_unread(hw_exchange *exchange, const hw_carrier_ops *carrier,
                              const hw_place *place, int64_t now_ms, int64_t began_ns)
{
    start_exchange(exchange, carrier, place, now_ms, began_ns);
    exchange->request = (hw_request){0};
}

static void ignore_exchange(hw_exchange *exchange)
{
    (void)exchange;
}

static void ignore_interim(hw_exchange *exchange, int status, hw_fields fields)
{
    (void)exchange;
    (void)status;
    (void)fields;
}

static void ignore_stop(hw_exchange *exchange, int error)
{
    (void)exchange;
    (void)error;
}

const hw_carrier_ops hw_carrier_nobody = {
    .wake = ignore_exchange,
    .inform = ignore_interim,
    .stop = ignore_stop,
    .notify = ignore_exchange,
    .give_back = ignore_exchange,
};

/* Asked for by name everywhere, and yet in line where the link sees it: once a request. */
inline const hw_problem *hw_exchange_begin(hw_exchange *exchange, bool is_plain,
                                           const hw_carrier_ops *carrier, const hw_place *place,
                                           int64_t now_ms, int64_t began_ns)
{
    hw_sink_step(place->sink, "exchange", "arena, request, response; begin; to the ready queue");
    start_exchange(exchange, carrier, place, now_ms, began_ns);
    hw_request *request = &exchange->request;
    request->peer = request->content = (hw_text){0};
    request->id = NULL;
    request->body = NULL;
    request->trailers = (hw_fields){0};
    if (!is_plain || request->method == HW_METHOD_CONNECT)
        return read_odd_target(request, &exchange->arena);
    take_plain_target(request);
    return NULL;
}

static int expect_buffer(hw_exchange *exchange)
{
    uint64_t length = exchange->request.content_length;
    if (length == HW_LENGTH_UNKNOWN)
        length = hw_number_min(CONTENT_BYTES_FIRST, exchange->plan.limit);
    char *memory = hw_arena_alloc(&exchange->arena, (size_t)length + 1);
    if (!memory)
        return -ENOMEM;
    memory[0] = '\0';
    exchange->request.content = (hw_text){memory, 0};
    exchange->content_capacity = (size_t)length;
    return 0;
}

static void wake_carrier(void *arg)
{
    hw_exchange *exchange = arg;
    exchange->carrier->wake(exchange);
}

static int open_inflow(hw_exchange *exchange, uint64_t length)
{
    size_t capacity = (size_t)hw_number_min(INFLOW_BYTES, length ? length : 1);
    hw_ring *ring = hw_ring_new(&exchange->arena, capacity, length);
    if (!ring)
        return -ENOMEM;
    ring->on_room = ring->on_bytes = wake_carrier;
    ring->room_arg = ring->bytes_arg = exchange;
    exchange->inflow = ring;
    exchange->request.body = &ring->source;
    return 0;
}

/* For a body of this length; what is read at once needs no more room than it takes. */
static int open_intake(hw_exchange *exchange, uint64_t length)
{
    hw_flow *flow = hw_arena_alloc(&exchange->arena, sizeof *flow);
    size_t capacity = (size_t)hw_number_min(HW_FLOW_BYTES, length ? length : 1);
    if (!flow || hw_flow_init(flow, exchange, capacity) < 0)
        return -ENOMEM;
    exchange->intake = flow;
    return 0;
}

int hw_exchange_expect(hw_exchange *exchange)
{
    uint64_t length = exchange->request.content_length;
    hw_assert(length == HW_LENGTH_UNKNOWN || length <= exchange->plan.limit ||
              exchange->plan.kind == HW_PLAN_NONE);
    switch (exchange->plan.kind) {
    case HW_PLAN_BUFFER:
        return expect_buffer(exchange);
    case HW_PLAN_STREAM:
        return open_inflow(exchange, length);
    case HW_PLAN_READ:
        return open_intake(exchange, length);
    case HW_PLAN_NONE:
        break;
    }
    return 0;
}

/* Makes room for a body that did not say how long it is: doubling, so at most half of the arena's
 * bytes lie idle. */
static bool grow_content(hw_exchange *exchange, size_t needed)
{
    if (needed <= exchange->content_capacity)
        return true;
    size_t capacity = hw_size_max(exchange->content_capacity, CONTENT_BYTES_FIRST);
    while (capacity < needed)
        capacity *= 2;
    capacity = (size_t)hw_number_min(capacity, exchange->plan.limit);
    char *memory = hw_arena_alloc(&exchange->arena, capacity + 1);
    if (!memory)
        return false;
    hw_text old = exchange->request.content;
    if (old.length > 0)
        memcpy(memory, old.at, old.length);
    exchange->request.content.at = memory;
    exchange->content_capacity = capacity;
    return true;
}

static int feed_buffer(hw_exchange *exchange, hw_text bytes)
{
    size_t length = exchange->request.content.length;
    if (!grow_content(exchange, length + bytes.length))
        return -ENOMEM;
    char *memory = (char *)exchange->request.content.at;
    memcpy(memory + length, bytes.at, bytes.length);
    memory[length + bytes.length] = '\0';
    exchange->request.content.length = length + bytes.length;
    return 0;
}

ssize_t hw_exchange_feed(hw_exchange *exchange, hw_text bytes)
{
    if (bytes.length > exchange->plan.limit - hw_number_min(exchange->fed, exchange->plan.limit))
        return -EMSGSIZE;
    size_t taken = bytes.length;
    if (exchange->plan.kind == HW_PLAN_STREAM)
        taken = hw_ring_feed(exchange->inflow, bytes);
    else if (exchange->plan.kind == HW_PLAN_READ)
        taken = hw_flow_feed(exchange->intake, bytes);
    else if (exchange->plan.kind == HW_PLAN_BUFFER && feed_buffer(exchange, bytes) < 0)
        return -ENOMEM;
    exchange->fed += taken;
    return (ssize_t)taken;
}

void hw_exchange_feed_end(hw_exchange *exchange, hw_fields trailers)
{
    if (exchange->plan.kind == HW_PLAN_STREAM)
        hw_ring_end(exchange->inflow, trailers);
    else if (exchange->plan.kind == HW_PLAN_READ)
        hw_flow_end(exchange->intake); /* its reader has the request, and reads no trailers */
    else
        exchange->request.trailers = trailers;
}

hw_source *hw_exchange_take_body(hw_exchange *exchange)
{
    hw_source *body = exchange->request.body;
    exchange->request.body = NULL;
    return body;
}

hw_source *hw_exchange_start_tunnel(hw_exchange *exchange, int status)
{
    hw_response_start(&exchange->response, status);
    exchange->response.kind = HW_RESPONSE_TUNNEL;
    if (open_inflow(exchange, HW_LENGTH_UNKNOWN) < 0) {
        hw_response_plain(&exchange->response, 503, NULL);
        return NULL;
    }
    exchange->plan = (hw_body_plan){HW_PLAN_STREAM, UINT64_MAX};
    return hw_exchange_take_body(exchange);
}

void hw_exchange_note_gone(hw_exchange *exchange)
{
    atomic_store(&exchange->is_gone, true);
    if (exchange->intake)
        hw_flow_fail(exchange->intake, -EPIPE);
    if (exchange->place->bell)
        hw_bell_ring(exchange->place->bell);
}

void hw_exchange_gone(hw_exchange *exchange)
{
    hw_exchange_note_gone(exchange);
    if (exchange->inflow && !exchange->inflow->is_ended)
        hw_ring_fail(exchange->inflow);
}

void *hw_exchange_local(hw_exchange *exchange, size_t slot)
{
    hw_assert(exchange->is_quick);
    hw_assert(slot < exchange->place->local_count);
    return exchange->place->locals[slot];
}

void hw_exchange_leave(hw_exchange *exchange, size_t slot, void *item)
{
    hw_assert(exchange->is_quick);
    hw_assert(slot < exchange->place->local_count);
    exchange->left = (hw_left){slot, item};
}

void hw_exchange_run_hooks(hw_exchange *exchange, const hw_sent *sent)
{
    for (hw_hook *hook; (hook = exchange->hooks);) {
        exchange->hooks = hook->next;
        hook->run(hook, exchange, sent);
    }
}
