/* Compresses the answers of handlers: hewn_mw_compress.
 *
 * A body that lies in memory is coded at once, on the thread of its handler, and has a length again;
 * a longer one, a stream and a file are coded while they are sent (coded.h). Where there is no memory
 * for it, where it would not get smaller, and where nine tenths of all memory are in use, the
 * answer stays as it is: nobody is refused for want of a coding.
 *
 * Whoever keeps answers must know that there are several: so Vary says Accept-Encoding with each that
 * could have had a coding, be it that this client, or this length, got none (RFC 9110 12.5.5). A
 * strong tag promises the same bytes (RFC 9110 8.8.1), which another version of the library need not
 * make: it becomes a weak one, also in the 304 to a client that has it so. Ranges of coded bytes
 * cannot be had, so Accept-Ranges goes.
 *
 * Not touched: what has a coding already; what must not be transformed (RFC 9110 7.7); parts (206);
 * what says a digest of its own bytes (RFC 9530); what comes from a folder of files, which
 * negotiates itself. A client that accepts nothing that there is gets the answer as it is, and no 406
 * (RFC 9110 12.5.3 leaves the choice): it is of more use.
 *
 * What compression gives away (BREACH): how short an answer gets tells who can watch the wire and
 * have a victim ask whether its own guess stands in the same answer as a secret. docs/guide says what
 * to do about it; this layer cannot know which answers those are. */
#include "kit/compress.h"

#include "app/app.h"
#include "hewn.h"
#include "http/element.h"
#include "http/etag.h"
#include "http/status.h"
#include "kit/coded.h"
#include "kit/encoder.h"

/* A longer body in memory is coded while it is sent. */
#define COMPRESS_AT_ONCE_BYTES_MAX ((uint64_t)1024 * 1024)

/* Beside text/... and whatever ends in +json, +xml or +text. */
static const hw_text compressed_types[] = {
    HW_TEXT_INIT("application/json"),
    HW_TEXT_INIT("application/javascript"),
    HW_TEXT_INIT("application/ecmascript"),
    HW_TEXT_INIT("application/x-javascript"),
    HW_TEXT_INIT("application/xml"),
    HW_TEXT_INIT("application/xml-dtd"),
    HW_TEXT_INIT("application/wasm"),
    HW_TEXT_INIT("application/x-ndjson"),
    HW_TEXT_INIT("application/jsonl"),
    HW_TEXT_INIT("application/json-seq"),
    HW_TEXT_INIT("application/graphql"),
    HW_TEXT_INIT("application/sql"),
    HW_TEXT_INIT("application/toml"),
    HW_TEXT_INIT("application/yaml"),
    HW_TEXT_INIT("application/rtf"),
    HW_TEXT_INIT("application/x-sh"),
    HW_TEXT_INIT("application/vnd.ms-fontobject"),
    HW_TEXT_INIT("font/ttf"),
    HW_TEXT_INIT("font/otf"),
    HW_TEXT_INIT("font/collection"),
    HW_TEXT_INIT("image/bmp"),
    HW_TEXT_INIT("image/x-icon"),
    HW_TEXT_INIT("image/vnd.microsoft.icon"),
};

static bool has_suffix_nocase(hw_text text, hw_text suffix)
{
    return text.length > suffix.length &&
           hw_text_equal_nocase(hw_text_from(text, text.length - suffix.length), suffix);
}

bool hw_compress_fits(hw_text type)
{
    hw_text name, parameters, text = HW_TEXT("text/");
    hw_element_split(type, &name, &parameters);
    if (hw_text_equal_nocase(hw_text_upto(name, text.length), text))
        return true;
    if (has_suffix_nocase(name, HW_TEXT("+json")) || has_suffix_nocase(name, HW_TEXT("+xml")) ||
        has_suffix_nocase(name, HW_TEXT("+text")))
        return true;
    for (size_t i = 0; i < sizeof compressed_types / sizeof *compressed_types; i++)
        if (hw_text_equal_nocase(name, compressed_types[i]))
            return true;
    return false;
}

static hw_field *find_said(hw_response *response, hw_text name)
{
    for (size_t i = 0; i < response->field_count; i++)
        if (hw_text_equal_nocase(response->fields[i].name, name))
            return &response->fields[i];
    return NULL;
}

static void remove_said(hw_response *response, hw_text name)
{
    size_t kept = 0;
    for (size_t i = 0; i < response->field_count; i++)
        if (!hw_text_equal_nocase(response->fields[i].name, name))
            response->fields[kept++] = response->fields[i];
    response->field_count = kept;
}

/* "Origin" becomes "Origin, Accept-Encoding"; "*" says more than any name. */
static void say_varies(hw_response *response)
{
    hw_fields fields = hw_fields_of(response->fields, response->field_count);
    hw_field *vary = find_said(response, HW_TEXT("Vary"));
    if (hw_fields_has_element(fields, HW_FIELD_VARY, HW_TEXT("*")) ||
        hw_fields_has_element(fields, HW_FIELD_VARY, HW_TEXT("Accept-Encoding")))
        return;
    if (!vary || vary->value.length == 0) {
        hw_response_add(response, HW_FIELD_VARY, HW_TEXT("Accept-Encoding"));
        return;
    }
    const char *both =
        hw_arena_format(response->arena, "%.*s, Accept-Encoding", HW_TEXT_ARGS(vary->value));
    if (both)
        vary->value = hw_text_of(both);
    else
        response->is_broken = true;
}

static void weaken_tag(hw_response *response)
{
    hw_field *field = find_said(response, HW_TEXT("ETag"));
    hw_etag tag;
    if (!field || !hw_etag_parse(field->value, &tag) || tag.is_weak)
        return;
    const char *weak = hw_arena_format(response->arena, "W/%.*s", HW_TEXT_ARGS(tag.opaque));
    if (weak)
        field->value = hw_text_of(weak);
    else
        response->is_broken = true;
}

/* What the client has is the coded answer, with its weak tag: the 304 names it so. */
static bool is_same_tag_but_weak(hw_etag listed, hw_etag tag)
{
    return listed.is_weak && hw_etag_equal_weak(listed, tag);
}

static void say_unmodified(hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    const hw_field *field = find_said(response, HW_TEXT("ETag"));
    hw_etag tag;
    say_varies(response);
    if (field && hw_etag_parse(field->value, &tag) &&
        hw_etag_is_listed(exchange->request.fields, HW_FIELD_IF_NONE_MATCH, tag,
                          is_same_tag_but_weak))
        weaken_tag(response);
}

/* Whether there are several representations of it, for whoever accepts them. */
static bool may_be_coded(hw_response *response)
{
    static const hw_text forbidding[] = {
        HW_TEXT_INIT("Content-Encoding"), HW_TEXT_INIT("Content-Range"),
        HW_TEXT_INIT("Content-Digest"), HW_TEXT_INIT("Digest"), HW_TEXT_INIT("Content-MD5")};
    hw_fields fields = hw_fields_of(response->fields, response->field_count);
    const hw_field *type = find_said(response, HW_TEXT("Content-Type"));
    if (!response->body || !hw_status_has_content(response->status) || response->status == 206 ||
        !type || !hw_compress_fits(type->value))
        return false;
    for (size_t i = 0; i < sizeof forbidding / sizeof *forbidding; i++)
        if (find_said(response, forbidding[i]))
            return false;
    return !hw_fields_has_element(fields, HW_FIELD_CACHE_CONTROL, HW_TEXT("no-transform"));
}

/* A stream may live for hours, beside a thousand others: br, which takes four times the memory of
 * the next, only where nothing else will do. */
static hw_coding choose_coding(const hw_exchange *exchange)
{
    const hw_response *response = &exchange->response;
    const hw_budget *budget = exchange->arena.budget;
    if (response->body->length < HW_COMPRESS_BYTES_MIN || (budget && hw_budget_is_tight(budget)))
        return HW_CODING_IDENTITY;
    hw_coding_wishes wishes = hw_coding_read(exchange->request.fields);
    unsigned offered = hw_encoder_codings() | HW_CODING_BIT(HW_CODING_IDENTITY);
    hw_coding coding = HW_CODING_NONE;
    if (response->feeder)
        coding = hw_coding_choose(&wishes, offered & ~HW_CODING_BIT(HW_CODING_BR));
    if (coding == HW_CODING_NONE || coding == HW_CODING_IDENTITY)
        coding = hw_coding_choose(&wishes, offered);
    return coding == HW_CODING_NONE ? HW_CODING_IDENTITY : coding;
}

/* False: it stays as it is. */
static bool code_body(hw_exchange *exchange, hw_coding coding)
{
    hw_response *response = &exchange->response;
    hw_source *body = response->body, *coded = NULL;
    if (body->at && body->length <= COMPRESS_AT_ONCE_BYTES_MAX) {
        hw_text text = hw_coded_text(exchange, (hw_text){body->at, (size_t)body->length}, coding);
        coded = text.at ? hw_source_memory(&exchange->arena, text) : NULL;
        if (coded)
            hw_source_drop(body);
    } else {
        coded = hw_coded_new(exchange, body, coding);
    }
    if (coded)
        response->body = coded;
    return coded != NULL;
}

void hw_compress_response(hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    if (response->kind != HW_RESPONSE_MESSAGE || response->prepared || response->is_broken)
        return;
    if (response->status == 304)
        say_unmodified(exchange);
    if (!may_be_coded(response))
        return;
    say_varies(response);
    hw_coding coding = choose_coding(exchange);
    if (coding == HW_CODING_IDENTITY || !code_body(exchange, coding))
        return;
    hw_response_add(response, HW_FIELD_CONTENT_ENCODING, hw_coding_name(coding));
    weaken_tag(response);
    remove_said(response, HW_TEXT("Accept-Ranges"));
}

hewn_response *hewn_mw_compress(hewn_request *rq, hewn_next *next, void *arg)
{
    (void)arg;
    hewn_response *response = hewn_run_next(rq, next);
    if (response->kind == HW_RESPONSE_LATER)
        hw_app_finish_promise(rq, hw_compress_response);
    else
        hw_compress_response(rq);
    return response;
}
