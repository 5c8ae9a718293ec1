/* Takes request targets apart and refuses every byte that may not stand where it stands.
 *
 * The four forms of RFC 9112 3.2 are told apart by the method and the first bytes: CONNECT has
 * authority-form and nothing else has, "*" is for OPTIONS, "/" begins origin-form, and what remains
 * must be a whole http or https URI. Being lenient here is how two servers come to read one request
 * in two ways, so the characters of RFC 3986 are checked one by one, in the query too, and a
 * percent sign must have its two digits: what has none is scanned as a run, the rest byte by byte
 * from where the run ends. Nothing is decoded and nothing copied: path and query are
 * decoded by those who need them (http/path, http/query), which can then rely on the checks made
 * here. */
#include "http/target.h"

#include "base/cursor.h"
#include "http/authority.h"
#include "http/scan.h"
#include "http/uri.h"

static const hw_problem target_is_empty = {400, "empty request target", "RFC 9112 3.2"};
static const hw_problem target_is_no_form = {400, "request target is neither a path nor a URI",
                                             "RFC 9112 3.2"};
static const hw_problem target_of_connect = {400, "CONNECT takes a host and a port",
                                             "RFC 9112 3.2.3"};
static const hw_problem asterisk_without_options = {400, "only OPTIONS takes an asterisk",
                                                    "RFC 9112 3.2.4"};
static const hw_problem scheme_is_foreign = {400, "scheme is not http or https", "RFC 9110 4.2"};
static const hw_problem authority_is_broken = {
    400, "host or port of the request target is not valid", "RFC 3986 3.2"};
static const hw_problem byte_must_be_encoded = {
    400, "request target has a character that must be percent-encoded", "RFC 3986 3.3"};
static const hw_problem percent_is_broken = {400, "percent sign without two hexadecimal digits",
                                             "RFC 3986 2.1"};

/* What is wrong with the rest of a part, from the first byte on that may be wrong. */
static const hw_problem *check_odd_part(hw_text part, unsigned classes)
{
    hw_cursor cursor = hw_cursor_of(part);
    int byte;
    while ((byte = hw_cursor_peek(&cursor)) >= 0) {
        char decoded;
        if (hw_uri_has_char((char)byte, classes))
            hw_cursor_next(&cursor);
        else if (byte != '%')
            return &byte_must_be_encoded;
        else if (!hw_uri_take_percent(&cursor, &decoded))
            return &percent_is_broken;
    }
    return NULL;
}

/* The rest of origin-form and absolute-form: path [ "?" query ]. */
static const hw_problem *parse_path_and_query(hw_cursor *cursor, hw_target *target)
{
    const char *plain_end = hw_scan_with(cursor->at, cursor->end, HW_SCAN_PATH, hw_scan_path_stops);
    size_t plain = (size_t)(plain_end - cursor->at);
    if (plain_end == cursor->end || *plain_end == '?') {
        target->path = (hw_text){cursor->at, plain};
        cursor->at = plain_end;
    } else {
        target->path = hw_cursor_take_until(cursor, '?');
        const hw_problem *problem = check_odd_part(hw_text_from(target->path, plain), HW_URI_PATH);
        if (problem)
            return problem;
    }
    target->has_query = hw_cursor_take(cursor, '?');
    target->query = hw_cursor_rest(cursor);
    return hw_scan_is_made_of(target->query, HW_SCAN_QUERY)
               ? NULL
               : check_odd_part(target->query, HW_URI_QUERY);
}

static bool is_before_path(char byte)
{
    return byte != '/' && byte != '?';
}

/* RFC 9112 3.2.2 */
static const hw_problem *parse_absolute_form(hw_cursor *cursor, hw_target *target)
{
    target->form = HW_TARGET_ABSOLUTE;
    target->scheme = hw_cursor_take_until(cursor, ':');
    if (!hw_cursor_take(cursor, ':'))
        return &target_is_no_form;
    if (!hw_text_equal_nocase(target->scheme, HW_TEXT("http")) &&
        !hw_text_equal_nocase(target->scheme, HW_TEXT("https")))
        return &scheme_is_foreign;
    if (!hw_cursor_take_text(cursor, HW_TEXT("//")))
        return &target_is_no_form;
    target->authority = hw_cursor_take_while(cursor, is_before_path);
    if (!hw_authority_is_valid(target->authority))
        return &authority_is_broken;
    const hw_problem *problem = parse_path_and_query(cursor, target);
    /* RFC 9110 4.2.3: an empty path is "/". */
    if (target->path.length == 0)
        target->path = HW_TEXT("/");
    return problem;
}

/* RFC 9112 3.2.3: host and port, and the port has no default here. */
static const hw_problem *parse_authority_form(hw_text raw, hw_target *target)
{
    hw_text host, port;
    target->form = HW_TARGET_AUTHORITY;
    target->authority = raw;
    if (!hw_authority_split(raw, &host, &port) || port.length == 0)
        return &target_of_connect;
    return NULL;
}

const hw_problem *hw_target_parse(hw_text raw, hw_method method, hw_target *ret_target)
{
    hw_target target = {.form = HW_TARGET_ORIGIN};
    const hw_problem *problem = NULL;
    hw_cursor cursor = hw_cursor_of(raw);
    if (raw.length == 0) {
        problem = &target_is_empty;
    } else if (method == HW_METHOD_CONNECT) {
        problem = parse_authority_form(raw, &target);
    } else if (hw_text_equal(raw, HW_TEXT("*"))) {
        target.form = HW_TARGET_ASTERISK;
        problem = method == HW_METHOD_OPTIONS ? NULL : &asterisk_without_options;
    } else if (raw.at[0] == '/') {
        problem = parse_path_and_query(&cursor, &target);
    } else {
        problem = parse_absolute_form(&cursor, &target);
    }
    if (!problem)
        *ret_target = target;
    return problem;
}
