/* Runs scenarios against a stepped server.
 *
 * A client that has every answer closes; one that has not waits, and time passes, until the server
 * ends the connection, for a deadline must stand behind whatever it waits for. Then nothing fails
 * any more, and the same client comes once more: it must get the right answers. */
#include "fault/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fault/frames.h"
#include "fault/world.h"
#include "seam/seam.h"

#define DESCRIPTORS_MAX 256
/* More than any deadline there is. */
#define WAIT_MS 120000
/* A listener that was left is tried again. */
#define AGAIN_MS 2500
#define ARRIVAL_MS 5
#define SLOW_ROUNDS_MAX 4000

typedef struct trial {
    const fault_place *place;
    const fault_scenario *scenario;
    const fault_answers *right; /* NULL: not known yet */
    const fault_point *point;
    fault_world world;
    fault_client client;
    unsigned streams;      /* of HTTP/2, begun by the client */
    fault_answers answers; /* as of so much of what was heard: */
    size_t read_bytes;
    bool read_end;
} trial;

static const fault_point no_fault = {.kind = FAULT_NONE};

fault_holdings fault_holdings_now(void)
{
    fault_holdings now = {hw_seam_live_allocations(), 0, hw_seam_bad_closes()};
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        now.descriptors += fcntl(fd, F_GETFD) >= 0;
    return now;
}

const char *fault_holdings_compare(fault_holdings before)
{
    fault_holdings now = fault_holdings_now();
    if (now.allocations != before.allocations)
        return now.allocations > before.allocations ? "memory is left" : "memory is freed twice";
    if (now.descriptors != before.descriptors)
        return now.descriptors > before.descriptors ? "a descriptor is left"
                                                    : "a descriptor is gone";
    return now.bad_closes != before.bad_closes ? "a descriptor is closed twice" : NULL;
}

static void read_answers(trial *t)
{
    if (t->client.heard.length == t->read_bytes && t->client.is_ended == t->read_end)
        return;
    t->read_bytes = t->client.heard.length;
    t->read_end = t->client.is_ended;
    if (t->scenario->is_h2)
        fault_frames_read(&t->answers, &t->client, t->streams);
    else
        fault_answers_read(&t->answers, &t->client, t->scenario->to_head);
}

static const char *judge(const trial *t, bool is_ended)
{
    return t->scenario->is_h2 ? fault_judge_streams(&t->answers, t->right, is_ended)
                              : fault_judge(&t->answers, t->right, is_ended);
}

static bool has_all(trial *t)
{
    read_answers(t);
    return t->right && !fault_judge_strictly(&t->answers, t->right);
}

/* Where sockets only seem to have nothing, the kernel has to be made to tell again and again. */
static bool settle(trial *t, int wait_ms)
{
    bool is_new = fault_world_settle(&t->world, &t->client, wait_ms);
    bool goes_on = fault_point_is_slow(t->point);
    for (unsigned i = 0; goes_on && i < SLOW_ROUNDS_MAX && !t->client.is_ended; i++) {
        fault_world_tell_again(&t->world);
        goes_on = fault_world_settle(&t->world, &t->client, 0);
        is_new |= goes_on;
        goes_on = goes_on && !(i % 16 == 15 && has_all(t));
    }
    return is_new;
}

static void say(trial *t, hw_text bytes, int wait_ms)
{
    for (unsigned stalled = 0; bytes.length > 0 && stalled < 3;) {
        size_t sent = fault_client_send(&t->client, bytes);
        bytes = hw_text_from(bytes, sent);
        bool heard = sent == 0 && fault_world_settle(&t->world, &t->client, wait_ms);
        if (sent == 0 && !heard && fault_point_is_slow(t->point))
            heard = settle(t, wait_ms);
        stalled = sent > 0 || heard ? 0 : stalled + 1;
    }
}

static void put_step(talk_bytes *bytes, const fault_step *step)
{
    static const char fill[1024] = {[0 ... 1023] = 'x'};
    talk_bytes_put_string(bytes, step->bytes);
    for (size_t left = step->fill; left > 0; left -= left < sizeof fill ? left : sizeof fill)
        talk_bytes_put(bytes, hw_text_upto((hw_text){fill, sizeof fill}, left));
    if (step->end)
        talk_bytes_put_string(bytes, step->end);
}

static void say_step(trial *t, const fault_step *step, int wait_ms)
{
    talk_bytes bytes = {0};
    if (t->scenario->is_h2 && step == t->scenario->steps)
        fault_frames_begin(&bytes);
    if (t->scenario->is_h2)
        fault_frames_say(&bytes, step, &t->streams);
    else
        put_step(&bytes, step);
    say(t, talk_bytes_text(&bytes), wait_ms);
    talk_bytes_free(&bytes);
}

/* Everything a client does, but for its end. wait_ms: for what is on its way; a fault makes that
 * hopeless most of the time. */
static void talk(trial *t, int wait_ms)
{
    const fault_scenario *scenario = t->scenario;
    t->read_bytes = SIZE_MAX;
    t->streams = 0;
    if (!fault_client_connect(&t->client, t->world.port))
        talk_give_up("connecting", errno);
    for (size_t i = 0; i < FAULT_STEPS_MAX && scenario->steps[i].bytes; i++) {
        bool is_last = i + 1 == FAULT_STEPS_MAX || !scenario->steps[i + 1].bytes;
        if (is_last && scenario->drains)
            hw_lane_drain(&t->world.lane);
        say_step(t, &scenario->steps[i], wait_ms);
        if (is_last && scenario->leaves)
            return;
        if (is_last && scenario->ends)
            fault_client_end(&t->client);
        settle(t, wait_ms);
    }
}

/* The client has gone: the server lets go of it. */
static const char *leave(trial *t)
{
    fault_client_close(&t->client);
    fault_world_settle(&t->world, &t->client, 0);
    if (t->world.lane.conn_count > 0)
        fault_world_wait(&t->world, &t->client, WAIT_MS);
    return t->world.lane.conn_count > 0 ? "its client has gone, and the connection stays" : NULL;
}

static const char *end_talk(trial *t)
{
    const char *stuck = fault_world_find_stuck(&t->world);
    if (stuck)
        return stuck;
    if (t->scenario->leaves)
        return leave(t);
    if (t->client.is_senseless)
        return "what came over TLS makes no sense";
    if (!has_all(t))
        settle(t, 1);
    if (!has_all(t) && !t->client.is_ended)
        fault_world_wait(&t->world, &t->client, WAIT_MS);
    read_answers(t);
    if (t->scenario->tells_less && t->point->call && strcmp(t->point->call, "stat_at") == 0)
        return t->answers.count == t->right->count && !t->answers.is_torn ? leave(t)
                                                                          : "an answer is missing";
    /* Whom the server has not accepted waits for the kernel. */
    bool is_let_in = t->world.lane.conn_count > 0;
    const char *wrong = fault_point_is_slow(t->point) ? fault_judge_strictly(&t->answers, t->right)
                                                      : judge(t, t->client.is_ended || !is_let_in);
    return wrong ? wrong : leave(t);
}

/* Nothing has failed. Over TLS a client that ends is told the other end: RFC 8446 6.1. */
static const char *check_end(const trial *t)
{
    bool is_told = t->client.is_ended && !t->client.is_broken;
    return t->scenario->is_secure && t->scenario->ends && !is_told ? "the end is not told" : NULL;
}

/* Nothing fails: everything must be right. */
static const char *talk_again(trial *t)
{
    const fault_point *point = t->point;
    t->point = &no_fault;
    fault_clock_hold();
    /* What the kernel said of a name was believed, and rightly so, until it tells of a change. */
    if (point->call && strcmp(point->call, "open_beneath") == 0)
        fault_place_stir(t->place);
    talk(t, 0);
    if (!t->scenario->leaves && !has_all(t) && !t->client.is_ended) {
        settle(t, ARRIVAL_MS);
        if (!has_all(t))
            fault_world_wait(&t->world, &t->client, AGAIN_MS);
    }
    const char *wrong =
        t->scenario->leaves || has_all(t) ? check_end(t) : "the next client is not served";
    if (!wrong)
        wrong = leave(t);
    t->point = point;
    return wrong;
}

static void arm(const trial *t)
{
    fault_clock_hold();
    if (t->scenario->is_cold)
        hw_seam_fail_from("read_cached", 1, EAGAIN);
    fault_point_arm(t->point);
}

static const char *run(trial *t)
{
    const char *wrong = t->scenario->is_warm ? talk_again(t) : NULL;
    if (wrong)
        return "nothing failed, and the answer is not the right one";
    arm(t);
    talk(t, 0);
    wrong = end_talk(t);
    fault_clock_hold();
    if (!wrong && t->world.spins)
        wrong = "the loop does not come to rest";
    if (!wrong && !t->scenario->drains)
        wrong = talk_again(t);
    return wrong;
}

static fault_client client_of(const fault_scenario *scenario)
{
    return (fault_client){.fd = -1, .is_secure = scenario->is_secure};
}

static int open_world(trial *t)
{
    return fault_world_open(&t->world, &t->place->service, t->scenario->has_spares,
                            t->scenario->is_secure);
}

const char *fault_trial_run(const fault_place *place, const fault_scenario *scenario,
                            const fault_answers *right, const fault_point *point)
{
    trial t = {.place = place,
               .scenario = scenario,
               .right = right,
               .point = point,
               .client = client_of(scenario)};
    fault_clock_hold();
    fault_holdings before = fault_holdings_now();
    if (open_world(&t) < 0)
        return "there is no server, though nothing failed";
    const char *wrong = run(&t);
    fault_client_free(&t.client);
    fault_answers_free(&t.answers);
    fault_world_close(&t.world);
    return wrong ? wrong : fault_holdings_compare(before);
}

const char *fault_trial_learn(const fault_place *place, const fault_scenario *scenario,
                              fault_answers *ret_right, fault_tally *ret_tally)
{
    trial t = {
        .place = place, .scenario = scenario, .point = &no_fault, .client = client_of(scenario)};
    fault_clock_hold();
    if (open_world(&t) < 0)
        return "there is no server, though nothing failed";
    if (scenario->is_warm) {
        talk(&t, ARRIVAL_MS);
        leave(&t);
    }
    uint64_t allocations = hw_seam_allocations();
    arm(&t);
    talk(&t, ARRIVAL_MS);
    read_answers(&t);
    const char *wrong = check_end(&t);
    if (!wrong)
        wrong = leave(&t);
    fault_tally_take(ret_tally, allocations);
    *ret_right = t.answers;
    if (!wrong && !scenario->leaves && (ret_right->is_bad || ret_right->is_torn))
        wrong = "nothing failed, and an answer is not complete";
    if (!wrong && ret_right->count == 0 && !scenario->leaves)
        wrong = "nothing failed, and there is no answer";
    fault_client_free(&t.client);
    fault_world_close(&t.world);
    return wrong;
}
