/* Fields: their syntax, their names as small numbers, and sets of them.
 *
 * A name is looked up once, when it arrives. A perfect hash of its length and its two ends gives
 * the one known name that it may be, and that is compared with its colon, sixteen bytes at once,
 * where they are in a block already (hw_field_find_in_block), else eight at a time; a name the
 * server does not know is nearly always told by its length alone. Rejected: candidates by length,
 * one after the other (what it saved in words it cost in every request); hashing all letters, which
 * would look at every byte of a name twice. Comparison is in any case (RFC 9110 5.1), over ASCII
 * letters alone. */
#include "http/field.h"

#include "http/scan.h"

const hw_field_known hw_field_names[HW_FIELD_COUNT] = {
    [HW_FIELD_OTHER] = {"", 0},
    [HW_FIELD_ACCEPT] = {"Accept", 6},
    [HW_FIELD_ACCEPT_ENCODING] = {"Accept-Encoding", 15},
    [HW_FIELD_ALLOW] = {"Allow", 5},
    [HW_FIELD_AUTHORIZATION] = {"Authorization", 13},
    [HW_FIELD_CACHE_CONTROL] = {"Cache-Control", 13},
    [HW_FIELD_CONNECTION] = {"Connection", 10},
    [HW_FIELD_CONTENT_ENCODING] = {"Content-Encoding", 16},
    [HW_FIELD_CONTENT_LENGTH] = {"Content-Length", 14},
    [HW_FIELD_CONTENT_RANGE] = {"Content-Range", 13},
    [HW_FIELD_CONTENT_TYPE] = {"Content-Type", 12},
    [HW_FIELD_COOKIE] = {"Cookie", 6},
    [HW_FIELD_DATE] = {"Date", 4},
    [HW_FIELD_ETAG] = {"ETag", 4},
    [HW_FIELD_EXPECT] = {"Expect", 6},
    [HW_FIELD_HOST] = {"Host", 4},
    [HW_FIELD_IF_MATCH] = {"If-Match", 8},
    [HW_FIELD_IF_MODIFIED_SINCE] = {"If-Modified-Since", 17},
    [HW_FIELD_IF_NONE_MATCH] = {"If-None-Match", 13},
    [HW_FIELD_IF_RANGE] = {"If-Range", 8},
    [HW_FIELD_IF_UNMODIFIED_SINCE] = {"If-Unmodified-Since", 19},
    [HW_FIELD_KEEP_ALIVE] = {"Keep-Alive", 10},
    [HW_FIELD_LAST_MODIFIED] = {"Last-Modified", 13},
    [HW_FIELD_LOCATION] = {"Location", 8},
    [HW_FIELD_ORIGIN] = {"Origin", 6},
    [HW_FIELD_RANGE] = {"Range", 5},
    [HW_FIELD_REFERER] = {"Referer", 7},
    [HW_FIELD_TE] = {"TE", 2},
    [HW_FIELD_TRAILER] = {"Trailer", 7},
    [HW_FIELD_TRANSFER_ENCODING] = {"Transfer-Encoding", 17},
    [HW_FIELD_UPGRADE] = {"Upgrade", 7},
    [HW_FIELD_USER_AGENT] = {"User-Agent", 10},
    [HW_FIELD_VARY] = {"Vary", 4},
    [HW_FIELD_X_FORWARDED_FOR] = {"X-Forwarded-For", 15},
    [HW_FIELD_X_REQUEST_ID] = {"X-Request-Id", 12},
};

/* HW_FIELD_OTHER, which is 0 and has no letters, where no known name belongs. */
const uint8_t hw_field_places[HW_FIELD_PLACES] = {
    [HW_FIELD_PLACE(6, 'a', 't')] = HW_FIELD_ACCEPT,
    [HW_FIELD_PLACE(15, 'a', 'g')] = HW_FIELD_ACCEPT_ENCODING,
    [HW_FIELD_PLACE(5, 'a', 'w')] = HW_FIELD_ALLOW,
    [HW_FIELD_PLACE(13, 'a', 'n')] = HW_FIELD_AUTHORIZATION,
    [HW_FIELD_PLACE(13, 'c', 'l')] = HW_FIELD_CACHE_CONTROL,
    [HW_FIELD_PLACE(10, 'c', 'n')] = HW_FIELD_CONNECTION,
    [HW_FIELD_PLACE(16, 'c', 'g')] = HW_FIELD_CONTENT_ENCODING,
    [HW_FIELD_PLACE(14, 'c', 'h')] = HW_FIELD_CONTENT_LENGTH,
    [HW_FIELD_PLACE(13, 'c', 'e')] = HW_FIELD_CONTENT_RANGE,
    [HW_FIELD_PLACE(12, 'c', 'e')] = HW_FIELD_CONTENT_TYPE,
    [HW_FIELD_PLACE(6, 'c', 'e')] = HW_FIELD_COOKIE,
    [HW_FIELD_PLACE(4, 'd', 'e')] = HW_FIELD_DATE,
    [HW_FIELD_PLACE(4, 'e', 'g')] = HW_FIELD_ETAG,
    [HW_FIELD_PLACE(6, 'e', 't')] = HW_FIELD_EXPECT,
    [HW_FIELD_PLACE(4, 'h', 't')] = HW_FIELD_HOST,
    [HW_FIELD_PLACE(8, 'i', 'h')] = HW_FIELD_IF_MATCH,
    [HW_FIELD_PLACE(17, 'i', 'e')] = HW_FIELD_IF_MODIFIED_SINCE,
    [HW_FIELD_PLACE(13, 'i', 'h')] = HW_FIELD_IF_NONE_MATCH,
    [HW_FIELD_PLACE(8, 'i', 'e')] = HW_FIELD_IF_RANGE,
    [HW_FIELD_PLACE(19, 'i', 'e')] = HW_FIELD_IF_UNMODIFIED_SINCE,
    [HW_FIELD_PLACE(10, 'k', 'e')] = HW_FIELD_KEEP_ALIVE,
    [HW_FIELD_PLACE(13, 'l', 'd')] = HW_FIELD_LAST_MODIFIED,
    [HW_FIELD_PLACE(8, 'l', 'n')] = HW_FIELD_LOCATION,
    [HW_FIELD_PLACE(6, 'o', 'n')] = HW_FIELD_ORIGIN,
    [HW_FIELD_PLACE(5, 'r', 'e')] = HW_FIELD_RANGE,
    [HW_FIELD_PLACE(7, 'r', 'r')] = HW_FIELD_REFERER,
    [HW_FIELD_PLACE(2, 't', 'e')] = HW_FIELD_TE,
    [HW_FIELD_PLACE(7, 't', 'r')] = HW_FIELD_TRAILER,
    [HW_FIELD_PLACE(17, 't', 'g')] = HW_FIELD_TRANSFER_ENCODING,
    [HW_FIELD_PLACE(7, 'u', 'e')] = HW_FIELD_UPGRADE,
    [HW_FIELD_PLACE(10, 'u', 't')] = HW_FIELD_USER_AGENT,
    [HW_FIELD_PLACE(4, 'v', 'y')] = HW_FIELD_VARY,
    [HW_FIELD_PLACE(15, 'x', 'r')] = HW_FIELD_X_FORWARDED_FOR,
    [HW_FIELD_PLACE(12, 'x', 'd')] = HW_FIELD_X_REQUEST_ID,
};

/* The words for hw_field_find_in_block: `letters` has a SP, which is the bit, for each letter of
 * the name; `rest` fills up the block. */
#define HYPHEN "\0"
#define REST_1 "\377"
#define REST_2 "\377\377"
#define REST_3 REST_2 REST_1
#define REST_5 REST_3 REST_2
#define REST_7 REST_5 REST_2
#define REST_8 REST_7 REST_1
#define REST_9 REST_7 REST_2
#define REST_10 REST_9 REST_1
#define REST_11 REST_9 REST_2
#define REST_13 REST_11 REST_2
#define WORD(name, letters, rest)                                                                  \
    {                                                                                              \
        name ":" rest, letters "\0" rest                                                           \
    }
const hw_field_word hw_field_words[HW_FIELD_COUNT] = {
    [HW_FIELD_ACCEPT] = WORD("accept", "      ", REST_9),
    [HW_FIELD_ACCEPT_ENCODING] = WORD("accept-encoding", "      " HYPHEN "        ", ""),
    [HW_FIELD_ALLOW] = WORD("allow", "     ", REST_10),
    [HW_FIELD_AUTHORIZATION] = WORD("authorization", "             ", REST_2),
    [HW_FIELD_CACHE_CONTROL] = WORD("cache-control", "     " HYPHEN "       ", REST_2),
    [HW_FIELD_CONNECTION] = WORD("connection", "          ", REST_5),
    [HW_FIELD_CONTENT_LENGTH] = WORD("content-length", "       " HYPHEN "      ", REST_1),
    [HW_FIELD_CONTENT_RANGE] = WORD("content-range", "       " HYPHEN "     ", REST_2),
    [HW_FIELD_CONTENT_TYPE] = WORD("content-type", "       " HYPHEN "    ", REST_3),
    [HW_FIELD_COOKIE] = WORD("cookie", "      ", REST_9),
    [HW_FIELD_DATE] = WORD("date", "    ", REST_11),
    [HW_FIELD_ETAG] = WORD("etag", "    ", REST_11),
    [HW_FIELD_EXPECT] = WORD("expect", "      ", REST_9),
    [HW_FIELD_HOST] = WORD("host", "    ", REST_11),
    [HW_FIELD_IF_MATCH] = WORD("if-match", "  " HYPHEN "     ", REST_7),
    [HW_FIELD_IF_NONE_MATCH] = WORD("if-none-match", "  " HYPHEN "    " HYPHEN "     ", REST_2),
    [HW_FIELD_IF_RANGE] = WORD("if-range", "  " HYPHEN "     ", REST_7),
    [HW_FIELD_KEEP_ALIVE] = WORD("keep-alive", "    " HYPHEN "     ", REST_5),
    [HW_FIELD_LAST_MODIFIED] = WORD("last-modified", "    " HYPHEN "        ", REST_2),
    [HW_FIELD_LOCATION] = WORD("location", "        ", REST_7),
    [HW_FIELD_ORIGIN] = WORD("origin", "      ", REST_9),
    [HW_FIELD_RANGE] = WORD("range", "     ", REST_10),
    [HW_FIELD_REFERER] = WORD("referer", "       ", REST_8),
    [HW_FIELD_TE] = WORD("te", "  ", REST_13),
    [HW_FIELD_TRAILER] = WORD("trailer", "       ", REST_8),
    [HW_FIELD_UPGRADE] = WORD("upgrade", "       ", REST_8),
    [HW_FIELD_USER_AGENT] = WORD("user-agent", "    " HYPHEN "     ", REST_5),
    [HW_FIELD_VARY] = WORD("vary", "    ", REST_11),
    [HW_FIELD_X_FORWARDED_FOR] = WORD("x-forwarded-for", " " HYPHEN "         " HYPHEN "   ", ""),
    [HW_FIELD_X_REQUEST_ID] = WORD("x-request-id", " " HYPHEN "       " HYPHEN "  ", REST_3),
};

hw_field_id hw_field_id_of(hw_text name)
{
    return hw_token_is_valid(name) ? hw_field_id_of_token(name) : HW_FIELD_OTHER;
}

const char *hw_field_name(hw_field_id id)
{
    return hw_field_names[id].name;
}

bool hw_char_is_token(char byte)
{
    return hw_scan_is(byte, HW_SCAN_TOKEN);
}

bool hw_token_is_valid(hw_text token)
{
    return token.length > 0 && hw_scan_is_made_of(token, HW_SCAN_TOKEN);
}

bool hw_field_value_is_valid(hw_text value)
{
    if (value.length == 0)
        return true;
    /* RFC 9110 5.5: blanks around a value are no part of it. */
    return !hw_char_is_blank(value.at[0]) && !hw_char_is_blank(value.at[value.length - 1]) &&
           hw_scan_is_made_of(value, HW_SCAN_VALUE);
}

const hw_field *hw_fields_find_name(hw_fields fields, hw_text name)
{
    for (size_t i = 0; i < fields.count; i++)
        if (hw_text_equal_nocase(fields.at[i].name, name))
            return &fields.at[i];
    return NULL;
}

const hw_field *hw_fields_next(hw_fields fields, hw_field_id id, const hw_field *field)
{
    if (fields.absent & HW_FIELD_BIT(id))
        return NULL;
    size_t start = field ? (size_t)(field - fields.at) + 1 : 0;
    for (size_t i = start; i < fields.count; i++)
        if (fields.at[i].id == id)
            return &fields.at[i];
    return NULL;
}

hw_text hw_fields_single(hw_fields fields, hw_field_id id)
{
    const hw_field *field = hw_fields_find(fields, id);
    if (!field || hw_fields_next(fields, id, field))
        return (hw_text){NULL, 0};
    return field->value;
}

bool hw_field_is_framing(hw_field_id id)
{
    return id == HW_FIELD_CONNECTION || id == HW_FIELD_CONTENT_LENGTH || id == HW_FIELD_DATE ||
           id == HW_FIELD_KEEP_ALIVE || id == HW_FIELD_TRANSFER_ENCODING;
}

/* Names with no id of their own that must not come behind the content. */
static const hw_text never_trailing[] = {
    HW_TEXT_INIT("Age"),
    HW_TEXT_INIT("Expires"),
    HW_TEXT_INIT("Max-Forwards"),
    HW_TEXT_INIT("Pragma"),
    HW_TEXT_INIT("Proxy-Authenticate"),
    HW_TEXT_INIT("Proxy-Authorization"),
    HW_TEXT_INIT("Retry-After"),
    HW_TEXT_INIT("Set-Cookie"),
    HW_TEXT_INIT("Warning"),
    HW_TEXT_INIT("WWW-Authenticate"),
};

bool hw_field_may_trail(hw_text name)
{
    hw_field_id id = hw_field_id_of(name);
    /* Of the names this server acts on, only the tag is one that is known better at the end. */
    if (id != HW_FIELD_OTHER)
        return id == HW_FIELD_ETAG;
    for (size_t i = 0; i < sizeof never_trailing / sizeof never_trailing[0]; i++)
        if (hw_text_equal_nocase(name, never_trailing[i]))
            return false;
    return true;
}
