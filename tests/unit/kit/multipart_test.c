/* Several ranges in one answer: what the parts say, how they leave, and that they fit together. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hewn/server.h"
#include "kit/multipart.h"
#include "parts.h"
#include "seam/seam.h"
#include "unit/kit/site.h"

static void read_parts(test_site *site, test_parts *parts)
{
    static char type[HW_MULTIPART_TYPE_BYTES];
    const char *said = site_field(site, "content-type");
    assert_non_null(said);
    assert_true(strlen(said) < sizeof type);
    memcpy(type, said, strlen(said) + 1);
    assert_true(parts_read(hw_text_of(type), (hw_text){site->body, site->body_length}, parts));
    assert_int_equal(site->exchange.response.body->length, site->body_length);
    assert_null(site_field(site, "content-range"));
}

static void assert_same_text(hw_text text, const char *wanted)
{
    if (!hw_text_equal(text, hw_text_of(wanted)))
        fail_msg("%.*s, not %s", HW_TEXT_ARGS(text), wanted);
}

static int ask_range(test_site *site, const char *target, const char *range)
{
    return site_ask(site, "GET", target, range, (const char *)NULL);
}

HW_TEST(multipart_parts_say_their_range_and_type)
{
    test_site site;
    test_parts parts;
    site_open(&site);
    assert_int_equal(ask_range(&site, "/ten.txt", "Range: bytes=7-, 0-1"), 206);
    read_parts(&site, &parts);
    assert_int_equal(parts.count, 2);
    assert_same_text(parts.at[0].range, "7-9/10");
    assert_same_text(parts.at[0].bytes, "789");
    assert_same_text(parts.at[0].type, "text/plain; charset=utf-8");
    assert_same_text(parts.at[1].range, "0-1/10");
    assert_same_text(parts.at[1].bytes, "01");
    assert_false(site.is_file);
    site_expect_field(&site, "accept-ranges", "bytes");
    site_expect_field(&site, "cache-control", "no-cache");
    assert_non_null(site_field(&site, "etag"));
    assert_non_null(site.exchange.response.body->at);
    site_close(&site);
}

HW_TEST(multipart_leaves_from_an_open_file_piece_by_piece)
{
    test_site site;
    test_parts parts;
    site_open(&site);
    assert_int_equal(ask_range(&site, "/big.bin", "Range: bytes=0-69999, 70001-70001, -9"), 206);
    read_parts(&site, &parts);
    assert_true(site.is_file);
    assert_int_equal(parts.count, 3);
    for (size_t i = 0; i < parts.count; i++)
        for (size_t j = 0; j < parts.at[i].bytes.length; j++) {
            size_t place = (size_t)parts.at[i].first + j;
            assert_int_equal(parts.at[i].bytes.at[j], (char)(place * 7 + (place >> 8)));
        }
    assert_int_equal(parts.at[2].last, SITE_BIG_BYTES - 1);
    site_close(&site);
}

/* Too much to be copied together: the parts come from where they are. */
HW_TEST(multipart_leaves_from_memory_piece_by_piece)
{
    static char content[40001];
    test_site site;
    test_parts parts;
    site_open(&site);
    for (size_t i = 0; i < sizeof content - 1; i++)
        content[i] = (char)('a' + i % 26);
    site_put(&site, "www/medium.txt", content);
    assert_int_equal(ask_range(&site, "/medium.txt", "Range: bytes=0-19999, 20001-"), 206);
    read_parts(&site, &parts);
    assert_null(site.exchange.response.body->at);
    assert_false(site.is_file);
    assert_int_equal(parts.count, 2);
    for (size_t i = 0; i < parts.count; i++)
        assert_memory_equal(parts.at[i].bytes.at, content + parts.at[i].first,
                            parts.at[i].bytes.length);
    site_close(&site);
}

HW_TEST(multipart_has_another_boundary_each_time)
{
    char first[HW_MULTIPART_TYPE_BYTES];
    test_site site;
    site_open(&site);
    assert_int_equal(ask_range(&site, "/ten.txt", "Range: bytes=0-0, 9-9"), 206);
    snprintf(first, sizeof first, "%s", site_field(&site, "content-type"));
    assert_int_equal(ask_range(&site, "/ten.txt", "Range: bytes=0-0, 9-9"), 206);
    assert_string_not_equal(site_field(&site, "content-type"), first);
    site_close(&site);
}

HW_TEST(multipart_without_randomness_is_the_whole)
{
    test_site site;
    site_open(&site);
    hw_seam_fail("random", 1, ENOSYS);
    assert_int_equal(ask_range(&site, "/ten.txt", "Range: bytes=0-0, 9-9"), 200);
    site_expect_body(&site, "0123456789");
    site_close(&site);
}

HW_TEST(multipart_is_never_the_answer_to_head)
{
    test_site site;
    site_open(&site);
    assert_int_equal(
        site_ask(&site, "HEAD", "/ten.txt", "Range: bytes=0-0, 9-9", (const char *)NULL), 200);
    site_expect_field(&site, "content-length", "10");
    site_close(&site);
}

/* What cannot be a value would be a head of its own in the part. */
HW_TEST(multipart_refuses_a_type_that_cannot_be_sent)
{
    test_site site;
    site_open(&site);
    assert_int_equal(ask_range(&site, "/ten.txt", "Range: bytes=0-0, 9-9"), 206);
    hw_response_set_name(&site.exchange.response, HW_TEXT("content-type"), HW_TEXT("a\nb"));
    assert_true(site.exchange.response.is_broken);
    site_close(&site);
}
