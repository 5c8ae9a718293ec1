/* What is answered for the files of a folder. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/kit/site.h"

#define ask(...) site_ask(__VA_ARGS__, (const char *)NULL)

static const char date[] = "Tue, 14 Nov 2023 22:13:20 GMT";

static uint64_t body_length_of(const test_site *site)
{
    const hw_source *body = site->exchange.response.body;
    return body ? body->length : 0;
}

static const char *tag_of(test_site *site, const char *target)
{
    static char tag[128];
    assert_int_equal(site_get(site, target), 200);
    const char *found = site_field(site, "etag");
    assert_non_null(found);
    snprintf(tag, sizeof tag, "%s", found);
    return tag;
}

/* "if-none-match: " and the tag. */
static const char *line_of(const char *name, const char *value)
{
    static char line[256];
    snprintf(line, sizeof line, "%s: %s", name, value);
    return line;
}

static void put_date(test_site *site, const char *name, int64_t seconds, const char *expected)
{
    char path[256];
    snprintf(path, sizeof path, "www/%s", name);
    site_put(site, path, "dated");
    site_date(site, path, seconds);
    snprintf(path, sizeof path, "/%s", name);
    assert_int_equal(site_get(site, path), 200);
    if (expected)
        site_expect_field(site, "last-modified", expected);
    else
        assert_null(site_field(site, "last-modified"));
}

HW_TEST(static_answers_a_file_with_all_its_fields)
{
    test_site site;
    site_open(&site);
    assert_int_equal(site_get(&site, "/hello.txt"), 200);
    site_expect_body(&site, "hello, world\n");
    site_expect_field(&site, "content-type", "text/plain; charset=utf-8");
    site_expect_field(&site, "last-modified", date);
    site_expect_field(&site, "accept-ranges", "bytes");
    site_expect_field(&site, "cache-control", "no-cache");
    site_expect_field(&site, "x-content-type-options", "nosniff");
    assert_non_null(site_field(&site, "etag"));
    site_expect_field(&site, "content-length", "13");
    assert_null(site_field(&site, "content-range"));
    assert_int_equal(site.exchange.response.prepared->fields.count, 7);
    assert_int_equal(site.exchange.response.field_count, 0);
    site_close(&site);
}

HW_TEST(static_tells_its_step_once_and_not_from_the_quick_step)
{
    test_site site;
    site_open(&site);
    site_get(&site, "/hello.txt");
    assert_int_equal(site.steps, 0); /* the server's to tell, for a handler may not */
    assert_string_equal(site.exchange.told->file, "kit/static");
    assert_false(site.was_quick);
    ask(&site, "OPTIONS", "/hello.txt");
    assert_int_equal(site.steps, 0);
    assert_true(site.was_quick);
    site_close(&site);
}

HW_TEST(static_reads_small_files_and_sends_large_ones_from_the_file)
{
    test_site site;
    site_open(&site);
    assert_int_equal(site_get(&site, "/big.bin"), 200);
    site_expect_field(&site, "content-type", "application/octet-stream");
    assert_true(site.is_file);
    assert_int_equal(site.body_length, SITE_BIG_BYTES);
    for (size_t i = 0; i < SITE_BIG_BYTES; i++)
        assert_int_equal(site.body[i], (char)(i * 7 + (i >> 8)));
    assert_int_equal(site_get(&site, "/hello.txt"), 200);
    assert_false(site.is_file);
    site_close(&site);
}

HW_TEST(static_reads_on_after_short_reads)
{
    test_site site;
    site_open(&site);
    hw_seam_short("read_at", 3);
    assert_int_equal(site_get(&site, "/hello.txt"), 200);
    site_expect_body(&site, "hello, world\n");
    assert_int_equal(hw_seam_calls("read_at"), 5);
    site_close(&site);
}

HW_TEST(static_closes_every_descriptor_it_opened)
{
    test_site site;
    site_open(&site);
    const char *const targets[] = {"/hello.txt", "/big.bin", "/dir", "/noindex/", "/empty.txt"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        site_get(&site, targets[i]);
        site_ask(&site, "HEAD", targets[i], (const char *)NULL);
        site_ask(&site, "GET", targets[i], "if-none-match: *", (const char *)NULL);
    }
    hw_exchange_reset(&site.exchange);
    unsigned opened = hw_seam_calls("stat"); /* each of what was opened is looked at once */
    assert_true(opened > 0);
    assert_int_equal(hw_seam_calls("close"), opened);
    site_close(&site);
}

HW_TEST(static_answers_an_empty_file_with_no_body)
{
    test_site site;
    site_open(&site);
    assert_int_equal(site_get(&site, "/empty.txt"), 200);
    assert_int_equal(site.body_length, 0);
    site_expect_field(&site, "content-length", "0");
    assert_int_equal(ask(&site, "GET", "/empty.txt", "range: bytes=0-"), 416);
    site_expect_field(&site, "content-range", "bytes */0");
    site_close(&site);
}

HW_TEST(static_head_has_the_fields_and_the_length_and_the_tag)
{
    test_site site;
    site_open(&site);
    assert_int_equal(ask(&site, "HEAD", "/hello.txt"), 200);
    assert_int_equal(body_length_of(&site), 13);
    site_expect_field(&site, "last-modified", date);
    site_expect_field(&site, "content-length", "13");
    char tag[64];
    snprintf(tag, sizeof tag, "%s", site_field(&site, "etag"));
    assert_string_equal(tag_of(&site, "/hello.txt"), tag);
    assert_int_equal(ask(&site, "HEAD", "/absent"), 404);
    site_close(&site);
}

HW_TEST(static_head_ignores_ranges)
{
    test_site site;
    site_open(&site);
    assert_int_equal(ask(&site, "HEAD", "/ten.txt", "range: bytes=0-3"), 200);
    assert_int_equal(body_length_of(&site), 10);
    assert_null(site_field(&site, "content-range"));
    assert_int_equal(ask(&site, "HEAD", "/ten.txt", "range: bytes=90-"), 200);
    site_close(&site);
}

HW_TEST(static_refuses_other_methods_without_a_look_at_the_folder)
{
    test_site site;
    site_open(&site);
    const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "FROB"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        assert_int_equal(ask(&site, methods[i], "/hello.txt"), 405);
        assert_true(site.was_quick);
        site_expect_field(&site, "allow", "GET, HEAD, OPTIONS");
        site_expect_field(&site, "content-type", "text/plain; charset=utf-8");
        site_expect_body(&site, "Method Not Allowed\n");
        assert_int_equal(body_length_of(&site), 19);
    }
    assert_int_equal(hw_seam_calls("open_beneath"), 0);
    site_close(&site);
}

HW_TEST(static_answers_options)
{
    test_site site;
    site_open(&site);
    assert_int_equal(ask(&site, "OPTIONS", "/hello.txt"), 204);
    site_expect_field(&site, "allow", "GET, HEAD, OPTIONS");
    assert_int_equal(body_length_of(&site), 0);
    assert_true(site.was_quick);
    assert_int_equal(ask(&site, "OPTIONS", "*"), 204);
    site_expect_field(&site, "allow", "GET, HEAD, OPTIONS");
    site_close(&site);
}

HW_TEST(static_answers_the_same_without_its_quick_step)
{
    test_site site;
    site_open(&site);
    site.skips_quick = true;
    assert_int_equal(ask(&site, "OPTIONS", "/"), 204);
    assert_int_equal(ask(&site, "POST", "/"), 405);
    assert_int_equal(site_get(&site, "/.hidden"), 404);
    assert_int_equal(site_get(&site, "/ten.txt"), 200);
    assert_non_null(site.exchange.told);
    site_close(&site);
}

HW_TEST(static_answers_a_folder_with_its_index)
{
    test_site site;
    site_open(&site);
    assert_int_equal(site_get(&site, "/"), 200);
    site_expect_body(&site, "<p>index</p>\n");
    site_expect_field(&site, "content-type", "text/html; charset=utf-8");
    assert_int_equal(site_get(&site, "/dir/"), 200);
    site_expect_body(&site, "<p>dir</p>\n");
    assert_int_equal(site_get(&site, "/dir/./x/../"), 200);
    site_expect_body(&site, "<p>dir</p>\n");
    assert_int_equal(site_get(&site, "/noindex/"), 404);
    assert_int_equal(site_get(&site, "/absent/"), 404);
    site_close(&site);
}

HW_TEST(static_tries_the_index_names_in_order)
{
    static const char *const names[] = {"main.htm", "index.html", NULL};
    static const char *const none[] = {NULL};
    test_site site;
    site_open(&site);
    site_serve(&site, &(hw_static_setup){.index = names});
    site_put(&site, "www/main.htm", "main");
    assert_int_equal(site_get(&site, "/"), 200);
    site_expect_body(&site, "main");
    assert_int_equal(site_get(&site, "/dir/"), 200);
    site_expect_body(&site, "<p>dir</p>\n");
    site_serve(&site, &(hw_static_setup){.index = none});
    assert_int_equal(site_get(&site, "/"), 404);
    site_close(&site);
}

HW_TEST(static_takes_no_folder_for_an_index)
{
    test_site site;
    site_open(&site);
    site_make_folder(&site, "www/noindex/index.html");
    assert_int_equal(site_get(&site, "/noindex/"), 404);
    site_close(&site);
}

HW_TEST(static_redirects_a_folder_without_its_slash)
{
    test_site site;
    site_open(&site);
    assert_int_equal(site_get(&site, "/dir"), 308);
    site_expect_field(&site, "location", "/dir/");
    site_expect_field(&site, "cache-control", "no-cache");
    assert_int_equal(site.body_length, 0);
    assert_int_equal(site_get(&site, "/dir?a=b&c=%2F"), 308);
    site_expect_field(&site, "location", "/dir/?a=b&c=%2F");
    assert_int_equal(site_get(&site, "/dir?"), 308);
    site_expect_field(&site, "location", "/dir/?");
    assert_int_equal(site_get(&site, "/dir?x=http://example.org//"), 308);
    site_expect_field(&site, "location", "/dir/?x=http://example.org//");
    assert_int_equal(site_get(&site, "http://example.org/dir"), 308);
    site_expect_field(&site, "location", "/dir/");
    assert_int_equal(ask(&site, "HEAD", "/dir"), 308);
    assert_int_equal(site_get(&site, "/noindex"), 308);
    site_close(&site);
}

HW_TEST(static_redirects_with_the_name_encoded)
{
    test_site site;
    site_open(&site);
    site_make_folder(&site, "www/a b?#%41");
    assert_int_equal(site_get(&site, "/a%20b%3f%23%2541"), 308);
    site_expect_field(&site, "location", "/a%20b%3F%23%2541/");
    site_make_folder(&site, "www/caf\xc3\xa9");
    assert_int_equal(site_get(&site, "/caf%c3%a9"), 308);
    site_expect_field(&site, "location", "/caf%C3%A9/");
    site_close(&site);
}

HW_TEST(static_never_redirects_to_another_host)
{
    test_site site;
    site_open(&site);
    site_make_folder(&site, "www/\\example.org");
    site_make_folder(&site, "www/example.org");
    assert_int_equal(site_get(&site, "/%5cexample.org"), 308);
    site_expect_field(&site, "location", "/%5Cexample.org/");
    const char *const targets[] = {"//example.org",
                                   "//example.org/%2e%2e",
                                   "/.//example.org",
                                   "/dir/..//example.org",
                                   "/%2fexample.org",
                                   "/%2e/%2fexample.org",
                                   "/dir/%2e%2e//example.org",
                                   "///example.org"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        assert_int_equal(site_get(&site, targets[i]), 400);
    site_close(&site);
}

HW_TEST(static_redirect_keeps_the_prefix_of_its_mount)
{
    test_site site;
    site_open(&site);
    site_get(&site, "/dir"); /* the arena is warm; then as an application would mount it */
    hw_exchange *exchange = &site.exchange;
    const hw_answerer *answerer = hw_static_answerer(site.files);
    exchange->request.path.text = HW_TEXT("/files/dir");
    exchange->request.below.text = HW_TEXT("/dir");
    answerer->answer(answerer->arg, exchange);
    site_stop_if_struck(&site);
    assert_int_equal(exchange->response.status, 308);
    site_expect_field(&site, "location", "/files/dir/");
    site_close(&site);
}

HW_TEST(static_takes_no_file_for_a_folder)
{
    test_site site;
    site_open(&site);
    assert_int_equal(site_get(&site, "/hello.txt/"), 404);
    assert_int_equal(site_get(&site, "/hello.txt/extra"), 404);
    assert_int_equal(site_get(&site, "/hello.txt/.."), 200);
    site_close(&site);
}

HW_TEST(static_finds_names_of_every_kind)
{
    static const char *const names[][2] = {
        {"a b.txt", "/a%20b.txt"},
        {"a+b.txt", "/a+b.txt"},
        {"a+b.txt", "/a%2Bb.txt"},
        {"per%cent.txt", "/per%25cent.txt"},
        {"caf\xc3\xa9.txt", "/caf%C3%A9.txt"},
        {"semi;colon.txt", "/semi;colon.txt"},
        {"%2e%2e", "/%252e%252e"},
        {"\xff\xfe", "/%ff%fe"},
        {"quote\"'.txt", "/quote%22'.txt"},
        {"a:b@c", "/a:b@c"},
        {"...", NULL},
        {"-", "/-"},
        {"\\", "/%5C"},
        {"x..y", "/x..y"},
    };
    test_site site;
    site_open(&site);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "www/%s", names[i][0]);
        site_put(&site, path, names[i][0]);
        if (!names[i][1])
            continue;
        assert_int_equal(site_get(&site, names[i][1]), 200);
        site_expect_body(&site, names[i][0]);
    }
    assert_int_equal(site_get(&site, "/..."), 404);
    site_close(&site);
}

HW_TEST(static_refuses_encoded_slashes_nuls_and_controls)
{
    test_site site;
    site_open(&site);
    const char *const targets[] = {"/dir%2Findex.html",
                                   "/hello.txt%00",
                                   "/hello.txt%00.html",
                                   "/%00",
                                   "/hello.txt%0d%0aX:%201",
                                   "/%7f",
                                   "/hello.txt%",
                                   "/..",
                                   "/../etc/passwd",
                                   "/%2e%2e/etc/passwd",
                                   "/dir/../../x"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        assert_int_equal(site_get(&site, targets[i]), 400);
    assert_int_equal(site_get(&site, "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd"), 404);
    assert_int_equal(site_get(&site, "/..%5c..%5cetc%5cpasswd"), 404);
    site_close(&site);
}

HW_TEST(static_takes_long_and_deep_names)
{
    test_site site;
    char target[6000] = "/", path[300] = "www/";
    site_open(&site);
    memset(path + 4, 'n', 255);
    site_put(&site, path, "long");
    memset(target + 1, 'n', 255);
    assert_int_equal(site_get(&site, target), 200);
    target[256] = 'n';
    assert_int_equal(site_get(&site, target), 404);
    memset(target + 1, 'n', 5000);
    assert_int_equal(site_get(&site, target), 404);
    for (size_t i = 0; i < 5000; i += 2)
        memcpy(target + i, "/d", 2);
    assert_int_equal(site_get(&site, target), 404);
    target[5000] = '/';
    assert_int_equal(site_get(&site, target), 404);
    site_close(&site);
}

/* Nothing is looked for but the page that may stand in for it. */
static void expect_hidden(test_site *site, const char *target)
{
    unsigned before = hw_seam_calls("open_beneath");
    assert_int_equal(site_get(site, target), 404);
    assert_int_equal(hw_seam_calls("open_beneath"), before + 1);
}

HW_TEST(static_hides_dotfiles_in_every_segment)
{
    test_site site;
    site_open(&site);
    site_make_folder(&site, "www/.git");
    site_make_folder(&site, "www/.well-known");
    site_make_folder(&site, "www/dir/.well-known");
    site_put(&site, "www/.git/config", "secret");
    site_put(&site, "www/.well-known/security.txt", "mail us");
    site_put(&site, "www/.well-known/.secret", "secret");
    site_put(&site, "www/dir/.well-known/x", "secret");
    const char *const hidden[] = {"/.hidden",  "/.git/config",       "/.git/",
                                  "/.git",     "/%2ehidden",         "/.well-known/.secret",
                                  "/dir/.git", "/dir/.well-known/x", "/.well-known2/x"};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        expect_hidden(&site, hidden[i]);
        site_expect_body(&site, "Not Found\n");
    }
    assert_int_equal(site_get(&site, "/.well-known/security.txt"), 200);
    assert_int_equal(site_get(&site, "/.well-known"), 308);
    site_serve(&site, &(hw_static_setup){.shows_hidden = true});
    assert_int_equal(site_get(&site, "/.git/config"), 200);
    site_close(&site);
}

HW_TEST(static_hides_what_editors_leave)
{
    static const char *const names[] = {"index.php~", "a.bak",  "a.BAK", ".a.swp",
                                        "b.swp",      "c.orig", "~",     ".bak"};
    test_site site;
    site_open(&site);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "www/%s", names[i]);
        site_put(&site, path, "secret");
        expect_hidden(&site, path + strlen("www"));
    }
    site_put(&site, "www/bak", "shown");
    site_put(&site, "www/a.bakery", "shown");
    site_put(&site, "www/~home", "shown");
    assert_int_equal(site_get(&site, "/bak"), 200);
    assert_int_equal(site_get(&site, "/a.bakery"), 200);
    assert_int_equal(site_get(&site, "/~home"), 200);
    site_serve(&site, &(hw_static_setup){.shows_hidden = true});
    assert_int_equal(site_get(&site, "/index.php~"), 200);
    site_close(&site);
}

HW_TEST(static_follows_links_that_stay_inside)
{
    test_site site;
    site_open(&site);
    site_link(&site, "www/link.txt", "hello.txt");
    site_link(&site, "www/dir/up.txt", "../hello.txt");
    site_link(&site, "www/folder", "dir");
    assert_int_equal(site_get(&site, "/link.txt"), 200);
    site_expect_body(&site, "hello, world\n");
    assert_int_equal(site_get(&site, "/dir/up.txt"), 200);
    assert_int_equal(site_get(&site, "/folder/"), 200);
    site_expect_body(&site, "<p>dir</p>\n");
    assert_int_equal(site_get(&site, "/folder"), 308);
    site_close(&site);
}

HW_TEST(static_refuses_links_that_leave_the_root)
{
    test_site site;
    site_open(&site);
    site_put(&site, "outside.txt", "secret");
    site_make_folder(&site, "outside");
    site_put(&site, "outside/x.txt", "secret");
    site_link(&site, "www/absolute", "/etc/passwd");
    char inside[128];
    snprintf(inside, sizeof inside, "%s", site_path(&site, "www/hello.txt"));
    site_link(&site, "www/inside", inside);
    site_link(&site, "www/up", "../outside.txt");
    site_link(&site, "www/around", "../www/hello.txt");
    site_link(&site, "www/chain2", "up");
    site_link(&site, "www/chain1", "chain2");
    site_link(&site, "www/folder", "../outside");
    site_link(&site, "www/dir/far", "../../outside.txt");
    site_link(&site, "www/loop", "loop");
    site_link(&site, "www/dangling", "nowhere");
    site_link(&site, "www/self", "/proc/self/root");
    const char *const targets[] = {"/absolute", "/inside", "/up",       "/around",
                                   "/chain1",   "/folder", "/folder/",  "/folder/x.txt",
                                   "/dir/far",  "/loop",   "/dangling", "/self/etc/passwd"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        assert_int_equal(site_get(&site, targets[i]), 404);
        site_expect_body(&site, "Not Found\n");
    }
    assert_int_equal(site.fault.error, 0);
    site_close(&site);
}

HW_TEST(static_does_not_let_a_sibling_through)
{
    test_site site;
    site_open(&site);
    site_make_folder(&site, "www-secret");
    site_put(&site, "www-secret/x.txt", "secret");
    site_link(&site, "www/sibling", "../www-secret");
    assert_int_equal(site_get(&site, "/../www-secret/x.txt"), 400);
    assert_int_equal(site_get(&site, "/-secret/x.txt"), 404);
    assert_int_equal(site_get(&site, "/sibling/x.txt"), 404);
    assert_int_equal(site_get(&site, "-secret/x.txt"), 400);
    site_close(&site);
}

HW_TEST(static_does_not_wait_for_a_fifo)
{
    test_site site;
    site_open(&site);
    assert_int_equal(mkfifo(site_path(&site, "www/pipe"), 0644), 0);
    assert_int_equal(mkfifo(site_path(&site, "www/noindex/index.html"), 0644), 0);
    assert_int_equal(site_get(&site, "/pipe"), 404);
    assert_int_equal(site_get(&site, "/noindex/"), 404);
    site_close(&site);
}

HW_TEST(static_serves_no_socket_and_no_device)
{
    test_site site;
    site_open(&site);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", site_path(&site, "www/socket"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(site_get(&site, "/socket"), 404);
    close(fd);
    /* Only root may make one; whoever may not has none in the folder. */
    if (mknod(site_path(&site, "www/zero"), S_IFCHR | 0644, makedev(1, 5)) == 0) {
        int status = site_get(&site, "/zero");
        assert_true(status == 404 || status == 403);
    }
    site_close(&site);
}

HW_TEST(static_maps_the_systems_errors)
{
    static const struct {
        int error, status;
    } cases[] = {{ENOENT, 404}, {ENOTDIR, 404}, {ENAMETOOLONG, 404}, {EXDEV, 404},  {ENXIO, 404},
                 {ENODEV, 404}, {EILSEQ, 404},  {EINVAL, 404},       {EACCES, 403}, {EPERM, 403},
                 {ENOMEM, 503}, {EIO, 500},     {ENOSYS, 500}};
    test_site site;
    site_open(&site);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hw_seam_fail("open_beneath", 1, cases[i].error);
        assert_int_equal(site_get(&site, "/hello.txt"), cases[i].status);
        assert_true((site_field(&site, "retry-after") != NULL) == (cases[i].status == 503));
        assert_int_equal(site.fault.error, cases[i].status == 500 ? cases[i].error : 0);
        assert_true(site.body_length > 0);
    }
    site_close(&site);
}

HW_TEST(static_starves_without_descriptors)
{
    test_site site;
    site_open(&site);
    site_remember(&site, NULL, 1000);
    hw_cache *cache = site.cache;
    site_get(&site, "/big.bin");
    assert_int_equal(cache->queues[HW_QUEUE_DESCRIPTORS].count, 1);
    hw_seam_fail("open_beneath", 1, EMFILE);
    assert_int_equal(site_get(&site, "/hello.txt"), SITE_STARVED);
    /* What the cache holds is given back. */
    assert_int_equal(cache->queues[HW_QUEUE_DESCRIPTORS].count, 0);
    assert_int_equal(site_get(&site, "/hello.txt"), 200);
    hw_seam_fail("open_beneath", 1, ENFILE);
    assert_int_equal(site_get(&site, "/ten.txt"), SITE_STARVED);
    site_close(&site);
}

HW_TEST(static_tells_the_sink_which_file_failed)
{
    test_site site;
    site_open(&site);
    hw_seam_fail("read_at", 1, EIO);
    assert_int_equal(site_get(&site, "/dir/index.html"), 500);
    assert_int_equal(site.fault.error, EIO);
    assert_string_equal(site.fault.where, "/dir/index.html");
    assert_null(site_field(&site, "etag"));
    hw_seam_fail("stat", 1, EIO);
    assert_int_equal(site_get(&site, "/hello.txt"), 500);
    site_close(&site);
}

HW_TEST(static_asks_again_when_the_kernel_says_so)
{
    test_site site;
    site_open(&site);
    hw_seam_fail("open_beneath", 1, EAGAIN);
    assert_int_equal(site_get(&site, "/hello.txt"), 200);
    for (unsigned nth = 1; nth <= 4; nth++)
        hw_seam_fail("open_beneath", nth, EAGAIN);
    assert_int_equal(site_get(&site, "/hello.txt"), 503);
    site_close(&site);
}

HW_TEST(static_answers_500_for_a_file_that_shrank_before_it_was_read)
{
    test_site site;
    site_open(&site);
    hw_seam_fail("read_at", 1, ESTALE);
    assert_int_equal(site_get(&site, "/hello.txt"), 500);
    site_expect_body(&site, "Internal Server Error\n");
    assert_string_equal(site.fault.what, "cannot be served: it changed while it was read");
    site_close(&site);
}

HW_TEST(static_answers_ranges)
{
    static const struct {
        const char *range;
        int status;
        const char *content_range, *body;
    } cases[] = {
        {"bytes=0-3", 206, "bytes 0-3/10", "0123"},
        {"bytes=4-7", 206, "bytes 4-7/10", "4567"},
        {"bytes=0-0", 206, "bytes 0-0/10", "0"},
        {"bytes=9-9", 206, "bytes 9-9/10", "9"},
        {"bytes=6-", 206, "bytes 6-9/10", "6789"},
        {"bytes=0-", 206, "bytes 0-9/10", "0123456789"},
        {"bytes=8-99", 206, "bytes 8-9/10", "89"},
        {"bytes=-4", 206, "bytes 6-9/10", "6789"},
        {"bytes=-99", 206, "bytes 0-9/10", "0123456789"},
        {"BYTES=0-3", 206, "bytes 0-3/10", "0123"},
        {"bytes=0-3, 90-99", 206, "bytes 0-3/10", "0123"},
        {"bytes=0-3, 4-5", 206, "bytes 0-5/10", "012345"},
        {"bytes=2-6, 4-8", 206, "bytes 2-8/10", "2345678"},
        {"bytes=0-18446744073709551615", 206, "bytes 0-9/10", "0123456789"},
        {"bytes=5-2", 200, NULL, "0123456789"},
        {"bytes=", 200, NULL, "0123456789"},
        {"bytes=-", 200, NULL, "0123456789"},
        {"bytes=+0-3", 200, NULL, "0123456789"},
        {"bytes=0-3x", 200, NULL, "0123456789"},
        {"lines=0-3", 200, NULL, "0123456789"},
        {"", 200, NULL, "0123456789"},
        {"bytes=10-", 416, "bytes */10", "Range Not Satisfiable\n"},
        {"bytes=-0", 416, "bytes */10", "Range Not Satisfiable\n"},
        {"bytes=90-99", 416, "bytes */10", "Range Not Satisfiable\n"},
        {"bytes=90-, 91-", 416, "bytes */10", "Range Not Satisfiable\n"},
    };
    test_site site;
    site_open(&site);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = ask(&site, "GET", "/ten.txt", line_of("range", cases[i].range));
        if (status != cases[i].status)
            fail_msg("%s: %d, not %d", cases[i].range, status, cases[i].status);
        site_expect_body(&site, cases[i].body);
        if (cases[i].content_range)
            site_expect_field(&site, "content-range", cases[i].content_range);
        else
            assert_null(site_field(&site, "content-range"));
    }
    site_close(&site);
}

HW_TEST(static_partial_answers_carry_the_fields_of_the_whole)
{
    test_site site;
    site_open(&site);
    assert_int_equal(ask(&site, "GET", "/ten.txt", "range: bytes=1-2"), 206);
    site_expect_field(&site, "content-type", "text/plain; charset=utf-8");
    site_expect_field(&site, "last-modified", date);
    site_expect_field(&site, "cache-control", "no-cache");
    assert_non_null(site_field(&site, "etag"));
    site_close(&site);
}

HW_TEST(static_sends_ranges_of_a_large_file_from_the_file)
{
    test_site site;
    site_open(&site);
    assert_int_equal(ask(&site, "GET", "/big.bin", "range: bytes=1000-30999"), 206);
    assert_true(site.is_file);
    assert_int_equal(site.body_length, 30000);
    for (size_t i = 0; i < site.body_length; i++)
        assert_int_equal(site.body[i], (char)((i + 1000) * 7 + ((i + 1000) >> 8)));
    assert_int_equal(ask(&site, "GET", "/big.bin", "range: bytes=-2"), 206);
    assert_true(site.is_file);
    assert_int_equal(site.body[1], (char)((SITE_BIG_BYTES - 1) * 7 + ((SITE_BIG_BYTES - 1) >> 8)));
    site_close(&site);
}

HW_TEST(static_ignores_a_doubled_range)
{
    test_site site;
    site_open(&site);
    assert_int_equal(ask(&site, "GET", "/ten.txt", "range: bytes=0-3", "range: bytes=5-6"), 200);
    site_expect_body(&site, "0123456789");
    site_close(&site);
}

HW_TEST(static_answers_304_when_the_tag_is_listed)
{
    test_site site;
    site_open(&site);
    const char *tag = tag_of(&site, "/ten.txt");
    char list[256], weak[128];
    snprintf(list, sizeof list, "\"a,b\", %s, \"c\"", tag);
    snprintf(weak, sizeof weak, "W/%s", tag);
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-none-match", tag)), 304);
    site_expect_field(&site, "etag", tag);
    site_expect_field(&site, "cache-control", "no-cache");
    assert_int_equal(site.exchange.response.prepared->fields.count, 2);
    assert_int_equal(site.body_length, 0);
    assert_int_equal(ask(&site, "HEAD", "/ten.txt", line_of("if-none-match", tag)), 304);
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-none-match", list)), 304);
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-none-match", weak)), 304);
    assert_int_equal(ask(&site, "GET", "/ten.txt", "if-none-match: *"), 304);
    assert_int_equal(ask(&site, "GET", "/ten.txt", "if-none-match: \"other\""), 200);
    assert_int_equal(ask(&site, "GET", "/hello.txt", line_of("if-none-match", tag)), 200);
    assert_int_equal(ask(&site, "GET", "/absent", "if-none-match: *"), 404);
    site_close(&site);
}

HW_TEST(static_answers_304_when_not_modified_since)
{
    test_site site;
    site_open(&site);
    const char *const later = "if-modified-since: Tue, 14 Nov 2023 22:13:21 GMT";
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-modified-since", date)), 304);
    assert_int_equal(ask(&site, "GET", "/ten.txt", later), 304);
    assert_int_equal(
        ask(&site, "GET", "/ten.txt", "if-modified-since: Tue, 14 Nov 2023 22:13:19 GMT"), 200);
    assert_int_equal(ask(&site, "GET", "/ten.txt", "if-modified-since: yesterday"), 200);
    assert_int_equal(ask(&site, "GET", "/ten.txt", later, "if-none-match: \"other\""), 200);
    site_close(&site);
}

HW_TEST(static_answers_412_when_a_condition_fails)
{
    test_site site;
    site_open(&site);
    const char *tag = tag_of(&site, "/ten.txt");
    assert_int_equal(ask(&site, "GET", "/ten.txt", "if-match: \"other\""), 412);
    site_expect_body(&site, "Precondition Failed\n");
    assert_int_equal(ask(&site, "GET", "/ten.txt", "if-match: *"), 200);
    char weak[128];
    snprintf(weak, sizeof weak, "W/%s", tag);
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-match", tag)), 200);
    /* RFC 9110 13.1.1: strong comparison. */
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-match", weak)), 412);
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-unmodified-since", date)), 200);
    assert_int_equal(
        ask(&site, "GET", "/ten.txt", "if-unmodified-since: Mon, 01 Jan 2001 00:00:00 GMT"), 412);
    assert_int_equal(
        ask(&site, "GET", "/ten.txt", "if-match: \"other\"", line_of("if-none-match", tag)), 412);
    site_close(&site);
}

HW_TEST(static_conditions_come_before_ranges)
{
    test_site site;
    site_open(&site);
    const char *same = line_of("if-none-match", tag_of(&site, "/ten.txt"));
    assert_int_equal(ask(&site, "GET", "/ten.txt", same, "range: bytes=0-3"), 304);
    assert_int_equal(ask(&site, "GET", "/ten.txt", same, "range: bytes=90-"), 304);
    assert_int_equal(ask(&site, "GET", "/ten.txt", "if-match: \"x\"", "range: bytes=90-"), 412);
    site_close(&site);
}

HW_TEST(static_if_range_decides_between_part_and_whole)
{
    test_site site;
    site_open(&site);
    const char *const part = "range: bytes=0-3";
    assert_int_equal(ask(&site, "GET", "/ten.txt", part, line_of("if-range", date)), 206);
    assert_int_equal(ask(&site, "GET", "/ten.txt", part, "if-range: \"other\""), 200);
    assert_int_equal(ask(&site, "GET", "/ten.txt", part, "if-range: Mon, 01 Jan 2001 00:00:00 GMT"),
                     200);
    assert_int_equal(ask(&site, "GET", "/ten.txt", part, "if-range: Tue, 01 Jan 2030 00:00:00 GMT"),
                     200);
    assert_int_equal(ask(&site, "GET", "/ten.txt", part, "if-range: whatever"), 200);
    assert_int_equal(ask(&site, "GET", "/ten.txt", "range: bytes=90-", "if-range: \"x\""), 200);
    const char *tag = tag_of(&site, "/ten.txt");
    char weak[128];
    snprintf(weak, sizeof weak, "W/%s", tag);
    assert_int_equal(ask(&site, "GET", "/ten.txt", part, line_of("if-range", tag)), 206);
    /* RFC 9110 13.1.5: strong comparison. */
    assert_int_equal(ask(&site, "GET", "/ten.txt", part, line_of("if-range", weak)), 200);
    site_expect_body(&site, "0123456789");
    site_close(&site);
}

HW_TEST(static_tag_changes_with_the_file)
{
    test_site site;
    site_open(&site);
    char old[128];
    snprintf(old, sizeof old, "%s", tag_of(&site, "/ten.txt"));
    assert_string_equal(tag_of(&site, "/ten.txt"), old);
    assert_string_not_equal(tag_of(&site, "/hello.txt"), old);
    site_put(&site, "www/ten.txt", "01234");
    assert_string_not_equal(tag_of(&site, "/ten.txt"), old);
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-none-match", old)), 200);
    /* Another file under the same name, of the same size and date. */
    site_put(&site, "www/ten.txt", "0123456789");
    snprintf(old, sizeof old, "%s", tag_of(&site, "/ten.txt"));
    char from[128];
    site_put(&site, "new", "9876543210");
    snprintf(from, sizeof from, "%s", site_path(&site, "new"));
    assert_int_equal(rename(from, site_path(&site, "www/ten.txt")), 0);
    assert_int_equal(ask(&site, "GET", "/ten.txt", line_of("if-none-match", old)), 200);
    site_expect_body(&site, "9876543210");
    site_close(&site);
}

HW_TEST(static_drops_a_date_that_says_nothing)
{
    test_site site;
    site_open(&site);
    put_date(&site, "epoch", 0, NULL);
    put_date(&site, "nix", 1, NULL);
    put_date(&site, "before", -86400, NULL);
    put_date(&site, "zip", 315532800, NULL);
    put_date(&site, "late1980", 347155199, NULL);
    put_date(&site, "from1981", 347155200, "Thu, 01 Jan 1981 00:00:00 GMT");
    put_date(&site, "now", SITE_NOW, "Tue, 14 Nov 2023 23:13:20 GMT");
    put_date(&site, "future", SITE_NOW + 1, NULL);
    assert_int_equal(
        ask(&site, "GET", "/epoch", "if-modified-since: Tue, 14 Nov 2023 22:13:20 GMT"), 200);
    site_close(&site);
}
