/* The folder: what may be seen of it, and that nothing outside it is ever opened. */
#include "kit/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "kit/vigil.h"
#include "seam/seam.h"
#include "sys/notice.h"
#include "unit/kit/site.h"

static hw_root open_www(test_site *site)
{
    hw_root root;
    int folder = open(site_path(site, "www"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    assert_int_equal(hw_root_open(&root, &(hw_root){.folder = folder}), 0);
    close(folder);
    return root;
}

HW_TEST(root_finds_files_and_tells_folders)
{
    test_site site;
    hw_finding found;
    site_open(&site);
    hw_root root = open_www(&site);
    assert_int_equal(hw_root_find(&root, "dir/index.html", NULL, &found), 0);
    assert_int_equal(found.seen.st_size, 11);
    close(found.fd);
    assert_int_equal(hw_root_find(&root, "dir", NULL, &found), -EISDIR);
    assert_int_equal(hw_root_find(&root, ".", NULL, &found), -EISDIR);
    assert_int_equal(hw_root_find(&root, "", NULL, &found), -ENOENT);
    hw_root_close(&root);
    hw_root_close(&root);
    site_close(&site);
}

/* The paths of requests never have these names; the folder must hold without that guard. */
HW_TEST(root_is_never_left_whatever_the_name)
{
    static const char *const names[] = {"..",
                                        "../www/hello.txt",
                                        "dir/../../outside",
                                        "/etc/passwd",
                                        "dir/../..",
                                        "/",
                                        "../../../../../../etc/passwd"};
    test_site site;
    hw_finding found;
    site_open(&site);
    site_put(&site, "outside", "secret");
    hw_root root = open_www(&site);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(hw_root_find(&root, names[i], NULL, &found), -EXDEV);
    assert_int_equal(hw_root_find(&root, "dir/../hello.txt", NULL, &found), 0);
    close(found.fd);
    hw_root_close(&root);
    site_close(&site);
}

HW_TEST(root_survives_the_descriptor_it_was_given)
{
    test_site site;
    hw_finding found;
    site_open(&site);
    hw_root root = open_www(&site); /* which closes what it gave */
    assert_int_equal(hw_root_find(&root, "hello.txt", NULL, &found), 0);
    close(found.fd);
    hw_root_close(&root);
    site_close(&site);
}

HW_TEST(root_follows_links_that_lead_out_where_it_may)
{
    static const char *const out[] = {"out.txt", "outer/secret.txt", "chain"};
    static const char *const never[] = {"outer/../../secret.txt", "out.txt/../../other/secret.txt",
                                        "/etc/passwd", "magic", "../other/secret.txt"};
    test_site site;
    hw_finding found;
    site_open(&site);
    site_make_folder(&site, "other");
    site_put(&site, "other/secret.txt", "secret");
    site_link(&site, "www/out.txt", "../other/secret.txt");
    site_link(&site, "www/outer", "../other");
    site_link(&site, "www/chain", "outer/secret.txt");
    site_link(&site, "www/magic", "/proc/self/fd/0");
    hw_root root = open_www(&site);
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        assert_int_equal(hw_root_find(&root, out[i], NULL, &found), -EXDEV);
    root.follows_links = true;
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        assert_int_equal(hw_root_find(&root, out[i], NULL, &found), 0);
        assert_int_equal(found.seen.st_size, 6);
        close(found.fd);
    }
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        int error = hw_root_find(&root, never[i], NULL, &found);
        assert_true(error < 0 && hw_root_is_absence(error));
    }
    assert_int_equal(hw_root_find(&root, "outer", NULL, &found), -EISDIR);
    hw_seam_fail("open_at", 1, EMFILE);
    assert_int_equal(hw_root_find(&root, "out.txt", NULL, &found), -EMFILE);
    hw_root_close(&root);
    site_close(&site);
}

HW_TEST(root_needs_a_descriptor)
{
    hw_root root;
    assert_int_equal(hw_root_open(&root, &(hw_root){.folder = -1}), -EBADF);
    hw_seam_fail("duplicate", 1, EMFILE);
    assert_int_equal(hw_root_open(&root, &(hw_root){.folder = 0}), -EMFILE);
}

/* Looks a name up, with a vigil that wants the file watched or leaves it to what is found. */
static hw_vigil look(test_site *site, const char *name, bool watches_file)
{
    hw_finding found;
    hw_root root = open_www(site);
    hw_vigil vigil = {.notice = hw_sys_notice_new(), .watches_file = watches_file, .file = -1};
    assert_true(vigil.notice >= 0);
    assert_int_equal(hw_root_find(&root, name, &vigil, &found), 0);
    close(found.fd);
    close(vigil.notice);
    hw_root_close(&root);
    return vigil;
}

HW_TEST(root_has_a_file_watched_whose_folder_does_not_tell_all)
{
    test_site site;
    site_open(&site);
    site_link(&site, "www/link.txt", "hello.txt");
    hw_vigil plain = look(&site, "hello.txt", false);
    assert_true(plain.file < 0);
    assert_false(plain.is_blind);
    assert_true(look(&site, "hello.txt", true).file >= 0);
    hw_vigil behind_link = look(&site, "link.txt", false);
    assert_true(behind_link.file >= 0);
    assert_true(behind_link.is_blind);

    char second[256];
    snprintf(second, sizeof second, "%s", site_path(&site, "www/second.txt"));
    assert_int_equal(link(site_path(&site, "www/ten.txt"), second), 0);
    hw_vigil linked = look(&site, "ten.txt", false);
    assert_true(linked.file >= 0);
    assert_false(linked.is_blind);
    assert_true(look(&site, "ten.txt", true).file >= 0);
    site_close(&site);
}

/* Wanted and not to be had; and that it must be is found out only then. */
HW_TEST(root_is_blind_where_a_file_must_be_watched_and_cannot)
{
    test_site site;
    site_open(&site);
    hw_seam_fail("notice_add", 1, ENOSPC);
    assert_false(look(&site, "hello.txt", true).is_blind);
    char second[256];
    snprintf(second, sizeof second, "%s", site_path(&site, "www/second.txt"));
    assert_int_equal(link(site_path(&site, "www/ten.txt"), second), 0);
    hw_seam_fail("notice_add", 1, ENOSPC);
    hw_vigil tried_twice = look(&site, "ten.txt", true);
    assert_true(tried_twice.file >= 0);
    assert_false(tried_twice.is_blind);
    hw_seam_fail("notice_add", 1, ENOSPC);
    assert_true(look(&site, "ten.txt", false).is_blind);
    site_close(&site);
}

HW_TEST(root_shows_by_name)
{
    static const struct {
        const char *path;
        bool is_shown;
    } cases[] = {
        {"/", true},
        {"/a", true},
        {"/a/b/", true},
        {"/.a", false},
        {"/a/.b", false},
        {"/.a/", false},
        {"/a/.b/c", false},
        {"/.well-known", true},
        {"/.well-known/", true},
        {"/.well-known/a", true},
        {"/.well-known/.a", false},
        {"/a/.well-known", false},
        {"/.well-know", false},
        {"/.Well-Known", false},
        {"/a~", false},
        {"/a~b", true},
        {"/a.bak/b", false},
        {"/a.swp", false},
        {"/a.orig", false},
        {"/orig", true},
        {"/a.", true},
        {"/..a", false},
    };
    hw_root root = {.folder = -1}, open = {.folder = -1, .shows_hidden = true};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hw_path path = {hw_text_of(cases[i].path)};
        if (hw_root_shows(&root, path) != cases[i].is_shown)
            fail_msg("%s", cases[i].path);
        assert_true(hw_root_shows(&open, path));
    }
}

HW_TEST(root_shows_one_name_alone)
{
    static const struct {
        const char *path;
        bool is_shown;
    } cases[] = {
        {"/", true},           {"/.one.bak", true},    {"/.one.ba", false},   {"/other", false},
        {"/.one.bak/", false}, {"/a/.one.bak", false}, {"/.one.bakk", false},
    };
    hw_root root = {.folder = -1, .only = HW_TEXT(".one.bak")};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (hw_root_shows(&root, (hw_path){hw_text_of(cases[i].path)}) != cases[i].is_shown)
            fail_msg("%s", cases[i].path);
}

HW_TEST(root_looks_at_names_without_opening_them)
{
    test_site site;
    struct stat seen;
    site_open(&site);
    hw_root root = open_www(&site);
    site_link(&site, "www/out", "/etc/passwd");
    assert_int_equal(hw_root_look(&root, "ten.txt", &seen), 0);
    assert_int_equal(seen.st_size, 10);
    assert_int_equal(hw_root_look(&root, "out", &seen), -EXDEV);
    root.follows_links = true;
    assert_int_equal(hw_root_look(&root, "out", &seen), 0);
    /* A name that itself leads out is no link. */
    assert_int_equal(hw_root_look(&root, "../www/ten.txt", &seen), -EXDEV);
    hw_seam_fail("stat", 1, EIO);
    assert_int_equal(hw_root_look(&root, "ten.txt", &seen), -EIO);
    hw_root_close(&root);
    site_close(&site);
}

HW_TEST(root_opens_folders_and_nothing_else_as_such)
{
    test_site site;
    site_open(&site);
    hw_root root = open_www(&site);
    int folder = hw_root_open_folder(&root, (hw_path){HW_TEXT("/dir/")});
    assert_true(folder >= 0);
    close(folder);
    site_link(&site, "www/linked", "dir");
    folder = hw_root_open_folder(&root, (hw_path){HW_TEXT("/linked/")});
    assert_true(folder >= 0);
    close(folder);
    /* A name without a slash behind it, as a file has. */
    assert_int_equal(hw_root_open_folder(&root, (hw_path){HW_TEXT("/ten.txt")}), -ENOTDIR);
    hw_seam_fail("stat", 1, EIO);
    assert_int_equal(hw_root_open_folder(&root, (hw_path){HW_TEXT("/dir/")}), -EIO);
    hw_root_close(&root);
    site_close(&site);
}
