/* Reads JSON strictly (RFC 8259), for tests of what makes it: nothing of the code under test. */
#ifndef HW_TESTS_JSON_CHECK_H
#define HW_TESTS_JSON_CHECK_H

#include "base/text.h"

/* One value, UTF-8, and nothing else. shape: what it consists of, without the contents of its strings
 * and numbers ("{s:[n,s]}"), NUL-terminated; room for shape_bytes. False: it is no JSON. */
bool json_check(hw_text text, char *shape, size_t shape_bytes);

#endif
