/* Dispatch: the answerer of an application, and the short answers it gives itself. Each is an
 * answerer too, so that choosing one is all a plan does. */
#ifndef HW_APP_DISPATCH_H
#define HW_APP_DISPATCH_H

#include "app/app.h"

hw_answerer hw_dispatch_of(hewn_app *app);
/* The same of one that another has chosen already; only its plan is there. */
hw_answerer hw_dispatch_mounted(hewn_app *app);
/* 204 or 405, with this list as Allow, as it is when asked. */
hw_answerer hw_dispatch_describe(hw_text *allow);
hw_answerer hw_dispatch_refuse(hw_text *allow);
/* 404, and 501 for a method that nobody knows. */
hw_answerer hw_dispatch_absent(void);
hw_answerer hw_dispatch_unknown(void);
/* 308 from a mount's prefix to the same with a slash. */
hw_answerer hw_dispatch_redirect(void);
/* Runs the route's handler. */
hw_answerer hw_dispatch_route(hw_route *route);

/* The route whose handler answers this exchange; NULL when it is none. */
const hw_route *hw_dispatch_route_of(const hw_exchange *exchange);
/* A handler, or what is around it, did what it must not: aborts in development; else a fault is told
 * and the response is spoiled. */
void hw_dispatch_misuse(hw_exchange *exchange, const char *words);
/* Tells a fault of whoever answers. */
void hw_dispatch_tell(hw_exchange *exchange, const char *words);

#endif
