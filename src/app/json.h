/* JSON values that were read (RFC 8259): immutable, in the arena of their request. */
#ifndef HW_APP_JSON_H
#define HW_APP_JSON_H

#include "app/call.h"

/* So deep may arrays and objects lie in each other. */
#define HW_JSON_DEPTH_MAX 64
/* So many values may be in one document, itself among them. */
#define HW_JSON_VALUES_MAX (256 * 1024)

typedef enum hw_json_kind {
    HW_JSON_NULL,
    HW_JSON_BOOL,
    HW_JSON_INT,
    HW_JSON_REAL,
    HW_JSON_STRING,
    HW_JSON_ARRAY,
    HW_JSON_OBJECT,
} hw_json_kind;

/* Public code knows it as the opaque `hewn_json`. */
struct hewn_json {
    hw_json_kind kind;
    hw_arena *arena; /* it lies in, for what is made of it */
    const char *key; /* in an object; else NULL */
    union {
        bool boolean;
        hewn_int integer;
        double real;
        const char *string; /* holds no NUL */
        struct {
            hewn_json *at;
            size_t count;
        } items; /* of an array, or of an object */
    };
};

/* Whether a text can be read at all, by what it nests and how many values it may have, without
 * reading it: so what its reading takes has a bound. */
bool hw_json_is_bounded(hw_text text, hw_body_problem *ret_problem);
/* Reads a document. NULL: the problem says why not. */
const hewn_json *hw_json_read(hw_arena *arena, hw_text text, hw_body_problem *ret_problem);
/* The bytes that the values of a text take in the arena, at most. */
size_t hw_json_room(hw_text text);

/* Writes a value as JSON that may stand in a script too. at NULL: no memory. */
hw_text hw_json_write(hw_arena *arena, const hewn_json *value);

#endif
