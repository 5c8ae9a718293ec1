/* Finds what stands at a path: a tree of segments.
 *
 * A tree rather than a table of whole paths: one walk finds the exact spot and the longest mounted
 * prefix at once, it never looks at a path more often than the tree is deep, and what it costs does
 * not grow with the number of routes. Paths with and without a last slash are different resources
 * (RFC 3986 6.2.3), so a node has a spot for each. Invariant: every node but the root is on the
 * root's list; nodes, routes and texts live in the application's arena. */
#include "app/router.h"

#include <errno.h>

#include "http/element.h"

const char *hw_pattern_problem(hw_text pattern)
{
    if (pattern.length == 0 || pattern.at[0] != '/')
        return "must begin with '/'";
    for (size_t i = 0; i < pattern.length; i++) {
        unsigned char byte = (unsigned char)pattern.at[i];
        if (byte < 0x20 || byte == 0x7f)
            return "has a control character, which no path can have";
        if (byte == '?' || byte == '#')
            return "is a path: it has no query and no fragment";
        if (byte == '{' || byte == '}')
            return "has a {parameter}, which is not available in this version";
        if (byte == '/' && i + 1 < pattern.length && pattern.at[i + 1] == '/')
            return "has an empty segment";
    }
    hw_cursor cursor = hw_cursor_of(pattern);
    hw_text segment;
    while (hw_path_next_segment(&cursor, &segment))
        if (hw_text_equal(segment, HW_TEXT(".")) || hw_text_equal(segment, HW_TEXT("..")))
            return "has a dot segment";
    return NULL;
}

void hw_router_init(hw_router *router)
{
    *router = (hw_router){0};
}

void hw_router_fini(hw_router *router)
{
    hw_node *node = &router->root;
    do {
        if (node->mount && node->mount->fini)
            node->mount->fini(node->mount->answerer.arg);
        hw_map_fini(&node->children);
        node = node->next;
    } while (node);
    hw_router_init(router);
}

static hw_node *add_child(hw_router *router, hw_arena *arena, hw_node *node, hw_text segment)
{
    hw_node *child = hw_arena_alloc_zeroed(arena, 1, sizeof *child);
    hw_text name;
    if (!child || !hw_arena_copy_text(arena, segment, &name) ||
        hw_map_put(&node->children, name, child) < 0)
        return NULL;
    child->next = router->root.next;
    router->root.next = child;
    return child;
}

hw_node *hw_router_node(hw_router *router, hw_arena *arena, hw_text pattern)
{
    hw_node *node = &router->root;
    hw_cursor cursor = hw_cursor_of(pattern);
    hw_text segment;
    while (node && hw_path_next_segment(&cursor, &segment)) {
        hw_node *child = hw_map_get(&node->children, segment);
        node = child ? child : add_child(router, arena, node, segment);
    }
    return node;
}

hw_spot *hw_router_spot(hw_router *router, hw_arena *arena, hw_text pattern)
{
    hw_node *node = hw_router_node(router, arena, pattern);
    if (!node)
        return NULL;
    return hw_path_is_folder((hw_path){pattern}) ? &node->folder : &node->file;
}

hw_found hw_router_find(const hw_router *router, hw_path path)
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
            return node->file.routes ? (hw_found){.spot = &node->file}
                                     : (hw_found){.bare = node->mount};
        found.mount = node->mount;
        found.below_at = below_at;
    }
    if (!node)
        return found;
    const hw_spot *spot = hw_path_is_folder(path) ? &node->folder : &node->file;
    return spot->routes ? (hw_found){.spot = spot} : found;
}

static hw_route *find_own_route(const hw_spot *spot, hw_text method_name)
{
    for (hw_route *route = spot->routes; route; route = route->next)
        if (hw_text_equal(route->method_name, method_name))
            return route;
    return NULL;
}

hw_route *hw_spot_route(const hw_spot *spot, hw_text method_name)
{
    hw_route *route = find_own_route(spot, method_name);
    /* RFC 9110 9.3.2: HEAD is GET without the content. */
    if (!route && hw_text_equal(method_name, HW_TEXT("HEAD")))
        route = find_own_route(spot, HW_TEXT("GET"));
    return route ? route : find_own_route(spot, HW_TEXT("*"));
}

int hw_allow_add(hw_arena *arena, hw_text *allow, const char *method_name)
{
    hw_cursor list = hw_cursor_of(*allow);
    hw_text element;
    while (hw_element_next(&list, &element))
        if (hw_text_equal(element, hw_text_of(method_name)))
            return 0;
    char *longer = allow->length == 0
                       ? hw_arena_format(arena, "%s", method_name)
                       : hw_arena_format(arena, "%s, %.*s", method_name, HW_TEXT_ARGS(*allow));
    if (!longer)
        return -ENOMEM;
    *allow = hw_text_of(longer);
    return 0;
}
