/* The folder: what may be seen of it, and that nothing outside it is ever opened. */
#include "kit/root.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

static hw_root open_www(test_site *site)
{
    hw_root root;
    int folder = open(site_path(site, "www"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    assert_int_equal(hw_root_open(&root, folder, false), 0);
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

HW_TEST(root_needs_a_descriptor)
{
    hw_root root;
    assert_int_equal(hw_root_open(&root, -1, false), -EBADF);
    hw_seam_fail("duplicate", 1, EMFILE);
    assert_int_equal(hw_root_open(&root, 0, false), -EMFILE);
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
    hw_root root = {-1, false}, open = {-1, true};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hw_path path = {hw_text_of(cases[i].path)};
        if (hw_root_shows(&root, path) != cases[i].is_shown)
            fail_msg("%s", cases[i].path);
        assert_true(hw_root_shows(&open, path));
    }
}
