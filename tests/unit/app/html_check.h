/* Reads HTML as a browser does, for tests of what makes it: nothing of the code under test. */
#ifndef HW_TESTS_HTML_CHECK_H
#define HW_TESTS_HTML_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* What has been read, NUL-terminated: the tags with the names of their attributes, and "!" for
 * comments, doctypes and the like ("<a href></a>!"); and all texts and values, decoded, each behind
 * "|". False: it does not fit, or ends inside of something. */
bool html_check(const char *html, char *shape, size_t shape_bytes, char *content,
                size_t content_bytes);

/* The scheme of an address as browsers find it, in lower case; "": it is relative. */
void html_scheme(const char *address, char *scheme, size_t bytes);

#endif
