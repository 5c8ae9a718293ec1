/* The address in an attribute's value, as far as a format has been read: who says its scheme, and,
 * where what it names runs, its host. */
#ifndef HW_APP_FORMAT_HREF_H
#define HW_APP_FORMAT_HREF_H

#include "app/format.h"

typedef enum hw_href_state {
    HW_HREF_EMPTY,   /* nothing yet */
    HW_HREF_LITERAL, /* letters of the format, which may be a scheme */
    HW_HREF_GIVEN,   /* a text, which may be one, or part of one */
    HW_HREF_SETTLED, /* what follows is no part of a scheme */
    HW_HREF_BAD,     /* a scheme that runs, or that nobody can tell */
} hw_href_state;

typedef struct hw_href {
    hw_href_state state;
    char scheme[8]; /* of LITERAL, in lower case */
    size_t scheme_length;
    int previous;       /* the last byte of the format */
    bool has_reference; /* an "&" where the scheme is not settled */
    bool is_rooted;     /* what follows cannot change the host */
} hw_href;

/* A byte of the format. */
void hw_href_take(hw_href *href, int byte);
/* A text: how it is to be put, or why it may not stand here. is_loader: what the address names runs
 * in the page. */
const char *hw_href_place(hw_href *href, bool is_loader, hw_role *ret_role);

/* For who puts them: whether a text may be the begin of an address, or a part of one that is not
 * `*is_settled`; then that is what it is afterwards. */
bool hw_href_check(hw_role role, hw_text text, bool *is_settled);

#endif
