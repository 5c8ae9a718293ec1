/* Connections of HTTP/2 over TLS: ALPN says that they are. */
#include "unit/server/h2_rig.h"
#include "unit/server/secure_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seam/seam.h"

#define BOTH "\x02h2\x08http/1.1"

typedef struct secure_client {
    secure_rig secure;
    wire *said;
    heard *heard;
} secure_client;

static void open_secure(secure_client *c)
{
    *c = (secure_client){.secure = {.offers_h2 = true}};
    secure_open(&c->secure);
    secure_connect(&c->secure, &(tls_client_wish){.name = "a.test", .alpn = BOTH}, TLS_RIG_WIDE);
    secure_settle(&c->secure);
    NEED_TRUE(tls_client_shake(c->secure.client) == 0 && c->secure.rig.lane.conn_count == 1);
    c->said = wire_new();
    c->heard = heard_new();
}

static void close_secure(secure_client *c)
{
    free(c->said);
    heard_free(c->heard);
    secure_close(&c->secure);
}

static const char *hear_secure(secure_client *c)
{
    char memory[4096];
    long count;
    tls_client_write(c->secure.client, wire_text(c->said));
    c->said->length = 0;
    secure_settle(&c->secure);
    while ((count = tls_client_read(c->secure.client, memory, sizeof memory)) > 0)
        heard_take(c->heard, (hw_text){memory, (size_t)count});
    return heard_words(c->heard);
}

static void ask_host(secure_client *c, uint32_t stream, const char *host)
{
    char lines[200];
    snprintf(lines, sizeof lines, ":method: GET\n:scheme: https\n:path: /\n:authority: %s\n", host);
    wire_head(c->said, WIRE_END, stream, lines);
}

static bool was_secure;

static void answer_secure(void *arg, hw_exchange *exchange)
{
    was_secure = exchange->request.is_secure;
    rig_answer_hi(arg, exchange);
}

HW_TEST(conn_h2_is_begun_by_alpn)
{
    secure_client c;
    open_secure(&c);
    c.secure.rig.answerer.answer = answer_secure;
    ask_host(&c, 1, "a.test");
    const char *words = hear_secure(&c);
    NEED_TRUE(strcmp(words, "WINDOW_UPDATE 0 983041\n" H2_HI("1")) == 0);
    assert_true(was_secure);
    close_secure(&c);
}

/* RFC 9110 7.4: a connection is for the names of its certificate, and goes on for those. */
HW_TEST(conn_h2_misdirected_is_answered_421)
{
    secure_client c;
    open_secure(&c);
    ask_host(&c, 1, "b.test");
    ask_host(&c, 3, "a.test");
    const char *words = hear_secure(&c);
    NEED_TRUE(strstr(words, "HEADERS 1\n :status: 421\n") && strstr(words, "DATA 3 end hi\n"));
    assert_int_equal(c.secure.rig.answers, 1);
    close_secure(&c);
}

/* Whoever has said by ALPN that it speaks HTTP/2, and does not, is told nothing (RFC 9113 3.4). */
HW_TEST(conn_h2_late_preface_ends_the_connection)
{
    secure_client c;
    open_secure(&c);
    c.said->length = 10;
    (void)hear_secure(&c);
    NEED_TRUE(c.secure.rig.lane.conn_count == 1);
    hw_seam_clock_advance(INT64_C(15000000000));
    hw_loop_step(&c.secure.rig.lane.loop, false);
    const char *words = hear_secure(&c);
    NEED_TRUE(c.secure.rig.lane.conn_count == 0);
    assert_null(strstr(words, "GOAWAY"));
    close_secure(&c);
}
