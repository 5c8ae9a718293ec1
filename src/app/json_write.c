/* Writes JSON that was read as text again, for "%p" of a JSON format.
 *
 * Values are walked with a stack of their own; none is deeper than what was read. Numbers are
 * written with as many digits as it takes to read the same number again, and one that was read with
 * a fraction or an exponent keeps one: to some readers 1 and 1.0 are two kinds, and -0 is no whole
 * number at all. */
#include "app/json.h"
#include "app/writer.h"

static void put_json_real(hw_writer *writer, double real)
{
    size_t start = writer->buffer.length;
    hw_writer_put_real(writer, real, 'g', -1, HW_TEXT("null"));
    hw_cursor number = hw_cursor_of(hw_text_from(hw_buffer_text(&writer->buffer), start));
    hw_cursor_take(&number, '-');
    (void)hw_cursor_take_while(&number, hw_char_is_digit);
    if (hw_cursor_at_end(&number))
        hw_writer_put(writer, HW_TEXT(".0"));
}

/* A value that has nothing in it; of an array or object its beginning. */
static void put_json_value(hw_writer *writer, const hewn_json *value)
{
    switch (value->kind) {
    case HW_JSON_NULL:
        hw_writer_put(writer, HW_TEXT("null"));
        break;
    case HW_JSON_BOOL:
        hw_writer_put(writer, value->boolean ? HW_TEXT("true") : HW_TEXT("false"));
        break;
    case HW_JSON_INT:
        hw_writer_put_signed(writer, value->integer);
        break;
    case HW_JSON_REAL:
        put_json_real(writer, value->real);
        break;
    case HW_JSON_STRING:
        hw_writer_put_json(writer, hw_text_of(value->string), true);
        break;
    case HW_JSON_ARRAY:
        hw_writer_put(writer, HW_TEXT("["));
        break;
    case HW_JSON_OBJECT:
        hw_writer_put(writer, HW_TEXT("{"));
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
static void put_json_key(hw_writer *writer, const json_place *place, const hewn_json *item)
{
    if (place->at > 1)
        hw_writer_put(writer, HW_TEXT(","));
    if (!item->key || place->value->kind != HW_JSON_OBJECT)
        return;
    hw_writer_put_json(writer, hw_text_of(item->key), true);
    hw_writer_put(writer, HW_TEXT(":"));
}

static void put_json_tree(hw_writer *writer, const hewn_json *root)
{
    json_place places[HW_JSON_DEPTH_MAX + 1];
    size_t depth = 0;
    put_json_value(writer, root);
    if (has_inside(root))
        places[depth++] = (json_place){root, 0};
    while (depth > 0) {
        json_place *place = &places[depth - 1];
        const hewn_json *item = hewn_json_next(place->value, &place->at, NULL);
        if (!item) {
            hw_writer_put(writer,
                          place->value->kind == HW_JSON_ARRAY ? HW_TEXT("]") : HW_TEXT("}"));
            depth--;
            continue;
        }
        put_json_key(writer, place, item);
        put_json_value(writer, item);
        if (has_inside(item))
            places[depth++] = (json_place){item, 0};
    }
}

hw_text hw_json_write(hw_arena *arena, const hewn_json *value)
{
    hw_writer writer;
    hw_writer_init(&writer, arena);
    put_json_tree(&writer, value);
    return hw_writer_text(&writer);
}

static const hw_tagged null_value = {HW_TAGGED_MAGIC, HW_TAGGED_JSON, HW_TEXT_INIT("null")};

const void *hewn_raw(const hewn_json *value)
{
    if (!value)
        return &null_value;
    hw_text text = hw_json_write(value->arena, value);
    return text.at ? hw_tagged_new(value->arena, HW_TAGGED_JSON, text) : NULL;
}
