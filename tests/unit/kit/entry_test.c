/* A file that was found: what is said of it, and its bytes. */
#include "kit/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "http/date.h"
#include "http/etag.h"
#include "seam/seam.h"
#include "unit/kit/site.h"

/* An entry of www/ten.txt, whose file may be changed through the descriptor that is returned. */
static int open_ten(test_site *site, hw_entry *entry)
{
    int writing = open(site_path(site, "www/ten.txt"), O_RDWR | O_CLOEXEC);
    int reading = open(site_path(site, "www/ten.txt"), O_RDONLY | O_CLOEXEC);
    assert_true(writing >= 0 && reading >= 0);
    assert_int_equal(hw_entry_open(entry, reading), 0);
    return writing;
}

HW_TEST(entry_opens_regular_files_alone)
{
    hw_entry entry;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(hw_entry_open(&entry, pipes[0]), -ENOENT);
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(hw_entry_open(&entry, folder), -EISDIR);
    int device = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(hw_entry_open(&entry, device), -ENOENT);
    assert_int_equal(hw_entry_open(&entry, -1), -EBADF);
    close(pipes[0]);
    close(pipes[1]);
    close(folder);
    close(device);
}

HW_TEST(entry_closes_once)
{
    hw_entry entry = {.fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
    hw_entry_close(&entry);
    hw_entry_close(&entry);
    assert_int_equal(hw_seam_calls("close"), 1);
    assert_int_equal(entry.fd, -1);
}

HW_TEST(entry_tag_is_weak_and_has_all_four_numbers)
{
    hw_arena arena;
    hw_etag tag;
    hw_arena_init(&arena, 4096, 8192);
    hw_entry entry = {.inode = 0xabc, .size = 10, .modified = {1, 2}, .changed = {3, 4}};
    hw_text text = hw_entry_tag(&entry, &arena);
    HW_NEED(text.at);
    assert_true(hw_text_equal(text, HW_TEXT("W/\"abc-a-3b9aca02-b2d05e04\"")));
    assert_true(hw_etag_parse(text, &tag));
    assert_true(tag.is_weak);
    entry = (hw_entry){
        .inode = UINT64_MAX, .size = UINT64_MAX, .modified = {-1, 999999999}, .changed = {-1, 0}};
    text = hw_entry_tag(&entry, &arena);
    assert_true(hw_etag_parse(text, &tag));
    hw_arena_fini(&arena);
}

HW_TEST(entry_tag_needs_memory)
{
    hw_arena none = {0};
    assert_int_equal(hw_entry_tag(&(hw_entry){0}, &none).length, 0);
}

HW_TEST(entry_is_dated_only_where_the_date_means_something)
{
    hw_entry entry = {.modified = {.tv_sec = 1700000000, .tv_nsec = 999999999}};
    assert_int_equal(hw_entry_last_modified(&entry, 1700000000), 1700000000);
    assert_true(hw_entry_last_modified(&entry, 1699999999) == HW_NO_DATE);
    entry.modified.tv_sec = 347155200;
    assert_int_equal(hw_entry_last_modified(&entry, 1700000000), 347155200);
    entry.modified.tv_sec = 347155199;
    assert_true(hw_entry_last_modified(&entry, 1700000000) == HW_NO_DATE);
}

HW_TEST(entry_that_was_cut_short_gives_no_body)
{
    test_site site;
    hw_entry entry;
    hw_source *body = NULL;
    site_open(&site);
    int writing = open_ten(&site, &entry);
    assert_int_equal(ftruncate(writing, 5), 0);
    int error = hw_entry_body(&entry, (hw_range){0, entry.size}, &site.exchange.arena, &body);
    site_stop_if_struck(&site);
    assert_int_equal(error, -ESTALE);
    assert_null(body);
    assert_int_equal(ftruncate(writing, 0), 0);
    error = hw_entry_body(&entry, (hw_range){3, 1}, &site.exchange.arena, &body);
    assert_int_equal(error, -ESTALE);
    close(writing);
    hw_entry_close(&entry);
    site_close(&site);
}

HW_TEST(entry_that_has_grown_gives_the_bytes_its_head_promised)
{
    test_site site;
    hw_entry entry;
    hw_source *body = NULL;
    hw_piece piece;
    site_open(&site);
    int writing = open_ten(&site, &entry);
    assert_int_equal(pwrite(writing, "more", 4, 10), 4);
    int error = hw_entry_body(&entry, (hw_range){0, entry.size}, &site.exchange.arena, &body);
    site_stop_if_struck(&site);
    assert_int_equal(error, 0);
    assert_int_equal(body->length, 10);
    assert_int_equal(hw_source_pull(body, 100, &piece), HW_PULL_BYTES);
    assert_true(hw_text_equal(piece.bytes, HW_TEXT("0123456789")));
    assert_int_equal(hw_source_pull(body, 100, &piece), HW_PULL_END);
    hw_source_drop(body);
    close(writing);
    hw_entry_close(&entry);
    site_close(&site);
}

HW_TEST(entry_body_needs_memory_and_keeps_its_descriptor_without)
{
    test_site site;
    hw_entry entry;
    hw_source *body = NULL;
    hw_arena none = {0};
    site_open(&site);
    int writing = open_ten(&site, &entry);
    assert_int_equal(hw_entry_body(&entry, (hw_range){0, 10}, &none, &body), -ENOMEM);
    assert_int_equal(hw_entry_body_unread(&entry, (hw_range){0, 10}, &none, &body), -ENOMEM);
    assert_true(entry.fd >= 0);
    assert_null(body);
    close(writing);
    hw_entry_close(&entry);
    site_close(&site);
}
