/* The life of a whole server, from the application to the last free, while something fails. */
#ifndef HW_TESTS_FAULT_WHOLE_H
#define HW_TESTS_FAULT_WHOLE_H

#include "fault/trial.h"

typedef struct fault_life {
    const char *name;
    const char *says[2]; /* one client each, at the same time; or NULL */
    enum fault_life_address {
        FAULT_LIFE_TCP,
        FAULT_LIFE_STALE,     /* a Unix socket whose last owner has crashed */
        FAULT_LIFE_INHERITED, /* a descriptor */
        FAULT_LIFE_TAKEN,     /* somebody listens there already: there is no server */
    } address;
    bool waits; /* a client is in the middle of a request when it drains */
} fault_life;

extern const fault_life fault_lives[];
extern const size_t fault_life_count;

/* Right answers of each client, and what can fail. NULL, or why it went wrong. */
const char *fault_life_learn(const fault_place *place, const fault_life *life,
                             fault_answers ret_right[2], fault_tally *ret_tally);
/* NULL, or what must not be. */
const char *fault_life_run(const fault_place *place, const fault_life *life,
                           const fault_answers right[2], const fault_point *point);

#endif
