#include <errno.h>
#include <string.h>

#include "unit/app/asker.h"

static hewn_response *fail_with_words(hewn_request *rq)
{
    hewn_response *rs = hewn_error(rq, 404, "no \"%s\" & <b>", hewn_query(rq, "what"));
    hewn_set(rs, "X-Own", "kept");
    return rs;
}

static hewn_response *fail_without_words(hewn_request *rq)
{
    return hewn_error(rq, 403, "%s", "");
}

static hewn_response *fail_with_success(hewn_request *rq)
{
    return hewn_error(rq, hewn_query(rq, "high") ? 600 : 200, "fine");
}

static hewn_response *fail_with_errno(hewn_request *rq)
{
    const char *sign = hewn_query(rq, "negative");
    int error = (int)strlen(hewn_or(hewn_query(rq, "error"), ""));
    return hewn_errno(rq, sign ? -error : error);
}

static void open_problems(app_asker *asker)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/words", fail_with_words);
    hewn_get(app, "/none", fail_without_words);
    hewn_get(app, "/success", fail_with_success);
    hewn_get(app, "/errno", fail_with_errno);
    asker_open(asker, app);
}

static int ask_accepting(app_asker *asker, const char *target, const char *accept)
{
    hw_field fields[] = {{HW_TEXT_INIT("Accept"), hw_text_of(accept), HW_FIELD_ACCEPT}};
    return ask_with(asker, "GET", target, hw_fields_of(fields, 1), NULL);
}

HW_TEST(problem_is_json_for_programs)
{
    static const char *const accepts[] = {"*/*",
                                          "application/json",
                                          "application/problem+json",
                                          "text/html;q=0.5, */*",
                                          "image/png",
                                          "text/html, application/json"};
    app_asker asker;
    open_problems(&asker);
    for (size_t i = 0; i < sizeof accepts / sizeof *accepts; i++) {
        assert_int_equal(ask_accepting(&asker, "/words?what=%22a", accepts[i]), 404);
        assert_string_equal(asker.body,
                            "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"no \\\""
                            "\\\"a\\\" & \\u003cb>\"}\n");
        assert_string_equal(answer_field(&asker, "Content-Type"), "application/problem+json");
        assert_string_equal(answer_field(&asker, "Vary"), "Accept");
        assert_string_equal(answer_field(&asker, "X-Own"), "kept");
    }
    assert_int_equal(ask(&asker, "GET", "/none"), 403);
    assert_string_equal(asker.body, "{\"title\":\"Forbidden\",\"status\":403}\n");
    asker_close(&asker);
}

HW_TEST(problem_is_a_page_for_browsers)
{
    app_asker asker;
    open_problems(&asker);
    assert_int_equal(
        ask_accepting(&asker, "/words?what=%27", "text/html,application/xhtml+xml,*/*;q=0.8"), 404);
    assert_string_equal(answer_field(&asker, "Content-Type"), "text/html; charset=utf-8");
    assert_non_null(strstr(asker.body, "<h1>404 Not Found</h1>\n<p>no &quot;&#39;&quot; &amp; "
                                       "&lt;b&gt;</p>"));
    assert_int_equal(ask_accepting(&asker, "/none", "text/html"), 403);
    assert_null(strstr(asker.body, "<p>"));
    asker_close(&asker);
}

HW_TEST(problem_has_the_status_of_an_error)
{
    app_asker asker;
    open_problems(&asker);
    assert_int_equal(ask(&asker, "GET", "/success"), 500);
    assert_int_equal(ask(&asker, "GET", "/success?high"), 500);
    static const struct {
        int error, status;
    } cases[] = {{ENOENT, 404},   {ENOTDIR, 404}, {EACCES, 403},    {EPERM, 403},  {EEXIST, 409},
                 {EMSGSIZE, 413}, {EFBIG, 413},   {EAGAIN, 503},    {EMFILE, 503}, {ENOMEM, 503},
                 {ENFILE, 503},   {ENOBUFS, 503}, {ETIMEDOUT, 504}, {ENOSPC, 507}, {EDQUOT, 507},
                 {EIO, 500},      {EINVAL, 500}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char target[300];
        hw_buffer out = HW_BUFFER_OVER(target);
        hw_buffer_put_string(&out, i % 2 ? "/errno?negative&error=" : "/errno?error=");
        for (int j = 0; j < cases[i].error; j++)
            hw_buffer_put_char(&out, 'x');
        asker.faults = 0;
        assert_int_equal(ask(&asker, "GET", hw_buffer_string(&out)), cases[i].status);
        assert_int_equal(asker.faults, 1);
        assert_int_equal(asker.fault.error, cases[i].error);
        assert_null(strstr(asker.body, "detail"));
    }
    asker_close(&asker);
}
