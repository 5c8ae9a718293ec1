/* Folders that are listed, and how an answer says so. */
#include "kit/listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

#define JSON "accept: application/json"

static void open_listed(test_site *site)
{
    site_open(site);
    site_serve(site, &(hw_static_setup){.lists = true});
}

/* Without memory a body breaks off. */
static int ask_for(test_site *site, const char *method, const char *target, const char *line)
{
    site->may_fail = true;
    int status = site_ask(site, method, target, line, (const char *)NULL);
    if (site->pull == HW_PULL_FAILED)
        site_stop_if_struck(site);
    site->may_fail = false;
    return status;
}

HW_TEST(listing_answers_a_folder_without_an_index)
{
    test_site site;
    open_listed(&site);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", "accept: text/html"), 200);
    assert_int_equal(site.pull, HW_PULL_END);
    site_expect_field(&site, "content-type", "text/html; charset=utf-8");
    site_expect_field(&site, "vary", "Accept");
    site_expect_field(&site, "cache-control", "no-cache");
    site_expect_field(&site, "x-content-type-options", "nosniff");
    assert_non_null(strstr(site_field(&site, "content-security-policy"), "default-src 'none'; "));
    assert_null(site_field(&site, "etag"));
    assert_non_null(strstr(site.body, "<a href=\"x.txt\">x.txt</a>"));
    assert_int_equal(ask_for(&site, "GET", "/dir/", JSON), 200);
    site_expect_body(&site, "<p>dir</p>\n");
    assert_int_equal(ask_for(&site, "GET", "/noindex", JSON), 308);
    assert_int_equal(ask_for(&site, "GET", "/none/", JSON), 404);
    assert_int_equal(ask_for(&site, "GET", "/hello.txt/", JSON), 404);
    assert_int_equal(ask_for(&site, "GET", "/.hidden/", JSON), 404);
    site_close(&site);
}

HW_TEST(listing_is_off_where_nobody_asked_for_it)
{
    test_site site;
    site_open(&site);
    assert_int_equal(site_get(&site, "/noindex/"), 404);
    site_close(&site);
}

HW_TEST(listing_is_json_for_who_prefers_that)
{
    test_site site;
    open_listed(&site);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 200);
    site_expect_field(&site, "content-type", "application/json");
    site_expect_field(&site, "vary", "Accept");
    assert_null(site_field(&site, "content-security-policy"));
    site_expect_body(&site, "[\n{\"name\":\"x.txt\",\"type\":\"file\",\"size\":2,"
                            "\"modified\":\"2023-11-14T22:13:20Z\"}\n]\n");
    site_make_folder(&site, "www/bare");
    assert_int_equal(ask_for(&site, "GET", "/bare/", JSON), 200);
    site_expect_body(&site, "[\n]\n");
    assert_int_equal(ask_for(&site, "GET", "/bare/", "accept: */*"), 200);
    site_expect_field(&site, "content-type", "text/html; charset=utf-8");
    assert_int_equal(ask_for(&site, "GET", "/bare/", "accept: image/png"), 200);
    site_expect_field(&site, "content-type", "text/html; charset=utf-8");
    site_close(&site);
}

HW_TEST(listing_leaves_out_what_has_gone_meanwhile)
{
    test_site site;
    open_listed(&site);
    site_put(&site, "www/noindex/a", "1");
    hw_seam_fail("stat_at", 1, ENOENT);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 200);
    site_expect_body(&site, "[\n{\"name\":\"x.txt\",\"type\":\"file\",\"size\":2,"
                            "\"modified\":\"2023-11-14T22:13:20Z\"}\n]\n");
    site_close(&site);
}

HW_TEST(listing_has_the_same_head_for_head)
{
    test_site site;
    char policy[512];
    open_listed(&site);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", "accept: text/html"), 200);
    size_t count = site.exchange.response.field_count;
    snprintf(policy, sizeof policy, "%s", site_field(&site, "content-security-policy"));
    assert_int_equal(ask_for(&site, "HEAD", "/noindex/", "accept: text/html"), 200);
    assert_int_equal(site.exchange.response.field_count, count);
    site_expect_field(&site, "content-security-policy", policy);
    site_close(&site);
}

HW_TEST(listing_says_what_its_folder_says)
{
    static const hewn_field fields[] = {{"Cache-Control", "max-age=60"},
                                        {"Content-Security-Policy", "default-src 'self'"},
                                        {"Referrer-Policy", "no-referrer"}};
    static const char *const origins[] = {"https://a.example", NULL};
    test_site site;
    site_open(&site);
    site.policy = (hw_policy_setup){fields, 3, origins, true, 0};
    site_serve(&site, &(hw_static_setup){.lists = true});
    site.may_fail = true;
    int status =
        site_ask(&site, "GET", "/noindex/", JSON, "origin: https://a.example", (const char *)NULL);
    if (site.pull == HW_PULL_FAILED)
        site_stop_if_struck(&site);
    assert_int_equal(status, 200);
    site_expect_field(&site, "cache-control", "max-age=60");
    site_expect_field(&site, "referrer-policy", "no-referrer");
    site_expect_field(&site, "access-control-allow-origin", "https://a.example");
    site_expect_field(&site, "cross-origin-opener-policy", "same-origin");
    site_expect_field(&site, "content-security-policy", "default-src 'self'");
    assert_int_equal(ask_for(&site, "GET", "/noindex/", "accept: text/html"), 200);
    assert_non_null(strstr(site_field(&site, "content-security-policy"), "sha256-"));
    site_close(&site);
}

HW_TEST(listing_of_a_folder_that_may_not_be_read_is_forbidden)
{
    test_site site;
    open_listed(&site);
    hw_seam_fail("open_beneath", 2, EACCES); /* the first is the index */
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 403);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 200);
    hw_seam_fail("open_beneath", 3, EMFILE);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), SITE_STARVED);
    hw_seam_fail("open_beneath", 3, ENOENT);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 404);
    hw_seam_fail("read_folder", 1, EIO);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 500);
    site_close(&site);
}

/* Opened again for each piece: where it cannot be, what has been sent must not look complete. */
HW_TEST(listing_breaks_off_with_its_folder)
{
    test_site site;
    open_listed(&site);
    site.may_fail = true;
    hw_seam_fail("open_beneath", 4, EIO);
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 200);
    assert_int_equal(site.pull, HW_PULL_FAILED);
    hw_seam_fail("open_beneath", 4, EMFILE);
    site.may_fail = true;
    assert_int_equal(site_ask(&site, "GET", "/noindex/", JSON, (const char *)NULL), 200);
    assert_int_equal(site.pull, HW_PULL_WAIT);
    site_close(&site);
}

HW_LONG_TEST(listing_takes_several_pieces)
{
    test_site site;
    char name[64];
    open_listed(&site);
    for (unsigned i = 0; i < 700; i++) {
        snprintf(name, sizeof name, "www/noindex/name-%03u", i);
        site_put(&site, name, "");
    }
    assert_int_equal(ask_for(&site, "GET", "/noindex/?sort=-name", JSON), 200);
    assert_true(site.body_length > 50000);
    const char *at = site.body;
    for (unsigned i = 700; i-- > 0;) {
        snprintf(name, sizeof name, "\"name-%03u\"", i);
        at = strstr(at, name);
        assert_non_null(at);
    }
    site_close(&site);
}

HW_TEST(listing_follows_the_order_that_is_asked_for)
{
    static const struct {
        const char *target, *first;
    } cases[] = {
        {"/noindex/", "a-large"},
        {"/noindex/?sort=-name", "b-small"},
        {"/noindex/?sort=size", "b-small"},
        {"/noindex/?x&sort=-size", "a-large"},
        {"/noindex/?sort=colour", "a-large"},
        {"/noindex/?sort=%2Dname", "b-small"},
        {"/noindex/?sort=", "a-large"},
    };
    test_site site;
    open_listed(&site);
    unlink(site_path(&site, "www/noindex/x.txt"));
    site_put(&site, "www/noindex/a-large", "12");
    site_put(&site, "www/noindex/b-small", "1");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "[\n{\"name\":\"%s\"", cases[i].first);
        assert_int_equal(ask_for(&site, "GET", cases[i].target, JSON), 200);
        if (strncmp(site.body, expected, strlen(expected)) != 0)
            fail_msg("%s: %s", cases[i].target, site.body);
    }
    site_close(&site);
}

/* The loop remembers that there is no index, and that is all. */
HW_TEST(listing_is_made_anew_each_time)
{
    test_site site;
    site_open(&site);
    site.setup.lists = true;
    site_remember(&site, NULL, 1000);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 200);
        assert_false(site.was_quick);
        assert_null(strstr(site.body, "new.txt"));
    }
    site_put(&site, "www/noindex/new.txt", "");
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 200);
    assert_non_null(strstr(site.body, "new.txt"));
    site_put(&site, "www/noindex/index.html", "index");
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 200);
    site_expect_body(&site, "index");
    unlink(site_path(&site, "www/noindex/index.html"));
    assert_int_equal(ask_for(&site, "GET", "/noindex/", JSON), 200);
    assert_non_null(strstr(site.body, "new.txt"));
    site_close(&site);
}
