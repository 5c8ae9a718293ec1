/* References for messages: request lines, field sections, what they say about content, and the
 * chunked coding (RFC 9112). Where the RFC leaves a choice, src/h1/README.md says which one is
 * made; each choice refuses. */
#include "grammar.h"

enum { MESSAGE_FIELDS_MAX = 100, EMPTY_LINES_MAX = 8, SIZE_DIGITS_MAX = 15 };

/* RFC 9110 5.5: field-content is VCHAR, obs-text, SP and HTAB. */
static bool is_value_byte(char byte)
{
    unsigned char value = (unsigned char)byte;
    return (value >= 0x21 && value != 0x7f) || byte == ' ' || byte == '\t';
}

void refer_words(reading *out, span input)
{
    bool is_value = without_blanks(input).length == input.length;
    for (size_t i = 0; i < input.length; i++)
        is_value = is_value && is_value_byte(input.at[i]);
    say(out, is_token(input) ? "token " : "no token ");
    say(out, is_value ? "value " : "no value ");
    for (int set = 0; set < 3; set++) {
        static const char *const sets[] = {GRAMMAR_UNRESERVED GRAMMAR_SUB_DELIMS,
                                           GRAMMAR_PCHARS "/", GRAMMAR_PCHARS "/?"};
        say(out, is_encoded_of(input, sets[set]) ? "1" : "0");
    }
}

/* RFC 9110 9.1, 9.3: case-sensitive. */
void refer_method(reading *out, span input)
{
    static const char *const names[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_same(input, names[i]))
            say(out, names[i]);
}

typedef enum line_outcome {
    LINE_WHOLE,
    LINE_BROKEN,  /* a CR without LF, or an LF without CR (RFC 9112 2.2) */
    LINE_MISSING, /* its end is not there yet */
} line_outcome;

/* The next line, without its CRLF. */
static line_outcome next_line(span *rest, span *ret_line)
{
    size_t end = 0;
    while (end < rest->length && !is_one_of(rest->at[end], "\r\n"))
        end++;
    if (end == rest->length || (rest->at[end] == '\r' && end + 1 == rest->length))
        return LINE_MISSING;
    if (rest->at[end] != '\r' || rest->at[end + 1] != '\n')
        return LINE_BROKEN;
    *ret_line = part_of(*rest, 0, end);
    *rest = part_of(*rest, end + 2, rest->length);
    return LINE_WHOLE;
}

typedef struct message {
    span method, target;
    int minor;
    span names[MESSAGE_FIELDS_MAX], values[MESSAGE_FIELDS_MAX];
    size_t count;
} message;

/* RFC 9112 3: method SP request-target SP HTTP-version; the status that refuses it, or 0. */
static int read_request_line(span line, message *read)
{
    size_t first = place_of(line, ' ');
    if (first == line.length)
        return 400;
    span method = part_of(line, 0, first), rest = part_of(line, first + 1, line.length);
    size_t second = place_of(rest, ' ');
    if (!is_token(method) || second == rest.length || second == 0)
        return 400;
    read->method = method;
    read->target = part_of(rest, 0, second);
    for (size_t i = 0; i < second; i++)
        if (rest.at[i] < '!' || rest.at[i] > '~') /* what the four forms are made of, at most */
            return 400;
    /* RFC 9112 2.3: HTTP-version = "HTTP/" DIGIT "." DIGIT */
    span version = part_of(rest, second + 1, rest.length);
    if (version.length != 8 || memcmp(version.at, "HTTP/", 5) != 0 || version.at[6] != '.' ||
        !is_one_of(version.at[5], GRAMMAR_DIGITS) || !is_one_of(version.at[7], GRAMMAR_DIGITS))
        return 400;
    read->minor = version.at[7] == '0' ? 0 : 1;
    return version.at[5] == '1' ? 0 : 505;
}

/* RFC 9112 5: field-name ":" OWS field-value OWS */
static bool read_field_line(span line, message *read)
{
    size_t colon = place_of(line, ':');
    if (colon == line.length || !is_token(part_of(line, 0, colon)) ||
        read->count == MESSAGE_FIELDS_MAX)
        return false;
    span value = without_blanks(part_of(line, colon + 1, line.length));
    for (size_t i = 0; i < value.length; i++)
        if (!is_value_byte(value.at[i]))
            return false;
    read->names[read->count] = part_of(line, 0, colon);
    read->values[read->count++] = value;
    return true;
}

/* Field lines and the empty line behind them: 0, 400, or -1 where the end is not there yet. */
static int read_field_section(span *rest, message *read)
{
    span line;
    for (;;) {
        line_outcome outcome = next_line(rest, &line);
        if (outcome != LINE_WHOLE)
            return outcome == LINE_BROKEN ? 400 : -1;
        if (line.length == 0)
            return 0;
        if (!read_field_line(line, read))
            return 400;
    }
}

static void say_fields(reading *out, const message *read)
{
    for (size_t i = 0; i < read->count; i++) {
        say_text(out, read->names[i].at, read->names[i].length);
        say_text(out, read->values[i].at, read->values[i].length);
    }
}

/* How many fields have this name; the value of the last. */
static size_t count_named(const message *read, const char *name, span *ret_value)
{
    size_t count = 0;
    for (size_t i = 0; i < read->count; i++)
        if (is_word_in_any_case(read->names[i], name)) {
            *ret_value = read->values[i];
            count++;
        }
    return count;
}

static bool lists_word(const message *read, const char *name, const char *word, bool wants_it)
{
    span element;
    for (size_t i = 0; i < read->count; i++)
        if (is_word_in_any_case(read->names[i], name))
            for (size_t at = 0; next_full_part(read->values[i], ',', &at, &element);)
                if (is_word_in_any_case(element, word) == wants_it)
                    return true;
    return false;
}

/* RFC 9112 6.1, 6.3, 7: the status that refuses a Transfer-Encoding; 0: it is "chunked" and no
 * more. */
static int judge_coding(span value)
{
    span element, name, parameters;
    size_t count = 0;
    bool is_behind_chunked = false;
    for (size_t at = 0; next_full_part(value, ',', &at, &element); count++) {
        divide_element(element, &name, &parameters);
        if (is_behind_chunked || !is_token(name))
            return 400;
        is_behind_chunked = is_word_in_any_case(name, "chunked");
        if (is_behind_chunked && name.length < element.length)
            return 400;
    }
    if (count == 1 && is_behind_chunked && is_word_in_any_case(value, "chunked"))
        return 0;
    /* Other codings with chunked last are known to somebody (RFC 9112 6.1); without it the length is
     * not to be had (6.3), and the one word with commas around it is refused as malformed. */
    return is_behind_chunked && count > 1 ? 501 : 400;
}

/* RFC 9112 3.2, 6.3, 9.3; RFC 9110 7.2, 8.6, 10.1.1. */
static int judge_framing(reading *out, const message *read)
{
    span value = {0}, host, port;
    size_t hosts = count_named(read, "Host", &value);
    if (hosts > 1 || (hosts == 0 && read->minor > 0) ||
        (hosts == 1 && value.length > 0 && !divide_authority(value, &host, &port)))
        return 400;
    size_t lengths = count_named(read, "Content-Length", &value);
    size_t codings = count_named(read, "Transfer-Encoding", &value);
    bool has_content = codings > 0;
    if (codings > 0) {
        int status = codings > 1 || lengths > 0 || read->minor == 0 ? 400 : judge_coding(value);
        if (status)
            return status;
        say(out, "chunked ");
    } else if (lengths > 0) {
        uint64_t length = 0;
        count_named(read, "Content-Length", &value);
        if (lengths > 1 || value.length == 0 || !is_made_of(value, GRAMMAR_DIGITS))
            return 400;
        for (size_t i = 0; i < value.length; i++) {
            uint64_t digit = (uint64_t)(value.at[i] - '0');
            if (length > (INT64_MAX - digit) / 10)
                return 413;
            length = length * 10 + digit;
        }
        say(out, "length ");
        say_number(out, length);
        has_content = length > 0;
    }
    bool closes = lists_word(read, "Connection", "close", true);
    bool keeps = lists_word(read, "Connection", "keep-alive", true);
    say(out, !closes && (read->minor > 0 || keeps) ? "keep " : "close ");
    if (read->minor > 0 && has_content && lists_word(read, "Expect", "100-continue", true))
        say(out, "continue ");
    if (read->minor > 0 && lists_word(read, "Expect", "100-continue", false))
        say(out, "expects ");
    return 0;
}

void refer_message(reading *out, span input)
{
    static message read;
    span rest = input, line;
    line_outcome outcome;
    int status = 0, empty_lines = -1;
    read.count = 0;
    do
        outcome = next_line(&rest, &line);
    while (outcome == LINE_WHOLE && line.length == 0 && ++empty_lines < EMPTY_LINES_MAX);
    if (outcome != LINE_WHOLE)
        status = outcome == LINE_BROKEN ? 400 : -1;
    else
        status = read_request_line(line, &read);
    if (!status)
        status = read_field_section(&rest, &read);
    if (!status) {
        say_text(out, read.method.at, read.method.length);
        say_text(out, read.target.at, read.target.length);
        say_number(out, (uint64_t)read.minor);
        say_fields(out, &read);
        status = judge_framing(out, &read);
    }
    if (status) {
        out->length = 0;
        if (status < 0)
            say(out, "more");
        else
            say_number(out, (uint64_t)status);
        return;
    }
    say_number(out, input.length - rest.length);
}

/* RFC 9110 5.6.4: DQUOTE *( qdtext / quoted-pair ) DQUOTE, which is all of the text. */
static bool is_quoted_string(span text)
{
    size_t i = 1;
    for (size_t j = 0; j < text.length; j++)
        if (!is_value_byte(text.at[j]))
            return false;
    while (i < text.length && text.at[i] != '"')
        i += text.at[i] == '\\' ? 2 : 1;
    return i + 1 == text.length;
}

/* RFC 9112 7.1.1: *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) */
static bool is_chunk_ext(span text)
{
    size_t at = 0;
    while (at < text.length) {
        while (at < text.length && is_one_of(text.at[at], " \t"))
            at++;
        if (at == text.length || text.at[at++] != ';')
            return false;
        while (at < text.length && is_one_of(text.at[at], " \t"))
            at++;
        size_t name = at;
        while (at < text.length && is_one_of(text.at[at], GRAMMAR_TCHARS))
            at++;
        if (at == name)
            return false;
        size_t equals = at;
        while (equals < text.length && is_one_of(text.at[equals], " \t"))
            equals++;
        if (equals == text.length || text.at[equals] != '=')
            continue;
        at = equals + 1;
        while (at < text.length && is_one_of(text.at[at], " \t"))
            at++;
        span value = part_of(text, at, text.length);
        if (value.length > 0 && value.at[0] == '"') {
            size_t length = quoted_length(value);
            if (!is_quoted_string(part_of(value, 0, length)))
                return false;
            at += length;
        } else {
            size_t from = at;
            while (at < text.length && is_one_of(text.at[at], GRAMMAR_TCHARS))
                at++;
            if (at == from)
                return false;
        }
    }
    return true;
}

/* RFC 9112 7.1: chunk-size [ chunk-ext ] CRLF; 0, 400, or -1. */
static int read_chunk_line(span *rest, uint64_t *ret_size)
{
    static const char digits[] = "0123456789abcdef";
    span line;
    line_outcome outcome = next_line(rest, &line);
    if (outcome != LINE_WHOLE)
        return outcome == LINE_BROKEN ? 400 : -1;
    size_t count = 0;
    uint64_t size = 0;
    for (; count < line.length && is_one_of(line.at[count], GRAMMAR_HEXDIGITS); count++)
        size = size * 16 + (uint64_t)(strchr(digits, lower_letter(line.at[count])) - digits);
    if (count == 0 || count > SIZE_DIGITS_MAX || !is_chunk_ext(part_of(line, count, line.length)))
        return 400;
    *ret_size = size;
    return 0;
}

/* The data of a chunk, which are put behind the body's, and their CRLF. */
static int read_chunk_data(span *rest, uint64_t size, reading *body)
{
    size_t there = size < rest->length ? (size_t)size : rest->length;
    say_bytes(body, rest->at, there);
    *rest = part_of(*rest, there, rest->length);
    if (there < size)
        return -1;
    for (size_t i = 0; i < 2; i++) {
        if (i == rest->length)
            return -1;
        if (rest->at[i] != "\r\n"[i])
            return 400;
    }
    *rest = part_of(*rest, 2, rest->length);
    return 0;
}

void refer_content(reading *out, span input)
{
    static message trailers;
    span rest = input;
    uint64_t size = 1;
    int status = 0;
    trailers.count = 0;
    while (!status && size > 0) {
        status = read_chunk_line(&rest, &size);
        if (!status && size > 0)
            status = read_chunk_data(&rest, size, out);
    }
    if (!status)
        status = read_field_section(&rest, &trailers);
    if (status > 0) {
        say_number(out, (uint64_t)status);
        return;
    }
    say(out, status ? "more" : "end ");
    if (!status) {
        say_fields(out, &trailers);
        say_number(out, input.length - rest.length);
    }
}
