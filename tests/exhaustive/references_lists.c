/* References for lists and what stands in them: elements, entity tags, weights, ranges. */
#include "grammar.h"

/* RFC 9110 5.6.1, 5.6.6: #element, each value *( OWS ";" OWS [ parameter ] ). */
void refer_elements(reading *out, span input)
{
    span element, value, parameters, parameter, name;
    for (size_t at = 0; next_full_part(input, ',', &at, &element);) {
        say_text(out, element.at, element.length);
        divide_element(element, &value, &parameters);
        say_text(out, value.at, value.length);
        for (size_t in = 0; next_full_part(parameters, ';', &in, &parameter);) {
            divide_parameter(parameter, &name, &value);
            say_text(out, name.at, name.length);
            say_text(out, value.at, value.length);
        }
        say(out, "; ");
    }
}

/* entity-tag = [ %s"W/" ] DQUOTE *etagc DQUOTE */
bool is_entity_tag(span text)
{
    if (text.length >= 2 && text.at[0] == 'W' && text.at[1] == '/')
        text = part_of(text, 2, text.length);
    if (text.length < 2 || text.at[0] != '"' || text.at[text.length - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < text.length; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        /* etagc = %x21 / %x23-7E / obs-text */
        if (byte != 0x21 && !(byte >= 0x23 && byte <= 0x7e) && byte < 0x80)
            return false;
    }
    return true;
}

static void say_entity_tag(reading *out, span tag)
{
    bool is_weak = tag.at[0] == 'W';
    say(out, is_weak ? "weak " : "strong ");
    say_text(out, tag.at + (is_weak ? 2 : 0), tag.length - (is_weak ? 2 : 0));
}

span next_entity_tag(span *rest)
{
    while (rest->length > 0 && is_one_of(rest->at[0], ", \t"))
        *rest = part_of(*rest, 1, rest->length);
    /* The one that a comma or the end follows. */
    for (size_t end = 1; end <= rest->length; end++) {
        span tag = part_of(*rest, 0, end);
        size_t behind = end;
        while (behind < rest->length && is_one_of(rest->at[behind], " \t"))
            behind++;
        if (is_entity_tag(tag) && (behind == rest->length || rest->at[behind] == ',')) {
            *rest = part_of(*rest, behind, rest->length);
            return tag;
        }
    }
    return (span){NULL, 0};
}

/* RFC 9110 13.1.1: "*" / #entity-tag. What is no tag ends the list, and is told. */
void refer_etags(reading *out, span input)
{
    span rest = input, tag;
    if (is_entity_tag(input))
        say_entity_tag(out, input);
    say(out, is_same(input, "*") ? "any: " : "list: ");
    while ((tag = next_entity_tag(&rest)).length > 0)
        say_entity_tag(out, tag);
    say(out, rest.length > 0 ? "broken" : "whole");
}

/* RFC 9110 12.4.2: ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), in thousandths; -1: no such
 * thing. */
static int weight_of(span text)
{
    int thousandths = 0;
    if (text.length < 1 || text.length > 5 || !is_one_of(text.at[0], "01") ||
        (text.length > 1 && text.at[1] != '.'))
        return -1;
    for (size_t i = 2; i < 5; i++) {
        char digit = i < text.length ? text.at[i] : '0';
        if (!is_one_of(digit, text.at[0] == '1' ? "0" : GRAMMAR_DIGITS))
            return -1;
        thousandths = thousandths * 10 + (digit - '0');
    }
    return text.at[0] == '1' ? 1000 : thousandths;
}

void refer_quality(reading *out, span input)
{
    int weight = weight_of(input);
    if (weight < 0)
        say(out, "none");
    else
        say_number(out, (uint64_t)weight);
}

/* The weight among parameters: that of the first "q", else 1000; -1: it is broken. */
static int weight_among(span parameters)
{
    span parameter, name, value;
    for (size_t at = 0; next_full_part(parameters, ';', &at, &parameter);) {
        divide_parameter(parameter, &name, &value);
        if (is_word_in_any_case(name, "q"))
            return weight_of(value);
    }
    return 1000;
}

/* RFC 9110 5.6.6: quoted or not, a value is the same. */
static span without_quotes(span value)
{
    bool is_quoted = value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"';
    return is_quoted ? part_of(value, 1, value.length - 1) : value;
}

/* How well the range of one element of Accept fits "a/c;a=0" (RFC 9110 12.5.1): 0 not at all, 1 as
 * anything, 2 by its type, 3 by its subtype too, more with the parameter. */
static int fit_of_range(span range, span parameters)
{
    span parameter, name, value;
    int named = 0;
    for (size_t at = 0; next_full_part(parameters, ';', &at, &parameter);) {
        divide_parameter(parameter, &name, &value);
        if (is_word_in_any_case(name, "q"))
            break;
        if (!is_word_in_any_case(name, "a") || !is_same(without_quotes(value), "0"))
            return 0;
        named++;
    }
    if (is_word_in_any_case(range, "a/c"))
        return 3 + named;
    return is_word_in_any_case(range, "a/*") ? 2 : is_same(range, "*/*");
}

/* The weight of the element that fits best, the first of equals; an element whose weight cannot be
 * read says nothing. */
static int best_weight(span input, int (*fit_of)(span range, span parameters), int otherwise)
{
    span element, range, parameters;
    int best = 0, weight = otherwise;
    for (size_t at = 0; next_full_part(input, ',', &at, &element);) {
        divide_element(element, &range, &parameters);
        int fit = fit_of(range, parameters), its_weight = weight_among(parameters);
        if (fit > best && its_weight >= 0) {
            best = fit;
            weight = its_weight;
        }
    }
    return weight;
}

void refer_accept(reading *out, span input)
{
    say_number(out, (uint64_t)best_weight(input, fit_of_range, 0));
}

static int fit_of_a(span coding, span parameters)
{
    (void)parameters;
    return is_word_in_any_case(coding, "a") ? 3 : is_same(coding, "*");
}

static int fit_of_identity(span coding, span parameters)
{
    (void)parameters;
    return is_word_in_any_case(coding, "identity") ? 3 : is_same(coding, "*");
}

/* RFC 9110 8.4.1.3: x-gzip is gzip. */
static int fit_of_gzip(span coding, span parameters)
{
    (void)parameters;
    return is_word_in_any_case(coding, "gzip") || is_word_in_any_case(coding, "x-gzip")
               ? 3
               : is_same(coding, "*");
}

/* RFC 9110 12.5.3; what is not mentioned is not wanted, identity least of all codings. */
void refer_coding(reading *out, span input)
{
    say_number(out, (uint64_t)best_weight(input, fit_of_a, 0));
    say_number(out, (uint64_t)best_weight(input, fit_of_identity, 1));
    say_number(out, (uint64_t)best_weight(input, fit_of_gzip, 0));
}
