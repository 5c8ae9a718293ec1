/* Names with a hash of the content in them, as build tools make them: another content has another
 * name. */
#ifndef HW_HTTP_FINGERPRINT_H
#define HW_HTTP_FINGERPRINT_H

#include "base/text.h"

/* Whether the path of a file ("assets/app-3f9ac1d2.js", with or without a slash in front) is of that
 * kind, so that what it leads to may be kept for ever (RFC 8246). A guess, which is on the side of
 * saying no. */
bool hw_fingerprint_is_in(hw_text path);

#endif
