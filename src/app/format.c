/* Compiles the formats of hewn_jsonf and its kin, and keeps them.
 *
 * A format is read as what it will be, JSON (format_json.c), HTML (format_html.c) or a URL
 * (format_url.c), with conversions of printf in it; so it is known of each of them where it stands
 * and what may stand there. The compiler checks the arguments, for the formats are printf's.
 *
 * Compiled formats are kept by the address of their text, which is a literal in nearly all programs;
 * as nobody can promise that, the text is compared too. A slot is filled once, by whoever comes
 * first, and then only read: no lock, and no format is freed before its application. There are as
 * many slots as a large program has formats; where they are all taken a format is compiled for each
 * request, which is slower and right. Rejected: a table of the process (a writable global, and what
 * would free it?), and compiling in the macro (no compiler can). */
#include "app/format_compiler.h"

#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "http/json.h"

#define PROBES 8

bool hw_format_fail(hw_format_compiler *compiler, const char *problem)
{
    if (!compiler->problem)
        compiler->problem = problem;
    return false;
}

void hw_format_end_piece(hw_format_compiler *compiler, hw_format_piece piece)
{
    if (compiler->count == HW_FORMAT_PIECES_MAX) {
        (void)hw_format_fail(compiler, "the format has more than 255 conversions");
        return;
    }
    piece.literal = hw_text_from(hw_buffer_text(&compiler->literal), compiler->literal_start);
    compiler->literal_start = compiler->literal.length;
    compiler->pieces[compiler->count++] = piece;
}

/* "05" and "-8": how wide a number is at least; as JSON has no such thing, the caller looks. */
static bool read_padding(hw_cursor *cursor, hw_format_piece *piece)
{
    piece->padding = hw_cursor_take(cursor, '-')   ? HW_PAD_RIGHT
                     : hw_cursor_take(cursor, '0') ? HW_PAD_ZEROS
                                                   : HW_PAD_LEFT;
    hw_text digits = hw_cursor_take_while(cursor, hw_char_is_digit);
    for (size_t i = 0; i < digits.length && i < 2; i++)
        piece->width_min = piece->width_min * 10 + (unsigned)(digits.at[i] - '0');
    if (digits.length == 0 && piece->padding != HW_PAD_LEFT)
        return false;
    if (digits.length == 0)
        piece->padding = HW_PAD_NONE;
    return digits.length <= 2;
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
    hw_text digits = hw_cursor_take_while(cursor, hw_char_is_digit);
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
    else if (letter == 'x')
        piece->conversion = HW_CONVERT_HEX;
    else
        return false;
    return !is_bool || (piece->conversion == HW_CONVERT_BOOL && piece->width == HW_WIDTH_INT);
}

bool hw_format_read_conversion(hw_cursor *cursor, hw_format_piece *piece)
{
    *piece = (hw_format_piece){.precision = -1};
    if (!read_padding(cursor, piece) || !read_precision(cursor, piece))
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
    return piece->padding == HW_PAD_NONE || piece->conversion == HW_CONVERT_REAL;
}

static void compile_format(hw_format_compiler *compiler, hw_format_kind kind)
{
    if (!hw_json_is_utf8(hw_cursor_rest(&compiler->cursor)))
        (void)hw_format_fail(compiler, "the format is no UTF-8");
    switch (kind) {
    case HW_FORMAT_JSON:
    case HW_FORMAT_PAIRS:
        hw_format_compile_json(compiler, kind == HW_FORMAT_PAIRS);
        break;
    case HW_FORMAT_HTML:
        hw_format_compile_html(compiler);
        break;
    case HW_FORMAT_URL:
        hw_format_compile_url(compiler);
        break;
    }
    hw_format_end_piece(compiler, (hw_format_piece){0});
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
