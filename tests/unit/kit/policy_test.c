/* What a folder says with every answer: what is refused in words, and that every kind of answer has
 * it. */
#include <errno.h>
#include <string.h>

#include "hewn/server.h"
#include "unit/kit/site.h"

#define ROWS(array) (sizeof(array) / sizeof(array)[0])

static const hewn_field own_fields[] = {{"Referrer-Policy", "no-referrer"}, {"X-Empty", ""}};
static const char *const everybody[] = {"*", NULL};
static const char *const two_pages[] = {"https://a.example", "http://b.example:8080", NULL};

static int check_one(const char *name, const char *value, const char *const *origins,
                     bool is_isolated, hw_fault *fault)
{
    hewn_field field = {name, value};
    *fault = (hw_fault){0};
    return hw_policy_check(&(hw_policy_setup){&field, 1, origins, is_isolated, 0}, fault);
}

HW_TEST(policy_takes_fields_that_can_be_sent)
{
    hw_fault fault;
    assert_int_equal(check_one("Cache-Control", "max-age=60", NULL, false, &fault), 0);
    assert_int_equal(check_one("Vary", "Cookie", two_pages, true, &fault), 0);
    assert_int_equal(check_one("X", "", everybody, false, &fault), 0);
    assert_int_equal(check_one("Access-Control-Allow-Origin", "*", NULL, false, &fault), 0);
    assert_int_equal(
        check_one("Access-Control-Allow-Credentials", "true", two_pages, false, &fault), 0);
}

HW_TEST(policy_refuses_fields_in_words)
{
    static const struct {
        const char *name, *value, *words;
        bool has_origins, is_isolated;
    } cases[] = {
        {"", "x", "name of a header field", false, false},
        {NULL, NULL, "name of a header field", false, false},
        {"A B", "x", "name of a header field", false, false},
        {"A", "x\r\nB: y", "cannot be sent", false, false},
        {"A", " x", "cannot be sent", false, false},
        {"content-length", "1", "server itself", false, false},
        {"Date", "x", "server itself", false, false},
        {"Connection", "close", "server itself", false, false},
        {"Transfer-Encoding", "x", "server itself", false, false},
        {"etag", "\"x\"", "server itself", false, false},
        {"Content-Type", "x/y", "server itself", false, false},
        {"Access-Control-Allow-Origin", "x", "list of origins", true, false},
        {"access-control-max-age", "1", "list of origins", true, false},
        {"Cross-Origin-Opener-Policy", "x", "isolation", false, true},
    };
    for (size_t i = 0; i < ROWS(cases); i++) {
        hw_fault fault;
        int error =
            check_one(cases[i].name, cases[i].value, cases[i].has_origins ? two_pages : NULL,
                      cases[i].is_isolated, &fault);
        assert_int_equal(error, -EINVAL);
        if (!strstr(fault.what, cases[i].words))
            fail_msg("%s: %s", cases[i].name, fault.what);
    }
}

HW_TEST(policy_refuses_too_many_fields)
{
    static char value[HW_POLICY_BYTES_MAX + 1];
    hewn_field fields[HW_POLICY_FIELDS_MAX + 1];
    hw_policy_setup setup = {fields, HW_POLICY_FIELDS_MAX, NULL, false, 0};
    hw_fault fault = {0};
    for (size_t i = 0; i < ROWS(fields); i++)
        fields[i] = (hewn_field){"X", "y"};
    assert_int_equal(hw_policy_check(&setup, &fault), 0);
    setup.field_count++;
    assert_int_equal(hw_policy_check(&setup, &fault), -EINVAL);
    memset(value, 'y', sizeof value - 1);
    fields[0].value = value;
    setup.field_count = 1;
    assert_int_equal(hw_policy_check(&setup, &fault), -EINVAL);
    value[sizeof value - 2] = '\0';
    assert_int_equal(hw_policy_check(&setup, &fault), 0);
}

HW_TEST(policy_refuses_origins_in_words)
{
    static const char *const beside[] = {"*", "https://a.example", NULL};
    static const char *const with_slash[] = {"https://a.example/", NULL};
    static char long_origin[HW_POLICY_BYTES_MAX + 2] = "a://";
    const char *const long_list[] = {long_origin, NULL};
    const char *const *const cases[] = {beside, with_slash, long_list};
    hw_fault fault = {0};
    memset(long_origin + 4, 'a', sizeof long_origin - 5);
    for (size_t i = 0; i < ROWS(cases); i++)
        assert_int_equal(hw_policy_check(&(hw_policy_setup){.cors_origins = cases[i]}, &fault),
                         -EINVAL);
}

HW_TEST(policy_never_gives_credentials_to_everybody)
{
    static const hewn_field both[] = {{"Access-Control-Allow-Origin", "*"},
                                      {"access-control-allow-credentials", "true"}};
    hw_fault fault = {0};
    assert_int_equal(
        check_one("Access-Control-Allow-Credentials", "true", everybody, false, &fault), -EINVAL);
    assert_non_null(strstr(fault.what, "credentials"));
    assert_int_equal(hw_policy_check(&(hw_policy_setup){both, 2, NULL, false, 0}, &fault), -EINVAL);
}

/* Asks for every kind of answer, and looks at each with `look`. */
static void ask_all(test_site *site, const char *origin, void (*look)(test_site *, int status))
{
    static const struct {
        const char *method, *target, *line;
        int status;
    } cases[] = {
        {"GET", "/ten.txt", "A: b", 200},
        {"HEAD", "/ten.txt", "A: b", 200},
        {"GET", "/big.bin", "A: b", 200},
        {"GET", "/ten.txt", "Range: bytes=1-2", 206},
        {"GET", "/ten.txt", "Range: bytes=1-2, 5-6", 206},
        {"GET", "/ten.txt", "If-None-Match: *", 304},
        {"GET", "/dir", "A: b", 308},
        {"GET", "/none", "A: b", 404},
        {"GET", "/.hidden", "A: b", 404},
        {"POST", "/ten.txt", "A: b", 405},
        {"GET", "/ten.txt", "If-Match: \"x\"", 412},
        {"GET", "/ten.txt", "Range: bytes=90-", 416},
        {"OPTIONS", "/ten.txt", "A: b", 204},
    };
    for (size_t i = 0; i < ROWS(cases); i++) {
        int status = site_ask(site, cases[i].method, cases[i].target, cases[i].line, origin,
                              (const char *)NULL);
        assert_int_equal(status, cases[i].status);
        look(site, status);
        bool has_content = status != 204 && status != 304 && status != 308;
        const char *sniffing = site_field(site, "x-content-type-options");
        assert_int_equal(sniffing != NULL, has_content);
    }
}

static void look_for_own_fields(test_site *site, int status)
{
    (void)status;
    site_expect_field(site, "referrer-policy", "no-referrer");
    site_expect_field(site, "x-empty", "");
    site_expect_field(site, "cross-origin-opener-policy", "same-origin");
    site_expect_field(site, "cross-origin-embedder-policy", "require-corp");
    site_expect_field(site, "cross-origin-resource-policy", "same-origin");
    site_expect_field(site, "access-control-allow-origin", "*");
    assert_non_null(site_field(site, "access-control-expose-headers"));
    assert_null(site_field(site, "vary"));
}

static void look_for_listed_origin(test_site *site, int status)
{
    (void)status;
    site_expect_field(site, "access-control-allow-origin", "http://b.example:8080");
    site_expect_field(site, "access-control-expose-headers", "Accept-Ranges, Content-Range, ETag");
    site_expect_field(site, "vary", "Origin");
}

static void look_for_no_origin(test_site *site, int status)
{
    (void)status;
    assert_null(site_field(site, "access-control-allow-origin"));
    assert_null(site_field(site, "access-control-expose-headers"));
    site_expect_field(site, "vary", "Origin");
}

/* First as it is found, then from the cache. */
static void ask_all_twice(const hw_policy_setup *policy, const char *origin,
                          void (*look)(test_site *, int status))
{
    test_site site;
    site_open(&site);
    site.policy = *policy;
    site_serve(&site, &(hw_static_setup){0});
    ask_all(&site, origin, look);
    site_remember(&site, NULL, 0);
    ask_all(&site, origin, look);
    ask_all(&site, origin, look);
    site_close(&site);
}

HW_TEST(policy_is_said_with_every_answer)
{
    ask_all_twice(&(hw_policy_setup){own_fields, 2, everybody, true, 0}, "A: c",
                  look_for_own_fields);
}

HW_TEST(policy_names_the_origin_that_asks)
{
    ask_all_twice(&(hw_policy_setup){.cors_origins = two_pages}, "Origin: http://b.example:8080",
                  look_for_listed_origin);
}

HW_TEST(policy_says_nothing_to_an_origin_that_is_not_listed)
{
    ask_all_twice(&(hw_policy_setup){.cors_origins = two_pages}, "Origin: http://c.example",
                  look_for_no_origin);
}

HW_TEST(policy_replaces_what_the_server_says_of_caches)
{
    static const hewn_field fields[] = {{"cache-control", "max-age=60"},
                                        {"x-content-type-options", "nosniff"}};
    test_site site;
    site_open(&site);
    site.policy = (hw_policy_setup){fields, 2, NULL, false, 0};
    site_serve(&site, &(hw_static_setup){0});
    assert_int_equal(site_get(&site, "/ten.txt"), 200);
    site_expect_field(&site, "cache-control", "max-age=60");
    site_expect_field(&site, "x-content-type-options", "nosniff");
    assert_int_equal(site_get(&site, "/dir"), 308);
    site_expect_field(&site, "cache-control", "max-age=60");
    assert_int_equal(site_get(&site, "/none"), 404);
    site_expect_field(&site, "x-content-type-options", "nosniff");
    site_close(&site);
}

HW_TEST(policy_answers_a_preflight)
{
    test_site site;
    site_open(&site);
    site.policy = (hw_policy_setup){.cors_origins = two_pages};
    site_serve(&site, &(hw_static_setup){0});
    assert_int_equal(site_ask(&site, "OPTIONS", "/ten.txt", "Origin: https://a.example",
                              "Access-Control-Request-Method: GET",
                              "Access-Control-Request-Headers: range, x-a", (const char *)NULL),
                     204);
    site_expect_field(&site, "access-control-allow-origin", "https://a.example");
    site_expect_field(&site, "access-control-allow-methods", "GET, HEAD, OPTIONS");
    site_expect_field(&site, "access-control-allow-headers", "range, x-a");
    site_expect_field(&site, "access-control-max-age", "7200");
    assert_int_equal(site_ask(&site, "OPTIONS", "/ten.txt", "Origin: https://c.example",
                              "Access-Control-Request-Method: GET", (const char *)NULL),
                     204);
    assert_null(site_field(&site, "access-control-allow-origin"));
    assert_null(site_field(&site, "access-control-allow-methods"));
    assert_null(site_field(&site, "access-control-max-age"));
    site.policy = (hw_policy_setup){.cors_origins = everybody};
    site_serve(&site, &(hw_static_setup){0});
    assert_int_equal(site_ask(&site, "OPTIONS", "/ten.txt", "Origin: https://a.example",
                              "Access-Control-Request-Method: GET",
                              "Access-Control-Request-Headers: *", (const char *)NULL),
                     204);
    site_expect_field(&site, "access-control-allow-origin", "*");
    site_expect_field(&site, "access-control-allow-methods", "GET, HEAD, OPTIONS");
    assert_null(site_field(&site, "access-control-allow-headers"));
    site_close(&site);
}

/* With more memory from turn to turn, each piece of it in a block of its own: there is no policy
 * until there is a whole one. */
static hw_policy make_in_little(const hw_policy_setup *setup, hw_arena *arena, size_t *ret_refused)
{
    hw_policy policy = {.says_sniffing = true};
    int error = -ENOMEM;
    *ret_refused = 0;
    for (size_t max = 0; error < 0; max += 16) {
        assert_true(max < 8192);
        hw_arena_init(arena, 64, max);
        error = hw_policy_make(setup, arena, &policy);
        if (error < 0) {
            assert_int_equal(error, -ENOMEM);
            assert_true(policy.says_sniffing); /* nothing was written */
            ++*ret_refused;
            hw_arena_fini(arena);
        }
    }
    return policy;
}

HW_LONG_TEST(policy_is_made_whole_or_not_at_all)
{
    hw_arena arena;
    size_t refused;
    hw_policy policy = make_in_little(
        &(hw_policy_setup){own_fields, ROWS(own_fields), two_pages, true, 60}, &arena, &refused);
    assert_true(refused > 20);
    assert_false(policy.says_sniffing);
    assert_int_equal(policy.cors.count, 2);
    assert_int_equal(policy.fields.count, ROWS(own_fields) + 4);
    assert_true(hw_text_equal(policy.fields.at[0].value, HW_TEXT("no-referrer")));
    assert_true(hw_text_equal(hw_policy_freshness(&policy, HW_TEXT("a")), HW_TEXT("max-age=60")));
    assert_int_equal(policy.absent.count, policy.fields.count + 3);
    hw_arena_fini(&arena);
}

HW_TEST(policy_gives_credentials_to_the_one_it_names)
{
    static const hewn_field both[] = {{"Access-Control-Allow-Origin", "https://a.example"},
                                      {"Access-Control-Allow-Credentials", "true"}};
    hw_fault fault = {0};
    assert_int_equal(hw_policy_check(&(hw_policy_setup){both, 2, NULL, false, 0}, &fault), 0);
}
