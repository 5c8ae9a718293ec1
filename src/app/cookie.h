/* Cookies as handlers see them. */
#ifndef HW_APP_COOKIE_H
#define HW_APP_COOKIE_H

#include "http/cookie.h"

/* Whether a value, as it was sent, has the form of a signed one: no plain cookie then. */
bool hw_cookie_looks_signed(hw_text raw);

#endif
