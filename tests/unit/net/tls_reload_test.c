#include <errno.h>

#include "seam/seam.h"
#include "unit/net/tls_rig.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)
#define NOW_S INT64_C(1800000000)
#define DAY_S INT64_C(86400)

/* One certificate for a.test until then, written over what is there. */
static void write_certificate(tls_rig *rig, size_t number, const char *name, int64_t until_s)
{
    pki_certificate *made = pki_issue(&(pki_wish){.names = name, .until_s = until_s});
    pki_write(rig->names[number][0], made);
    pki_write_key(rig->names[number][1], made);
    pki_free(made);
}

static void start(tls_rig *rig, size_t count, int64_t until_s)
{
    static const char *const names[] = {"a.test", "b.test"};
    hw_seam_clock_freeze(NS_PER_S, NOW_S * NS_PER_S);
    tls_rig_init(rig);
    for (size_t i = 0; i < count; i++) {
        tls_rig_add_names(rig, names[i], PKI_EC);
        write_certificate(rig, i, names[i], until_s);
    }
    tls_rig_start(rig);
}

static void finish(tls_rig *rig)
{
    tls_rig_fini(rig);
    hw_seam_clock_thaw();
}

/* The serial number of what is shown under a name. */
static long serial_shown(tls_rig *rig, const char *name)
{
    tls_rig_open(rig, &(tls_client_wish){.name = name}, TLS_RIG_WIDE);
    X509 *shown = SSL_get0_peer_certificate(tls_client_ssl(rig->client));
    assert_non_null(shown);
    return ASN1_INTEGER_get(X509_get0_serialNumber(shown));
}

static int reload(tls_rig *rig)
{
    rig->fault = (hw_fault){0};
    int error = hw_tls_reload(rig->tls, &rig->fault);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    return error;
}

HW_TEST(tls_reload_shows_what_the_files_say_now)
{
    tls_rig rig;
    start(&rig, 1, 0);
    long before = serial_shown(&rig, "a.test");
    assert_int_equal(reload(&rig), 0);
    assert_int_equal(serial_shown(&rig, "a.test"), before);
    write_certificate(&rig, 0, "a.test", 0);
    assert_int_equal(serial_shown(&rig, "a.test"), before);
    assert_int_equal(reload(&rig), 0);
    assert_int_equal(serial_shown(&rig, "a.test"), before + 1);
    finish(&rig);
}

HW_TEST(tls_reload_keeps_connections_and_handshakes_that_have_begun)
{
    tls_rig rig;
    start(&rig, 1, 0);
    long before = serial_shown(&rig, "a.test");
    write_certificate(&rig, 0, "b.test", 0);
    assert_int_equal(reload(&rig), 0);
    /* The old one is still what this connection is for. */
    const hw_tls_facts *facts = rig.server->ops->facts(rig.server);
    assert_true(hw_tls_facts_serves(facts, HW_TEXT("a.test")));
    tls_rig_say(&rig, "hello");
    tls_rig_expect(&rig, "hello");
    tls_rig_connect(&rig, &(tls_client_wish){.name = "a.test"}, TLS_RIG_WIDE);
    write_certificate(&rig, 0, "a.test", 0);
    assert_int_equal(reload(&rig), 0);
    int result = tls_rig_shake(&rig, SIZE_MAX);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    assert_int_equal(result, 0);
    X509 *shown = SSL_get0_peer_certificate(tls_client_ssl(rig.client));
    assert_int_equal(ASN1_INTEGER_get(X509_get0_serialNumber(shown)), before + 1);
    assert_int_equal(serial_shown(&rig, "a.test"), before + 2);
    finish(&rig);
}

HW_TEST(tls_reload_of_something_wrong_changes_nothing)
{
    tls_rig rig;
    start(&rig, 2, 0);
    long a = serial_shown(&rig, "a.test"), b = serial_shown(&rig, "b.test");
    write_certificate(&rig, 0, "a.test", 0); /* good, and not taken because of the other one */
    hw_test_folder_write(&rig.folder, "certificate1", "damaged");
    assert_int_equal(reload(&rig), -EINVAL);
    assert_string_equal(rig.fault.where, rig.names[1][0]);
    assert_int_equal(serial_shown(&rig, "a.test"), a);
    assert_int_equal(serial_shown(&rig, "b.test"), b);
    write_certificate(&rig, 1, "b.test", 0);
    hw_test_folder_write(&rig.folder, "key1", "damaged");
    assert_int_equal(reload(&rig), -EINVAL);
    assert_string_equal(rig.fault.where, rig.names[1][1]);
    assert_int_equal(unlink(rig.names[1][1]), 0);
    assert_int_equal(reload(&rig), -ENOENT);
    assert_int_equal(serial_shown(&rig, "b.test"), b);
    /* The key of another: as between two files that are written one after the other. */
    pki_certificate *other = pki_issue(&(pki_wish){.names = "b.test"});
    pki_write_key(rig.names[1][1], other);
    pki_free(other);
    assert_int_equal(reload(&rig), -EINVAL);
    assert_int_equal(serial_shown(&rig, "b.test"), b);
    write_certificate(&rig, 1, "b.test", 0);
    assert_int_equal(reload(&rig), 0);
    assert_true(serial_shown(&rig, "a.test") > a);
    assert_true(serial_shown(&rig, "b.test") > b);
    finish(&rig);
}

HW_TEST(tls_reload_does_not_take_one_that_has_expired)
{
    tls_rig rig;
    start(&rig, 1, NOW_S + DAY_S);
    long before = serial_shown(&rig, "a.test");
    write_certificate(&rig, 0, "a.test", NOW_S);
    assert_int_equal(reload(&rig), -EKEYEXPIRED);
    assert_string_equal(rig.fault.where, rig.names[0][0]);
    assert_int_equal(serial_shown(&rig, "a.test"), before);
    write_certificate(&rig, 0, "a.test", NOW_S + 1);
    assert_int_equal(reload(&rig), 0);
    assert_int_equal(serial_shown(&rig, "a.test"), before + 2);
    finish(&rig);
}

/* What is in use has expired meanwhile: a new one that has expired is no worse. */
HW_TEST(tls_reload_compares_what_is_in_use_now)
{
    tls_rig rig;
    start(&rig, 1, NOW_S + DAY_S);
    long before = serial_shown(&rig, "a.test");
    hw_seam_clock_advance(2 * DAY_S * NS_PER_S);
    write_certificate(&rig, 0, "a.test", NOW_S + DAY_S);
    assert_int_equal(reload(&rig), 0);
    assert_int_equal(serial_shown(&rig, "a.test"), before + 1);
    finish(&rig);
}

/* One that nobody renews does not keep another from being renewed. */
HW_TEST(tls_reload_compares_each_with_its_own)
{
    tls_rig rig;
    start(&rig, 2, NOW_S + DAY_S);
    long b = serial_shown(&rig, "b.test");
    hw_seam_clock_advance(2 * DAY_S * NS_PER_S);
    write_certificate(&rig, 1, "b.test", NOW_S + 90 * DAY_S);
    assert_int_equal(reload(&rig), 0);
    assert_int_equal(serial_shown(&rig, "b.test"), b + 1);
    /* And one that has expired does not let an expired one in for the other. */
    write_certificate(&rig, 1, "b.test", NOW_S);
    assert_int_equal(reload(&rig), -EKEYEXPIRED);
    assert_string_equal(rig.fault.where, rig.names[1][0]);
    finish(&rig);
}

HW_TEST(tls_refresh_reads_what_has_changed)
{
    tls_rig rig;
    start(&rig, 2, 0);
    long before = serial_shown(&rig, "a.test");
    unsigned reads = hw_seam_calls("read");
    HW_NEED_OK(hw_tls_refresh(rig.tls, NULL));
    assert_int_equal(hw_seam_calls("read"), reads);
    write_certificate(&rig, 0, "a.test", 0);
    HW_NEED_OK(hw_tls_refresh(rig.tls, NULL));
    assert_true(hw_seam_calls("read") > reads);
    assert_true(serial_shown(&rig, "a.test") > before);
    finish(&rig);
}

HW_TEST(tls_files_are_told)
{
    tls_rig rig;
    start(&rig, 2, 0);
    assert_string_equal(hw_tls_file(rig.tls, 0), rig.names[0][0]);
    assert_string_equal(hw_tls_file(rig.tls, 1), rig.names[0][1]);
    size_t count = 0;
    while (hw_tls_file(rig.tls, count))
        count++;
    assert_int_equal(count, 6);
    finish(&rig);
}

/* Threads: handshakes go on while certificates are read anew. */

enum { SHAKERS = 3, HANDSHAKES = 12, RELOADS = 40 };

typedef struct shaker {
    pthread_t thread;
    tls_rig rig; /* a connection of its own to the hw_tls of all */
    unsigned done;
    atomic_bool *is_over;
} shaker;

/* No assertion: cmocka knows one thread. */
static void *shake_hands(void *arg)
{
    shaker *self = arg;
    while (!atomic_load(self->is_over) || self->done < HANDSHAKES) {
        tls_rig_connect(&self->rig, &(tls_client_wish){.name = "a.test"}, TLS_RIG_WIDE);
        if (tls_rig_shake(&self->rig, SIZE_MAX) != 0 || self->rig.handshake != 0 ||
            !hw_tls_facts_serves(self->rig.server->ops->facts(self->rig.server), HW_TEXT("a.test")))
            break;
        self->done++;
    }
    tls_rig_hang_up(&self->rig);
    return NULL;
}

HW_LONG_THREAD_TEST(tls_reload_meets_handshakes_of_other_threads)
{
    static shaker shakers[SHAKERS];
    atomic_bool is_over = false;
    tls_rig rig;
    start(&rig, 1, 0);
    for (size_t i = 0; i < SHAKERS; i++) {
        shakers[i] = (shaker){.rig = {.tls = rig.tls}, .is_over = &is_over};
        HW_NEED_OK(hw_tls_pool_new(&shakers[i].rig.budget, &shakers[i].rig.pool));
        assert_int_equal(pthread_create(&shakers[i].thread, NULL, shake_hands, &shakers[i]), 0);
    }
    for (int i = 0; i < RELOADS; i++) {
        write_certificate(&rig, 0, "a.test", 0);
        assert_int_equal(reload(&rig), 0);
        hw_seam_clock_advance(3600 * NS_PER_S); /* and other tickets */
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < SHAKERS; i++) {
        assert_int_equal(pthread_join(shakers[i].thread, NULL), 0);
        assert_true(shakers[i].done >= HANDSHAKES);
        hw_tls_pool_free(shakers[i].rig.pool);
        assert_int_equal(hw_budget_used(&shakers[i].rig.budget), 0);
    }
    finish(&rig);
}
