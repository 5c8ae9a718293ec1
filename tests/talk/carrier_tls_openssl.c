/* A connection of TLS over another carrier: the client of OpenSSL encrypts what is said and decrypts
 * what is heard, and the carrier below brings the one to a server that speaks TLS, and the other back.
 *
 * A connection that ends without a word about it (close_notify) has been cut off: whoever takes that for
 * the end would take half an answer for a whole one (RFC 8446 6.1). */
#include <errno.h>

#include "base/number.h"
#include "sys/memory.h"
#include "talk/carrier.h"
#include "tls/client.h"

/* Type, version, length: RFC 8446 5.1. */
#define RECORD_HEAD_BYTES ((size_t)5)

typedef struct tls_carrier {
    talk_carrier carrier;
    talk_carrier *below;
    const char *protocols; /* offered in ALPN */
    size_t wire_bytes;
    tls_client *client;
    bool is_open;                          /* the handshake is over */
    unsigned char head[RECORD_HEAD_BYTES]; /* of the record that comes */
    size_t head_bytes, record_left;        /* how much of it has come, and how much is to come */
    talk_bytes wire;                       /* what came last, encrypted */
    talk_bytes rest;                       /* decrypted, and not taken yet */
} tls_carrier;

static tls_carrier *tls_of(talk_carrier *carrier)
{
    return (tls_carrier *)(void *)carrier;
}

static void flush_client(tls_carrier *tls)
{
    for (hw_text out; (out = tls_client_output(tls->client)).length > 0;) {
        out = hw_text_upto(out, tls->wire_bytes);
        tls->below->ops->send(tls->below, out);
        tls_client_take(tls->client, out.length);
    }
}

/* Where the record ends that has come in part. */
static void follow_records(tls_carrier *tls, hw_text bytes)
{
    while (bytes.length > 0) {
        if (tls->record_left > 0) {
            size_t step = hw_size_min(tls->record_left, bytes.length);
            tls->record_left -= step;
            bytes = hw_text_from(bytes, step);
            continue;
        }
        tls->head[tls->head_bytes++] = (unsigned char)bytes.at[0];
        bytes = hw_text_from(bytes, 1);
        if (tls->head_bytes < RECORD_HEAD_BYTES)
            continue;
        tls->record_left = (size_t)tls->head[3] << 8 | tls->head[4];
        tls->head_bytes = 0;
    }
}

static void feed_client(tls_carrier *tls)
{
    follow_records(tls, talk_bytes_text(&tls->wire));
    tls_client_feed(tls->client, talk_bytes_text(&tls->wire));
    tls->wire.length = 0;
}

static talk_heard hear_below(tls_carrier *tls)
{
    talk_heard heard = tls->below->ops->receive(tls->below, &tls->wire);
    feed_client(tls);
    return heard;
}

/* A server that wants nobody any more does not get that far: it is heard to be gone. */
static void shake_hands(tls_carrier *tls)
{
    const tls_client_wish wish = {.name = "test", .alpn = tls->protocols};
    int result;
    tls_client_free(tls->client);
    tls->client = tls_client_new(&wish);
    tls->rest.length = tls->head_bytes = tls->record_left = 0;
    do {
        result = tls_client_shake(tls->client);
        flush_client(tls);
    } while (result == -EAGAIN && hear_below(tls) == TALK_HEARD_BYTES);
    tls->is_open = result == 0;
}

/* What the last call of tls_client_read has said, of which there is at least one. */
static long decrypt(tls_carrier *tls, talk_bytes *bytes)
{
    char piece[16 * 1024];
    long got;
    while ((got = tls_client_read(tls->client, piece, sizeof piece)) > 0)
        talk_bytes_put(bytes, (hw_text){piece, (size_t)got});
    flush_client(tls);
    return got;
}

static void send_over_tls(talk_carrier *carrier, hw_text bytes)
{
    tls_carrier *tls = tls_of(carrier);
    if (!tls->is_open)
        return;
    tls_client_write(tls->client, bytes);
    flush_client(tls);
}

static void end_send_over_tls(talk_carrier *carrier)
{
    tls_carrier *tls = tls_of(carrier);
    if (tls->is_open)
        tls_client_end(tls->client);
    flush_client(tls);
    tls->below->ops->end_send(tls->below);
}

static void reset_over_tls(talk_carrier *carrier)
{
    talk_carrier *below = tls_of(carrier)->below;
    below->ops->reset(below);
}

static void connect_over_tls(talk_carrier *carrier)
{
    tls_carrier *tls = tls_of(carrier);
    tls->below->ops->connect(tls->below);
    shake_hands(tls);
}

static void wait_over_tls(talk_carrier *carrier, uint64_t ms)
{
    talk_carrier *below = tls_of(carrier)->below;
    below->ops->wait(below, ms);
}

static void stop_over_tls(talk_carrier *carrier)
{
    talk_carrier *below = tls_of(carrier)->below;
    below->ops->stop(below);
}

/* Behind the server's last word the connection has to end as well. */
static talk_heard hear_end(tls_carrier *tls)
{
    talk_heard heard = hear_below(tls);
    return heard == TALK_HEARD_BYTES ? TALK_HEARD_RESET : heard;
}

static talk_heard receive_over_tls(talk_carrier *carrier, talk_bytes *bytes)
{
    tls_carrier *tls = tls_of(carrier);
    size_t before = bytes->length;
    talk_bytes_put(bytes, talk_bytes_text(&tls->rest));
    tls->rest.length = 0;
    for (;;) {
        long got = tls->is_open ? decrypt(tls, bytes) : -EAGAIN;
        if (bytes->length > before)
            return TALK_HEARD_BYTES;
        if (got == 0)
            return hear_end(tls);
        if (got != -EAGAIN)
            return TALK_HEARD_RESET;
        talk_heard heard = hear_below(tls);
        if (heard != TALK_HEARD_BYTES)
            return heard == TALK_HEARD_END && tls->is_open ? TALK_HEARD_RESET : heard;
    }
}

/* Record by record, for nothing behind those that these bytes are in may leave the connection. */
static bool take_over_tls(talk_carrier *carrier, talk_bytes *bytes, size_t count)
{
    tls_carrier *tls = tls_of(carrier);
    bool is_any = tls->is_open;
    while (is_any && tls->rest.length < count) {
        size_t wanted =
            tls->record_left > 0 ? tls->record_left : RECORD_HEAD_BYTES - tls->head_bytes;
        is_any = tls->below->ops->take(tls->below, &tls->wire, wanted);
        feed_client(tls);
        (void)decrypt(tls, &tls->rest);
    }
    hw_text taken = hw_text_upto(talk_bytes_text(&tls->rest), count);
    talk_bytes_put(bytes, taken);
    talk_bytes_take(&tls->rest, taken.length);
    return taken.length == count;
}

static bool is_closed_over_tls(talk_carrier *carrier)
{
    talk_carrier *below = tls_of(carrier)->below;
    return below->ops->is_closed(below);
}

static const char *close_over_tls(talk_carrier *carrier)
{
    tls_carrier *tls = tls_of(carrier);
    const char *words = tls->below->ops->close(tls->below);
    tls_client_free(tls->client);
    talk_bytes_free(&tls->wire);
    talk_bytes_free(&tls->rest);
    hw_sys_free(tls);
    return words;
}

static const talk_carrier_ops tls_carrier_ops = {
    .name = "tls",
    .has_time = true, /* as memory has */
    .send = send_over_tls,
    .end_send = end_send_over_tls,
    .reset = reset_over_tls,
    .connect = connect_over_tls,
    .wait = wait_over_tls,
    .stop = stop_over_tls,
    .receive = receive_over_tls,
    .take = take_over_tls,
    .is_closed = is_closed_over_tls,
    .close = close_over_tls,
};

talk_carrier *talk_tls_open(const talk_service *service, const char *protocols)
{
    tls_carrier *tls = hw_sys_alloc_zeroed(1, sizeof *tls);
    if (!tls)
        talk_give_up("a client of TLS", ENOMEM);
    tls->carrier.ops = &tls_carrier_ops;
    tls->below = talk_memory_open(service, service->tls);
    tls->protocols = protocols;
    tls->wire_bytes = service->wire_bytes ? service->wire_bytes : SIZE_MAX;
    shake_hands(tls);
    return &tls->carrier;
}

talk_carrier *talk_carrier_tls(const talk_service *service)
{
    return talk_tls_open(service, "\x08http/1.1");
}
