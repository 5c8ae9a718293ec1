/* Answers requests with the files of a folder.
 *
 * One story: path -> entry -> conditions -> range -> body. What a path leads to is looked up first
 * (lookup.c), since a condition or a range means something only where there is a representation (RFC 9110
 * 13.2.1, 14.2). The quick step finds it in the loop's cache, `answer` asks the file system, and
 * both answer from what they have found with the same functions: a cached answer is the same bytes.
 * The object itself is immutable, and threads share it.
 *
 * Sections: RFC 9110 9.3.1, 9.3.2, 9.3.7 (methods), 13 (conditions), 14 (ranges), 15 (what an
 * answer must carry); RFC 9111 5.2.2.4 (no-cache: kept, but asked about). */
#include "kit/static.h"

#include "base/assert.h"
#include "base/error.h"
#include "exchange/exchange.h"
#include "http/condition.h"
#include "kit/cache.h"
#include "kit/diagnose.h"
#include "kit/listing.h"
#include "kit/lookup.h"
#include "kit/represent.h"
#include "kit/standin.h"
#include "sys/memory.h"
#include "sys/socket.h"

/* Nobody reads a body sent here: it is passed over, up to here, to keep the connection. */
#define STATIC_BODY_BYTES_MAX (1024 * 1024)
#define STATIC_NAMES_BYTES_MAX (64 * 1024)
#define NO_SLOT SIZE_MAX

static const hw_step static_step = {"kit/static",
                                    "path -> entry -> conditional -> range -> body source"};

struct hw_static {
    hw_lookup lookup;
    hw_standin standin;
    hw_answerer answerer;
    hw_pace pace;
    hw_arena names;
    hw_policy policy;
    unsigned fresh_ms;
    size_t slot, site; /* of the loops' cache; NO_SLOT: there is none */
};

/* To the same path with a slash at its end, the query kept. The path is our canonical one, encoded:
 * it begins with one slash and has no backslash, so it cannot name another host. */
static __attribute__((noinline)) void redirect_to_folder(const hw_static *files,
                                                         hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    hw_text path = exchange->request.path.text;
    const hw_target *target = &exchange->request.target;
    /* Three bytes for one that is encoded. Both are parts of one target: no overflow. */
    size_t room = path.length * 3 + 2 + target->query.length;
    char *memory = hw_arena_alloc(&exchange->arena, room);
    hw_response_start(response, 308);
    if (!memory) {
        response->is_broken = true;
        return;
    }
    hw_buffer location = hw_buffer_over(memory, room);
    hw_path_encode(&location, path);
    hw_buffer_put_char(&location, '/');
    if (target->has_query) {
        hw_buffer_put_char(&location, '?');
        hw_buffer_put(&location, target->query);
    }
    hw_response_add(response, HW_FIELD_LOCATION, hw_buffer_text(&location));
    hw_text freshness = hw_policy_freshness(&files->policy, HW_TEXT(""));
    if (freshness.length > 0)
        hw_response_add(response, HW_FIELD_CACHE_CONTROL, freshness);
    hw_policy_put(&files->policy, response);
}

/* A short answer in words, with what the folder says. */
static void answer_plain(const hw_static *files, hw_exchange *exchange, int status)
{
    hw_response_plain(&exchange->response, status, NULL);
    hw_policy_put(&files->policy, &exchange->response);
}

static bool asks_for_file(const hw_exchange *exchange)
{
    hw_method method = exchange->request.method;
    return method == HW_METHOD_GET || method == HW_METHOD_HEAD;
}

/* Answers every method but those that ask for a file. */
static __attribute__((noinline)) void answer_method(const hw_static *files, hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    bool asks_what_may_be = exchange->request.method == HW_METHOD_OPTIONS;
    if (asks_what_may_be)
        hw_response_start(response, 204);
    else
        hw_response_plain(response, 405, NULL); /* RFC 9110 15.5.6 */
    hw_response_add(response, HW_FIELD_ALLOW, HW_TEXT("GET, HEAD, OPTIONS"));
    hw_policy_put(&files->policy, response);
    if (asks_what_may_be)
        hw_policy_answer_preflight(&files->policy, exchange);
}

static int status_of_file_error(int error)
{
    switch (-error) {
    case EACCES:
    case EPERM:
        return 403;
    case ENOMEM:
    case EAGAIN:
        return 503;
    default:
        return 500;
    }
}

static void answer_file_error(const hw_static *files, hw_exchange *exchange, int error)
{
    int status = status_of_file_error(error);
    if (error == -EMFILE || error == -ENFILE) {
        exchange->response.kind = HW_RESPONSE_STARVED;
        return;
    }
    answer_plain(files, exchange, status);
    if (status == 503)
        hw_response_add_name(&exchange->response, HW_TEXT("Retry-After"), HW_TEXT("1"));
    if (status == 500)
        hw_sink_fault(exchange->place->sink, -error, exchange->request.path.text.at,
                      "cannot be served: %s",
                      error == -ESTALE ? "it changed while it was read" : hw_error_words(error));
}

static hw_body_plan plan_static(void *arg, hw_exchange *exchange)
{
    (void)arg;
    (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, STATIC_BODY_BYTES_MAX};
}

/* The same 404, prepared. */
static void answer_absence(hw_exchange *exchange, hw_site *site)
{
    hw_response_start_prepared(&exchange->response, &site->absent,
                               hw_source_memory(&exchange->arena, hw_policy_absent_words()));
}

/* For a path that is about to be looked up, beside others. */
static void begin_vigil(const hw_static *files, hw_exchange *exchange, hw_cache *cache,
                        hw_text path)
{
    hw_vigil *vigil = hw_arena_alloc(&exchange->arena, sizeof *vigil);
    if (!vigil)
        return;
    hw_cache_begin(cache, files->site, path, exchange->now_ms, files->fresh_ms, vigil);
    vigil->beside = exchange->left.item;
    hw_exchange_leave(exchange, files->slot, vigil);
}

/* What may stand in, if the name leads nowhere, and is not known. */
static void begin_standin_vigils(const hw_static *files, hw_exchange *exchange, hw_cache *cache)
{
    hw_text paths[HW_STANDIN_MAX];
    size_t count = hw_standin_list(&files->standin, &exchange->request, paths);
    for (size_t i = 0; i < count; i++)
        if (!hw_cache_find(&cache->sites[files->site], paths[i], exchange->now_ms))
            begin_vigil(files, exchange, cache, paths[i]);
}

static bool can_remember(const hw_cache *cache)
{
    return cache && cache->bytes_max > 0;
}

/* Nothing stands in for what is absent. Where that is so for every name, as long as nothing is told
 * of, the next one need not come here. `page` is the entry of 404.html, which says so; or NULL. */
static void answer_plain_absence(const hw_static *files, hw_exchange *exchange, hw_site *site,
                                 hw_entry *page)
{
    if (files->standin.spa.length > 0 || !site) {
        answer_plain(files, exchange, 404);
        hw_standin_put_vary(&files->standin, exchange);
        return;
    }
    if (site->absent.status == 0)
        hw_prepared_init(&site->absent, 404, files->policy.absent, site->memory);
    if (page && page->filing.true_ms == INT64_MAX)
        site->no_page = page;
    answer_absence(exchange, site);
}

/* The name is known to lead nowhere, or may not be seen. False: what may stand in for it is not
 * known, and to be looked up. */
static bool answer_absence_quickly(const hw_static *files, hw_exchange *exchange, hw_cache *cache)
{
    hw_text paths[HW_STANDIN_MAX];
    hw_site *site = can_remember(cache) ? &cache->sites[files->site] : NULL;
    size_t count = hw_standin_list(&files->standin, &exchange->request, paths);
    hw_entry *entry = NULL;
    for (size_t i = 0; i < count; i++) {
        entry = site ? hw_cache_find(site, paths[i], exchange->now_ms) : NULL;
        if (!entry && site)
            begin_standin_vigils(files, exchange, cache);
        if (!entry)
            return false;
        if (entry->kind == HW_ENTRY_FILE) {
            hw_standin_answer(&files->standin, exchange, entry);
            return true;
        }
    }
    answer_plain_absence(files, exchange, site, entry);
    return true;
}

/* All that is known but files, and names for which nothing can stand in. False: it is to be looked
 * up. */
static __attribute__((noinline)) bool answer_other(const hw_static *files, hw_exchange *exchange,
                                                   hw_cache *cache, const hw_entry *entry)
{
    if (entry->kind == HW_ENTRY_LISTED)
        return false;
    if (entry->kind == HW_ENTRY_ABSENT && !answer_absence_quickly(files, exchange, cache))
        return false;
    hw_sink_step(exchange->place->sink, static_step.file, static_step.what);
    if (entry->kind == HW_ENTRY_FOLDER)
        redirect_to_folder(files, exchange);
    return true;
}

static bool answer_known(const hw_static *files, hw_exchange *exchange, hw_cache *cache,
                         hw_site *site, hw_entry *entry)
{
    if (entry->kind != HW_ENTRY_FILE && (entry->kind != HW_ENTRY_ABSENT || !site->no_page))
        return answer_other(files, exchange, cache, entry);
    hw_sink_step(exchange->place->sink, static_step.file, static_step.what);
    if (entry->kind == HW_ENTRY_ABSENT)
        answer_absence(exchange, site);
    else
        hw_represent(exchange, entry);
    return true;
}

/* It is not known, and to be looked up: unless it may not be seen. */
static __attribute__((noinline)) bool answer_unknown(const hw_static *files, hw_exchange *exchange,
                                                     hw_cache *cache)
{
    if (!hw_root_shows(&files->lookup.root, exchange->request.below))
        return answer_absence_quickly(files, exchange, cache);
    if (can_remember(cache)) {
        begin_standin_vigils(files, exchange, cache);
        begin_vigil(files, exchange, cache, exchange->request.below.text);
    }
    return false;
}

/* A file whose tag or codings may have been made by now, or whose tag this request waits for. */
static __attribute__((noinline)) bool
may_be_more(const hw_static *files, const hw_exchange *exchange, const hw_entry *entry)
{
    return hw_entry_has_more(entry, files->lookup.hasher) ||
           (entry->is_unhashed && hw_condition_names_strong(exchange->request.fields));
}

/* Names that may not be seen are never looked up, so they are never in the cache: it is asked
 * first. What most requests come to is here in line, and all else is not: it would want room and
 * registers before it is known to be needed. */
static bool answer_static_quickly(void *arg, hw_exchange *exchange)
{
    const hw_static *files = arg;
    if (!asks_for_file(exchange)) {
        answer_method(files, exchange);
        return true;
    }
    if (files->slot == NO_SLOT)
        return answer_unknown(files, exchange, NULL);
    hw_cache *cache = hw_exchange_local(exchange, files->slot);
    hw_site *site = &cache->sites[files->site];
    hw_entry *entry = hw_cache_find(site, exchange->request.below.text, exchange->now_ms);
    if (!entry || (entry->is_unfinished && may_be_more(files, exchange, entry)))
        return answer_unknown(files, exchange, cache);
    return answer_known(files, exchange, cache, site, entry);
}

/* What is dated in the future would have another head when that has come, and what was written just
 * now another tag. */
static bool is_lasting(const hw_representation *file, int64_t now)
{
    return file->modified <= now && !file->is_unsettled;
}

static bool may_be_kept(hw_entry *entry, int64_t now)
{
    for (hw_coding coding = HW_CODING_IDENTITY; coding < HW_CODING_COUNT; coding++) {
        const hw_representation *file = hw_entry_representation(entry, coding);
        if (entry->kind == HW_ENTRY_FILE && file && !is_lasting(file, now))
            return false;
    }
    return true;
}

/* The loop keeps what was looked up with its vigil; nobody else needs it any more. */
static void give_up_entry(const hw_exchange *exchange, hw_vigil *vigil, hw_entry *entry)
{
    if (vigil && may_be_kept(entry, exchange->now_ms / 1000))
        vigil->entry = entry;
    else
        hw_entry_release(entry);
}

/* The entry as it was looked up, charged; or an answer to why it could not be. */
static int take_entry(const hw_static *files, hw_exchange *exchange, hw_vigil *vigil, int error,
                      hw_entry *entry)
{
    if (error == 0 && (error = hw_entry_charge(entry, exchange->arena.budget)) < 0)
        hw_entry_release(entry);
    if (vigil)
        vigil->is_starved = error == -EMFILE || error == -ENFILE;
    if (error < 0)
        answer_file_error(files, exchange, error);
    return error;
}

/* The vigil that was begun for a path, by the very text of it; NULL: none. */
static hw_vigil *find_vigil(const hw_exchange *exchange, hw_text path)
{
    hw_vigil *vigil = exchange->left.item;
    while (vigil && vigil->path.at != path.at)
        vigil = vigil->beside;
    return vigil;
}

/* A path leads nowhere, or may not be seen. */
static void answer_missing(const hw_static *files, hw_exchange *exchange)
{
    hw_text paths[HW_STANDIN_MAX];
    size_t count = hw_standin_list(&files->standin, &exchange->request, paths);
    for (size_t i = 0; i < count; i++) {
        hw_entry *entry = NULL;
        hw_vigil *vigil = find_vigil(exchange, paths[i]);
        int error = hw_lookup_file(&files->lookup, exchange, paths[i], vigil, &entry);
        /* What may not be read stands in for nothing; that is no news to who asked for another. */
        if (error == -EACCES || error == -EPERM)
            continue;
        if (take_entry(files, exchange, vigil, error, entry) < 0)
            return;
        bool is_file = entry->kind == HW_ENTRY_FILE;
        if (is_file)
            hw_standin_answer(&files->standin, exchange, entry);
        give_up_entry(exchange, vigil, entry);
        if (is_file)
            return;
    }
    answer_plain(files, exchange, 404);
    hw_standin_put_vary(&files->standin, exchange);
}

static void answer_listing(const hw_static *files, hw_exchange *exchange)
{
    int error = hw_listing_answer(&files->lookup.root, &files->policy, exchange);
    if (hw_root_is_absence(error))
        answer_missing(files, exchange);
    else if (error < 0)
        answer_file_error(files, exchange, error);
}

static void answer_entry(const hw_static *files, hw_exchange *exchange, hw_entry *entry)
{
    switch (entry->kind) {
    case HW_ENTRY_FILE:
        hw_represent(exchange, entry);
        break;
    case HW_ENTRY_FOLDER:
        redirect_to_folder(files, exchange);
        break;
    case HW_ENTRY_ABSENT:
        answer_missing(files, exchange);
        break;
    case HW_ENTRY_LISTED:
        answer_listing(files, exchange);
        break;
    }
}

static void answer_static(void *arg, hw_exchange *exchange)
{
    const hw_static *files = arg;
    hw_entry *entry = NULL;
    hw_vigil *vigil = find_vigil(exchange, exchange->request.below.text);
    bool is_known_absent = exchange->left.item && !vigil;
    exchange->told = &static_step;
    if (!asks_for_file(exchange)) {
        answer_method(files, exchange);
        return;
    }
    if (is_known_absent || !hw_root_shows(&files->lookup.root, exchange->request.below)) {
        hw_diagnose_hidden(exchange, &files->lookup.root, exchange->request.below);
        answer_missing(files, exchange);
        return;
    }
    int error = hw_lookup_path(&files->lookup, exchange, vigil, &entry);
    if (take_entry(files, exchange, vigil, error, entry) < 0)
        return;
    answer_entry(files, exchange, entry);
    give_up_entry(exchange, vigil, entry);
}

/* The same two steps where origins are listed: only then does an answer depend on who asks. */
static bool share_static_quickly(void *arg, hw_exchange *exchange)
{
    const hw_static *files = arg;
    if (!answer_static_quickly(arg, exchange))
        return false;
    /* Made as the first one was, so that its fields come in the same order. */
    if (exchange->response.status == 404 && exchange->response.prepared)
        answer_plain(files, exchange, 404);
    hw_policy_share(&files->policy, exchange);
    return true;
}

static void share_static(void *arg, hw_exchange *exchange)
{
    const hw_static *files = arg;
    answer_static(arg, exchange);
    if (exchange->response.kind == HW_RESPONSE_MESSAGE)
        hw_policy_share(&files->policy, exchange);
}

static bool copy_index(hw_static *files, const char *const *index)
{
    static const char *const usual[] = {"index.html", NULL};
    if (!index)
        index = usual;
    size_t count = 0;
    while (index[count])
        count++;
    const char **names = hw_arena_alloc_zeroed(&files->names, count, sizeof *names);
    if (!names)
        return false;
    for (size_t i = 0; i < count; i++) {
        names[i] = hw_arena_copy(&files->names, hw_text_of(index[i]));
        if (!names[i])
            return false;
    }
    files->lookup.index = names;
    files->lookup.index_count = count;
    return true;
}

static bool copy_navigation(hw_static *files, const hw_static_setup *setup)
{
    files->lookup.lists = setup->lists && !setup->only;
    files->lookup.has_clean_urls = setup->has_clean_urls && !setup->only;
    files->lookup.policy = &files->policy;
    files->standin.is_no_page = setup->only != NULL;
    if (!setup->spa || setup->only)
        return true;
    char *path = hw_arena_format(&files->names, "/%s", setup->spa);
    if (path)
        files->standin.spa = hw_text_of(path);
    return path != NULL;
}

static int open_root(hw_static *files, const hw_static_setup *setup)
{
    hw_root rule = {
        .folder = setup->folder,
        .shows_hidden = setup->shows_hidden,
        .follows_links = setup->follows_links,
    };
    if (setup->only && !hw_arena_copy_text(&files->names, hw_text_of(setup->only), &rule.only))
        return -ENOMEM;
    return hw_root_open(&files->lookup.root, &rule);
}

int hw_static_new(const hw_static_setup *setup, hw_static **ret_files)
{
    hw_static *files = hw_sys_alloc_zeroed(1, sizeof *files);
    if (!files)
        return -ENOMEM;
    hw_arena_init(&files->names, 1024, STATIC_NAMES_BYTES_MAX);
    files->answerer =
        (hw_answerer){plan_static, answer_static_quickly, answer_static, files, &files->pace};
    files->lookup.root.folder = -1;
    files->slot = NO_SLOT;
    files->fresh_ms = setup->fresh_ms;
    files->lookup.is_uncompressed = setup->is_uncompressed || setup->only;
    int error = copy_index(files, setup->index) && copy_navigation(files, setup) ? 0 : -ENOMEM;
    if (error == 0)
        error = hw_policy_make(&setup->policy, &files->names, &files->policy);
    if (error == 0)
        error = open_root(files, setup);
    if (files->policy.cors.count > 0) {
        files->answerer.quick = share_static_quickly;
        files->answerer.answer = share_static;
    }
    if (error < 0) {
        hw_static_free(files);
        return error;
    }
    *ret_files = files;
    return 0;
}

void hw_static_free(hw_static *files)
{
    if (!files)
        return;
    hw_press_release(files->lookup.press);
    hw_hasher_release(files->lookup.hasher);
    hw_root_close(&files->lookup.root);
    hw_arena_fini(&files->names);
    hw_sys_free(files);
}

const hw_answerer *hw_static_answerer(const hw_static *files)
{
    return &files->answerer;
}

void hw_static_bind(hw_static *files, size_t slot, size_t site)
{
    files->slot = slot;
    files->site = site;
}

void hw_static_take_press(hw_static *files, hw_press *press)
{
    files->lookup.press = press;
}

void hw_static_take_hasher(hw_static *files, hw_hasher *hasher)
{
    files->lookup.hasher = hasher;
}
