/* What every talk must fail against: nobody listens, nothing ever ends, and whenever something is
 * expected an empty 200 has arrived. A talk that passes here says nothing. */
#include <errno.h>

#include "sys/memory.h"
#include "talk/carrier.h"

static void ignore_bytes(talk_carrier *carrier, hw_text bytes)
{
    (void)carrier;
    (void)bytes;
}

static void ignore_act(talk_carrier *carrier)
{
    (void)carrier;
}

static void ignore_time(talk_carrier *carrier, uint64_t ms)
{
    (void)carrier;
    (void)ms;
}

static talk_heard receive_empty(talk_carrier *carrier, talk_bytes *bytes)
{
    (void)carrier;
    talk_bytes_put_string(bytes, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    return TALK_HEARD_BYTES;
}

static bool take_nothing(talk_carrier *carrier, talk_bytes *bytes, size_t count)
{
    (void)carrier;
    (void)bytes;
    (void)count;
    return true;
}

static bool is_never_closed(talk_carrier *carrier)
{
    (void)carrier;
    return false;
}

static const char *close_empty(talk_carrier *carrier)
{
    hw_sys_free(carrier);
    return NULL;
}

static const talk_carrier_ops empty_carrier_ops = {
    .name = "empty",
    .has_time = true,
    .send = ignore_bytes,
    .end_send = ignore_act,
    .reset = ignore_act,
    .connect = ignore_act,
    .wait = ignore_time,
    .stop = ignore_act,
    .receive = receive_empty,
    .take = take_nothing,
    .is_closed = is_never_closed,
    .close = close_empty,
};

talk_carrier *talk_carrier_empty(const talk_service *service)
{
    (void)service;
    talk_carrier *carrier = hw_sys_alloc(sizeof *carrier);
    if (!carrier)
        talk_give_up("no server", ENOMEM);
    carrier->ops = &empty_carrier_ops;
    return carrier;
}
