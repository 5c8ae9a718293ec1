/* Clients: what they send, when they stall, and what they make of what they hear. */
#ifndef HW_TESTS_SIM_CLIENT_H
#define HW_TESTS_SIM_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_REQUESTS_MAX 12

typedef struct sim_client sim_client;

/* Draws what it is going to do. */
sim_client *sim_client_new(unsigned id);
void sim_client_free(sim_client *client);

/* Does one thing, if it is not stalling and there is something it can do. */
bool sim_client_act(sim_client *client);
bool sim_client_is_over(const sim_client *client);
/* When it goes on by itself; SIM_NEVER: not. */
int64_t sim_client_next_ns(const sim_client *client);
/* The server has been told to stop: at once, or in good order. */
void sim_client_note_stop(sim_client *client, bool at_once);
/* What it waits for, for whoever asks why nothing happens. */
void sim_client_describe(const sim_client *client, char *words, unsigned long bytes);

#endif
