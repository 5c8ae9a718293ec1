#include "app/hosts.h"

#include "app/app.h"
#include "unit/harness.h"

HW_TEST(hosts_names_are_checked)
{
    static const char *const good[] = {"a",           "example.org", "*.example.org",
                                       "Example.ORG", "127.0.0.1",   "[::1]"};
    static const char *const bad[] = {"",       "*",   "*.", "a.*",  "a b", "a:80",
                                      "*.a:80", "a/b", "a.", "**.a", "x@y"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(hw_host_problem(hw_text_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(hw_host_problem(hw_text_of(bad[i])));
}

static int add_all(hw_hosts *hosts, hw_arena *arena, const char *const *names, size_t count,
                   hewn_app *apps)
{
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        error = hw_hosts_add(hosts, arena, hw_text_of(names[i]), &apps[i]);
    return error;
}

HW_TEST(hosts_are_found_by_name_then_by_the_longest_suffix)
{
    static const char *const names[] = {"example.org", "*.example.org", "*.deep.example.org",
                                        "API.example.org", "[::1]"};
    static const struct {
        const char *host;
        int which;
    } cases[] = {
        {"example.org", 0},
        {"EXAMPLE.org:8080", 0},
        {"example.org.", 0},
        {"www.example.org", 1},
        {"a.b.example.org:1", 1},
        {"deep.example.org", 1},
        {"a.deep.example.org", 2},
        {"api.example.org", 3},
        {"x.api.example.org", 1},
        {"[::1]:80", 4},
        {"notexample.org", -1},
        {"org", -1},
        {"", -1},
        {".example.org", 1},
        {"a b", -1},
    };
    hewn_app apps[5];
    hw_hosts hosts = {0};
    hw_arena arena;
    hw_arena_init(&arena, 4096, 1024 * 1024);
    int error = add_all(&hosts, &arena, names, 5, apps);
    for (size_t i = 0; error == 0 && i < sizeof cases / sizeof *cases; i++) {
        const hewn_app *found = hw_hosts_find(&hosts, hw_text_of(cases[i].host));
        assert_ptr_equal(found, cases[i].which < 0 ? NULL : &apps[cases[i].which]);
    }
    if (error == 0) {
        assert_int_equal(hw_hosts_add(&hosts, &arena, HW_TEXT("Example.org"), apps), -EEXIST);
        assert_int_equal(hw_hosts_add(&hosts, &arena, HW_TEXT("*.example.org"), apps), -EEXIST);
    }
    hw_hosts_fini(&hosts);
    hw_arena_fini(&arena);
    HW_NEED_OK(error);
}

HW_TEST(hosts_that_are_too_long_are_nobodys)
{
    char host[300];
    hw_hosts hosts = {0};
    for (size_t i = 0; i < sizeof host; i++)
        host[i] = i % 2 ? '.' : 'a';
    host[sizeof host - 1] = 'a';
    assert_null(hw_hosts_find(&hosts, (hw_text){host, sizeof host}));
    assert_non_null(hw_host_problem((hw_text){host, sizeof host}));
}
