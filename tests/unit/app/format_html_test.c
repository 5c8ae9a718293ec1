#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/format.h"
#include "app/tagged.h"
#include "unit/app/html_check.h"
#include "unit/harness.h"

typedef struct filler {
    hw_formats formats;
    hw_arena arena;
    const char *problem;
} filler;

static void open_filler(filler *own)
{
    *own = (filler){.formats = {.slots = {NULL}}};
    hw_arena_init(&own->arena, 64, 1024 * 1024);
}

static void close_filler(filler *own)
{
    hw_formats_fini(&own->formats);
    hw_arena_fini(&own->arena);
}

static void stop_without_memory(filler *own)
{
    close_filler(own);
    hw_test_out_of_memory();
}

/* NULL: `problem` says why. */
static const char *fill_html(filler *own, const char *source, ...)
{
    va_list args;
    hw_writer out;
    const hw_format *format = hw_formats_get(&own->formats, &own->arena, source, HW_FORMAT_HTML);
    if (!format)
        stop_without_memory(own);
    own->problem = format->problem;
    hw_writer_init(&out, &own->arena);
    if (!own->problem) {
        va_start(args, source);
        own->problem = hw_format_put(&out, format, args);
        va_end(args);
    }
    hw_text text = hw_writer_text(&out);
    if (!text.at)
        stop_without_memory(own);
    return own->problem ? NULL : text.at;
}

HW_TEST(html_texts_are_escaped_where_they_stand)
{
    static const struct {
        const char *format, *text, *expected;
    } cases[] = {
        {"<p>%s</p>", "a<b>&\"'", "<p>a&lt;b&gt;&amp;&quot;&#39;</p>"},
        {"%s", "x", "x"},
        {"<p>%s</p>", NULL, "<p></p>"},
        {"<p>100 %% of %.2s</p>", "xyz", "<p>100 % of xy</p>"},
        {"<p title=\"%s\">", "\"<", "<p title=\"&quot;&lt;\">"},
        {"<p title = '%s' hidden/>", "it's", "<p title = 'it&#39;s' hidden/>"},
        {"<title>%s</title>", "</title>", "<title>&lt;/title&gt;</title>"},
        {"<TEXTAREA>1 < 2, %s</textarea >", "<", "<TEXTAREA>1 < 2, &lt;</textarea >"},
        {"<!doctype html><p>%s", "a", "<!doctype html><p>a"},
        {"<!-- > -> -- --><p>%s", "a", "<!-- > -> -- --><p>a"},
        {"<!--><p>%s", "a", "<!--><p>a"},
        {"<!---><p>%s", "a", "<!---><p>a"},
        {"<!----!><p>%s", "a", "<!----!><p>a"},
        {"<!-- --!- --!!> --><p>%s", "a", "<!-- --!- --!!> --><p>a"},
        {"<?x?><p>%s", "a", "<?x?><p>a"},
        {"</ x><p>%s", "a", "</ x><p>a"},
        {"</><p>%s", "a", "</><p>a"},
        {"1 < 2 <<p>%s", "a", "1 < 2 <<p>a"},
        {"<script>if (a<b) x('</scripts>')</script>%s", "a",
         "<script>if (a<b) x('</scripts>')</script>a"},
        {"<style>a > b {}</style/><p>%s", "a", "<style>a > b {}</style/><p>a"},
        {"<p a=b c>%s", "d", "<p a=b c>d"},
        {"<p a= >%s", "d", "<p a= >d"},
        {"<p a=>%s", "d", "<p a=>d"},
        {"<p =a title='%s'>", "d", "<p =a title='d'>"},
        {"<p a'b title='%s'>", "d", "<p a'b title='d'>"},
        {"<p class='a'title='%s'>", "d", "<p class='a'title='d'>"},
        {"<svg><path d='%s'/></svg>", "M0", "<svg><path d='M0'/></svg>"},
        {"<svg/><script>a<b</script>%s", "d", "<svg/><script>a<b</script>d"},
        {"<meta name='a' content='%s'>", "b", "<meta name='a' content='b'>"},
        {"<meta content='%s'><meta http-equiv='refresh' content='1'>", "b",
         "<meta content='b'><meta http-equiv='refresh' content='1'>"},
        {"<p data-onclick=\"%s\">", "x", "<p data-onclick=\"x\">"},
        {"<data value='%s'>", "x", "<data value='x'>"},
        {"<p\ta\nb\f\rtitle='%s'>", "x", "<p\ta\nb\f\rtitle='x'>"},
        {"<p a  b>%s", "x", "<p a  b>x"},
        {"<p data-a-name-of-many-letters='%s'>", "x", "<p data-a-name-of-many-letters='x'>"},
        {"<math><mi>%s</mi></math>", "x", "<math><mi>x</mi></math>"},
        {"</svg><script>a<b</script>%s", "x", "</svg><script>a<b</script>x"},
        {"<title>a <= b</title>%s", "x", "<title>a <= b</title>x"},
        {"<script>'</style>'</script>%s", "x", "<script>'</style>'</script>x"},
        {"<p a=b/c?d>%s", "x", "<p a=b/c?d>x"},
        {"<!-- a! --><p>%s", "x", "<!-- a! --><p>x"},
    };
    filler own;
    open_filler(&own);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *html = fill_html(&own, cases[i].format, cases[i].text);
        assert_null(own.problem);
        assert_string_equal(html, cases[i].expected);
    }
    close_filler(&own);
}

HW_TEST(html_numbers_are_as_wide_as_they_should_be)
{
    filler own;
    open_filler(&own);
    assert_string_equal(fill_html(&own, "%d %5d|%-4d|%03d|%04d", -1, 23, 4, 5, -6),
                        "-1    23|4   |005|-006");
    assert_string_equal(
        fill_html(&own, "%u %lu %llu %zu %x %06x", 1u, 2ul, 3ull, (size_t)4, 255u, 0xabcu),
        "1 2 3 4 ff 000abc");
    assert_string_equal(fill_html(&own, "%ld %lld %zd %2d", -1l, -2ll, (ssize_t)-3, 12345),
                        "-1 -2 -3 12345");
    assert_string_equal(fill_html(&own, "%.2f %8.3f|%-6.1f|%g %e", 1.5, 2.25, 3.0, 0.1, 100.0),
                        "1.50    2.250|3.0   |0.1 1.000000e+02");
    assert_string_equal(
        fill_html(&own, "%f %f %.0f", (double)NAN, (double)INFINITY, (double)-INFINITY),
        "nan inf -inf");
    assert_string_equal(fill_html(&own, "<p style='width: %d%%' onclick=\"go(%d)\">", 50, 1),
                        "<p style='width: 50%' onclick=\"go(1)\">");
    assert_string_equal(fill_html(&own, "<meta http-equiv='refresh' content='%d'>", 5),
                        "<meta http-equiv='refresh' content='5'>");
    close_filler(&own);
}

/* One text and another; what comes out, or "" where it must not. */
HW_TEST(html_addresses_choose_no_scheme)
{
    static const struct {
        const char *format, *one, *other, *expected;
    } cases[] = {
        {"<a href=\"%s\">", "/a?b&c", NULL, "<a href=\"/a?b&amp;c\">"},
        {"<a href='%s'>", "https://example.org/", NULL, "<a href='https://example.org/'>"},
        {"<a href='%s'>", "HTTP://example.org", NULL, "<a href='HTTP://example.org'>"},
        {"<a href='%s'>", "mailto:a@b", NULL, "<a href='mailto:a@b'>"},
        {"<a href='%s'>", "a/b:c", NULL, "<a href='a/b:c'>"},
        {"<a href='%s'>", "?a:b", NULL, "<a href='?a:b'>"},
        {"<a href='%s'>", "", NULL, "<a href=''>"},
        {"<a href='%s'>", "javascript:alert(1)", NULL, ""},
        {"<a href='%s'>", "JavaScript:alert(1)", NULL, ""},
        {"<a href='%s'>", " javascript:alert(1)", NULL, ""},
        {"<a href='%s'>", "java\tscript:alert(1)", NULL, ""},
        {"<a href='%s'>", "\x01javascript:alert(1)", NULL, ""},
        {"<a href='%s'>", "data:text/html,x", NULL, ""},
        {"<a href='%s'>", "vbscript:x", NULL, ""},
        {"<a href='%s'>", ":x", NULL, ""},
        {"<a HREF='%s'>", "javascript:alert(1)", NULL, ""},
        {"<a href=' \n%s'>", "javascript:alert(1)", NULL, ""},
        {"<img src='%s'>", "javascript:alert(1)", NULL, ""},
        {"<form action='%s'>", "javascript:alert(1)", NULL, ""},
        {"<button formaction='%s'>", "javascript:alert(1)", NULL, ""},
        {"<svg><a xlink:href='%s'/></svg>", "javascript:alert(1)", NULL, ""},
        {"<x-y href='%s'>", "javascript:alert(1)", NULL, ""},
        {"<a href='/%s'>", "javascript:alert(1)", NULL, "<a href='/javascript:alert(1)'>"},
        {"<a href='?q=%s&amp;r=%s'>", "a:b", "c:d", "<a href='?q=a:b&amp;r=c:d'>"},
        {"<a href='https://%s/%s'>", "a", "b:c", "<a href='https://a/b:c'>"},
        {"<a href='mailto:%s'>", "a@b", NULL, "<a href='mailto:a@b'>"},
        {"<a href='page-%s'>", "x", NULL, "<a href='page-x'>"},
        {"<a href='java%s'>", "script:alert(1)", NULL, ""},
        {"<a href='page-%s'>", "x/y:z", NULL, "<a href='page-x/y:z'>"},
        {"<a href='%s%s'>", "java", "script:alert(1)", ""},
        {"<a href='%s%s'>", "/wiki/", "Talk:Page", "<a href='/wiki/Talk:Page'>"},
        {"<a href='%s%s'>", "https:", "//example.org:80", "<a href='https://example.org:80'>"},
        {"<a href='%s/%s'>", "a", "b:c", "<a href='a/b:c'>"},
        {"<a href='%s&%s'>", "javascript", "colon;alert(1)", ""},
        {"<a href='%s&amp;%s'>", "/a?b", "c:d", "<a href='/a?b&amp;c:d'>"},
        {"<a href='%s'><a href='%s'>", "/a", "javascript:1", ""},
        {"<script src='/js/%s.js'></script>", "a", NULL, "<script src='/js/a.js'></script>"},
        {"<script src='https://a/%s'></script>", "a", NULL, "<script src='https://a/a'></script>"},
        {"<iframe src='%s'></iframe>", "javascript:1", NULL, ""},
        {"<object data='/o/%s'>", "a", NULL, "<object data='/o/a'>"},
        {"<base href='/x/%s'>", "a", NULL, "<base href='/x/a'>"},
    };
    filler own;
    open_filler(&own);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *html = fill_html(&own, cases[i].format, cases[i].one, cases[i].other);
        if (*cases[i].expected)
            assert_string_equal(html, cases[i].expected);
        else
            assert_string_equal(own.problem, "a URL in an attribute has a scheme that is not http, "
                                             "https or mailto");
    }
    close_filler(&own);
}

HW_TEST(html_formats_take_texts_nowhere_else)
{
    static const char *const cases[][2] = {
        {"<%s>", "in the name of a tag"},
        {"</%s>", "in the name of a tag"},
        {"<p%s>", "in the name of a tag"},
        {"<h%d>", "in the name of a tag"},
        {"<p %s>", "in the name of an attribute"},
        {"<p a%s='1'>", "in the name of an attribute"},
        {"<p a %s>", "in the name of an attribute"},
        {"<p a='1'%s>", "in the name of an attribute"},
        {"<p/%s>", "in the name of an attribute"},
        {"<p a=%s>", "without quotes"},
        {"<p a= %d>", "without quotes"},
        {"<p a=b%s>", "without quotes"},
        {"<!-- %s -->", "in a comment"},
        {"<!--> <!-- -> %s -->", "in a comment"},
        {"<!-- --!- %s -->", "in a comment"},
        {"<!doctype %s>", "in a comment"},
        {"<?%s>", "in a comment"},
        {"</ %s>", "in a comment"},
        {"<script>%s</script>", "in a script"},
        {"<script>var x = %d;</script>", "in a script"},
        {"<SCRIPT type=\"x\">'%s'</SCRIPT>", "in a script"},
        {"<script/>%s</script>", "in a script"},
        {"<style>%s</style>", "in a script"},
        {"<iframe>%s</iframe>", "in a script"},
        {"<xmp>%s</xmp>", "in a script"},
        {"<noembed>%s</noembed>", "in a script"},
        {"<noframes>%s</noframes>", "in a script"},
        {"<title>%p</title>", "in a title"},
        {"<p title='%p'>", "value of an attribute"},
        {"<p onclick=\"%s\">", "may run"},
        {"<p ONfuture='%s'>", "may run"},
        {"<p style='%s'>", "may run"},
        {"<iframe srcdoc='%s'></iframe>", "may run"},
        {"<img srcset='%s 2x'>", "may run"},
        {"<meta http-equiv='%s'>", "may run"},
        {"<svg><set attributename='href' to='%s'/></svg>", "may run"},
        {"<meta http-equiv='refresh' content='0;url=%s'>", "http-equiv"},
        {"<meta content='0;url=%s' http-equiv='refresh'>", "http-equiv"},
        {"<a href='javascript:%s'>", "behind a scheme"},
        {"<a href='java&#115;cript:%s'>", "behind a scheme"},
        {"<a href='javascript&colon;%s'>", "behind a scheme"},
        {"<a href='java\nscript:%s'>", "behind a scheme"},
        {"<a href='data:%s'>", "behind a scheme"},
        {"<a href='%s:%s'>", "behind a scheme"},
        {"<a href='%d:%s'>", "behind a scheme"},
        {"<script src='%s'></script>", "chooses the host"},
        {"<script src='/%s'></script>", "chooses the host"},
        {"<script src='//%s/a'></script>", "chooses the host"},
        {"<script src='https:%s'></script>", "chooses the host"},
        {"<script src='/\\%s'></script>", "chooses the host"},
        {"<script src='\\/%s'></script>", "chooses the host"},
        {"<script src='\\\\%s'></script>", "chooses the host"},
        {"<script src='data:/a/%s'></script>", "behind a scheme"},
        {"<base href='%s'>", "chooses the host"},
        {"<object data='%s'>", "chooses the host"},
        {"<embed src='%s'>", "chooses the host"},
        {"<p title='%c'>", "do not know"},
        {"%hhd", "do not know"},
        {"%5s", "do not know"},
        {"%0d", "do not know"},
        {"%123d", "do not know"},
        {"%", "do not know"},
        {"<p", "ends inside"},
        {"<p title='", "ends inside"},
        {"<!-- ", "ends inside"},
        {"<", "ends inside"},
        {"<script>", "ends inside"},
        {"<script>a</s", "ends inside"},
        {"<title>a", "ends inside"},
        {"<svg>", "svg or math"},
        {"<plaintext>%s", "never ends"},
        {"<title><b></title>", "a tag or comment begins"},
        {"<title><%s</title>", "a tag or comment begins"},
        {"<style><!-- </style>", "a tag or comment begins"},
        {"<script><!-- <script> </script>%s", "a tag or comment begins"},
        {"<svg><script>a<b</script></svg>", "a tag or comment begins"},
        {"<svg><![CDATA[%s]]></svg>", "CDATA"},
        {"\xe4", "no UTF-8"},
    };
    filler own;
    open_filler(&own);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(fill_html(&own, cases[i][0], "a", "b"));
        if (!strstr(own.problem, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], own.problem);
    }
    close_filler(&own);
}

HW_TEST(html_pieces_are_put_as_they_are)
{
    filler own;
    open_filler(&own);
    const void *markup = hw_tagged_new(&own.arena, HW_TAGGED_MARKUP, HW_TEXT("<b>&amp;</b>"));
    const void *json = hw_tagged_new(&own.arena, HW_TAGGED_JSON, HW_TEXT("1"));
    if (!markup || !json)
        stop_without_memory(&own);
    assert_string_equal(fill_html(&own, "<p>%p%p%p</p>", markup, NULL, markup),
                        "<p><b>&amp;</b><b>&amp;</b></p>");
    assert_null(fill_html(&own, "<p>%p</p>", json));
    assert_non_null(strstr(own.problem, "hewn_markup has not made"));
    assert_null(fill_html(&own, "<p>%p</p>", "<script>alert(1)</script>"));
    close_filler(&own);
}

static const char *const hostile_lines[] = {"",
                                            "\"",
                                            "'",
                                            "<",
                                            ">",
                                            "&",
                                            "</p>",
                                            "</title>",
                                            "-->",
                                            "<!--",
                                            "<script>",
                                            "&lt;",
                                            "&#39;",
                                            "&quot",
                                            "\" a=\"",
                                            "' onclick='",
                                            "&amp;",
                                            "]]>",
                                            "<svg>",
                                            "%s%n",
                                            "\n\r\t",
                                            "\xff",
                                            "\xc3",
                                            "<plaintext>",
                                            "=",
                                            "javascript:alert(1)",
                                            "&colon;",
                                            "`",
                                            "\\",
                                            "/>",
                                            "</textarea\n>"};

static void make_hostile(char *text, size_t bytes, size_t turn)
{
    const size_t lines = sizeof hostile_lines / sizeof *hostile_lines;
    memset(text, 0, bytes);
    if (turn < lines) {
        memcpy(text, hostile_lines[turn], strlen(hostile_lines[turn]));
        return;
    }
    size_t length = 0;
    for (int words = rand() % 5; words > 0; words--) {
        const char *word = hostile_lines[(size_t)rand() % lines];
        size_t more = rand() % 2 ? strlen(word) : 0;
        if (length + more + 1 >= bytes)
            break;
        memcpy(text + length, word, more);
        length += more;
        if (rand() % 2 == 0 && length + 1 < bytes)
            text[length++] = (char)(rand() % 255 + 1);
    }
}

/* Whatever a text holds, it stays a text, and is that text. */
HW_LONG_TEST(html_texts_change_no_structure)
{
    static const char page[] =
        "<!doctype html><title>%s</title><p title=\"%s\" class='%s'>%s<b>x</b>"
        "<textarea>%s</textarea><a href=\"/a?%s\">%s</a><!-- c --><script>1<2</script>";
    static char html[16384], shape[1024], content[16384], expected[16384];
    char text[64];
    filler own;
    srand(11);
    for (size_t turn = 0; turn < 20000; turn++) {
        make_hostile(text, sizeof text, turn);
        open_filler(&own);
        own.arena.block_bytes = 64 * 1024;
        const char *made = fill_html(&own, page, text, text, text, text, text, text, text);
        assert_non_null(made);
        assert_true(strlen(made) < sizeof html);
        memcpy(html, made, strlen(made) + 1);
        close_filler(&own);
        assert_true(html_check(html, shape, sizeof shape, content, sizeof content));
        assert_string_equal(shape, "!<title></title><p title class><b></b><textarea></textarea>"
                                   "<a href></a>!<script></script>");
        hw_buffer whole = HW_BUFFER_OVER(expected);
        const char *in_text = *text ? "|" : "";
        hw_buffer_put_format(&whole, "|%s|%s|%s%s%s|x|%s|/a?%s%s%s|1<2", text, text, text, in_text,
                             text, text, text, in_text, text);
        assert_string_equal(content, hw_buffer_string(&whole));
    }
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

/* Whatever is put together in an address, it has a scheme that runs nothing, or is refused. */
HW_LONG_TEST(html_addresses_have_harmless_schemes)
{
    static const char *const harmless[] = {"", "http", "https", "mailto", NULL};
    static const char *const parts[] = {"java",  "script", "javascript", ":",  "&colon;", "colon;",
                                        "/",     "?",      "#",          "\t", " ",       "\n",
                                        "https", "http:",  "//",         "a",  "&",       ";",
                                        "data",  "58",     "mailto",     "."};
    static const char *const formats[] = {
        "<a href=\"%s\">",     "<a href='%s%s'>",     "<a href='x%s%s'>",  "<a href='%s&%s'>",
        "<a href='%s/%s'>",    "<a href='java%s%s'>", "<a href=' %s%s'>",  "<a href='%s&#%s'>",
        "<a href='https:%s'>", "<a href='%s;%s%s'>",  "<a href='%d%s%s'>", "<img src='%s?%s'>"};
    static char shape[256], content[1024];
    const size_t count = sizeof parts / sizeof *parts;
    size_t made_count = 0;
    srand(12);
    for (size_t turn = 0; turn < 40000; turn++) {
        char texts[3][64], scheme[64];
        filler own;
        for (size_t i = 0; i < 3; i++) {
            hw_buffer text = HW_BUFFER_OVER(texts[i]);
            for (int words = rand() % 4; words > 0; words--)
                hw_buffer_put_string(&text, parts[(size_t)rand() % count]);
            assert_non_null(hw_buffer_string(&text));
        }
        open_filler(&own);
        own.arena.block_bytes = 64 * 1024;
        const char *format = formats[turn % (sizeof formats / sizeof *formats)];
        const char *html = strstr(format, "%d")
                               ? fill_html(&own, format, 7, texts[1], texts[2])
                               : fill_html(&own, format, texts[0], texts[1], texts[2]);
        if (html) {
            made_count++;
            assert_true(html_check(html, shape, sizeof shape, content, sizeof content));
            html_scheme(content + 1, scheme, sizeof scheme);
            if (!is_one_of(scheme, harmless))
                fail_msg("%s made %s", format, html);
        }
        close_filler(&own);
    }
    assert_true(made_count > 10000);
}
