/* Points: what is made to fail, and when. */
#ifndef HW_TESTS_FAULT_POINT_H
#define HW_TESTS_FAULT_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "talk/bytes.h"

typedef enum fault_kind {
    FAULT_NONE,
    FAULT_ALLOCATION,       /* the nth */
    FAULT_ALLOCATIONS_FROM, /* and all after it */
    FAULT_CALL,             /* the nth, with this errno */
    FAULT_CALLS_FROM,       /* and all after it */
    FAULT_SHORT,            /* all move at most so many bytes */
    FAULT_STORM,            /* every other says EAGAIN */
} fault_kind;

typedef struct fault_point {
    fault_kind kind;
    const char *call;
    unsigned nth;
    int error;
    size_t bytes;
} fault_point;

#define FAULT_POINT_NAME_MAX 64

/* What a run without faults did, and so what can fail in it. */
typedef struct fault_tally {
    uint64_t allocations;
    unsigned calls[128]; /* as hw_seam_call numbers them */
} fault_tally;

typedef struct fault_points {
    fault_point *at;
    size_t count, capacity;
} fault_points;

/* How thoroughly: calls beyond the nth are left out, and what only ends when much time has
 * passed. */
typedef struct fault_bounds {
    unsigned nth_max;
    size_t short_bytes; /* the least a call may move */
    bool is_real_time;
} fault_bounds;

/* The seam must have been reset before what is counted began. */
void fault_tally_take(fault_tally *tally, uint64_t allocations_before);
void fault_points_make(fault_points *points, const fault_tally *tally, const fault_bounds *bounds);
void fault_points_free(fault_points *points);

/* "receive:2:ECONNRESET", "alloc:7", "alloc:7+", "accept:1+:EMFILE", "send:short:1",
 * "receive:storm" */
void fault_point_name(const fault_point *point, char name[FAULT_POINT_NAME_MAX]);
/* Behind a reset of the seam. */
void fault_point_arm(const fault_point *point);
/* Sockets move little, or nothing now and then, and the kernel tells when there is more, as it
 * promises: nobody may notice. */
bool fault_point_is_slow(const fault_point *point);

#endif
