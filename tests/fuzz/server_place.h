/* What the fuzzed servers serve, the files of the talks, and the clock they live by, which moves only
 * when an input says so. */
#ifndef HW_TESTS_FUZZ_SERVER_PLACE_H
#define HW_TESTS_FUZZ_SERVER_PLACE_H

#include "app/app.h"
#include "loop/loop.h"
#include "talk/site.h"

#define FUZZ_LOCALS_MAX 8

typedef struct fuzz_place {
    talk_site site;
    hewn_app *app;
    hw_local locals[FUZZ_LOCALS_MAX]; /* the application's, and that of the talks' answerers */
    size_t local_count;               /* the application's alone */
} fuzz_place;

/* Made by the first call, with the application that `make` returns, and gone when the process ends.
 * folder: of the site; borrowed. NULL of `make`: no memory, or no folder. */
const fuzz_place *fuzz_place_open(hewn_app *(*make)(const talk_site *site, int folder));

/* In front of each input: nothing fails, and it is the same time as ever. */
void fuzz_clock_begin(void);
/* To the moment at which the next timer fires, or to the end; false: it is there already. Let the
 * loop settle behind each. */
bool fuzz_clock_step(hw_loop *loop, int64_t end_ms);
/* Time that the server has slept through. */
void fuzz_clock_jump(int64_t ms);

#endif
