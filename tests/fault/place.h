/* What the servers of these tests serve: the talks' files and large.bin, /echo and answerers, and
 * handlers of an application:
 *
 *    /text       a text with a field of its own
 *    /give-back  its body
 *    /read       how long its body is, which it reads as it comes
 *    /blocking   the same as /text, on a spare
 *    /sleep      sleeps for SLEEP_MS, so that its loop is taken over */
#ifndef HW_TESTS_FAULT_PLACE_H
#define HW_TESTS_FAULT_PLACE_H

#include "hewn/server.h"
#include "http/echo.h"
#include "talk/answerers.h"
#include "talk/carrier.h"
#include "talk/site.h"

#define FAULT_LOCALS_MAX 8

typedef struct fault_place {
    talk_site site;
    hewn_app *app;
    hw_echo echo;
    talk_answerers answerers;
    hw_local locals[FAULT_LOCALS_MAX];
    talk_service service;
} fault_place;

void fault_place_open(fault_place *place);
void fault_place_close(fault_place *place);

/* Every file goes away and comes back: whoever was told that it is not there must look again. */
void fault_place_stir(const fault_place *place);

/* The application alone, for who builds servers of it. NULL: no memory, or no folder. */
hewn_app *fault_place_app(const talk_site *site);

#endif
