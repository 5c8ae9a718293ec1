/* Files that are coded on their way, or by the press. */
#include "kit/recode.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kit/encoder.h"
#include "seam/seam.h"
#include "unit/kit/decode.h"
#include "unit/kit/site.h"

#define ask(...) site_ask(__VA_ARGS__, (const char *)NULL)

enum { TEXT_BYTES = 20000 };

static char text[TEXT_BYTES + 1];

/* www/a.css: a text. Nobody presses: no thread starts. */
static void open_recoding(test_site *site)
{
    for (size_t i = 0; i < TEXT_BYTES; i++)
        text[i] = "abcdefgh"[(i * i / 7) % 8];
    site_open(site);
    site_remember(site, NULL, 1000);
    site_press(site);
    site_put(site, "www/a.css", text);
    site_date(site, "www/a.css", SITE_DATE);
    hw_seam_fail_from("thread_start", 1, EAGAIN);
}

static void expect_decoded(test_site *site, hw_coding coding, const char *content)
{
    static char decoded[TEXT_BYTES + 1];
    hw_buffer out = hw_buffer_over(decoded, sizeof decoded);
    bool is_ended;
    hw_text name = hw_coding_name(coding);
    site_expect_field(site, "content-encoding", name.at);
    assert_true(decode(coding, (hw_text){site->body, site->body_length}, &out, &is_ended));
    assert_true(is_ended);
    assert_int_equal(out.length, strlen(content));
    assert_memory_equal(decoded, content, out.length);
}

static const char *field_line(const char *name, const char *value)
{
    static char line[256];
    snprintf(line, sizeof line, "%s: %s", name, value);
    return line;
}

HW_TEST(recode_codes_a_text_while_it_is_sent)
{
    static const char *const asked[] = {[HW_CODING_GZIP] = "accept-encoding: gzip",
                                        [HW_CODING_ZSTD] = "accept-encoding: zstd",
                                        [HW_CODING_BR] = "accept-encoding: br"};
    test_site site;
    open_recoding(&site);
    for (int again = 0; again < 2; again++)
        for (hw_coding coding = HW_CODING_GZIP; coding <= HW_CODING_BR; coding++) {
            assert_int_equal(ask(&site, "GET", "/a.css", asked[coding]), 200);
            expect_decoded(&site, coding, text);
            site_expect_field(&site, "vary", "Accept-Encoding");
            site_expect_field(&site, "cache-control", "no-cache");
            site_expect_field(&site, "content-type", "text/css; charset=utf-8");
            assert_null(site_field(&site, "accept-ranges"));
            assert_null(site_field(&site, "content-length"));
        }
    assert_true(site.was_quick);
    assert_int_equal(ask(&site, "GET", "/a.css"), 200);
    site_expect_body(&site, text);
    site_expect_field(&site, "vary", "Accept-Encoding");
    site_expect_field(&site, "accept-ranges", "bytes");
    assert_int_equal(ask(&site, "HEAD", "/a.css", asked[HW_CODING_BR]), 200);
    site_expect_field(&site, "content-encoding", "br");
    site_close(&site);
}

HW_TEST(recode_has_a_weak_tag_for_each_coding_and_no_parts)
{
    test_site site;
    char tag[128], plain[128];
    open_recoding(&site);
    assert_int_equal(ask(&site, "GET", "/a.css"), 200);
    snprintf(plain, sizeof plain, "%s", site_field(&site, "etag"));
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br"), 200);
    snprintf(tag, sizeof tag, "%s", site_field(&site, "etag"));
    assert_memory_equal(tag, "W/\"", 3);
    assert_non_null(strstr(tag, "-br\""));
    assert_int_equal(
        ask(&site, "GET", "/a.css", "accept-encoding: br", field_line("if-none-match", tag)), 304);
    site_expect_field(&site, "etag", tag);
    site_expect_field(&site, "vary", "Accept-Encoding");
    assert_null(site_field(&site, "content-encoding"));
    assert_int_equal(
        ask(&site, "GET", "/a.css", "accept-encoding: zstd", field_line("if-none-match", tag)),
        200);
    assert_int_equal(
        ask(&site, "GET", "/a.css", "accept-encoding: br", field_line("if-none-match", plain)),
        200);
    assert_int_equal(
        ask(&site, "GET", "/a.css", "accept-encoding: br", field_line("if-match", tag)), 412);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br", "range: bytes=0-3"), 200);
    expect_decoded(&site, HW_CODING_BR, text);
    site_close(&site);
}

HW_TEST(recode_leaves_what_gains_nothing_as_it_is)
{
    test_site site;
    open_recoding(&site);
    site_put(&site, "www/a.png", text);
    text[255] = '\0';
    site_put(&site, "www/short.css", text);
    static const char *const targets[] = {"/a.png", "/short.css", "/big.bin"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ask(&site, "GET", targets[i], "accept-encoding: br, gzip"), 200);
        assert_null(site_field(&site, "content-encoding"));
        assert_null(site_field(&site, "vary"));
    }
    assert_int_equal(truncate(site_path(&site, "www/a.css"), 16 * 1024 * 1024 + 1), 0);
    assert_int_equal(ask(&site, "HEAD", "/a.css", "accept-encoding: br"), 200);
    assert_null(site_field(&site, "content-encoding"));
    hw_press *press = hw_press_hold(site.press);
    site_forget(&site);
    site_serve(&site, &(hw_static_setup){.is_uncompressed = true});
    hw_static_take_press(site.files, press);
    assert_int_equal(ask(&site, "GET", "/hello.txt", "accept-encoding: br"), 200);
    assert_null(site_field(&site, "vary"));
    site_close(&site);
}

/* A sibling is what its owner has made, and wins, whatever else could be made. */
HW_TEST(recode_comes_after_siblings)
{
    test_site site;
    open_recoding(&site);
    site_put(&site, "www/a.css.gz", "sibling");
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: gzip, br"), 200);
    site_expect_field(&site, "content-encoding", "gzip");
    site_expect_body(&site, "sibling");
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br"), 200);
    expect_decoded(&site, HW_CODING_BR, text);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: gzip;q=0.5, identity"), 200);
    assert_null(site_field(&site, "content-encoding"));
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: identity;q=0, br"), 200);
    expect_decoded(&site, HW_CODING_BR, text);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: *;q=0"), 406);
    site_close(&site);
}

/* What the press has made is another representation than what was made on the way before. */
HW_LONG_THREAD_TEST(recode_gives_way_to_the_press)
{
    test_site site;
    char weak[128], strong[128];
    open_recoding(&site);
    hw_seam_reset();
    hw_seam_hurry(true);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br"), 200);
    snprintf(weak, sizeof weak, "%s", site_field(&site, "etag"));
    while (hw_press_count(site.press, hw_content_hash_of(hw_text_of(text))) < 2)
        sched_yield();
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br"), 200);
    assert_false(site.was_quick);
    expect_decoded(&site, HW_CODING_BR, text);
    snprintf(strong, sizeof strong, "%s", site_field(&site, "etag"));
    assert_true(strong[0] == '"' && strstr(strong, "-br11\""));
    site_expect_field(&site, "accept-ranges", "bytes");
    size_t length = site.body_length;
    assert_int_equal(
        ask(&site, "GET", "/a.css", "accept-encoding: br", field_line("if-none-match", weak)), 200);
    assert_true(site.was_quick);
    assert_int_equal(
        ask(&site, "GET", "/a.css", "accept-encoding: br", field_line("if-none-match", strong)),
        304);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br", "range: bytes=1-5",
                         field_line("if-range", strong)),
                     206);
    assert_int_equal(site.body_length, 5);
    assert_in_range(length, 7, TEXT_BYTES / 2);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: zstd"), 200);
    expect_decoded(&site, HW_CODING_ZSTD, text);
    assert_non_null(strstr(site_field(&site, "etag"), "-zstd19\""));
    /* Another content has nothing of it. */
    text[0] = 'z';
    site_put(&site, "www/a.css", text);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br"), 200);
    expect_decoded(&site, HW_CODING_BR, text);
    assert_non_null(strstr(site_field(&site, "etag"), "-br\""));
    assert_int_equal(
        ask(&site, "GET", "/a.css", "accept-encoding: br", field_line("if-none-match", strong)),
        200);
    site_close(&site);
}

HW_TEST(recode_sends_the_file_where_memory_is_tight)
{
    hw_budget budget = {.max = 100000};
    test_site site;
    open_recoding(&site);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br"), 200);
    hw_budget_add(&budget, 95000);
    hw_arena_charge(&site.exchange.arena, &budget);
    assert_int_equal(ask(&site, "GET", "/a.css", "accept-encoding: br"), 200);
    assert_null(site_field(&site, "content-encoding"));
    site_expect_field(&site, "vary", "Accept-Encoding");
    hw_arena_charge(&site.exchange.arena, NULL);
    site_close(&site);
}
