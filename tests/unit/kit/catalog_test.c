/* What is read of a folder, and in which order. */
#include "kit/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

typedef struct shelf {
    test_site site;
    hw_root root;
    hw_budget budget;
    hw_catalog catalog;
} shelf;

static void open_shelf(shelf *s)
{
    *s = (shelf){0};
    site_open(&s->site);
    site_make_folder(&s->site, "www/shelf");
    s->root = (hw_root){.folder = site_open_root(&s->site)};
}

static void close_shelf(shelf *s)
{
    hw_catalog_fini(&s->catalog);
    hw_root_close(&s->root);
    assert_int_equal(hw_budget_used(&s->budget), 0);
    site_close(&s->site);
}

static void put(shelf *s, const char *name, const char *content)
{
    char path[512];
    snprintf(path, sizeof path, "www/shelf/%s", name);
    site_put(&s->site, path, content);
}

static int read_shelf(shelf *s, hw_catalog_key key, bool is_descending)
{
    hw_catalog_fini(&s->catalog);
    s->catalog = (hw_catalog){0};
    int error = hw_catalog_read(&s->root, (hw_path){HW_TEXT("/shelf/")}, &s->budget, &s->catalog);
    if (error == 0)
        error = hw_catalog_sort(&s->catalog, (hw_catalog_order){key, is_descending});
    if (error < 0 && hw_test_is_struck()) {
        close_shelf(s);
        hw_test_out_of_memory();
    }
    return error;
}

/* The names, with a blank behind each. */
static const char *names_of(const hw_catalog *catalog)
{
    static char names[4096];
    hw_buffer out = HW_BUFFER_OVER(names);
    size_t count = 0;
    for (const hw_catalog_item *item = catalog->first; item; item = item->next, count++) {
        assert_int_equal(strlen(item->name), item->length);
        hw_buffer_put_format(&out, "%s%s ", item->name, item->is_folder ? "/" : "");
    }
    assert_int_equal(count, catalog->count);
    return hw_buffer_string(&out);
}

static void expect_names(shelf *s, hw_catalog_key key, bool is_descending, const char *expected)
{
    assert_int_equal(read_shelf(s, key, is_descending), 0);
    assert_string_equal(names_of(&s->catalog), expected);
}

HW_TEST(catalog_puts_folders_first_and_names_in_order)
{
    static const char *const names[] = {"b", "A", "c", "a", "B", "\xc3\xa4", "_"};
    shelf s;
    open_shelf(&s);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(&s, names[i], "");
    site_make_folder(&s.site, "www/shelf/z");
    site_make_folder(&s.site, "www/shelf/y");
    expect_names(&s, HW_CATALOG_NAME, false, "y/ z/ _ A a B b c \xc3\xa4 ");
    expect_names(&s, HW_CATALOG_NAME, true, "z/ y/ \xc3\xa4 c b B a A _ ");
    close_shelf(&s);
}

HW_TEST(catalog_counts_numbers_in_names)
{
    static const char *const names[] = {"a10", "a9",  "a9b", "a09",        "a",
                                        "a0",  "a00", "a-1", "a1000000000"};
    shelf s;
    open_shelf(&s);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(&s, names[i], "");
    expect_names(&s, HW_CATALOG_NAME, false, "a a-1 a0 a00 a09 a9 a9b a10 a1000000000 ");
    close_shelf(&s);
}

/* Of two names the shorter may be the later one's beginning, or differ behind what is compared as a
 * number. */
HW_TEST(catalog_tells_long_names_apart)
{
    static const char *const names[] = {
        "common-name-x-1", "common-name-y-200",         "common-name-y-30", "common-name-y-3",
        "common-name-y",   "common-name-y-3000000000a", "common-name-y-3b", "common-name-Y-3"};
    shelf s;
    open_shelf(&s);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(&s, names[i], "");
    expect_names(&s, HW_CATALOG_NAME, false,
                 "common-name-x-1 common-name-y common-name-Y-3 common-name-y-3 common-name-y-3b "
                 "common-name-y-30 common-name-y-200 common-name-y-3000000000a ");
    close_shelf(&s);
}

HW_TEST(catalog_sorts_by_size_and_by_time)
{
    shelf s;
    open_shelf(&s);
    put(&s, "small", "1");
    put(&s, "large", "1234567");
    put(&s, "also-small", "2");
    site_date(&s.site, "www/shelf/small", -5);
    site_date(&s.site, "www/shelf/large", 5);
    site_make_folder(&s.site, "www/shelf/old");
    site_make_folder(&s.site, "www/shelf/new");
    site_date(&s.site, "www/shelf/old", 1);
    site_date(&s.site, "www/shelf/new", 2);
    expect_names(&s, HW_CATALOG_SIZE, false, "new/ old/ also-small small large ");
    expect_names(&s, HW_CATALOG_SIZE, true, "new/ old/ large also-small small ");
    expect_names(&s, HW_CATALOG_TIME, false, "old/ new/ small large also-small ");
    expect_names(&s, HW_CATALOG_TIME, true, "new/ old/ also-small large small ");
    close_shelf(&s);
}

HW_TEST(catalog_has_only_what_may_be_seen)
{
    shelf s;
    open_shelf(&s);
    put(&s, "seen", "");
    put(&s, ".hidden", "");
    put(&s, ".well-known", "");
    put(&s, "x~", "");
    put(&s, "x.bak", "");
    put(&s, "x.swp", "");
    put(&s, "x.orig", "");
    assert_int_equal(mkfifo(site_path(&s.site, "www/shelf/pipe"), 0600), 0);
    site_link(&s.site, "www/shelf/file-link", "../ten.txt");
    site_link(&s.site, "www/shelf/folder-link", "../dir");
    site_link(&s.site, "www/shelf/out", "../../outside");
    site_link(&s.site, "www/shelf/nowhere", "nothing");
    site_link(&s.site, "www/shelf/pipe-link", "pipe");
    site_link(&s.site, "www/shelf/loop", "loop");
    site_put(&s.site, "outside", "secret");
    expect_names(&s, HW_CATALOG_NAME, false, "folder-link/ file-link seen ");
    assert_int_equal(s.catalog.first->next->size, 10);
    s.root.follows_links = true;
    expect_names(&s, HW_CATALOG_NAME, false, "folder-link/ file-link out seen ");
    s.root.shows_hidden = true;
    expect_names(&s, HW_CATALOG_NAME, false,
                 "folder-link/ .hidden .well-known file-link out seen x.bak x.orig x.swp x~ ");
    close_shelf(&s);
}

HW_TEST(catalog_has_well_known_at_the_top)
{
    shelf s;
    open_shelf(&s);
    site_make_folder(&s.site, "www/.well-known");
    int error = hw_catalog_read(&s.root, (hw_path){HW_TEXT("/")}, &s.budget, &s.catalog);
    if (error < 0 && hw_test_is_struck()) {
        close_shelf(&s);
        hw_test_out_of_memory();
    }
    assert_int_equal(error, 0);
    assert_non_null(strstr(names_of(&s.catalog), ".well-known/ "));
    assert_null(strstr(names_of(&s.catalog), ".hidden"));
    close_shelf(&s);
}

HW_TEST(catalog_asks_for_facts_when_they_are_wanted)
{
    shelf s;
    open_shelf(&s);
    put(&s, "gone", "1");
    put(&s, "here", "22");
    assert_int_equal(read_shelf(&s, HW_CATALOG_NAME, false), 0);
    assert_int_equal(hw_seam_calls("stat_at"), 0);
    assert_int_equal(unlink(site_path(&s.site, "www/shelf/gone")), 0);
    int folder = hw_catalog_open(&s.catalog);
    assert_true(folder >= 0);
    assert_false(hw_catalog_look(&s.catalog, folder, s.catalog.first));
    hw_catalog_item *here = s.catalog.first->next;
    assert_true(hw_catalog_look(&s.catalog, folder, here));
    assert_true(here->is_known);
    assert_int_equal(here->size, 2);
    assert_int_equal(here->modified, SITE_DATE);
    unsigned calls = hw_seam_calls("stat_at");
    assert_true(hw_catalog_look(&s.catalog, folder, here));
    assert_int_equal(hw_seam_calls("stat_at"), calls);
    close(folder);
    close_shelf(&s);
}

HW_TEST(catalog_keeps_names_whose_facts_cannot_be_had)
{
    shelf s;
    open_shelf(&s);
    put(&s, "x", "1");
    assert_int_equal(read_shelf(&s, HW_CATALOG_NAME, false), 0);
    hw_seam_fail("stat_at", 1, EACCES);
    int folder = hw_catalog_open(&s.catalog);
    assert_true(folder >= 0);
    assert_true(hw_catalog_look(&s.catalog, folder, s.catalog.first));
    assert_true(s.catalog.first->is_untold);
    assert_false(s.catalog.first->is_known);
    close(folder);
    close_shelf(&s);
}

HW_TEST(catalog_is_of_one_folder)
{
    shelf s;
    open_shelf(&s);
    put(&s, "x", "1");
    assert_int_equal(read_shelf(&s, HW_CATALOG_NAME, false), 0);
    char other[256];
    snprintf(other, sizeof other, "%s", site_path(&s.site, "www/other"));
    assert_int_equal(rename(site_path(&s.site, "www/shelf"), other), 0);
    assert_int_equal(hw_catalog_open(&s.catalog), -ENOENT);
    site_make_folder(&s.site, "www/shelf");
    assert_int_equal(hw_catalog_open(&s.catalog), -ESTALE);
    close_shelf(&s);
}

HW_TEST(catalog_fails_as_the_folder_does)
{
    shelf s;
    open_shelf(&s);
    assert_int_equal(hw_catalog_read(&s.root, (hw_path){HW_TEXT("/none/")}, NULL, &s.catalog),
                     -ENOENT);
    assert_int_equal(hw_catalog_read(&s.root, (hw_path){HW_TEXT("/ten.txt/")}, NULL, &s.catalog),
                     -ENOTDIR);
    hw_seam_fail("read_folder", 1, EIO);
    assert_int_equal(read_shelf(&s, HW_CATALOG_NAME, false), -EIO);
    s.catalog = (hw_catalog){0};
    hw_seam_fail("open_beneath", 1, EMFILE);
    assert_int_equal(read_shelf(&s, HW_CATALOG_NAME, false), -EMFILE);
    s.catalog = (hw_catalog){0};
    close_shelf(&s);
}

static bool count_names(int root, hw_budget *budget, size_t *ret_count)
{
    const hw_root rule = {.folder = root};
    hw_catalog catalog;
    assert_int_equal(hw_catalog_read(&rule, (hw_path){HW_TEXT("/")}, budget, &catalog), 0);
    assert_int_equal(hw_catalog_sort(&catalog, (hw_catalog_order){HW_CATALOG_NAME, false}), 0);
    bool is_cut = catalog.is_cut;
    *ret_count = catalog.count;
    hw_catalog_fini(&catalog);
    return is_cut;
}

/* In memory, for the sake of the disk: so many names are 16 MiB. */
HW_LONG_TEST(catalog_takes_no_more_bytes_than_are_set_aside)
{
    const size_t each = sizeof(hw_catalog_item) + HW_CATALOG_NAME_BYTES + 1;
    const size_t fitting = HW_CATALOG_BYTES_MAX / each;
    char folder[] = "/dev/shm/hewn-catalog-XXXXXX", name[HW_CATALOG_NAME_BYTES + 1];
    hw_budget budget = {0};
    size_t count;
    if (!mkdtemp(folder))
        skip();
    int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i <= fitting; i++) {
        snprintf(name, sizeof name, "%0*zu", HW_CATALOG_NAME_BYTES, i);
        int fd = openat(root, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
        if (i + 1 < fitting)
            continue;
        assert_int_equal(count_names(root, &budget, &count), i == fitting);
        assert_int_equal(count, fitting);
    }
    for (size_t i = 0; i <= fitting; i++) {
        snprintf(name, sizeof name, "%0*zu", HW_CATALOG_NAME_BYTES, i);
        (void)unlinkat(root, name, 0);
    }
    close(root);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(hw_budget_used(&budget), 0);
}

HW_TEST(catalog_takes_no_more_than_the_budget_has)
{
    shelf s;
    open_shelf(&s);
    put(&s, "x", "1");
    s.budget.max = 1024;
    assert_int_equal(read_shelf(&s, HW_CATALOG_NAME, false), -ENOMEM);
    s.catalog = (hw_catalog){0};
    close_shelf(&s);
}

HW_TEST(catalog_is_opened_again_or_says_why_not)
{
    shelf s;
    open_shelf(&s);
    put(&s, "a", "1");
    assert_int_equal(read_shelf(&s, HW_CATALOG_NAME, false), 0);
    unsigned closed = hw_seam_calls("close");
    hw_seam_fail("stat", 1, EIO);
    assert_int_equal(hw_catalog_open(&s.catalog), -EIO);
    assert_int_equal(hw_seam_calls("close"), closed + 1);
    int folder = hw_catalog_open(&s.catalog);
    assert_true(folder >= 0);
    close(folder);
    s.catalog.device++; /* as if another disk were there now */
    assert_int_equal(hw_catalog_open(&s.catalog), -ESTALE);
    close_shelf(&s);
}
