/* Lists a folder as JSON: an array with an object for each name.
 *
 * JSON is UTF-8 (RFC 8259 8.1) and names of files are bytes. One that is not UTF-8 has U+FFFD in
 * `name` for each byte that belongs to no character, and beside it `href`, percent-encoded, which
 * is what it really is; all others need none. A folder has no size, and what nobody may know is
 * null. */
#include "http/date.h"
#include "http/json.h"
#include "kit/listing_form.h"

static void begin_json(hw_buffer *out, const hw_listing_view *view)
{
    (void)view;
    hw_buffer_put_string(out, "[");
}

static void put_json_string(hw_buffer *out, hw_text text)
{
    char escape[HW_JSON_ESCAPE_BYTES];
    hw_cursor cursor = hw_cursor_of(text);
    hw_buffer_put_char(out, '"');
    while (!hw_cursor_at_end(&cursor)) {
        hw_buffer_put(out, hw_json_take_plain(&cursor));
        if (hw_cursor_at_end(&cursor))
            break;
        size_t length = hw_json_take_odd(&cursor, escape);
        hw_buffer_put(out, (hw_text){escape, length});
    }
    hw_buffer_put_char(out, '"');
}

static void put_facts(hw_buffer *out, const hw_catalog_item *item)
{
    char date[HW_DATE_ISO_BYTES];
    hw_buffer_put_string(out, item->is_folder ? ",\"type\":\"folder\"" : ",\"type\":\"file\"");
    hw_buffer_put_string(out, ",\"size\":");
    if (item->is_known && !item->is_folder)
        hw_buffer_put_decimal(out, item->size);
    else
        hw_buffer_put_string(out, "null");
    hw_buffer_put_string(out, ",\"modified\":");
    hw_date_format_iso(item->modified, date);
    if (item->is_known)
        put_json_string(out, hw_text_of(date));
    else
        hw_buffer_put_string(out, "null");
}

static void put_json_row(hw_buffer *out, const hw_listing_view *view, const hw_catalog_item *item)
{
    hw_text name = {item->name, item->length};
    bool is_first = view->folders + view->files == 0;
    hw_buffer_put_string(out, is_first ? "\n{\"name\":" : ",\n{\"name\":");
    put_json_string(out, name);
    put_facts(out, item);
    if (!hw_json_is_utf8(name)) {
        hw_buffer_put_string(out, ",\"href\":\"");
        hw_listing_put_href(out, name);
        hw_buffer_put_char(out, '"');
    }
    hw_buffer_put_char(out, '}');
}

static void end_json(hw_buffer *out, const hw_listing_view *view)
{
    (void)view;
    hw_buffer_put_string(out, "\n]\n");
}

const hw_listing_form hw_listing_json = {
    HW_TEXT_INIT("application/json"),
    begin_json,
    put_json_row,
    end_json,
};
