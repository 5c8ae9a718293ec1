/* Finds out who asks, and gives a request its id.
 *
 * Neither costs anything until somebody wants to know, which for most requests is the access log
 * alone, or nobody. What a proxy says counts only on a connection from an address that the operator
 * has named: everybody can send X-Forwarded-For.
 *
 * An id is two numbers of 64 bits, each a seed and a count that was stirred by a function which
 * maps no two counts to one (splitmix64's). So the ids of a loop differ, and with seeds from the
 * kernel those of other loops, processes and times do too, as certainly as random numbers of 128
 * bits. They take no lock, for a handler may run on any thread. They are names, not secrets: who
 * has seen one can reckon out the next. */
#include "exchange/client.h"

#include "base/buffer.h"
#include "http/forwarded.h"

static uint64_t stir(uint64_t number)
{
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

static char *write_hex(char *at, uint64_t number)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[number >> shift & 15];
    return at;
}

void hw_ids_next(hw_ids *ids, char ret_id[HW_ID_LENGTH])
{
    uint64_t count = atomic_fetch_add_explicit(&ids->count, 1, memory_order_relaxed);
    char *at = write_hex(ret_id, stir(ids->seeds[0] + count * UINT64_C(0x9e3779b97f4a7c15)));
    write_hex(at, stir(ids->seeds[1] + count * UINT64_C(0xd1342543de82ef95)));
}

static hw_text ask_carrier(hw_exchange *exchange)
{
    const hw_carrier_ops *carrier = exchange->carrier;
    return carrier && carrier->peer ? carrier->peer(exchange) : (hw_text){0};
}

/* Whether it is somebody whose word counts. */
static bool is_proxy(const hw_exchange *exchange, hw_text peer, hw_ip *ret_ip)
{
    const hw_cidrs *proxies = exchange->place ? exchange->place->proxies : NULL;
    return proxies && hw_ip_parse(peer, ret_ip) && hw_cidrs_have(proxies, ret_ip);
}

/* The client's address in place of its proxy's. Without memory it stays the proxy's. */
static hw_text look_behind(hw_exchange *exchange, hw_text peer, hw_ip proxy)
{
    hw_ip client = hw_forwarded_client(exchange->request.fields, exchange->place->proxies, proxy);
    char string[HW_IP_STRING_MAX];
    hw_text name = peer;
    (void)hw_arena_copy_text(&exchange->arena, hw_text_of(hw_ip_format(&client, string)), &name);
    return name;
}

hw_text hw_exchange_peer(hw_exchange *exchange)
{
    hw_request *request = &exchange->request;
    hw_ip proxy;
    if (request->peer.length > 0)
        return request->peer;
    request->peer = ask_carrier(exchange);
    if (is_proxy(exchange, request->peer, &proxy))
        request->peer = look_behind(exchange, request->peer, proxy);
    return request->peer;
}

bool hw_exchange_is_secure(hw_exchange *exchange)
{
    const hw_request *request = &exchange->request;
    const hw_cidrs *proxies = exchange->place ? exchange->place->proxies : NULL;
    hw_ip proxy;
    /* Who has asked needs memory to be said: most who ask leave nothing to be found out. */
    if (!proxies ||
        hw_forwarded_is_secure(request->fields, proxies, request->is_secure) == request->is_secure)
        return request->is_secure;
    return is_proxy(exchange, ask_carrier(exchange), &proxy) ? !request->is_secure
                                                             : request->is_secure;
}

bool hw_exchange_is_from_proxy(hw_exchange *exchange)
{
    hw_ip proxy;
    return exchange->place->proxies && is_proxy(exchange, ask_carrier(exchange), &proxy);
}

/* What logs and headers can take anywhere. */
static bool is_sane_id(hw_text id)
{
    for (size_t i = 0; i < id.length; i++) {
        char byte = id.at[i];
        if (!hw_char_is_alpha(byte) && !hw_char_is_digit(byte) && byte != '-' && byte != '_' &&
            byte != '.' && byte != ':' && byte != '+' && byte != '/' && byte != '=')
            return false;
    }
    return id.length > 0 && id.length <= HW_ID_LENGTH_MAX;
}

/* What a trusted proxy calls the request; NULL: nothing that can be taken over. */
static const char *find_given_id(hw_exchange *exchange)
{
    hw_ip proxy;
    hw_text id = hw_fields_single(exchange->request.fields, HW_FIELD_X_REQUEST_ID);
    if (!is_sane_id(id) || !exchange->place->proxies ||
        !is_proxy(exchange, ask_carrier(exchange), &proxy))
        return NULL;
    return hw_arena_copy(&exchange->arena, id);
}

const char *hw_exchange_id(hw_exchange *exchange)
{
    hw_request *request = &exchange->request;
    char id[HW_ID_LENGTH];
    if (!request->id)
        request->id = find_given_id(exchange);
    if (!request->id && exchange->place->ids) {
        hw_ids_next(exchange->place->ids, id);
        request->id = hw_arena_copy(&exchange->arena, (hw_text){id, sizeof id});
    }
    return request->id ? request->id : "";
}
