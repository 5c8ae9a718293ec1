/* What paths lead to, in which order, and that a change is seen. */
#include "kit/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

static void open_clean(test_site *site, bool is_remembered)
{
    site_open(site);
    site->setup = (hw_static_setup){.has_clean_urls = true};
    if (is_remembered)
        site_remember(site, NULL, 1000);
    else
        site_serve(site, &site->setup);
}

static void expect_got(test_site *site, const char *target, const char *body)
{
    int status = site_get(site, target);
    if (status != (body ? 200 : 404))
        fail_msg("%s: %d", target, status);
    if (body)
        site_expect_body(site, body);
}

HW_TEST(lookup_finds_a_page_without_its_ending)
{
    test_site site;
    open_clean(&site, false);
    site_put(&site, "www/a.html", "a");
    site_put(&site, "www/dir/b.html", "b");
    site_put(&site, "www/dir.html", "page beside a folder");
    site_put(&site, "www/v1.2.html", "v1.2");
    expect_got(&site, "/a", "a");
    site_expect_field(&site, "content-type", "text/html; charset=utf-8");
    expect_got(&site, "/a?x=1", "a");
    expect_got(&site, "/dir/b", "b");
    expect_got(&site, "/v1.2", "v1.2");
    expect_got(&site, "/index", "<p>index</p>\n");
    expect_got(&site, "/dir", "page beside a folder");
    expect_got(&site, "/dir/", "<p>dir</p>\n");
    expect_got(&site, "/a/", NULL);
    expect_got(&site, "/a/b", NULL);
    expect_got(&site, "/nothing", NULL);
    site_put(&site, "www/a", "file");
    expect_got(&site, "/a", "file");
    assert_int_equal(site_get(&site, "/noindex"), 308);
    site_close(&site);
}

HW_TEST(lookup_finds_no_page_where_that_is_off)
{
    test_site site;
    site_open(&site);
    site_put(&site, "www/a.html", "a");
    expect_got(&site, "/a", NULL);
    site_close(&site);
}

HW_TEST(lookup_says_why_a_page_cannot_be_read)
{
    test_site site;
    open_clean(&site, false);
    site_put(&site, "www/a.html", "a");
    hw_seam_fail("open_beneath", 2, EACCES);
    assert_int_equal(site_get(&site, "/a"), 403);
    hw_seam_fail("open_beneath", 1, EACCES);
    assert_int_equal(site_get(&site, "/a"), 403);
    site_make_folder(&site, "www/b.html");
    expect_got(&site, "/b", NULL);
    site_close(&site);
}

/* Whatever comes or goes is seen by the next request, as often as one was answered before. */
HW_TEST(lookup_sees_a_page_come_and_go)
{
    test_site site;
    open_clean(&site, true);
    for (int i = 0; i < 2; i++) {
        expect_got(&site, "/a", NULL);
        expect_got(&site, "/a", NULL);
        site_put(&site, "www/a.html", "page");
        expect_got(&site, "/a", "page");
        expect_got(&site, "/a", "page");
        assert_true(site.was_quick);
        site_put(&site, "www/a.html", "changed");
        expect_got(&site, "/a", "changed");
        site_put(&site, "www/a", "file");
        expect_got(&site, "/a", "file");
        unlink(site_path(&site, "www/a"));
        expect_got(&site, "/a", "changed");
        unlink(site_path(&site, "www/a.html"));
        site_make_folder(&site, "www/a");
        assert_int_equal(site_get(&site, "/a"), 308);
        assert_int_equal(site_get(&site, "/a"), 308);
        assert_true(site.was_quick);
        site_put(&site, "www/a.html", "again");
        expect_got(&site, "/a", "again");
        unlink(site_path(&site, "www/a.html"));
        assert_int_equal(site_get(&site, "/a"), 308);
        rmdir(site_path(&site, "www/a"));
    }
    site_close(&site);
}
