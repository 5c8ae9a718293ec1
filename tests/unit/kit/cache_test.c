/* What a loop remembers: that it is used, that it has bounds, and that it is never stale. */
#include "kit/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

static hw_cache *cache_of(test_site *site)
{
    return site->cache;
}

static size_t count_cached(test_site *site)
{
    size_t count = 0;
    for (size_t i = 0; i < HW_QUEUE_COUNT; i++)
        count += cache_of(site)->queues[i].count;
    return count;
}

/* Asks, and says whether the answer came from the cache. */
static void expect_get(test_site *site, const char *target, bool is_cached, const char *body)
{
    int status = site_get(site, target);
    if (site->was_quick != is_cached)
        fail_msg("%s: %s", target, is_cached ? "not cached" : "cached");
    if (body) {
        assert_int_equal(status, 200);
        site_expect_body(site, body);
    } else {
        assert_int_equal(status, 404);
        site_expect_body(site, "Not Found\n");
    }
}

/* The first time it is looked up, from then on it is known. */
static void learn(test_site *site, const char *target, const char *body)
{
    expect_get(site, target, false, body);
    expect_get(site, target, true, body);
}

/* The next request sees what has changed. */
static void expect_change(test_site *site, const char *target, const char *body)
{
    learn(site, target, body);
}

/* Changes in place, as an editor or a script would. */
static void write_over(test_site *site, const char *name, const char *content)
{
    int fd = open(site_path(site, name), O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
    site_date(site, name, SITE_DATE + 1);
}

static void rename_in(test_site *site, const char *from, const char *to)
{
    char old[256];
    snprintf(old, sizeof old, "%s", site_path(site, from));
    assert_int_equal(rename(old, site_path(site, to)), 0);
}

static void hard_link(test_site *site, const char *name, const char *other)
{
    char old[256];
    snprintf(old, sizeof old, "%s", site_path(site, name));
    assert_int_equal(link(old, site_path(site, other)), 0);
}

HW_TEST(cache_answers_what_it_knows_without_a_call)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/hello.txt", "hello, world\n");
    learn(&site, "/dir/", "<p>dir</p>\n");
    learn(&site, "/absent", NULL);
    assert_int_equal(site_get(&site, "/dir"), 308);
    assert_int_equal(site_get(&site, "/dir"), 308);
    assert_true(site.was_quick);
    unsigned calls = hw_seam_calls("open_beneath") + hw_seam_calls("stat");
    site_get(&site, "/hello.txt");
    site_ask(&site, "HEAD", "/hello.txt", (const char *)NULL);
    site_ask(&site, "GET", "/hello.txt", "if-none-match: *", (const char *)NULL);
    site_ask(&site, "GET", "/hello.txt", "range: bytes=1-2", (const char *)NULL);
    site_get(&site, "/absent");
    assert_int_equal(hw_seam_calls("open_beneath") + hw_seam_calls("stat"), calls);
    site_close(&site);
}

HW_TEST(cache_sees_a_file_that_is_written_over)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/ten.txt", "0123456789");
    write_over(&site, "www/ten.txt", "changed");
    expect_change(&site, "/ten.txt", "changed");
    /* The same size, and the time set back. */
    write_over(&site, "www/ten.txt", "CHANGED");
    site_date(&site, "www/ten.txt", SITE_DATE);
    expect_change(&site, "/ten.txt", "CHANGED");
    assert_int_equal(truncate(site_path(&site, "www/ten.txt"), 2), 0);
    site_date(&site, "www/ten.txt", SITE_DATE);
    expect_change(&site, "/ten.txt", "CH");
    site_close(&site);
}

HW_TEST(cache_sees_a_file_that_is_replaced)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/ten.txt", "0123456789");
    site_put(&site, "outside", "replaced");
    rename_in(&site, "outside", "www/ten.txt");
    expect_change(&site, "/ten.txt", "replaced");
    learn(&site, "/hello.txt", "hello, world\n");
    rename_in(&site, "www/hello.txt", "www/ten.txt");
    expect_change(&site, "/ten.txt", "hello, world\n");
    expect_change(&site, "/hello.txt", NULL);
    site_close(&site);
}

HW_TEST(cache_sees_a_file_that_is_removed_and_one_that_is_made)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/ten.txt", "0123456789");
    assert_int_equal(unlink(site_path(&site, "www/ten.txt")), 0);
    expect_change(&site, "/ten.txt", NULL);
    site_put(&site, "www/ten.txt", "again");
    expect_change(&site, "/ten.txt", "again");
    learn(&site, "/a/b/c", NULL);
    site_make_folder(&site, "www/a");
    expect_change(&site, "/a/b/c", NULL);
    site_make_folder(&site, "www/a/b");
    expect_change(&site, "/a/b/c", NULL);
    site_put(&site, "www/a/b/c", "there");
    expect_change(&site, "/a/b/c", "there");
    site_close(&site);
}

HW_TEST(cache_sees_a_write_through_another_link)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    hard_link(&site, "www/ten.txt", "elsewhere");
    learn(&site, "/ten.txt", "0123456789");
    write_over(&site, "elsewhere", "through a link");
    expect_change(&site, "/ten.txt", "through a link");
    /* The link is made when the file is known already. */
    learn(&site, "/hello.txt", "hello, world\n");
    hard_link(&site, "www/hello.txt", "later");
    write_over(&site, "later", "through another");
    expect_change(&site, "/hello.txt", "through another");
    site_close(&site);
}

HW_TEST(cache_sees_folders_that_are_renamed)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    site_make_folder(&site, "www/one");
    site_make_folder(&site, "www/one/two");
    site_put(&site, "www/one/two/x.txt", "x");
    learn(&site, "/one/two/x.txt", "x");
    learn(&site, "/three/two/x.txt", NULL);
    rename_in(&site, "www/one", "www/three");
    expect_change(&site, "/one/two/x.txt", NULL);
    expect_change(&site, "/three/two/x.txt", "x");
    rename_in(&site, "www/three/two", "two");
    expect_change(&site, "/three/two/x.txt", NULL);
    rename_in(&site, "two", "www/three/two");
    expect_change(&site, "/three/two/x.txt", "x");
    assert_int_equal(unlink(site_path(&site, "www/three/two/x.txt")), 0);
    assert_int_equal(rmdir(site_path(&site, "www/three/two")), 0);
    expect_change(&site, "/three/two/x.txt", NULL);
    site_close(&site);
}

HW_TEST(cache_sees_another_index)
{
    static const char *const names[] = {"first.html", "index.html", NULL};
    test_site site;
    site_open(&site);
    site_serve(&site, &(hw_static_setup){.index = names});
    site_remember(&site, NULL, 1000);
    learn(&site, "/", "<p>index</p>\n");
    write_over(&site, "www/index.html", "new");
    expect_change(&site, "/", "new");
    site_put(&site, "www/first.html", "first");
    expect_change(&site, "/", "first");
    assert_int_equal(unlink(site_path(&site, "www/first.html")), 0);
    expect_change(&site, "/", "new");
    learn(&site, "/noindex/", NULL);
    site_put(&site, "www/noindex/index.html", "now");
    expect_change(&site, "/noindex/", "now");
    site_close(&site);
}

HW_TEST(cache_keeps_what_a_change_does_not_concern)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/", "<p>index</p>\n");
    learn(&site, "/dir/index.html", "<p>dir</p>\n");
    learn(&site, "/hello.txt", "hello, world\n");
    write_over(&site, "www/ten.txt", "changed");
    expect_get(&site, "/", true, "<p>index</p>\n");
    site_put(&site, "www/new.txt", "new");
    expect_get(&site, "/dir/index.html", true, "<p>dir</p>\n");
    expect_get(&site, "/hello.txt", true, "hello, world\n");
    site_close(&site);
}

HW_TEST(cache_sees_rights_that_are_taken_away)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/dir/index.html", "<p>dir</p>\n");
    assert_int_equal(chmod(site_path(&site, "www/dir"), 0), 0);
    site_get(&site, "/dir/index.html");
    assert_false(site.was_quick);
    assert_int_equal(chmod(site_path(&site, "www/dir"), 0755), 0);
    learn(&site, "/hello.txt", "hello, world\n");
    assert_int_equal(chmod(site_path(&site, "www/hello.txt"), 0), 0);
    site_get(&site, "/hello.txt");
    assert_false(site.was_quick);
    site_close(&site);
}

HW_TEST(cache_sees_what_changes_behind_a_symbolic_link)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    site_link(&site, "www/link.txt", "ten.txt");
    learn(&site, "/link.txt", "0123456789");
    write_over(&site, "www/ten.txt", "behind");
    expect_change(&site, "/link.txt", "behind");
    site_put(&site, "outside", "another");
    rename_in(&site, "outside", "www/ten.txt");
    expect_change(&site, "/link.txt", "another");
    assert_int_equal(unlink(site_path(&site, "www/link.txt")), 0);
    site_link(&site, "www/link.txt", "hello.txt");
    expect_change(&site, "/link.txt", "hello, world\n");
    /* What nobody can tell is noticed when it is old. */
    site_make_folder(&site, "www/far");
    site_put(&site, "www/far/x", "far");
    site_link(&site, "www/near", "far");
    learn(&site, "/near/x", "far");
    rename_in(&site, "www/far", "www/farther");
    site.now++;
    expect_get(&site, "/near/x", false, NULL);
    site_close(&site);
}

HW_TEST(cache_sees_names_that_turn_round_in_links)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    site_link(&site, "www/dir/self", ".");
    learn(&site, "/dir/self/self/index.html", "<p>dir</p>\n");
    learn(&site, "/dir/self/index.html", "<p>dir</p>\n");
    learn(&site, "/dir/index.html", "<p>dir</p>\n");
    write_over(&site, "www/dir/index.html", "all");
    expect_change(&site, "/dir/self/self/index.html", "all");
    expect_change(&site, "/dir/self/index.html", "all");
    expect_change(&site, "/dir/index.html", "all");
    assert_int_equal(unlink(site_path(&site, "www/dir/self")), 0);
    expect_get(&site, "/dir/self/self/index.html", false, NULL);
    expect_get(&site, "/dir/self/index.html", false, NULL);
    rename_in(&site, "www/dir", "www/rid");
    expect_get(&site, "/dir/index.html", false, NULL);
    site_close(&site);
}

HW_LONG_TEST(cache_is_emptied_when_notices_are_lost)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/hello.txt", "hello, world\n");
    learn(&site, "/absent", NULL);
    char value[16] = "16384";
    int fd = open("/proc/sys/fs/inotify/max_queued_events", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, value, sizeof value - 1) > 0)
        close(fd);
    long limit = strtol(value, NULL, 10);
    /* Two names in turn: equal events one after the other are told once. */
    for (long i = 0; i <= limit; i++)
        assert_int_equal(chmod(site_path(&site, i % 2 ? "www/ten.txt" : "www/big.bin"), 0644), 0);
    hw_notice_read(cache_of(&site));
    assert_int_equal(count_cached(&site), 0);
    assert_int_equal(cache_of(&site)->bytes, 0);
    assert_int_equal(cache_of(&site)->points.count, 0);
    learn(&site, "/hello.txt", "hello, world\n");
    site_close(&site);
}

HW_TEST(cache_is_emptied_when_notices_cannot_be_read)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/hello.txt", "hello, world\n");
    hw_seam_fail("read", 1, EIO);
    expect_get(&site, "/hello.txt", false, "hello, world\n");
    site_close(&site);
}

HW_TEST(cache_looks_again_when_nothing_is_told)
{
    test_site site;
    site_open(&site);
    hw_seam_fail("notice_new", 1, EMFILE);
    site_remember(&site, NULL, 1500);
    site.now = SITE_NOW;
    learn(&site, "/ten.txt", "0123456789");
    learn(&site, "/absent", NULL);
    write_over(&site, "www/ten.txt", "changed");
    site.now += 1;
    expect_get(&site, "/ten.txt", true, "0123456789");
    site.now += 1;
    expect_get(&site, "/ten.txt", false, "changed");
    expect_get(&site, "/ten.txt", true, "changed");
    site.now -= 1; /* a clock that was set back */
    expect_get(&site, "/ten.txt", false, "changed");
    site_close(&site);
}

HW_TEST(cache_believes_a_watched_file_not_before_its_date)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    site.now = SITE_NOW;
    site_put(&site, "www/dated", "dated");
    site_date(&site, "www/dated", SITE_NOW - 5);
    learn(&site, "/dated", "dated");
    learn(&site, "/absent", NULL);
    site.now = SITE_NOW - 5; /* a clock that was set back, but not so far */
    expect_get(&site, "/dated", true, "dated");
    site.now = SITE_NOW - 6;
    expect_get(&site, "/dated", false, "dated");
    assert_null(site_field(&site, "last-modified"));
    expect_get(&site, "/absent", true, NULL);
    site_close(&site);
}

HW_TEST(cache_looks_every_time_with_fresh_ms_0)
{
    test_site site;
    site_open(&site);
    hw_seam_fail("notice_new", 1, EMFILE);
    site_remember(&site, NULL, 0);
    expect_get(&site, "/ten.txt", false, "0123456789");
    expect_get(&site, "/ten.txt", false, "0123456789");
    site_close(&site);
}

HW_TEST(cache_looks_again_where_a_folder_cannot_be_watched)
{
    static const int errors[] = {EACCES, ENOSPC, EREMOTE, ENOMEM};
    test_site site;
    site_open(&site);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        site_remember(&site, NULL, 1000);
        hw_seam_fail("notice_add", 1, errors[i]);
        learn(&site, "/dir/index.html", "<p>dir</p>\n");
        site.now++;
        expect_get(&site, "/dir/index.html", false, "<p>dir</p>\n");
        site.now++;
        expect_get(&site, "/dir/index.html", true, "<p>dir</p>\n"); /* watched by now */
        site_forget(&site);
    }
    site_close(&site);
}

HW_TEST(cache_keeps_nothing_that_changed_while_it_was_looked_up)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    hw_cache *cache = cache_of(&site);
    learn(&site, "/hello.txt", "hello, world\n");
    hw_vigil vigil;
    hw_entry *entry;
    hw_cache_begin(cache, 0, HW_TEXT("/ten.txt"), INT64_C(1000) * SITE_NOW, 1000, &vigil);
    assert_int_equal(vigil.known, 1);
    write_over(&site, "www/hello.txt", "changed");
    hw_notice_read(cache); /* another request came first */
    int error = hw_entry_new(HW_ENTRY_ABSENT, HW_TEXT("/ten.txt"), &entry);
    site_stop_if_struck(&site);
    assert_int_equal(error, 0);
    vigil.entry = entry;
    hw_cache_end(cache, &vigil);
    assert_null(hw_cache_find(&cache->sites[0], HW_TEXT("/ten.txt"), INT64_C(1000) * SITE_NOW));
    learn(&site, "/ten.txt", "0123456789");
    site_close(&site);
}

HW_TEST(cache_watches_nothing_in_vain)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    hw_cache *cache = cache_of(&site);
    learn(&site, "/dir/index.html", "<p>dir</p>\n");
    assert_int_equal(cache->points.count, 3); /* the root, dir, the file */
    learn(&site, "/hello.txt", "hello, world\n");
    assert_int_equal(cache->points.count, 4);
    hw_cache_drop(cache, hw_cache_find(&cache->sites[0], HW_TEXT("/dir/index.html"),
                                       INT64_C(1000) * SITE_NOW));
    assert_int_equal(cache->points.count, 2);
    hw_cache_clear(cache);
    assert_int_equal(cache->points.count, 0);
    assert_int_equal(cache->sites[0].folders.count, 0);
    assert_int_equal(hw_seam_calls("notice_add"), hw_seam_calls("notice_remove"));
    site_close(&site);
}

HW_LONG_TEST(cache_has_a_bound_of_bytes)
{
    static const hw_share share = {(size_t)20 * 1024, 4};
    test_site site;
    char name[64], target[64];
    site_open(&site);
    site_remember(&site, &share, 1000);
    hw_cache *cache = cache_of(&site);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "www/f%d", i);
        snprintf(target, sizeof target, "/f%d", i);
        site_put(&site, name, target);
        expect_get(&site, target, false, target);
        expect_get(&site, "/f0", true, "/f0"); /* asked for all the time: it stays */
        assert_in_range(cache->bytes, 1, share.bytes_max);
    }
    assert_in_range(count_cached(&site), 4, 16);
    assert_int_equal(cache->sites[0].names.count, count_cached(&site));
    site_close(&site);
}

static void make_large(test_site *site, const char *name)
{
    assert_int_equal(truncate(site_path(site, name), HW_REPRESENTATION_CONTENT_MAX + 1), 0);
    site_date(site, name, SITE_DATE);
}

HW_TEST(cache_has_a_bound_of_descriptors)
{
    static const hw_share share = {(size_t)1024 * 1024, 2};
    test_site site;
    char name[64], target[64];
    site_open(&site);
    site_remember(&site, &share, 1000);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "www/f%d", i);
        snprintf(target, sizeof target, "/f%d", i);
        site_put(&site, name, "");
        make_large(&site, name);
        site_ask(&site, "HEAD", target, (const char *)NULL);
        assert_in_range(cache_of(&site)->queues[HW_QUEUE_DESCRIPTORS].count, 1, 2);
    }
    learn(&site, "/hello.txt", "hello, world\n");
    assert_int_equal(site_ask(&site, "HEAD", "/f9", (const char *)NULL), 200);
    assert_true(site.was_quick);
    site_close(&site);
}

HW_TEST(cache_without_descriptors_to_hold_keeps_no_large_file)
{
    static const hw_share share = {(size_t)1024 * 1024, 0};
    test_site site;
    site_open(&site);
    site_remember(&site, &share, 1000);
    make_large(&site, "www/big.bin");
    site_ask(&site, "HEAD", "/big.bin", (const char *)NULL);
    site_ask(&site, "HEAD", "/big.bin", (const char *)NULL);
    assert_false(site.was_quick);
    learn(&site, "/hello.txt", "hello, world\n");
    site_close(&site);
}

HW_LONG_TEST(cache_lets_invented_names_drive_nothing_out)
{
    static const hw_share share = {(size_t)64 * 1024, 4};
    test_site site;
    char target[64];
    site_open(&site);
    site_remember(&site, &share, 1000);
    cache_of(&site)->queues[HW_QUEUE_ABSENT].count_max = 8;
    learn(&site, "/hello.txt", "hello, world\n");
    for (int i = 0; i < 100; i++) {
        snprintf(target, sizeof target, "/invented/%d", i);
        learn(&site, target, NULL);
        assert_in_range(cache_of(&site)->queues[HW_QUEUE_ABSENT].count, 1, 8);
    }
    expect_get(&site, "/hello.txt", true, "hello, world\n");
    site_close(&site);
}

HW_TEST(cache_sends_on_from_what_it_has_forgotten)
{
    test_site site;
    hw_piece piece;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/hello.txt", "hello, world\n");
    hw_entry *entry =
        hw_cache_find(&cache_of(&site)->sites[0], HW_TEXT("/hello.txt"), INT64_C(1000) * SITE_NOW);
    hw_source *body = hw_entry_body(entry, &entry->file, (hw_range){7, 5}, &site.exchange.arena);
    site_stop_if_struck(&site);
    hw_cache_clear(cache_of(&site));
    assert_int_equal(hw_source_pull(body, 100, &piece), HW_PULL_BYTES);
    assert_true(hw_text_equal(piece.bytes, HW_TEXT("world")));
    assert_ptr_equal(body->at, piece.bytes.at); /* it need not be pulled */
    hw_source_drop(body);
    site_close(&site);
}

HW_TEST(cache_takes_long_and_deep_names)
{
    test_site site;
    char target[6000] = "";
    site_open(&site);
    site_remember(&site, NULL, 1000);
    for (size_t i = 0; i < 5000; i += 2)
        memcpy(target + i, "/d", 2);
    expect_get(&site, target, false, NULL);
    memset(target + 1, 'n', 4999);
    expect_get(&site, target, false, NULL);
    /* Deeper than is watched: looked up every time. */
    char memory[256];
    hw_buffer name = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&name, "www");
    for (int i = 0; i < HW_VIGIL_DEPTH_MAX + 2; i++) {
        hw_buffer_put_string(&name, "/e");
        site_make_folder(&site, hw_buffer_string(&name));
    }
    hw_buffer_put_string(&name, "/x");
    site_put(&site, hw_buffer_string(&name), "deep");
    learn(&site, memory + 3, "deep");
    site.now++;
    expect_get(&site, memory + 3, false, "deep");
    site_close(&site);
}

/* Looks a file up under a vigil, as an answer does, with something happening in between. */
static void look_up_under_vigil(test_site *site, const char *path, hw_vigil *vigil,
                                void (*meanwhile)(test_site *site))
{
    hw_root root;
    hw_finding finding;
    hw_entry *entry;
    int folder = site_open_root(site);
    hw_cache_begin(cache_of(site), 0, hw_text_of(path), INT64_C(1000) * SITE_NOW, 1000, vigil);
    HW_NEED_OK(hw_root_open(&root, &(hw_root){.folder = folder}));
    close(folder);
    hw_vigil_watch_folders(vigil, &root);
    meanwhile(site);
    assert_int_equal(hw_root_find(&root, path + 1, vigil, &finding), 0);
    hw_file_rules rules = {.now_ms = INT64_C(1000) * SITE_NOW, .content_max = SIZE_MAX};
    int error = hw_entry_new_file(hw_text_of(path), path + 1, &finding, NULL, &rules, &entry);
    hw_root_close(&root);
    site_stop_if_struck(site);
    assert_int_equal(error, 0);
    vigil->entry = entry;
    hw_cache_end(cache_of(site), vigil);
}

static void deploy(test_site *site)
{
    rename_in(site, "ready", "www/dep");
}

HW_TEST(cache_keeps_nothing_from_a_folder_that_came_too_late_to_be_watched)
{
    test_site site;
    hw_vigil vigil;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    site_make_folder(&site, "ready");
    site_put(&site, "ready/x", "1");
    look_up_under_vigil(&site, "/dep/x", &vigil, deploy);
    assert_int_equal(count_cached(&site), 0);
    learn(&site, "/dep/x", "1");
    rename_in(&site, "www/dep", "old");
    expect_change(&site, "/dep/x", NULL);
    site_close(&site);
}

HW_TEST(cache_believes_nothing_where_the_root_cannot_be_named)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    for (unsigned nth = 1; nth <= 3; nth++)
        hw_seam_fail("notice_add", nth, ENOENT); /* as without /proc */
    learn(&site, "/absent", NULL);
    site_put(&site, "www/absent", "there");
    site.now++;
    expect_get(&site, "/absent", false, "there");
    site_close(&site);
}

HW_LONG_TEST(cache_gives_long_invented_names_no_room)
{
    static const hw_share share = {(size_t)64 * 1024, 4};
    test_site site;
    char target[1000];
    site_open(&site);
    site_remember(&site, &share, 1000);
    learn(&site, "/hello.txt", "hello, world\n");
    memset(target, 'n', sizeof target);
    target[0] = '/';
    target[sizeof target - 1] = '\0';
    expect_get(&site, target, false, NULL);
    expect_get(&site, target, false, NULL);
    assert_int_equal(count_cached(&site), 2); /* and that there is no 404.html */
    for (int i = 0; i < 200; i++) {
        snprintf(target, sizeof target, "/%0200d", i);
        expect_get(&site, target, false, NULL);
    }
    expect_get(&site, "/hello.txt", true, "hello, world\n");
    assert_in_range(cache_of(&site)->bytes, 1, share.bytes_max);
    site_close(&site);
}

HW_TEST(cache_of_no_size_begins_no_vigil)
{
    static const hw_share share = {0, 4};
    test_site site;
    site_open(&site);
    site_remember(&site, &share, 1000);
    expect_get(&site, "/hello.txt", false, "hello, world\n");
    expect_get(&site, "/hello.txt", false, "hello, world\n");
    assert_int_equal(hw_seam_calls("notice_add"), 0);
    site_close(&site);
}

HW_TEST(cache_watches_no_index_in_vain)
{
    static const char *const names[] = {"sub", "index.html", NULL};
    test_site site;
    site_open(&site);
    site_make_folder(&site, "www/dir/sub");
    site_serve(&site, &(hw_static_setup){.index = names});
    site_remember(&site, NULL, 1000);
    learn(&site, "/dir/", "<p>dir</p>\n");
    hw_cache_clear(cache_of(&site));
    assert_int_equal(hw_seam_calls("notice_add"), hw_seam_calls("notice_remove"));
    site_close(&site);
}

HW_LONG_TEST(cache_gives_up_on_a_flood_of_notices)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    learn(&site, "/hello.txt", "hello, world\n");
    /* Sixteen reads of 16 KiB, and an event takes at least 32 bytes. */
    for (int i = 0; i < 12000; i++)
        assert_int_equal(chmod(site_path(&site, i % 2 ? "www/ten.txt" : "www/big.bin"), 0644), 0);
    hw_notice_read(cache_of(&site));
    assert_int_equal(count_cached(&site), 0);
    learn(&site, "/hello.txt", "hello, world\n");
    site_close(&site);
}
