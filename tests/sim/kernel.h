/* The simulated kernel: descriptors, waiting for them, and what a call may fail with. */
#ifndef HW_TESTS_SIM_KERNEL_H
#define HW_TESTS_SIM_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum sim_kind {
    SIM_CLOSED,
    SIM_POLL,
    SIM_EVENT,
    SIM_LISTENER,
    SIM_SOCKET,
    SIM_FILE, /* or a folder */
    SIM_NOTICE,
} sim_kind;

typedef struct sim_descriptor {
    sim_kind kind;
    int number;
    void *of;       /* a poll, a socket, a notice */
    uint64_t count; /* of an event; the node of a file */
} sim_descriptor;

/* A descriptor with a number that was never used before: who closes twice, or uses what is closed,
 * is found out. -EMFILE when there are too many. */
int sim_descriptor_open(sim_kind kind, void *of, uint64_t count);
/* It must be open, and of this kind. */
sim_descriptor *sim_descriptor_of(int number, sim_kind kind);
size_t sim_descriptors_open(void);
void sim_kernel_begin(void);

/* Something about the descriptor has changed, for the better: whoever watches it is told. */
void sim_poll_tell(int number);
/* The same for a listener, of which one poll is told that waits, or all. */
void sim_poll_tell_one(int number);
/* What the first descriptor of each poll was watched with: loops watch their own event first. */
size_t sim_poll_count(void);
void *sim_poll_first_data(size_t index);
/* A thread is in poll_wait on it. */
bool sim_poll_is_waited_for(size_t index);
/* How often polls have been asked since somebody last did something. */
unsigned sim_poll_asked(void);
void sim_poll_forget_asked(void);

/* One of these negative errno values, or 0; the list ends with 0. */
int sim_call_fails(const char *call, const int *errors);

/* By each kind. */
uint32_t sim_listener_readiness(const sim_descriptor *descriptor);
uint32_t sim_socket_readiness(const sim_descriptor *descriptor);
uint32_t sim_notice_readiness(const sim_descriptor *descriptor);
void sim_listener_close(sim_descriptor *descriptor);
void sim_socket_close(sim_descriptor *descriptor);
void sim_notice_close(sim_descriptor *descriptor);

#endif
