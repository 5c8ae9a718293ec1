/* The application that is simulated: files, echoes, handlers that wait, fail or answer in pieces.
 *
 *     /say?id=N    "said N\n"                   /slow?id=N    "slow N\n" in pieces, with waits between
 *     /sleep?id=N  "slept N\n", after ms=N      /upload       a buffered body of at most 3000 bytes
 *     /block?id=N  the same, known to block     /echo         the body, while it comes
 *
 * and those of talk/answerers.h, and the files of files.h for the rest. */
#ifndef HW_TESTS_SIM_APP_H
#define HW_TESTS_SIM_APP_H

#include "exchange/answerer.h"

/* For one seed; its memory is the world's. */
typedef struct sim_app sim_app;
sim_app *sim_app_new(void);
void sim_app_free(sim_app *app);
const hw_answerer *sim_app_answerer(const sim_app *app);
const hw_local *sim_app_locals(const sim_app *app, size_t *ret_count);

#endif
