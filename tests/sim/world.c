/* Dice, clock, memory and the voice of a seed.
 *
 * Everything that is left to chance is drawn here, from one xorshift generator, in the order in
 * which it is asked for; nothing else is random, and no address or real time is ever looked at. So
 * a seed is a run, and the hash of everything told is the same each time it is played. */
#include "sim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "sys/clock.h"
#include "sys/memory.h"
#include "sys/random.h"

/* 2023-11-14 23:13:20 UTC, an hour after the first files were written. */
#define START_REALTIME_NS (INT64_C(1700003600) * 1000 * SIM_NS_PER_MS)
#define START_NS (INT64_C(5000) * SIM_NS_PER_MS)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* In front of each piece of memory, so that what is held can be told in bytes. */
typedef union piece_head {
    size_t bytes;
    max_align_t alignment;
} piece_head;

static struct {
    uint64_t seed, dice, hash;
    int64_t now_ns, wall_ns;
    sim_memory memory;
    sim_plant plant;
    bool traces, allows_faults;
} world;

sim_plan sim_the_plan;

sim_plant sim_planted(void)
{
    return world.plant;
}

static uint64_t next_number(void)
{
    world.dice ^= world.dice >> 12;
    world.dice ^= world.dice << 25;
    world.dice ^= world.dice >> 27;
    return world.dice * UINT64_C(0x2545f4914f6cdd1d);
}

void sim_world_begin(uint64_t seed, bool traces, sim_plant plant)
{
    memset(&world, 0, sizeof world);
    world.seed = seed;
    world.dice = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
    world.hash = UINT64_C(0xcbf29ce484222325);
    world.now_ns = START_NS;
    world.wall_ns = START_REALTIME_NS;
    world.traces = traces;
    world.plant = plant;
    for (int i = 0; i < 8; i++)
        next_number();
}

uint64_t sim_world_end(void)
{
    SIM_MUST(world.memory.pieces == 0, "%zu pieces of memory are left", world.memory.pieces);
    return world.hash;
}

uint64_t sim_draw(uint64_t below)
{
    return below > 0 ? (next_number() >> 16) % below : 0;
}

uint64_t sim_draw_between(uint64_t first, uint64_t last)
{
    return first + sim_draw(last - first + 1);
}

bool sim_chance(unsigned of_hundred)
{
    return sim_draw(100) < of_hundred;
}

bool sim_strikes(unsigned of_million)
{
    return world.allows_faults && of_million > 0 && sim_draw(1000000) < of_million;
}

void sim_allow_faults(bool allows)
{
    world.allows_faults = allows;
}

int64_t sim_now_ns(void)
{
    return world.now_ns;
}

void sim_pass_ns(int64_t ns)
{
    world.now_ns += ns;
    world.wall_ns += ns;
}

void sim_jump_wall_ns(int64_t ns)
{
    world.wall_ns += ns;
}

static void hash_bytes(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        world.hash = (world.hash ^ at[i]) * HASH_PRIME;
}

void sim_tell(const char *what, int64_t which, int64_t how_much)
{
    hash_bytes(what, strlen(what));
    hash_bytes(&which, sizeof which);
    hash_bytes(&how_much, sizeof how_much);
    if (world.traces)
        printf("%10.3f ms  %s %" PRId64 " %" PRId64 "\n",
               (double)(world.now_ns - START_NS) / (double)SIM_NS_PER_MS, what, which, how_much);
}

void sim_tell_bytes(const char *what, int64_t which, const void *bytes, size_t length)
{
    sim_tell(what, which, (int64_t)length);
    hash_bytes(bytes, length);
    if (!world.traces || length == 0)
        return;
    printf("               ");
    for (size_t i = 0; i < length && i < 160; i++) {
        unsigned char byte = ((const unsigned char *)bytes)[i];
        if (byte >= ' ' && byte < 127)
            putchar(byte);
        else if (byte == '\r' || byte == '\n')
            printf("\\%c", byte == '\r' ? 'r' : 'n');
        else
            printf("\\x%02x", byte);
    }
    printf("\n");
}

void sim_fail(const char *format, ...)
{
    va_list args;
    printf("seed %" PRIu64 ", %.3f ms: ", world.seed,
           (double)(world.now_ns - START_NS) / (double)SIM_NS_PER_MS);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    abort();
}

int64_t hw_sys_monotonic_ns(void)
{
    return world.now_ns;
}

int64_t hw_sys_realtime_ns(void)
{
    return world.wall_ns;
}

/* Nobody's work takes time here. */
int64_t hw_sys_process_cpu_ns(void)
{
    return 0;
}

int64_t hw_sys_thread_cpu_ns(void)
{
    return 0;
}

int hw_sys_utc_offset_s(int64_t at_s)
{
    (void)at_s;
    return 0;
}

int hw_sys_random(void *memory, size_t bytes)
{
    unsigned char *at = memory;
    for (size_t i = 0; i < bytes; i++)
        at[i] = (unsigned char)sim_draw(256);
    return 0;
}

sim_memory sim_memory_held(void)
{
    return world.memory;
}

void sim_memory_forget_most(void)
{
    world.memory.pieces_most = world.memory.pieces;
    world.memory.bytes_most = world.memory.bytes;
}

static void count_in(size_t bytes)
{
    sim_memory *memory = &world.memory;
    memory->pieces++;
    memory->bytes += bytes;
    memory->pieces_most =
        memory->pieces > memory->pieces_most ? memory->pieces : memory->pieces_most;
    memory->bytes_most = memory->bytes > memory->bytes_most ? memory->bytes : memory->bytes_most;
}

static void count_out(size_t bytes)
{
    world.memory.pieces--;
    world.memory.bytes -= bytes;
}

static bool is_memory_out(void)
{
    bool is_out = sim_strikes(sim_the_plan.allocations_failing);
    if (is_out)
        sim_tell("no memory", 0, 0);
    return is_out;
}

void *hw_sys_alloc(size_t bytes)
{
    piece_head *head = is_memory_out() ? NULL : malloc(sizeof *head + bytes);
    if (!head)
        return NULL;
    head->bytes = bytes;
    count_in(bytes);
    return head + 1;
}

void *hw_sys_alloc_zeroed(size_t count, size_t bytes)
{
    size_t all;
    if (!hw_size_multiply(count, bytes, &all))
        return NULL;
    void *memory = hw_sys_alloc(all);
    return memory ? memset(memory, 0, all) : NULL;
}

void *hw_sys_resize(void *memory, size_t bytes)
{
    if (!memory)
        return hw_sys_alloc(bytes);
    if (is_memory_out())
        return NULL;
    piece_head *head = (piece_head *)memory - 1;
    size_t before = head->bytes;
    head = realloc(head, sizeof *head + bytes);
    if (!head)
        return NULL;
    count_out(before);
    count_in(bytes);
    head->bytes = bytes;
    return head + 1;
}

void hw_sys_free(void *memory)
{
    if (!memory)
        return;
    piece_head *head = (piece_head *)memory - 1;
    count_out(head->bytes);
    free(head);
}
