/* Finds values in JSON that was read.
 *
 * The members of an array or object lie side by side, in the order they were sent, so walking them
 * is counting. A member is looked for from the first on: what clients send to an application has a
 * handful of members, and a document of thousands is walked, not asked for names. A path is
 * followed over the text it is written in, without a copy. */
#include "app/json.h"

#include "base/cursor.h"
#include "base/number.h"

bool hw_json_is_bounded(hw_text text, hw_body_problem *ret_problem)
{
    size_t depth = 0, values = 1;
    bool is_quoted = false;
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.at[i];
        if (byte == '"')
            is_quoted = !is_quoted;
        else if (is_quoted)
            i += byte == '\\';
        else if (byte == '[' || byte == '{')
            depth++, values++;
        else if (byte == ']' || byte == '}')
            depth -= depth > 0;
        else if (byte == ',')
            values++;
        if (depth > HW_JSON_DEPTH_MAX) {
            *ret_problem = (hw_body_problem){400, "the JSON is nested more than 64 deep", NULL};
            return false;
        }
    }
    if (values <= HW_JSON_VALUES_MAX)
        return true;
    *ret_problem = (hw_body_problem){413, "the JSON has more than 262144 values", NULL};
    return false;
}

size_t hw_json_room(hw_text text)
{
    /* A value takes two bytes of text at least, "1,"; one with memory of its own three, `"",`; a
     * member with a key six. */
    enum { ROOM_FIXED = 4096 };
    return text.length * (sizeof(hewn_json) / 2 + HW_ARENA_ALIGNMENT) + ROOM_FIXED;
}

static const hewn_json *find_member(const hewn_json *object, hw_text name)
{
    for (size_t i = 0; i < object->items.count; i++)
        if (hw_text_equal(hw_text_of(object->items.at[i].key), name))
            return &object->items.at[i];
    return NULL;
}

static bool is_name_byte(char byte)
{
    return byte != '.' && byte != '[';
}

static const hewn_json *take_member(hw_cursor *path, const hewn_json *value)
{
    hw_text name = hw_cursor_take_while(path, is_name_byte);
    return value->kind == HW_JSON_OBJECT && name.length > 0 ? find_member(value, name) : NULL;
}

/* Behind "[". */
static const hewn_json *take_index(hw_cursor *path, const hewn_json *value)
{
    uint64_t index;
    hw_text digits = hw_cursor_take_while(path, hw_char_is_digit);
    if (!hw_number_decimal(digits, &index) || !hw_cursor_take(path, ']') ||
        value->kind != HW_JSON_ARRAY || index >= value->items.count)
        return NULL;
    return &value->items.at[index];
}

const hewn_json *hewn_json_at(const hewn_json *value, const char *path)
{
    hw_cursor cursor = hw_cursor_of(hw_text_of(path));
    bool is_first = true;
    while (value && !hw_cursor_at_end(&cursor)) {
        if (hw_cursor_take(&cursor, '['))
            value = take_index(&cursor, value);
        else if (is_first || hw_cursor_take(&cursor, '.'))
            value = take_member(&cursor, value);
        else
            value = NULL;
        is_first = false;
    }
    return value;
}

static const hewn_json *find_kind(const hewn_json *value, const char *path, hw_json_kind kind)
{
    const hewn_json *found = hewn_json_at(value, path);
    return found && found->kind == kind ? found : NULL;
}

const char *hewn_json_str(const hewn_json *value, const char *path)
{
    const hewn_json *found = find_kind(value, path, HW_JSON_STRING);
    return found ? found->string : NULL;
}

/* RFC 8259 6: 1, 1.0 and 1e0 are one number; beyond 2^53 a fraction says no whole one for
 * certain. */
static bool is_whole(double real)
{
    return real >= -9007199254740992.0 && real <= 9007199254740992.0 &&
           real == (double)(hewn_int)real;
}

bool hewn_json_int(const hewn_json *value, const char *path, hewn_int *ret_value)
{
    const hewn_json *found = hewn_json_at(value, path);
    if (found && found->kind == HW_JSON_INT)
        *ret_value = found->integer;
    else if (found && found->kind == HW_JSON_REAL && is_whole(found->real))
        *ret_value = (hewn_int)found->real;
    else
        return false;
    return true;
}

bool hewn_json_num(const hewn_json *value, const char *path, double *ret_value)
{
    const hewn_json *found = hewn_json_at(value, path);
    if (found && found->kind == HW_JSON_INT)
        *ret_value = (double)found->integer;
    else if (found && found->kind == HW_JSON_REAL)
        *ret_value = found->real;
    else
        return false;
    return true;
}

bool hewn_json_bool(const hewn_json *value, const char *path, bool *ret_value)
{
    const hewn_json *found = find_kind(value, path, HW_JSON_BOOL);
    if (found)
        *ret_value = found->boolean;
    return found != NULL;
}

const hewn_json *hewn_json_next(const hewn_json *value, size_t *at, const char **ret_key)
{
    bool has_items = value && (value->kind == HW_JSON_ARRAY || value->kind == HW_JSON_OBJECT);
    if (!has_items || *at >= value->items.count)
        return NULL;
    const hewn_json *item = &value->items.at[(*at)++];
    if (ret_key)
        *ret_key = item->key;
    return item;
}
