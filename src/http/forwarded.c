/* Finds the client behind proxies.
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
 * element too: that element is broken then, and ends the walk. X-Forwarded-For has no quotes. */
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

/* The address of an element, which has exactly one "for" (RFC 7239 4). */
static bool read_forwarded_element(hw_text element, hw_ip *ret_ip)
{
    hw_cursor parameters = hw_cursor_of(element);
    hw_text name, value, node = {0};
    unsigned count = 0;
    while (hw_parameter_next(&parameters, &name, &value)) {
        if (!hw_token_is_valid(name) || !read_forwarded_value(value, &value))
            return false;
        if (!hw_text_equal_nocase(name, HW_TEXT("for")))
            continue;
        node = value;
        count++;
    }
    return count == 1 && read_node(node, ret_ip);
}

/* It has no place among the names that are known by number: another name has that. */
static const hw_field *next_forwarded(hw_fields fields, const hw_field *field)
{
    size_t start = field ? (size_t)(field - fields.at) + 1 : 0;
    for (size_t i = start; i < fields.count; i++)
        if (hw_text_equal_nocase(fields.at[i].name, HW_TEXT("Forwarded")))
            return &fields.at[i];
    return NULL;
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
            bool is_address = read_forwarded_element(element, &address);
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
