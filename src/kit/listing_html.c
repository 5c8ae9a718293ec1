/* Lists a folder as a page.
 *
 * It is a table without scripts: names are links, the heads of its columns are links with another
 * order, times are in UTC. The script makes sorting happen at once, filters, moves with keys and
 * shows times as the reader's clock has them; it works on what stands in the table, so there is one
 * truth. Nothing comes from elsewhere, and the policy lets nothing else run.
 *
 * A name is any bytes but '/' and NUL. What it does to HTML is escaped, a byte that belongs to no
 * character of UTF-8 is U+FFFD, and characters that cannot be seen, or that turn the direction of
 * what stands around them, are spelt out, so that "a<U+202E>gpj.exe" does not pass for a picture. The
 * link has the bytes themselves. What has control characters cannot be asked for (http/path), and
 * is no link. */
#include "http/date.h"
#include "http/html.h"
#include "http/json.h"
#include "kit/listing_form.h"

enum {
    CRUMBS_MAX = 16,
    /* So many are laid out together, where they can be seen. */
    PART_ROWS = 250,
};

/* The next character, and how many bytes it takes; 0: none of UTF-8, one byte. */
static size_t take_character(hw_cursor *text, uint32_t *ret_character)
{
    hw_text rest = hw_cursor_rest(text), taken;
    unsigned char first = (unsigned char)rest.at[0];
    size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    bool is_one = length <= rest.length && hw_json_is_utf8(hw_text_upto(rest, length));
    (void)hw_cursor_take_bytes(text, is_one ? length : 1, &taken);
    if (!is_one)
        return 0;
    uint32_t character = length == 1 ? first : first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        character = character << 6 | ((unsigned char)taken.at[i] & 0x3fu);
    *ret_character = character;
    return length;
}

/* Control characters, and what is not seen but changes what is: soft hyphen, Arabic letter mark,
 * zero-width ones and marks of direction, separators of lines, embeddings, overrides and isolates,
 * tags (Unicode, Bidi_Control and Default_Ignorable_Code_Point). */
static bool is_invisible(uint32_t character)
{
    static const uint32_t ranges[][2] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
        {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    return false;
}

static void put_invisible(hw_buffer *out, uint32_t character, bool has_tags)
{
    hw_buffer_put_format(out, has_tags ? "<i>U+%04X</i>" : "U+%04X", (unsigned)character);
}

static bool is_plain_in_name(char byte)
{
    return (unsigned char)byte >= 0x20 && (unsigned char)byte < 0x7f && byte != '&' &&
           byte != '<' && byte != '>' && byte != '"' && byte != '\'';
}

static void put_name(hw_buffer *out, hw_text name, bool has_tags)
{
    hw_cursor cursor = hw_cursor_of(name);
    for (;;) {
        hw_buffer_put(out, hw_cursor_take_while(&cursor, is_plain_in_name));
        if (hw_cursor_at_end(&cursor))
            return;
        hw_text rest = hw_cursor_rest(&cursor);
        uint32_t character;
        size_t length = take_character(&cursor, &character);
        if (length == 0)
            hw_buffer_put_string(out, "\xef\xbf\xbd");
        else if (is_invisible(character))
            put_invisible(out, character, has_tags);
        else if (length == 1)
            hw_buffer_put(out, hw_html_take_odd(&(hw_cursor){rest.at, rest.at + 1}));
        else
            hw_buffer_put(out, hw_text_upto(rest, length));
    }
}

static bool is_unreserved_in_url(char byte)
{
    return hw_char_is_alpha(byte) || hw_char_is_digit(byte) || byte == '-' || byte == '.' ||
           byte == '_' || byte == '~';
}

void hw_listing_put_href(hw_buffer *out, hw_text name)
{
    static const char digits[] = "0123456789ABCDEF";
    hw_cursor cursor = hw_cursor_of(name);
    for (;;) {
        hw_buffer_put(out, hw_cursor_take_while(&cursor, is_unreserved_in_url));
        int byte = hw_cursor_next(&cursor);
        if (byte < 0)
            return;
        const char spelt[] = {'%', digits[byte >> 4], digits[byte & 15]};
        hw_buffer_put(out, (hw_text){spelt, sizeof spelt});
    }
}

/* The last segment of a folder's path, or the whole of "/". */
static hw_text last_segment(hw_text path)
{
    hw_text open = hw_text_upto(path, path.length - 1);
    size_t slash = hw_text_find_last(open, '/');
    return open.length == 0 ? path : hw_text_from(open, slash + 1);
}

static size_t count_segments(hw_text path)
{
    hw_cursor cursor = hw_cursor_of(path);
    hw_text segment;
    size_t count = 0;
    while (hw_path_next_segment(&cursor, &segment))
        count++;
    return count;
}

/* A link to the folder so many levels above, "./" is this one. */
static void put_way_up(hw_buffer *out, size_t levels)
{
    hw_buffer_put_string(out, "<a href=\"");
    for (size_t i = 0; i < levels; i++)
        hw_buffer_put_string(out, "../");
    hw_buffer_put_string(out, levels == 0 ? "./\" aria-current=page>" : "\">");
}

/* From the top down; where the way is long its middle is left out, for links go up by "../". */
static void put_crumbs(hw_buffer *out, const hw_listing_view *view)
{
    hw_cursor cursor = hw_cursor_of(view->path);
    hw_text segment;
    size_t left = count_segments(view->path);
    bool is_shortened = view->depth > CRUMBS_MAX;
    hw_buffer_put_string(out, "<nav aria-label=Path>");
    for (size_t above = left - view->depth; above > 0; above--, left--)
        (void)hw_path_next_segment(&cursor, &segment);
    if (is_shortened) {
        hw_buffer_put_string(out, "<span>&hellip;/</span>");
    } else {
        put_way_up(out, left);
        put_name(out, left < count_segments(view->path) ? segment : HW_TEXT(""), true);
        hw_buffer_put_string(out, "/</a>");
    }
    for (; hw_path_next_segment(&cursor, &segment); left--) {
        if (left > CRUMBS_MAX)
            continue;
        put_way_up(out, left - 1);
        put_name(out, segment, true);
        hw_buffer_put_string(out, "/</a>");
    }
    hw_buffer_put_string(out, "</nav>");
}

static const char *const key_names[] = {"name", "size", "time"};

/* The head of a column links to the order by it: the usual one first, then the other way round. */
static void put_column(hw_buffer *out, const hw_listing_view *view, hw_catalog_key key,
                       const char *title)
{
    bool is_chosen = view->order.key == key;
    bool is_usually_descending = key != HW_CATALOG_NAME;
    bool descends = is_chosen ? !view->order.is_descending : is_usually_descending;
    hw_buffer_put_string(out, "<th scope=col");
    if (is_chosen)
        hw_buffer_put_format(out, " aria-sort=%s",
                             view->order.is_descending ? "descending" : "ascending");
    hw_buffer_put_format(out, "><a href=\"?sort=%s%s\">%s</a>", descends ? "-" : "", key_names[key],
                         title);
}

static void begin_html(hw_buffer *out, const hw_listing_view *view)
{
    hw_buffer_put_string(
        out, "<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<meta name=viewport "
             "content=\"width=device-width, initial-scale=1\">\n<title>");
    put_name(out, last_segment(view->path), false);
    hw_buffer_put_string(out, "</title>\n<style>");
    hw_buffer_put(out, hw_listing_style);
    hw_buffer_put_string(out, "</style>\n<header>");
    put_crumbs(out, view);
    hw_buffer_put_string(out, "<input id=q type=search placeholder=Filter aria-label=Filter "
                              "autocomplete=off spellcheck=false hidden></header>\n<main>\n");
    if (view->is_cut)
        hw_buffer_put_format(out,
                             "<p class=w>This folder has more names than can be listed: these are "
                             "%zu of them.</p>\n",
                             view->count);
    hw_buffer_put_string(out, "<table>\n<thead><tr>");
    put_column(out, view, HW_CATALOG_NAME, "Name");
    put_column(out, view, HW_CATALOG_SIZE, "Size");
    put_column(out, view, HW_CATALOG_TIME, "Modified");
    hw_buffer_put_string(out, "<tbody>\n");
    if (view->depth > 0)
        hw_buffer_put_string(out, "<tr class=u><td><a href=\"../\">../</a><td><td>\n");
}

static uint64_t divide_to_nearest(uint64_t number, uint64_t by)
{
    return number / by + (number % by >= by - by / 2);
}

/* "13 B", "4.2 kB", "61 kB", as in the log. */
static void put_size(hw_buffer *out, uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    uint64_t size = 1000;
    size_t unit = 0;
    if (bytes < 1000) {
        hw_buffer_put_format(out, "%u B", (unsigned)bytes);
        return;
    }
    for (; divide_to_nearest(bytes, size) >= 1000; size *= 1000)
        unit++;
    unsigned tenths = (unsigned)divide_to_nearest(bytes, size / 10);
    if (tenths < 100)
        hw_buffer_put_format(out, "%u.%u %s", tenths / 10, tenths % 10, units[unit]);
    else
        hw_buffer_put_format(out, "%u %s", (unsigned)divide_to_nearest(bytes, size), units[unit]);
}

/* "<td>4.2 kB<td><time ...>": a longer size is told exactly in a title, which the script sorts by. */
static void put_html_facts(hw_buffer *out, const hw_catalog_item *item)
{
    char date[HW_DATE_ISO_BYTES];
    bool has_size = item->is_known && !item->is_folder;
    if (has_size && item->size >= 1000) {
        hw_buffer_put_string(out, "<td title=\"");
        hw_buffer_put_decimal(out, item->size);
        hw_buffer_put_string(out, " bytes\">");
    } else {
        hw_buffer_put_string(out, "<td>");
    }
    if (has_size)
        put_size(out, item->size);
    hw_buffer_put_string(out, "<td>");
    if (!item->is_known)
        return;
    hw_date_format_iso(item->modified, date);
    hw_text text = hw_text_of(date);
    hw_buffer_put_string(out, "<time datetime=");
    hw_buffer_put(out, text);
    hw_buffer_put_char(out, '>');
    hw_buffer_put(out, hw_text_upto(text, 10));
    hw_buffer_put_char(out, ' ');
    hw_buffer_put(out, hw_text_upto(hw_text_from(text, 11), 5));
    hw_buffer_put_string(out, "</time>");
}

static bool is_control(char byte)
{
    return (unsigned char)byte < 0x20 || byte == 0x7f;
}

static bool can_be_asked_for(hw_text name)
{
    for (size_t i = 0; i < name.length; i++)
        if (is_control(name.at[i]))
            return false;
    return true;
}

static void put_html_row(hw_buffer *out, const hw_listing_view *view, const hw_catalog_item *item)
{
    hw_text name = {item->name, item->length};
    uint64_t before = view->folders + view->files;
    bool is_link = can_be_asked_for(name);
    const char *slash = item->is_folder ? "/" : "";
    if (before > 0 && before % PART_ROWS == 0)
        hw_buffer_put_string(out, "<tbody>\n");
    hw_buffer_put_string(out, item->is_folder ? "<tr class=d><td>" : "<tr><td>");
    if (is_link) {
        hw_buffer_put_string(out, "<a href=\"");
        hw_listing_put_href(out, name);
        hw_buffer_put_string(out, slash);
        hw_buffer_put_string(out, "\">");
    } else {
        hw_buffer_put_string(out, "<span title=\"No address can have control characters\">");
    }
    put_name(out, name, true);
    hw_buffer_put_string(out, slash);
    hw_buffer_put_string(out, is_link ? "</a>" : "</span>");
    put_html_facts(out, item);
    hw_buffer_put_char(out, '\n');
}

static void put_count(hw_buffer *out, uint64_t count, const char *what)
{
    hw_buffer_put_decimal(out, count);
    hw_buffer_put_format(out, " %s%s", what, count == 1 ? "" : "s");
}

static void end_html(hw_buffer *out, const hw_listing_view *view)
{
    hw_buffer_put_string(out, "</table>\n</main>\n<footer><p id=n role=status>");
    put_count(out, view->folders, "folder");
    hw_buffer_put_string(out, ", ");
    put_count(out, view->files, "file");
    if (view->files > 0) {
        hw_buffer_put_string(out, ", ");
        put_size(out, view->bytes);
    }
    hw_buffer_put_string(out,
                         "</p><p id=k hidden><kbd>/</kbd> filter <kbd>j</kbd> <kbd>k</kbd> move "
                         "<kbd>Enter</kbd> open <kbd>h</kbd> up</p></footer>\n<script>");
    hw_buffer_put(out, hw_listing_script);
    hw_buffer_put_string(out, "</script>\n");
}

const hw_listing_form hw_listing_html = {
    HW_TEXT_INIT("text/html; charset=utf-8"),
    begin_html,
    put_html_row,
    end_html,
};
