/* Looks paths up among routes, as often as asked. For router.py, which counts.
 *
 *     router ROUTES ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/router.h"
#include "base/assert.h"

/* A third of each: literals, a parameter in the middle, all the rest. */
static const char *make_pattern(hw_arena *arena, size_t number)
{
    switch (number % 3) {
    case 0:
        return hw_arena_format(arena, "/api/v1/part%zu/list", number / 3);
    case 1:
        return hw_arena_format(arena, "/api/v1/part%zu/{id:int}/name", number / 3);
    default:
        return hw_arena_format(arena, "/site%zu/{path...}", number / 3);
    }
}

static void add_routes(hw_router *router, hw_arena *arena, size_t count)
{
    hw_route *routes = hw_arena_alloc_zeroed(arena, count, sizeof *routes);
    for (size_t i = 0; i < count; i++) {
        hw_spot *spot;
        hw_text text = hw_text_of(make_pattern(arena, i));
        hw_assert(!hw_pattern_parse(arena, text, &routes[i].pattern));
        hw_assert(hw_router_spot(router, arena, &routes[i].pattern, &spot) == 0);
        spot->routes = &routes[i];
    }
}

int main(int argc, char **argv)
{
    static const char *const paths[] = {"/api/v1/part1/list", "/api/v1/part2/4711/name",
                                        "/site0/a/b/c", "/api/v1/part1/nothing"};
    hw_router router;
    hw_arena arena;
    if (argc != 3)
        return 64;
    hw_router_init(&router);
    hw_arena_init(&arena, 64 * 1024, SIZE_MAX / 2);
    add_routes(&router, &arena, strtoul(argv[1], NULL, 10));
    unsigned long rounds = strtoul(argv[2], NULL, 10);
    size_t found = 0;
    for (unsigned long i = 0; i < rounds; i++)
        for (size_t j = 0; j < sizeof paths / sizeof *paths; j++)
            found += hw_router_find(&router, (hw_path){hw_text_of(paths[j])}).spot != NULL;
    printf("%zu\n", found);
    hw_router_fini(&router);
    hw_arena_fini(&arena);
    return 0;
}
