/* Any bytes as a JSON body that a handler asks for: it is read, or there is an answer that says why
 * not. What was read is a tree of bounded depth whose items are found by walking and by path alike;
 * written and read again it is the same, and what is written may stand in a script. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/json.h"
#include "base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 4000 };

#ifdef HW_FUZZ_PLANTED
/* A number as the second item of what the first member is. */
static void check_planted(const hewn_json *root)
{
    size_t at = 0;
    hewn_int number;
    if (hewn_json_int(hewn_json_next(root, &at, NULL), "[1]", &number))
        abort();
}
#else
static void check_planted(const hewn_json *root)
{
    (void)root;
}
#endif

static bool has_only_kind(const hewn_json *value)
{
    hewn_int integer = 0;
    double real = 0;
    bool boolean = false, has_string = hewn_json_str(value, "") != NULL;
    bool has_integer = hewn_json_int(value, "", &integer),
         has_real = hewn_json_num(value, "", &real);
    bool has_boolean = hewn_json_bool(value, NULL, &boolean);
    size_t at = 0;
    bool has_items = hewn_json_next(value, &at, NULL) != NULL;
    return has_string + has_real + has_boolean + has_items <= 1 && (!has_integer || has_real);
}

/* Depth first, with a stack; the parts of a path are short enough to be written. */
static void check_items(const hewn_json *root)
{
    const hewn_json *stack[HW_JSON_DEPTH_MAX + 1], *item;
    size_t places[HW_JSON_DEPTH_MAX + 1] = {0}, depth = 0;
    stack[depth++] = root;
    hw_assert(has_only_kind(root));
    while (depth > 0) {
        char path[32];
        const char *key = "";
        size_t *at = &places[depth - 1];
        item = hewn_json_next(stack[depth - 1], at, &key);
        if (!item) {
            places[--depth] = 0;
            continue;
        }
        hw_assert(has_only_kind(item));
        snprintf(path, sizeof path, "[%zu]", *at - 1);
        if (!key)
            hw_assert(hewn_json_at(stack[depth - 1], path) == item);
        else if (*key && !strpbrk(key, ".["))
            hw_assert(hewn_json_at(stack[depth - 1], key) == item);
        if (item->kind == HW_JSON_ARRAY || item->kind == HW_JSON_OBJECT) {
            hw_assert(depth <= HW_JSON_DEPTH_MAX);
            stack[depth++] = item;
        }
    }
}

static void check_again(const hewn_json *root)
{
    hw_text text, again;
    hw_body_problem problem;
    hw_arena arena;
    hw_assert(hw_tagged_text(hewn_raw(root), HW_TAGGED_JSON, &text));
    hw_assert(hw_text_find(text, '<') == text.length && hw_text_find(text, '\n') == text.length);
    hw_arena_init(&arena, 4096, 8 * 1024 * 1024);
    const hewn_json *value = hw_json_read(&arena, text, &problem);
    hw_assert(value);
    again = hw_json_write(&arena, value);
    hw_assert(hw_text_equal(text, again));
    hw_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static const hw_field type = {HW_TEXT_INIT("Content-Type"), HW_TEXT_INIT("application/json"),
                                  HW_FIELD_CONTENT_TYPE};
    static const hw_place nowhere;
    if (bytes > INPUT_MAX)
        return 0;
    hw_exchange exchange;
    hw_exchange_init(&exchange, 4096, 16 * 1024);
    exchange.request = (hw_request){.raw_target = HW_TEXT("/"), .fields = hw_fields_of(&type, 1)};
    (void)hw_exchange_begin(&exchange, true, NULL, &nowhere, 0, 0);
    exchange.request.content = (hw_text){(const char *)input, bytes};
    const hewn_json *root = hewn_body_json(&exchange);
    const hewn_response *problem = hewn_body_problem(&exchange);
    hw_assert(!root == (problem != NULL));
    hw_assert(!problem || problem->status == 400 || problem->status == 501);
    exchange.arena.bytes_max += 1024 * 1024;
    if (root) {
        check_items(root);
        check_again(root);
        check_planted(root);
    }
    hw_exchange_fini(&exchange);
    return 0;
}
