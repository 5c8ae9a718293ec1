/* What the value of an attribute of HTML is to a browser: text, an address, or something that
 * runs. */
#ifndef HW_APP_ATTRIBUTE_H
#define HW_APP_ATTRIBUTE_H

#include "base/text.h"

typedef enum hw_attribute {
    HW_ATTRIBUTE_TEXT,
    HW_ATTRIBUTE_URL,    /* of something that is shown, or gone to */
    HW_ATTRIBUTE_LOADER, /* of something that runs in the page */
    HW_ATTRIBUTE_CODE,   /* a script, a style, markup, or what says which of them it is */
    HW_ATTRIBUTE_CONTENT /* of a meta element: text, or with http-equiv code */
} hw_attribute;

/* Of an element's attribute; both names in lower case. */
hw_attribute hw_attribute_of(hw_text element, hw_text name);

#endif
