/* References for what requests are addressed to: queries, paths, authorities, targets. */
#include "grammar.h"

/* What no input is longer than. */
enum { DECODED_MAX = 4096, SEGMENTS_MAX = 4096, PAIRS_MAX = 512 };

/* A text as forms write it, decoded (RFC 3986 2.1, "+" is a blank); false: broken, or with a
 * NUL. */
static bool decode_form(span text, char *decoded, size_t *ret_length)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; length++) {
        int encoded = encoded_byte(part_of(text, i, text.length));
        if (encoded == 0 || text.at[i] == '\0' || (encoded < 0 && text.at[i] == '%'))
            return false;
        decoded[length] = encoded > 0 ? (char)encoded : text.at[i] == '+' ? ' ' : text.at[i];
        i += encoded > 0 ? 3 : 1;
    }
    *ret_length = length;
    return true;
}

/* The value of the first pair named "a"; what is broken before it, or in it, hides it. */
static void say_value_of_a(reading *out, span input)
{
    static char decoded[DECODED_MAX];
    size_t pairs = 0, length;
    for (size_t from = 0, to; from < input.length; from = to + 1) {
        to = from + place_of(part_of(input, from, input.length), '&');
        span pair = part_of(input, from, to);
        if (pair.length == 0)
            continue;
        size_t equals = place_of(pair, '=');
        if (pairs++ == PAIRS_MAX || !decode_form(part_of(pair, 0, equals), decoded, &length))
            break;
        if (length != 1 || decoded[0] != 'a')
            continue;
        size_t behind = equals < pair.length ? equals + 1 : equals;
        if (!decode_form(part_of(pair, behind, pair.length), decoded, &length))
            break;
        say_text(out, decoded, length);
        return;
    }
    say(out, "no a");
}

/* Pairs of application/x-www-form-urlencoded. */
void refer_query(reading *out, span input)
{
    static char name[DECODED_MAX], value[DECODED_MAX];
    size_t pairs = 0, name_length, value_length;
    for (size_t from = 0, to; from < input.length; from = to + 1) {
        to = from + place_of(part_of(input, from, input.length), '&');
        span pair = part_of(input, from, to);
        if (pair.length == 0)
            continue;
        size_t equals = place_of(pair, '=');
        size_t behind = equals < pair.length ? equals + 1 : equals;
        if (pairs++ == PAIRS_MAX) {
            say(out, "too many ");
            break;
        }
        if (!decode_form(part_of(pair, 0, equals), name, &name_length) ||
            !decode_form(part_of(pair, behind, pair.length), value, &value_length)) {
            say(out, "broken ");
            break;
        }
        say_text(out, name, name_length);
        say_text(out, value, value_length);
    }
    say_value_of_a(out, input);
}

/* One segment, decoded where it stands; false: it is none that this server takes. */
static bool decode_segment(span segment, char *decoded, size_t *ret_length)
{
    size_t length = 0;
    for (size_t i = 0; i < segment.length; length++) {
        int encoded = encoded_byte(part_of(segment, i, segment.length));
        if (encoded < 0 && !is_one_of(segment.at[i], GRAMMAR_PCHARS))
            return false;
        if (encoded == '/' || (encoded >= 0 && encoded < ' ') || encoded == 0x7f)
            return false;
        decoded[length] = encoded >= 0 ? (char)encoded : segment.at[i];
        i += encoded >= 0 ? 3 : 1;
    }
    *ret_length = length;
    return length > 0;
}

/* RFC 3986 3.3, 5.2.4, 6.2.2.3: "/" and segments with "/" between them, perhaps one more "/" at the
 * end; dot segments removed; no climbing above the root. */
void refer_path(reading *out, span input)
{
    static char decoded[DECODED_MAX];
    static span kept[SEGMENTS_MAX];
    size_t count = 0, used = 0;
    bool is_folder = true;
    if (input.length == 0 || input.at[0] != '/') {
        say(out, "400");
        return;
    }
    for (size_t from = 1, to; from < input.length; from = to + 1) {
        size_t length;
        to = from + place_of(part_of(input, from, input.length), '/');
        if (count == SEGMENTS_MAX ||
            !decode_segment(part_of(input, from, to), decoded + used, &length)) {
            say(out, "400");
            return;
        }
        span segment = {decoded + used, length};
        bool is_up = is_same(segment, ".."), is_dot = is_same(segment, ".");
        is_folder = to < input.length || is_up || is_dot;
        if (is_up && count-- == 0) {
            say(out, "400");
            return;
        }
        if (!is_up && !is_dot)
            kept[count++] = segment;
        used += length;
    }
    say(out, "/");
    for (size_t i = 0; i < count; i++) {
        say_bytes(out, kept[i].at, kept[i].length);
        say(out, i + 1 < count || is_folder ? "/" : "");
    }
}

/* RFC 3986 3.2.2: dec-octet, written out. */
static bool is_dec_octet(span text)
{
    if (text.length < 1 || text.length > 3 || !is_made_of(text, GRAMMAR_DIGITS) ||
        (text.length > 1 && text.at[0] == '0'))
        return false;
    int octet = 0;
    for (size_t i = 0; i < text.length; i++)
        octet = octet * 10 + (text.at[i] - '0');
    return octet <= 255;
}

bool is_ipv4(span text)
{
    for (int octets = 1; octets <= 4; octets++) {
        size_t dot = place_of(text, '.');
        if (!is_dec_octet(part_of(text, 0, dot)))
            return false;
        if (dot == text.length || octets == 4)
            return dot == text.length && octets == 4;
        text = part_of(text, dot + 1, text.length);
    }
    return false;
}

/* How many 16-bit groups stand here, with ":" between them; of which the last two may be an IPv4
 * address where that is the address's end. -1: it is no such thing. */
static int groups_of(span text, bool is_end)
{
    int groups = 0;
    while (text.length > 0) {
        size_t colon = place_of(text, ':');
        span group = part_of(text, 0, colon);
        if (is_end && colon == text.length && is_ipv4(group))
            return groups + 2;
        if (group.length < 1 || group.length > 4 || !is_made_of(group, GRAMMAR_HEXDIGITS))
            return -1;
        groups++;
        if (colon == text.length)
            return groups;
        text = part_of(text, colon + 1, text.length);
        if (text.length == 0)
            return -1;
    }
    return groups;
}

/* RFC 3986 3.2.2: IPv6address; all nine lines of it come to this. */
bool is_ipv6(span text)
{
    for (size_t i = 0; i + 1 < text.length; i++)
        if (text.at[i] == ':' && text.at[i + 1] == ':') {
            int before = groups_of(part_of(text, 0, i), false);
            int behind = groups_of(part_of(text, i + 2, text.length), true);
            return before >= 0 && behind >= 0 && before + behind <= 7;
        }
    return groups_of(text, true) == 8;
}

/* RFC 3986 3.2.2: IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool is_ip_future(span text)
{
    size_t dot = place_of(text, '.');
    return text.length > 0 && is_one_of(text.at[0], "vV") && dot > 1 && dot + 1 < text.length &&
           is_made_of(part_of(text, 1, dot), GRAMMAR_HEXDIGITS) &&
           is_made_of(part_of(text, dot + 1, text.length),
                      GRAMMAR_UNRESERVED GRAMMAR_SUB_DELIMS ":");
}

/* RFC 3986 3.2.3: port = *DIGIT; above 65535 there is none in TCP. */
static bool is_port(span text)
{
    unsigned port = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (!is_one_of(text.at[i], GRAMMAR_DIGITS))
            return false;
        port = port * 10 + (unsigned)(text.at[i] - '0');
        if (port > 65535)
            return false;
    }
    return true;
}

bool divide_authority(span text, span *ret_host, span *ret_port)
{
    bool is_literal = text.length > 0 && text.at[0] == '[';
    size_t end = is_literal ? place_of(text, ']') + 1 : place_of(text, ':');
    if (end > text.length)
        return false;
    span host = part_of(text, 0, end), port = part_of(text, end, text.length);
    span inside = is_literal ? part_of(host, 1, end - 1) : host;
    if (is_literal ? !is_ipv6(inside) && !is_ip_future(inside)
                   : !is_encoded_of(host, GRAMMAR_UNRESERVED GRAMMAR_SUB_DELIMS))
        return false;
    if (host.length == 0 || (port.length > 0 && port.at[0] != ':'))
        return false;
    *ret_host = host;
    *ret_port = port.length > 0 ? part_of(port, 1, port.length) : port;
    return is_port(*ret_port);
}

void refer_authority(reading *out, span input)
{
    span host, port;
    if (!divide_authority(input, &host, &port)) {
        say(out, "none");
        return;
    }
    say_text(out, host.at, host.length);
    say_text(out, port.at, port.length);
}

/* RFC 9112 3.2.1: absolute-path [ "?" query ], or nothing and "?": what an absolute-URI may have
 * behind its authority (RFC 9112 3.2.2, RFC 3986 3.3: path-abempty). */
static bool say_path_and_query(reading *out, span text)
{
    size_t mark = place_of(text, '?');
    span path = part_of(text, 0, mark);
    if (!is_encoded_of(path, GRAMMAR_PCHARS "/") || (path.length > 0 && path.at[0] != '/'))
        return false;
    if (mark < text.length &&
        !is_encoded_of(part_of(text, mark + 1, text.length), GRAMMAR_PCHARS "/?"))
        return false;
    say_text(out, path.length ? path.at : "/", path.length ? path.length : 1);
    if (mark < text.length)
        say_text(out, text.at + mark + 1, text.length - mark - 1);
    return true;
}

/* RFC 9112 3.2.2, of a URI whose scheme this server has (RFC 9110 4.2). */
static bool say_absolute_form(reading *out, span text)
{
    span host, port;
    size_t colon = place_of(text, ':');
    span scheme = part_of(text, 0, colon), rest = part_of(text, colon, text.length);
    if (!is_word_in_any_case(scheme, "http") && !is_word_in_any_case(scheme, "https"))
        return false;
    if (rest.length < 3 || memcmp(rest.at, "://", 3) != 0)
        return false;
    rest = part_of(rest, 3, rest.length);
    size_t slash = place_of(rest, '/'), mark = place_of(rest, '?');
    size_t end = slash < mark ? slash : mark;
    if (!divide_authority(part_of(rest, 0, end), &host, &port))
        return false;
    say(out, "absolute ");
    say_text(out, scheme.at, scheme.length);
    say_text(out, rest.at, end);
    return say_path_and_query(out, part_of(rest, end, rest.length));
}

/* RFC 9112 3.2, for GET, OPTIONS and CONNECT. */
void refer_target(reading *out, span input)
{
    span host, port;
    for (int method = 0; method < 3; method++) {
        size_t start = out->length;
        bool is_fine;
        if (method == 2) {
            is_fine = divide_authority(input, &host, &port) && port.length > 0;
            say(out, "authority ");
            say_text(out, input.at, input.length);
        } else if (method == 1 && is_same(input, "*")) {
            say(out, "asterisk ");
            is_fine = true;
        } else if (input.length > 0 && input.at[0] == '/') {
            say(out, "origin ");
            is_fine = say_path_and_query(out, input);
        } else {
            is_fine = say_absolute_form(out, input);
        }
        if (!is_fine) {
            out->length = start;
            say(out, "400 ");
        }
    }
}

/* What the text of a mime.types file says of files named x.EXTENSION; RFC 9110 8.3.1 for what is a
 * type. */
enum { EXTENSION_MAX = 24, TYPE_MAX = 200 };
#define MIME_BLANKS " \t\r\f\v"

/* The next word of a line from *at on; false at the end. */
static bool next_mime_word(span line, size_t *at, span *ret_word)
{
    size_t from = *at;
    while (from < line.length && is_one_of(line.at[from], MIME_BLANKS))
        from++;
    size_t to = from;
    while (to < line.length && !is_one_of(line.at[to], MIME_BLANKS))
        to++;
    *at = to;
    *ret_word = part_of(line, from, to);
    return to > from;
}

static bool is_type_token(span type)
{
    size_t slash = place_of(type, '/');
    return slash < type.length && type.length <= TYPE_MAX && is_token(part_of(type, 0, slash)) &&
           is_token(part_of(type, slash + 1, type.length));
}

static void say_mime_type(reading *out, span text, const char *extension)
{
    span type = {0}, line_type, word;
    for (size_t from = 0, to; from < text.length; from = to + 1) {
        to = from + place_of(part_of(text, from, text.length), '\n');
        span line = part_of(text, from, to);
        line = part_of(line, 0, place_of(line, '#'));
        size_t at = 0;
        if (!next_mime_word(line, &at, &line_type) || !is_type_token(line_type))
            continue;
        while (next_mime_word(line, &at, &word))
            if (word.length <= EXTENSION_MAX && is_word_in_any_case(word, extension))
                type = line_type; /* the last one holds */
    }
    if (type.length == 0) {
        say(out, "<application/octet-stream> ");
        return;
    }
    bool is_text = type.length >= 5 && is_word_in_any_case(part_of(type, 0, 5), "text/");
    say(out, "<");
    say_bytes(out, type.at, type.length);
    say(out, is_text ? "; charset=utf-8> " : "> ");
}

void refer_mime_types(reading *out, span input)
{
    say_mime_type(out, input, "a");
    say_mime_type(out, input, "a;");
    say_mime_type(out, input, "\x80");
    say_mime_type(out, input, "abcdefghijklmnopqrstuvwx");
}
