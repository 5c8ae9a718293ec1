/* Asks an application as a driver would, without one. */
#ifndef HW_TESTS_ASKER_H
#define HW_TESTS_ASKER_H

#include "app/app.h"
#include "exchange/exchange.h"
#include "unit/harness.h"

typedef struct app_asker {
    hewn_app *app;
    hw_exchange exchange;
    hw_place place;
    hw_sink sink;
    hw_fault fault; /* the last one told */
    int faults, steps;
    char body[4096]; /* of the last answer, with a NUL behind it */
    bool was_quick;
} app_asker;

/* From now on each piece of the app has a block of its own, so that each can be the one there is no
 * memory for. */
void asker_split(hewn_app *app);
/* Takes the reference. Ends the test where memory has failed. */
void asker_open(app_asker *asker, hewn_app *app);
void asker_close(app_asker *asker);

/* One request; the answer's status. `content` may be NULL. Ends the test where memory has failed.
 */
int ask(app_asker *asker, const char *method, const char *target);
int ask_with(app_asker *asker, const char *method, const char *target, hw_fields fields,
             const char *content);

/* The value of a field of the last answer, or NULL. */
const char *answer_field(const app_asker *asker, const char *name);
size_t answer_field_count(const app_asker *asker, const char *name);

#endif
