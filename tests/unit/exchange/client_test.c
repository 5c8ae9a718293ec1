#include "exchange/client.h"

#include <string.h>

#include "unit/harness.h"

static const char *peer_now; /* of the connection */
static unsigned peer_asked;

static hw_text name_peer(hw_exchange *exchange)
{
    hw_text peer = {0};
    peer_asked++;
    (void)hw_arena_copy_text(&exchange->arena, hw_text_of(peer_now), &peer);
    return peer;
}

static const hw_carrier_ops carrier = {.peer = name_peer};

typedef struct question {
    hw_exchange exchange;
    hw_arena arena;
    hw_cidrs proxies;
    hw_ids ids;
    hw_place place;
} question;

static void ask_from(question *asked, const char *peer, const char *proxies, hw_fields fields)
{
    hw_text bad;
    const char *words;
    peer_now = peer;
    *asked = (question){.ids = {.seeds = {1, 2}}};
    asked->place.ids = &asked->ids;
    hw_exchange_init(&asked->exchange, 4096, 65536);
    hw_arena_init(&asked->arena, 1024, 65536);
    if (proxies) {
        int error =
            hw_cidrs_parse(hw_text_of(proxies), &asked->arena, &bad, &words, &asked->proxies);
        HW_NEED_OK(error);
        asked->place.proxies = &asked->proxies;
    }
    asked->exchange.request = (hw_request){.raw_target = HW_TEXT("/"), .fields = fields};
    (void)hw_exchange_begin(&asked->exchange, true, &carrier, &asked->place, 0, 0);
}

static void end_asked(question *asked)
{
    hw_exchange_fini(&asked->exchange);
    hw_arena_fini(&asked->arena);
}

static hw_field proxied[] = {
    {HW_TEXT_INIT("X-Forwarded-For"), HW_TEXT_INIT("1.2.3.4"), HW_FIELD_X_FORWARDED_FOR},
    {HW_TEXT_INIT("X-Request-Id"), HW_TEXT_INIT("a-1_b.c:+/="), HW_FIELD_X_REQUEST_ID},
};

HW_TEST(client_peer_is_the_connections_unless_a_proxy_is_trusted)
{
    static const struct {
        const char *peer, *proxies, *client;
    } rows[] = {
        {"10.0.0.1", NULL, "10.0.0.1"},         {"10.0.0.1", "10.0.0.0/8", "1.2.3.4"},
        {"11.0.0.1", "10.0.0.0/8", "11.0.0.1"}, {"unix:", "10.0.0.0/8", "unix:"},
        {"unix:", "unix:", "1.2.3.4"},          {"memory:", "unix:", "memory:"},
        {"::1", "10.0.0.0/8, ::1", "1.2.3.4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        question asked;
        ask_from(&asked, rows[i].peer, rows[i].proxies, hw_fields_of(proxied, 2));
        peer_asked = 0;
        hw_text peer = hw_exchange_peer(&asked.exchange);
        hw_text again = hw_exchange_peer(&asked.exchange);
        if (!hw_test_is_struck()) {
            assert_string_equal(peer.at, rows[i].client);
            assert_ptr_equal(again.at, peer.at);
            assert_int_equal(peer_asked, 1);
        }
        end_asked(&asked);
    }
}

HW_TEST(client_scheme_is_the_connections_unless_a_proxy_is_trusted)
{
    static const struct {
        const char *peer, *proxies, *said;
        bool is_secure, expected;
    } rows[] = {
        {"10.0.0.1", NULL, "https", false, false},
        {"10.0.0.1", NULL, "http", true, true},
        {"11.0.0.1", "10.0.0.0/8", "https", false, false},
        {"11.0.0.1", "10.0.0.0/8", "http", true, true},
        {"unix:", "10.0.0.0/8", "https", false, false},
        {"10.0.0.1", "10.0.0.0/8", "https", false, true},
        {"10.0.0.1", "10.0.0.0/8", "http", true, false},
        {"10.0.0.1", "10.0.0.0/8", "https", true, true},
        {"10.0.0.1", "10.0.0.0/8", "http", false, false},
        {"10.0.0.1", "10.0.0.0/8", "ftp", false, false},
        {"10.0.0.1", "10.0.0.0/8", "ftp", true, true},
        {"unix:", "unix:", "https", false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        question asked;
        hw_field field = {HW_TEXT_INIT("X-Forwarded-Proto"), hw_text_of(rows[i].said),
                          HW_FIELD_OTHER};
        ask_from(&asked, rows[i].peer, rows[i].proxies, hw_fields_of(&field, 1));
        asked.exchange.request.is_secure = rows[i].is_secure;
        bool before = hw_exchange_is_secure(&asked.exchange);
        (void)hw_exchange_peer(&asked.exchange); /* who the client is does not matter for it */
        bool after = hw_exchange_is_secure(&asked.exchange);
        if (!hw_test_is_struck()) {
            assert_int_equal(before, rows[i].expected);
            assert_int_equal(after, rows[i].expected);
        }
        end_asked(&asked);
    }
}

HW_TEST(client_id_is_a_trusted_proxys_or_our_own)
{
    question asked;
    ask_from(&asked, "10.0.0.1", "10.0.0.1", hw_fields_of(proxied, 2));
    const char *id = hw_exchange_id(&asked.exchange);
    if (!hw_test_is_struck()) {
        assert_string_equal(id, "a-1_b.c:+/=");
        assert_ptr_equal(hw_exchange_id(&asked.exchange), id);
    }
    end_asked(&asked);
    ask_from(&asked, "10.0.0.1", NULL, hw_fields_of(proxied, 2));
    id = hw_exchange_id(&asked.exchange);
    if (!hw_test_is_struck()) {
        assert_int_equal(strlen(id), HW_ID_LENGTH);
        assert_int_equal(strspn(id, "0123456789abcdef"), HW_ID_LENGTH);
        assert_ptr_equal(hw_exchange_id(&asked.exchange), id);
    }
    end_asked(&asked);
}

HW_TEST(client_id_of_a_proxy_must_be_sane)
{
    static const char long_id[] =
        "12345678901234567890123456789012345678901234567890123456789012345"
        "6789012345678901234567890123456789012345678901234567890123456789";
    static const char *const rows[] = {"", "a b", "a\"b", "\xc3\xa4", "a,b", long_id};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hw_field field = {HW_TEXT_INIT("X-Request-Id"), hw_text_of(rows[i]), HW_FIELD_X_REQUEST_ID};
        question asked;
        ask_from(&asked, "10.0.0.1", "10.0.0.1", hw_fields_of(&field, 1));
        const char *id = hw_exchange_id(&asked.exchange);
        if (!hw_test_is_struck())
            assert_int_equal(strspn(id, "0123456789abcdef"), HW_ID_LENGTH);
        end_asked(&asked);
    }
}

HW_TEST(client_ids_differ)
{
    enum { COUNT = 64 };
    char ids[2 * COUNT][HW_ID_LENGTH];
    hw_ids one = {.seeds = {7, 8}}, other = {.seeds = {8, 8}};
    for (size_t i = 0; i < COUNT; i++) {
        hw_ids_next(&one, ids[i]);
        hw_ids_next(&other, ids[COUNT + i]);
    }
    for (size_t i = 0; i < 2 * COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(memcmp(ids[i], ids[j], HW_ID_LENGTH) != 0);
}

/* One that has not begun has no client, and one whose carrier does not say has none either. */
HW_TEST(client_of_an_exchange_that_nobody_carries_has_no_name)
{
    static const hw_carrier_ops silent = {0};
    hw_exchange exchange;
    hw_exchange_init(&exchange, 1024, 4096);
    assert_int_equal(hw_exchange_peer(&exchange).length, 0);
    assert_false(hw_exchange_is_secure(&exchange));
    exchange.carrier = &silent;
    assert_int_equal(hw_exchange_peer(&exchange).length, 0);
    hw_exchange_fini(&exchange);
}
