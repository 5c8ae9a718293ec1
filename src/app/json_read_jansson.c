/* Reads JSON with Jansson, into the arena of a request.
 *
 * Jansson's tree is one allocation a value, counted and freed one by one. It is copied into the
 * arena, side by side and immutable, and gone before the handler sees anything: what a handler has
 * lives as long as its request and needs no giving back. Duplicate names are refused (RFC 8259 4:
 * who reads the first and who reads the last see two documents), and so is \u0000, for the strings
 * end with NUL.
 *
 * The tree's memory is not charged to the server's budget: Jansson's hooks for allocation are one
 * pair for the whole process, which is the program's to set and not a library's. So what it may
 * take is bounded before it begins, by the depth and the number of values that the text can have
 * (hw_json_is_bounded), some 200 bytes each. What is copied is charged like all of the request.
 *
 * Where malloc fails Jansson mostly says so. It does not (2.14) where its buffer of a word has to
 * grow, which is when the first word of more than 15 bytes is read: then it may abort.
 *
 * The tree is walked with a stack of its own, which has the depth that was checked. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "app/json.h"

/* An array or object that is being copied. */
typedef struct json_frame {
    json_t *from;
    hewn_json *to;
    size_t at;  /* of the next item */
    void *iter; /* of the next member */
} json_frame;

typedef struct json_copier {
    hw_arena *arena;
    json_frame frames[HW_JSON_DEPTH_MAX];
    size_t depth;
} json_copier;

static bool copy_string(hw_arena *arena, const char *from, size_t length, const char **ret_to)
{
    *ret_to = hw_arena_copy(arena, (hw_text){from, length});
    return *ret_to != NULL;
}

/* Makes room for what is in an array or object, to be copied next. */
static bool open_container(json_copier *copier, json_t *from, hewn_json *to)
{
    bool is_object = json_is_object(from);
    size_t count = is_object ? json_object_size(from) : json_array_size(from);
    to->kind = is_object ? HW_JSON_OBJECT : HW_JSON_ARRAY;
    if (count == 0)
        return true;
    if (copier->depth == HW_JSON_DEPTH_MAX)
        return false;
    to->items.at = hw_arena_alloc_zeroed(copier->arena, count, sizeof *to->items.at);
    to->items.count = to->items.at ? count : 0;
    copier->frames[copier->depth++] =
        (json_frame){from, to, 0, is_object ? json_object_iter(from) : NULL};
    return to->items.at != NULL;
}

static bool copy_value(json_copier *copier, json_t *from, hewn_json *to)
{
    to->arena = copier->arena;
    switch (json_typeof(from)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return open_container(copier, from, to);
    case JSON_STRING:
        to->kind = HW_JSON_STRING;
        return copy_string(copier->arena, json_string_value(from), json_string_length(from),
                           &to->string);
    case JSON_INTEGER:
        to->kind = HW_JSON_INT;
        to->integer = json_integer_value(from);
        return true;
    case JSON_REAL:
        to->kind = HW_JSON_REAL;
        to->real = json_real_value(from);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        to->kind = HW_JSON_BOOL;
        to->boolean = json_is_true(from);
        return true;
    case JSON_NULL:
        break;
    }
    to->kind = HW_JSON_NULL;
    return true;
}

/* The next thing in the innermost container. */
static bool copy_next(json_copier *copier, json_frame *frame)
{
    hewn_json *to = &frame->to->items.at[frame->at];
    if (!frame->iter)
        return copy_value(copier, json_array_get(frame->from, frame->at++), to);
    const char *key = json_object_iter_key(frame->iter);
    json_t *value = json_object_iter_value(frame->iter);
    frame->iter = json_object_iter_next(frame->from, frame->iter);
    frame->at++;
    return copy_string(copier->arena, key, strlen(key), &to->key) && copy_value(copier, value, to);
}

/* NULL: no memory. */
static const hewn_json *copy_tree(hw_arena *arena, json_t *tree)
{
    json_copier copier = {.arena = arena};
    hewn_json *root = hw_arena_alloc_zeroed(arena, 1, sizeof *root);
    if (!root || !copy_value(&copier, tree, root))
        return NULL;
    while (copier.depth > 0) {
        json_frame *frame = &copier.frames[copier.depth - 1];
        if (frame->at == frame->to->items.count)
            copier.depth--;
        else if (!copy_next(&copier, frame))
            return NULL;
    }
    return root;
}

/* Jansson's own words repeat what the client sent; these do not. */
static const char *word_json_error(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "something comes behind its end";
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_duplicate_key:
        return "a name is there twice";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string holds \\u0000";
    default:
        return "that is no JSON";
    }
}

/* Jansson takes the want of memory for an error of the text here and there: errno knows better. */
static hw_body_problem find_json_problem(hw_arena *arena, const json_error_t *error, int number)
{
    enum json_error_code code = json_error_code(error);
    const char *words = hw_arena_format(arena, "the JSON is broken at line %d, column %d: %s",
                                        error->line, error->column, word_json_error(code));
    if (code == json_error_out_of_memory || number == ENOMEM || !words)
        return (hw_body_problem){503, "out of memory", NULL};
    return (hw_body_problem){400, words, NULL};
}

const hewn_json *hw_json_read(hw_arena *arena, hw_text text, hw_body_problem *ret_problem)
{
    json_error_t error;
    if (!hw_json_is_bounded(text, ret_problem))
        return NULL;
    errno = 0;
    json_t *tree = json_loadb(text.at ? text.at : "", text.length,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!tree) {
        *ret_problem = find_json_problem(arena, &error, errno);
        return NULL;
    }
    const hewn_json *root = copy_tree(arena, tree);
    json_decref(tree);
    if (!root)
        *ret_problem = (hw_body_problem){503, "out of memory", NULL};
    return root;
}
