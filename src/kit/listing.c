/* Answers with what is in a folder.
 *
 * Names are read and sorted before the head is made, so that whatever fails there is an answer in
 * words; rows are written by a feeder while they are sent, a piece at a time, each where handlers
 * run: the loop never waits for a disk, and a client that takes its time costs the names and no
 * more. It is never kept: a listing is as old as its request, and what it would have to watch is
 * every file of the folder.
 *
 * HEAD reads the names too, so that it says what GET would. RFC 9110 12.5.1 (Accept), 12.5.5
 * (Vary). */
#include "kit/listing.h"

#include "http/quality.h"
#include "http/query.h"
#include "kit/catalog.h"
#include "kit/listing_form.h"
#include "sys/socket.h"

/* What one run of the feeder writes, and all that waits in its flow. */
#define LISTING_PIECE_BYTES HW_LISTING_BEGIN_BYTES

typedef struct listing {
    hw_feeder feeder;
    const hw_source_ops *flow_ops; /* of the feeder's flow; ours are around them */
    const hw_listing_form *form;
    hw_listing_view view;
    hw_catalog catalog;
    const hw_catalog_item *next;
    bool has_begun;
    char *piece;
} listing;

static hw_pull pull_listing(hw_source *source, size_t want, hw_piece *ret_piece)
{
    return ((listing *)source)->flow_ops->pull(source, want, ret_piece);
}

static void drop_listing(hw_source *source)
{
    listing *list = (listing *)source;
    hw_catalog_fini(&list->catalog);
    list->flow_ops->drop(source);
}

static const hw_source_ops listing_ops = {.pull = pull_listing, .drop = drop_listing};

static void count_item(hw_listing_view *view, const hw_catalog_item *item)
{
    if (item->is_folder)
        view->folders++;
    else
        view->files++;
    if (item->is_known && !item->is_folder)
        view->bytes += item->size;
}

/* So many rows as fit. */
static void write_rows(listing *list, int folder, hw_buffer *out)
{
    while (list->next && hw_buffer_room(out) >= HW_LISTING_ROW_BYTES) {
        hw_catalog_item *item = (hw_catalog_item *)list->next;
        list->next = item->next;
        if (!hw_catalog_look(&list->catalog, folder, item))
            continue;
        list->form->row(out, &list->view, item);
        count_item(&list->view, item);
    }
}

/* True: that was all. */
static bool write_piece(listing *list, int folder, hw_buffer *out)
{
    if (!list->has_begun) {
        list->has_begun = true;
        list->form->begin(out, &list->view);
    }
    write_rows(list, folder, out);
    bool is_over = !list->next && hw_buffer_room(out) >= HW_LISTING_END_BYTES;
    if (is_over)
        list->form->end(out, &list->view);
    return is_over;
}

static int run_listing(hw_feeder *feeder)
{
    listing *list = (listing *)feeder;
    hw_buffer out = hw_buffer_over(list->piece, LISTING_PIECE_BYTES);
    int folder = hw_catalog_open(&list->catalog);
    /* Others may give some back: asked again in a second. */
    if (folder == -EMFILE || folder == -ENFILE)
        return HW_FEED_WAIT;
    if (folder < 0)
        return folder;
    bool is_over = write_piece(list, folder, &out);
    (void)hw_sys_close(folder);
    if (out.overflow)
        return -EOVERFLOW;
    int error = hw_flow_write(&feeder->flow, hw_buffer_text(&out), false);
    return error < 0 ? error : is_over ? HW_FEED_END : HW_FEED_MORE;
}

/* "sort=size" is by size, "sort=-size" the other way round. Whatever else is asked for is by
 * name. */
static hw_catalog_order read_order(hw_exchange *exchange)
{
    static const hw_text keys[] = {
        [HW_CATALOG_NAME] = HW_TEXT_INIT("name"),
        [HW_CATALOG_SIZE] = HW_TEXT_INIT("size"),
        [HW_CATALOG_TIME] = HW_TEXT_INIT("time"),
    };
    const hw_target *target = &exchange->request.target;
    hw_catalog_order order = {HW_CATALOG_NAME, false};
    hw_text asked;
    if (!target->has_query ||
        !hw_query_find(&exchange->arena, target->query, HW_TEXT("sort"), &asked))
        return order;
    bool is_descending = hw_text_has_prefix(asked, HW_TEXT("-"));
    asked = hw_text_from(asked, is_descending);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (hw_text_equal(asked, keys[i]))
            order = (hw_catalog_order){(hw_catalog_key)i, is_descending};
    return order;
}

static const hw_listing_form *choose_form(const hw_exchange *exchange)
{
    hw_fields request = exchange->request.fields;
    bool wants_json = hw_quality_of_media(request, hw_listing_json.type) >
                      hw_quality_of_media(request, HW_TEXT("text/html"));
    return wants_json ? &hw_listing_json : &hw_listing_html;
}

static size_t count_folders(hw_path below)
{
    hw_cursor path = hw_cursor_of(below.text);
    hw_text segment;
    size_t depth = 0;
    while (hw_path_next_segment(&path, &segment))
        depth++;
    return depth;
}

static void put_fields(const listing *list, const hw_policy *policy, hw_response *response)
{
    hw_response_add(response, HW_FIELD_CONTENT_TYPE, list->form->type);
    hw_policy_put(policy, response);
    if (!policy->says_cache_control)
        hw_response_add(response, HW_FIELD_CACHE_CONTROL, HW_TEXT("no-cache"));
    hw_response_add_name(response, HW_TEXT("Vary"), HW_TEXT("Accept"));
    /* Stricter than what a folder says for its pages, which may not know of ours. */
    if (list->form == &hw_listing_html)
        hw_response_set_name(response, HW_TEXT("Content-Security-Policy"), hw_listing_policy);
    if (list->catalog.is_cut)
        hw_response_add_name(response, HW_TEXT("Listing-Incomplete"), HW_TEXT("?1"));
}

/* A listing with its names and the room to write it. NULL: there is no memory. */
static listing *new_listing(hw_exchange *exchange, hw_catalog *catalog, hw_catalog_order order)
{
    listing *list = hw_arena_alloc(&exchange->arena, sizeof *list);
    if (!list)
        return NULL;
    *list = (listing){
        .form = choose_form(exchange),
        .view = {exchange->request.path.text, count_folders(catalog->below), order, catalog->is_cut,
                 catalog->count, 0, 0, 0},
        .catalog = *catalog,
        .next = catalog->first,
        .piece = hw_arena_alloc(&exchange->arena, LISTING_PIECE_BYTES),
    };
    if (!list->piece || hw_flow_init(&list->feeder.flow, exchange, LISTING_PIECE_BYTES) < 0)
        return NULL;
    list->flow_ops = list->feeder.flow.source.ops;
    list->feeder.flow.source.ops = &listing_ops;
    list->feeder.run = run_listing;
    list->feeder.said = HW_FEED_MORE;
    return list;
}

int hw_listing_answer(const hw_root *root, const hw_policy *policy, hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    hw_catalog catalog;
    hw_catalog_order order = read_order(exchange);
    int error = hw_catalog_read(root, exchange->request.below, exchange->arena.budget, &catalog);
    if (error < 0)
        return error;
    error = hw_catalog_sort(&catalog, order);
    listing *list = error < 0 ? NULL : new_listing(exchange, &catalog, order);
    if (!list) {
        hw_catalog_fini(&catalog);
        return error < 0 ? error : -ENOMEM;
    }
    hw_response_start(response, 200);
    hw_response_take_feeder(response, &list->feeder);
    put_fields(list, policy, response);
    return 0;
}
