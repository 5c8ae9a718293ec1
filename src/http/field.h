/* Fields (RFC 9110 5): what may be a name and a value, the names this server knows, and sets of
 * fields. */
#ifndef HW_HTTP_FIELD_H
#define HW_HTTP_FIELD_H

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "http/block.h"

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
    HW_FIELD_X_FORWARDED_FOR,
    HW_FIELD_X_REQUEST_ID,
    HW_FIELD_COUNT, /* how many ids there are; no name */
} hw_field_id;

typedef struct hw_field {
    hw_text name, value;
    hw_field_id id;
} hw_field;

_Static_assert(HW_FIELD_COUNT <= 64, "a set of ids is one number");
#define HW_FIELD_BIT(id) (UINT64_C(1) << (id))

/* Fields in the order they came. Whoever made the array owns it. */
typedef struct hw_fields {
    const hw_field *at;
    size_t count;
    uint64_t absent; /* bits of ids that none of them has; 0: nothing is known about that */
} hw_fields;

/* Fields about which nothing more is known. */
static inline hw_fields hw_fields_of(const hw_field *at, size_t count)
{
    return (hw_fields){at, count, 0};
}

hw_field_id hw_field_id_of(hw_text name); /* any case */
/* The same for what is known to be a token (not empty): inline, for each field of each request. */
static inline hw_field_id hw_field_id_of_token(hw_text token);
/* The usual spelling: "Content-Length"; "" for HW_FIELD_OTHER. */
const char *hw_field_name(hw_field_id id);

/* Says how a message is carried: only whoever frames the message may set it (Connection,
 * Content-Length, Date, Keep-Alive, Transfer-Encoding; RFC 9110 7.6.1, 8.6, RFC 9112 6). */
bool hw_field_is_framing(hw_field_id id);

/* May stand in a trailer section (RFC 9110 6.5.1): not what frames or routes a message, modifies or
 * authenticates a request, or says how its content is to be understood. */
bool hw_field_may_trail(hw_text name);

/* A token of RFC 9110 5.6.2, not empty. */
bool hw_token_is_valid(hw_text token);
bool hw_char_is_token(char byte);
/* RFC 9110 5.5: VCHAR, obs-text, SP and HTAB; no blank at either end. May be empty. */
bool hw_field_value_is_valid(hw_text value);

/* Whether it is known, without looking, that there is no field of any of these ids (their bits). */
static inline bool hw_fields_lack(hw_fields fields, uint64_t bits)
{
    return (bits & ~fields.absent) == 0;
}
const hw_field *hw_fields_find_name(hw_fields fields, hw_text name); /* any case */
/* The next one after `field` (NULL: the first) with the same id; NULL at the end. */
const hw_field *hw_fields_next(hw_fields fields, hw_field_id id, const hw_field *field);
/* The first such field, or NULL. */
static inline const hw_field *hw_fields_find(hw_fields fields, hw_field_id id)
{
    return hw_fields_lack(fields, HW_FIELD_BIT(id)) ? NULL : hw_fields_next(fields, id, NULL);
}
/* The value of the only such field; the empty text when there is none or more than one: for
 * singleton fields (RFC 9110 5.3) of which a doubled one is to be ignored. */
hw_text hw_fields_single(hw_fields fields, hw_field_id id);

/* How a name is found: see http/field.c. */

/* A place for a name in a table: of its length and its first and last byte. The bit 0x20, in which
 * the cases of a letter differ, is moved out of the number, so case does not matter. Every known
 * name has a place of its own; the compiler would refuse an element initialised twice. */
#define HW_FIELD_PLACES 256
#define HW_FIELD_PLACE(length, first, last)                                                        \
    (((length) + 16u * (first) + 8u * (last)) % HW_FIELD_PLACES)
extern const uint8_t hw_field_places[HW_FIELD_PLACES];
/* In the usual spelling, and NULs behind it. */
typedef struct hw_field_known {
    char name[31];
    uint8_t length;
} hw_field_known;
extern const hw_field_known hw_field_names[HW_FIELD_COUNT];

/* The known name that a token may be, if it is one. */
static inline size_t hw_field_id_at_place(const char *token, size_t length)
{
    unsigned first = (unsigned char)token[0], last = (unsigned char)token[length - 1];
    return hw_field_places[HW_FIELD_PLACE((unsigned)length, first, last)];
}

/* In which bits eight (four) bytes of two names differ, 0x20 left out. */
static inline uint64_t hw_field_compare_eight(const char *one, const char *other)
{
    uint64_t a, b;
    memcpy(&a, one, sizeof a);
    memcpy(&b, other, sizeof b);
    return (a ^ b) & ~UINT64_C(0x2020202020202020);
}

static inline uint32_t hw_field_compare_four(const char *one, const char *other)
{
    uint32_t a, b;
    memcpy(&a, one, sizeof a);
    memcpy(&b, other, sizeof b);
    return (a ^ b) & ~UINT32_C(0x20202020);
}

/* Whether a token spells a known name of the same length, 2 to 24 bytes, in any case. Known names
 * are letters and "-"; what differs from a letter in 0x20 alone is the same letter, and from "-"
 * it is a CR, which no token has. Pieces overlap, so that no byte behind the name is read. */
static inline __attribute__((always_inline)) bool
hw_field_is_spelled(const char *token, const char *known, size_t length)
{
    if (length >= 8) {
        uint64_t middle = length > 16 ? hw_field_compare_eight(token + 8, known + 8) : 0;
        return !(hw_field_compare_eight(token, known) | middle |
                 hw_field_compare_eight(token + length - 8, known + length - 8));
    }
    if (length >= 4)
        return !(hw_field_compare_four(token, known) |
                 hw_field_compare_four(token + length - 4, known + length - 4));
    return hw_text_equal_nocase((hw_text){token, length}, (hw_text){known, length});
}

static inline __attribute__((always_inline)) hw_field_id hw_field_id_of_token(hw_text token)
{
    size_t id = hw_field_id_at_place(token.at, token.length);
    const hw_field_known *known = &hw_field_names[id];
    if (known->length == token.length && hw_field_is_spelled(token.at, known->name, token.length))
        return (hw_field_id)id;
    return HW_FIELD_OTHER;
}

/* A known name as a block has it that begins with the name and its ":". Where they are the same
 * with `fold` added to the block's bits, it is that name: 0x20 for a letter, whose cases differ in
 * this bit, nothing for "-" and ":", and all bits for whatever is behind. */
typedef struct hw_field_word {
    unsigned char folded[HW_BLOCK_BYTES], fold[HW_BLOCK_BYTES];
} hw_field_word;
extern const hw_field_word
    hw_field_words[HW_FIELD_COUNT]; /* zeros: none, or it does not fit a block */

/* Whether a block begins with a known name and its ":". False: with another name, or none at all,
 * or one that does not fit. The first ":" behind the first byte is at `length`. */
static inline __attribute__((always_inline)) bool
hw_field_find_in_block(const char *token, size_t length, hw_block block, size_t *ret_id)
{
    *ret_id = hw_field_id_at_place(token, length);
    const hw_field_word *word = &hw_field_words[*ret_id];
    return hw_block_is_full(hw_block_equal(block | hw_block_load((const char *)word->fold),
                                           hw_block_load((const char *)word->folded)));
}

#endif
