/* What stands in for names that lead nowhere, remembered and not. */
#include "kit/standin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

#define HTML "accept: text/html"

static void open_with(test_site *site, const char *spa, bool is_remembered)
{
    site_open(site);
    site->setup = (hw_static_setup){.spa = spa};
    if (is_remembered)
        site_remember(site, NULL, 1000);
    else
        site_serve(site, &site->setup);
}

static void expect_page(test_site *site, const char *target, const char *line, int status,
                        const char *body)
{
    int answered = site_ask(site, "GET", target, line, (const char *)NULL);
    if (answered != status)
        fail_msg("%s, %s: %d", target, line, answered);
    site_expect_body(site, body);
}

static void expect_views(test_site *site)
{
    expect_page(site, "/view", HTML, 200, "<p>index</p>\n");
    site_expect_field(site, "vary", "Accept");
    assert_non_null(site_field(site, "etag"));
    expect_page(site, "/deep/view/", "accept: a/b, Text/HTML;q=0.1", 200, "<p>index</p>\n");
    expect_page(site, "/view", "accept: */*", 404, "Not Found\n");
    site_expect_field(site, "vary", "Accept");
    expect_page(site, "/view", "accept: text/*", 404, "Not Found\n");
    expect_page(site, "/view", "accept: text/html;q=0", 404, "Not Found\n");
    expect_page(site, "/view", "x: y", 404, "Not Found\n");
    expect_page(site, "/app.js", HTML, 404, "Not Found\n");
    assert_null(site_field(site, "vary"));
    expect_page(site, "/hello.txt", HTML, 200, "hello, world\n");
    expect_page(site, "/.git", HTML, 404, "Not Found\n");
    expect_page(site, "/noindex/", HTML, 200, "<p>index</p>\n");
    expect_page(site, "/.secret/view", HTML, 200, "<p>index</p>\n");
    assert_int_equal(site_ask(site, "GET", "/view", HTML, "range: bytes=0-2", (const char *)NULL),
                     206);
    assert_int_equal(site_ask(site, "GET", "/view", HTML, "if-none-match: *", (const char *)NULL),
                     304);
    site_expect_field(site, "vary", "Accept");
}

HW_TEST(standin_gives_the_application_to_who_navigates)
{
    test_site site;
    open_with(&site, "index.html", false);
    expect_views(&site);
    site_close(&site);
}

HW_TEST(standin_gives_the_application_from_the_cache_too)
{
    test_site site;
    open_with(&site, "index.html", true);
    for (int i = 0; i < 3; i++)
        expect_views(&site);
    expect_page(&site, "/view", HTML, 200, "<p>index</p>\n");
    assert_true(site.was_quick);
    expect_page(&site, "/view", "accept: */*", 404, "Not Found\n");
    assert_true(site.was_quick);
    site_close(&site);
}

HW_TEST(standin_is_nothing_where_there_is_no_such_file)
{
    test_site site;
    open_with(&site, "app.html", true);
    expect_page(&site, "/view", HTML, 404, "Not Found\n");
    expect_page(&site, "/view", HTML, 404, "Not Found\n");
    site_put(&site, "www/404.html", "gone");
    expect_page(&site, "/view", HTML, 404, "gone");
    site_put(&site, "www/app.html", "app");
    expect_page(&site, "/view", HTML, 200, "app");
    unlink(site_path(&site, "www/app.html"));
    expect_page(&site, "/view", HTML, 404, "gone");
    site_close(&site);
}

static void expect_absent_page(test_site *site, const char *target)
{
    expect_page(site, target, "if-none-match: *", 404, "gone");
    site_expect_field(site, "content-type", "text/html; charset=utf-8");
    site_expect_field(site, "x-content-type-options", "nosniff");
    assert_null(site_field(site, "etag"));
    assert_null(site_field(site, "last-modified"));
    assert_null(site_field(site, "accept-ranges"));
    assert_null(site_field(site, "vary"));
}

HW_TEST(standin_is_the_content_of_a_404)
{
    test_site site;
    open_with(&site, NULL, false);
    site_put(&site, "www/404.html", "gone");
    expect_absent_page(&site, "/nothing.txt");
    expect_absent_page(&site, "/.hidden");
    expect_absent_page(&site, "/noindex/");
    expect_page(&site, "/404.html", HTML, 200, "gone");
    assert_int_equal(site_ask(&site, "HEAD", "/nothing", (const char *)NULL), 404);
    assert_int_equal(site.exchange.response.body->length, 4);
    assert_int_equal(site_ask(&site, "POST", "/nothing", (const char *)NULL), 405);
    site_close(&site);
}

HW_TEST(standin_sees_its_page_come_and_go)
{
    test_site site;
    open_with(&site, NULL, true);
    for (int i = 0; i < 2; i++) {
        expect_page(&site, "/nothing", HTML, 404, "Not Found\n");
        expect_page(&site, "/nothing", HTML, 404, "Not Found\n");
        assert_true(site.was_quick);
        expect_page(&site, "/other", HTML, 404, "Not Found\n");
        site_put(&site, "www/404.html", "gone");
        expect_absent_page(&site, "/nothing");
        expect_absent_page(&site, "/nothing");
        assert_true(site.was_quick);
        expect_absent_page(&site, "/.hidden");
        assert_true(site.was_quick);
        site_put(&site, "www/404.html", "away");
        expect_page(&site, "/nothing", HTML, 404, "away");
        unlink(site_path(&site, "www/404.html"));
    }
    site_close(&site);
}

/* Its entry, which says that there is no page, may have to go like any other. */
HW_LONG_TEST(standin_is_looked_for_again_when_it_was_forgotten)
{
    test_site site;
    char target[32];
    open_with(&site, NULL, true);
    expect_page(&site, "/nothing", HTML, 404, "Not Found\n");
    expect_page(&site, "/nothing", HTML, 404, "Not Found\n");
    for (int i = 0; i < 9000; i++) {
        snprintf(target, sizeof target, "/%d", i);
        expect_page(&site, target, HTML, 404, "Not Found\n");
    }
    site_put(&site, "www/404.html", "gone");
    expect_absent_page(&site, "/nothing");
    expect_absent_page(&site, "/8999");
    site_close(&site);
}

HW_TEST(standin_that_may_not_be_read_is_none)
{
    test_site site;
    open_with(&site, NULL, false);
    site_put(&site, "www/404.html", "gone");
    hw_seam_fail("open_beneath", 2, EACCES);
    expect_page(&site, "/nothing", HTML, 404, "Not Found\n");
    hw_seam_fail("open_beneath", 2, EMFILE);
    assert_int_equal(site_get(&site, "/nothing"), SITE_STARVED);
    hw_seam_fail("open_beneath", 2, EIO);
    assert_int_equal(site_get(&site, "/nothing"), 500);
    site_close(&site);
}

HW_TEST(standin_leaves_a_single_file_alone)
{
    test_site site;
    site_open(&site);
    site_put(&site, "www/404.html", "gone");
    site_serve(&site, &(hw_static_setup){.only = "ten.txt", .spa = "index.html", .lists = true});
    expect_page(&site, "/nothing", HTML, 404, "Not Found\n");
    site_close(&site);
}
