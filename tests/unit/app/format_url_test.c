#include <stdlib.h>
#include <string.h>

#include "unit/app/asker.h"

/* What the next request is to be answered with; tests are one thread. */
typedef hewn_response *make_answer(hewn_request *rq);

typedef struct url_asker {
    app_asker asker;
    make_answer *make;
} url_asker;

static hewn_response *answer_elsewhere(hewn_request *rq)
{
    make_answer *const *make = hewn_state(rq);
    return (*make)(rq);
}

static hewn_response *send_to_target(hewn_request *rq)
{
    return hewn_redirect_to(rq, 303, hewn_query(rq, "next"));
}

static void open_url_asker(url_asker *url)
{
    hewn_app *app = hewn_new(.state = &url->make);
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/", answer_elsewhere);
    hewn_get(app, "/to", send_to_target);
    asker_open(&url->asker, app);
}

#define GOES(name, ...)                                                                            \
    static hewn_response *name(hewn_request *rq)                                                   \
    {                                                                                              \
        return hewn_redirect(rq, 303, __VA_ARGS__);                                                \
    }
GOES(go_user, "/users/%s?tab=%s#%s", "a b/c", "x&y=z+", "?")
GOES(go_number, "/users/%d-%s/%05d", -7, "\xc3\xa4", 12)
GOES(go_host, "https://[::1]:8080/%s", "x")
GOES(go_host_alone, "//example.org?q=%s", "\r\nSet-Cookie: a")
GOES(go_app, "myapp://callback?code=%s", "1")
GOES(go_beside, "page-%s.html", "a:b")
GOES(go_query, "?%s=%s", "a", hewn_query(rq, "absent"))
GOES(go_up, "../list/%.2s", "abc")
GOES(go_escaped, "/a%%20b/%s", "..")
GOES(go_tilde, "/~%s", "")
GOES(go_dots, "/...%s", "..")
GOES(go_hex, "%x/edit", 255u)
GOES(go_literal, "/done")
GOES(go_number_first, "%d%s", 7, "a b")
GOES(go_host_and_fragment, "//example.org#%s", "a b")
GOES(go_path_and_fragment, "/a#%s", "/")
GOES(go_beside_and_fragment, "page#%s", ".")
GOES(go_fragment, "#%s", "a")
GOES(go_escaped_query, "?a%%2e%%20=%s", "..")

HW_TEST(redirects_are_filled_in)
{
    static const struct {
        make_answer *make;
        const char *location;
    } cases[] = {
        {go_user, "/users/a%20b%2Fc?tab=x%26y%3Dz%2B#%3F"},
        {go_number, "/users/-7-%C3%A4/00012"},
        {go_host, "https://[::1]:8080/x"},
        {go_host_alone, "//example.org?q=%0D%0ASet-Cookie%3A%20a"},
        {go_app, "myapp://callback?code=1"},
        {go_beside, "page-a%3Ab.html"},
        {go_query, "?a="},
        {go_up, "../list/ab"},
        {go_tilde, "/~"},
        {go_hex, "ff/edit"},
        {go_literal, "/done"},
        {go_number_first, "7a%20b"},
        {go_host_and_fragment, "//example.org#a%20b"},
        {go_path_and_fragment, "/a#%2F"},
        {go_beside_and_fragment, "page#."},
        {go_fragment, "#a"},
        {go_escaped_query, "?a%2e%20=.."},
    };
    url_asker url;
    open_url_asker(&url);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int again = 0; again < 2; again++) {
            url.make = cases[i].make;
            assert_int_equal(ask(&url.asker, "GET", "/"), 303);
            assert_string_equal(answer_field(&url.asker, "Location"), cases[i].location);
            assert_string_equal(url.asker.body, "");
        }
    asker_close(&url.asker);
}

GOES(go_anywhere, "%s", "https://example.org/")
GOES(go_scheme, "x%s://a/", "y")
GOES(go_authority, "https://%s/", "a")
GOES(go_userinfo, "https://a@%s.b/", "a")
GOES(go_port, "https://a:%d/", 80)
GOES(go_slashes, "//%s/", "a")
GOES(go_script, "javascript:%s", "alert(1)")
GOES(go_mail, "mailto:%s", "a")
GOES(go_colon, ":%s", "a")
GOES(go_number_scheme, "%d:a", 1)
GOES(go_no_host, "https:///%s", "a")
GOES(go_no_host_at_all, "https://")
GOES(go_scheme_alone, "https:")
GOES(go_backslash, "/\\%s", "a")
GOES(go_blank, "/a b")
GOES(go_line, "/a\r\nX: y")
GOES(go_latin, "/\xc3\xa4")
GOES(go_percent, "/a%%2")
GOES(go_hex_digits, "/a%%zz")
GOES(go_one_hex_digit, "/a%%2z")
GOES(go_opaque, "tel:112")
GOES(go_one_slash, "https:/a")
GOES(go_bool, "/%hhd", (signed char)1)
GOES(go_quoted, "/%p", (const void *)"a")
GOES(go_char, "/%c", 'a')
GOES(go_wide, "/%5d", 1)
GOES(go_empty, "/%s/example.org", "")
GOES(go_null, "/%s", hewn_query(rq, "absent"))
GOES(go_dot, "/a/%s", ".")
GOES(go_dot_dot, "/a/%s/b", "..")
GOES(go_half_dot, "/a/.%s", ".")
GOES(go_escaped_dot, "/a/%%2e%s", ".")
GOES(go_two, "/%s%s", ".", ".")
GOES(go_cut, "/%.1s", "./")
GOES(go_last, "%%2e%s/a", ".")

static hewn_response *go_with_200(hewn_request *rq)
{
    return hewn_redirect(rq, 200, "/a");
}

static hewn_response *go_with_304(hewn_request *rq)
{
    return hewn_redirect_to(rq, 304, "/a");
}

HW_TEST(redirects_that_could_lead_elsewhere_are_misuse)
{
    static const struct {
        make_answer *make;
        const char *words;
    } cases[] = {
        {go_anywhere, "begins with %s"},
        {go_scheme, "a scheme that is none"},
        {go_authority, "scheme or the host"},
        {go_userinfo, "scheme or the host"},
        {go_port, "scheme or the host"},
        {go_slashes, "scheme or the host"},
        {go_script, "scheme or the host"},
        {go_mail, "scheme or the host"},
        {go_colon, "a scheme that is none"},
        {go_number_scheme, "a scheme that is none"},
        {go_no_host, "no host behind"},
        {go_no_host_at_all, "ends before its host"},
        {go_scheme_alone, "ends before its host"},
        {go_backslash, "no URL has"},
        {go_blank, "no URL has"},
        {go_line, "no URL has"},
        {go_latin, "no URL has"},
        {go_percent, "hexadecimal digits"},
        {go_hex_digits, "hexadecimal digits"},
        {go_one_hex_digit, "hexadecimal digits"},
        {go_opaque, "without \"//\""},
        {go_one_slash, "without \"//\""},
        {go_bool, "do not know"},
        {go_quoted, "do not know"},
        {go_char, "do not know"},
        {go_wide, "do not know"},
        {go_empty, "a segment"},
        {go_null, "a segment"},
        {go_dot, "a segment"},
        {go_dot_dot, "a segment"},
        {go_half_dot, "a segment"},
        {go_escaped_dot, "a segment"},
        {go_two, "a segment"},
        {go_cut, "a segment"},
        {go_last, "a segment"},
        {go_escaped, "a segment"},
        {go_dots, "a segment"},
        {go_with_200, "a status of 301"},
        {go_with_304, "a status of 301"},
    };
    url_asker url;
    open_url_asker(&url);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        url.make = cases[i].make;
        url.asker.faults = 0;
        assert_int_equal(ask(&url.asker, "GET", "/"), 500);
        assert_int_equal(url.asker.faults, 1);
        if (!strstr(url.asker.fault.what, cases[i].words))
            fail_msg("%zu: %s", i, url.asker.fault.what);
        assert_null(answer_field(&url.asker, "Location"));
    }
    asker_close(&url.asker);
}

static hewn_response *go_with_status(hewn_request *rq)
{
    return hewn_redirect(rq, (int)strtol(hewn_query(rq, "status"), NULL, 10), "/a");
}

HW_TEST(redirects_have_the_status_they_are_given)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    url_asker url;
    open_url_asker(&url);
    url.make = go_with_status;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char target[] = "/?status=300";
        target[sizeof target - 2] = (char)('0' + statuses[i] % 10);
        assert_int_equal(ask(&url.asker, "GET", target), statuses[i]);
        assert_string_equal(answer_field(&url.asker, "Location"), "/a");
    }
    asker_close(&url.asker);
}

HW_TEST(misuse_names_the_format)
{
    url_asker url;
    open_url_asker(&url);
    url.make = go_authority;
    assert_int_equal(ask(&url.asker, "GET", "/"), 500);
    assert_non_null(strstr(url.asker.fault.what, ": \"https://%s/\""));
    asker_close(&url.asker);
}

HW_TEST(redirects_to_a_target_stay_on_the_site)
{
    static const char *const cases[][2] = {
        {"/to?next=/users/7%3Ftab%3D1", "/users/7?tab=1"},
        {"/to?next=/", "/"},
        {"/to?next=?a%3Db", "?a=b"},
        {"/to?next=/a+b%22%5C%C3%A4%2520", "/a%20b%22%5C%C3%A4%20"},
        {"/to?next=//example.org", NULL},
        {"/to?next=/%5Cexample.org", NULL},
        {"/to?next=/%09/example.org", NULL},
        {"/to?next=https://example.org/", NULL},
        {"/to?next=javascript:alert(1)", NULL},
        {"/to?next=example.org", NULL},
        {"/to?next=%0d%0aSet-Cookie:a", NULL},
        {"/to?next=/a%0d%0aSet-Cookie:a", NULL},
        {"/to?next=%5C%5Cexample.org", NULL},
        {"/to?next=", NULL},
        {"/to", NULL},
    };
    url_asker url;
    open_url_asker(&url);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = ask(&url.asker, "GET", cases[i][0]);
        assert_int_equal(status, cases[i][1] ? 303 : 400);
        if (cases[i][1])
            assert_string_equal(answer_field(&url.asker, "Location"), cases[i][1]);
        else
            assert_null(answer_field(&url.asker, "Location"));
    }
    asker_close(&url.asker);
}

HW_TEST(redirects_lead_somewhere)
{
    hw_formats formats = {.slots = {NULL}};
    hw_arena arena;
    hw_arena_init(&arena, 64, 64 * 1024);
    const hw_format *format = hw_formats_get(&formats, &arena, "", HW_FORMAT_URL);
    if (format)
        assert_string_equal(format->problem, "the format leads nowhere");
    hw_formats_fini(&formats);
    hw_arena_fini(&arena);
    if (!format)
        hw_test_out_of_memory();
}

static char hostile[4][32];

static hewn_response *go_with_hostile(hewn_request *rq)
{
    return hewn_redirect(rq, 302, "/%s/b%s?x=%s&y=%s#%s", hostile[0], hostile[1], hostile[2],
                         hostile[3], hostile[1]);
}

static int read_hex(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* What stands up to one of the bytes, decoded, is the text. Moves past that byte. */
static void expect_part(const char **at, const char *ends, const char *text)
{
    char decoded[64];
    size_t length = 0;
    for (; **at && !strchr(ends, **at); ++*at) {
        unsigned char byte = (unsigned char)**at;
        assert_true(byte > ' ' && byte < 0x7f && byte != '\\');
        if (byte == '%') {
            byte = (unsigned char)(read_hex((*at)[1]) * 16 + read_hex((*at)[2]));
            *at += 2;
        }
        decoded[length++] = (char)byte;
    }
    decoded[length] = '\0';
    assert_string_equal(decoded, text);
    *at += **at != '\0';
}

/* Whatever texts hold, a redirect leads where its format says. */
HW_LONG_TEST(redirect_texts_stay_in_their_place)
{
    static const char letters[] = "/\\?#&=%.:@+;[]{}|^`<>\"' \r\n\t2eE5c";
    url_asker url;
    open_url_asker(&url);
    url.make = go_with_hostile;
    srand(13);
    size_t made_count = 0;
    for (size_t turn = 0; turn < 20000; turn++) {
        memset(hostile, 0, sizeof hostile);
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0, length = (size_t)rand() % 8; j < length; j++)
                hostile[i][j] = (char)(rand() % 4 ? letters[(size_t)rand() % (sizeof letters - 1)]
                                                  : rand() % 255 + 1);
        if (ask(&url.asker, "GET", "/") == 500) {
            assert_true(strspn(hostile[0], ".") == strlen(hostile[0]) && strlen(hostile[0]) < 3);
            continue;
        }
        char beside[64];
        hw_buffer second = HW_BUFFER_OVER(beside);
        hw_buffer_put_format(&second, "b%s", hostile[1]);
        const char *location = answer_field(&url.asker, "Location");
        assert_int_equal(*location, '/');
        location++;
        assert_true(*location != '/' && *location != '\\');
        expect_part(&location, "/?#", hostile[0]);
        expect_part(&location, "/?#", beside);
        expect_part(&location, "=&#", "x");
        expect_part(&location, "=&#", hostile[2]);
        expect_part(&location, "=&#", "y");
        expect_part(&location, "=&#", hostile[3]);
        expect_part(&location, "", hostile[1]);
        made_count++;
    }
    assert_true(made_count > 15000);
    asker_close(&url.asker);
}

/* Whatever a client says, it stays here or is a 400. */
HW_LONG_TEST(redirect_targets_stay_on_the_site)
{
    static const char *const parts[] = {"/",    "%5C", "%09", "%0A", "a", ":",   "?",  "%23",
                                        "http", "//",  "+",   "@",   ".", "%7F", "%80"};
    const size_t count = sizeof parts / sizeof *parts;
    url_asker url;
    open_url_asker(&url);
    srand(14);
    for (size_t turn = 0; turn < 20000; turn++) {
        char target[64];
        hw_buffer text = HW_BUFFER_OVER(target);
        hw_buffer_put_string(&text, "/to?next=");
        for (int words = rand() % 6; words > 0; words--)
            hw_buffer_put_string(&text, parts[(size_t)rand() % count]);
        assert_non_null(hw_buffer_string(&text));
        int status = ask(&url.asker, "GET", target);
        assert_true(status == 303 || status == 400);
        const char *location = answer_field(&url.asker, "Location");
        if (status == 303)
            assert_true(*location == '?' ||
                        (*location == '/' && location[1] != '/' && location[1] != '\\' &&
                         strcspn(location, "\\\t\n\r ") == strlen(location)));
    }
    asker_close(&url.asker);
}
