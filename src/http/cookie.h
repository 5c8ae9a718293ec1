/* Cookies (RFC 6265): those a client sends, and those a server sets. */
#ifndef HW_HTTP_COOKIE_H
#define HW_HTTP_COOKIE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/cursor.h"
#include "http/field.h"

/* Browsers keep no cookie whose name and value are longer than this together. */
#define HW_COOKIE_BYTES_MAX 4096

/* A walk over all cookies of a request, in the order they were sent. */
typedef struct hw_cookies {
    hw_fields fields;
    const hw_field *field; /* that is read; NULL: none yet, or no more */
    hw_cursor rest;        /* of it */
    bool is_over;
} hw_cookies;

void hw_cookies_init(hw_cookies *cookies, hw_fields fields);
/* The next pair as it was sent, without the quotes around its value; both point into the field.
 * What is no pair of a token and a value is passed over. False at the end. */
bool hw_cookies_next(hw_cookies *cookies, hw_text *ret_name, hw_text *ret_value);

/* The value of a pair, decoded into the arena, with a NUL behind it. A value with a broken escape,
 * or one that stands for NUL, is another server's: it is given as it is. False: no memory. */
bool hw_cookie_decode(hw_arena *arena, hw_text raw, hw_text *ret_value);
/* A value as it may stand in a cookie: what a cookie must not hold, "%" and "!" are escaped. Never
 * longer than three times the value. */
void hw_cookie_encode(hw_buffer *buffer, hw_text value);

typedef struct hw_cookie {
    hw_text name;
    hw_text value; /* encoded already */
    hw_text path;
    hw_text domain;  /* empty: this host alone */
    int64_t max_age; /* in seconds; 0: until the browser ends */
    char same_site;  /* 'L', 'S' or 'N' */
    bool is_secure, is_http_only;
    bool is_deleted; /* its value and age do not count */
} hw_cookie;

/* Why a browser would not keep it, or it could not be sent; NULL: it is fine. */
const char *hw_cookie_problem(const hw_cookie *cookie);
/* The value of Set-Cookie (RFC 6265 4.1) of a cookie without a problem. It takes no more bytes than
 * name, value, path and domain and HW_COOKIE_WORDS_MAX. */
#define HW_COOKIE_WORDS_MAX 160
void hw_cookie_put(hw_buffer *buffer, const hw_cookie *cookie);

#endif
