/* What a request is to the application beyond its text: who sent it, what it is called, and what
 * middleware and handlers have attached to it. */
#include <errno.h>

#include "app/call.h"
#include "app/dispatch.h"
#include "exchange/client.h"
#include "exchange/hint.h"

const char *hewn_peer(const hewn_request *rq)
{
    hw_text peer = hw_exchange_peer((hewn_request *)rq);
    return peer.at ? peer.at : "";
}

bool hewn_is_secure(const hewn_request *rq)
{
    return hw_exchange_is_secure((hewn_request *)rq);
}

const char *hewn_client_name(const hewn_request *rq)
{
    hw_text name = rq->request.is_secure ? rq->request.client_name : (hw_text){0};
    return name.at ? name.at : "";
}

void hewn_early_hints(hewn_request *rq, const char *link)
{
    if (!hw_field_value_is_valid(hw_text_of(link)) || *link == '\0')
        hw_dispatch_misuse(rq, "an early hint that cannot be sent as a field");
    else
        (void)hw_hint_add(rq, hw_text_of(link)); /* without memory the client goes without */
}

const char *hewn_id(const hewn_request *rq)
{
    return hw_exchange_id((hewn_request *)rq);
}

/* There are few of them: those of the layers around a handler. */
static hw_value *find_attached(const hewn_request *rq, const void *key)
{
    for (hw_value *value = rq->call ? rq->call->values : NULL; value; value = value->next)
        if (value->key == key)
            return value;
    return NULL;
}

/* A new one without a value; NULL: no memory. */
static hw_value *add_value(hewn_request *rq, const void *key)
{
    hw_call *call = hw_call_of(rq);
    hw_value *value = call ? hw_arena_alloc(&rq->arena, sizeof *value) : NULL;
    if (!value)
        return NULL;
    *value = (hw_value){.key = key, .next = call->values};
    call->values = value;
    return value;
}

int hewn_put_value(hewn_request *rq, const void *key, void *value)
{
    hw_value *known = find_attached(rq, key);
    if (!known)
        known = add_value(rq, key);
    if (!known)
        return -ENOMEM;
    known->value = value;
    return 0;
}

void *hewn_value(const hewn_request *rq, const void *key)
{
    const hw_value *known = find_attached(rq, key);
    return known ? known->value : NULL;
}
