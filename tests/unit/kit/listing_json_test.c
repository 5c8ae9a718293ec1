/* A folder as JSON. */
#include <stdlib.h>
#include <string.h>

#include "kit/listing_form.h"
#include "unit/harness.h"

static hw_catalog_item *make_entry(const char *name, uint64_t size)
{
    size_t length = strlen(name);
    hw_catalog_item *item = calloc(1, sizeof *item + length + 1);
    assert_non_null(item);
    memcpy(item->name, name, length + 1);
    item->length = (unsigned char)length;
    item->is_known = true;
    item->size = size;
    item->modified = 1700000000;
    return item;
}

static void expect_row(const hw_listing_view *view, hw_catalog_item *item, const char *expected)
{
    char memory[HW_LISTING_ROW_BYTES];
    hw_buffer out = HW_BUFFER_OVER(memory);
    hw_listing_json.row(&out, view, item);
    assert_string_equal(hw_buffer_string(&out), expected);
    free(item);
}

HW_TEST(listing_json_has_names_sizes_and_times)
{
    hw_listing_view view = {0};
    expect_row(
        &view, make_entry("a", 5),
        "\n{\"name\":\"a\",\"type\":\"file\",\"size\":5,\"modified\":\"2023-11-14T22:13:20Z\"}");
    view.files = 1;
    hw_catalog_item *folder = make_entry("b", 4096);
    folder->is_folder = true;
    expect_row(&view, folder,
               ",\n{\"name\":\"b\",\"type\":\"folder\",\"size\":null,"
               "\"modified\":\"2023-11-14T22:13:20Z\"}");
    hw_catalog_item *forbidden = make_entry("c", 0);
    forbidden->is_known = false;
    expect_row(&view, forbidden,
               ",\n{\"name\":\"c\",\"type\":\"file\",\"size\":null,\"modified\":null}");
}

HW_TEST(listing_json_says_what_a_name_really_is)
{
    const hw_listing_view view = {.files = 1};
    expect_row(&view, make_entry("a\"\\\n</", 1),
               ",\n{\"name\":\"a\\\"\\\\\\n\\u003c/\",\"type\":\"file\",\"size\":1,"
               "\"modified\":\"2023-11-14T22:13:20Z\"}");
    expect_row(&view, make_entry("b\xff\xc3", 1),
               ",\n{\"name\":\"b\\ufffd\\ufffd\",\"type\":\"file\",\"size\":1,"
               "\"modified\":\"2023-11-14T22:13:20Z\",\"href\":\"b%FF%C3\"}");
}

HW_TEST(listing_json_has_room_for_the_worst)
{
    char name[HW_CATALOG_NAME_BYTES + 1], memory[HW_LISTING_ROW_BYTES];
    const hw_listing_view view = {.files = 1};
    hw_buffer out = HW_BUFFER_OVER(memory);
    memset(name, '\xff', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    hw_catalog_item *item = make_entry(name, UINT64_MAX);
    hw_listing_json.row(&out, &view, item);
    free(item);
    assert_false(out.overflow);
}
