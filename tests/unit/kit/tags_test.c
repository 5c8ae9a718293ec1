/* Tags of files do not lie: each test is a way in which they could. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

enum { MIDDLE_BYTES = 100000, LARGE_BYTES = 1500000 };

#define ask(...) site_ask(__VA_ARGS__, (const char *)NULL)

static struct stat look_at_file(test_site *site, const char *name)
{
    struct stat seen;
    assert_int_equal(stat(site_path(site, name), &seen), 0);
    return seen;
}

/* Writes over the file, of one byte again and again, and sets its date. Its time of change is another
 * one then, as far as the file system's clock can tell: `ticks` false leaves that to chance. */
static void fill(test_site *site, const char *name, char byte, size_t bytes, bool ticks)
{
    static char content[LARGE_BYTES];
    struct stat before = {0}, after;
    memset(content, byte, bytes);
    (void)stat(site_path(site, name), &before);
    do {
        int fd = open(site_path(site, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, content, bytes), (ssize_t)bytes);
        close(fd);
        site_date(site, name, SITE_DATE);
        after = look_at_file(site, name);
    } while (ticks && after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
             after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

/* It is the moment at which the file was changed. */
static void stand_at_change(test_site *site, const char *name)
{
    struct stat seen = look_at_file(site, name);
    site->now = seen.st_ctim.tv_sec;
    site->now_ms = seen.st_ctim.tv_nsec / 1000000;
}

static void head(test_site *site, const char *target, char tag[static 128])
{
    assert_int_equal(ask(site, "HEAD", target), 200);
    const char *found = site_field(site, "etag");
    snprintf(tag, 128, "%s", found ? found : "");
}

static const char *line(const char *name, const char *value)
{
    static char lines[4][200];
    static unsigned turn;
    char *one = lines[turn++ % 4];
    snprintf(one, sizeof lines[0], "%s: %s", name, value);
    return one;
}

static void open_with_memory(test_site *site)
{
    static const hw_share share = {(size_t)4 * 1024 * 1024, 16};
    if (!hw_content_hash_exists())
        skip();
    site_open(site);
    site_remember(site, &share, 1000);
}

static void expect_new_tag_for_new_bytes(size_t bytes)
{
    test_site site;
    char old[128], new[128], again[128];
    open_with_memory(&site);
    fill(&site, "www/f", 'a', bytes, false);
    head(&site, "/f", old);
    fill(&site, "www/f", 'b', bytes, true);
    head(&site, "/f", new);
    assert_string_not_equal(old, new);
    assert_int_equal(ask(&site, "HEAD", "/f", line("if-none-match", old)), 200);
    fill(&site, "www/f", 'a', bytes, true);
    head(&site, "/f", again);
    assert_string_equal(old, again);
    assert_true(old[0] == '"');
    site_close(&site);
}

HW_TEST(tag_of_a_small_file_is_of_its_bytes_whatever_its_date)
{
    expect_new_tag_for_new_bytes(10);
}

HW_LONG_TEST(tag_of_a_file_that_is_not_kept_in_memory_is_of_its_bytes_too)
{
    expect_new_tag_for_new_bytes(MIDDLE_BYTES);
}

HW_TEST(tag_is_the_same_wherever_the_bytes_are)
{
    test_site site;
    char one[128], other[128];
    open_with_memory(&site);
    fill(&site, "www/f", 'a', MIDDLE_BYTES, false);
    fill(&site, "www/g", 'a', MIDDLE_BYTES, false);
    head(&site, "/f", one);
    head(&site, "/g", other);
    assert_string_equal(one, other);
    site_close(&site);
}

/* A file of up to a megabyte is read for its tag once, and not for every request. */
HW_LONG_TEST(tag_is_remembered_where_files_are_not)
{
    test_site site;
    char first[128], second[128];
    open_with_memory(&site);
    site.skips_quick = true;
    fill(&site, "www/f", 'a', MIDDLE_BYTES, false);
    head(&site, "/f", first);
    hw_content_hash hash;
    struct stat seen = look_at_file(&site, "www/f");
    hw_identity file = hw_identity_of(&seen);
    assert_true(hw_hasher_find(site.hasher, &file, &hash));
    head(&site, "/f", second);
    assert_string_equal(first, second);
    site_close(&site);
}

/* Written within one tick of the file system's clock, before and after the request. */
HW_LONG_TEST(tag_of_what_was_written_just_now_is_not_kept)
{
    test_site site;
    char old[128], new[128];
    open_with_memory(&site);
    fill(&site, "www/f", 'a', MIDDLE_BYTES, false);
    stand_at_change(&site, "www/f");
    head(&site, "/f", old);
    assert_memory_equal(old, "W/\"", 3);
    assert_false(site.was_quick);
    head(&site, "/f", old);
    assert_false(site.was_quick);
    fill(&site, "www/f", 'b', MIDDLE_BYTES, false);
    head(&site, "/f", new);
    assert_string_not_equal(old, new);
    assert_int_equal(ask(&site, "HEAD", "/f", line("if-none-match", old)), 200);
    site.now += 2;
    head(&site, "/f", new);
    assert_true(new[0] == '"');
    head(&site, "/f", new);
    assert_true(site.was_quick);
    site_close(&site);
}

static void wait_for_hash(test_site *site, const hw_identity *file, unsigned before)
{
    while (hw_hasher_count(site->hasher, file) == before)
        sched_yield();
}

/* First of what the file system says, then of the bytes: a client may have either. */
HW_LONG_THREAD_TEST(tag_of_a_large_file_becomes_strong)
{
    test_site site;
    char weak[128], strong[128], after[128];
    open_with_memory(&site);
    fill(&site, "www/f", 'a', LARGE_BYTES, false);
    struct stat seen = look_at_file(&site, "www/f");
    hw_identity file = hw_identity_of(&seen);
    unsigned before = hw_hasher_count(site.hasher, &file);
    hw_seam_clock_freeze(0, (seen.st_ctim.tv_sec + 2) * INT64_C(1000000000));
    head(&site, "/f", weak);
    assert_memory_equal(weak, "W/\"", 3);
    wait_for_hash(&site, &file, before);
    head(&site, "/f", strong);
    assert_true(strong[0] == '"');
    head(&site, "/f", after);
    assert_string_equal(strong, after);
    assert_true(site.was_quick);
    assert_int_equal(ask(&site, "GET", "/f", line("if-none-match", weak)), 304);
    site_expect_field(&site, "etag", strong);
    assert_int_equal(ask(&site, "GET", "/f", line("if-none-match", strong)), 304);
    const char *const part = "range: bytes=0-3";
    assert_int_equal(ask(&site, "GET", "/f", part, line("if-range", strong)), 206);
    /* Weak tags do not make sure of parts: RFC 9110 13.1.5. */
    assert_int_equal(ask(&site, "HEAD", "/f", part, line("if-range", weak)), 200);
    /* New bytes under the same size and date. */
    fill(&site, "www/f", 'b', LARGE_BYTES, true);
    assert_int_equal(ask(&site, "HEAD", "/f", line("if-none-match", weak)), 200);
    assert_int_equal(ask(&site, "HEAD", "/f", line("if-none-match", strong)), 200);
    site_close(&site);
}

/* Who names a strong tag gets an answer to that, and the file is read for it. */
HW_LONG_THREAD_TEST(tag_of_a_large_file_is_waited_for_by_who_names_one)
{
    test_site site;
    char tag[128], other[128];
    open_with_memory(&site);
    fill(&site, "www/f", 'a', LARGE_BYTES, false);
    struct stat seen = look_at_file(&site, "www/f");
    hw_seam_clock_freeze(0, (seen.st_ctim.tv_sec + 2) * INT64_C(1000000000));
    assert_int_equal(ask(&site, "HEAD", "/f", "if-match: \"x\""), 412);
    head(&site, "/f", tag);
    assert_true(tag[0] == '"');
    fill(&site, "www/g", 'a', LARGE_BYTES, false);
    seen = look_at_file(&site, "www/g");
    hw_seam_clock_freeze(0, (seen.st_ctim.tv_sec + 2) * INT64_C(1000000000));
    assert_int_equal(ask(&site, "GET", "/g", "range: bytes=0-3", line("if-range", tag)), 206);
    assert_int_equal(ask(&site, "GET", "/g", line("if-none-match", tag)), 304);
    head(&site, "/g", other);
    assert_string_equal(tag, other);
    site_close(&site);
}

/* Inode, size and times of two versions within one tick are the same. */
HW_LONG_THREAD_TEST(tag_of_a_large_file_that_was_written_just_now_is_none)
{
    test_site site;
    char tag[128];
    open_with_memory(&site);
    fill(&site, "www/f", 'a', LARGE_BYTES, false);
    stand_at_change(&site, "www/f");
    head(&site, "/f", tag);
    assert_string_equal(tag, "");
    head(&site, "/f", tag);
    assert_false(site.was_quick);
    assert_int_equal(ask(&site, "GET", "/f", "if-none-match: *"), 304);
    site_close(&site);
}
