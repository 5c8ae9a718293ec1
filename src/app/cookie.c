/* What a client keeps for the application: plain cookies, and signed ones.
 *
 * A signed cookie is sent as SIGNATURE!VALUE, the signature in 43 letters. Its reader must not be
 * fooled by a client that leaves the signature away, so which of the two a cookie is cannot be for
 * the client to say, nor can one function read both: `hewn_cookie` would give the word of anybody
 * where the program thinks of its own. An app that remembered which names it has signed would have
 * forgotten after a restart, when the cookies come back first. Hence two functions that have no
 * value in common: hewn_cookie_signed gives what this app signed, hewn_cookie what it did not, and
 * passes over what looks signed. Who asks with the wrong one gets nothing, in the first test, and
 * not the word of a stranger in production. What a plain value holds cannot look signed by chance:
 * "!" is escaped in it.
 *
 * A signature says who wrote the value, and the name, not when: it holds until its secret goes. */
#include "app/cookie.h"
#include "app/app.h"
#include "app/call.h"
#include "app/dispatch.h"
#include "app/options.h"
#include "app/sign.h"
#include "base/assert.h"
#include "base/list.h"

static bool is_base64url(char byte)
{
    return hw_char_is_alpha(byte) || hw_char_is_digit(byte) || byte == '-' || byte == '_';
}

/* Whether a raw value has the form of a signed one, and its parts. */
static bool split_signed(hw_text raw, hw_text *ret_signature, hw_text *ret_value)
{
    if (raw.length <= HW_SIGN_LENGTH || raw.at[HW_SIGN_LENGTH] != '!')
        return false;
    for (size_t i = 0; i < HW_SIGN_LENGTH; i++)
        if (!is_base64url(raw.at[i]))
            return false;
    *ret_signature = hw_text_upto(raw, HW_SIGN_LENGTH);
    *ret_value = hw_text_from(raw, HW_SIGN_LENGTH + 1);
    return true;
}

bool hw_cookie_looks_signed(hw_text raw)
{
    hw_text signature, value;
    return split_signed(raw, &signature, &value);
}

void hw_app_take_secrets(hewn_app *app, const char *const *secrets)
{
    const hw_signer *signer = hw_signer_new(&app->arena, secrets);
    if (signer)
        app->signer = signer;
    else
        (void)hw_app_fail_memory(app);
}

/* Of the app that answers, or of the nearest one around it that has secrets. */
static const hw_signer *find_signer(const hewn_request *rq)
{
    const hewn_app *scope = hewn_app_of(rq);
    while (scope && !scope->owner->signer)
        scope = scope->around;
    return scope ? scope->owner->signer : NULL;
}

static const char *decode_cookie(const hewn_request *rq, hw_text raw)
{
    hw_text value;
    return hw_cookie_decode(&((hewn_request *)rq)->arena, raw, &value) ? value.at : NULL;
}

const char *hewn_cookie(const hewn_request *rq, const char *name)
{
    hw_cookies cookies;
    hw_text found, value, wanted = hw_text_of(name);
    hw_cookies_init(&cookies, rq->request.fields);
    while (hw_cookies_next(&cookies, &found, &value))
        if (hw_text_equal(found, wanted) && !hw_cookie_looks_signed(value))
            return decode_cookie(rq, value);
    return NULL;
}

const char *hewn_cookie_signed(const hewn_request *rq, const char *name)
{
    hw_cookies cookies;
    hw_text found, raw, signature, value, wanted = hw_text_of(name);
    const hw_signer *signer = find_signer(rq);
    if (!signer) {
        hw_dispatch_misuse((hewn_request *)rq, "a signed cookie in an app without .secrets");
        return NULL;
    }
    hw_cookies_init(&cookies, rq->request.fields);
    while (hw_cookies_next(&cookies, &found, &raw))
        if (hw_text_equal(found, wanted) && split_signed(raw, &signature, &value) &&
            hw_signer_verify(signer, found, value, signature))
            return decode_cookie(rq, value);
    return NULL;
}

/* The value as it is sent, in the arena. False: no memory. */
static bool encode_value(hewn_request *rq, const hw_signer *signer, hw_text name, hw_text value,
                         hw_text *ret_encoded)
{
    size_t room = HW_SIGN_LENGTH + 1 + value.length * 3;
    char *memory = hw_arena_alloc(&rq->arena, room);
    if (!memory)
        return false;
    hw_buffer buffer = hw_buffer_over(memory, room);
    char *signature = signer ? hw_buffer_claim(&buffer, HW_SIGN_LENGTH) : NULL;
    if (signer)
        hw_buffer_put_char(&buffer, '!');
    size_t start = buffer.length;
    hw_cookie_encode(&buffer, value);
    *ret_encoded = hw_buffer_text(&buffer);
    return !signer || hw_signer_sign(signer, name, hw_text_from(*ret_encoded, start), signature);
}

/* RFC 6265 4.1.1: no two cookies of one name in one response. */
static void forget_cookie(hw_response *response, hw_text name)
{
    size_t kept = 0;
    for (size_t i = 0; i < response->field_count; i++) {
        hw_text value = response->fields[i].value;
        bool is_same = hw_text_equal_nocase(response->fields[i].name, HW_TEXT("Set-Cookie")) &&
                       hw_text_has_prefix(value, name) && value.length > name.length &&
                       value.at[name.length] == '=';
        if (!is_same)
            response->fields[kept++] = response->fields[i];
    }
    response->field_count = kept;
}

/* 0 or -ENOMEM. */
static int send_cookie(hewn_response *rs, const hw_cookie *cookie)
{
    size_t room = cookie->name.length + cookie->value.length + cookie->path.length +
                  cookie->domain.length + HW_COOKIE_WORDS_MAX + 1;
    hw_buffer buffer = hw_buffer_over(hw_arena_alloc(rs->arena, room), room);
    if (!buffer.at) {
        rs->is_broken = true;
        return -ENOMEM;
    }
    hw_cookie_put(&buffer, cookie);
    hw_assert(hw_buffer_string(&buffer));
    forget_cookie(rs, cookie->name);
    hw_response_add_name(rs, HW_TEXT("Set-Cookie"), hw_buffer_text(&buffer));
    return rs->is_broken ? -ENOMEM : 0;
}

static hw_cookie cookie_of_options(const char *name, const hewn_cookie_opts *opts)
{
    return (hw_cookie){
        .name = hw_text_of(name),
        .path = opts->path ? hw_text_of(opts->path) : HW_TEXT("/"),
        .domain = hw_text_of(opts->domain),
        .max_age = opts->max_age,
        .same_site = opts->same_site ? opts->same_site : 'L',
        .is_secure = !opts->insecure,
        .is_http_only = !opts->script,
        .is_deleted = !opts->value,
    };
}

static int refuse_cookie(hewn_request *rq, const char *words)
{
    hw_dispatch_misuse(rq, words);
    return -EINVAL;
}

int hewn_cookie_put(hewn_response *rs, const char *name, const hewn_cookie_opts *opts)
{
    hewn_request *rq = HW_MEMBER(rs, hewn_request, response);
    hewn_cookie_opts known;
    if (!opts || !hw_options_read(&known, sizeof known, opts))
        return refuse_cookie(rq, "cookie options without their size, or from a newer version");
    hw_cookie cookie = cookie_of_options(name, &known);
    const hw_signer *signer = known.sign ? find_signer(rq) : NULL;
    if (known.sign && !signer)
        return refuse_cookie(rq, "a signed cookie in an app without .secrets");
    /* A value without bounds would take memory before it is found to be too long. */
    hw_text value = hw_text_of(known.value);
    if (value.length <= HW_COOKIE_BYTES_MAX &&
        !encode_value(rq, signer, cookie.name, value, &cookie.value)) {
        rs->is_broken = true;
        return -ENOMEM;
    }
    const char *problem = value.length > HW_COOKIE_BYTES_MAX
                              ? "a cookie of more than 4096 bytes, which no browser would keep"
                              : hw_cookie_problem(&cookie);
    return problem ? refuse_cookie(rq, problem) : send_cookie(rs, &cookie);
}
