/* Files that lie there coded already. */
#include "kit/siblings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

#define ask(...) site_ask(__VA_ARGS__, (const char *)NULL)
#define ACCEPT_ALL "accept-encoding: gzip, deflate, br, zstd"

static void put_dated(test_site *site, const char *name, const char *content, int64_t seconds)
{
    site_put(site, name, content);
    site_date(site, name, seconds);
}

/* a.js, and three others that say what they are. */
static void open_coded(test_site *site)
{
    site_open(site);
    put_dated(site, "www/a.js", "identity", SITE_DATE);
    put_dated(site, "www/a.js.br", "brotli", SITE_DATE);
    put_dated(site, "www/a.js.zst", "zstandard", SITE_DATE + 1);
    put_dated(site, "www/a.js.gz", "gzip", SITE_DATE + 2);
}

static void expect_coding(test_site *site, const char *accept, const char *coding,
                          const char *content)
{
    assert_int_equal(ask(site, "GET", "/a.js", accept), 200);
    site_expect_body(site, content);
    if (coding)
        site_expect_field(site, "content-encoding", coding);
    else
        assert_null(site_field(site, "content-encoding"));
    site_expect_field(site, "vary", "Accept-Encoding");
    site_expect_field(site, "content-type", "text/javascript; charset=utf-8");
}

static void expect_each(test_site *site)
{
    expect_coding(site, ACCEPT_ALL, "br", "brotli");
    expect_coding(site, "accept-encoding: zstd, gzip", "zstd", "zstandard");
    expect_coding(site, "accept-encoding: gzip", "gzip", "gzip");
    expect_coding(site, "accept-encoding: br;q=0.5, gzip", "gzip", "gzip");
    expect_coding(site, "accept-encoding: identity", NULL, "identity");
    expect_coding(site, "accept: */*", NULL, "identity");
    assert_int_equal(ask(site, "GET", "/a.js", "accept-encoding: identity;q=0, deflate"), 406);
    site_expect_field(site, "vary", "Accept-Encoding");
}

HW_TEST(siblings_are_what_a_client_gets_who_accepts_them)
{
    test_site site;
    open_coded(&site);
    expect_each(&site);
    site_remember(&site, NULL, 1000);
    expect_each(&site);
    expect_each(&site);
    assert_true(site.was_quick);
    site_close(&site);
}

HW_TEST(siblings_have_tags_of_their_own)
{
    test_site site;
    char tags[2][128], same[160];
    open_coded(&site);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(&site, "HEAD", "/a.js", i ? "accept-encoding: br" : "a: b"), 200);
        snprintf(tags[i], sizeof tags[i], "%s", site_field(&site, "etag"));
    }
    assert_string_not_equal(tags[0], tags[1]);
    snprintf(same, sizeof same, "if-none-match: %s", tags[0]);
    assert_int_equal(ask(&site, "GET", "/a.js", same, "accept-encoding: br"), 200);
    assert_int_equal(ask(&site, "GET", "/a.js", same), 304);
    site_expect_field(&site, "vary", "Accept-Encoding");
    assert_null(site_field(&site, "content-encoding"));
    snprintf(same, sizeof same, "if-none-match: %s", tags[1]);
    assert_int_equal(ask(&site, "GET", "/a.js", same, "accept-encoding: br"), 304);
    site_close(&site);
}

HW_TEST(siblings_have_ranges_of_their_own_bytes)
{
    test_site site;
    open_coded(&site);
    assert_int_equal(ask(&site, "GET", "/a.js", "range: bytes=2-3", "accept-encoding: br"), 206);
    site_expect_body(&site, "ot");
    site_expect_field(&site, "content-range", "bytes 2-3/6");
    site_expect_field(&site, "content-encoding", "br");
    assert_int_equal(ask(&site, "GET", "/a.js", "range: bytes=9-", "accept-encoding: br"), 416);
    site_expect_field(&site, "content-range", "bytes */6");
    assert_int_equal(ask(&site, "HEAD", "/a.js", "accept-encoding: br"), 200);
    site_expect_field(&site, "content-length", "6");
    site_close(&site);
}

HW_TEST(siblings_that_are_older_or_empty_or_no_files_are_none)
{
    test_site site;
    open_coded(&site);
    site_date(&site, "www/a.js.br", SITE_DATE - 1);
    site_put(&site, "www/a.js.zst", "");
    assert_int_equal(unlink(site_path(&site, "www/a.js.gz")), 0);
    site_make_folder(&site, "www/a.js.gz");
    assert_int_equal(ask(&site, "GET", "/a.js", ACCEPT_ALL), 200);
    site_expect_body(&site, "identity");
    assert_null(site_field(&site, "content-encoding"));
    assert_null(site_field(&site, "vary"));
    site_close(&site);
}

HW_TEST(siblings_are_not_looked_for_where_they_are_not_wanted)
{
    test_site site;
    open_coded(&site);
    site_serve(&site, &(hw_static_setup){.is_uncompressed = true});
    assert_int_equal(ask(&site, "GET", "/a.js", ACCEPT_ALL), 200);
    assert_null(site_field(&site, "vary"));
    site_serve(&site, &(hw_static_setup){.only = "a.js"});
    assert_int_equal(ask(&site, "GET", "/a.js", ACCEPT_ALL), 200);
    site_expect_body(&site, "identity");
    site_close(&site);
}

HW_TEST(siblings_can_be_asked_for_as_files)
{
    test_site site;
    open_coded(&site);
    assert_int_equal(ask(&site, "GET", "/a.js.br", ACCEPT_ALL), 200);
    site_expect_body(&site, "brotli");
    assert_null(site_field(&site, "content-encoding"));
    site_close(&site);
}

HW_TEST(siblings_of_an_index_stand_for_its_folder)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(&site, "GET", "/dir/", ACCEPT_ALL), 200);
        site_expect_body(&site, "<p>dir</p>\n");
    }
    assert_true(site.was_quick);
    put_dated(&site, "www/dir/index.html.gz", "zipped", SITE_DATE);
    assert_int_equal(ask(&site, "GET", "/dir/", ACCEPT_ALL), 200);
    site_expect_body(&site, "zipped");
    site_put(&site, "www/dir/index.html.gz", "another");
    assert_int_equal(ask(&site, "GET", "/dir/", ACCEPT_ALL), 200);
    site_expect_body(&site, "another");
    site_close(&site);
}

/* The next request sees what has become of them. */
HW_TEST(siblings_are_never_stale)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    put_dated(&site, "www/a.js", "identity", SITE_DATE);
    assert_int_equal(ask(&site, "GET", "/a.js", ACCEPT_ALL), 200);
    assert_int_equal(ask(&site, "GET", "/a.js", ACCEPT_ALL), 200);
    assert_true(site.was_quick);
    put_dated(&site, "www/a.js.gz", "gzip", SITE_DATE);
    expect_coding(&site, ACCEPT_ALL, "gzip", "gzip");
    put_dated(&site, "www/a.js.gz", "anew", SITE_DATE);
    expect_coding(&site, ACCEPT_ALL, "gzip", "anew");
    put_dated(&site, "www/new", "brotli", SITE_DATE);
    char from[128];
    snprintf(from, sizeof from, "%s", site_path(&site, "www/new"));
    assert_int_equal(rename(from, site_path(&site, "www/a.js.br")), 0);
    expect_coding(&site, ACCEPT_ALL, "br", "brotli");
    site_date(&site, "www/a.js", SITE_DATE + 5); /* now they are older */
    assert_int_equal(ask(&site, "GET", "/a.js", ACCEPT_ALL), 200);
    site_expect_body(&site, "identity");
    site_date(&site, "www/a.js", SITE_DATE - 5);
    expect_coding(&site, ACCEPT_ALL, "br", "brotli");
    assert_int_equal(unlink(site_path(&site, "www/a.js.br")), 0);
    expect_coding(&site, ACCEPT_ALL, "gzip", "anew");
    site_close(&site);
}

/* Whose changes no folder tells. */
HW_TEST(siblings_with_other_names_are_looked_up_again)
{
    test_site site;
    char target[128];
    open_coded(&site);
    assert_int_equal(unlink(site_path(&site, "www/a.js.br")), 0);
    site_put(&site, "elsewhere", "linked");
    site_date(&site, "elsewhere", SITE_DATE);
    snprintf(target, sizeof target, "%s", site_path(&site, "elsewhere"));
    assert_int_equal(link(target, site_path(&site, "www/a.js.br")), 0);
    site_remember(&site, NULL, 1000);
    expect_coding(&site, ACCEPT_ALL, "br", "linked");
    expect_coding(&site, ACCEPT_ALL, "br", "linked");
    assert_true(site.was_quick);
    put_dated(&site, "elsewhere", "other", SITE_DATE);
    site.now += 2;
    expect_coding(&site, ACCEPT_ALL, "br", "other");
    assert_int_equal(unlink(site_path(&site, "www/a.js.br")), 0);
    site_link(&site, "www/a.js.br", "a.js.gz");
    expect_coding(&site, ACCEPT_ALL, "br", "gzip");
    site_close(&site);
}

HW_TEST(siblings_that_cannot_be_opened_now_are_looked_for_again)
{
    test_site site;
    open_coded(&site);
    site_remember(&site, NULL, 1000);
    hw_seam_fail("open_beneath", 2, EMFILE);
    expect_coding(&site, ACCEPT_ALL, "br", "brotli");
    expect_coding(&site, "accept-encoding: gzip", NULL, "identity");
    site.now += 2;
    expect_coding(&site, "accept-encoding: gzip", "gzip", "gzip");
    site_close(&site);
}

HW_TEST(siblings_count_by_their_descriptors)
{
    static const hw_share share = {(size_t)1024 * 1024, 3};
    static char content[SITE_BIG_BYTES];
    test_site site;
    site_open(&site);
    site_remember(&site, &share, 1000);
    memset(content, 'x', sizeof content - 1);
    put_dated(&site, "www/b.js", content, SITE_DATE);
    put_dated(&site, "www/b.js.gz", content, SITE_DATE);
    hw_cache *cache = site.cache;
    assert_int_equal(ask(&site, "HEAD", "/b.js", ACCEPT_ALL), 200);
    assert_int_equal(cache->queues[HW_QUEUE_DESCRIPTORS].count, 2);
    assert_int_equal(ask(&site, "HEAD", "/big.bin"), 200);
    assert_int_equal(cache->queues[HW_QUEUE_DESCRIPTORS].count, 3);
    put_dated(&site, "www/c.js", content, SITE_DATE);
    assert_int_equal(ask(&site, "HEAD", "/c.js"), 200);
    assert_in_range(cache->queues[HW_QUEUE_DESCRIPTORS].count, 1, 3);
    site_close(&site);
}
