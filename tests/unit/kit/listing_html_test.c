/* What names do to a page, and a page to names. */
#include <stdlib.h>
#include <string.h>

#include "http/path.h"
#include "kit/listing_form.h"
#include "unit/harness.h"

typedef struct page {
    hw_listing_view view;
    char text[64 * 1024];
} page;

static hw_catalog_item *make_item(const char *name, size_t length)
{
    hw_catalog_item *item = calloc(1, sizeof *item + length + 1);
    assert_non_null(item);
    memcpy(item->name, name, length);
    item->length = (unsigned char)length;
    item->is_known = true;
    item->modified = 1700000000;
    return item;
}

static const char *write_row(page *p, const hw_catalog_item *item)
{
    hw_buffer out = hw_buffer_over(p->text, HW_LISTING_ROW_BYTES);
    hw_listing_html.row(&out, &p->view, item);
    assert_non_null(hw_buffer_string(&out));
    return p->text;
}

/* The cell of a file of this name. */
static void expect_name(const char *name, size_t length, const char *cell)
{
    static page p;
    hw_catalog_item *item = make_item(name, length);
    const char *row = write_row(&p, item);
    free(item);
    if (!strstr(row, cell))
        fail_msg("%s has no %s", row, cell);
}

static const char *write_begin(page *p)
{
    hw_buffer out = hw_buffer_over(p->text, HW_LISTING_BEGIN_BYTES);
    hw_listing_html.begin(&out, &p->view);
    assert_non_null(hw_buffer_string(&out));
    return p->text;
}

HW_TEST(listing_html_escapes_names)
{
    expect_name("a b.txt", 7, "<a href=\"a%20b.txt\">a b.txt</a>");
    expect_name("<b>&\"'", 6, "<a href=\"%3Cb%3E%26%22%27\">&lt;b&gt;&amp;&quot;&#39;</a>");
    expect_name("a:b?c#d%41", 10, "<a href=\"a%3Ab%3Fc%23d%2541\">a:b?c#d%41</a>");
    expect_name("\xc3\xa4", 2, "<a href=\"%C3%A4\">\xc3\xa4</a>");
    expect_name("javascript:x", 12, "<a href=\"javascript%3Ax\">");
}

HW_TEST(listing_html_shows_what_is_no_utf8)
{
    expect_name("a\xff", 2, "<a href=\"a%FF\">a\xef\xbf\xbd</a>");
    expect_name("\xc3", 1, "<a href=\"%C3\">\xef\xbf\xbd</a>");
    expect_name("\xe2\x82x", 3, "<a href=\"%E2%82x\">\xef\xbf\xbd\xef\xbf\xbdx</a>");
    expect_name("\xed\xa0\x80", 3, "\">\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</a>");
    expect_name("\xf0\x9f\x98\x80", 4, "\">\xf0\x9f\x98\x80</a>");
}

HW_TEST(listing_html_spells_out_what_is_not_seen)
{
    expect_name("a\xe2\x80\xaegpj.exe", 11,
                "<a href=\"a%E2%80%AEgpj.exe\">a<i>U+202E</i>gpj.exe</a>");
    expect_name("\xc2\x85", 2, "\"><i>U+0085</i></a>");
    expect_name("\xef\xbb\xbfx", 4, "\"><i>U+FEFF</i>x</a>");
    expect_name("\xf3\xa0\x80\xa0", 4, "\"><i>U+E0020</i></a>");
}

/* Such a path is a 400 (http/path). */
HW_TEST(listing_html_links_to_nothing_that_cannot_be_asked_for)
{
    static page p;
    for (int byte = 1; byte < 256; byte++) {
        char name[] = {'x', (char)byte, '\0'};
        char raw[16];
        hw_buffer out = HW_BUFFER_OVER(raw), decoded = hw_buffer_over(p.text, 100);
        hw_path path;
        if (byte == '/')
            continue;
        hw_buffer_put_char(&out, '/');
        hw_listing_put_href(&out, (hw_text){name, 2});
        bool is_refused = hw_path_decode(hw_buffer_text(&out), &decoded, &path) != NULL;
        if (!is_refused)
            assert_true(hw_text_equal(hw_text_from(path.text, 1), (hw_text){name, 2}));
        hw_catalog_item *item = make_item(name, 2);
        assert_int_equal(strstr(write_row(&p, item), "<a href") == NULL, is_refused);
        free(item);
    }
}

static void expect_size(uint64_t size, const char *cell)
{
    static page p;
    hw_catalog_item *item = make_item("x", 1);
    item->size = size;
    const char *row = write_row(&p, item);
    free(item);
    if (!strstr(row, cell))
        fail_msg("%s has no %s", row, cell);
}

HW_TEST(listing_html_has_sizes_as_people_read_them)
{
    expect_size(0, "<td>0 B<td>");
    expect_size(999, "<td>999 B<td>");
    expect_size(1000, "<td title=\"1000 bytes\">1.0 kB<td>");
    expect_size(1049, ">1.0 kB<");
    expect_size(1050, ">1.1 kB<");
    expect_size(9949, ">9.9 kB<");
    expect_size(9950, ">10 kB<");
    expect_size(61234, ">61 kB<");
    expect_size(999499, ">999 kB<");
    expect_size(999500, ">1.0 MB<");
    expect_size(UINT64_C(4200000000), ">4.2 GB<");
    expect_size(UINT64_MAX, ">18 EB<");
}

HW_TEST(listing_html_has_times_and_what_is_not_known)
{
    static page p;
    hw_catalog_item *item = make_item("x", 1);
    assert_non_null(strstr(write_row(&p, item),
                           "<td><time datetime=2023-11-14T22:13:20Z>2023-11-14 22:13</time>"));
    item->is_known = false;
    assert_string_equal(write_row(&p, item), "<tr><td><a href=\"x\">x</a><td><td>\n");
    item->is_folder = item->is_known = true;
    assert_non_null(
        strstr(write_row(&p, item), "<tr class=d><td><a href=\"x/\">x/</a><td><td><time"));
    free(item);
}

HW_TEST(listing_html_leads_up)
{
    static page p;
    p.view = (hw_listing_view){.path = HW_TEXT("/docs/a/<b>/"), .depth = 2};
    const char *text = write_begin(&p);
    assert_non_null(strstr(text, "<title>&lt;b&gt;</title>"));
    assert_non_null(strstr(text, "<nav aria-label=Path><a href=\"../../\">docs/</a>"
                                 "<a href=\"../\">a/</a>"
                                 "<a href=\"./\" aria-current=page>&lt;b&gt;/</a></nav>"));
    assert_non_null(strstr(text, "<tr class=u><td><a href=\"../\">../</a>"));
    p.view = (hw_listing_view){.path = HW_TEXT("/"), .depth = 0};
    text = write_begin(&p);
    assert_non_null(strstr(text, "<title>/</title>"));
    assert_non_null(strstr(text, "<a href=\"./\" aria-current=page>/</a></nav>"));
    assert_null(strstr(text, "class=u"));
}

HW_TEST(listing_html_links_to_other_orders)
{
    static page p;
    p.view = (hw_listing_view){.path = HW_TEXT("/"), .order = {HW_CATALOG_NAME, false}};
    const char *text = write_begin(&p);
    assert_non_null(strstr(text, "<th scope=col aria-sort=ascending><a href=\"?sort=-name\">"));
    assert_non_null(strstr(text, "<th scope=col><a href=\"?sort=-size\">"));
    assert_non_null(strstr(text, "<th scope=col><a href=\"?sort=-time\">"));
    p.view.order = (hw_catalog_order){HW_CATALOG_SIZE, true};
    text = write_begin(&p);
    assert_non_null(strstr(text, "<th scope=col><a href=\"?sort=name\">"));
    assert_non_null(strstr(text, "<th scope=col aria-sort=descending><a href=\"?sort=size\">"));
}

HW_TEST(listing_html_says_that_names_are_missing)
{
    static page p;
    p.view = (hw_listing_view){.path = HW_TEXT("/"), .is_cut = true, .count = 131072};
    assert_non_null(strstr(write_begin(&p), "these are 131072 of them"));
}

HW_TEST(listing_html_counts)
{
    static page p;
    hw_buffer out = hw_buffer_over(p.text, HW_LISTING_END_BYTES);
    p.view = (hw_listing_view){.path = HW_TEXT("/"), .folders = 1, .files = 2, .bytes = 4200};
    hw_listing_html.end(&out, &p.view);
    assert_non_null(hw_buffer_string(&out));
    assert_non_null(strstr(p.text, "<p id=n role=status>1 folder, 2 files, 4.2 kB<"));
}

/* What is longest in a page still fits what is set aside for it. */
HW_TEST(listing_html_has_room_for_the_worst)
{
    static page p;
    static char path[4097];
    char name[HW_CATALOG_NAME_BYTES];
    memset(name, '\x01', sizeof name);
    hw_catalog_item *item = make_item(name, sizeof name);
    item->size = UINT64_MAX;
    item->is_folder = false;
    write_row(&p, item);
    free(item);
    for (size_t i = 0; i < sizeof path - 1; i++)
        path[i] = i % 256 == 0 ? '/' : '\'';
    path[sizeof path - 2] = '/';
    p.view = (hw_listing_view){.path = hw_text_of(path), .depth = 16, .is_cut = true};
    write_begin(&p);
    for (size_t i = 0; i < sizeof path - 1; i++)
        path[i] = i % 2 == 0 ? '/' : 'x';
    path[sizeof path - 2] = '/';
    p.view.depth = (sizeof path - 2) / 2;
    assert_non_null(strstr(write_begin(&p), "<span>&hellip;/</span>"));
}
