/* What is said of a file, with less memory than it takes: all of it or nothing. */
#include "kit/representation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

/* How a representation comes about. */
typedef struct making {
    const char *name; /* of the file, below the site's folder */
    hw_file_rules rules;
    hw_rendering rendering;
    hw_arena arena;
    size_t refused; /* so often there was not enough memory */
} making;

static void open_finding(test_site *site, const char *name, hw_finding *ret_finding)
{
    ret_finding->fd = open(site_path(site, name), O_RDONLY | O_CLOEXEC);
    assert_true(ret_finding->fd >= 0);
    assert_int_equal(fstat(ret_finding->fd, &ret_finding->seen), 0);
}

/* An hour behind whatever was written last: what is said of it is settled. */
static void settle(making *m, const hw_finding *finding)
{
    m->rules.now_ms = ((int64_t)finding->seen.st_ctim.tv_sec + 3600) * 1000;
}

/* With more memory from turn to turn, each piece of it in a block of its own. */
static void make_in_little(test_site *site, making *m, hw_representation *ret_file)
{
    int error = -ENOMEM;
    m->rendering.path = hw_text_of(m->name);
    m->rendering.type = HW_TEXT("text/plain");
    m->refused = 0;
    for (size_t max = 0; error < 0; max += 16) {
        hw_finding finding;
        assert_true(max < 8192);
        open_finding(site, m->name, &finding);
        settle(m, &finding);
        hw_arena_init(&m->arena, 64, max);
        error = hw_representation_make(ret_file, &finding, &m->rules, &m->rendering, &m->arena);
        if (error < 0) {
            assert_int_equal(error, -ENOMEM);
            m->refused++;
            hw_representation_close(ret_file);
            assert_int_equal(fcntl(finding.fd, F_GETFD), -1);
            hw_arena_fini(&m->arena);
        }
    }
}

static void expect_made(making *m, hw_representation *file, const char *tag_begins)
{
    assert_true(m->refused > 5);
    assert_true(hw_text_has_prefix(file->tag, hw_text_of(tag_begins)));
    assert_int_equal(file->last_modified, SITE_DATE);
    const hw_field *tag = hw_fields_find(file->whole.fields, HW_FIELD_ETAG);
    assert_non_null(tag);
    assert_true(hw_text_equal(tag->value, file->tag));
    assert_non_null(hw_fields_find(file->whole.fields, HW_FIELD_LAST_MODIFIED));
    assert_null(hw_fields_find(file->unchanged.fields, HW_FIELD_CONTENT_LENGTH));
    hw_representation_close(file);
    hw_arena_fini(&m->arena);
}

HW_LONG_TEST(representation_is_made_whole_or_not_at_all)
{
    test_site site;
    hw_representation file;
    site_open(&site);
    making m = {.name = "www/ten.txt", .rules = {.content_max = SIZE_MAX}};
    make_in_little(&site, &m, &file);
    assert_true(hw_text_equal(file.content, HW_TEXT("0123456789")));
    expect_made(&m, &file, hw_content_hash_exists() ? "\"" : "W/\"");
    /* From its descriptor, and of its numbers. */
    m.rules.content_max = 0;
    make_in_little(&site, &m, &file);
    assert_true(file.fd >= 0);
    expect_made(&m, &file, "W/\"");
    site_close(&site);
}

/* One that is hashed at once, and one that is too long for that. */
HW_LONG_TEST(representation_is_hashed_or_not_made)
{
    test_site site;
    hw_representation file;
    hw_content_hash hash = {.high = 1, .low = 2};
    hw_finding finding;
    if (!hw_content_hash_exists())
        skip();
    site_open(&site);
    hw_hasher *hasher = site_new_hasher(&site);
    making m = {.name = "www/ten.txt", .rules = {.hasher = hasher}};
    make_in_little(&site, &m, &file);
    expect_made(&m, &file, "\"");
    site_put(&site, "www/long.bin", "");
    assert_int_equal(truncate(site_path(&site, "www/long.bin"), 2 * 1024 * 1024), 0);
    site_date(&site, "www/long.bin", SITE_DATE);
    m.name = "www/long.bin";
    hw_seam_fail_from("thread_start", 1, EAGAIN);
    make_in_little(&site, &m, &file);
    assert_true(file.is_unhashed);
    expect_made(&m, &file, "W/\"");
    open_finding(&site, m.name, &finding);
    hw_identity identity = hw_identity_of(&finding.seen);
    close(finding.fd);
    hw_hasher_keep(hasher, &identity, hash);
    make_in_little(&site, &m, &file);
    assert_false(file.is_unhashed);
    assert_true(file.other_tag.length > 0);
    expect_made(&m, &file, "\"00000000000000010000000000000002\"");
    hw_hasher_release(hasher);
    site_close(&site);
}

HW_LONG_TEST(representation_of_a_file_that_cannot_be_read_is_not_made)
{
    static const char *const calls[] = {"stat", "read_at"};
    test_site site;
    if (!hw_content_hash_exists())
        skip();
    site_open(&site);
    hw_hasher *hasher = site_new_hasher(&site);
    for (size_t i = 0; i < 2; i++) {
        hw_representation file;
        hw_finding finding;
        making m = {.rules = {.hasher = hasher}};
        m.rendering = (hw_rendering){.path = HW_TEXT("ten.txt"), .type = HW_TEXT("text/plain")};
        open_finding(&site, "www/ten.txt", &finding);
        settle(&m, &finding);
        hw_arena_init(&m.arena, 64, 8192);
        hw_seam_fail(calls[i], 1, EIO);
        assert_int_equal(hw_representation_make(&file, &finding, &m.rules, &m.rendering, &m.arena),
                         -EIO);
        hw_representation_close(&file);
        hw_arena_fini(&m.arena);
    }
    hw_hasher_release(hasher);
    site_close(&site);
}

HW_LONG_TEST(representation_of_what_was_pressed_is_made_whole_or_not_at_all)
{
    const hw_representation source = {.fd = -1, .modified = SITE_DATE, .last_modified = SITE_DATE};
    const hw_pressed pressed = {.bytes = HW_TEXT_INIT("bytes"), .own_hash = {.high = 3, .low = 4}};
    making m = {.rendering = {.path = HW_TEXT("a.css"),
                              .type = HW_TEXT("text/css"),
                              .coding = HW_TEXT("br"),
                              .varies = true}};
    hw_representation file;
    int error = -ENOMEM;
    for (size_t max = 0; error < 0; max += 16) {
        assert_true(max < 8192);
        hw_arena_init(&m.arena, 64, max);
        error = hw_representation_make_pressed(&file, &source, &pressed, "-br11", &m.rules,
                                               &m.rendering, &m.arena);
        m.refused += error < 0;
        if (error < 0)
            hw_arena_fini(&m.arena);
    }
    assert_true(hw_text_equal(file.content, HW_TEXT("bytes")));
    const hw_field *coding = hw_fields_find(file.whole.fields, HW_FIELD_CONTENT_ENCODING);
    assert_non_null(coding);
    assert_true(hw_text_equal(coding->value, HW_TEXT("br")));
    expect_made(&m, &file, "\"00000000000000030000000000000004-br11\"");
}
