/* Early hints on their way from a handler to the loop.
 *
 * A handler may run on a thread of its own, while the loop alone may send. So hints are pushed on a list,
 * the newest first, and the loop is told; what it takes off is nobody else's any more. They lie in the
 * arena, which stays as long as the handler has the exchange; and they are hooks that do nothing, for an
 * exchange with hooks does not end before the loop has heard all news of it. */
#include "exchange/hint.h"

struct hw_hint {
    hw_hook hook;
    hw_hint *next;
    hw_text link;
};

static void do_nothing(hw_hook *hook, hw_exchange *exchange, const hw_sent *sent)
{
    (void)hook, (void)exchange, (void)sent;
}

/* RFC 8297 3: there are clients of HTTP/1.1 that take a 103 for the answer. */
static bool takes_hints(const hw_exchange *exchange)
{
    return !hw_text_has_prefix(exchange->request.protocol, HW_TEXT("HTTP/1."));
}

bool hw_hint_add(hw_exchange *exchange, hw_text link)
{
    if (!takes_hints(exchange))
        return true;
    hw_hint *hint = hw_arena_alloc(&exchange->arena, sizeof *hint);
    if (!hint || !hw_arena_copy_text(&exchange->arena, link, &hint->link))
        return false;
    hint->hook = (hw_hook){do_nothing, exchange->hooks};
    exchange->hooks = &hint->hook;
    hint->next = atomic_load(&exchange->hints);
    while (!atomic_compare_exchange_weak(&exchange->hints, &hint->next, hint))
        continue;
    exchange->carrier->notify(exchange);
    return true;
}

/* The oldest first. */
static hw_hint *turn_round(hw_hint *newest)
{
    hw_hint *first = NULL;
    while (newest) {
        hw_hint *next = newest->next;
        newest->next = first;
        first = newest;
        newest = next;
    }
    return first;
}

void hw_hint_send_any(hw_exchange *exchange)
{
    for (const hw_hint *hint = turn_round(atomic_exchange(&exchange->hints, NULL)); hint;
         hint = hint->next) {
        const hw_field field = {HW_TEXT("link"), hint->link, HW_FIELD_OTHER};
        exchange->carrier->inform(exchange, 103, hw_fields_of(&field, 1));
    }
}
