/* Patterns of routes, "/users/{id:int}": what they match, and which of two says more. */
#ifndef HW_APP_PATTERN_H
#define HW_APP_PATTERN_H

#include "base/arena.h"
#include "http/path.h"

#define HW_PATTERN_PARTS_MAX 32

/* What a segment may be. In this order each says more than what comes behind it. */
typedef enum hw_part_kind {
    HW_PART_LITERAL, /* exactly this; empty: what follows a last "/" */
    HW_PART_INT,     /* {name:int}: a whole number in 64 bits */
    HW_PART_TEXT,    /* {name}: any one that is not empty */
    HW_PART_REST,    /* {name...}: it and all that follow, be they empty */
} hw_part_kind;

typedef struct hw_part {
    hw_part_kind kind;
    hw_text text; /* the segment, or the parameter's name */
} hw_part;

typedef struct hw_pattern {
    hw_text text; /* as it is written */
    const hw_part *parts;
    size_t count;
} hw_pattern;

/* Of two patterns, by the paths they match. */
typedef enum hw_pattern_relation {
    HW_PATTERNS_APART,   /* none is the same */
    HW_PATTERNS_SAME,    /* all are */
    HW_PATTERN_NARROWER, /* the first one's are some of the second one's */
    HW_PATTERN_WIDER,    /* the other way round */
    HW_PATTERNS_CROSSED, /* some are the same, and neither says more */
} hw_pattern_relation;

/* Reads a pattern; it keeps the text, and has its parts in the arena. NULL: it is fine; else what is
 * wrong with it, in words. Without memory it is fine and ret_pattern->parts is NULL. */
const char *hw_pattern_parse(hw_arena *arena, hw_text text, hw_pattern *ret_pattern);
/* The same without keeping anything. */
const char *hw_pattern_problem(hw_text text);
/* What is wrong with the prefix of a subtree, "/" or "/x": it has no parameters and no last "/".
 * NULL: nothing. */
const char *hw_pattern_prefix_problem(hw_text prefix);

hw_pattern_relation hw_pattern_relate(const hw_pattern *one, const hw_pattern *other);

/* The segments of a path, which is how patterns see it: "/a/" is "a" and an empty one, "/" an empty
 * one. Start with hw_cursor_of(path.text). */
bool hw_pattern_next_segment(hw_cursor *cursor, hw_text *ret_segment);
/* -?(0|[1-9][0-9]*), in 64 bits. */
bool hw_pattern_read_int(hw_text segment, long long *ret_value);

/* The part with this name, or NULL. */
const hw_part *hw_pattern_part(const hw_pattern *pattern, hw_text name);
/* What a part stands for in a path that the pattern matches. */
hw_text hw_pattern_value(const hw_pattern *pattern, const hw_part *part, hw_path path);

#endif
