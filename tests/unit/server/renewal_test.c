#include "server/renewal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/net/tls_rig.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define SETTLE_MS 500

/* A loop that watches, a spare that reads, and the certificate that is shown. */
typedef struct renewal_place {
    tls_rig rig;
    hw_loop loop;
    hw_crew *crew;
    hw_renewal renewal;
} renewal_place;

static void open_renewal(renewal_place *place)
{
    hw_seam_clock_freeze(NS_PER_S, 1800000000 * NS_PER_S);
    tls_rig_init(&place->rig);
    tls_rig_start(&place->rig);
    HW_NEED_OK(hw_loop_init(&place->loop, HW_LOOP_POLL));
    place->crew = hw_crew_new(&(hw_crew_setup){.loops = 1, .readers_max = 1});
    HW_NEED(place->crew);
    HW_NEED_OK(hw_renewal_open(&place->renewal, &place->rig.tls, 1, place->crew, &place->loop,
                               &place->rig.sink));
}

static void close_renewal(renewal_place *place)
{
    hw_renewal_close(&place->renewal);
    hw_crew_free(place->crew);
    hw_loop_fini(&place->loop);
    hw_renewal_fini(&place->renewal);
    tls_rig_fini(&place->rig);
    hw_seam_clock_thaw();
}

static long serial_of_shown(renewal_place *place)
{
    tls_rig_open(&place->rig, &(tls_client_wish){.name = "a.test"}, TLS_RIG_WIDE);
    X509 *shown = SSL_get0_peer_certificate(tls_client_ssl(place->rig.client));
    assert_non_null(shown);
    return ASN1_INTEGER_get(X509_get0_serialNumber(shown));
}

/* As programs that renew certificates do: another file takes the place of each. */
static void replace_certificate(renewal_place *place, const char *names, bool with_key)
{
    char path[2][300];
    pki_certificate *made = pki_issue(&(pki_wish){.names = names});
    for (int i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "%s.new", place->rig.names[0][i]);
    pki_write(path[0], made);
    pki_write_key(path[1], made);
    assert_int_equal(rename(path[0], place->rig.names[0][0]), 0);
    if (with_key)
        assert_int_equal(rename(path[1], place->rig.names[0][1]), 0);
    pki_free(made);
}

/* What has happened is known, and time passes. */
static void pass_ms(renewal_place *place, int64_t ms)
{
    (void)hw_loop_step(&place->loop, false);
    hw_seam_clock_advance(ms * NS_PER_MS);
    (void)hw_loop_step(&place->loop, false);
}

/* A spare has it: until it has come back. */
static void await_renewal(renewal_place *place)
{
    while (place->renewal.is_busy)
        (void)hw_loop_step(&place->loop, true);
}

HW_TEST(renewal_shows_a_new_certificate_when_it_has_been_quiet)
{
    renewal_place place = {0};
    open_renewal(&place);
    long before = serial_of_shown(&place);
    replace_certificate(&place, "a.test", true);
    pass_ms(&place, SETTLE_MS - 100);
    assert_false(place.renewal.is_busy);
    assert_int_equal(serial_of_shown(&place), before);
    pass_ms(&place, 200);
    assert_true(place.renewal.is_busy || hw_test_is_struck());
    await_renewal(&place);
    assert_int_equal(serial_of_shown(&place), before + 1);
    assert_int_equal(place.rig.faults, 0);
    close_renewal(&place);
}

HW_TEST(renewal_waits_for_the_key_that_comes_behind_its_certificate)
{
    renewal_place place = {0};
    open_renewal(&place);
    long before = serial_of_shown(&place);
    replace_certificate(&place, "a.test", false);
    pass_ms(&place, SETTLE_MS + 1);
    await_renewal(&place);
    assert_int_equal(place.rig.faults, 1);
    assert_string_equal(place.rig.fault.where, place.rig.names[0][1]);
    assert_non_null(strstr(place.rig.fault.what, "the certificates stay as they are"));
    assert_int_equal(serial_of_shown(&place), before);
    replace_certificate(&place, "a.test", true);
    pass_ms(&place, SETTLE_MS + 1);
    await_renewal(&place);
    assert_int_equal(serial_of_shown(&place), before + 2);
    close_renewal(&place);
}

/* Other files of the folder are nobody's business. */
HW_TEST(renewal_reads_nothing_where_the_files_are_the_same)
{
    renewal_place place = {0};
    open_renewal(&place);
    long before = serial_of_shown(&place);
    hw_test_folder_write(&place.rig.folder, "another", "file");
    pass_ms(&place, SETTLE_MS + 1);
    assert_true(place.renewal.is_busy);
    await_renewal(&place);
    assert_int_equal(place.rig.faults, 0);
    assert_int_equal(serial_of_shown(&place), before);
    close_renewal(&place);
}

/* The only spare is at this until it is let go. */
typedef struct long_job {
    hw_job job;
    pthread_mutex_t held;
    bool is_over;
} long_job;

static bool run_long(hw_job *job)
{
    long_job *held = HW_MEMBER(job, long_job, job);
    pthread_mutex_lock(&held->held);
    pthread_mutex_unlock(&held->held);
    return true;
}

static void end_long(hw_post *post)
{
    HW_MEMBER(post, long_job, job.done)->is_over = true;
}

/* A change while a spare is at it is looked at once more. */
HW_TEST(renewal_looks_again_at_what_changes_meanwhile)
{
    renewal_place place = {0};
    long_job held = {.job = {.run = run_long, .done.run = end_long}};
    open_renewal(&place);
    long before = serial_of_shown(&place);
    pthread_mutex_init(&held.held, NULL);
    pthread_mutex_lock(&held.held);
    HW_NEED_OK(hw_crew_give(place.crew, HW_WORK_READ, &place.loop, &held.job));
    hw_test_folder_write(&place.rig.folder, "another", "file");
    pass_ms(&place, SETTLE_MS + 1);
    assert_true(place.renewal.is_busy);
    hw_test_folder_write(&place.rig.folder, "another", "change");
    pass_ms(&place, SETTLE_MS + 1);
    assert_true(place.renewal.is_asked_again);
    pthread_mutex_unlock(&held.held);
    while (!held.is_over)
        (void)hw_loop_step(&place.loop, true);
    await_renewal(&place);
    replace_certificate(&place, "a.test", true);
    pass_ms(&place, SETTLE_MS + 1);
    await_renewal(&place);
    assert_int_equal(serial_of_shown(&place), before + 1);
    pthread_mutex_destroy(&held.held);
    close_renewal(&place);
}

HW_TEST(renewal_does_not_wait_for_ever_for_a_quiet_moment)
{
    renewal_place place = {0};
    open_renewal(&place);
    long before = serial_of_shown(&place);
    replace_certificate(&place, "a.test", true);
    for (int ms = 0; ms <= 5000 && !place.renewal.is_busy; ms += 400) {
        hw_test_folder_write(&place.rig.folder, "another", "file");
        pass_ms(&place, 400);
    }
    assert_true(place.renewal.is_busy);
    await_renewal(&place);
    assert_int_equal(serial_of_shown(&place), before + 1);
    close_renewal(&place);
}

/* Where nothing tells of changes, a signal has to. */
HW_TEST(renewal_does_without_being_told)
{
    static const char *const calls[] = {"notice_new", "poll_add", "notice_add"};
    for (size_t i = 0; i < ROWS(calls); i++) {
        renewal_place place = {0};
        hw_seam_clock_freeze(NS_PER_S, 1800000000 * NS_PER_S);
        tls_rig_init(&place.rig);
        tls_rig_start(&place.rig);
        HW_NEED_OK(hw_loop_init(&place.loop, HW_LOOP_POLL));
        place.crew = hw_crew_new(&(hw_crew_setup){.loops = 1, .readers_max = 1});
        HW_NEED(place.crew);
        hw_seam_fail_from(calls[i], 1, ENOSPC);
        HW_NEED_OK(hw_renewal_open(&place.renewal, &place.rig.tls, 1, place.crew, &place.loop,
                                   &place.rig.sink));
        replace_certificate(&place, "a.test", true);
        pass_ms(&place, SETTLE_MS + 1);
        assert_false(place.renewal.is_busy);
        close_renewal(&place);
        hw_seam_reset();
    }
}

/* No thread can be had: it is tried again. */
HW_TEST(renewal_without_a_spare_is_tried_again)
{
    renewal_place place = {0};
    open_renewal(&place);
    long before = serial_of_shown(&place);
    replace_certificate(&place, "a.test", true);
    hw_seam_fail("thread_start", 1, EAGAIN);
    pass_ms(&place, SETTLE_MS + 1);
    assert_false(place.renewal.is_busy);
    pass_ms(&place, SETTLE_MS + 1);
    await_renewal(&place);
    assert_int_equal(serial_of_shown(&place), before + 1);
    close_renewal(&place);
}
