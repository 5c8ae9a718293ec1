/* Fields (RFC 9110 5): what may be a name and a value, the names this server knows, and sets of
 * fields. */
#ifndef HW_HTTP_FIELD_H
#define HW_HTTP_FIELD_H

#include "base/text.h"

/* Names the server itself looks at; a name is compared once, when it arrives, and by its id
 * afterwards. */
typedef enum hw_field_id {
    HW_FIELD_OTHER,
    HW_FIELD_ACCEPT,
    HW_FIELD_ACCEPT_ENCODING,
    HW_FIELD_ALLOW,
    HW_FIELD_AUTHORIZATION,
    HW_FIELD_CACHE_CONTROL,
    HW_FIELD_CONNECTION,
    HW_FIELD_CONTENT_ENCODING,
    HW_FIELD_CONTENT_LENGTH,
    HW_FIELD_CONTENT_RANGE,
    HW_FIELD_CONTENT_TYPE,
    HW_FIELD_COOKIE,
    HW_FIELD_DATE,
    HW_FIELD_ETAG,
    HW_FIELD_EXPECT,
    HW_FIELD_HOST,
    HW_FIELD_IF_MATCH,
    HW_FIELD_IF_MODIFIED_SINCE,
    HW_FIELD_IF_NONE_MATCH,
    HW_FIELD_IF_RANGE,
    HW_FIELD_IF_UNMODIFIED_SINCE,
    HW_FIELD_KEEP_ALIVE,
    HW_FIELD_LAST_MODIFIED,
    HW_FIELD_LOCATION,
    HW_FIELD_ORIGIN,
    HW_FIELD_RANGE,
    HW_FIELD_REFERER,
    HW_FIELD_TE,
    HW_FIELD_TRAILER,
    HW_FIELD_TRANSFER_ENCODING,
    HW_FIELD_UPGRADE,
    HW_FIELD_USER_AGENT,
    HW_FIELD_VARY,
    HW_FIELD_COUNT, /* how many ids there are; no name */
} hw_field_id;

typedef struct hw_field {
    hw_text name, value;
    hw_field_id id;
} hw_field;

/* Fields in the order they came. Whoever made the array owns it. */
typedef struct hw_fields {
    const hw_field *at;
    size_t count;
} hw_fields;

hw_field_id hw_field_id_of(hw_text name); /* any case */
/* The usual spelling: "Content-Length"; "" for HW_FIELD_OTHER. */
const char *hw_field_name(hw_field_id id);

/* Says how a message is carried: only whoever frames the message may set it (Connection,
 * Content-Length, Date, Keep-Alive, Transfer-Encoding; RFC 9110 7.6.1, 8.6, RFC 9112 6). */
bool hw_field_is_framing(hw_field_id id);

/* May stand in a trailer section (RFC 9110 6.5.1): not what frames or routes a message, modifies or authenticates a
 * request, or says how its content is to be understood. */
bool hw_field_may_trail(hw_text name);

/* A token of RFC 9110 5.6.2, not empty. */
bool hw_token_is_valid(hw_text token);
bool hw_char_is_token(char byte);
/* RFC 9110 5.5: VCHAR, obs-text, SP and HTAB; no blank at either end. May be empty. */
bool hw_field_value_is_valid(hw_text value);

/* The first such field, or NULL. */
const hw_field *hw_fields_find(hw_fields fields, hw_field_id id);
const hw_field *hw_fields_find_name(hw_fields fields, hw_text name); /* any case */
/* The next one after `field` (NULL: the first) with the same id; NULL at the end. */
const hw_field *hw_fields_next(hw_fields fields, hw_field_id id, const hw_field *field);
/* The value of the only such field; the empty text when there is none or more than one: for
 * singleton fields (RFC 9110 5.3) of which a doubled one is to be ignored. */
hw_text hw_fields_single(hw_fields fields, hw_field_id id);

#endif
