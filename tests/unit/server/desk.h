/* Handlers on spares: one at a time, each waits at a gate and then says "slow". */
#ifndef HW_TESTS_DESK_H
#define HW_TESTS_DESK_H

#include "unit/server/rig.h"

#include "sys/thread.h"

typedef struct rig_desk {
    test_rig *rig;
    hw_pace pace;
    pthread_mutex_t gate; /* locked: it is closed */
    atomic_uint begun;    /* handlers, as far as the gate */
} rig_desk;

/* The answerer of a rig that is opened next. */
void desk_init(rig_desk *desk, test_rig *rig);
void desk_fini(rig_desk *desk);
/* Once that is open: one spare, two exchanges may wait for it, and the gate is closed. */
void desk_open(rig_desk *desk);
/* The gate opens, all that was given to spares is done, and there are none any more. */
void desk_finish(rig_desk *desk);
/* Until so many handlers have come to the gate. */
void desk_wait(rig_desk *desk, unsigned count);

#endif
