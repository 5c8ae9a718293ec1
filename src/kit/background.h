/* What an app does beside its requests: hewn_spawn and hewn_every, from the inside. */
#ifndef HW_KIT_BACKGROUND_H
#define HW_KIT_BACKGROUND_H

#include "app/app.h"

/* How many timers there are, in the app and in what is mounted in it. The app is sealed.
 * Threads: any. */
size_t hw_background_timers(const hewn_app *app);

/* An app and what is mounted in it take nothing more, and no timer is called again, as when they go.
 * Whether all that was given until then is done; if not it goes on. Threads: the one that has the
 * last reference. */
bool hw_background_finish(hewn_app *app);

#endif
