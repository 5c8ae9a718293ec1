/* Reads a multipart/byteranges body, strictly, as a client that trusts nobody: for the tests of it,
 * whatever they link. */
#ifndef HW_TESTS_PARTS_H
#define HW_TESTS_PARTS_H

#include <stdbool.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define PARTS_MAX 16

typedef struct test_part {
    hw_text type, range, bytes; /* "0-3/10" is a range; slices of what was read */
    uint64_t first, last, total;
} test_part;

typedef struct test_parts {
    test_part at[PARTS_MAX];
    size_t count;
} test_parts;

static inline bool parts_take(hw_text *rest, hw_text prefix)
{
    if (!hw_text_has_prefix(*rest, prefix))
        return false;
    *rest = hw_text_from(*rest, prefix.length);
    return true;
}

static inline bool parts_take_upto(hw_text *rest, hw_text mark, hw_text *ret_text)
{
    const char *found = memmem(rest->at, rest->length, mark.at, mark.length);
    if (!found)
        return false;
    *ret_text = hw_text_upto(*rest, (size_t)(found - rest->at));
    *rest = hw_text_from(*rest, ret_text->length + mark.length);
    return true;
}

/* One part, whose boundary has been taken. */
static inline bool parts_read_one(hw_text *rest, hw_text boundary, test_part *part)
{
    hw_text first, last, total, mark = boundary;
    if (!parts_take(rest, HW_TEXT("\r\nContent-Type: ")) ||
        !parts_take_upto(rest, HW_TEXT("\r\n"), &part->type) ||
        !parts_take(rest, HW_TEXT("Content-Range: bytes ")) ||
        !parts_take_upto(rest, HW_TEXT("\r\n\r\n"), &part->range))
        return false;
    total = part->range;
    if (!parts_take_upto(&total, HW_TEXT("-"), &first) ||
        !parts_take_upto(&total, HW_TEXT("/"), &last) || !hw_number_decimal(first, &part->first) ||
        !hw_number_decimal(last, &part->last) || !hw_number_decimal(total, &part->total))
        return false;
    if (part->first > part->last || part->last >= part->total)
        return false;
    /* The boundary must not come before the part's end, as its range tells it. */
    uint64_t length = part->last - part->first + 1;
    return parts_take_upto(rest, mark, &part->bytes) && part->bytes.length == length;
}

/* What stands behind "boundary=" parts them: "\r\n--" and it. False: it is not such a body, from its
 * first byte to its last. */
static inline bool parts_read(hw_text content_type, hw_text body, test_parts *ret_parts)
{
    char line[4 + 70];
    hw_text name = content_type, mark;
    ret_parts->count = 0;
    if (!parts_take(&name, HW_TEXT("multipart/byteranges; boundary=")) || name.length == 0 ||
        name.length > 70)
        return false;
    memcpy(line, "\r\n--", 4);
    memcpy(line + 4, name.at, name.length);
    mark = (hw_text){line, name.length + 4};
    if (!parts_take(&body, hw_text_from(mark, 2)))
        return false;
    while (!hw_text_equal(body, HW_TEXT("--\r\n")))
        if (ret_parts->count == PARTS_MAX ||
            !parts_read_one(&body, mark, &ret_parts->at[ret_parts->count++]))
            return false;
    return true;
}

/* Every boundary, which is new in every answer, becomes dashes, so that answers can be compared. */
static inline void parts_blank_boundaries(char *bytes, size_t length)
{
    static const char mark[] = "boundary=";
    enum { PARTS_BOUNDARY_BYTES = 32 };
    char boundary[PARTS_BOUNDARY_BYTES], *found;
    if (length == 0)
        return;
    char *end = bytes + length;
    while ((found = memmem(bytes, (size_t)(end - bytes), mark, sizeof mark - 1))) {
        bytes = found + sizeof mark - 1;
        if (end - bytes < PARTS_BOUNDARY_BYTES)
            return;
        memcpy(boundary, bytes, sizeof boundary);
        for (char *at = bytes; (at = memmem(at, (size_t)(end - at), boundary, sizeof boundary));
             at += sizeof boundary)
            memset(at, '-', sizeof boundary);
    }
}

#endif
