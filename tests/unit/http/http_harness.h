/* What the tests of http share: comparing texts with literals, and fields written in place. */
#ifndef HW_TESTS_HTTP_HARNESS_H
#define HW_TESTS_HTTP_HARNESS_H

#include "unit/harness.h"

#include "base/text.h"
#include "http/field.h"

#define assert_text(actual, expected)                                                              \
    do {                                                                                           \
        hw_text got = (actual), want = hw_text_of(expected);                                       \
        if (!hw_text_equal(got, want))                                                             \
            fail_msg("\"%.*s\" is not \"%.*s\"", HW_TEXT_ARGS(got), HW_TEXT_ARGS(want));           \
    } while (0)

/* One field of a set: FIELD(RANGE, "bytes=0-3"). */
#define FIELD(id, value)                                                                           \
    {                                                                                              \
        HW_TEXT_INIT(#id), HW_TEXT_INIT(value), HW_FIELD_##id                                      \
    }
/* A set of fields, alive in the block it is written in. */
#define FIELDS(...)                                                                                \
    hw_fields_of((const hw_field[]){__VA_ARGS__},                                                  \
                 sizeof((hw_field[]){__VA_ARGS__}) / sizeof(hw_field))
#define NO_FIELDS (hw_fields_of(NULL, 0))

#define ROWS(array) (sizeof(array) / sizeof(array)[0])

#endif
