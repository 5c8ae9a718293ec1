/* What a name led to: what is said of it, and its bytes. */
#include "kit/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "http/date.h"
#include "http/etag.h"
#include "seam/seam.h"
#include "unit/kit/site.h"

/* www/ten.txt, found; the file may be changed through the descriptor that is returned. */
static int find_ten(test_site *site, hw_finding *ret_finding)
{
    int writing = open(site_path(site, "www/ten.txt"), O_RDWR | O_CLOEXEC);
    int reading = open(site_path(site, "www/ten.txt"), O_RDONLY | O_CLOEXEC);
    assert_true(writing >= 0 && reading >= 0);
    ret_finding->fd = reading;
    assert_int_equal(fstat(reading, &ret_finding->seen), 0);
    return writing;
}

static int make_ten(const hw_finding *finding, size_t content_max, hw_entry **ret_entry)
{
    hw_file_rules rules = {.now_ms = SITE_NOW * INT64_C(1000), .content_max = content_max};
    return hw_entry_new_file(HW_TEXT("/ten.txt"), "ten.txt", finding, NULL, &rules, ret_entry);
}

HW_TEST(entry_without_a_file_has_its_path)
{
    char path[] = "/a/b";
    hw_entry *entry;
    HW_NEED_OK(hw_entry_new(HW_ENTRY_ABSENT, hw_text_of(path), &entry));
    path[1] = 'x';
    assert_string_equal(entry->path.at, "/a/b");
    assert_int_equal(entry->kind, HW_ENTRY_ABSENT);
    hw_entry_hold(entry);
    hw_entry_release(entry);
    assert_int_equal(entry->path.length, 4);
    hw_entry_release(entry);
    hw_entry_release(NULL);
}

HW_TEST(entry_of_a_small_file_is_in_memory_and_holds_no_descriptor)
{
    test_site site;
    hw_finding finding;
    hw_entry *entry = NULL;
    site_open(&site);
    close(find_ten(&site, &finding));
    unsigned closed = hw_seam_calls("close");
    int error = make_ten(&finding, SIZE_MAX, &entry);
    assert_int_equal(hw_seam_calls("close") - closed, 1);
    site_stop_if_struck(&site);
    assert_int_equal(error, 0);
    assert_int_equal(entry->file.fd, -1);
    assert_true(hw_text_equal(entry->file.content, HW_TEXT("0123456789")));
    hw_entry_release(entry);
    site_close(&site);
}

HW_TEST(entry_of_a_larger_file_keeps_its_descriptor)
{
    test_site site;
    hw_finding finding;
    hw_entry *entry = NULL;
    site_open(&site);
    close(find_ten(&site, &finding));
    int error = make_ten(&finding, 9, &entry);
    site_stop_if_struck(&site);
    assert_int_equal(error, 0);
    assert_int_equal(entry->file.fd, finding.fd);
    assert_null(entry->file.content.at);
    hw_source *body = hw_entry_body(entry, &entry->file, (hw_range){2, 5}, &site.exchange.arena);
    hw_entry_release(entry);
    hw_piece piece;
    site_stop_if_struck(&site);
    assert_null(body->at);
    assert_int_equal(hw_source_pull(body, 3, &piece), HW_PULL_FILE);
    assert_int_equal(piece.file.offset, 2);
    assert_int_equal(piece.file.length, 5);
    /* Nothing is known of it yet, and there is a place for what will be. */
    assert_int_equal(piece.file.warmth->kind, HW_WARMTH_ASKED);
    assert_int_equal(piece.file.warmth->until_ms, 0);
    assert_int_equal(hw_source_pull(body, 100, &piece), HW_PULL_END);
    unsigned closed = hw_seam_calls("close");
    hw_source_drop(body); /* the last who holds the entry */
    assert_int_equal(hw_seam_calls("close") - closed, 1);
    site_close(&site);
}

static void expect_tag(uint64_t inode, uint64_t size, struct timespec modified,
                       struct timespec changed, const char *expected)
{
    hw_entry *entry;
    hw_etag tag;
    hw_finding finding = {.fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
    finding.seen.st_ino = inode;
    finding.seen.st_size = (off_t)size;
    finding.seen.st_mtim = modified;
    finding.seen.st_ctim = changed;
    HW_NEED_OK(make_ten(&finding, 0, &entry));
    assert_true(hw_etag_parse(entry->file.tag, &tag));
    assert_true(tag.is_weak);
    if (expected)
        assert_true(hw_text_equal(entry->file.tag, hw_text_of(expected)));
    hw_entry_release(entry);
}

HW_TEST(entry_tag_is_weak_and_has_all_four_numbers)
{
    expect_tag(0xabc, 10, (struct timespec){1, 2}, (struct timespec){3, 4},
               "W/\"abc-a-3b9aca02-b2d05e04\"");
    expect_tag(UINT64_MAX, INT64_MAX, (struct timespec){-1, 999999999}, (struct timespec){-1, 0},
               NULL);
}

static int64_t dated(int64_t modified, int64_t now)
{
    hw_entry *entry;
    hw_finding finding = {.fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
    finding.seen.st_size = 1;
    finding.seen.st_mtim.tv_sec = modified;
    hw_file_rules rules = {.now_ms = now * 1000};
    HW_NEED_OK(hw_entry_new_file(HW_TEXT("/x"), "x", &finding, NULL, &rules, &entry));
    int64_t said = entry->file.last_modified;
    assert_int_equal(entry->file.modified, modified);
    hw_entry_release(entry);
    return said;
}

HW_TEST(entry_is_dated_only_where_the_date_means_something)
{
    assert_int_equal(dated(1700000000, 1700000000), 1700000000);
    assert_true(dated(1700000000, 1699999999) == HW_NO_DATE);
    assert_int_equal(dated(347155200, 1700000000), 347155200);
    assert_true(dated(347155199, 1700000000) == HW_NO_DATE);
}

HW_TEST(entry_of_a_file_that_was_cut_short_is_not_made)
{
    test_site site;
    hw_finding finding;
    hw_entry *entry = NULL;
    site_open(&site);
    int writing = find_ten(&site, &finding);
    assert_int_equal(ftruncate(writing, 5), 0);
    int error = make_ten(&finding, SIZE_MAX, &entry);
    close(writing);
    site_stop_if_struck(&site);
    assert_int_equal(error, -ESTALE);
    assert_null(entry);
    site_close(&site);
}

HW_TEST(entry_of_a_file_that_has_grown_has_the_bytes_its_head_promises)
{
    test_site site;
    hw_finding finding;
    hw_entry *entry = NULL;
    site_open(&site);
    int writing = find_ten(&site, &finding);
    assert_int_equal(pwrite(writing, "more", 4, 10), 4);
    int error = make_ten(&finding, SIZE_MAX, &entry);
    close(writing);
    site_stop_if_struck(&site);
    assert_int_equal(error, 0);
    assert_true(hw_text_equal(entry->file.content, HW_TEXT("0123456789")));
    hw_entry_release(entry);
    site_close(&site);
}

HW_TEST(entry_body_needs_memory)
{
    hw_arena none = {0};
    hw_entry *entry;
    HW_NEED_OK(hw_entry_new(HW_ENTRY_ABSENT, HW_TEXT("/x"), &entry));
    assert_null(hw_entry_body(entry, &entry->file, (hw_range){0, 1}, &none));
    assert_int_equal(entry->references, 1);
    hw_entry_release(entry);
}

/* The answers' while the cache has not got it, and again when it has dropped it under them. */
HW_TEST(entry_is_charged_where_it_is_not_in_the_cache)
{
    hw_budget budget = {.max = 100000};
    hw_entry *entry;
    HW_NEED_OK(hw_entry_new(HW_ENTRY_ABSENT, HW_TEXT("/x"), &entry));
    assert_int_equal(hw_entry_charge(entry, &budget), 0);
    size_t bytes = sizeof *entry + entry->memory.held;
    assert_int_equal(budget.used, bytes);
    hw_entry_enter_cache(entry);
    assert_int_equal(budget.used, 0);
    hw_entry_hold(entry);
    hw_entry_leave_cache(entry);
    assert_int_equal(budget.used, bytes);
    hw_entry_release(entry);
    hw_entry_enter_cache(entry);
    hw_entry_leave_cache(entry);
    assert_int_equal(budget.used, 0);
    hw_entry_release(entry);
    assert_int_equal(budget.used, 0);
}

HW_TEST(entry_is_not_answered_with_where_there_is_no_room)
{
    hw_entry *entry;
    HW_NEED_OK(hw_entry_new(HW_ENTRY_ABSENT, HW_TEXT("/x"), &entry));
    size_t bytes = sizeof *entry + entry->memory.held;
    hw_budget budget = {.max = bytes}, small = {.max = bytes - 1};
    assert_int_equal(hw_entry_charge(entry, &budget), 0);
    assert_int_equal(hw_entry_charge(entry, &small), -ENOMEM);
    assert_int_equal(budget.used, 0);
    hw_entry_release(entry);
    assert_int_equal(small.used, 0);
}

/* www/a.css and, beside it, what stands for its gzip coding. */
static void find_css(test_site *site, bool has_sibling, hw_finding *ret_finding,
                     hw_siblings *ret_siblings)
{
    *ret_siblings = (hw_siblings){0};
    ret_finding->fd = open(site_path(site, "www/a.css"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(fstat(ret_finding->fd, &ret_finding->seen), 0);
    if (!has_sibling)
        return;
    hw_finding *sibling = &ret_siblings->found[HW_CODING_GZIP];
    sibling->fd = open(site_path(site, "www/ten.txt"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(fstat(sibling->fd, &sibling->seen), 0);
    ret_siblings->codings = HW_CODING_BIT(HW_CODING_GZIP);
}

static void make_css(test_site *site, hw_press *press, size_t name_length, bool has_sibling)
{
    char name[2048];
    hw_finding finding;
    hw_siblings siblings;
    hw_entry *entry = NULL;
    memset(name, 'a', name_length);
    memcpy(name + name_length, ".css", 5);
    find_css(site, has_sibling, &finding, &siblings);
    hw_file_rules rules = {.now_ms = SITE_NOW * INT64_C(1000), .press = press};
    int error = hw_entry_new_file(HW_TEXT("/a.css"), name, &finding, &siblings, &rules, &entry);
    if (error < 0)
        assert_int_equal(fcntl(finding.fd, F_GETFD), -1);
    if (hw_test_is_struck()) {
        hw_entry_release(entry);
        hw_press_release(press);
    }
    site_stop_if_struck(site);
    assert_int_equal(error, 0);
    assert_string_equal(entry->name, name);
    assert_true(
        hw_text_equal(entry->file.whole.fields.at[0].value, HW_TEXT("text/css; charset=utf-8")));
    assert_int_equal(hw_entry_representation(entry, HW_CODING_GZIP) != NULL, has_sibling);
    hw_entry_release(entry);
}

/* Whichever piece of it is the first that its block has no room for. */
HW_TEST(entry_of_a_long_name_is_made_whole_or_not_at_all)
{
    char content[1000];
    hw_press *press = NULL;
    test_site site;
    site_open(&site);
    memset(content, ' ', sizeof content - 1);
    content[sizeof content - 1] = '\0';
    site_put(&site, "www/a.css", content);
    int error = hw_press_new(&press);
    site_stop_if_struck(&site);
    assert_int_equal(error, 0);
    for (size_t length = 16; length < 1300; length += 32)
        for (int siblings = 0; siblings < 2; siblings++)
            make_css(&site, press, length, siblings);
    hw_press_release(press);
    site_close(&site);
}
