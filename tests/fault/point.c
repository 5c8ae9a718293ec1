/* Makes the points of a run out of what it called, and the seam's table of errors. */
#include "fault/point.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "seam/seam.h"

/* A storm strikes so many calls; the seam keeps no more rules. */
#define STORM_CALLS 100

static void add_point(fault_points *points, fault_point point)
{
    if (points->count == points->capacity) {
        points->capacity = points->capacity * 2 + 64;
        points->at = realloc(points->at, points->capacity * sizeof *points->at);
        if (!points->at)
            abort();
    }
    points->at[points->count++] = point;
}

void fault_points_free(fault_points *points)
{
    free(points->at);
    *points = (fault_points){0};
}

void fault_tally_take(fault_tally *tally, uint64_t allocations_before)
{
    tally->allocations = hw_seam_allocations() - allocations_before;
    for (size_t i = 0; hw_seam_call(i); i++)
        tally->calls[i] = hw_seam_calls(hw_seam_call(i));
}

/* One that says how things stand, and not what has happened to one call: it lasts. */
static bool is_lasting(int error)
{
    static const int lasting[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSPC,
                                  ENOSYS, EIO,    EDQUOT, EPERM};
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
        if (lasting[i] == error)
            return true;
    return false;
}

static bool is_of_socket(const char *call)
{
    return strcmp(call, "receive") == 0 || strcmp(call, "send") == 0 ||
           strcmp(call, "send_file") == 0;
}

/* The kernel's promise to tell when there is more is broken by an EAGAIN that is made up, so that
 * only a deadline ends the wait. */
static bool is_waited_for(const char *call, int error)
{
    return error == EAGAIN && is_of_socket(call);
}

/* The server tries again a second later. */
static bool is_ticked_for(const char *call, int error)
{
    bool is_accept = strcmp(call, "accept") == 0;
    return (is_accept && (is_lasting(error) || error == ETIMEDOUT || error == ENOSR)) ||
           (is_lasting(error) && strcmp(call, "open_beneath") == 0);
}

static void add_errors(fault_points *points, const char *call, unsigned calls,
                       const fault_bounds *bounds)
{
    unsigned last = (unsigned)hw_number_min(calls, bounds->nth_max);
    for (const int *error = hw_seam_errors(call); *error; error++) {
        if (bounds->is_real_time && (is_waited_for(call, *error) || is_ticked_for(call, *error)))
            continue;
        for (unsigned nth = 1; nth <= last; nth++)
            add_point(points, (fault_point){FAULT_CALL, call, nth, *error, 0});
        if (is_lasting(*error))
            add_point(points, (fault_point){FAULT_CALLS_FROM, call, 1, *error, 0});
        if (is_waited_for(call, *error))
            add_point(points, (fault_point){FAULT_STORM, call, 1, *error, 0});
    }
}

void fault_points_make(fault_points *points, const fault_tally *tally, const fault_bounds *bounds)
{
    for (unsigned nth = 1; nth <= tally->allocations; nth++) {
        add_point(points, (fault_point){FAULT_ALLOCATION, NULL, nth, 0, 0});
        if (!bounds->is_real_time)
            add_point(points, (fault_point){FAULT_ALLOCATIONS_FROM, NULL, nth, 0, 0});
    }
    for (size_t i = 0; hw_seam_call(i); i++) {
        const char *call = hw_seam_call(i);
        if (tally->calls[i] == 0)
            continue;
        add_errors(points, call, tally->calls[i], bounds);
        if (!hw_seam_moves_bytes(call) || (bounds->is_real_time && is_of_socket(call)))
            continue;
        add_point(points, (fault_point){FAULT_SHORT, call, 1, 0, bounds->short_bytes});
        add_point(points, (fault_point){FAULT_SHORT, call, 1, 0, HW_SEAM_HALF});
    }
}

void fault_point_name(const fault_point *point, char name[FAULT_POINT_NAME_MAX])
{
    const char *call = point->call, *error = strerrorname_np(point->error);
    size_t room = FAULT_POINT_NAME_MAX;
    switch (point->kind) {
    case FAULT_NONE:
        snprintf(name, room, "nothing");
        break;
    case FAULT_ALLOCATION:
        snprintf(name, room, "alloc:%u", point->nth);
        break;
    case FAULT_ALLOCATIONS_FROM:
        snprintf(name, room, "alloc:%u+", point->nth);
        break;
    case FAULT_CALL:
        snprintf(name, room, "%s:%u:%s", call, point->nth, error ? error : "?");
        break;
    case FAULT_CALLS_FROM:
        snprintf(name, room, "%s:%u+:%s", call, point->nth, error ? error : "?");
        break;
    case FAULT_SHORT:
        if (point->bytes == HW_SEAM_HALF)
            snprintf(name, room, "%s:short:half", call);
        else
            snprintf(name, room, "%s:short:%zu", call, point->bytes);
        break;
    case FAULT_STORM:
        snprintf(name, room, "%s:storm", call);
        break;
    }
}

void fault_point_arm(const fault_point *point)
{
    switch (point->kind) {
    case FAULT_NONE:
        break;
    case FAULT_ALLOCATION:
        hw_seam_fail_allocation(point->nth);
        break;
    case FAULT_ALLOCATIONS_FROM:
        hw_seam_fail_allocations_from(point->nth);
        break;
    case FAULT_CALL:
        hw_seam_fail(point->call, point->nth, point->error);
        break;
    case FAULT_CALLS_FROM:
        hw_seam_fail_from(point->call, point->nth, point->error);
        break;
    case FAULT_SHORT:
        hw_seam_short(point->call, point->bytes);
        break;
    case FAULT_STORM:
        for (unsigned i = 0; i < STORM_CALLS; i++)
            hw_seam_fail(point->call, 1 + 2 * i, point->error);
        break;
    }
}

bool fault_point_is_slow(const fault_point *point)
{
    return (point->kind == FAULT_STORM || point->kind == FAULT_SHORT) && is_of_socket(point->call);
}
