#include <string.h>

#include "unit/app/asker.h"
#include "unit/base/death.h"

static hewn_response *say_path(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%s %s", hewn_path(rq), hewn_or(hewn_state(rq), "-"));
}

static hewn_response *say_param(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%s %lld %s", hewn_param(rq, "name"), hewn_param_int(rq, "id"),
                      hewn_param(rq, "rest"));
}

static hewn_response *ask_for_absent_param(hewn_request *rq)
{
    return hewn_text(rq, 200, hewn_param(rq, "nome"));
}

static hewn_response *ask_for_wrong_int(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%lld", hewn_param_int(rq, "name"));
}

static hewn_response *say_nothing(hewn_request *rq)
{
    (void)rq;
    return NULL;
}

static hewn_response *say_conflict(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 409);
    hewn_set(rs, "X-Own", "kept");
    hewn_set(rs, "X-Page", "mine");
    return rs;
}

static hewn_response *say_that_of_another(hewn_request *rq)
{
    hewn_response *copy = hewn_alloc(rq, sizeof *copy);
    if (copy)
        *copy = *hewn_empty(rq, 200);
    return copy;
}

static hewn_response *say_arg(hewn_request *rq, hewn_next *next, void *arg)
{
    (void)next, (void)arg;
    return hewn_text(rq, 200, hewn_arg(rq) ? "arg" : "none");
}

static hewn_response *say_own_error(hewn_request *rq)
{
    return hewn_text(rq, 404, "my own words");
}

/* Adds its letter to a field of the response: what is further out stands further right. */
static hewn_response *mark(hewn_request *rq, hewn_next *next, void *arg)
{
    hewn_response *rs = hewn_run_next(rq, next);
    hewn_add(rs, "X-Mark", arg);
    return rs;
}

static hewn_response *mark_own(hewn_request *rq, hewn_next *next, void *arg)
{
    hewn_response *rs = hewn_run_next(rq, next);
    hewn_add(rs, "X-Mark", arg ? "?" : "with");
    return rs;
}

static hewn_response *refuse_all(hewn_request *rq, hewn_next *next, void *arg)
{
    (void)next, (void)arg;
    return hewn_empty(rq, 401);
}

static hewn_response *run_twice(hewn_request *rq, hewn_next *next, void *arg)
{
    (void)arg;
    (void)!hewn_run_next(rq, next);
    return hewn_run_next(rq, next);
}

static hewn_response *forget(hewn_request *rq, hewn_next *next, void *arg)
{
    (void)arg;
    (void)!hewn_run_next(rq, next);
    return NULL;
}

static hewn_response *write_page(hewn_request *rq, int status, const char *detail)
{
    hewn_response *rs = hewn_textf(rq, status, "page of %d: %s", status, hewn_or(detail, "-"));
    hewn_set(rs, "X-Page", "page");
    return rs;
}

static hewn_response *write_no_page(hewn_request *rq, int status, const char *detail)
{
    (void)rq, (void)status, (void)detail;
    return NULL;
}

static const char *marks_of(const app_asker *asker, char *memory)
{
    const hw_response *response = &asker->exchange.response;
    hw_buffer marks = hw_buffer_over(memory, 64);
    for (size_t i = 0; i < response->field_count; i++)
        if (hw_text_equal(response->fields[i].name, HW_TEXT("X-Mark")))
            hw_buffer_put(&marks, response->fields[i].value);
    return hw_buffer_string(&marks);
}

static void expect_marks(app_asker *asker, const char *target, int status, const char *marks)
{
    char memory[64];
    assert_int_equal(ask(asker, "GET", target), status);
    assert_string_equal(marks_of(asker, memory), marks);
}

HW_TEST(scope_parameters_are_decoded_and_whole)
{
    app_asker asker;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/{name}/{id:int}/{rest...}", say_param);
    hewn_get(app, "/absent/{name}", ask_for_absent_param);
    hewn_get(app, "/wrong/{name}", ask_for_wrong_int);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/a%20b/-7/x/y%25/?q"), 200);
    assert_string_equal(asker.body, "a b -7 x/y%/");
    assert_int_equal(ask(&asker, "GET", "/n/0/"), 200);
    assert_string_equal(asker.body, "n 0 ");
    assert_int_equal(ask(&asker, "GET", "/n/07/"), 404);
    assert_int_equal(ask(&asker, "GET", "/n/7"), 404);
    asker.faults = 0;
    assert_int_equal(ask(&asker, "GET", "/absent/x"), 500);
    assert_int_equal(ask(&asker, "GET", "/wrong/x"), 500);
    assert_true(asker.faults >= 2);
    asker_close(&asker);
}

HW_TEST(scope_405_lists_the_methods_of_wider_patterns)
{
    app_asker asker;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_post(app, "/u/new", say_path);
    hewn_get(app, "/u/{id}", say_path);
    hewn_put(app, "/u/{rest...}", say_path);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/u/new"), 200);
    assert_int_equal(ask(&asker, "DELETE", "/u/new"), 405);
    const char *allow = answer_field(&asker, "Allow");
    static const char *const methods[] = {"POST", "GET", "HEAD", "PUT", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        assert_non_null(strstr(allow, methods[i]));
    assert_int_equal(ask(&asker, "POST", "/u/7"), 405);
    assert_null(strstr(answer_field(&asker, "Allow"), "POST"));
    asker_close(&asker);
}

/* Of one app with a group in a group, and an app in that. */
static hewn_app *new_nested(void)
{
    static hewn_middleware *const with[] = {mark_own, NULL};
    hewn_app *inner = hewn_new(.state = (void *)"inner"), *app = hewn_new(.state = (void *)"outer");
    if (!inner || !app) {
        hewn_app_free(inner);
        hewn_app_free(app);
        hw_test_out_of_memory();
    }
    asker_split(inner);
    asker_split(app);
    hewn_get(app, "/plain", say_path);
    hewn_app *group = hewn_group(app, "/g"), *deep = hewn_group(group, "/{id}");
    hewn_get(group, "", say_path);
    hewn_get(group, "/x", say_path, .with = with);
    hewn_get(deep, "/y", say_path);
    hewn_use(deep, mark, (void *)"d");
    hewn_use(group, mark, (void *)"g");
    hewn_use(group, mark, (void *)"h");
    hewn_use(app, mark, (void *)"a");
    hewn_use(inner, mark, (void *)"i");
    hewn_get(inner, "/z", say_path);
    hewn_mount(group, "/in", inner);
    return app;
}

HW_TEST(scope_middleware_is_an_onion)
{
    app_asker asker;
    asker_open(&asker, new_nested());
    expect_marks(&asker, "/plain", 200, "a");
    assert_string_equal(asker.body, "/plain outer");
    expect_marks(&asker, "/g", 200, "hga");
    expect_marks(&asker, "/g/x", 200, "withhga");
    expect_marks(&asker, "/g/7/y", 200, "dhga");
    expect_marks(&asker, "/g/in/z", 200, "ihga");
    assert_string_equal(asker.body, "/z inner");
    expect_marks(&asker, "/nobody", 404, "a");
    expect_marks(&asker, "/g/in/nobody", 404, "ihga");
    expect_marks(&asker, "/g/in", 308, "hga");
    asker_close(&asker);
}

HW_TEST(scope_middleware_is_around_what_comes_by_itself)
{
    char memory[64];
    app_asker asker;
    asker_open(&asker, new_nested());
    assert_int_equal(ask(&asker, "PUT", "/g/x"), 405);
    assert_string_equal(marks_of(&asker, memory), "hga");
    assert_string_equal(answer_field(&asker, "Allow"), "GET, HEAD, OPTIONS");
    assert_int_equal(ask(&asker, "OPTIONS", "/g/7/y"), 204);
    assert_string_equal(marks_of(&asker, memory), "dhga");
    assert_int_equal(ask(&asker, "FROB", "/g/x"), 501);
    assert_string_equal(marks_of(&asker, memory), "a");
    asker_close(&asker);
}

HW_TEST(scope_middleware_that_fails_is_a_500)
{
    static hewn_middleware *const bad[] = {run_twice, forget};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        app_asker asker;
        hewn_app *app = hewn_new();
        HW_NEED(app);
        asker_split(app);
        hewn_use(app, mark, (void *)"a");
        hewn_use(app, bad[i], NULL);
        hewn_get(app, "/", say_path);
        asker_open(&asker, app);
        expect_marks(&asker, "/", 500, "a");
        assert_true(asker.faults > 0);
        asker_close(&asker);
    }
}

HW_TEST(scope_errors_without_a_body_get_the_apps_page)
{
    static const struct {
        const char *method, *target;
        int status;
        const char *body;
    } cases[] = {
        {"GET", "/nobody", 404, "page of 404: -"},   {"PUT", "/own", 405, "page of 405: -"},
        {"FROB", "/own", 501, "page of 501: -"},     {"GET", "/conflict", 409, "page of 409: -"},
        {"GET", "/nothing", 500, "page of 500: -"},  {"GET", "/own", 404, "my own words"},
        {"GET", "/private", 401, "page of 401: -"},  {"GET", "/path", 200, "/path -"},
        {"GET", "/in/nobody", 404, "page of 404: -"}};
    app_asker asker;
    hewn_app *app = hewn_new(), *inner = hewn_new();
    if (!app || !inner) {
        hewn_app_free(app);
        hewn_app_free(inner);
        hw_test_out_of_memory();
    }
    asker_split(app);
    asker_split(inner);
    hewn_on_error(app, write_page);
    hewn_get(app, "/own", say_own_error);
    hewn_get(app, "/conflict", say_conflict);
    hewn_get(app, "/nothing", say_nothing);
    hewn_get(app, "/path", say_path);
    hewn_app *group = hewn_group(app, "/private");
    hewn_use(group, refuse_all, NULL);
    hewn_get(group, "", say_path);
    hewn_mount(app, "/in", inner);
    asker_open(&asker, app);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(ask(&asker, cases[i].method, cases[i].target), cases[i].status);
        assert_string_equal(asker.body, cases[i].body);
        assert_int_equal(answer_field_count(&asker, "Content-Type"), 1);
    }
    assert_int_equal(ask(&asker, "GET", "/conflict"), 409);
    assert_string_equal(answer_field(&asker, "X-Own"), "kept");
    assert_string_equal(answer_field(&asker, "X-Page"), "page");
    assert_int_equal(ask(&asker, "PUT", "/own"), 405);
    assert_string_equal(answer_field(&asker, "Allow"), "GET, HEAD, OPTIONS");
    asker_close(&asker);
}

/* Answers like a folder of files: from memory where it can, with an error of its own where it cannot,
 * and now and then without descriptors. */
static hw_body_plan plan_foreign(void *arg, hw_exchange *exchange)
{
    (void)arg, (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, 0};
}

static void answer_foreign(void *arg, hw_exchange *exchange)
{
    (void)arg;
    hw_text path = exchange->request.below.text;
    if (hw_text_equal(path, HW_TEXT("/starved")))
        exchange->response.kind = HW_RESPONSE_STARVED;
    else if (hw_text_equal(path, HW_TEXT("/file")))
        (void)!hewn_text(exchange, 200, "file");
    else
        hw_response_plain(&exchange->response, 404, "no such file");
}

static bool answer_foreign_quickly(void *arg, hw_exchange *exchange)
{
    if (hw_text_equal(exchange->request.below.text, HW_TEXT("/starved")))
        return false;
    answer_foreign(arg, exchange);
    return true;
}

static void mount_foreign(hewn_app *scope, const char *prefix)
{
    const hw_answerer answerer = {
        .plan = plan_foreign, .quick = answer_foreign_quickly, .answer = answer_foreign};
    (void)hw_app_mount(scope, prefix, &answerer, NULL);
}

HW_TEST(scope_folders_write_their_own_errors_but_for_an_apps_page)
{
    for (int has_page = 0; has_page < 2; has_page++) {
        app_asker asker;
        hewn_app *app = hewn_new();
        HW_NEED(app);
        asker_split(app);
        mount_foreign(app, "/");
        hewn_app *group = hewn_group(app, "/g");
        hewn_use(group, mark, (void *)"g");
        mount_foreign(group, "/");
        if (has_page)
            hewn_on_error(app, write_page);
        asker_open(&asker, app);
        assert_int_equal(ask(&asker, "GET", "/file"), 200);
        assert_true(asker.was_quick);
        assert_int_equal(ask(&asker, "GET", "/nobody"), 404);
        assert_int_equal(asker.was_quick, !has_page);
        assert_string_equal(asker.body, has_page ? "page of 404: no such file" : "no such file\n");
        expect_marks(&asker, "/g/file", 200, "g");
        expect_marks(&asker, "/g/nobody", 404, "g");
        assert_string_equal(asker.body, has_page ? "page of 404: no such file" : "no such file\n");
        expect_marks(&asker, "/g/starved", 503, "g");
        asker_close(&asker);
    }
}

HW_TEST(scope_error_page_that_fails_leaves_the_plain_one)
{
    app_asker asker;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_on_error(app, write_no_page);
    hewn_get(app, "/conflict", say_conflict);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/conflict"), 409);
    assert_string_equal(answer_field(&asker, "X-Own"), "kept");
    assert_true(asker.exchange.response.body != NULL);
    assert_int_equal(asker.faults, 1);
    asker_close(&asker);
}

static int ask_host(app_asker *asker, const char *host)
{
    hw_field fields[] = {{HW_TEXT_INIT("Host"), hw_text_of(host), HW_FIELD_HOST}};
    return ask_with(asker, "GET", "/", hw_fields_of(fields, 1), NULL);
}

HW_TEST(scope_response_of_another_request_is_a_500)
{
    app_asker asker;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_get(app, "/", say_that_of_another);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/"), 500);
    assert_non_null(strstr(asker.fault.what, "a response of its own making"));
    asker_close(&asker);
}

static hewn_response *ask_for_param(hewn_request *rq, hewn_next *next, void *arg)
{
    if (arg)
        return hewn_textf(rq, 200, "%lld", hewn_param_int(rq, arg));
    (void)next;
    return hewn_text(rq, 200, hewn_param(rq, "x"));
}

HW_TEST(scope_parameters_are_those_of_a_route)
{
    for (int is_int = 0; is_int < 2; is_int++) {
        app_asker asker;
        hewn_app *app = hewn_new();
        HW_NEED(app);
        hewn_use(app, ask_for_param, is_int ? (void *)"y" : NULL);
        hewn_get(app, "/{x}", say_path);
        asker_open(&asker, app);
        assert_int_equal(ask(&asker, "GET", "/"), 500);
        assert_int_equal(ask(&asker, "GET", "/7"), is_int ? 500 : 200);
        asker_close(&asker);
    }
}

HW_TEST(scope_folders_share_the_state_of_a_loop)
{
    app_asker asker;
    hewn_app *app = hewn_new(), *inner = hewn_new();
    if (!app || !inner) {
        hewn_app_free(app);
        hewn_app_free(inner);
        hw_test_out_of_memory();
    }
    asker_split(app);
    asker_split(inner);
    hewn_static(app, "/one", "/");
    hewn_static(app, "/two", "/");
    hewn_static(hewn_group(inner, "/g"), "/three", "/");
    hewn_mount(app, "/in", inner);
    asker_open(&asker, app);
    size_t count;
    (void)hw_app_locals(app, &count);
    assert_int_equal(count, 1);
    asker_close(&asker);
}

HW_TEST(scope_middleware_sees_what_has_no_route)
{
    app_asker asker;
    hewn_app *app = hewn_new(), *inner = hewn_new();
    if (!app || !inner) {
        hewn_app_free(app);
        hewn_app_free(inner);
        hw_test_out_of_memory();
    }
    asker_split(app);
    asker_split(inner);
    hewn_on_error(inner, write_page);
    hewn_use(app, say_arg, NULL);
    hewn_get(inner, "/", say_path, .arg = (void *)"x", .timeout_ms = 7);
    hewn_mount(hewn_group(app, "/"), "/in", inner);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/nobody"), 200);
    assert_string_equal(asker.body, "none");
    assert_int_equal(ask(&asker, "GET", "/in/"), 200);
    assert_string_equal(asker.body, "arg");
    asker_close(&asker);
}

HW_TEST(scope_misuse_without_a_route_names_the_request)
{
    app_asker asker;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_use(app, forget, NULL);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/nobody?x"), 500);
    assert_string_equal(asker.fault.where, "/nobody?x");
    asker_close(&asker);
}

static void ask_strictly(void *arg)
{
    app_asker *asker = arg;
    (void)hw_app_seal(asker->app, true);
    (void)ask(asker, "GET", "/nobody");
}

/* Not with failing memory: then it is not the middleware that is told of. */
HW_LONG_TEST(scope_misuse_aborts_in_development)
{
    app_asker asker;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_use(app, forget, NULL);
    asker_open(&asker, app);
    hw_test_expect_death(ask_strictly, &asker,
                         "request \"/nobody\": a middleware returned no response");
    asker_close(&asker);
}

HW_TEST(scope_hosts_have_apps_of_their_own)
{
    app_asker asker;
    hewn_app *app = hewn_new(.state = (void *)"outer"), *api = hewn_new(.state = (void *)"api");
    if (!app || !api) {
        hewn_app_free(app);
        hewn_app_free(api);
        hw_test_out_of_memory();
    }
    asker_split(app);
    asker_split(api);
    hewn_use(app, mark, (void *)"a");
    hewn_use(api, mark, (void *)"i");
    hewn_get(app, "/", say_path);
    hewn_get(api, "/", say_path);
    hewn_host(app, "*.Example.org", api);
    asker_open(&asker, app);
    char memory[64];
    assert_int_equal(ask_host(&asker, "api.example.org:8080"), 200);
    assert_string_equal(asker.body, "/ api");
    assert_string_equal(marks_of(&asker, memory), "ia");
    assert_int_equal(ask_host(&asker, "example.org"), 200);
    assert_string_equal(asker.body, "/ outer");
    asker_close(&asker);
}

HW_TEST(scope_without_an_app_does_nothing)
{
    assert_null(hewn_group(NULL, "/x"));
    hewn_use(NULL, mark, NULL);
    hewn_on_error(NULL, write_page);
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    hewn_mount(NULL, "/x", app);
    hewn_app *host = hewn_new();
    HW_NEED(host);
    hewn_host(NULL, "x", host);
}

static void free_group(void *arg)
{
    hewn_app_free(hewn_group(arg, "/x"));
}

static void mount_in_itself(void *arg)
{
    hewn_app *group = hewn_group(arg, "/x");
    if (group)
        hewn_mount(group, "/x", arg);
}

static void mount_twice(void *arg)
{
    hewn_app *sub = hewn_new();
    hewn_mount(arg, "/x", sub);
    if (!hw_app_fault(arg))
        hewn_mount(arg, "/y", sub);
}

static void mount_group(void *arg)
{
    hewn_mount(arg, "/x", hewn_group(arg, "/x"));
}

static void mount_below_parameter(void *arg)
{
    hewn_static(hewn_group(arg, "/{x}"), "/files", "/");
}

static void seal_mounted(void *arg)
{
    hewn_app *sub = hewn_new();
    hewn_mount(arg, "/x", sub);
    if (!hw_app_fault(arg))
        (void)hw_app_seal(sub, false);
}

static void group_badly(void *arg)
{
    (void)hewn_group(arg, "/x/");
}

static void group_without_prefix(void *arg)
{
    (void)hewn_group(arg, NULL);
}

static void seal_group(void *arg)
{
    hewn_app *group = hewn_group(arg, "/x");
    if (group)
        (void)hw_app_seal(group, false);
}

static void host_without_name(void *arg)
{
    hewn_host(arg, NULL, NULL);
}

static void use_nothing(void *arg)
{
    hewn_use(arg, NULL, NULL);
}

static void host_badly(void *arg)
{
    hewn_host(arg, "a:80", NULL);
}

static void host_twice(void *arg)
{
    hewn_host(arg, "a", hewn_new());
    hewn_host(arg, "A", hewn_new());
}

static void host_in_group(void *arg)
{
    hewn_host(hewn_group(arg, "/x"), "a", NULL);
}

static void page_of_group(void *arg)
{
    hewn_on_error(hewn_group(arg, "/x"), write_page);
}

static void use_late(void *arg)
{
    (void)hw_app_seal(arg, false);
    hewn_use(arg, mark, NULL);
}

static void mount_deeply(void *arg)
{
    hewn_app *outer = arg;
    for (int i = 0; i < 20; i++) {
        hewn_app *inner = hewn_new();
        hewn_mount(outer, "/x", inner);
        if (hw_app_fault(outer))
            return;
        outer = inner;
    }
    (void)hw_app_seal(arg, false);
}

static void use_often(void *arg)
{
    for (int i = 0; i < 65; i++)
        hewn_use(arg, mark, NULL);
    (void)hw_app_seal(arg, false);
}

HW_TEST(scope_mistakes_abort_with_words)
{
    static const struct {
        void (*make)(void *app);
        const char *words;
    } cases[] = {
        {free_group, "hewn_app_free: a group goes with its app"},
        {mount_in_itself, "hewn_mount: an app cannot be mounted in itself"},
        {mount_twice, "hewn_mount: the app is mounted already"},
        {mount_group, "hewn_mount: a group cannot be mounted"},
        {mount_below_parameter, "is in a group whose prefix has a {parameter}"},
        {seal_mounted, "a server runs whole apps: this one is mounted in another"},
        {group_badly, "the prefix \"/x/\" of a group must not end with '/'"},
        {group_without_prefix, "the prefix \"\" of a group must begin with '/'"},
        {seal_group, "a server runs whole apps: this one is a group of another"},
        {host_without_name, "hewn_host: \"\" is no host"},
        {use_nothing, "hewn_use needs a middleware"},
        {host_badly, "hewn_host: \"a:80\" has a port, which does not decide"},
        {host_twice, "hewn_host: \"A\" has an app already"},
        {host_in_group, "hewn_host is for an app, and this is a group of one"},
        {page_of_group, "hewn_on_error is for an app, and this is a group of one"},
        {use_late, "a middleware\" is added to an app that a server already runs"},
        {mount_deeply, "apps are mounted more than 16 deep"},
        {use_often, "more than 64 middlewares around one route"},
    };
    hewn_app *app = hewn_new();
    HW_NEED(app);
    asker_split(app);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        hw_test_expect_death(cases[i].make, app, cases[i].words);
    hewn_app_free(app);
}
