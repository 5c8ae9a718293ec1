#include "server/ahead.h"

#include "seam/seam.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "sys/thread.h"
#include "unit/server/rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define KIB ((size_t)1024)
#define NS_PER_MS INT64_C(1000000)

/* One file, and a server that answers with all of it. The spares are one thread, which a test holds
 * with the gate. */
typedef struct ahead_site {
    test_rig rig;
    int file;
    size_t size;
    hw_warmth warmth;
    pthread_mutex_t gate;
    hw_job gate_job;
    unsigned parts; /* a body that reads it itself asks for */
} ahead_site;

typedef struct site_body {
    hw_source source;
    ahead_site *site;
    bool is_given;
} site_body;

static hw_pull pull_site(hw_source *source, size_t want, hw_piece *ret_piece)
{
    site_body *body = (site_body *)source;
    (void)want;
    *ret_piece = (hw_piece){0};
    if (body->is_given)
        return HW_PULL_END;
    body->is_given = true;
    ret_piece->file =
        (hw_segment){body->site->file, 0, body->site->size, &body->site->warmth, NULL};
    return HW_PULL_FILE;
}

static void drop_site(hw_source *source)
{
    ((site_body *)source)->site = NULL;
}

static const hw_source_ops site_ops = {.pull = pull_site, .drop = drop_site};

static hw_body_plan plan_none(void *arg, hw_exchange *exchange)
{
    (void)arg;
    (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, 0};
}

static void answer_site(void *arg, hw_exchange *exchange)
{
    ahead_site *site = arg;
    site_body *body = hw_arena_alloc(&exchange->arena, sizeof *body);
    HW_NEED(body);
    *body = (site_body){{.ops = &site_ops, .length = site->size}, site, false};
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, &body->source);
}

static char site_byte(size_t at)
{
    return (char)('a' + (at + at / KIB) % 26);
}

/* memfd: a file that needs no folder. */
static int make_file(size_t size)
{
    int file = memfd_create("site", MFD_CLOEXEC);
    assert_true(file >= 0);
    char bytes[KIB];
    for (size_t at = 0; at < size; at += KIB) {
        for (size_t i = 0; i < KIB; i++)
            bytes[i] = site_byte(at + i);
        assert_int_equal(hw_sys_write(file, bytes, KIB), KIB);
    }
    return file;
}

static const hw_crew_setup one_reader = {.loops = 1, .readers_max = 1};

static void open_site(ahead_site *site, size_t size)
{
    *site = (ahead_site){.size = size, .file = make_file(size)};
    site->rig.answerer = (hw_answerer){.plan = plan_none, .answer = answer_site, .arg = site};
    hw_sys_mutex_init(&site->gate);
    rig_open(&site->rig);
    rig_change_crew(&site->rig, &one_reader);
}

/* Everything that was given to the spare has been done, and the loop knows. */
static void finish_spare(ahead_site *site)
{
    rig_change_crew(&site->rig, &one_reader);
}

static void close_site(ahead_site *site)
{
    hw_lane_empty(&site->rig.lane);
    hw_crew_free(site->rig.shared.crew);
    rig_close(&site->rig);
    hw_sys_close(site->file);
    hw_sys_mutex_fini(&site->gate);
}

static bool wait_at_gate(hw_job *job)
{
    ahead_site *site = HW_MEMBER(job, ahead_site, gate_job);
    hw_sys_mutex_lock(&site->gate);
    hw_sys_mutex_unlock(&site->gate);
    return true;
}

static void forget_post(hw_post *post)
{
    (void)post;
}

/* The spare does nothing more until the gate is opened. */
static void hold_spare(ahead_site *site)
{
    hw_sys_mutex_lock(&site->gate);
    site->gate_job = (hw_job){.run = wait_at_gate, .done.run = forget_post};
    HW_NEED_OK(
        hw_crew_give(site->rig.shared.crew, HW_WORK_READ, &site->rig.lane.loop, &site->gate_job));
}

static void release_spare(ahead_site *site)
{
    hw_sys_mutex_unlock(&site->gate);
}

/* What arrived behind the head. */
static hw_text body_of(hw_pipe *client)
{
    hw_text got = hw_pipe_received(client);
    static const char end[] = "\r\n\r\n";
    for (size_t i = 0; i + 4 <= got.length; i++)
        if (memcmp(got.at + i, end, 4) == 0)
            return hw_text_from(got, i + 4);
    hw_test_need_failed("a head", 0, __FILE__, __LINE__);
}

static void need_whole(hw_pipe *client, size_t size)
{
    hw_text body = body_of(client);
    NEED_TRUE(body.length == size);
    for (size_t i = 0; i < size; i++)
        if (body.at[i] != site_byte(i))
            fail_msg("byte %zu is wrong", i);
    hw_pipe_take(client, hw_pipe_received(client).length);
}

HW_TEST(ahead_asks_for_both_ends_once_a_second)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 1000 * KIB);
    unsigned before = hw_seam_calls("read_cached");
    for (unsigned i = 0; i < 3; i++) {
        rig_send(&site.rig, client, GET);
        need_whole(client, site.size);
    }
    assert_int_equal(hw_seam_calls("read_cached"), before + 2);
    hw_seam_clock_advance(1001 * NS_PER_MS);
    hw_loop_settle(&site.rig.lane.loop);
    rig_send(&site.rig, client, GET);
    need_whole(client, site.size);
    assert_int_equal(hw_seam_calls("read_cached"), before + 4);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
    hw_pipe_close(client);
    close_site(&site);
}

HW_TEST(ahead_asks_once_a_run_within_a_file)
{
    ahead_site site;
    open_site(&site, 1024 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 2000 * KIB);
    unsigned before = hw_seam_calls("read_cached"), sent = hw_seam_calls("read_at");
    rig_send(&site.rig, client, GET);
    need_whole(client, site.size);
    assert_int_equal(hw_seam_calls("read_at"), sent + 1); /* one slice, of four runs */
    assert_int_equal(hw_seam_calls("read_cached"), before + 5);
    hw_pipe_close(client);
    close_site(&site);
}

/* While two want a file, neither gets a longer slice than the other has waited for. */
HW_TEST(ahead_goes_on_in_short_slices_beside_others)
{
    ahead_site site;
    open_site(&site, 2048 * KIB);
    hw_pipe *one = rig_connect(&site.rig, 3000 * KIB), *other = rig_connect(&site.rig, 3000 * KIB);
    HW_NEED_OK(hw_pipe_send(one, HW_TEXT(GET)));
    HW_NEED_OK(hw_pipe_send(other, HW_TEXT(GET)));
    for (unsigned i = 0; i < 64 && hw_pipe_received(other).length < site.size; i++) {
        NEED_TRUE(!hw_pipe_is_closed(one) && !hw_pipe_is_closed(other));
        hw_loop_step(&site.rig.lane.loop, false);
        size_t first = hw_pipe_received(one).length, second = hw_pipe_received(other).length;
        bool are_level = first <= second + 257 * KIB && second <= first + 257 * KIB;
        assert_true(are_level || hw_test_is_struck());
    }
    hw_loop_settle(&site.rig.lane.loop);
    need_whole(one, site.size);
    need_whole(other, site.size);
    hw_pipe_close(one);
    hw_pipe_close(other);
    close_site(&site);
}

/* A client whose file is cold; it has the head, the spare is held before it reads. */
static hw_pipe *ask_cold(ahead_site *site, unsigned question)
{
    hw_pipe *client = rig_connect(&site->rig, 1000 * KIB);
    hold_spare(site);
    hw_seam_fail("read_cached", question, EAGAIN);
    rig_send(&site->rig, client, GET);
    NEED_TRUE(body_of(client).length == 0);
    return client;
}

static void check_cold(unsigned question)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    unsigned read = hw_seam_calls("read_at");
    hw_pipe *client = ask_cold(&site, question);
    assert_int_equal(hw_seam_calls("read_at"), read);
    /* Others go on meanwhile, and what the client says changes nothing. */
    hw_pipe *other = rig_connect(&site.rig, 1000 * KIB);
    rig_send(&site.rig, other, GET);
    need_whole(other, site.size);
    rig_send(&site.rig, client, "GET / HT");
    assert_int_equal(body_of(client).length, 0);
    site.warmth = (hw_warmth){0};
    unsigned asked = hw_seam_calls("read_cached");
    release_spare(&site);
    finish_spare(&site);
    need_whole(client, site.size);
    /* Read by the spare is warm. 100 KiB in pieces of 64, and one slice for each client. */
    assert_int_equal(hw_seam_calls("read_cached"), asked);
    assert_int_equal(hw_seam_calls("read_at"), read + 4);
    hw_pipe_close(other);
    hw_pipe_close(client);
    close_site(&site);
}

HW_THREAD_TEST(ahead_reads_what_begins_cold)
{
    check_cold(1);
}

HW_THREAD_TEST(ahead_reads_what_ends_cold)
{
    check_cold(2);
}

HW_THREAD_TEST(ahead_reads_several_slices_at_once)
{
    ahead_site site;
    open_site(&site, 3000 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 4000 * KIB);
    /* Nobody can be asked about this file system. */
    site.warmth.kind = HW_WARMTH_UNTOLD;
    unsigned duplicates = hw_seam_calls("duplicate");
    rig_send(&site.rig, client, GET);
    for (unsigned i = 0; i < 3; i++)
        finish_spare(&site);
    need_whole(client, site.size);
    /* Where there is no memory to ask a spare, a slice is sent as it is. */
    if (!hw_test_is_struck())
        assert_int_equal(hw_seam_calls("duplicate"), duplicates + 3);
    assert_int_equal(hw_seam_calls("read_cached"), 0);
    hw_pipe_close(client);
    close_site(&site);
}

/* What is found out about a file system that cannot read without waiting. */
static void check_kind(const char *failing, hw_warmth_kind kind, bool is_read)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 1000 * KIB);
    hw_seam_fail("read_cached", 1, EOPNOTSUPP);
    if (failing)
        hw_seam_fail(failing, 1, ENOSYS);
    if (kind != HW_WARMTH_MEMORY)
        hw_seam_fail("is_in_memory", 1, EIO);
    rig_send(&site.rig, client, GET);
    NEED_TRUE(site.warmth.kind == kind);
    NEED_TRUE(body_of(client).length == (is_read ? 0 : site.size));
    if (is_read)
        finish_spare(&site);
    need_whole(client, site.size);
    hw_pipe_close(client);
    close_site(&site);
}

HW_TEST(ahead_never_asks_for_what_is_memory)
{
    check_kind(NULL, HW_WARMTH_MEMORY, false);
    assert_int_equal(hw_seam_calls("read_cached"), 1);
}

HW_TEST(ahead_counts_pages_where_it_can)
{
    int file = make_file(KIB);
    bool can_count = hw_sys_is_cached(file, 0, 1) == 1;
    hw_sys_close(file);
    if (!can_count)
        skip();
    check_kind(NULL, HW_WARMTH_COUNTED, false);
    check_kind(NULL, HW_WARMTH_COUNTED, false);
}

HW_THREAD_TEST(ahead_reads_everything_where_nothing_is_told)
{
    check_kind("is_cached", HW_WARMTH_UNTOLD, true);
}

/* The answer breaks off behind its head. */
static void check_broken(const char *failing)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 1000 * KIB);
    site.warmth.kind = strcmp(failing, "read_at") == 0 ? HW_WARMTH_UNTOLD : HW_WARMTH_ASKED;
    hw_seam_fail(failing, 1, EIO);
    rig_send(&site.rig, client, GET);
    finish_spare(&site);
    NEED_TRUE(hw_pipe_is_closed(client));
    assert_int_equal(body_of(client).length, 0);
    assert_int_equal(site.rig.records, 1);
    assert_false(site.rig.record[0].is_complete);
    hw_pipe_close(client);
    close_site(&site);
}

HW_TEST(ahead_breaks_off_what_cannot_be_asked)
{
    check_broken("read_cached");
}

HW_THREAD_TEST(ahead_breaks_off_what_cannot_be_read)
{
    check_broken("read_at");
}

HW_THREAD_TEST(ahead_leaves_it_to_the_sending_that_a_file_was_cut)
{
    ahead_site site;
    open_site(&site, 400 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 1000 * KIB);
    site.warmth.kind = HW_WARMTH_UNTOLD;
    assert_return_code(ftruncate(site.file, 300 * KIB), errno);
    rig_send(&site.rig, client, GET);
    finish_spare(&site);
    NEED_TRUE(hw_pipe_is_closed(client));
    assert_true(body_of(client).length <= 300 * KIB);
    assert_false(site.rig.record[0].is_complete);
    hw_pipe_close(client);
    close_site(&site);
}

HW_THREAD_TEST(ahead_forgets_a_client_that_goes)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    hw_pipe *client = ask_cold(&site, 1);
    unsigned closed = hw_seam_calls("close"), read = hw_seam_calls("read_at");
    hw_pipe_reset(client);
    hw_loop_settle(&site.rig.lane.loop);
    NEED_TRUE(hw_pipe_is_closed(client));
    assert_int_equal(site.rig.lane.counts.exchanges, 0);
    /* What nobody wants and no spare has begun is over, its descriptor closed. */
    assert_int_equal(hw_seam_calls("close"), closed + 1);
    release_spare(&site);
    finish_spare(&site);
    assert_int_equal(hw_seam_calls("read_at"), read);
    assert_int_equal(hw_seam_calls("close"), closed + 1);
    hw_pipe_close(client);
    close_site(&site);
}

HW_THREAD_TEST(ahead_lets_a_lane_end_under_it)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    hw_pipe *client = ask_cold(&site, 1);
    hw_lane_empty(&site.rig.lane);
    release_spare(&site);
    hw_pipe_close(client);
    close_site(&site);
}

/* Where no spare can be asked, nobody loses an answer. */
static void check_without(const char *failing, int error)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 1000 * KIB);
    hw_seam_fail("read_cached", 1, EAGAIN);
    hw_seam_fail(failing, 1, error);
    rig_send(&site.rig, client, GET);
    need_whole(client, site.size);
    NEED_TRUE(hw_seam_calls("duplicate") == 1);
    hw_pipe_close(client);
    close_site(&site);
}

HW_TEST(ahead_without_a_descriptor_sends)
{
    check_without("duplicate", EMFILE);
}

HW_TEST(ahead_without_a_thread_sends)
{
    check_without("thread_start", EAGAIN);
}

/* A client that took its time has all of it again when the disk has taken some. */
HW_THREAD_TEST(ahead_is_not_the_client_s_time)
{
    ahead_site site;
    open_site(&site, 200 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 100 * KIB);
    rig_send(&site.rig, client, GET);
    size_t got = body_of(client).length;
    NEED_TRUE(got > 50 * KIB && got < 100 * KIB);
    hw_seam_clock_advance(29000 * NS_PER_MS);
    hw_loop_settle(&site.rig.lane.loop);
    hold_spare(&site);
    hw_seam_fail("read_cached", 1, EAGAIN);
    hw_pipe_take(client, 90 * KIB);
    hw_loop_settle(&site.rig.lane.loop);
    hw_seam_clock_advance(29000 * NS_PER_MS);
    hw_loop_settle(&site.rig.lane.loop);
    NEED_TRUE(!hw_pipe_is_closed(client));
    release_spare(&site);
    finish_spare(&site);
    NEED_TRUE(hw_pipe_received(client).length == 100 * KIB);
    hw_pipe_close(client);
    close_site(&site);
}

/* A disk that gives nothing at all does not hold a connection for ever. */
HW_THREAD_TEST(ahead_has_an_end)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    hw_pipe *client = ask_cold(&site, 1);
    hw_seam_clock_advance(31000 * NS_PER_MS);
    hw_loop_settle(&site.rig.lane.loop);
    hw_pipe_take(client, hw_pipe_received(client).length);
    hw_seam_clock_advance(31000 * NS_PER_MS);
    hw_loop_settle(&site.rig.lane.loop);
    NEED_TRUE(hw_pipe_is_closed(client));
    release_spare(&site);
    hw_pipe_close(client);
    close_site(&site);
}

/* Bodies that read the file themselves: `parts` of it have to be in memory first, one after the
 * other. */
typedef struct reading_body {
    hw_source source;
    ahead_site *site;
    unsigned parts, asked;
    bool is_said;
} reading_body;

static hw_pull pull_reading(hw_source *source, size_t want, hw_piece *ret_piece)
{
    reading_body *body = (reading_body *)source;
    (void)want;
    *ret_piece = (hw_piece){0};
    if (body->asked < body->parts) {
        size_t offset = body->asked++ * KIB;
        ret_piece->file = (hw_segment){body->site->file, offset, body->site->size - offset,
                                       &body->site->warmth, NULL};
        return HW_PULL_COLD;
    }
    if (body->is_said)
        return HW_PULL_END;
    body->is_said = true;
    ret_piece->bytes = HW_TEXT("read");
    return HW_PULL_BYTES;
}

static void drop_reading(hw_source *source)
{
    (void)source;
}

static const hw_source_ops reading_ops = {.pull = pull_reading, .drop = drop_reading};

static void answer_reading(void *arg, hw_exchange *exchange)
{
    reading_body *body = hw_arena_alloc(&exchange->arena, sizeof *body);
    HW_NEED(body);
    ahead_site *site = arg;
    *body = (reading_body){{.ops = &reading_ops, .length = 4}, site, site->parts, 0, false};
    hw_response_start(&exchange->response, 200);
    hw_response_take_body(&exchange->response, &body->source);
}

static hw_pipe *ask_reading(ahead_site *site, unsigned parts)
{
    open_site(site, 100 * KIB);
    site->rig.answerer.answer = answer_reading;
    site->parts = parts;
    return rig_connect(&site->rig, 1000 * KIB);
}

static void need_read(hw_pipe *client)
{
    NEED_TRUE(hw_text_equal(body_of(client), HW_TEXT("read")));
}

HW_TEST(ahead_has_nothing_to_read_for_a_body_whose_file_is_there)
{
    ahead_site site;
    hw_pipe *client = ask_reading(&site, 3);
    rig_send(&site.rig, client, GET);
    need_read(client);
    assert_int_equal(hw_seam_calls("thread_start"), 0);
    hw_pipe_close(client);
    close_site(&site);
}

/* It is not pulled before that is done, whatever else happens. */
HW_THREAD_TEST(ahead_reads_for_a_body_that_reads_itself)
{
    ahead_site site;
    hw_pipe *client = ask_reading(&site, 1);
    hold_spare(&site);
    hw_seam_fail("read_cached", 1, EAGAIN);
    rig_send(&site.rig, client, GET);
    NEED_TRUE(body_of(client).length == 0);
    rig_send(&site.rig, client, "GET / HT");
    NEED_TRUE(body_of(client).length == 0);
    release_spare(&site);
    finish_spare(&site);
    need_read(client);
    hw_pipe_close(client);
    close_site(&site);
}

HW_THREAD_TEST(ahead_breaks_a_body_off_whose_file_cannot_be_read)
{
    ahead_site site;
    hw_pipe *client = ask_reading(&site, 2);
    hw_seam_fail("read_cached", 1, EAGAIN);
    hw_seam_fail("read_at", 1, EIO);
    rig_send(&site.rig, client, GET);
    finish_spare(&site);
    NEED_TRUE(hw_pipe_is_closed(client));
    NEED_TRUE(body_of(client).length == 0);
    hw_pipe_close(client);
    close_site(&site);
}

HW_THREAD_TEST(ahead_is_left_by_a_body_whose_client_goes)
{
    ahead_site site;
    hw_pipe *client = ask_reading(&site, 1);
    hold_spare(&site);
    hw_seam_fail("read_cached", 1, EAGAIN);
    rig_send(&site.rig, client, GET);
    hw_pipe_close(client);
    hw_loop_settle(&site.rig.lane.loop);
    release_spare(&site);
    finish_spare(&site);
    close_site(&site);
}

/* Whose pages are counted, and some are not there: it is read like any other. */
HW_THREAD_TEST(ahead_reads_what_is_not_counted_whole)
{
    ahead_site site;
    open_site(&site, 100 * KIB);
    hw_pipe *client = rig_connect(&site.rig, 1000 * KIB);
    site.warmth.kind = HW_WARMTH_COUNTED;
    hw_seam_fail("is_cached", 1, EIO);
    rig_send(&site.rig, client, GET);
    NEED_TRUE(body_of(client).length == 0);
    finish_spare(&site);
    need_whole(client, site.size);
    assert_int_equal(hw_seam_calls("is_cached"), 1);
    hw_pipe_close(client);
    close_site(&site);
}

/* Of some files nobody keeps in mind what is there, and memory may be full: they are sent. */
HW_TEST(ahead_begins_no_read_it_cannot_pay)
{
    ahead_site site;
    hw_ahead ahead = {0};
    open_site(&site, 100 * KIB);
    hw_lane *lane = &site.rig.lane;
    hw_segment slice = {site.file, 0, site.size, NULL, NULL};
    assert_int_equal(hw_ahead_ask(&ahead, NULL, lane, &slice, KIB), 0);
    slice.warmth = &site.warmth;
    site.warmth.kind = HW_WARMTH_UNTOLD;
    hw_budget *budget = &site.rig.shared.budget;
    size_t max = budget->max, used = budget->used;
    budget->max = used + 1;
    assert_int_equal(hw_ahead_ask(&ahead, NULL, lane, &slice, KIB), 0);
    budget->max = max;
    assert_int_equal(budget->used, used);
    assert_null(ahead.read);
    close_site(&site);
}
