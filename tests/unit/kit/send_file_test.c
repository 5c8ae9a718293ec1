/* One file of a folder, sent by a handler: what is said of it, and that nothing else can be had. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hewn.h"
#include "parts.h"
#include "seam/seam.h"
#include "unit/kit/site.h"

/* What the handler is to send, and what it does with it. */
typedef struct file_sender {
    test_site site;
    hw_answerer answerer;
    int folder;
    const char *path, *type, *tag;
} file_sender;

static hw_body_plan plan_sender(void *arg, hw_exchange *exchange)
{
    (void)arg, (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, 0};
}

static void answer_with_file(void *arg, hw_exchange *exchange)
{
    const file_sender *sender = arg;
    hewn_response *rs = hewn_send_file(exchange, sender->folder, sender->path);
    if (sender->type)
        hewn_set(rs, "Content-Type", sender->type);
    if (sender->tag)
        (void)hewn_etag(rs, sender->tag);
}

static void open_sender(file_sender *sender)
{
    site_open(&sender->site);
    sender->folder = site_open_root(&sender->site);
    sender->path = sender->type = sender->tag = NULL;
    sender->answerer =
        (hw_answerer){.plan = plan_sender, .answer = answer_with_file, .arg = sender};
    sender->site.answerer = &sender->answerer;
}

static void close_sender(file_sender *sender)
{
    close(sender->folder);
    site_close(&sender->site);
}

static int send_path(file_sender *sender, const char *path)
{
    sender->path = path;
    return site_get(&sender->site, "/");
}

HW_TEST(send_file_answers_as_a_folder_does)
{
    file_sender sender;
    test_site *site = &sender.site;
    open_sender(&sender);
    assert_int_equal(send_path(&sender, "dir/index.html"), 200);
    site_expect_body(site, "<p>dir</p>\n");
    site_expect_field(site, "content-type", "text/html; charset=utf-8");
    site_expect_field(site, "last-modified", "Tue, 14 Nov 2023 22:13:20 GMT");
    site_expect_field(site, "x-content-type-options", "nosniff");
    assert_null(site_field(site, "content-length"));
    assert_int_equal(site->exchange.response.body->length, strlen("<p>dir</p>\n"));
    assert_int_equal(send_path(&sender, "big.bin"), 200);
    assert_int_equal(site->body_length, SITE_BIG_BYTES);
    assert_true(site->is_file);
    assert_int_equal(send_path(&sender, "empty.txt"), 200);
    site_expect_body(site, "");
    close_sender(&sender);
}

HW_TEST(send_file_knows_conditions_and_ranges)
{
    file_sender sender;
    test_site *site = &sender.site;
    char tag[128];
    open_sender(&sender);
    sender.path = "ten.txt";
    assert_int_equal(site_ask(site, "GET", "/", "range: bytes=2-4", NULL), 206);
    site_expect_body(site, "234");
    site_expect_field(site, "content-range", "bytes 2-4/10");
    site_expect_field(site, "content-type", "text/plain; charset=utf-8");
    assert_int_equal(site_ask(site, "GET", "/", "range: bytes=20-", NULL), 416);
    site_expect_field(site, "content-range", "bytes */10");
    assert_int_equal(site_ask(site, "POST", "/", "range: bytes=2-4", NULL), 200);
    hw_buffer line = HW_BUFFER_OVER(tag);
    hw_buffer_put_format(&line, "if-none-match: %s", site_field(site, "etag"));
    assert_int_equal(site_ask(site, "GET", "/", hw_buffer_string(&line), NULL), 304);
    assert_null(site->exchange.response.body);
    assert_null(site_field(site, "content-type"));
    assert_non_null(site_field(site, "etag"));
    assert_int_equal(site_ask(site, "GET", "/", "if-match: \"x\"", NULL), 412);
    assert_int_equal(site_ask(site, "HEAD", "/", NULL), 200);
    assert_int_equal(site->exchange.response.body->length, 10);
    close_sender(&sender);
}

HW_TEST(send_file_lets_fields_be_replaced)
{
    file_sender sender;
    test_site *site = &sender.site;
    open_sender(&sender);
    sender.type = "text/x-ten";
    sender.tag = "mine";
    assert_int_equal(send_path(&sender, "ten.txt"), 200);
    site_expect_field(site, "content-type", "text/x-ten");
    site_expect_field(site, "etag", "\"mine\"");
    assert_int_equal(site_ask(site, "GET", "/", "if-none-match: \"mine\"", NULL), 304);
    site_expect_field(site, "cache-control", "no-cache");
    assert_int_equal(
        site_ask(site, "GET", "/", "range: bytes=0-1", "if-none-match: \"mine\"", NULL), 304);
    site_expect_field(site, "last-modified", "Tue, 14 Nov 2023 22:13:20 GMT");
    close_sender(&sender);
}

HW_TEST(send_file_never_leaves_the_folder)
{
    static const char *const absent[] = {
        "nothing",     "",    "dir",      "dir/",      "../secret",        "dir/../../secret",
        "/etc/passwd", "out", "out-of/x", "ten.txt/x", "dir/up/../secret", NULL,
    };
    file_sender sender;
    test_site *site = &sender.site;
    open_sender(&sender);
    site_put(site, "secret", "secret\n");
    site_make_folder(site, "beside");
    site_put(site, "beside/x", "secret\n");
    site_link(site, "www/out", "../secret");
    site_link(site, "www/out-of", "../beside");
    site_link(site, "www/inside", "dir/index.html");
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        assert_int_equal(send_path(&sender, absent[i]), 404);
        assert_int_equal(site->fault.error, 0);
    }
    assert_int_equal(send_path(&sender, ".hidden"), 200);
    site_expect_body(site, "no\n");
    assert_int_equal(send_path(&sender, "inside"), 200);
    site_expect_body(site, "<p>dir</p>\n");
    close_sender(&sender);
}

HW_TEST(send_file_says_what_the_system_refuses)
{
    static const struct {
        int error, status;
    } cases[] = {{EACCES, 403}, {EMFILE, 503}, {EIO, 500}};
    file_sender sender;
    open_sender(&sender);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hw_seam_fail("open_beneath", 1, cases[i].error);
        assert_int_equal(send_path(&sender, "ten.txt"), cases[i].status);
        assert_int_equal(sender.site.fault.error, cases[i].error);
    }
    close_sender(&sender);
}

/* The head says how the parts are parted, and each part what it is. */
HW_TEST(send_file_sends_several_ranges_of_the_type_it_is_given)
{
    static const char *const paths[] = {"ten.txt", "big.bin"};
    file_sender sender;
    test_site *site = &sender.site;
    test_parts parts;
    open_sender(&sender);
    sender.type = "text/x-other";
    for (size_t i = 0; i < 2; i++) {
        sender.path = paths[i];
        assert_int_equal(site_ask(site, "GET", "/", "range: bytes=0-1, 5-5", (const char *)NULL),
                         206);
        assert_true(parts_read(hw_text_of(site_field(site, "content-type")),
                               (hw_text){site->body, site->body_length}, &parts));
        assert_int_equal(parts.count, 2);
        assert_int_equal(site->is_file, i == 1);
        for (size_t j = 0; j < 2; j++)
            assert_true(hw_text_equal(parts.at[j].type, HW_TEXT("text/x-other")));
    }
    close_sender(&sender);
}

/* The file's entry does not go into what the request may still have. */
HW_LONG_TEST(send_file_says_that_there_is_no_room)
{
    hw_budget budget = {0};
    file_sender sender;
    open_sender(&sender);
    assert_int_equal(send_path(&sender, "ten.txt"), 200);
    hw_exchange_reset(&sender.site.exchange);
    hw_arena_charge(&sender.site.exchange.arena, &budget);
    budget.max = hw_budget_used(&budget) + 1000;
    assert_int_equal(send_path(&sender, "ten.txt"), 503);
    budget.max = 0;
    assert_int_equal(send_path(&sender, "ten.txt"), 200);
    hw_exchange_reset(&sender.site.exchange);
    hw_arena_charge(&sender.site.exchange.arena, NULL);
    assert_int_equal(hw_budget_used(&budget), 0);
    close_sender(&sender);
}
