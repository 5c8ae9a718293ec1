/* Compiles the formats of JSON and fills them in.
 *
 * A format is JSON whose strings may be written with ' instead of ", and in which a conversion of
 * printf stands for a value, a key, or a part of a string. It is read like JSON, so whatever it is
 * filled with, what comes out is JSON; a format that is none is the program's mistake, and said in
 * words. The compiler checks the arguments, for the formats are printf's.
 *
 * Compiled formats are kept by the address of their text, which is a literal in nearly all programs;
 * as nobody can promise that, the text is compared too. A slot is filled once, by whoever comes
 * first, and then only read: no lock, and no format is freed before its application. There are as
 * many slots as a large program has formats; where they are all taken a format is compiled for each
 * request, which is slower and right. Rejected: a table of the process (a writable global, and what
 * would free it?), and compiling in the macro (no compiler can). */
#include "app/format.h"

#include <string.h>

#include "base/assert.h"
#include "http/json.h"

#define PIECES_MAX 256
#define DEPTH_MAX 64
#define PROBES 8

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

typedef struct hw_format_compiler {
    hw_cursor cursor;
    hw_buffer literal;    /* of all pieces, one behind the other */
    size_t literal_start; /* of the piece that is being read */
    hw_format_piece pieces[PIECES_MAX];
    size_t count;
    char open[DEPTH_MAX];    /* '{' or '[' */
    size_t depth, depth_min; /* depth_min: what must not be closed */
    hw_json_expectation expected;
    const char *problem;
} hw_format_compiler;

static bool fail_format(hw_format_compiler *compiler, const char *problem)
{
    if (!compiler->problem)
        compiler->problem = problem;
    return false;
}

static void end_format_piece(hw_format_compiler *compiler, hw_format_piece piece)
{
    if (compiler->count == PIECES_MAX) {
        (void)fail_format(compiler, "the format has more than 255 conversions");
        return;
    }
    piece.literal = hw_text_from(hw_buffer_text(&compiler->literal), compiler->literal_start);
    compiler->literal_start = compiler->literal.length;
    compiler->pieces[compiler->count++] = piece;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ".3" and ".*"; the precision stays -1 where there is none. */
static bool read_precision(hw_cursor *cursor, hw_format_piece *piece)
{
    if (!hw_cursor_take(cursor, '.'))
        return true;
    if (hw_cursor_take(cursor, '*')) {
        piece->has_length = true;
        return true;
    }
    hw_text digits = hw_cursor_take_while(cursor, is_digit);
    piece->precision = 0;
    for (size_t i = 0; i < digits.length && i < 4; i++)
        piece->precision = piece->precision * 10 + (digits.at[i] - '0');
    return digits.length <= 4;
}

static bool read_whole_conversion(hw_cursor *cursor, hw_format_piece *piece)
{
    bool is_bool = hw_cursor_take_text(cursor, HW_TEXT("hh"));
    if (hw_cursor_take_text(cursor, HW_TEXT("ll")))
        piece->width = HW_WIDTH_LONG_LONG;
    else if (hw_cursor_take(cursor, 'l'))
        piece->width = HW_WIDTH_LONG;
    else if (hw_cursor_take(cursor, 'z'))
        piece->width = HW_WIDTH_SIZE;
    int letter = hw_cursor_next(cursor);
    if (letter == 'd' || letter == 'i')
        piece->conversion = is_bool ? HW_CONVERT_BOOL : HW_CONVERT_SIGNED;
    else if (letter == 'u')
        piece->conversion = HW_CONVERT_UNSIGNED;
    else
        return false;
    return !is_bool || (piece->conversion == HW_CONVERT_BOOL && piece->width == HW_WIDTH_INT);
}

/* Behind the "%". False: there is no such conversion here. */
static bool read_conversion(hw_cursor *cursor, hw_format_piece *piece)
{
    *piece = (hw_format_piece){.precision = -1};
    if (!read_precision(cursor, piece))
        return false;
    bool has_precision = piece->has_length || piece->precision >= 0;
    int letter = hw_cursor_peek(cursor);
    if (letter == 's')
        piece->conversion = HW_CONVERT_TEXT;
    else if ((letter == 'f' || letter == 'e' || letter == 'g') && !piece->has_length)
        piece->conversion = HW_CONVERT_REAL;
    else if (letter == 'p' && !has_precision)
        piece->conversion = HW_CONVERT_TAGGED;
    if (piece->conversion == HW_CONVERT_NOTHING)
        return !has_precision && read_whole_conversion(cursor, piece);
    piece->letter = (char)hw_cursor_next(cursor);
    return true;
}

static bool take_conversion(hw_format_compiler *compiler, bool is_quoted, bool is_key)
{
    hw_format_piece piece;
    if (!read_conversion(&compiler->cursor, &piece))
        return fail_format(compiler, "the format has a conversion that JSON formats do not know");
    if (is_key && piece.conversion != HW_CONVERT_TEXT)
        return fail_format(compiler, "only %s can be a key");
    if (is_quoted && piece.conversion == HW_CONVERT_TAGGED)
        return fail_format(compiler, "%p stands for a whole value, and is in quotes");
    piece.is_quoted = is_quoted;
    piece.is_key = is_key;
    end_format_piece(compiler, piece);
    return true;
}

/* An escape as it stands in the format. */
static bool take_escape(hw_format_compiler *compiler)
{
    int byte = hw_cursor_next(&compiler->cursor);
    hw_text digits;
    if (byte == '\'') { /* JSON does not know it */
        hw_buffer_put_char(&compiler->literal, '\'');
        return true;
    }
    if (byte <= 0 || !strchr("\"\\/bfnrtu", byte))
        return fail_format(compiler, "the format has a bad escape in a string");
    hw_buffer_put_char(&compiler->literal, '\\');
    hw_buffer_put_char(&compiler->literal, (char)byte);
    if (byte != 'u')
        return true;
    if (!hw_cursor_take_bytes(&compiler->cursor, 4, &digits) ||
        strspn(digits.at, "0123456789abcdefABCDEF") < 4)
        return fail_format(compiler, "the format has a bad \\u escape in a string");
    hw_buffer_put(&compiler->literal, digits);
    return true;
}

/* Behind the opening quote. */
static bool take_format_string(hw_format_compiler *compiler, int quote)
{
    hw_buffer_put_char(&compiler->literal, '"');
    for (int byte; (byte = hw_cursor_next(&compiler->cursor)) != quote;) {
        if (byte < 0)
            return fail_format(compiler, "the format has a string without an end");
        if (byte < 0x20)
            return fail_format(compiler, "the format has a control character in a string");
        if (byte == '\\') {
            if (!take_escape(compiler))
                return false;
        } else if (byte == '%' && !hw_cursor_take(&compiler->cursor, '%')) {
            if (!take_conversion(compiler, true, false))
                return false;
        } else {
            if (byte == '"')
                hw_buffer_put_char(&compiler->literal, '\\');
            hw_buffer_put_char(&compiler->literal, (char)byte);
        }
    }
    hw_buffer_put_char(&compiler->literal, '"');
    return true;
}

static bool is_word_char(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || byte == 'E' || byte == '+' ||
           byte == '-' || byte == '.';
}

/* RFC 8259 6 */
static bool is_json_number(hw_text word)
{
    hw_cursor cursor = hw_cursor_of(word);
    (void)hw_cursor_take(&cursor, '-');
    hw_text whole = hw_cursor_take_while(&cursor, is_digit);
    if (whole.length == 0 || (whole.length > 1 && whole.at[0] == '0'))
        return false;
    if (hw_cursor_take(&cursor, '.') && hw_cursor_take_while(&cursor, is_digit).length == 0)
        return false;
    if (hw_cursor_take(&cursor, 'e') || hw_cursor_take(&cursor, 'E')) {
        if (!hw_cursor_take(&cursor, '+'))
            (void)hw_cursor_take(&cursor, '-');
        if (hw_cursor_take_while(&cursor, is_digit).length == 0)
            return false;
    }
    return hw_cursor_at_end(&cursor);
}

static bool take_json_word(hw_format_compiler *compiler)
{
    hw_text word = hw_cursor_take_while(&compiler->cursor, is_word_char);
    hw_buffer_put(&compiler->literal, word);
    return hw_text_equal(word, HW_TEXT("true")) || hw_text_equal(word, HW_TEXT("false")) ||
           hw_text_equal(word, HW_TEXT("null")) || is_json_number(word) ||
           fail_format(compiler, "the format has something that is no JSON value");
}

static void end_value(hw_format_compiler *compiler)
{
    compiler->expected = compiler->depth > 0 ? EXPECT_MORE : EXPECT_NOTHING;
}

static bool open_nested(hw_format_compiler *compiler, char kind)
{
    if (compiler->depth == DEPTH_MAX)
        return fail_format(compiler, "the format is nested more than 64 deep");
    compiler->open[compiler->depth++] = kind;
    hw_buffer_put_char(&compiler->literal, kind);
    compiler->expected = kind == '{' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return true;
}

static bool close_nested(hw_format_compiler *compiler, int byte)
{
    char kind = byte == '}' ? '{' : '[';
    if (compiler->depth <= compiler->depth_min || compiler->open[compiler->depth - 1] != kind)
        return fail_format(compiler, "the format closes what is not open");
    compiler->depth--;
    hw_buffer_put_char(&compiler->literal, (char)byte);
    end_value(compiler);
    return true;
}

static bool take_value(hw_format_compiler *compiler, int byte)
{
    if (byte == '{' || byte == '[') {
        hw_cursor_next(&compiler->cursor);
        return open_nested(compiler, (char)byte);
    }
    bool is_taken;
    if (byte == '\'' || byte == '"') {
        hw_cursor_next(&compiler->cursor);
        is_taken = take_format_string(compiler, byte);
    } else if (byte == '%') {
        hw_cursor_next(&compiler->cursor);
        is_taken = take_conversion(compiler, false, false);
    } else {
        is_taken = take_json_word(compiler);
    }
    end_value(compiler);
    return is_taken;
}

static bool take_key(hw_format_compiler *compiler, int byte)
{
    hw_cursor_next(&compiler->cursor);
    compiler->expected = EXPECT_COLON;
    if (byte == '\'' || byte == '"')
        return take_format_string(compiler, byte);
    if (byte == '%')
        return take_conversion(compiler, false, true);
    return fail_format(compiler, "the format has an object whose key is no string");
}

static bool take_separator(hw_format_compiler *compiler, int byte)
{
    bool is_colon = compiler->expected == EXPECT_COLON;
    hw_cursor_next(&compiler->cursor);
    if (!is_colon && (byte == '}' || byte == ']'))
        return close_nested(compiler, byte);
    if (byte != (is_colon ? ':' : ','))
        return fail_format(compiler, is_colon ? "the format has a key without a colon"
                                              : "the format has two values without a comma");
    hw_buffer_put_char(&compiler->literal, (char)byte);
    bool is_in_object = compiler->open[compiler->depth - 1] == '{';
    compiler->expected = is_in_object && !is_colon ? EXPECT_KEY : EXPECT_VALUE;
    return true;
}

static bool take_token(hw_format_compiler *compiler, int byte)
{
    switch (compiler->expected) {
    case EXPECT_VALUE_OR_END:
    case EXPECT_KEY_OR_END:
        if (byte == ']' || byte == '}') {
            hw_cursor_next(&compiler->cursor);
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
    return fail_format(compiler, "the format has something behind its value");
}

static bool is_json_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void compile_format(hw_format_compiler *compiler, hw_format_kind kind)
{
    bool is_pairs = kind == HW_FORMAT_PAIRS;
    if (is_pairs)
        compiler->open[compiler->depth++] = '{';
    compiler->depth_min = compiler->depth;
    compiler->expected = is_pairs ? EXPECT_KEY : EXPECT_VALUE;
    if (!hw_json_is_utf8(hw_cursor_rest(&compiler->cursor)))
        (void)fail_format(compiler, "the format is no UTF-8");
    (void)hw_cursor_take_while(&compiler->cursor, is_json_blank);
    while (!compiler->problem && !hw_cursor_at_end(&compiler->cursor)) {
        if (!take_token(compiler, hw_cursor_peek(&compiler->cursor)))
            break;
        (void)hw_cursor_take_while(&compiler->cursor, is_json_blank);
    }
    if (!compiler->problem && (compiler->depth > compiler->depth_min ||
                               compiler->expected != (is_pairs ? EXPECT_MORE : EXPECT_NOTHING)))
        (void)fail_format(compiler, "the format ends before its value does");
    end_format_piece(compiler, (hw_format_piece){0});
}

/* Each byte of a format is two of its literals at most. */
static size_t count_format_bytes(size_t pieces, size_t source)
{
    return sizeof(hw_format) + pieces * sizeof(hw_format_piece) + source * 3 + 1;
}

/* Puts what has been compiled into memory of count_format_bytes. */
static hw_format *lay_out_format(void *memory, const hw_format_compiler *compiler,
                                 const char *address, hw_text source, hw_format_kind kind)
{
    hw_format *format = memory;
    hw_format_piece *pieces = (hw_format_piece *)(format + 1);
    char *texts = (char *)(pieces + compiler->count);
    hw_text literals = hw_buffer_text(&compiler->literal);
    memcpy(texts, source.at, source.length);
    memcpy(texts + source.length, literals.at, literals.length);
    for (size_t i = 0; i < compiler->count; i++) {
        pieces[i] = compiler->pieces[i];
        size_t at = (size_t)(pieces[i].literal.at - literals.at);
        pieces[i].literal.at = texts + source.length + at;
    }
    *format = (hw_format){
        .address = address,
        .source = {texts, source.length},
        .kind = kind,
        .problem = compiler->problem,
        .pieces = pieces,
        .count = compiler->count,
    };
    return format;
}

/* In memory of its own, or in the arena's. NULL: no memory. */
static hw_format *make_format(hw_arena *scratch, bool is_kept, const char *address,
                              hw_format_kind kind)
{
    hw_text source = hw_text_of(address);
    hw_format_compiler *compiler = hw_arena_alloc_zeroed(scratch, 1, sizeof *compiler);
    char *literals = hw_arena_alloc(scratch, source.length * 2 + 1);
    if (!compiler || !literals)
        return NULL;
    compiler->cursor = hw_cursor_of(source);
    compiler->literal = hw_buffer_over(literals, source.length * 2 + 1);
    compile_format(compiler, kind);
    hw_assert(!compiler->literal.overflow);
    size_t bytes = count_format_bytes(compiler->count, source.length);
    hw_arena own = {0};
    if (is_kept)
        hw_arena_init(&own, bytes, SIZE_MAX / 2);
    void *memory = hw_arena_alloc(is_kept ? &own : scratch, bytes);
    if (!memory)
        return NULL;
    hw_format *format = lay_out_format(memory, compiler, address, source, kind);
    format->arena = own;
    return format;
}

static void free_format(hw_format *format)
{
    if (!format)
        return;
    hw_arena own = format->arena; /* it is part of what it frees */
    hw_arena_fini(&own);
}

void hw_formats_fini(hw_formats *formats)
{
    for (size_t i = 0; i < HW_FORMATS_COUNT; i++)
        free_format(atomic_load_explicit(&formats->slots[i], memory_order_relaxed));
}

static bool is_format_of(const hw_format *format, const char *source, hw_format_kind kind)
{
    return format->address == source && format->kind == kind &&
           strncmp(format->source.at, source, format->source.length) == 0 &&
           source[format->source.length] == '\0';
}

static size_t choose_slot(const char *source, hw_format_kind kind)
{
    uint64_t bits = (uint64_t)(uintptr_t)source * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(bits >> 56) + (size_t)kind;
}

const hw_format *hw_formats_get(hw_formats *formats, hw_arena *arena, const char *source,
                                hw_format_kind kind)
{
    size_t first = choose_slot(source, kind);
    for (size_t i = 0; i < PROBES; i++) {
        _Atomic(hw_format *) *slot = &formats->slots[(first + i) % HW_FORMATS_COUNT];
        hw_format *there = atomic_load_explicit(slot, memory_order_acquire);
        if (there && is_format_of(there, source, kind))
            return there;
        if (there)
            continue;
        hw_format *made = make_format(arena, true, source, kind);
        if (!made)
            return NULL;
        if (atomic_compare_exchange_strong_explicit(slot, &there, made, memory_order_acq_rel,
                                                    memory_order_acquire))
            return made;
        /* Another one was quicker, with this format or with another. */
        free_format(made);
        if (is_format_of(there, source, kind))
            return there;
    }
    return make_format(arena, false, source, kind);
}
