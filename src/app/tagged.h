/* What "%p" of a format may point to: texts that this library has made safe for one language. The
 * pointer is the program's, so what it points to proves itself with a word that nobody has by
 * chance, and says for which language its text is. */
#ifndef HW_APP_TAGGED_H
#define HW_APP_TAGGED_H

#include <stdint.h>

#include "base/arena.h"

typedef enum hw_tagged_kind {
    HW_TAGGED_MARKUP = 1, /* hewn_markup: a piece of HTML */
    HW_TAGGED_JSON,       /* hewn_raw: one JSON value */
    HW_TAGGED_LOST,       /* markup there was no memory for: what it is put into is broken */
} hw_tagged_kind;

#define HW_TAGGED_MAGIC UINT64_C(0x9d6e7768c3a17f5b)

typedef struct hw_tagged {
    uint64_t magic;
    int kind;
    hw_text text;
} hw_tagged;

/* The text, which is borrowed and must live as long as the arena. NULL: no memory. */
const void *hw_tagged_new(hw_arena *arena, hw_tagged_kind kind, hw_text text);
/* The text of what was made as this kind. False: it was made as something else, or not by us. */
bool hw_tagged_text(const void *tagged, hw_tagged_kind kind, hw_text *ret_text);

#endif
