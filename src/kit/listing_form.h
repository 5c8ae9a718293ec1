/* The forms in which a folder is listed: a page, and JSON. Each is written piece by piece: its
 * beginning, a row for each name, its end. */
#ifndef HW_KIT_LISTING_FORM_H
#define HW_KIT_LISTING_FORM_H

#include "base/buffer.h"
#include "kit/catalog.h"

/* What the longest beginning, row and end of a form take. */
#define HW_LISTING_BEGIN_BYTES ((size_t)32 * 1024)
#define HW_LISTING_ROW_BYTES ((size_t)4 * 1024)
#define HW_LISTING_END_BYTES ((size_t)8 * 1024)

/* What is listed, and what has been so far. */
typedef struct hw_listing_view {
    hw_text path; /* the folder's, decoded, as it was asked for; with its last '/' */
    size_t depth; /* so many of its segments are below the top; others lead elsewhere */
    hw_catalog_order order;
    bool is_cut; /* of more names only so many are shown */
    size_t count;
    uint64_t folders, files, bytes; /* of the rows written */
} hw_listing_view;

typedef struct hw_listing_form {
    hw_text type;
    void (*begin)(hw_buffer *out, const hw_listing_view *view);
    void (*row)(hw_buffer *out, const hw_listing_view *view, const hw_catalog_item *item);
    void (*end)(hw_buffer *out, const hw_listing_view *view);
} hw_listing_form;

extern const hw_listing_form hw_listing_html, hw_listing_json;

/* listing_page.c: the style and the script of the page, and the policy that allows these two and
 * nothing else (CSP 3): the hashes of exactly their bytes. */
extern const hw_text hw_listing_style, hw_listing_script, hw_listing_policy;

/* A name in a URL, percent-encoded but for what is unreserved (RFC 3986 2.3). */
void hw_listing_put_href(hw_buffer *out, hw_text name);

#endif
