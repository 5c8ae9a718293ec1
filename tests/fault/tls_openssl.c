/* A client of OpenSSL. Its memory does not go through the seam: nothing of it fails. */
#include "fault/tls.h"

#include <errno.h>
#include <stdlib.h>

#include "tls/client.h"

struct fault_tls {
    tls_client *client;
    talk_bytes said; /* before the handshake was over */
    bool is_open;    /* it is over */
    bool is_over;    /* all is, by the server's word: an alert, or its end */
    bool is_ending;  /* what was said ends */
};

static void say_all(fault_tls *tls)
{
    tls_client_write(tls->client, talk_bytes_text(&tls->said));
    tls->said.length = 0;
    if (tls->is_ending)
        tls_client_end(tls->client);
}

static void shake_hands(fault_tls *tls)
{
    int result = tls_client_shake(tls->client);
    tls->is_open = result == 0;
    tls->is_over = result == -EPROTO;
    if (tls->is_open)
        say_all(tls);
}

fault_tls *fault_tls_new(void)
{
    const tls_client_wish wish = {.name = "test", .alpn = "\x08http/1.1"};
    fault_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        abort();
    tls->client = tls_client_new(&wish);
    shake_hands(tls);
    return tls;
}

void fault_tls_free(fault_tls *tls)
{
    if (!tls)
        return;
    tls_client_free(tls->client);
    talk_bytes_free(&tls->said);
    free(tls);
}

bool fault_tls_hear(fault_tls *tls, hw_text wire, talk_bytes *heard)
{
    char piece[4096];
    long got = 0;
    tls_client_feed(tls->client, wire);
    if (!tls->is_open && !tls->is_over)
        shake_hands(tls);
    while (tls->is_open && !tls->is_over) {
        got = tls_client_read(tls->client, piece, sizeof piece);
        if (got == -EAGAIN)
            return true;
        if (got > 0)
            talk_bytes_put(heard, (hw_text){piece, (size_t)got});
        else
            tls->is_over = true;
    }
    /* What the server gives up it tells by an alert. */
    return !tls->is_over || tls_client_alert(tls->client) >= 0;
}

void fault_tls_say(fault_tls *tls, hw_text bytes)
{
    talk_bytes_put(&tls->said, bytes);
    if (tls->is_open)
        say_all(tls);
}

void fault_tls_end(fault_tls *tls)
{
    tls->is_ending = true;
    if (tls->is_open)
        say_all(tls);
}

bool fault_tls_is_ended(const fault_tls *tls)
{
    return tls->is_open && tls->is_over && tls_client_alert(tls->client) == 0;
}

hw_text fault_tls_output(fault_tls *tls)
{
    return tls_client_output(tls->client);
}

void fault_tls_take(fault_tls *tls, size_t bytes)
{
    tls_client_take(tls->client, bytes);
}
