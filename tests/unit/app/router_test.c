#include "app/router.h"

#include "unit/harness.h"

typedef struct routed_paths {
    hw_router router;
    hw_arena arena;
} routed_paths;

static void routed_open(routed_paths *routed)
{
    hw_router_init(&routed->router);
    hw_arena_init(&routed->arena, 4096, 1024 * 1024);
}

static void routed_close(routed_paths *routed)
{
    hw_router_fini(&routed->router);
    hw_arena_fini(&routed->arena);
}

static void need_routed(routed_paths *routed, const void *made)
{
    if (made)
        return;
    routed_close(routed);
    hw_test_out_of_memory();
}

static void put_route(routed_paths *routed, const char *pattern, hw_route *route)
{
    hw_spot *spot = NULL;
    assert_null(hw_pattern_parse(&routed->arena, hw_text_of(pattern), &route->pattern));
    need_routed(routed, route->pattern.parts);
    int error = hw_router_spot(&routed->router, &routed->arena, &route->pattern, &spot);
    need_routed(routed, error == 0 ? spot : NULL);
    route->next = spot->routes;
    spot->routes = route;
}

static void put_mount(routed_paths *routed, const char *prefix, hw_mount *mount)
{
    mount->prefix = hw_text_of(prefix);
    int error = hw_router_mount(&routed->router, &routed->arena, mount);
    need_routed(routed, error == 0 ? mount : NULL);
}

static hw_found find_path(const routed_paths *routed, const char *path)
{
    return hw_router_find(&routed->router, (hw_path){hw_text_of(path)});
}

/* The short way, where there is one, leads where the way through the tree does. */
HW_TEST(router_has_a_sole_mount_only_where_every_path_leads_to_it)
{
    static const char *const paths[] = {"/", "/a", "/a/", "/a/b", "//"};
    routed_paths routed;
    hw_mount whole = {0}, part = {0};
    hw_route route = {0};
    routed_open(&routed);
    assert_null(hw_router_sole(&routed.router));
    put_mount(&routed, "/", &whole);
    assert_ptr_equal(hw_router_sole(&routed.router), &whole);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        hw_found found = find_path(&routed, paths[i]);
        assert_ptr_equal(found.mount, &whole);
        assert_int_equal(found.below_at, 0);
        assert_true(!found.spot && !found.bare);
    }
    put_mount(&routed, "/a", &part);
    assert_null(hw_router_sole(&routed.router));
    assert_ptr_equal(find_path(&routed, "/a/b").mount, &part);
    routed_close(&routed);
    routed_open(&routed);
    put_mount(&routed, "/", &whole);
    put_route(&routed, "/", &route);
    assert_null(hw_router_sole(&routed.router));
    assert_non_null(find_path(&routed, "/").spot);
    routed_close(&routed);
}

HW_TEST(router_finds_whole_paths_only)
{
    routed_paths routed;
    hw_route root = {0}, file = {0}, folder = {0}, deep = {0};
    routed_open(&routed);
    put_route(&routed, "/", &root);
    put_route(&routed, "/x", &file);
    put_route(&routed, "/x/", &folder);
    put_route(&routed, "/x/y/z", &deep);
    assert_ptr_equal(find_path(&routed, "/").spot->routes, &root);
    assert_ptr_equal(find_path(&routed, "/x").spot->routes, &file);
    assert_ptr_equal(find_path(&routed, "/x/").spot->routes, &folder);
    assert_ptr_equal(find_path(&routed, "/x/y/z").spot->routes, &deep);
    static const char *const absent[] = {"/y", "/X", "/xx", "/x/y", "/x/y/", "/x/y/z/", "/x/y/z/a"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_null(find_path(&routed, absent[i]).spot);
    routed_close(&routed);
}

HW_TEST(router_gives_the_longest_mounted_prefix)
{
    routed_paths routed;
    hw_mount root = {0}, docs = {0}, api = {0};
    routed_open(&routed);
    put_mount(&routed, "/", &root);
    put_mount(&routed, "/docs", &docs);
    put_mount(&routed, "/docs/api", &api);
    static const struct {
        const char *path;
        size_t below_at;
        int which;
    } cases[] = {
        {"/", 0, 0},         {"/doc", 0, 0},       {"/docs/", 5, 1},
        {"/docs/x/y", 5, 1}, {"/docs/ap", 5, 1},   {"/docs/apix", 5, 1},
        {"/docsy/", 0, 0},   {"/docs/api/", 9, 2}, {"/docs/api/x", 9, 2},
    };
    const hw_mount *const mounts[] = {&root, &docs, &api};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hw_found found = find_path(&routed, cases[i].path);
        assert_null(found.spot);
        assert_null(found.bare);
        assert_ptr_equal(found.mount, mounts[cases[i].which]);
        assert_int_equal(found.below_at, cases[i].below_at);
    }
    routed_close(&routed);
}

HW_TEST(router_knows_a_prefix_without_its_slash)
{
    routed_paths routed;
    hw_mount root = {0}, docs = {0};
    routed_open(&routed);
    put_mount(&routed, "/", &root);
    put_mount(&routed, "/docs", &docs);
    hw_found found = find_path(&routed, "/docs");
    assert_null(found.mount);
    assert_ptr_equal(found.bare, &docs);
    routed_close(&routed);
}

HW_TEST(router_prefers_a_route_to_a_mount)
{
    routed_paths routed;
    hw_mount root = {0}, docs = {0};
    hw_route route = {0}, bare = {0};
    routed_open(&routed);
    put_mount(&routed, "/", &root);
    put_mount(&routed, "/docs", &docs);
    put_route(&routed, "/docs/x", &route);
    put_route(&routed, "/docs", &bare);
    assert_ptr_equal(find_path(&routed, "/docs/x").spot->routes, &route);
    assert_ptr_equal(find_path(&routed, "/docs").spot->routes, &bare);
    assert_ptr_equal(find_path(&routed, "/docs/y").mount, &docs);
    routed_close(&routed);
}

HW_TEST(router_finds_nothing_where_nothing_is)
{
    routed_paths routed;
    routed_open(&routed);
    hw_found found = find_path(&routed, "/a/b");
    assert_null(found.spot);
    assert_null(found.mount);
    assert_null(found.bare);
    routed_close(&routed);
}

/* What says most is found, in whatever order it was added. */
HW_TEST(router_finds_the_pattern_that_says_most)
{
    static const char *const patterns[] = {
        "/{rest...}", "/{name}",      "/{id:int}",        "/me",    "/{a}/x",
        "/{a:int}/x", "/5/x",         "/{a}/{b...}",      "/me/",   "/a/{b}/c",
        "/a/b/c/d",   "/a/{b}/{c}/d", "/a/{b:int}/{c}/d", "/a/b/c",
    };
    static const struct {
        const char *path;
        int which;
    } cases[] = {
        {"/me", 3},       {"/7", 2},        {"/-7", 2},     {"/07", 1},
        {"/mee", 1},      {"/", 0},         {"/5/x", 6},    {"/6/x", 5},
        {"/q/x", 4},      {"/q/y", 7},      {"/q/", 7},     {"/5/y/z", 7},
        {"/me/", 8},      {"/a/q/c", 9},    {"/a/b/c", 13}, {"/a/b/c/d", 10},
        {"/a/1/2/d", 12}, {"/a/b/q/d", 11}, {"/a/q/d", 7},  {"/99999999999999999999", 1},
    };
    enum { COUNT = sizeof patterns / sizeof *patterns };
    for (size_t turn = 0; turn < 2; turn++) {
        routed_paths routed;
        hw_route routes[COUNT] = {{.line = 0}};
        routed_open(&routed);
        for (size_t i = 0; i < COUNT; i++) {
            size_t at = turn ? COUNT - 1 - i : i;
            put_route(&routed, patterns[at], &routes[at]);
        }
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            hw_found found = find_path(&routed, cases[i].path);
            assert_non_null(found.spot);
            assert_string_equal(found.spot->routes->pattern.text.at, patterns[cases[i].which]);
        }
        routed_close(&routed);
    }
}

/* One way leads to nothing, and the next one is gone. */
HW_TEST(router_goes_back_where_a_way_ends)
{
    routed_paths routed;
    hw_route deep = {.line = 0}, wide = {.line = 0};
    routed_open(&routed);
    put_route(&routed, "/a/b/c", &deep);
    put_route(&routed, "/{x}/{y}/d", &wide);
    assert_ptr_equal(find_path(&routed, "/a/b/d").spot->routes, &wide);
    assert_ptr_equal(find_path(&routed, "/a/b/c").spot->routes, &deep);
    assert_null(find_path(&routed, "/a/b/e").spot);
    assert_null(find_path(&routed, "/a/b").spot);
    routed_close(&routed);
}

HW_TEST(router_refuses_patterns_of_which_neither_says_more)
{
    routed_paths routed;
    hw_route route = {.line = 0};
    hw_pattern other;
    hw_spot *spot;
    routed_open(&routed);
    put_route(&routed, "/a/{x}", &route);
    assert_null(hw_pattern_parse(&routed.arena, HW_TEXT("/{y}/b"), &other));
    need_routed(&routed, other.parts);
    int error = hw_router_spot(&routed.router, &routed.arena, &other, &spot);
    need_routed(&routed, error == -ENOMEM ? NULL : &other);
    assert_int_equal(error, -EEXIST);
    assert_ptr_equal(spot->routes, &route);
    routed_close(&routed);
}

HW_TEST(router_gives_the_route_of_a_method)
{
    hw_route any = {.method_name = HW_TEXT_INIT("*")};
    hw_route get = {.method_name = HW_TEXT_INIT("GET"), .next = NULL};
    hw_route put = {.method_name = HW_TEXT_INIT("PUT"), .next = &get};
    hw_spot spot = {.routes = &put};
    assert_ptr_equal(hw_spot_route(&spot, HW_TEXT("GET")), &get);
    assert_ptr_equal(hw_spot_route(&spot, HW_TEXT("HEAD")), &get);
    assert_ptr_equal(hw_spot_route(&spot, HW_TEXT("PUT")), &put);
    assert_null(hw_spot_route(&spot, HW_TEXT("get")));
    assert_null(hw_spot_route(&spot, HW_TEXT("POST")));
    get.next = &any;
    assert_ptr_equal(hw_spot_route(&spot, HW_TEXT("POST")), &any);
    assert_ptr_equal(hw_spot_route(&spot, HW_TEXT("HEAD")), &get);
}

HW_TEST(router_asks_wider_patterns_for_a_method)
{
    routed_paths routed;
    hw_route literal = {.method_name = HW_TEXT_INIT("POST")};
    hw_route number = {.method_name = HW_TEXT_INIT("GET")};
    hw_route text = {.method_name = HW_TEXT_INIT("GET")};
    hw_route rest = {.method_name = HW_TEXT_INIT("PUT")};
    routed_open(&routed);
    put_route(&routed, "/u/{rest...}", &rest);
    put_route(&routed, "/u/7", &literal);
    put_route(&routed, "/u/{id:int}", &number);
    put_route(&routed, "/u/{name}", &text);
    const hw_spot *spot = find_path(&routed, "/u/7").spot;
    assert_ptr_equal(hw_spot_route(spot, HW_TEXT("POST")), &literal);
    assert_ptr_equal(hw_spot_route(spot, HW_TEXT("GET")), &number);
    assert_ptr_equal(hw_spot_route(spot, HW_TEXT("HEAD")), &number);
    assert_ptr_equal(hw_spot_route(spot, HW_TEXT("PUT")), &rest);
    assert_null(hw_spot_route(spot, HW_TEXT("DELETE")));
    assert_ptr_equal(hw_spot_route(find_path(&routed, "/u/x").spot, HW_TEXT("GET")), &text);
    routed_close(&routed);
}

HW_TEST(router_lists_an_allowed_method_once)
{
    hw_arena arena;
    hw_text allow = {0};
    hw_arena_init(&arena, 1024, 1024 * 1024);
    static const char *const names[] = {"OPTIONS", "PUT", "OPTIONS", "GET", "PUT"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (hw_allow_add(&arena, &allow, hw_text_of(names[i])) < 0) {
            hw_arena_fini(&arena);
            hw_test_out_of_memory();
        }
    }
    assert_string_equal(allow.at, "GET, PUT, OPTIONS");
    hw_arena_fini(&arena);
}
