#include <string.h>

#include "app/cookie.h"
#include "app/sign.h"
#include "unit/app/asker.h"

static const char secret_one[] = "0123456789abcdef0123456789abcdef";
static const char secret_two[] = "fedcba9876543210fedcba9876543210";

static hewn_response *say_cookies(hewn_request *rq)
{
    return hewn_textf(rq, 200, "%s|%s", hewn_or(hewn_cookie(rq, "a"), "(none)"),
                      hewn_or(hewn_cookie_signed(rq, "a"), "(none)"));
}

static hewn_response *say_plain(hewn_request *rq)
{
    return hewn_text(rq, 200, hewn_or(hewn_cookie(rq, "a"), "(none)"));
}

static hewn_response *set_signed(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 204);
    hewn_set_cookie(rs, "a", hewn_query(rq, "value"), .sign = true);
    return rs;
}

static void assert_refused(int result)
{
    assert_true(result == -EINVAL || (result == -ENOMEM && hw_test_is_struck()));
}

static void assert_put(int result)
{
    assert_true(result == 0 || (result == -ENOMEM && hw_test_is_struck()));
}

static hewn_response *set_several(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 204);
    assert_put(hewn_set_cookie(rs, "a", "first"));
    assert_put(hewn_set_cookie(rs, "ab", "x y", .max_age = 60, .script = true));
    assert_put(hewn_set_cookie(rs, "a", NULL, .path = "/x", .insecure = true));
    return rs;
}

static hewn_response *set_badly(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 204);
    assert_refused(hewn_set_cookie(rs, "a", "b", .same_site = 'N', .insecure = true));
    return rs;
}

static hewn_response *set_long(hewn_request *rq)
{
    static char value[5000];
    memset(value, ' ', sizeof value - 1);
    hewn_response *rs = hewn_empty(rq, 204);
    assert_refused(hewn_set_cookie(rs, "a", value));
    return rs;
}

static hewn_response *set_long_when_encoded(hewn_request *rq)
{
    static char value[1400];
    memset(value, ' ', sizeof value - 1);
    hewn_response *rs = hewn_empty(rq, 204);
    assert_refused(hewn_set_cookie(rs, "a", value));
    return rs;
}

static hewn_response *put_without_size(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 204);
    assert_refused(hewn_cookie_put(rs, "a", &(const hewn_cookie_opts){0}));
    return rs;
}

static hewn_response *put_without_options(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 204);
    assert_refused(hewn_cookie_put(rs, "a", NULL));
    return rs;
}

/* Beside fields that are no cookie of that name. */
static hewn_response *set_beside_others(hewn_request *rq)
{
    hewn_response *rs = hewn_empty(rq, 204);
    hewn_set(rs, "X-Other", "a=1");
    hewn_add(rs, "Set-Cookie", "a");
    assert_put(hewn_set_cookie(rs, "a", "one"));
    assert_put(hewn_set_cookie(rs, "a", "two"));
    return rs;
}

/* An app, or with struck memory none. */
static void open_cookies(app_asker *asker, const char *const *secrets)
{
    if (secrets && !hw_signer_is_built)
        skip();
    hewn_app *app = hewn_new(.secrets = secrets);
    HW_NEED(app);
    hewn_get(app, "/", say_cookies);
    hewn_get(app, "/plain", say_plain);
    hewn_get(app, "/sign", set_signed);
    hewn_get(app, "/several", set_several);
    hewn_get(app, "/bad", set_badly);
    hewn_get(app, "/long", set_long);
    hewn_get(app, "/encoded", set_long_when_encoded);
    hewn_get(app, "/size", put_without_size);
    hewn_get(app, "/none", put_without_options);
    hewn_get(app, "/others", set_beside_others);
    asker_open(asker, app);
}

static const char *ask_cookies(app_asker *asker, const char *path, const char *cookies)
{
    hw_field field = {HW_TEXT_INIT("Cookie"), hw_text_of(cookies), HW_FIELD_COOKIE};
    assert_int_equal(ask_with(asker, "GET", path, hw_fields_of(&field, 1), NULL), 200);
    return asker->body;
}

/* "a=SIGNATURE!VALUE" as a client sends it back. */
static void keep_signed(app_asker *asker, const char *target, char ret_cookie[200])
{
    assert_int_equal(ask(asker, "GET", target), 204);
    const char *value = answer_field(asker, "Set-Cookie");
    assert_non_null(value);
    size_t length = strcspn(value, ";");
    assert_true(length < 200);
    memcpy(ret_cookie, value, length);
    ret_cookie[length] = '\0';
}

HW_TEST(cookie_of_the_client_is_read)
{
    app_asker asker;
    open_cookies(&asker, NULL);
    assert_string_equal(ask_cookies(&asker, "/plain", "b=1; a=x%20y; a=2"), "x y");
    assert_string_equal(ask_cookies(&asker, "/plain", "A=1"), "(none)");
    assert_string_equal(ask_cookies(&asker, "/plain", "a="), "");
    assert_int_equal(ask(&asker, "GET", "/plain"), 200);
    assert_string_equal(asker.body, "(none)");
    asker_close(&asker);
}

HW_TEST(cookie_that_was_signed_comes_back)
{
    static const char *const secrets[] = {secret_one, NULL};
    char cookie[200];
    app_asker asker;
    open_cookies(&asker, secrets);
    keep_signed(&asker, "/sign?value=x%20!y", cookie);
    assert_string_equal(cookie + strlen(cookie) - strlen("!x%20%21y"), "!x%20%21y");
    assert_string_equal(ask_cookies(&asker, "/", cookie), "(none)|x !y");
    asker_close(&asker);
}

HW_TEST(cookie_without_its_signature_is_another)
{
    static const char *const secrets[] = {secret_one, NULL};
    char cookie[200], both[300];
    app_asker asker;
    open_cookies(&asker, secrets);
    keep_signed(&asker, "/sign?value=ann", cookie);
    assert_string_equal(ask_cookies(&asker, "/", "a=ann"), "ann|(none)");
    /* Neither stands in the way of the other. */
    hw_buffer words = HW_BUFFER_OVER(both);
    hw_buffer_put_format(&words, "a=eve; %s", cookie);
    assert_string_equal(ask_cookies(&asker, "/", both), "eve|ann");
    asker_close(&asker);
}

HW_TEST(cookie_changed_anywhere_is_not_verified)
{
    static const char *const secrets[] = {secret_one, NULL};
    char cookie[200];
    app_asker asker;
    open_cookies(&asker, secrets);
    keep_signed(&asker, "/sign?value=ann", cookie);
    for (size_t i = 2; cookie[i]; i++) {
        char byte = cookie[i];
        cookie[i] = byte == 'A' ? 'B' : 'A';
        assert_null(strstr(ask_cookies(&asker, "/", cookie), "|ann"));
        cookie[i] = byte;
    }
    assert_string_equal(ask_cookies(&asker, "/", cookie), "(none)|ann");
    cookie[0] = 'b';
    assert_string_equal(ask_cookies(&asker, "/", cookie), "(none)|(none)");
    asker_close(&asker);
}

HW_TEST(cookie_of_an_older_secret_is_verified)
{
    static const char *const old[] = {secret_one, NULL}, *const both[] = {secret_two, secret_one,
                                                                          NULL};
    static const char *const new[] = {secret_two, NULL};
    char cookie[200];
    app_asker asker;
    open_cookies(&asker, old);
    keep_signed(&asker, "/sign?value=ann", cookie);
    asker_close(&asker);
    open_cookies(&asker, both);
    assert_string_equal(ask_cookies(&asker, "/", cookie), "(none)|ann");
    keep_signed(&asker, "/sign?value=bob", cookie);
    asker_close(&asker);
    open_cookies(&asker, new);
    assert_string_equal(ask_cookies(&asker, "/", cookie), "(none)|bob");
    asker_close(&asker);
}

HW_TEST(cookie_signature_is_this_one)
{
    /* Reckoned with Python's hmac and base64. */
    static const char *const secrets[] = {secret_one, NULL};
    char cookie[200];
    app_asker asker;
    open_cookies(&asker, secrets);
    keep_signed(&asker, "/sign?value=ann", cookie);
    assert_string_equal(cookie, "a=bY0lI7uEw81Ej2XrWsezBtwM0qJMEQp1qeLJHL73D4A!ann");
    asker_close(&asker);
}

HW_TEST(cookies_are_set_once_a_name)
{
    app_asker asker;
    open_cookies(&asker, NULL);
    assert_int_equal(ask(&asker, "GET", "/several"), 204);
    assert_int_equal(answer_field_count(&asker, "Set-Cookie"), 2);
    assert_string_equal(answer_field(&asker, "Set-Cookie"),
                        "ab=x%20y; Path=/; Max-Age=60; Secure; SameSite=Lax");
    asker_close(&asker);
}

HW_TEST(cookie_takes_the_place_of_its_own_name_alone)
{
    app_asker asker;
    open_cookies(&asker, NULL);
    assert_int_equal(ask(&asker, "GET", "/others"), 204);
    assert_string_equal(answer_field(&asker, "X-Other"), "a=1");
    assert_int_equal(answer_field_count(&asker, "Set-Cookie"), 2); /* "a", which has no value */
    asker_close(&asker);
}

HW_TEST(cookie_that_cannot_be_kept_is_misuse)
{
    static const char *const paths[] = {"/bad",  "/long",         "/encoded", "/size",
                                        "/none", "/sign?value=x", "/"};
    app_asker asker;
    open_cookies(&asker, NULL);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(ask(&asker, "GET", paths[i]), 500);
        assert_int_equal(asker.faults, i + 1);
    }
    asker_close(&asker);
}

HW_TEST(cookie_looks_signed_by_its_form)
{
    static const char letters[] = "0123456789-_abcdefghijklmnopqrstuvwxyzABCDE";
    char raw[60];
    hw_buffer words = HW_BUFFER_OVER(raw);
    assert_int_equal(strlen(letters), 43);
    hw_buffer_put_format(&words, "%s!x", letters);
    assert_true(hw_cookie_looks_signed(hw_buffer_text(&words)));
    assert_true(hw_cookie_looks_signed(hw_text_upto(hw_buffer_text(&words), 44)));
    assert_false(hw_cookie_looks_signed(hw_text_upto(hw_buffer_text(&words), 43)));
    assert_false(hw_cookie_looks_signed(hw_text_from(hw_buffer_text(&words), 1)));
    raw[5] = '.';
    assert_false(hw_cookie_looks_signed(hw_buffer_text(&words)));
}

HW_TEST(cookie_signature_is_of_its_length)
{
    static const char *const secrets[] = {secret_one, NULL};
    static char value[20000];
    char signature[HW_SIGN_LENGTH];
    hw_arena arena;
    if (!hw_signer_is_built)
        skip();
    hw_arena_init(&arena, 64, 4096);
    const hw_signer *signer = hw_signer_new(&arena, secrets);
    if (signer && hw_signer_sign(signer, HW_TEXT("a"), HW_TEXT("b"), signature)) {
        hw_text whole = {signature, HW_SIGN_LENGTH};
        assert_true(hw_signer_verify(signer, HW_TEXT("a"), HW_TEXT("b"), whole));
        assert_false(hw_signer_verify(signer, HW_TEXT("a"), HW_TEXT("b"), hw_text_upto(whole, 42)));
        assert_false(hw_signer_verify(signer, HW_TEXT("a"), HW_TEXT(""), whole));
    }
    /* Longer than any cookie may be: neither signed nor believed. */
    memset(value, 'v', sizeof value);
    hw_text text = {value, sizeof value};
    if (signer) {
        assert_false(hw_signer_sign(signer, HW_TEXT("a"), text, signature));
        assert_false(hw_signer_verify(signer, HW_TEXT("a"), text, hw_text_upto(text, 43)));
    }
    hw_arena_fini(&arena);
    if (!signer)
        hw_test_out_of_memory();
}
