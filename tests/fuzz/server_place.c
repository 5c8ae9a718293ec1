/* One place for all inputs of a process: files are slow to make. */
#include "server_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "seam/seam.h"
#include "talk/answerers.h"
#include "talk/carrier.h"

#define NS_PER_MS INT64_C(1000000)

void talk_give_up(const char *what, int error)
{
    fprintf(stderr, "%s: error %d\n", what, error);
    exit(70);
}

static fuzz_place *place_of_files(void)
{
    static fuzz_place place;
    return &place;
}

static void remove_place(void)
{
    hewn_app_free(place_of_files()->app);
    talk_site_close(&place_of_files()->site);
}

const fuzz_place *fuzz_place_open(hewn_app *(*make)(const talk_site *site, int folder))
{
    fuzz_place *place = place_of_files();
    if (place->app)
        return place;
    talk_site_open(&place->site);
    int folder = talk_site_root(&place->site);
    place->app = make(&place->site, folder);
    close(folder);
    if (!place->app || hw_app_fault(place->app))
        talk_give_up("an application", ENOMEM);
    hw_app_seal(place->app, true);
    const hw_local *locals = hw_app_locals(place->app, &place->local_count);
    hw_assert(place->local_count < FUZZ_LOCALS_MAX);
    for (size_t i = 0; i < place->local_count; i++)
        place->locals[i] = locals[i];
    place->locals[place->local_count] = talk_answerers_local();
    atexit(remove_place);
    return place;
}

void fuzz_clock_begin(void)
{
    hw_seam_reset();
    hw_seam_clock_freeze(NS_PER_MS, INT64_C(1700003600000) * NS_PER_MS);
    /* The kernel takes milliseconds to close one, and the files here do not change. */
    hw_seam_fail("notice_new", 1, EMFILE);
}

bool fuzz_clock_step(hw_loop *loop, int64_t end_ms)
{
    int64_t now_ms = hw_loop_now_ms(loop);
    if (now_ms >= end_ms)
        return false;
    int64_t next_ms = hw_wheel_next_ms(&loop->wheel);
    next_ms = next_ms <= now_ms ? now_ms + 1 : next_ms > end_ms ? end_ms : next_ms;
    fuzz_clock_jump(next_ms - now_ms);
    return true;
}

void fuzz_clock_jump(int64_t ms)
{
    hw_seam_clock_advance(ms * NS_PER_MS);
}
