/* Compiles formats of JSON: JSON whose strings may be written with ' instead of ", and in which a
 * conversion stands for a value, a key, or a part of a string (RFC 8259). It is read like JSON, so
 * whatever it is filled with, what comes out is JSON; a format that is none is the program's mistake,
 * and said in words. */
#include "app/format_compiler.h"

#include <string.h>

#define DEPTH_MAX 64

/* What may come next. */
typedef enum hw_json_expectation {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* of an array that has just begun */
    EXPECT_KEY,
    EXPECT_KEY_OR_END, /* of an object that has just begun */
    EXPECT_COLON,
    EXPECT_MORE, /* a comma, or the end of what is open */
    EXPECT_NOTHING,
} hw_json_expectation;

typedef struct json_compiler {
    hw_format_compiler *to;
    char open[DEPTH_MAX];    /* '{' or '[' */
    size_t depth, depth_min; /* depth_min: what must not be closed */
    hw_json_expectation expected;
} json_compiler;

static bool fail_json_format(const json_compiler *compiler, const char *problem)
{
    return hw_format_fail(compiler->to, problem);
}

static bool take_conversion(json_compiler *compiler, bool is_quoted, bool is_key)
{
    hw_format_piece piece;
    if (!hw_format_read_conversion(&compiler->to->cursor, &piece) || piece.padding != HW_PAD_NONE ||
        piece.conversion == HW_CONVERT_HEX)
        return fail_json_format(compiler,
                                "the format has a conversion that JSON formats do not know");
    if (is_key && piece.conversion != HW_CONVERT_TEXT)
        return fail_json_format(compiler, "only %s can be a key");
    if (is_quoted && piece.conversion == HW_CONVERT_TAGGED)
        return fail_json_format(compiler, "%p stands for a whole value, and is in quotes");
    piece.role = is_quoted ? HW_ROLE_JSON_INSIDE : is_key ? HW_ROLE_JSON_KEY : HW_ROLE_JSON_VALUE;
    hw_format_end_piece(compiler->to, piece);
    return true;
}

/* An escape as it stands in the format. */
static bool take_escape(json_compiler *compiler)
{
    int byte = hw_cursor_next(&compiler->to->cursor);
    hw_text digits;
    if (byte == '\'') { /* JSON does not know it */
        hw_buffer_put_char(&compiler->to->literal, '\'');
        return true;
    }
    if (byte <= 0 || !strchr("\"\\/bfnrtu", byte))
        return fail_json_format(compiler, "the format has a bad escape in a string");
    hw_buffer_put_char(&compiler->to->literal, '\\');
    hw_buffer_put_char(&compiler->to->literal, (char)byte);
    if (byte != 'u')
        return true;
    if (!hw_cursor_take_bytes(&compiler->to->cursor, 4, &digits) ||
        strspn(digits.at, "0123456789abcdefABCDEF") < 4)
        return fail_json_format(compiler, "the format has a bad \\u escape in a string");
    hw_buffer_put(&compiler->to->literal, digits);
    return true;
}

/* Behind the opening quote. */
static bool take_format_string(json_compiler *compiler, int quote)
{
    hw_buffer_put_char(&compiler->to->literal, '"');
    for (int byte; (byte = hw_cursor_next(&compiler->to->cursor)) != quote;) {
        if (byte < 0)
            return fail_json_format(compiler, "the format has a string without an end");
        if (byte < 0x20)
            return fail_json_format(compiler, "the format has a control character in a string");
        if (byte == '\\') {
            if (!take_escape(compiler))
                return false;
        } else if (byte == '%' && !hw_cursor_take(&compiler->to->cursor, '%')) {
            if (!take_conversion(compiler, true, false))
                return false;
        } else {
            if (byte == '"')
                hw_buffer_put_char(&compiler->to->literal, '\\');
            hw_buffer_put_char(&compiler->to->literal, (char)byte);
        }
    }
    hw_buffer_put_char(&compiler->to->literal, '"');
    return true;
}

static bool is_word_char(char byte)
{
    return hw_char_is_digit(byte) || (byte >= 'a' && byte <= 'z') || byte == 'E' || byte == '+' ||
           byte == '-' || byte == '.';
}

/* RFC 8259 6 */
static bool is_json_number(hw_text word)
{
    hw_cursor cursor = hw_cursor_of(word);
    (void)hw_cursor_take(&cursor, '-');
    hw_text whole = hw_cursor_take_while(&cursor, hw_char_is_digit);
    if (whole.length == 0 || (whole.length > 1 && whole.at[0] == '0'))
        return false;
    if (hw_cursor_take(&cursor, '.') && hw_cursor_take_while(&cursor, hw_char_is_digit).length == 0)
        return false;
    if (hw_cursor_take(&cursor, 'e') || hw_cursor_take(&cursor, 'E')) {
        if (!hw_cursor_take(&cursor, '+'))
            (void)hw_cursor_take(&cursor, '-');
        if (hw_cursor_take_while(&cursor, hw_char_is_digit).length == 0)
            return false;
    }
    return hw_cursor_at_end(&cursor);
}

static bool take_json_word(json_compiler *compiler)
{
    hw_text word = hw_cursor_take_while(&compiler->to->cursor, is_word_char);
    hw_buffer_put(&compiler->to->literal, word);
    return hw_text_equal(word, HW_TEXT("true")) || hw_text_equal(word, HW_TEXT("false")) ||
           hw_text_equal(word, HW_TEXT("null")) || is_json_number(word) ||
           fail_json_format(compiler, "the format has something that is no JSON value");
}

static void end_value(json_compiler *compiler)
{
    compiler->expected = compiler->depth > 0 ? EXPECT_MORE : EXPECT_NOTHING;
}

static bool open_nested(json_compiler *compiler, char kind)
{
    if (compiler->depth == DEPTH_MAX)
        return fail_json_format(compiler, "the format is nested more than 64 deep");
    compiler->open[compiler->depth++] = kind;
    hw_buffer_put_char(&compiler->to->literal, kind);
    compiler->expected = kind == '{' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return true;
}

static bool close_nested(json_compiler *compiler, int byte)
{
    char kind = byte == '}' ? '{' : '[';
    if (compiler->depth <= compiler->depth_min || compiler->open[compiler->depth - 1] != kind)
        return fail_json_format(compiler, "the format closes what is not open");
    compiler->depth--;
    hw_buffer_put_char(&compiler->to->literal, (char)byte);
    end_value(compiler);
    return true;
}

static bool take_value(json_compiler *compiler, int byte)
{
    if (byte == '{' || byte == '[') {
        hw_cursor_next(&compiler->to->cursor);
        return open_nested(compiler, (char)byte);
    }
    bool is_taken;
    if (byte == '\'' || byte == '"') {
        hw_cursor_next(&compiler->to->cursor);
        is_taken = take_format_string(compiler, byte);
    } else if (byte == '%') {
        hw_cursor_next(&compiler->to->cursor);
        is_taken = take_conversion(compiler, false, false);
    } else {
        is_taken = take_json_word(compiler);
    }
    end_value(compiler);
    return is_taken;
}

static bool take_key(json_compiler *compiler, int byte)
{
    hw_cursor_next(&compiler->to->cursor);
    compiler->expected = EXPECT_COLON;
    if (byte == '\'' || byte == '"')
        return take_format_string(compiler, byte);
    if (byte == '%')
        return take_conversion(compiler, false, true);
    return fail_json_format(compiler, "the format has an object whose key is no string");
}

static bool take_separator(json_compiler *compiler, int byte)
{
    bool is_colon = compiler->expected == EXPECT_COLON;
    hw_cursor_next(&compiler->to->cursor);
    if (!is_colon && (byte == '}' || byte == ']'))
        return close_nested(compiler, byte);
    if (byte != (is_colon ? ':' : ','))
        return fail_json_format(compiler, is_colon ? "the format has a key without a colon"
                                                   : "the format has two values without a comma");
    hw_buffer_put_char(&compiler->to->literal, (char)byte);
    bool is_in_object = compiler->open[compiler->depth - 1] == '{';
    compiler->expected = is_in_object && !is_colon ? EXPECT_KEY : EXPECT_VALUE;
    return true;
}

static bool take_token(json_compiler *compiler, int byte)
{
    switch (compiler->expected) {
    case EXPECT_VALUE_OR_END:
    case EXPECT_KEY_OR_END:
        if (byte == ']' || byte == '}') {
            hw_cursor_next(&compiler->to->cursor);
            return close_nested(compiler, byte);
        }
        return compiler->expected == EXPECT_KEY_OR_END ? take_key(compiler, byte)
                                                       : take_value(compiler, byte);
    case EXPECT_VALUE:
        return take_value(compiler, byte);
    case EXPECT_KEY:
        return take_key(compiler, byte);
    case EXPECT_COLON:
    case EXPECT_MORE:
        return take_separator(compiler, byte);
    case EXPECT_NOTHING:
        break;
    }
    return fail_json_format(compiler, "the format has something behind its value");
}

static bool is_json_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

void hw_format_compile_json(hw_format_compiler *to, bool is_pairs)
{
    json_compiler own = {.to = to}, *compiler = &own;
    if (is_pairs)
        compiler->open[compiler->depth++] = '{';
    compiler->depth_min = compiler->depth;
    compiler->expected = is_pairs ? EXPECT_KEY : EXPECT_VALUE;
    (void)hw_cursor_take_while(&to->cursor, is_json_blank);
    while (!to->problem && !hw_cursor_at_end(&to->cursor)) {
        if (!take_token(compiler, hw_cursor_peek(&to->cursor)))
            break;
        (void)hw_cursor_take_while(&to->cursor, is_json_blank);
    }
    if (!to->problem && (compiler->depth > compiler->depth_min ||
                         compiler->expected != (is_pairs ? EXPECT_MORE : EXPECT_NOTHING)))
        (void)fail_json_format(compiler, "the format ends before its value does");
}
