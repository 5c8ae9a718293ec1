/* Simulates a server and its world: sim [--trace] [--plant NAME] [--twice] SEED [COUNT]
 *
 * Each seed is a run of its own: a server of up to three loops with its threads, the network, the
 * files and a crowd of clients, all of them in this thread and moved by one generator (world.c).
 * The same seed is the same run to the byte; a single seed prints the hash of everything that was
 * told. --trace tells it all. --plant makes a mistake of ours, which must be found. Exit status: 0,
 * or the program aborts with the seed that failed and how to play it again. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/poison.h"
#ifdef HW_POISONS
#include <sanitizer/common_interface_defs.h>
#endif
#include "sim/client.h"
#include "sim/fiber.h"
#include "sim/files.h"
#include "sim/house.h"
#include "sim/kernel.h"
#include "sim/network.h"
#include "sim/world.h"

#define CLIENTS_MAX 18
#define STEPS_MAX 2000000
#define HOUR_NS (INT64_C(3600) * 1000 * SIM_NS_PER_MS)
/* How often loops may look without anything happening. */
#define ASKED_MAX 3000

static const char *const plants[] = {"none", "lose-byte", "no-deadline", "swap",
                                     "leak", "deaf",      "stale"};

typedef struct sim_crowd {
    sim_client *clients[CLIENTS_MAX];
    unsigned count;
    uint64_t step, stop_at, stop_again_at;
} sim_crowd;

static const char *program;
static uint64_t playing;
static sim_plant planting;

/* Also where a sanitizer or an assertion ends the program. */
static void tell_how_to_replay(void)
{
    char words[300];
    const char *option = planting ? " --plant " : "", *plant = planting ? plants[planting] : "";
    int length =
        snprintf(words, sizeof words, "alone: %s%s%s --trace %" PRIu64 "\n0 passed, 1 failed\n",
                 program, option, plant, playing);
    fflush(stdout);
    if (length > 0)
        (void)!write(1, words, (size_t)length);
}

static void on_abort(int signal)
{
    (void)signal;
    tell_how_to_replay();
    _exit(1);
}

#ifdef HW_POISONS
static void watch_sanitizer(void)
{
    __sanitizer_set_death_callback(tell_how_to_replay);
}
#else
static void watch_sanitizer(void)
{
}
#endif

static void draw_plan(void)
{
    bool has_faults = sim_chance(40);
    sim_the_plan = (sim_plan){
        .allocations_failing = has_faults && sim_chance(70) ? (unsigned)sim_draw(20000) : 0,
        .calls_failing = has_faults && sim_chance(70) ? (unsigned)sim_draw(20000) : 0,
        .cold_reads = sim_chance(50) ? (unsigned)sim_draw(60) : 0,
        .window_bytes_max = sim_chance(40) ? 3000 : 200000,
        .requests_max = sim_chance(15) ? (unsigned)sim_draw_between(1, 6) : 1000,
        .is_calm = !has_faults && sim_chance(60),
        .has_jumps = sim_chance(30),
        .has_changes = sim_chance(50),
        .has_notices = sim_chance(80),
    };
}

static void draw_crowd(sim_crowd *crowd)
{
    *crowd = (sim_crowd){.count = (unsigned)sim_draw_between(1, CLIENTS_MAX)};
    crowd->stop_at = sim_chance(60) ? sim_draw(6000) : UINT64_MAX;
    crowd->stop_again_at = sim_chance(30) ? crowd->stop_at + sim_draw(2000) : UINT64_MAX;
    for (unsigned i = 0; i < crowd->count; i++)
        crowd->clients[i] = sim_client_new(i + 1);
}

static bool is_crowd_over(const sim_crowd *crowd)
{
    for (unsigned i = 0; i < crowd->count; i++)
        if (!sim_client_is_over(crowd->clients[i]))
            return false;
    return true;
}

static void stop_house(sim_crowd *crowd, bool at_once)
{
    for (unsigned i = 0; i < crowd->count; i++)
        sim_client_note_stop(crowd->clients[i], at_once);
    sim_house_stop();
}

/* One of those that can do something. */
static bool let_somebody_act(const sim_crowd *crowd)
{
    unsigned first = (unsigned)sim_draw(crowd->count);
    for (unsigned i = 0; i < crowd->count; i++)
        if (sim_client_act(crowd->clients[(first + i) % crowd->count]))
            return true;
    return false;
}

static int64_t next_moment_ns(const sim_crowd *crowd)
{
    int64_t next_ns = sim_fiber_next_ns();
    for (unsigned i = 0; i < crowd->count; i++) {
        int64_t client_ns = sim_client_next_ns(crowd->clients[i]);
        next_ns = client_ns < next_ns ? client_ns : next_ns;
    }
    return next_ns;
}

static void tell_why_nothing_happens(const sim_crowd *crowd)
{
    char words[200];
    for (unsigned i = 0; i < crowd->count; i++) {
        if (sim_client_is_over(crowd->clients[i]))
            continue;
        sim_client_describe(crowd->clients[i], words, sizeof words);
        printf("%s\n", words);
    }
}

/* Nobody can do anything now: on to when somebody can. */
static void pass_time(const sim_crowd *crowd)
{
    int64_t next_ns = next_moment_ns(crowd), now_ns = sim_now_ns();
    if (next_ns == SIM_NEVER) {
        tell_why_nothing_happens(crowd);
        sim_fail("nothing will ever happen again");
    }
    sim_pass_ns(next_ns > now_ns ? next_ns - now_ns : 0);
    if (!sim_the_plan.is_calm && sim_chance(3))
        sim_pass_ns((int64_t)sim_draw(sim_chance(10) ? 600000 : 2000) * SIM_NS_PER_MS);
    sim_poll_forget_asked();
}

/* What happens beside server and clients. */
static void let_world_act(void)
{
    if (sim_the_plan.has_changes && sim_draw(100) == 0)
        sim_file_change(sim_file_draw());
    if (sim_the_plan.has_jumps && sim_draw(400) == 0)
        sim_jump_wall_ns(((int64_t)sim_draw(8000000) - 4000000) * 1000 * SIM_NS_PER_MS);
    if (sim_draw(100) == 0)
        sim_fiber_wake_spuriously();
    if (!sim_the_plan.is_calm && sim_draw(100) == 0)
        sim_pass_ns((int64_t)sim_draw(3) * SIM_NS_PER_MS + (int64_t)sim_draw(SIM_NS_PER_MS));
}

static void take_step(sim_crowd *crowd)
{
    bool has_happened = false;
    if (crowd->step == crowd->stop_at)
        stop_house(crowd, false);
    if (crowd->step == crowd->stop_again_at)
        stop_house(crowd, true);
    let_world_act();
    if (sim_house_is_serving() && sim_chance(50)) {
        has_happened = let_somebody_act(crowd);
        if (has_happened)
            sim_poll_forget_asked();
    }
    if (!has_happened)
        has_happened = sim_fiber_run_any();
    if (!has_happened && sim_house_is_serving())
        has_happened = let_somebody_act(crowd);
    if (!has_happened)
        pass_time(crowd);
    sim_house_check();
    SIM_MUST(sim_poll_asked() < ASKED_MAX, "loops ask again and again, and nothing happens");
    crowd->step++;
}

static void play(sim_crowd *crowd)
{
    int64_t began_ns = sim_now_ns();
    bool is_stopped = false;
    while (!sim_house_is_over()) {
        take_step(crowd);
        if (!is_stopped && sim_house_is_serving() && is_crowd_over(crowd)) {
            stop_house(crowd, false);
            is_stopped = true;
        }
        if (crowd->step > STEPS_MAX || sim_now_ns() - began_ns > 24 * HOUR_NS) {
            tell_why_nothing_happens(crowd);
            sim_fail("it does not end: %" PRIu64 " steps", crowd->step);
        }
    }
    /* What the server has left behind is still on its way. */
    while (!is_crowd_over(crowd))
        if (!let_somebody_act(crowd))
            pass_time(crowd);
}

static uint64_t play_seed(uint64_t seed, bool traces)
{
    static sim_crowd crowd;
    playing = seed;
    sim_world_begin(seed, traces, planting);
    draw_plan();
    sim_fiber_begin();
    sim_kernel_begin();
    sim_network_begin();
    sim_files_begin();
    sim_house_open();
    draw_crowd(&crowd);
    play(&crowd);
    sim_allow_faults(false);
    for (unsigned i = 0; i < crowd.count; i++)
        sim_client_free(crowd.clients[i]);
    sim_house_close();
    SIM_MUST(sim_fiber_count() == 1, "%u threads are left", sim_fiber_count() - 1);
    SIM_MUST(sim_descriptors_open() == 0, "%zu descriptors are left", sim_descriptors_open());
    return sim_world_end();
}

static sim_plant find_plant(const char *name)
{
    for (unsigned i = 0; i < sizeof plants / sizeof *plants; i++)
        if (strcmp(name, plants[i]) == 0)
            return (sim_plant)i;
    fprintf(stderr, "sim: there is no mistake \"%s\"\n", name);
    exit(64);
}

int main(int argc, char **argv)
{
    bool traces = false, twice = false;
    int at = 1;
    program = argv[0];
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--trace") == 0)
            traces = true;
        else if (strcmp(argv[at], "--twice") == 0)
            twice = true;
        else if (strcmp(argv[at], "--plant") == 0 && at + 1 < argc)
            planting = find_plant(argv[++at]);
    }
    if (at == argc) {
        fprintf(stderr, "usage: sim [--trace] [--twice] [--plant NAME] SEED [COUNT]\n");
        return 64;
    }
    uint64_t first = strtoull(argv[at], NULL, 10);
    uint64_t count = at + 1 < argc ? strtoull(argv[at + 1], NULL, 10) : 1;
    signal(SIGABRT, on_abort);
    watch_sanitizer();
    for (uint64_t seed = first; seed < first + count; seed++) {
        uint64_t hash = play_seed(seed, traces);
        if (twice && play_seed(seed, false) != hash)
            sim_fail("the same seed is another run the second time");
        if (count == 1)
            printf("seed %" PRIu64 ": %016" PRIx64 "\n", seed, hash);
    }
    sim_fiber_free_stacks();
    printf("%" PRIu64 " passed, 0 failed\n", count);
    return 0;
}
