/* Contents of files, made as small as they get: by one thread in the background, for the next who ask.
 * One press serves all folders of files of an application; threads share it. */
#ifndef HW_KIT_PRESS_H
#define HW_KIT_PRESS_H

#include <stdatomic.h>

#include "http/coding.h"
#include "kit/content_hash.h"
#include "kit/root.h"

/* Files up to this size are pressed. */
#define HW_PRESS_FILE_MAX (1024 * 1024)
/* What the thread takes for its work, at most, beside what it keeps. */
#define HW_PRESS_WORK_BYTES_MAX ((size_t)48 * 1024 * 1024)

typedef struct hw_press hw_press;

/* A content, coded. Immutable; shared by reference. */
typedef struct hw_pressed {
    atomic_uint references;
    hw_content_hash hash; /* of what it was made of */
    hw_coding coding;
    hw_text bytes;            /* empty: it does not get smaller */
    hw_content_hash own_hash; /* of these */
} hw_pressed;

/* Owns: the caller has the only reference. 0, or a negative errno. */
int hw_press_new(hw_press **ret_press);
hw_press *hw_press_hold(hw_press *press);
/* Gives a reference back; the last one ends what is under way, and frees. NULL is fine. */
void hw_press_release(hw_press *press);

/* A loop gives it room to keep so much more, or takes that back. */
void hw_press_grow(hw_press *press, size_t bytes);
void hw_press_shrink(hw_press *press, size_t bytes);

/* The codings it makes, as a set of HW_CODING_BIT. */
unsigned hw_press_codings(void);
/* What it has of a content; a reference that is the caller's. NULL: nothing (yet). */
hw_pressed *hw_press_find(hw_press *press, hw_content_hash hash, hw_coding coding);
void hw_pressed_release(hw_pressed *pressed);

/* Has a file pressed, in all its codings; its content must be this one when it is read. False: it will
 * not be: there is no memory, too many wait, or there is no room that was not filled lately. */
bool hw_press_ask(hw_press *press, const hw_root *root, const char *name, hw_content_hash hash);

/* How often something came to be known, of this content or another: where it is what it was, there is
 * nothing new of this one. */
unsigned hw_press_count(const hw_press *press, hw_content_hash hash);

/* Whether so many loops are too busy, by what the process and the press itself have had of the
 * processors in a span of time, for more to be done beside them. */
bool hw_press_must_wait(int64_t process_ns, int64_t own_ns, int64_t span_ns, unsigned loops);

#endif
