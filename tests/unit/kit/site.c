/* Makes a folder of files and drives the answerer that serves it, as a driver would. */
#include "unit/kit/site.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/status.h"
#include "seam/seam.h"

static void note_item(void *arg, hw_sink_kind kind, const void *item)
{
    test_site *site = arg;
    if (kind == HW_SINK_FAULT)
        site->fault = *(const hw_fault *)item;
    else if (kind == HW_SINK_STEP && strcmp(((const hw_step *)item)->file, "kit/static") == 0)
        site->steps++;
}

const char *site_path(test_site *site, const char *name)
{
    static char path[8192];
    int length = snprintf(path, sizeof path, "%s/%s", site->folder, name);
    assert_true(length > 0 && (size_t)length < sizeof path);
    return path;
}

static void write_file(test_site *site, const char *name, const void *content, size_t bytes)
{
    int fd = open(site_path(site, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, bytes), bytes);
    close(fd);
    site_date(site, name, SITE_DATE);
}

void site_put(test_site *site, const char *name, const char *content)
{
    write_file(site, name, content, strlen(content));
}

void site_make_folder(test_site *site, const char *name)
{
    assert_int_equal(mkdir(site_path(site, name), 0755), 0);
}

void site_link(test_site *site, const char *name, const char *target)
{
    assert_int_equal(symlink(target, site_path(site, name)), 0);
}

void site_date(test_site *site, const char *name, int64_t seconds)
{
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, site_path(site, name), times, 0), 0);
}

static void write_big_file(test_site *site)
{
    static char bytes[SITE_BIG_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + (i >> 8));
    write_file(site, "www/big.bin", bytes, sizeof bytes);
}

static int remove_entry(const char *path, const struct stat *seen, int kind, struct FTW *where)
{
    (void)seen;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_folder(test_site *site)
{
    if (site->folder[0])
        (void)nftw(site->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    site->folder[0] = '\0';
}

/* Where an allocation was made to fail nothing can be said about the answer. */
void site_stop_if_struck(test_site *site)
{
    if (!hw_test_is_struck())
        return;
    remove_folder(site);
    site_close(site);
    hw_test_out_of_memory();
}

void site_open(test_site *site)
{
    *site = (test_site){.now = SITE_NOW};
    snprintf(site->folder, sizeof site->folder, "/tmp/hewn-site-XXXXXX");
    assert_non_null(mkdtemp(site->folder));
    site_make_folder(site, "www");
    site_make_folder(site, "www/dir");
    site_make_folder(site, "www/noindex");
    site_put(site, "www/hello.txt", "hello, world\n");
    site_put(site, "www/ten.txt", "0123456789");
    site_put(site, "www/empty.txt", "");
    site_put(site, "www/index.html", "<p>index</p>\n");
    site_put(site, "www/dir/index.html", "<p>dir</p>\n");
    site_put(site, "www/noindex/x.txt", "x\n");
    site_put(site, "www/.hidden", "no\n");
    write_big_file(site);
    site->sink = (hw_sink){note_item, site, .steps = true};
    site->place = (hw_place){.sink = &site->sink};
    /* Each piece in a block of its own, so that each can be the one there is no memory for. */
    hw_exchange_init(&site->exchange, 64, (size_t)128 * 1024);
    site_serve(site, &(hw_static_setup){0});
}

int site_open_root(test_site *site)
{
    int folder = open(site_path(site, "www"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    return folder;
}

void site_serve(test_site *site, const hw_static_setup *setup)
{
    hw_static_setup complete = *setup;
    site->index = setup->index;
    hw_static_free(site->files);
    site->files = NULL;
    complete.folder = site_open_root(site);
    complete.policy = site->policy;
    int error = hw_static_new(&complete, &site->files);
    close(complete.folder);
    site_stop_if_struck(site);
    HW_NEED_OK(error);
    site->answerer = hw_static_answerer(site->files);
}

static void make_cache(test_site *site, const hw_share *share)
{
    static const hw_share enough = {(size_t)1024 * 1024, 16};
    site->cache = calloc(1, site->local.size);
    assert_non_null(site->cache);
    int error = site->local.init(site->cache, site->local.arg, share ? share : &enough);
    if (error < 0) {
        free(site->cache);
        site->cache = NULL;
    }
    site_stop_if_struck(site);
    HW_NEED_OK(error);
    site->place.locals = &site->cache;
    site->place.local_count = 1;
}

hw_hasher *site_new_hasher(test_site *site)
{
    hw_hasher *hasher = NULL;
    int error = hw_hasher_new(&hasher);
    site_stop_if_struck(site);
    HW_NEED_OK(error);
    return hasher;
}

void site_press(test_site *site)
{
    int error = hw_press_new(&site->press);
    site_stop_if_struck(site);
    HW_NEED_OK(error);
    hw_press_grow(site->press, (size_t)1024 * 1024);
    hw_static_take_press(site->files, site->press);
}

void site_remember(test_site *site, const hw_share *share, unsigned fresh_ms)
{
    site->cache_setup = (hw_cache_setup){.site_count = 1};
    hw_static_setup setup = site->setup;
    setup.index = site->index;
    setup.fresh_ms = fresh_ms;
    site_serve(site, &setup);
    site->local = hw_cache_local(&site->cache_setup);
    make_cache(site, share);
    site->hasher = site_new_hasher(site);
    hw_static_take_hasher(site->files, site->hasher);
    hw_static_bind(site->files, 0, 0);
}

void site_ask_app(test_site *site, hewn_app *app)
{
    size_t count;
    (void)hw_app_seal(app, false);
    if (hw_app_fault(app)) {
        hewn_app_free(app);
        site_stop_if_struck(site);
    }
    const hw_local *locals = hw_app_locals(app, &count);
    site->answerer = hw_app_answerer(app);
    assert_int_equal(count, 1);
    site->local = locals[0];
    make_cache(site, NULL);
}

void site_forget(test_site *site)
{
    hw_exchange_reset(&site->exchange);
    if (site->cache)
        site->local.fini(site->cache);
    free(site->cache);
    site->cache = NULL;
    site->place = (hw_place){.sink = &site->sink};
}

void site_close(test_site *site)
{
    site_forget(site);
    hw_static_free(site->files);
    site->files = NULL;
    hw_exchange_fini(&site->exchange);
    remove_folder(site);
}

static hw_field read_field_line(const char *line)
{
    hw_text text = hw_text_of(line);
    size_t colon = hw_text_find(text, ':');
    hw_text name = hw_text_upto(text, colon);
    return (hw_field){name, hw_text_trim(hw_text_from(text, colon + 1)), hw_field_id_of(name)};
}

static void take_piece(test_site *site, const hw_piece *piece)
{
    char *end = site->body + site->body_length;
    size_t room = sizeof site->body - 1 - site->body_length;
    size_t length = piece->bytes.length ? piece->bytes.length : piece->file.length;
    assert_true(length > 0 && length <= room);
    if (piece->bytes.length) {
        memcpy(end, piece->bytes.at, length);
    } else {
        site->is_file = true;
        assert_int_equal(pread(piece->file.fd, end, length, (off_t)piece->file.offset), length);
    }
    site->body_length += length;
}

/* As the driver does it where handlers run. False: nobody writes, or what is written does not come
 * at once. */
static bool run_feeder(hw_feeder *feeder)
{
    if (!feeder || feeder->has_thread)
        return false;
    feeder->said = feeder->run(feeder);
    if (feeder->said < 0)
        hw_flow_fail(&feeder->flow, feeder->said);
    else if (feeder->said == HW_FEED_END)
        hw_flow_end(&feeder->flow);
    return feeder->said != HW_FEED_WAIT;
}

static hw_pull pull_piece(test_site *site, hw_source *body, hw_piece *ret_piece)
{
    hw_pull pull;
    do
        pull = hw_source_pull(body, 7000, ret_piece);
    while (pull == HW_PULL_WAIT && run_feeder(site->exchange.response.feeder));
    return pull;
}

/* HEAD pulls nothing, but its answer has a body whose length is told. */
static void pull_body(test_site *site)
{
    hw_source *body = site->exchange.response.body;
    hw_piece piece;
    hw_pull pull = HW_PULL_END;
    site->body_length = 0;
    site->is_file = false;
    bool has_content = hw_status_has_content(site->exchange.response.status);
    if (site->exchange.request.method != HW_METHOD_HEAD && has_content && body) {
        while ((pull = pull_piece(site, body, &piece)) == HW_PULL_BYTES || pull == HW_PULL_FILE)
            take_piece(site, &piece);
        site_stop_if_struck(site); /* what is made while it is pulled breaks off then */
        if (body->length != HW_LENGTH_UNKNOWN)
            assert_true(body->length == HW_LENGTH_UNKNOWN || site->body_length == body->length);
    }
    site->pull = pull;
    if (!site->may_fail)
        assert_int_equal(pull, HW_PULL_END);
    site->body[site->body_length] = '\0';
}

static int answer_question(test_site *site)
{
    hw_exchange *exchange = &site->exchange;
    const hw_answerer *answerer = site->answerer;
    const hw_problem *problem = hw_exchange_begin(exchange, false, &hw_carrier_nobody, &site->place,
                                                  site->now * 1000 + site->now_ms, 0);
    if (problem)
        return problem->status;
    exchange->answerer = answerer;
    exchange->plan = answerer->plan(answerer->arg, exchange);
    answerer = exchange->answerer; /* the plan may have put another in its place */
    assert_int_equal(exchange->plan.kind, HW_PLAN_NONE);
    if (site->cache && site->local.descriptor(site->cache) >= 0)
        hw_notice_read(site->cache); /* as the loop does before all else */
    exchange->is_quick = true;
    site->was_quick =
        !site->skips_quick && answerer->quick && answerer->quick(answerer->arg, exchange);
    exchange->is_quick = false;
    if (!site->was_quick)
        answerer->answer(answerer->arg, exchange);
    if (exchange->left.item && !site->was_quick)
        hw_cache_end(site->cache, exchange->left.item);
    exchange->left.item = NULL;
    return 0;
}

int site_ask(test_site *site, const char *method, const char *target, ...)
{
    hw_field fields[8];
    size_t count = 0;
    va_list lines;
    va_start(lines, target);
    for (const char *line; (line = va_arg(lines, const char *)) != NULL; count++) {
        assert_true(count < sizeof fields / sizeof fields[0]);
        fields[count] = read_field_line(line);
    }
    va_end(lines);
    hw_exchange_reset(&site->exchange);
    site->exchange.request = (hw_request){
        .method = hw_method_of(hw_text_of(method)),
        .method_name = hw_text_of(method),
        .raw_target = hw_text_of(target),
        .protocol = HW_TEXT("HTTP/1.1"),
        .fields = hw_fields_of(fields, count),
    };
    site->fault = (hw_fault){0};
    site->steps = 0;
    int problem = answer_question(site);
    site_stop_if_struck(site);
    if (problem)
        return problem;
    if (site->exchange.response.kind == HW_RESPONSE_STARVED)
        return SITE_STARVED;
    assert_int_equal(site->exchange.response.kind, HW_RESPONSE_MESSAGE);
    assert_false(site->exchange.response.is_broken);
    pull_body(site);
    return site->exchange.response.status;
}

const char *site_field(test_site *site, const char *name)
{
    static char value[4096];
    const hw_response *response = &site->exchange.response;
    size_t prepared = response->prepared ? response->prepared->fields.count : 0;
    const char *found = NULL;
    for (size_t i = 0; i < prepared + response->field_count; i++) {
        const hw_field *field =
            i < prepared ? &response->prepared->fields.at[i] : &response->fields[i - prepared];
        if (!hw_text_equal_nocase(field->name, hw_text_of(name)))
            continue;
        assert_null(found);
        assert_true(field->value.length < sizeof value);
        snprintf(value, sizeof value, "%.*s", HW_TEXT_ARGS(field->value));
        found = value;
    }
    return found;
}

void site_expect_field(test_site *site, const char *name, const char *value)
{
    const char *found = site_field(site, name);
    if (!found)
        fail_msg("no field %s", name);
    assert_string_equal(found, value);
}

void site_expect_body(test_site *site, const char *body)
{
    assert_int_equal(site->body_length, strlen(body));
    assert_memory_equal(site->body, body, strlen(body));
}
