/* Lines: patterns, and at last a path. What the tree finds must be what a reference finds that asks
 * every pattern in turn, and the relations of patterns must not be contradicted by the path. */
#include "reading_fuzz.h"

#include <stdint.h>
#include <stdlib.h>

#include "app/router.h"
#include "base/assert.h"

#define PATTERNS_MAX 24

typedef struct pattern_set {
    hw_arena arena;
    hw_router router;
    hw_pattern all[PATTERNS_MAX]; /* those that were taken */
    hw_route routes[PATTERNS_MAX];
    size_t count;
} pattern_set;

#ifdef HW_FUZZ_PLANTED
/* A number, then two segments that are given, then the rest. */
static void check_planted(const hw_pattern *pattern)
{
    static const hw_part_kind kinds[] = {HW_PART_INT, HW_PART_LITERAL, HW_PART_TEXT, HW_PART_REST};
    bool is_planted = pattern->count == 4;
    for (size_t i = 0; i < 4 && is_planted; i++)
        is_planted = pattern->parts[i].kind == kinds[i];
    if (is_planted)
        abort();
}
#else
static void check_planted(const hw_pattern *pattern)
{
    (void)pattern;
}
#endif

static bool takes_segment(const hw_part *part, hw_text segment)
{
    long long value;
    switch (part->kind) {
    case HW_PART_LITERAL:
        return hw_text_equal(part->text, segment);
    case HW_PART_INT:
        return hw_pattern_read_int(segment, &value);
    case HW_PART_TEXT:
        return segment.length > 0;
    case HW_PART_REST:
        return true;
    }
    return false;
}

static bool matches_slowly(const hw_pattern *pattern, hw_text path)
{
    hw_cursor cursor = hw_cursor_of(path);
    hw_text segment;
    for (size_t i = 0; i < pattern->count; i++) {
        if (!hw_pattern_next_segment(&cursor, &segment) ||
            !takes_segment(&pattern->parts[i], segment))
            return false;
        if (pattern->parts[i].kind == HW_PART_REST)
            return true;
    }
    return hw_cursor_at_end(&cursor);
}

static void add_pattern(pattern_set *patterns, hw_text line)
{
    hw_pattern *pattern = &patterns->all[patterns->count];
    hw_spot *spot;
    hw_text text;
    if (patterns->count == PATTERNS_MAX || hw_pattern_problem(line) ||
        !hw_arena_copy_text(&patterns->arena, line, &text))
        return;
    hw_assert(!hw_pattern_parse(&patterns->arena, text, pattern) && pattern->parts);
    check_planted(pattern);
    bool is_crossed = false;
    for (size_t i = 0; i < patterns->count; i++)
        is_crossed |= hw_pattern_relate(pattern, &patterns->all[i]) == HW_PATTERNS_CROSSED;
    int error = hw_router_spot(&patterns->router, &patterns->arena, pattern, &spot);
    hw_assert((error == -EEXIST) == is_crossed);
    if (error < 0 || spot->routes)
        return;
    hw_route *route = &patterns->routes[patterns->count++];
    *route = (hw_route){.pattern = *pattern};
    spot->routes = route;
}

static void check_relation(const hw_pattern *one, const hw_pattern *other, hw_text path)
{
    bool matches_one = matches_slowly(one, path), matches_other = matches_slowly(other, path);
    switch (hw_pattern_relate(one, other)) {
    case HW_PATTERNS_APART:
        hw_assert(!matches_one || !matches_other);
        break;
    case HW_PATTERNS_SAME:
        hw_assert(matches_one == matches_other);
        break;
    case HW_PATTERN_NARROWER:
        hw_assert(!matches_one || matches_other);
        break;
    case HW_PATTERN_WIDER:
        hw_assert(!matches_other || matches_one);
        break;
    case HW_PATTERNS_CROSSED:
        break;
    }
}

/* Of the patterns that match, the one that says most. */
static const hw_pattern *find_slowly(const pattern_set *patterns, hw_text path)
{
    const hw_pattern *best = NULL;
    for (size_t i = 0; i < patterns->count; i++) {
        const hw_pattern *pattern = &patterns->all[i];
        if (matches_slowly(pattern, path) &&
            (!best || hw_pattern_relate(pattern, best) == HW_PATTERN_NARROWER))
            best = pattern;
    }
    return best;
}

static void check_path(const pattern_set *patterns, hw_path path)
{
    const hw_pattern *best = find_slowly(patterns, path.text);
    hw_found found = hw_router_find(&patterns->router, path);
    hw_assert((found.spot != NULL) == (best != NULL));
    if (found.spot)
        hw_assert(found.spot->routes == &patterns->routes[best - patterns->all]);
    for (size_t i = 0; i < patterns->count; i++)
        for (size_t j = 0; j < patterns->count; j++)
            check_relation(&patterns->all[i], &patterns->all[j], path.text);
    /* The wider ones are all that match too, each narrower than the next. */
    size_t matching = 0, nested = 0;
    for (size_t i = 0; i < patterns->count; i++)
        matching += matches_slowly(&patterns->all[i], path.text);
    for (const hw_spot *spot = found.spot; spot; spot = spot->wider)
        nested++;
    hw_assert(matching == nested);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    char memory[4096];
    pattern_set patterns = {.count = 0};
    hw_path path = {HW_TEXT("/")};
    if (bytes > sizeof memory - 2)
        return 0;
    hw_arena_init(&patterns.arena, 16 * 1024, 1024 * 1024);
    hw_router_init(&patterns.router);
    hw_cursor cursor = hw_cursor_of((hw_text){(const char *)input, bytes});
    hw_buffer decoded = HW_BUFFER_OVER(memory);
    hw_text line = {0};
    while (!hw_cursor_at_end(&cursor)) {
        line = hw_cursor_take_until(&cursor, '\n');
        if (hw_cursor_take(&cursor, '\n'))
            add_pattern(&patterns, line);
    }
    if (!hw_path_decode(line, &decoded, &path))
        check_path(&patterns, path);
    hw_router_fini(&patterns.router);
    hw_arena_fini(&patterns.arena);
    return 0;
}
