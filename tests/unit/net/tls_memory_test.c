/* Each allocation of OpenSSL's fails in turn: while a server is set up, and in the handshakes, reads and
 * writes of its clients. What must hold: it is told, nothing is left behind, nothing breaks, and the next
 * client is served. */
#include "tls/memory.h"

#include <errno.h>
#include <stdio.h>

#include "unit/net/tls_rig.h"

/* The setup of a server that asks its clients for certificates and has something to staple. */
typedef struct memory_place {
    tls_rig rig;
    pki_certificate *authority, *client, *own;
    char authority_file[256];
} memory_place;

static void open_memory(memory_place *place)
{
    tls_rig_init(&place->rig);
    place->authority = pki_issue(&(pki_wish){.subject = "clients", .is_ca = true});
    place->client = pki_issue(&(pki_wish){.subject = "alice", .issuer = place->authority});
    /* It vouches for itself, so nobody reads all that this system trusts. */
    place->own = pki_issue(&(pki_wish){.names = "a.test"});
    snprintf(place->authority_file, sizeof place->authority_file, "%s",
             hw_test_folder_path(&place->rig.folder, "authority"));
    pki_write(place->authority_file, place->authority);
    tls_rig_add(&place->rig, place->own);
    pki_write_status(place->rig.names[0][2],
                     &(pki_status){place->own, place->own, 1000, 4000000000, false});
    place->rig.files[0].ocsp_file = place->rig.names[0][2];
    place->rig.setup.certificates = place->rig.files;
    place->rig.setup.clients = HW_TLS_CLIENTS_MAY;
    place->rig.setup.client_ca_file = place->authority_file;
}

static void close_memory(memory_place *place)
{
    pki_free(place->own);
    pki_free(place->client);
    pki_free(place->authority);
    tls_rig_fini(&place->rig);
}

/* Every step-th allocation: there are thousands. */
static uint64_t fail_setups(memory_place *place, uint64_t step)
{
    uint64_t failed = 0;
    for (uint64_t nth = 1;; nth += step) {
        hw_tls *tls = NULL;
        hw_fault fault = {0};
        tls_memory_fail(nth);
        tls_memory_begin();
        int error = hw_tls_new(&place->rig.setup, &fault, &tls);
        tls_memory_end();
        bool is_struck = tls_memory_is_struck();
        if (error < 0 && (!is_struck || fault.error == 0))
            fail_msg("allocation %llu: %s: %s", (unsigned long long)nth, fault.where, fault.what);
        hw_tls_free(tls);
        if (!is_struck)
            return failed;
        failed++;
    }
}

HW_LONG_TEST(tls_memory_that_is_missing_keeps_a_server_from_starting)
{
    memory_place place;
    open_memory(&place);
    tls_memory_forgive(true);
    assert_true(fail_setups(&place, tls_memory_step(29)) > 100);
    tls_memory_forgive(false);
    close_memory(&place);
}

typedef enum memory_part { PART_HANDSHAKE, PART_TALK } memory_part;

static void count_when(bool is_counted)
{
    if (is_counted)
        tls_memory_begin();
}

/* Both go on until nobody says anything more; the server's allocations count. */
static int shake_counted(tls_rig *rig, bool is_counted)
{
    int error = -EAGAIN;
    bool goes_on = true;
    while (goes_on && error == -EAGAIN) {
        (void)tls_client_shake(rig->client);
        goes_on = tls_rig_carry(rig, SIZE_MAX, SIZE_MAX);
        count_when(is_counted);
        error = rig->server->ops->handshake(rig->server);
        tls_memory_end();
        goes_on |= tls_rig_carry(rig, SIZE_MAX, SIZE_MAX);
    }
    return error;
}

/* A request and its answer. False: the server has given the connection up. */
static bool talk_counted(tls_rig *rig, bool is_counted)
{
    char memory[64];
    struct iovec part = {(void *)"answer", 6};
    (void)tls_client_shake(rig->client);
    tls_client_write(rig->client, HW_TEXT("request"));
    tls_rig_carry(rig, SIZE_MAX, SIZE_MAX);
    count_when(is_counted);
    ssize_t got = rig->server->ops->read(rig->server, memory, sizeof memory);
    ssize_t sent = got == 7 ? rig->server->ops->write(rig->server, &part, 1, false) : -1;
    if (sent == 6)
        rig->server->ops->end_write(rig->server);
    tls_memory_end();
    tls_rig_carry(rig, SIZE_MAX, SIZE_MAX);
    return sent == 6 && tls_client_read(rig->client, memory, sizeof memory) == 6;
}

/* One connection with its nth allocation failing. Whether it did. */
static bool fail_connection(memory_place *place, const tls_client_wish *wish, memory_part part,
                            uint64_t nth)
{
    tls_rig *rig = &place->rig;
    tls_memory_fail(nth);
    tls_rig_connect(rig, wish, TLS_RIG_WIDE);
    int error = shake_counted(rig, part == PART_HANDSHAKE);
    bool is_answered = error == 0 && talk_counted(rig, part == PART_TALK);
    bool is_struck = tls_memory_is_struck();
    if (!is_answered && !is_struck)
        fail_msg("nothing fails, and there is no answer: %d", error);
    tls_memory_fail(0);
    tls_rig_hang_up(rig);
    assert_int_equal(hw_budget_used(&rig->budget), 0);
    return is_struck;
}

HW_LONG_TEST(tls_memory_that_is_missing_hurts_one_connection)
{
    memory_place place;
    open_memory(&place);
    tls_rig_start(&place.rig);
    const tls_client_wish wishes[] = {
        {.name = "a.test", .asks_status = true, .alpn = "\x08http/1.1"},
        {.name = "a.test", .newest = TLS1_2_VERSION, .shown = place.client},
        {.name = "a.test", .shown = place.client},
    };
    const uint64_t step = tls_memory_step(5);
    for (size_t i = 0; i < ROWS(wishes); i++)
        for (memory_part part = PART_HANDSHAKE; part <= PART_TALK; part++) {
            uint64_t nth = 1;
            while (fail_connection(&place, &wishes[i], part, nth))
                nth += step;
            assert_true(nth > (part == PART_HANDSHAKE ? 50 : 0));
            assert_false(fail_connection(&place, &wishes[i], part, 0));
        }
    close_memory(&place);
}
