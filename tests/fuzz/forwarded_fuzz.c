/* Any bytes as what proxies say, and whom to trust: the same client and scheme as are found by writing all
 * nodes down and walking them from the right; ranges compared bit by bit; addresses come back as they
 * are written. Lines: the trusted list, then fields, whose first byte says which of the three it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/cursor.h"
#include "http/element.h"
#include "http/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 1000, FIELDS_MAX = 8, NODES_MAX = INPUT_MAX };

typedef struct node_list {
    hw_text nodes[NODES_MAX];
    size_t count;
} node_list;

#ifdef HW_FUZZ_PLANTED
/* An IPv6 client, two proxies behind it. */
static void check_planted(const node_list *old, const hw_ip *client)
{
    if (old->count == 3 && client->family == HW_IP_V6)
        abort();
}
#else
static void check_planted(const node_list *old, const hw_ip *client)
{
    (void)old, (void)client;
}
#endif

static bool bit_of(const hw_ip *ip, unsigned bit)
{
    return ip->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static bool is_trusted_bit_by_bit(const hw_cidrs *trusted, const hw_ip *ip)
{
    for (size_t i = 0; i < trusted->count; i++) {
        const hw_cidr *cidr = &trusted->at[i];
        bool is_same = cidr->ip.family == ip->family;
        for (unsigned bit = 0; is_same && bit < cidr->bits; bit++)
            is_same = bit_of(&cidr->ip, bit) == bit_of(ip, bit);
        if (is_same)
            return true;
    }
    return false;
}

/* Without brackets, port and quotes; false: no address. What is cut off is checked by the caller's
 * grammar only roughly: digits up to 65535, or "_" and anything. */
static bool refer_node(hw_text node, bool is_old, hw_ip *ret_ip)
{
    char host[64];
    size_t colons = 0;
    for (size_t i = 0; i < node.length; i++)
        colons += node.at[i] == ':';
    hw_text address = node, port = {0};
    if (node.length > 0 && node.at[0] == '[') {
        size_t end = hw_text_find(node, ']');
        address = (hw_text){node.at + 1, end - 1};
        port = hw_text_from(node, end + 1);
        if (end == node.length || hw_text_find(address, ':') == address.length)
            return false;
    } else if (colons == 1 || (!is_old && colons > 1)) {
        address = hw_text_upto(node, hw_text_find(node, ':'));
        port = hw_text_from(node, address.length);
    }
    if (port.length > 0) {
        if (port.at[0] != ':' || port.length == 1)
            return false;
        unsigned long number = 0;
        bool is_hidden = port.at[1] == '_';
        if (is_hidden && port.length == 2)
            return false;
        for (size_t i = 2; is_hidden && i < port.length; i++)
            if (!memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
                        port.at[i], 65))
                return false;
        for (size_t i = 1; !is_hidden && i < port.length; i++) {
            if (port.at[i] < '0' || port.at[i] > '9' || port.length > 6)
                return false;
            number = number * 10 + (unsigned long)(port.at[i] - '0');
        }
        if (number > 65535)
            return false;
    }
    if (address.length >= sizeof host)
        return false;
    return hw_ip_parse(address, ret_ip) && ret_ip->family != HW_IP_UNIX;
}

/* From the right, past who is trusted. family HW_IP_NONE: there is nobody. */
static hw_ip walk_back(const node_list *list, bool is_old, const hw_cidrs *trusted)
{
    hw_ip last = {{0}, HW_IP_NONE};
    for (size_t i = list->count; i > 0; i--) {
        hw_ip ip;
        if (!refer_node(list->nodes[i - 1], is_old, &ip))
            return last;
        last = ip;
        if (!is_trusted_bit_by_bit(trusted, &ip))
            return last;
    }
    return last;
}

static void split_old(node_list *list, hw_text value)
{
    size_t start = 0;
    for (size_t i = 0; i <= value.length; i++) {
        if (i < value.length && value.at[i] != ',')
            continue;
        hw_text node = hw_text_trim((hw_text){value.at + start, i - start});
        if (node.length > 0)
            list->nodes[list->count++] = node;
        start = i + 1;
    }
}

/* A parameter of an element; "none" where it has none, or several, and "broken" where it is no element. */
static hw_text find_parameter(hw_text element, hw_text wanted)
{
    hw_text name, value, node = {0};
    hw_cursor parameters = hw_cursor_of(element);
    unsigned count = 0;
    while (hw_parameter_next(&parameters, &name, &value)) {
        bool is_quoted = value.length > 1 && value.at[0] == '"';
        hw_text inner = is_quoted ? (hw_text){value.at + 1, value.length - 2} : value;
        bool is_whole = is_quoted ? value.at[value.length - 1] == '"' &&
                                        !memchr(inner.at, '"', inner.length) &&
                                        !memchr(inner.at, '\\', inner.length)
                                  : hw_token_is_valid(value);
        if (!is_whole || !hw_token_is_valid(name))
            return HW_TEXT("broken");
        if (!hw_text_equal_nocase(name, wanted))
            continue;
        node = inner;
        count++;
    }
    return count == 1 ? node : HW_TEXT("none");
}

static void split_new(node_list *list, node_list *elements, hw_text value)
{
    hw_cursor cursor = hw_cursor_of(value);
    hw_text element;
    while (hw_element_next(&cursor, &element)) {
        elements->nodes[elements->count++] = element;
        list->nodes[list->count++] = find_parameter(element, HW_TEXT("FOR"));
    }
}

/* 'h' for http, 's' for https, '?' for anything else. */
static char letter_of(hw_text scheme)
{
    return hw_text_equal_nocase(scheme, HW_TEXT("HTTPS"))  ? 's'
           : hw_text_equal_nocase(scheme, HW_TEXT("HTTP")) ? 'h'
                                                           : '?';
}

/* What all values say that stand between commas; behind the last one there may be none. `said` is what
 * the lines before have said, or 0. */
static char refer_values(hw_text value, char said)
{
    for (size_t start = 0, end; start < value.length; start = end + 1) {
        end = start + hw_text_find(hw_text_from(value, start), ',');
        char letter = letter_of(hw_text_trim((hw_text){value.at + start, end - start}));
        said = said == 0 || said == letter ? letter : '?';
    }
    return said;
}

static char walk_back_to_scheme(const node_list *elements, const hw_cidrs *trusted)
{
    size_t i = elements->count;
    hw_ip ip;
    while (i > 1 &&
           refer_node(find_parameter(elements->nodes[i - 1], HW_TEXT("FOR")), false, &ip) &&
           is_trusted_bit_by_bit(trusted, &ip))
        i--;
    return i == 0 ? '?' : letter_of(find_parameter(elements->nodes[i - 1], HW_TEXT("PROTO")));
}

static void check_scheme(hw_fields fields, const hw_cidrs *trusted, char by_values, char by_walk,
                         bool has_values, bool has_elements)
{
    char said = has_values && has_elements ? (by_values == by_walk ? by_walk : '?')
                : has_values               ? by_values
                : has_elements             ? by_walk
                                           : '?';
    for (int own = 0; own < 2; own++) {
        bool expected = said == '?' ? own == 1 : said == 's';
        hw_assert(hw_forwarded_is_secure(fields, trusted, own == 1) == expected);
    }
}

static void check_fields(hw_cursor *input, const hw_cidrs *trusted)
{
    static node_list old, new, elements;
    hw_field fields[FIELDS_MAX];
    size_t count = 0, olds = 0, news = 0;
    const hw_ip peer = {{10, 9, 8, 7}, HW_IP_V4};
    char by_values = 0;
    old.count = new.count = elements.count = 0;
    while (!hw_cursor_at_end(input) && count < FIELDS_MAX) {
        int kind = hw_cursor_next(input);
        bool is_old = kind % 2 == 0 && kind != 'P';
        hw_text value = hw_cursor_take_until(input, '\n');
        hw_cursor_take(input, '\n');
        if (kind == 'P') {
            fields[count++] = (hw_field){HW_TEXT("X-forwarded-Proto"), value, HW_FIELD_OTHER};
            by_values = refer_values(value, by_values);
            continue;
        }
        fields[count++] =
            is_old ? (hw_field){HW_TEXT("X-Forwarded-For"), value, HW_FIELD_X_FORWARDED_FOR}
                   : (hw_field){HW_TEXT("forwarded"), value, HW_FIELD_OTHER};
        is_old ? split_old(&old, value) : split_new(&new, &elements, value);
        olds += is_old;
        news += !is_old;
    }
    hw_ip first = walk_back(&old, true, trusted), second = walk_back(&new, false, trusted);
    bool is_agreed = olds == 0 || news == 0 || hw_ip_equal(&first, &second);
    hw_ip expected = news == 0 ? first : second;
    if (!is_agreed || expected.family == HW_IP_NONE)
        expected = peer;
    hw_ip client = hw_forwarded_client(hw_fields_of(fields, count), trusted, peer);
    hw_assert(hw_ip_equal(&client, &expected));
    check_planted(&old, &client);
    check_scheme(hw_fields_of(fields, count), trusted, by_values ? by_values : '?',
                 walk_back_to_scheme(&elements, trusted), olds + news<count, news> 0);
}

static void check_addresses(const hw_cidrs *cidrs)
{
    for (size_t i = 0; i < cidrs->count; i++) {
        char string[HW_IP_STRING_MAX];
        hw_ip again;
        hw_assert(hw_ip_parse(hw_text_of(hw_ip_format(&cidrs->at[i].ip, string)), &again));
        hw_assert(hw_ip_equal(&again, &cidrs->at[i].ip) ||
                  cidrs->at[i].bits < 96); /* a range around all of IPv4 is none of it */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    hw_cidrs trusted = {0};
    hw_arena arena;
    hw_text bad;
    const char *words;
    if (bytes > INPUT_MAX)
        return 0;
    hw_cursor cursor = hw_cursor_of((hw_text){(const char *)input, bytes});
    hw_text list = hw_cursor_take_until(&cursor, '\n');
    hw_cursor_take(&cursor, '\n');
    hw_arena_init(&arena, 4096, 1024 * 1024);
    if (hw_cidrs_parse(list, &arena, &bad, &words, &trusted) == 0)
        check_addresses(&trusted);
    else
        hw_assert(bad.length > 0 && words[0]);
    check_fields(&cursor, &trusted);
    hw_arena_fini(&arena);
    return 0;
}
