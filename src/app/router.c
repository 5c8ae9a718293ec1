/* Finds what stands at a path: a tree of segments.
 *
 * A tree rather than a table of patterns: what a path costs grows with its length and not with the
 * number of routes. At each segment the way of a literal is tried first, then that of a whole
 * number, of any text, of all the rest; where one ends without a route the next one is tried. So
 * the first spot that is found is the one whose pattern says most. Patterns that have paths in
 * common without one saying more are refused when they are added: therefore all that match a path
 * are nested, like the dolls, and each spot knows the next wider one. A method that the narrowest
 * spot does not have is asked of the wider ones, and no path is walked twice for it.
 *
 * Rejected: one regular expression of all patterns (quick, but nobody can say what it does), and
 * the order in which routes are added (a program's meaning would change with the order of its
 * lines).
 *
 * Mounts stand at the nodes of literal segments, and are looked for when no route is found: the
 * longest prefix wins. Nodes, spots and texts live in the application's arena. The recursion is as
 * deep as the deepest pattern, HW_PATTERN_PARTS_MAX at most. */
#include "app/router.h"

#include <errno.h>

#include "http/element.h"

void hw_router_init(hw_router *router)
{
    *router = (hw_router){0};
}

void hw_router_fini(hw_router *router)
{
    for (hw_mount *mount = router->mounts; mount; mount = mount->next)
        if (mount->fini)
            mount->fini(mount->reply.inner.arg);
    hw_node *node = &router->root;
    do {
        hw_map_fini(&node->children);
        node = node->next;
    } while (node);
    hw_router_init(router);
}

static hw_node *add_node(hw_router *router, hw_arena *arena)
{
    hw_node *node = hw_arena_alloc_zeroed(arena, 1, sizeof *node);
    if (node) {
        node->next = router->root.next;
        router->root.next = node;
    }
    return node;
}

static hw_node *add_child(hw_router *router, hw_arena *arena, hw_node *node, hw_text segment)
{
    hw_node *child = add_node(router, arena);
    hw_text name;
    if (!child || !hw_arena_copy_text(arena, segment, &name) ||
        hw_map_put(&node->children, name, child) < 0)
        return NULL;
    return child;
}

/* The node that a part leads to, made if it is not there. NULL: no memory. */
static hw_node *open_child(hw_router *router, hw_arena *arena, hw_node *node, const hw_part *part)
{
    if (part->kind == HW_PART_LITERAL) {
        hw_node *child = hw_map_get(&node->children, part->text);
        return child ? child : add_child(router, arena, node, part->text);
    }
    hw_node **way = part->kind == HW_PART_INT ? &node->integer : &node->other;
    if (!*way)
        *way = add_node(router, arena);
    return *way;
}

static bool is_last_slash(const hw_part *part)
{
    return part->kind == HW_PART_LITERAL && part->text.length == 0;
}

/* Where the spot of a pattern is kept. NULL: no memory. */
static hw_spot **open_place(hw_router *router, hw_arena *arena, const hw_pattern *pattern)
{
    hw_node *node = &router->root;
    for (size_t i = 0; node && i < pattern->count; i++) {
        const hw_part *part = &pattern->parts[i];
        if (part->kind == HW_PART_REST)
            return &node->rest;
        if (is_last_slash(part))
            return &node->folder;
        node = open_child(router, arena, node, part);
    }
    return node ? &node->here : NULL;
}

static hw_spot *find_crossed(const hw_router *router, const hw_pattern *pattern)
{
    for (hw_spot *spot = router->spots; spot; spot = spot->next)
        if (hw_pattern_relate(pattern, &spot->pattern) == HW_PATTERNS_CROSSED)
            return spot;
    return NULL;
}

static void take_wider(hw_spot *spot, hw_spot *candidate)
{
    if (!spot->wider ||
        hw_pattern_relate(&candidate->pattern, &spot->wider->pattern) == HW_PATTERN_NARROWER)
        spot->wider = candidate;
}

static void nest(const hw_router *router, hw_spot *added)
{
    for (hw_spot *spot = router->spots; spot; spot = spot->next) {
        hw_pattern_relation relation = hw_pattern_relate(&added->pattern, &spot->pattern);
        if (relation == HW_PATTERN_NARROWER)
            take_wider(added, spot);
        else if (relation == HW_PATTERN_WIDER)
            take_wider(spot, added);
    }
}

int hw_router_spot(hw_router *router, hw_arena *arena, const hw_pattern *pattern,
                   hw_spot **ret_spot)
{
    hw_spot **place = open_place(router, arena, pattern);
    if (!place)
        return -ENOMEM;
    if (*place) {
        *ret_spot = *place;
        return 0;
    }
    hw_spot *crossed = find_crossed(router, pattern);
    if (crossed) {
        *ret_spot = crossed;
        return -EEXIST;
    }
    hw_spot *spot = hw_arena_alloc_zeroed(arena, 1, sizeof *spot);
    if (!spot)
        return -ENOMEM;
    spot->pattern = *pattern;
    nest(router, spot);
    spot->next = router->spots;
    router->spots = *place = *ret_spot = spot;
    return 0;
}

int hw_router_mount(hw_router *router, hw_arena *arena, hw_mount *mount)
{
    hw_node *node = &router->root;
    hw_cursor cursor = hw_cursor_of(mount->prefix);
    hw_part part = {0};
    while (node && hw_path_next_segment(&cursor, &part.text))
        node = open_child(router, arena, node, &part);
    if (!node)
        return -ENOMEM;
    if (node->mount)
        return -EEXIST;
    node->mount = mount;
    mount->next = router->mounts;
    router->mounts = mount;
    return 0;
}

/* The narrowest spot below a node, or NULL; cursor is behind the node's segment. */
static const hw_spot *find_spot(const hw_node *node, hw_cursor cursor)
{
    hw_text segment;
    long long value;
    if (!hw_pattern_next_segment(&cursor, &segment))
        return node->here;
    if (segment.length == 0)
        return node->folder ? node->folder : node->rest;
    const hw_node *child = hw_map_get(&node->children, segment);
    const hw_spot *spot = child ? find_spot(child, cursor) : NULL;
    if (!spot && node->integer && hw_pattern_read_int(segment, &value))
        spot = find_spot(node->integer, cursor);
    if (!spot && node->other)
        spot = find_spot(node->other, cursor);
    return spot ? spot : node->rest;
}

static hw_found find_mount(const hw_router *router, hw_path path)
{
    const hw_node *node = &router->root;
    hw_found found = {.mount = node->mount};
    hw_cursor cursor = hw_cursor_of(path.text);
    hw_text segment;
    while (node && hw_path_next_segment(&cursor, &segment)) {
        node = hw_map_get(&node->children, segment);
        if (!node || !node->mount)
            continue;
        size_t below_at = (size_t)(segment.at - path.text.at) + segment.length;
        if (below_at == path.text.length)
            return (hw_found){.bare = node->mount};
        found.mount = node->mount;
        found.below_at = below_at;
    }
    return found;
}

hw_found hw_router_find(const hw_router *router, hw_path path)
{
    const hw_spot *spot = router->spots ? find_spot(&router->root, hw_cursor_of(path.text)) : NULL;
    if (spot)
        return (hw_found){.spot = spot};
    return router->mounts ? find_mount(router, path) : (hw_found){0};
}

static const hw_route *find_own_route(const hw_spot *spot, hw_text method_name)
{
    for (const hw_route *route = spot->routes; route; route = route->next)
        if (hw_text_equal(route->method_name, method_name))
            return route;
    return NULL;
}

const hw_route *hw_spot_route(const hw_spot *spot, hw_text method_name)
{
    const hw_route *route = NULL;
    for (; spot && !route; spot = spot->wider) {
        route = find_own_route(spot, method_name);
        /* RFC 9110 9.3.2: HEAD is GET without the content. */
        if (!route && hw_text_equal(method_name, HW_TEXT("HEAD")))
            route = find_own_route(spot, HW_TEXT("GET"));
        if (!route)
            route = find_own_route(spot, HW_TEXT("*"));
    }
    return route;
}

int hw_allow_add(hw_arena *arena, hw_text *allow, hw_text method_name)
{
    hw_cursor list = hw_cursor_of(*allow);
    hw_text element;
    while (hw_element_next(&list, &element))
        if (hw_text_equal(element, method_name))
            return 0;
    char *longer =
        allow->length == 0
            ? hw_arena_copy(arena, method_name)
            : hw_arena_format(arena, "%.*s, %.*s", HW_TEXT_ARGS(method_name), HW_TEXT_ARGS(*allow));
    if (!longer)
        return -ENOMEM;
    *allow = hw_text_of(longer);
    return 0;
}
