/* What an app does beside its requests: hewn_spawn and hewn_every, from the inside. */
#ifndef HW_KIT_BACKGROUND_H
#define HW_KIT_BACKGROUND_H

#include "app/app.h"

/* How many timers there are, in the app and in what is mounted in it. The app is sealed.
 * Threads: any. */
size_t hw_background_timers(const hewn_app *app);

#endif
