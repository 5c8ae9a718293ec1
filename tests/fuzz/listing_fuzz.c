/* Any bytes as the names in a folder, with a slash or NUL between two: whatever they are, a page has
 * only our tags, links lead back to the names themselves, JSON is JSON, and one order is theirs. */
#include "reading_fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "http/json.h"
#include "http/path.h"
#include "kit/listing_form.h"

#define NAMES_MAX 64

typedef struct shelf {
    hw_catalog_item *items[NAMES_MAX];
    size_t count;
} shelf;

#ifdef HW_FUZZ_PLANTED
/* An isolate in front of something that looks like a tag. */
static void check_planted(hw_text name)
{
    if (hw_text_has_prefix(name, HW_TEXT("\xe2\x81\xa6<")))
        abort();
}
#else
static void check_planted(hw_text name)
{
    (void)name;
}
#endif

static hw_text text_of_item(const hw_catalog_item *item)
{
    return (hw_text){item->name, item->length};
}

static bool is_known_name(const shelf *s, hw_text name)
{
    for (size_t i = 0; i < s->count; i++)
        if (hw_text_equal(text_of_item(s->items[i]), name))
            return true;
    return false;
}

static void add_item(shelf *s, hw_text name)
{
    if (name.length == 0 || name.length > HW_CATALOG_NAME_BYTES || s->count == NAMES_MAX ||
        hw_text_equal(name, HW_TEXT(".")) || hw_text_equal(name, HW_TEXT("..")) ||
        is_known_name(s, name))
        return;
    hw_catalog_item *item = calloc(1, sizeof *item + name.length + 1);
    hw_assert(item);
    memcpy(item->name, name.at, name.length);
    item->length = (unsigned char)name.length;
    item->is_folder = name.at[0] == 'd';
    item->is_known = name.at[0] != 'u';
    item->size = name.length * 1000;
    s->items[s->count++] = item;
}

static void read_shelf(shelf *s, const uint8_t *input, size_t bytes)
{
    size_t start = 0;
    for (size_t i = 0; i <= bytes; i++) {
        if (i < bytes && input[i] != '/' && input[i] != 0)
            continue;
        add_item(s, (hw_text){(const char *)input + start, i - start});
        start = i + 1;
    }
}

/* One of our tags, up to what is between its quotes, or an entity. */
static bool take_ours(hw_cursor *text)
{
    static const hw_text ours[] = {
        HW_TEXT_INIT("<tr>"),
        HW_TEXT_INIT("<tr class=d>"),
        HW_TEXT_INIT("<td>"),
        HW_TEXT_INIT("<td title="),
        HW_TEXT_INIT("<a href="),
        HW_TEXT_INIT("</a>"),
        HW_TEXT_INIT("<i>"),
        HW_TEXT_INIT("</i>"),
        HW_TEXT_INIT("<span title="),
        HW_TEXT_INIT("</span>"),
        HW_TEXT_INIT("<time datetime="),
        HW_TEXT_INIT("</time>"),
        HW_TEXT_INIT("&lt;"),
        HW_TEXT_INIT("&gt;"),
        HW_TEXT_INIT("&amp;"),
        HW_TEXT_INIT("&quot;"),
        HW_TEXT_INIT("&#39;"),
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (hw_cursor_take_text(text, ours[i]))
            return true;
    return false;
}

static void check_markup(hw_text row)
{
    hw_cursor cursor = hw_cursor_of(row);
    hw_assert(hw_json_is_utf8(row));
    hw_assert(hw_text_find(row, '\n') == row.length - 1);
    while (!hw_cursor_at_end(&cursor)) {
        int byte = hw_cursor_peek(&cursor);
        if (byte == '<' || byte == '&')
            hw_assert(take_ours(&cursor));
        else
            hw_assert((hw_cursor_next(&cursor) >= ' ' && byte != 0x7f) || byte == '\n');
    }
}

/* What is linked to is the name, and it can be asked for. */
static void check_link(hw_text row, const hw_catalog_item *item)
{
    char room[HW_LISTING_ROW_BYTES], raw[HW_LISTING_ROW_BYTES];
    hw_buffer out = HW_BUFFER_OVER(room), target = HW_BUFFER_OVER(raw);
    hw_cursor cursor = hw_cursor_of(row);
    hw_path path;
    while (!hw_cursor_at_end(&cursor) && !hw_cursor_take_text(&cursor, HW_TEXT("<a href=\"")))
        hw_cursor_next(&cursor);
    hw_buffer_put_char(&target, '/');
    if (hw_cursor_at_end(&cursor)) {
        hw_listing_put_href(&target, text_of_item(item));
        hw_assert(hw_path_decode(hw_buffer_text(&target), &out, &path) != NULL);
        return;
    }
    hw_buffer_put(&target, hw_cursor_take_until(&cursor, '"'));
    hw_assert(!hw_path_decode(hw_buffer_text(&target), &out, &path));
    hw_text name = hw_text_from(path.text, 1);
    hw_assert(hw_path_is_folder(path) == item->is_folder);
    hw_assert(hw_text_equal(hw_text_upto(name, item->length), text_of_item(item)) &&
              name.length == item->length + (size_t)item->is_folder);
}

static void check_page(const hw_listing_view *view, const hw_catalog_item *item)
{
    char memory[HW_LISTING_ROW_BYTES];
    hw_buffer out = HW_BUFFER_OVER(memory);
    hw_listing_html.row(&out, view, item);
    hw_assert(!out.overflow);
    check_markup(hw_buffer_text(&out));
    check_link(hw_buffer_text(&out), item);
}

static void check_json(const hw_listing_view *view, const hw_catalog_item *item)
{
    char memory[HW_LISTING_ROW_BYTES];
    hw_buffer out = HW_BUFFER_OVER(memory);
    hw_listing_json.row(&out, view, item);
    hw_assert(!out.overflow);
    hw_text row = hw_buffer_text(&out);
    bool is_in_string = false;
    hw_assert(hw_json_is_utf8(row));
    for (size_t i = 0; i < row.length; i++) {
        unsigned char byte = (unsigned char)row.at[i];
        hw_assert(byte >= ' ' || (byte == '\n' && !is_in_string));
        if (is_in_string && byte == '\\')
            i++;
        else if (byte == '"')
            is_in_string = !is_in_string;
        else
            hw_assert(is_in_string || byte < 0x7f);
    }
    hw_assert(!is_in_string);
}

/* Hung one before the other; returns them sorted. */
static void sort_items(const shelf *s, bool is_reversed, bool is_descending,
                       hw_catalog_item *ret_sorted[NAMES_MAX])
{
    hw_catalog catalog = {.count = s->count};
    hw_arena_init(&catalog.memory, 4096, SIZE_MAX);
    for (size_t i = 0; i < s->count; i++) {
        hw_catalog_item *item = s->items[is_reversed ? s->count - 1 - i : i];
        item->next = catalog.first;
        catalog.first = item;
    }
    hw_assert(hw_catalog_sort(&catalog, (hw_catalog_order){HW_CATALOG_NAME, is_descending}) == 0);
    size_t count = 0;
    for (hw_catalog_item *item = catalog.first; item; item = item->next)
        ret_sorted[count++] = item;
    hw_assert(count == s->count);
    hw_arena_fini(&catalog.memory);
}

/* The same from whichever side they come, and turned round the other way; folders first. */
static void check_order(const shelf *s)
{
    hw_catalog_item *one[NAMES_MAX], *other[NAMES_MAX], *turned[NAMES_MAX];
    size_t folders = 0;
    sort_items(s, false, false, one);
    sort_items(s, true, false, other);
    sort_items(s, false, true, turned);
    hw_assert(memcmp(one, other, s->count * sizeof(hw_catalog_item *)) == 0);
    while (folders < s->count && one[folders]->is_folder)
        folders++;
    for (size_t i = 0; i < s->count; i++) {
        hw_assert(one[i]->is_folder == (i < folders));
        size_t there = i < folders ? folders - 1 - i : s->count - 1 - (i - folders);
        hw_assert(turned[there] == one[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static char memory[HW_LISTING_BEGIN_BYTES];
    shelf s = {.count = 0};
    hw_listing_view view = {.files = 1};
    if (bytes > FUZZ_INPUT_MAX)
        return 0;
    read_shelf(&s, input, bytes);
    for (size_t i = 0; i < s.count; i++) {
        check_page(&view, s.items[i]);
        check_json(&view, s.items[i]);
        check_planted(text_of_item(s.items[i]));
    }
    if (s.count > 0)
        check_order(&s);
    /* As a path: what decoding would have let through. */
    hw_buffer path = HW_BUFFER_OVER(memory);
    hw_buffer_put_char(&path, '/');
    for (size_t i = 0; i < s.count && path.length < 4096 - HW_CATALOG_NAME_BYTES; i++) {
        hw_buffer_put(&path, text_of_item(s.items[i]));
        hw_buffer_put_char(&path, '/');
        view.depth++;
    }
    char *page = malloc(HW_LISTING_BEGIN_BYTES);
    hw_assert(page);
    hw_buffer out = hw_buffer_over(page, HW_LISTING_BEGIN_BYTES);
    view.path = hw_buffer_text(&path);
    hw_listing_html.begin(&out, &view);
    hw_assert(!out.overflow && hw_json_is_utf8(hw_buffer_text(&out)));
    free(page);
    for (size_t i = 0; i < s.count; i++)
        free(s.items[i]);
    return 0;
}
