#include <string.h>

#include "app/tagged.h"
#include "unit/app/asker.h"

typedef hewn_response *make_page(hewn_request *rq);

typedef struct page_asker {
    app_asker asker;
    make_page *make;
} page_asker;

static hewn_response *answer_page(hewn_request *rq)
{
    make_page *const *make = hewn_state(rq);
    return (*make)(rq);
}

static void open_page_asker(page_asker *page)
{
    hewn_app *app = hewn_new(.state = &page->make);
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/", answer_page);
    asker_open(&page->asker, app);
}

static void expect_page(page_asker *page, make_page *make, const char *body)
{
    page->make = make;
    assert_int_equal(ask(&page->asker, "GET", "/"), 200);
    assert_string_equal(page->asker.body, body);
    assert_string_equal(answer_field(&page->asker, "Content-Type"), "text/html; charset=utf-8");
}

static hewn_response *make_plain_page(hewn_request *rq)
{
    char markup[] = "<p>%s that does not last</p>";
    hewn_response *rs = hewn_html(rq, 200, markup);
    memset(markup, 'x', sizeof markup - 1);
    return rs;
}

static hewn_response *make_greeting(hewn_request *rq)
{
    return hewn_htmlf(rq, 200, "<p>Hello, <a href='/users/%lld'>%s</a>!</p>", 7LL, "<Jim>");
}

static hewn_response *make_list(hewn_request *rq)
{
    const void *list = NULL;
    for (int i = 1; i <= 40; i++)
        list = hewn_markup(rq, "%p<li>%d</li>", list, i % 10);
    return hewn_htmlf(rq, 200, "<ul>%p</ul>", list);
}

/* Markup that others go on from stays what it was. */
static hewn_response *make_branches(hewn_request *rq)
{
    const void *stem = hewn_markup(rq, "<i>%s</i>", "s");
    const void *one = hewn_markup(rq, "%p1", stem);
    const void *two = hewn_markup(rq, "%p2%p", stem, stem);
    const void *three = hewn_markup(rq, "%p%p3", one, one);
    return hewn_htmlf(rq, 200, "%p|%p|%p|%p|%p", stem, one, two, three, hewn_markup(rq, "%p", two));
}

HW_TEST(pages_are_made_of_markup_and_texts)
{
    page_asker page;
    open_page_asker(&page);
    expect_page(&page, make_plain_page, "<p>%s that does not last</p>");
    expect_page(&page, make_greeting, "<p>Hello, <a href='/users/7'>&lt;Jim&gt;</a>!</p>");
    expect_page(&page, make_branches,
                "<i>s</i>|<i>s</i>1|<i>s</i>2<i>s</i>|<i>s</i>1<i>s</i>13|<i>s</i>2<i>s</i>");
    asker_close(&page.asker);
}

HW_TEST(pages_have_lists_that_go_on)
{
    page_asker page;
    open_page_asker(&page);
    page.make = make_list;
    assert_int_equal(ask(&page.asker, "GET", "/"), 200);
    const char *at = page.asker.body;
    assert_int_equal(strncmp(at, "<ul>", 4), 0);
    at += 4;
    for (int i = 1; i <= 40; i++, at += strlen("<li>0</li>")) {
        const char expected[] = {'<', 'l', 'i', '>', (char)('0' + i % 10), '<', '\0'};
        assert_int_equal(strncmp(at, expected, 6), 0);
    }
    assert_string_equal(at, "</ul>");
    asker_close(&page.asker);
}

/* What goes on is not copied: a list of n items takes room for n, not for its square. */
static hewn_response *make_long_list(hewn_request *rq)
{
    const void *list = NULL;
    for (int i = 0; i < 2000; i++)
        list = hewn_markup(rq, "%p<li>item</li>", list);
    hw_text text;
    assert_true(hw_tagged_text(list, HW_TAGGED_MARKUP, &text));
    assert_int_equal(text.length, 2000 * strlen("<li>item</li>"));
    assert_true(rq->arena.held < 256 * 1024);
    return hewn_empty(rq, 204);
}

HW_LONG_TEST(pages_have_long_lists_at_the_price_of_their_length)
{
    page_asker page;
    open_page_asker(&page);
    page.asker.exchange.arena.block_bytes = 4096;
    page.make = make_long_list;
    assert_int_equal(ask(&page.asker, "GET", "/"), 204);
    asker_close(&page.asker);
}

static hewn_response *make_bad_markup(hewn_request *rq)
{
    const void *bad = hewn_markup(rq, "<p title=%s>", "x");
    assert_non_null(bad);
    return hewn_htmlf(rq, 200, "<p>%p</p>", bad);
}

static hewn_response *make_script_link(hewn_request *rq)
{
    return hewn_htmlf(rq, 200, "<a href='%s'>x</a>", "javascript:alert(1)");
}

static hewn_response *make_without_content(hewn_request *rq)
{
    return hewn_htmlf(rq, 204, "<p>%s</p>", "x");
}

HW_TEST(pages_that_are_misuse_are_a_logged_500)
{
    static make_page *const makes[] = {make_bad_markup, make_script_link};
    page_asker page;
    open_page_asker(&page);
    for (size_t i = 0; i < 2; i++) {
        page.make = makes[i];
        page.asker.faults = 0;
        assert_int_equal(ask(&page.asker, "GET", "/"), 500);
        assert_true(page.asker.faults >= 1);
        assert_null(strstr(page.asker.body, "<p"));
    }
    assert_non_null(strstr(page.asker.fault.what, ": \"<a href='%s'>x</a>\""));
    page.make = make_without_content;
    assert_int_equal(ask(&page.asker, "GET", "/"), 204);
    assert_null(answer_field(&page.asker, "Content-Type"));
    asker_close(&page.asker);
}
