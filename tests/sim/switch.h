/* Changing from one stack to another. */
#ifndef HW_TESTS_SIM_SWITCH_H
#define HW_TESTS_SIM_SWITCH_H

#include <stddef.h>

/* The context of a stack that is not running, kept in `place`. */
typedef struct sim_place {
    void *at;
} sim_place;

/* Such that the next switch to it calls `begin`, which never returns, on this stack. */
void sim_switch_prepare(sim_place *place, void *stack, size_t bytes, void (*begin)(void));
/* Leaves the running stack in `from`, and goes on where `to` was left. */
void sim_switch(sim_place *from, sim_place *to);
/* What a place keeps beside its stack. */
void sim_switch_free(sim_place *place);

#endif
