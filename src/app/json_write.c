/* Writes JSON that was read as text again, for "%p" of a JSON format.
 *
 * What comes out is JSON that may also stand in a script of an HTML page: "<" of "</" and "<!" and
 * the two separators of lines that JavaScript once took for line ends are escaped. Numbers are
 * written with as many digits as it takes to read the same number again. The text grows by doubling
 * in the arena, so writing it copies each byte twice at most. Values are walked with a stack of
 * their own; none is deeper than what was read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/json.h"
#include "base/number.h"

enum { NUMBER_BYTES_MAX = 32, ESCAPE_BYTES_MAX = 6, TEXT_BYTES_FIRST = 256 };

typedef struct json_text {
    hw_arena *arena;
    hw_buffer buffer;
} json_text;

/* Room for so many bytes more. Without memory the buffer overflows, for good. */
static void make_text_room(json_text *text, size_t bytes)
{
    size_t needed, capacity = hw_size_max(text->buffer.capacity, TEXT_BYTES_FIRST / 2);
    if (bytes <= hw_buffer_room(&text->buffer) || !hw_size_add(text->buffer.length, bytes, &needed))
        return;
    while (capacity < needed)
        if (!hw_size_multiply(capacity, 2, &capacity))
            return;
    char *memory = hw_arena_alloc(text->arena, capacity);
    if (!memory)
        return;
    hw_buffer grown = hw_buffer_over(memory, capacity);
    hw_buffer_put(&grown, hw_buffer_text(&text->buffer));
    grown.overflow = text->buffer.overflow;
    text->buffer = grown;
}

static void put_piece(json_text *text, hw_text piece)
{
    make_text_room(text, piece.length);
    hw_buffer_put(&text->buffer, piece);
}

/* The bytes from `at` on that are escaped as one character; 0: none. */
static size_t count_escaped(hw_text string, size_t at)
{
    unsigned char byte = (unsigned char)string.at[at];
    hw_text rest = hw_text_from(string, at);
    if (hw_text_has_prefix(rest, HW_TEXT("\xe2\x80\xa8")) ||
        hw_text_has_prefix(rest, HW_TEXT("\xe2\x80\xa9")))
        return 3;
    return byte < 0x20 || byte == '"' || byte == '\\' || byte == '<';
}

static void put_json_escape(json_text *text, hw_text bytes)
{
    char escape[ESCAPE_BYTES_MAX + 1];
    unsigned char byte = (unsigned char)bytes.at[0];
    if (byte == '"' || byte == '\\')
        snprintf(escape, sizeof escape, "\\%c", byte);
    else if (bytes.length == 3)
        snprintf(escape, sizeof escape, "\\u202%c", bytes.at[2] == '\xa8' ? '8' : '9');
    else
        snprintf(escape, sizeof escape, "\\u%04x", byte);
    put_piece(text, hw_text_of(escape));
}

static void put_json_string(json_text *text, hw_text string)
{
    size_t start = 0;
    put_piece(text, HW_TEXT("\""));
    for (size_t i = 0; i < string.length; i++) {
        size_t escaped = count_escaped(string, i);
        if (escaped == 0)
            continue;
        put_piece(text, (hw_text){string.at + start, i - start});
        put_json_escape(text, (hw_text){string.at + i, escaped});
        i += escaped - 1;
        start = i + 1;
    }
    put_piece(text, hw_text_from(string, start));
    put_piece(text, HW_TEXT("\""));
}

/* printf writes the point of the locale, which may be more than one byte: it is all that is no part
 * of a number. */
static void put_json_real(json_text *text, double real)
{
    char number[NUMBER_BYTES_MAX];
    bool has_point = false;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, real);
        if (strtod(number, NULL) == real)
            break;
    }
    bool is_whole = strspn(number, "-0123456789") == strlen(number);
    for (const char *at = number; *at; at++) {
        if (hw_char_is_digit(*at) || *at == '-' || *at == '+' || *at == 'e') {
            put_piece(text, (hw_text){at, 1});
        } else if (!has_point) {
            put_piece(text, HW_TEXT("."));
            has_point = true;
        }
    }
    /* It stays what it was to readers that tell the two kinds apart; -0 has no whole number. */
    if (is_whole)
        put_piece(text, HW_TEXT(".0"));
}

static void put_json_int(json_text *text, hewn_int integer)
{
    char number[NUMBER_BYTES_MAX];
    snprintf(number, sizeof number, "%lld", integer);
    put_piece(text, hw_text_of(number));
}

/* A value that has nothing in it; of an array or object its beginning. */
static void put_json_value(json_text *text, const hewn_json *value)
{
    switch (value->kind) {
    case HW_JSON_NULL:
        put_piece(text, HW_TEXT("null"));
        break;
    case HW_JSON_BOOL:
        put_piece(text, value->boolean ? HW_TEXT("true") : HW_TEXT("false"));
        break;
    case HW_JSON_INT:
        put_json_int(text, value->integer);
        break;
    case HW_JSON_REAL:
        put_json_real(text, value->real);
        break;
    case HW_JSON_STRING:
        put_json_string(text, hw_text_of(value->string));
        break;
    case HW_JSON_ARRAY:
        put_piece(text, HW_TEXT("["));
        break;
    case HW_JSON_OBJECT:
        put_piece(text, HW_TEXT("{"));
        break;
    }
}

static bool has_inside(const hewn_json *value)
{
    return value->kind == HW_JSON_ARRAY || value->kind == HW_JSON_OBJECT;
}

/* An array or object whose members are being written, and the next one. */
typedef struct json_place {
    const hewn_json *value;
    size_t at;
} json_place;

/* What comes in front of a member. */
static void put_json_key(json_text *text, const json_place *place, const hewn_json *item)
{
    if (place->at > 1)
        put_piece(text, HW_TEXT(","));
    if (!item->key || place->value->kind != HW_JSON_OBJECT)
        return;
    put_json_string(text, hw_text_of(item->key));
    put_piece(text, HW_TEXT(":"));
}

static void put_json_tree(json_text *text, const hewn_json *root)
{
    json_place places[HW_JSON_DEPTH_MAX + 1];
    size_t depth = 0;
    put_json_value(text, root);
    if (has_inside(root))
        places[depth++] = (json_place){root, 0};
    while (depth > 0) {
        json_place *place = &places[depth - 1];
        const hewn_json *item = hewn_json_next(place->value, &place->at, NULL);
        if (!item) {
            put_piece(text, place->value->kind == HW_JSON_ARRAY ? HW_TEXT("]") : HW_TEXT("}"));
            depth--;
            continue;
        }
        put_json_key(text, place, item);
        put_json_value(text, item);
        if (has_inside(item))
            places[depth++] = (json_place){item, 0};
    }
}

hw_text hw_json_write(hw_arena *arena, const hewn_json *value)
{
    json_text text = {.arena = arena};
    put_json_tree(&text, value);
    return text.buffer.overflow ? (hw_text){0} : hw_buffer_text(&text.buffer);
}

static const hw_tagged null_value = {HW_TAGGED_MAGIC, HW_TAGGED_JSON, HW_TEXT_INIT("null")};

const void *hewn_raw(const hewn_json *value)
{
    if (!value)
        return &null_value;
    hw_text text = hw_json_write(value->arena, value);
    return text.at ? hw_tagged_new(value->arena, HW_TAGGED_JSON, text) : NULL;
}
