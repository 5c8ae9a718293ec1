/* Folders mounted in applications: what is refused in words, and that what is mounted answers. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "hewn/server.h"
#include "seam/seam.h"
#include "unit/kit/site.h"

static int open_for_mounting(test_site *site, const char *name)
{
    int folder = open(site_path(site, name), O_PATH | O_CLOEXEC);
    assert_true(folder >= 0);
    return folder;
}

static hewn_app *new_app(test_site *site)
{
    hewn_app *app = hewn_app_new(NULL);
    site_stop_if_struck(site);
    assert_non_null(app);
    return app;
}

HW_TEST(files_are_answered_below_their_prefix)
{
    test_site site;
    site_open(&site);
    hewn_app *app = new_app(&site);
    int folder = open_for_mounting(&site, "www");
    int error = hewn_files(app, "/docs", folder, NULL, NULL);
    close(folder);
    if (error == 0 && !hw_app_fault(app)) {
        site_ask_app(&site, app);
        assert_int_equal(site_get(&site, "/docs/hello.txt"), 200);
        site_expect_body(&site, "hello, world\n");
        assert_int_equal(site_get(&site, "/docs/"), 200);
        site_expect_body(&site, "<p>index</p>\n");
        assert_int_equal(site_get(&site, "/docs/dir?x"), 308);
        site_expect_field(&site, "location", "/docs/dir/?x");
    }
    site_forget(&site);
    hewn_app_free(app);
    site_stop_if_struck(&site);
    assert_int_equal(error, 0);
    site_close(&site);
}

HW_TEST(files_take_the_names_of_the_index)
{
    static const char *const names[] = {"ten.txt", NULL};
    test_site site;
    site_open(&site);
    hewn_app *app = new_app(&site);
    int folder = open_for_mounting(&site, "www");
    const hewn_files_opts opts = {.size = sizeof opts, .index = names};
    int error = hewn_files(app, "/", folder, &opts, NULL);
    close(folder);
    if (error == 0 && !hw_app_fault(app)) {
        site_ask_app(&site, app);
        assert_int_equal(site_get(&site, "/"), 200);
        site_expect_body(&site, "0123456789");
    }
    site_forget(&site);
    hewn_app_free(app);
    site_stop_if_struck(&site);
    assert_int_equal(error, 0);
    site_close(&site);
}

/* Where nothing tells of changes: for each request, or when they are older than that. */
HW_TEST(files_are_looked_up_as_often_as_they_are_to_be)
{
    static const unsigned spans_ms[] = {HEWN_EVERY_TIME, 5};
    for (size_t i = 0; i < sizeof spans_ms / sizeof *spans_ms; i++) {
        test_site site;
        site_open(&site);
        hewn_app *app = new_app(&site);
        int folder = open_for_mounting(&site, "www");
        const hewn_files_opts opts = {.size = sizeof opts, .fresh_ms = spans_ms[i]};
        int error = hewn_files(app, "/", folder, &opts, NULL);
        close(folder);
        hw_seam_fail("notice_new", 1, EMFILE);
        if (error == 0 && !hw_app_fault(app)) {
            site_ask_app(&site, app);
            assert_int_equal(site_get(&site, "/ten.txt"), 200);
            site_put(&site, "www/ten.txt", "changed");
            assert_int_equal(site_get(&site, "/ten.txt"), 200);
            site_expect_body(&site, spans_ms[i] == HEWN_EVERY_TIME ? "changed" : "0123456789");
            site.now += 6;
            assert_int_equal(site_get(&site, "/ten.txt"), 200);
            site_expect_body(&site, "changed");
        }
        site_forget(&site);
        hewn_app_free(app);
        site_stop_if_struck(&site);
        assert_int_equal(error, 0);
        site_close(&site);
    }
}

HW_TEST(files_refuse_what_is_no_folder)
{
    test_site site;
    site_open(&site);
    hewn_app *app = new_app(&site);
    hewn_fault fault = {0};
    int file = open_for_mounting(&site, "www/hello.txt");
    assert_int_equal(hewn_files(app, "/", file, NULL, &fault), -ENOTDIR);
    assert_int_equal(fault.error, ENOTDIR);
    assert_string_equal(fault.what, "Not a directory");
    assert_int_equal(hewn_files(app, "/", -1, NULL, NULL), -EBADF);
    close(file);
    site_forget(&site);
    hewn_app_free(app);
    site_close(&site);
}

HW_TEST(files_refuse_an_index_that_is_no_name)
{
    static const char *const names[] = {"", ".", "..", "a/b", "/index.html", "index.html/"};
    test_site site;
    site_open(&site);
    hewn_app *app = new_app(&site);
    int folder = open_for_mounting(&site, "www");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        hewn_fault fault = {0};
        const char *const index[] = {"index.html", names[i], NULL};
        const hewn_files_opts opts = {.size = sizeof opts, .index = index};
        assert_int_equal(hewn_files(app, "/", folder, &opts, &fault), -EINVAL);
        assert_string_equal(fault.where, names[i]);
    }
    close(folder);
    site_forget(&site);
    hewn_app_free(app);
    site_close(&site);
}

HW_TEST(files_of_a_missing_folder_are_the_apps_fault)
{
    test_site site;
    site_open(&site);
    hewn_app *app = new_app(&site);
    hewn_static(app, "/", site_path(&site, "absent"));
    const hw_fault *fault = hw_app_fault(app);
    assert_non_null(fault);
    assert_int_equal(fault->error, ENOENT);
    assert_string_equal(fault->where, site_path(&site, "absent"));
    assert_string_equal(fault->what, "No such file or directory");
    site_forget(&site);
    hewn_app_free(app);
    site_close(&site);
}

HW_TEST(files_of_a_folder_by_name_close_what_they_opened)
{
    test_site site;
    site_open(&site);
    hewn_app *app = new_app(&site);
    unsigned closed = hw_seam_calls("close");
    hewn_static(app, "/", site_path(&site, "www"));
    if (!hw_app_fault(app)) {
        assert_int_equal(hw_seam_calls("close") - closed, 1);
        site_ask_app(&site, app);
        assert_int_equal(site_get(&site, "/hello.txt"), 200);
    }
    site_forget(&site);
    hewn_app_free(app);
    site_stop_if_struck(&site);
    assert_int_equal(hw_seam_calls("close") - closed, 4); /* of folder, root, file, notices */
    site_close(&site);
}
