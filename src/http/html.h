/* Text in HTML, between tags and in quoted values of attributes. */
#ifndef HW_HTTP_HTML_H
#define HW_HTTP_HTML_H

#include "base/cursor.h"

/* The bytes from here on that may stand as they are; often all. */
hw_text hw_html_take_plain(hw_cursor *text);
/* What stands for the next byte, which may not. */
hw_text hw_html_take_odd(hw_cursor *text);

#endif
