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
    hw_spot *spot = hw_router_spot(&routed->router, &routed->arena, hw_text_of(pattern));
    need_routed(routed, spot);
    route->next = spot->routes;
    spot->routes = route;
}

static void put_mount(routed_paths *routed, const char *prefix, hw_mount *mount)
{
    hw_node *node = hw_router_node(&routed->router, &routed->arena, hw_text_of(prefix));
    need_routed(routed, node);
    node->mount = mount;
}

static hw_found find_path(const routed_paths *routed, const char *path)
{
    return hw_router_find(&routed->router, (hw_path){hw_text_of(path)});
}

HW_TEST(router_tells_good_patterns_from_bad_ones)
{
    static const char *const good[] = {"/",         "/a",   "/a/",  "/a b/c.d",
                                       "/\xc3\xa4", "/a*b", "/...", "/%"};
    static const char *const bad[] = {
        "",     "a",     "//",    "/a//b", "/a//", "/.",      "/..",
        "/./a", "/a/..", "/a?b=", "/a#b",  "/{x}", "/a/b\nc", "/\x7f"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(hw_pattern_problem(hw_text_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(hw_pattern_problem(hw_text_of(bad[i])));
    assert_string_equal(hw_pattern_problem(HW_TEXT("/users/{id}")),
                        "has a {parameter}, which is not available in this version");
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

HW_TEST(router_lists_an_allowed_method_once)
{
    hw_arena arena;
    hw_text allow = {0};
    hw_arena_init(&arena, 1024, 1024 * 1024);
    static const char *const names[] = {"OPTIONS", "PUT", "OPTIONS", "GET", "PUT"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (hw_allow_add(&arena, &allow, names[i]) < 0) {
            hw_arena_fini(&arena);
            hw_test_out_of_memory();
        }
    }
    assert_string_equal(allow.at, "GET, PUT, OPTIONS");
    hw_arena_fini(&arena);
}
