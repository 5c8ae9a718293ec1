/* Finds the client behind proxies, and how it has come to the first of them.
 *
 * Every proxy appends the address it was asked from to the list it was sent, so what stands at the
 * right was said by whoever is nearest. From there the walk goes left as long as those who speak
 * are trusted: past trusted addresses, to the first that is not. What is not an address (broken,
 * "unknown", a made-up name of RFC 7239 6.3) ends the walk too, with the last address before it:
 * what is further left was said by nobody that is known. The lists are read from the left all the
 * same, in one pass that forgets at each element what a walk from the right would not have reached.
 *
 * Most proxies write one of the two fields and hand on the other as the client sent it. A rule that
 * prefers one would let every client behind a proxy of the other kind name itself as it likes. So
 * each field that is there gives an answer, and where the answers differ neither is believed: such
 * a client can hide behind its proxy, but not behind somebody else. An operator who wants more
 * makes the proxy remove the field it does not write.
 *
 * An unclosed quote in what a client sent takes the rest of a Forwarded list into it, its proxy's
 * element too: that element is broken then, and ends the walk. X-Forwarded-For has no quotes.
 *
 * What is said of the host that was asked for (X-Forwarded-Host, the parameter "host") is read by nobody.
 * Most proxies pass on the Host that they were sent, and with it, as a client wrote it, what they do not
 * know: believed, it would let every client choose the site and where redirects lead to. */
#include "http/forwarded.h"

#include "base/number.h"
#include "http/element.h"

/* An answer so far; family HW_IP_NONE: nothing that counts. */
static void take_node(hw_ip *answer, const hw_cidrs *trusted, bool is_address, hw_ip address)
{
    if (!is_address)
        answer->family = HW_IP_NONE;
    else if (answer->family == HW_IP_NONE || !hw_cidrs_have(trusted, &address))
        *answer = address;
}

/* RFC 7239 6: digits, or a name for a port that is to stay hidden. */
static bool is_port(hw_text text)
{
    uint64_t port;
    bool is_hidden = text.length > 1 && text.at[0] == '_';
    for (size_t i = 1; is_hidden && i < text.length; i++)
        is_hidden = hw_char_is_alpha(text.at[i]) || hw_char_is_digit(text.at[i]) ||
                    text.at[i] == '.' || text.at[i] == '_' || text.at[i] == '-';
    return is_hidden || (text.length <= 5 && hw_number_decimal(text, &port) && port <= UINT16_MAX);
}

/* RFC 7239 6: an address, that of IPv6 in brackets, and perhaps a port. */
static bool read_node(hw_text node, hw_ip *ret_ip)
{
    hw_cursor cursor = hw_cursor_of(node);
    bool is_v6 = hw_cursor_take(&cursor, '[');
    hw_text address = hw_cursor_take_until(&cursor, is_v6 ? ']' : ':');
    hw_ip ip;
    if ((is_v6 && !hw_cursor_take(&cursor, ']')) || !hw_ip_parse(address, &ip) ||
        ip.family == HW_IP_UNIX || is_v6 != (hw_text_find(address, ':') < address.length))
        return false;
    if (hw_cursor_take(&cursor, ':') ? !is_port(hw_cursor_rest(&cursor))
                                     : !hw_cursor_at_end(&cursor))
        return false;
    *ret_ip = ip;
    return true;
}

/* The older field takes an address of IPv6 without brackets too. */
static bool read_old_node(hw_text node, hw_ip *ret_ip)
{
    hw_ip ip;
    if (hw_ip_parse(node, &ip) && ip.family != HW_IP_UNIX) {
        *ret_ip = ip;
        return true;
    }
    return read_node(node, ret_ip);
}

static hw_ip ask_old_fields(hw_fields fields, const hw_cidrs *trusted)
{
    hw_ip answer = {{0}, HW_IP_NONE};
    const hw_field *field = NULL;
    while ((field = hw_fields_next(fields, HW_FIELD_X_FORWARDED_FOR, field))) {
        hw_cursor list = hw_cursor_of(field->value);
        while (!hw_cursor_at_end(&list)) {
            hw_text node = hw_text_trim(hw_cursor_take_until(&list, ','));
            hw_ip address = {{0}, HW_IP_NONE};
            hw_cursor_take(&list, ',');
            if (node.length == 0)
                continue;
            bool is_address = read_old_node(node, &address);
            take_node(&answer, trusted, is_address, address);
        }
    }
    return answer;
}

/* RFC 7239 4: value = token / quoted-string. What has an escape is no node: none needs one. */
static bool read_forwarded_value(hw_text value, hw_text *ret_value)
{
    if (value.length == 0 || value.at[0] != '"') {
        *ret_value = value;
        return hw_token_is_valid(value);
    }
    if (value.length < 2 || value.at[value.length - 1] != '"')
        return false;
    hw_text inner = {value.at + 1, value.length - 2};
    *ret_value = inner;
    return hw_text_find(inner, '"') == inner.length && hw_text_find(inner, '\\') == inner.length;
}

/* What an element says; a parameter that is given twice says nothing. */
typedef struct forwarded_element {
    hw_text node, scheme; /* "for" and "proto"; without bytes: there is none */
} forwarded_element;

/* False: it is not well-formed (RFC 7239 4). */
static bool read_forwarded_element(hw_text text, forwarded_element *ret_element)
{
    hw_cursor parameters = hw_cursor_of(text);
    forwarded_element element = {{0}, {0}};
    hw_text name, value;
    unsigned nodes = 0, schemes = 0;
    while (hw_parameter_next(&parameters, &name, &value)) {
        if (!hw_token_is_valid(name) || !read_forwarded_value(value, &value))
            return false;
        if (hw_text_equal_nocase(name, HW_TEXT("for"))) {
            element.node = value;
            nodes++;
        } else if (hw_text_equal_nocase(name, HW_TEXT("proto"))) {
            element.scheme = value;
            schemes++;
        }
    }
    ret_element->node = nodes == 1 ? element.node : (hw_text){0};
    ret_element->scheme = schemes == 1 ? element.scheme : (hw_text){0};
    return true;
}

/* Names that have no place among those that are known by number: others have that. */
static const hw_field *next_named(hw_fields fields, hw_text name, const hw_field *field)
{
    size_t start = field ? (size_t)(field - fields.at) + 1 : 0;
    for (size_t i = start; i < fields.count; i++)
        if (hw_text_equal_nocase(fields.at[i].name, name))
            return &fields.at[i];
    return NULL;
}

static const hw_field *next_forwarded(hw_fields fields, const hw_field *field)
{
    return next_named(fields, HW_TEXT("Forwarded"), field);
}

static hw_ip ask_fields(hw_fields fields, const hw_cidrs *trusted)
{
    hw_ip answer = {{0}, HW_IP_NONE};
    const hw_field *field = NULL;
    while ((field = next_forwarded(fields, field))) {
        hw_cursor list = hw_cursor_of(field->value);
        hw_text element;
        while (hw_element_next(&list, &element)) {
            hw_ip address = {{0}, HW_IP_NONE};
            forwarded_element said;
            bool is_address =
                read_forwarded_element(element, &said) && read_node(said.node, &address);
            take_node(&answer, trusted, is_address, address);
        }
    }
    return answer;
}

hw_ip hw_forwarded_client(hw_fields fields, const hw_cidrs *trusted, hw_ip peer)
{
    bool is_new = next_forwarded(fields, NULL) != NULL;
    bool is_old = hw_fields_find(fields, HW_FIELD_X_FORWARDED_FOR) != NULL;
    hw_ip answer = is_new ? ask_fields(fields, trusted) : ask_old_fields(fields, trusted);
    if (is_new && is_old) {
        hw_ip other = ask_old_fields(fields, trusted);
        if (!hw_ip_equal(&answer, &other))
            return peer;
    }
    return answer.family == HW_IP_NONE ? peer : answer;
}

/* How a proxy was asked. */
typedef enum forwarded_scheme {
    SCHEME_UNSAID,
    SCHEME_HTTP,
    SCHEME_HTTPS,
} forwarded_scheme;

static forwarded_scheme name_scheme(hw_text text)
{
    if (hw_text_equal_nocase(text, HW_TEXT("https")))
        return SCHEME_HTTPS;
    return hw_text_equal_nocase(text, HW_TEXT("http")) ? SCHEME_HTTP : SCHEME_UNSAID;
}

/* The element at the end of the walk, which was said by somebody who is trusted, whomever it names: on
 * the way there are elements alone that name a proxy that is trusted, and the next was said by that. */
static forwarded_scheme ask_fields_for_scheme(hw_fields fields, const hw_cidrs *trusted)
{
    forwarded_scheme answer = SCHEME_UNSAID;
    const hw_field *field = NULL;
    bool is_first = true;
    while ((field = next_forwarded(fields, field))) {
        hw_cursor list = hw_cursor_of(field->value);
        hw_text element;
        while (hw_element_next(&list, &element)) {
            hw_ip address;
            forwarded_element said;
            bool is_sound = read_forwarded_element(element, &said);
            bool leads_on = is_sound && !is_first && read_node(said.node, &address) &&
                            hw_cidrs_have(trusted, &address);
            if (!leads_on)
                answer = is_sound ? name_scheme(said.scheme) : SCHEME_UNSAID;
            is_first = false;
        }
    }
    return answer;
}

/* One value is that of the outermost proxy, or of the only one that writes it. Where there are several
 * nobody can tell which is whose. */
static forwarded_scheme ask_old_fields_for_scheme(hw_fields fields)
{
    forwarded_scheme answer = SCHEME_UNSAID;
    const hw_field *field = NULL;
    bool is_first = true;
    while ((field = next_named(fields, HW_TEXT("X-Forwarded-Proto"), field))) {
        hw_cursor list = hw_cursor_of(field->value);
        while (!hw_cursor_at_end(&list)) {
            forwarded_scheme said = name_scheme(hw_text_trim(hw_cursor_take_until(&list, ',')));
            hw_cursor_take(&list, ',');
            if (said == SCHEME_UNSAID || (!is_first && said != answer))
                return SCHEME_UNSAID;
            answer = said;
            is_first = false;
        }
    }
    return answer;
}

bool hw_forwarded_is_secure(hw_fields fields, const hw_cidrs *trusted, bool is_secure)
{
    bool is_new = next_forwarded(fields, NULL) != NULL;
    bool is_old = next_named(fields, HW_TEXT("X-Forwarded-Proto"), NULL) != NULL;
    forwarded_scheme answer = is_new ? ask_fields_for_scheme(fields, trusted) : SCHEME_UNSAID;
    if (is_old) {
        forwarded_scheme other = ask_old_fields_for_scheme(fields);
        if (is_new && other != answer)
            return is_secure;
        answer = other;
    }
    return answer == SCHEME_UNSAID ? is_secure : answer == SCHEME_HTTPS;
}
