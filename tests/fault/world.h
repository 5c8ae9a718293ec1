/* A server on a TCP port whose one loop is stepped by the test, while the clock stands still: the
 * same calls come in the same order every time. */
#ifndef HW_TESTS_FAULT_WORLD_H
#define HW_TESTS_FAULT_WORLD_H

#include "fault/client.h"
#include "fault/place.h"
#include "server/lane.h"

typedef struct fault_world {
    hw_shared shared;
    hw_listener listener;
    hw_lane lane;
    uint16_t port;
    unsigned refusals; /* rounds, one after the other, of which the client heard nothing */
    bool spins;        /* a loop that never came to rest */
} fault_world;

/* Stops the clock, or goes on from where it stands. */
void fault_clock_hold(void);

/* 0, or a negative errno: nothing is left of it then. */
int fault_world_open(fault_world *world, const talk_service *service, bool has_spares,
                     bool is_secure);
/* Drains, ends and frees. */
void fault_world_close(fault_world *world);

/* Lets the server work until nothing more comes of it, and the client hear. wait_ms: for what is
 * still on its way through the kernel. True: something has happened. */
bool fault_world_settle(fault_world *world, fault_client *client, int wait_ms);
/* Time passes, from timer to timer, until the connection ends or the time is over. */
void fault_world_wait(fault_world *world, fault_client *client, int64_t ms);
/* The kernel tells of everything that is ready once more, as it does where it has said EAGAIN. */
void fault_world_tell_again(const fault_world *world);

/* NULL, or what is wrong with a connection: it waits, and no deadline ends that. */
const char *fault_world_find_stuck(const fault_world *world);

#endif
