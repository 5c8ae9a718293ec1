/* The world of one seed: its dice, its clock, what goes wrong in it, and what is told of it. */
#ifndef HW_TESTS_SIM_WORLD_H
#define HW_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_NS_PER_MS INT64_C(1000000)

/* What a seed draws before anything happens. */
typedef struct sim_plan {
    unsigned allocations_failing; /* of a million */
    unsigned calls_failing;       /* of a million */
    unsigned cold_reads;          /* of a hundred: parts of files that are not in memory */
    unsigned window_bytes_max;    /* of what a client has not taken; drawn per connection */
    unsigned requests_max;        /* of one connection */
    bool is_calm;   /* time passes only when nobody has anything to do: what clients get is known */
    bool has_jumps; /* of the wall clock */
    bool has_changes; /* of the files */
    bool has_notices; /* the file system tells of them */
} sim_plan;

/* Faults of our own, to show that they are found. */
typedef enum sim_plant {
    SIM_PLANT_NONE,
    SIM_PLANT_LOSE_BYTE,   /* a short write says one byte more than it took */
    SIM_PLANT_NO_DEADLINE, /* a connection's timer is taken away */
    SIM_PLANT_SWAP,        /* two answers that wait in one connection change places */
    SIM_PLANT_LEAK,        /* a closed socket stays open */
    SIM_PLANT_DEAF,        /* an edge of a socket is not told */
    SIM_PLANT_STALE,       /* a change of a file is not told */
} sim_plant;

void sim_world_begin(uint64_t seed, bool traces, sim_plant plant);
/* No memory, descriptor or thread may be left; what has happened, as a number. */
uint64_t sim_world_end(void);
extern sim_plan sim_the_plan;
sim_plant sim_planted(void);

/* Dice. */
uint64_t sim_draw(uint64_t below); /* 0 .. below - 1 */
uint64_t sim_draw_between(uint64_t first, uint64_t last);
bool sim_chance(unsigned of_hundred);
/* Whether a call fails now. */
bool sim_strikes(unsigned of_million);
/* From here on (not any more) things may go wrong. */
void sim_allow_faults(bool allows);

/* Time. */
int64_t sim_now_ns(void);
void sim_pass_ns(int64_t ns);
void sim_jump_wall_ns(int64_t ns);

/* Telling. What is said of a thing must be the same whenever the seed is played. */
void sim_tell(const char *what, int64_t which, int64_t how_much);
void sim_tell_bytes(const char *what, int64_t which, const void *bytes, size_t length);
/* The seed has failed: says so, says how to play it again, and ends the program. */
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
#define SIM_MUST(condition, ...) ((condition) ? (void)0 : sim_fail(__VA_ARGS__))

/* Memory that the server holds now. */
typedef struct sim_memory {
    size_t pieces, bytes, pieces_most, bytes_most;
} sim_memory;
sim_memory sim_memory_held(void);
void sim_memory_forget_most(void);

#endif
