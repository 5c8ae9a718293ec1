/* What is told of a request's way; tests/program/test_explain.py has the whole of it. */
#include "kit/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

typedef struct telling {
    char text[8192];
    size_t length;
} telling;

static void note_words(void *arg, const char *subject, const char *words)
{
    telling *told = arg;
    int length = snprintf(told->text + told->length, sizeof told->text - told->length, "%s=%s;",
                          subject, words);
    assert_true(length >= 0 && (size_t)length < sizeof told->text - told->length);
    told->length += (size_t)length;
}

static void explain(test_site *site, const hewn_files_opts *opts, const char *target,
                    telling *ret_told)
{
    int folder = site_open_root(site);
    *ret_told = (telling){.length = 0};
    int error = hewn_files_explain(folder, opts, target, NULL, 0, note_words, ret_told, NULL);
    close(folder);
    site_stop_if_struck(site);
    assert_int_equal(error, 0);
}

static void expect_told(const telling *told, const char *words)
{
    if (!strstr(told->text, words))
        fail_msg("%s is not in %s", words, told->text);
}

HW_TEST(explain_tells_of_a_file_and_its_fields)
{
    test_site site;
    telling told;
    site_open(&site);
    explain(&site, NULL, "/ten.txt", &told);
    expect_told(&told, "path='/ten.txt';file='ten.txt', 10 bytes;answer=200 OK;Content-Type=text/");
    expect_told(&told, "Cache-Control=no-cache\nit may be kept");
    expect_told(&told, "Content-Length=10\n");
    explain(&site, NULL, "/dir/", &told);
    expect_told(&told, "index='dir/index.html' stands for the folder;");
    site_close(&site);
}

HW_TEST(explain_tells_why_there_is_nothing)
{
    const hewn_files_opts follows = {.size = sizeof follows, .follow_links = true};
    test_site site;
    telling told;
    char deep[] = "/dir/a/b/c";
    site_open(&site);
    site_link(&site, "www/out", "/etc/passwd");
    site_link(&site, "www/lost", "nowhere");
    explain(&site, NULL, deep, &told);
    expect_told(&told, "refused=there is no 'dir/a';answer=404 Not Found;");
    explain(&site, NULL, "/.hidden", &told);
    expect_told(&told, "refused='.hidden' is hidden: it begins with a dot;");
    explain(&site, NULL, "/out", &told);
    expect_told(&told, "refused='out' is a symbolic link to '/etc/passwd', which leads out");
    explain(&site, &follows, "/lost", &told);
    expect_told(&told, "refused='lost' is a symbolic link to 'nowhere', which leads nowhere;");
    explain(&site, NULL, "/ten.txt/x", &told);
    expect_told(&told, "refused='ten.txt' is a file, and has nothing in it;");
    explain(&site, NULL, "no slash", &told);
    expect_told(&told, "answer=400 Bad Request;");
    site_close(&site);
}

HW_TEST(explain_tells_of_one_file_alone)
{
    const hewn_files_opts only = {.size = sizeof only, .only = "ten.txt"};
    test_site site;
    telling told;
    site_open(&site);
    explain(&site, &only, "/hello.txt", &told);
    expect_told(&told, "refused=of this folder 'ten.txt' alone is served;answer=404");
    explain(&site, &only, "/", &told);
    expect_told(&told, "answer=200 OK;");
    site_close(&site);
}

HW_TEST(explain_tells_of_conditions_and_ranges)
{
    static const hewn_field conditions[][1] = {{{"If-None-Match", "*"}},
                                               {{"If-Match", "\"x\""}},
                                               {{"Range", "bytes=0-1"}},
                                               {{"Range", "bytes=90-"}}};
    static const char *const words[] = {
        "condition=the client has it already;answer=304 Not Modified;",
        "condition=it is another one than the client wants it to be;answer=412",
        "range=a part of it was asked for;answer=206 Partial Content;",
        "range=no such part is in it;answer=416"};
    test_site site;
    site_open(&site);
    for (size_t i = 0; i < 4; i++) {
        telling told = {.length = 0};
        int folder = site_open_root(&site);
        int error =
            hewn_files_explain(folder, NULL, "/ten.txt", conditions[i], 1, note_words, &told, NULL);
        close(folder);
        site_stop_if_struck(&site);
        assert_int_equal(error, 0);
        expect_told(&told, words[i]);
    }
    site_close(&site);
}

HW_TEST(explain_says_what_is_wrong_with_the_options)
{
    static const hewn_field field = {"Content-Length", "1"};
    const hewn_files_opts opts = {.size = sizeof opts, .fields = &field, .n_fields = 1};
    hewn_fault fault = {.error = 0};
    telling told = {.length = 0};
    assert_int_equal(hewn_files_explain(-1, &opts, "/", NULL, 0, note_words, &told, &fault),
                     -EINVAL);
    assert_string_equal(fault.where, "Content-Length");
    assert_int_equal(hewn_files_explain(-1, NULL, "/", NULL, 0, note_words, &told, &fault), -EBADF);
    assert_int_equal(told.length, 0);
}

HW_TEST(explain_says_so_where_there_are_no_descriptors)
{
    test_site site;
    telling told = {.length = 0};
    site_open(&site);
    int folder = site_open_root(&site);
    hw_seam_fail_from("open_beneath", 1, EMFILE);
    int error = hewn_files_explain(folder, NULL, "/ten.txt", NULL, 0, note_words, &told, NULL);
    close(folder);
    site_stop_if_struck(&site);
    assert_int_equal(error, -EMFILE);
    site_close(&site);
}

HW_TEST(explain_tells_whose_right_is_missing)
{
    test_site site;
    telling told;
    site_open(&site);
    hw_seam_fail_from("open_beneath", 1, EACCES);
    explain(&site, NULL, "/ten.txt", &told);
    expect_told(&told, "refused='ten.txt' is -rw-r--r-- of user ");
    expect_told(&told, "this process needs r on it;answer=403 Forbidden;");
    hw_seam_fail("stat_at", 1, EACCES);
    explain(&site, NULL, "/dir/x", &told);
    expect_told(&told, "refused='.' is drwx");
    expect_told(&told, "this process needs x on it;");
    site_close(&site);
}

HW_TEST(explain_tells_of_codings)
{
    static const hewn_field nothing[] = {{"Accept-Encoding", "*;q=0"}},
                            plain[] = {{"Accept-Encoding",
                                        "identity, a;q=0.1, b;q=0.1, c;q=0.1, d;q=0.1, e;q=0.1"}};
    test_site site;
    char text[400] = "";
    memset(text, 'a', sizeof text - 1);
    site_open(&site);
    site_put(&site, "www/a.css", text);
    for (int i = 0; i < 2; i++) {
        telling told = {.length = 0};
        int folder = site_open_root(&site);
        int error = hewn_files_explain(folder, NULL, "/a.css", i ? plain : nothing, 1, note_words,
                                       &told, NULL);
        close(folder);
        site_stop_if_struck(&site);
        assert_int_equal(error, 0);
        expect_told(&told, i ? "coding=the file as it is;" : "coding=none that is there is");
    }
    site_close(&site);
}
