/* References for preconditions, read along RFC 9110 13.2.2, and for addresses to listen on. */
#include "grammar.h"

enum { FIELDS_MAX = 8 };

/* Lines: the method; the entity tag; the date of last modification in seconds, or nothing; then
 * fields, of which a letter is the name. */
typedef struct conditions {
    span method, etag;
    bool has_date;
    int64_t last_modified, now;
    char names[FIELDS_MAX];
    span values[FIELDS_MAX];
    size_t count;
} conditions;

static span next_input_line(span *rest)
{
    size_t end = place_of(*rest, '\n');
    span line = part_of(*rest, 0, end);
    *rest = part_of(*rest, end < rest->length ? end + 1 : end, rest->length);
    return line;
}

static conditions conditions_of(span input)
{
    conditions asked = {.count = 0};
    asked.method = next_input_line(&input);
    asked.etag = next_input_line(&input);
    if (!is_entity_tag(asked.etag)) /* who asks has made a tag, or none */
        asked.etag.length = 0;
    span date = next_input_line(&input);
    asked.has_date = date.length > 0 && date.length < 12 && is_made_of(date, GRAMMAR_DIGITS);
    for (size_t i = 0; asked.has_date && i < date.length; i++)
        asked.last_modified = asked.last_modified * 10 + (date.at[i] - '0');
    while (asked.count < FIELDS_MAX && input.length > 0) {
        span line = next_input_line(&input);
        if (line.length == 0)
            continue;
        asked.names[asked.count] = line.at[0];
        asked.values[asked.count++] = without_blanks(part_of(line, 1, line.length));
    }
    return asked;
}

/* How many fields there are of a name; the value of the last. */
static size_t count_of(const conditions *asked, char name, span *ret_value)
{
    size_t count = 0;
    for (size_t i = 0; i < asked->count; i++)
        if (asked->names[i] == name) {
            *ret_value = asked->values[i];
            count++;
        }
    return count;
}

static bool is_weak(span tag)
{
    return tag.at[0] == 'W';
}

/* RFC 9110 8.8.3.2, the table. */
static bool tags_match(span one, span other, bool is_strong)
{
    if (is_strong && (is_weak(one) || is_weak(other)))
        return false;
    one = part_of(one, place_of(one, '"'), one.length);
    other = part_of(other, place_of(other, '"'), other.length);
    return one.length == other.length && !memcmp(one.at, other.at, one.length);
}

/* RFC 9110 13.1.1, 13.1.2: "*", or a tag of any line matches; there is a representation. */
static bool lists_etag(const conditions *asked, char name, bool is_strong)
{
    span value, tag;
    if (count_of(asked, name, &value) == 1 && is_same(value, "*"))
        return true;
    for (size_t i = 0; i < asked->count && is_entity_tag(asked->etag); i++) {
        span rest = asked->values[i];
        while (asked->names[i] == name && (tag = next_entity_tag(&rest)).length > 0)
            if (tags_match(tag, asked->etag, is_strong))
                return true;
    }
    return false;
}

/* RFC 9110 13.1.3, 13.1.4: whether there is a date to be asked about, and one to compare it with: a
 * field that is there twice or cannot be read is ignored. */
static bool has_valid_date(const conditions *asked, char name, int64_t *ret_date)
{
    span value;
    return asked->has_date && count_of(asked, name, &value) == 1 &&
           read_http_date(value, asked->now, ret_date);
}

/* RFC 9110 13.2.2, its steps 1 to 4. */
static const char *evaluate(const conditions *asked)
{
    bool is_get_or_head = is_same(asked->method, "GET") || is_same(asked->method, "HEAD");
    int64_t date;
    span value;
    /* 13.2.1: methods that neither select nor modify a representation */
    if (is_same(asked->method, "CONNECT") || is_same(asked->method, "OPTIONS") ||
        is_same(asked->method, "TRACE"))
        return "proceed ";
    if (count_of(asked, 'm', &value)) { /* 1 */
        if (!lists_etag(asked, 'm', true))
            return "412 ";
    } else if (has_valid_date(asked, 'u', &date)) { /* 2 */
        if (asked->last_modified > date)
            return "412 ";
    }
    if (count_of(asked, 'n', &value)) { /* 3 */
        if (lists_etag(asked, 'n', false))
            return is_get_or_head ? "304 " : "412 ";
    } else if (is_get_or_head && has_valid_date(asked, 's', &date)) { /* 4 */
        if (asked->last_modified <= date)
            return "304 ";
    }
    return "proceed ";
}

/* Step 1 and 3 where there is no representation (13.1.1, 13.1.2). */
static const char *evaluate_absent(const conditions *asked)
{
    span value;
    bool is_evaluated = !is_same(asked->method, "CONNECT") && !is_same(asked->method, "OPTIONS") &&
                        !is_same(asked->method, "TRACE");
    return is_evaluated && count_of(asked, 'm', &value) ? "412 " : "proceed ";
}

/* RFC 9110 13.2.2 step 5, 13.1.5, 14.2. */
static bool is_range_wanted(const conditions *asked)
{
    span value;
    int64_t date;
    if (!is_same(asked->method, "GET") || count_of(asked, 'r', &value) != 1)
        return false;
    size_t count = count_of(asked, 'i', &value);
    if (count != 1)
        return count == 0;
    if (is_entity_tag(value))
        return is_entity_tag(asked->etag) && tags_match(value, asked->etag, true);
    /* 8.8.2.2: strong when the second it names is over */
    return read_http_date(value, asked->now, &date) && asked->has_date &&
           date == asked->last_modified && asked->last_modified < asked->now;
}

void refer_conditions(reading *out, span input)
{
    static const int64_t nows[] = {0, 784111778, INT64_C(4102444800)};
    conditions asked = conditions_of(input);
    for (size_t i = 0; i < sizeof nows / sizeof nows[0]; i++) {
        asked.now = nows[i];
        say(out, evaluate(&asked));
        say(out, evaluate_absent(&asked));
        say(out, is_range_wanted(&asked) ? "range " : "whole ");
    }
}

/* "9000", "1.2.3.4:80", "[::1]:9000", "localhost:80"; what begins with "unix:", "fd:" or ":" is
 * another matter. */
void refer_address(reading *out, span input)
{
    size_t colon = input.length;
    for (size_t i = 0; i < input.length; i++)
        colon = input.at[i] == ':' ? i : colon;
    span host = part_of(input, 0, colon), port = input;
    bool has_host = colon < input.length;
    if ((input.length > 0 && input.at[0] == ':') ||
        (input.length >= 5 && !memcmp(input.at, "unix:", 5)) ||
        (input.length >= 3 && !memcmp(input.at, "fd:", 3)))
        return;
    if (has_host)
        port = part_of(input, colon + 1, input.length);
    unsigned number = 0;
    for (size_t i = 0; i < port.length && number <= 65535 && is_made_of(port, GRAMMAR_DIGITS); i++)
        number = number * 10 + (unsigned)(port.at[i] - '0');
    bool is_v6 = host.length >= 2 && host.at[0] == '[' && host.at[host.length - 1] == ']' &&
                 is_ipv6(part_of(host, 1, host.length - 1));
    bool is_v4 = !has_host || is_word_in_any_case(host, "localhost") || is_ipv4(host);
    if (port.length == 0 || !is_made_of(port, GRAMMAR_DIGITS) || number > 65535 ||
        !(is_v4 || is_v6)) {
        say(out, "none");
        return;
    }
    say(out, is_v4 ? "4 " : "6 ");
    say_number(out, number);
}
