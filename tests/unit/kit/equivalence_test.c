/* A server that remembers files answers byte for byte like one that does not, but for the boundaries
 * of several ranges, which are never the same.
 *
 * Two servers have the same folder, one with a cache and one without. Thousands of requests are
 * made up (names that are there and are not, conditions with tags that are right and wrong, ranges,
 * methods), several at a time, and sent to both; between them the folder is changed, in every way a
 * folder can be. What comes back must be the same. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"
#include "seam/seam.h"
#include "unit/kit/site.h"
#include "unit/server/rig.h"

#define ROUNDS 3000
#define PIPELINE_MAX 5
#define NS_PER_S INT64_C(1000000000)

typedef struct twins {
    test_site site;
    hw_static *plain; /* the same folder, without a cache */
    test_rig cached, uncached;
    hw_pipe *cached_client, *uncached_client;
    char tag[128];    /* of what was answered last */
    unsigned recoded; /* so often it was coded on its way */
    uint64_t state;
} twins;

static unsigned draw(twins *t, unsigned below)
{
    t->state = t->state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(t->state >> 33) % below;
}

static const char *pick(twins *t, const char *const *of, unsigned count)
{
    return of[draw(t, count)];
}

#define PICK(t, array) pick((t), (array), sizeof(array) / sizeof *(array))

static const char *const files[] = {
    "www/hello.txt",     "www/ten.txt",        "www/index.html",
    "www/a/x.css",       "www/dir/index.html", "www/noindex/index.html",
    "www/b/y",           "www/link.txt",       "www/hello.txt.gz",
    "www/index.html.br", "www/a/x.css.zst",    "www/a/x.css.gz",
    "www/a.html",        "www/404.html",       "www/a/x.html",
    "www/404.html.gz",   "www/a.html.br"};

static void change_folder(twins *t)
{
    static const char *const folders[] = {"www/a", "www/b", "www/dir", "www/c"};
    test_site *site = &t->site;
    char content[800], other[256];
    const char *name = PICK(t, files);
    struct stat seen;
    snprintf(content, sizeof content, "%0*u", (int)draw(t, draw(t, 3) == 0 ? 190 : 790) + 1,
             draw(t, 1000000));
    snprintf(other, sizeof other, "%s", site_path(site, PICK(t, folders)));
    switch (draw(t, 5)) {
    case 0:
        (void)unlink(site_path(site, name));
        break;
    case 1: /* of folders, as often as it happens to work */
        (void)rename(other, site_path(site, PICK(t, folders)));
        break;
    case 2:
        (void)mkdir(site_path(site, PICK(t, folders)), 0755);
        break;
    case 3: /* by another file, made ready elsewhere */
        site_put(site, "outside", content);
        snprintf(other, sizeof other, "%s", site_path(site, "outside"));
        (void)rename(other, site_path(site, name));
        break;
    default: /* in place; where there is no folder for it, nothing changes */
        if (stat(site_path(site, name), &seen) == 0 && S_ISREG(seen.st_mode))
            site_put(site, name, content);
    }
}

static void put_conditions(twins *t, hw_buffer *out)
{
    static const char *const dates[] = {"Tue, 14 Nov 2023 22:13:20 GMT",
                                        "Tue, 14 Nov 2023 22:13:19 GMT",
                                        "Tue, 14 Nov 2023 22:13:21 GMT", "not a date"};
    static const char *const ranges[] = {"bytes=0-3",        "bytes=-5",
                                         "bytes=-0",         "bytes=4-",
                                         "bytes=9-2",        "bytes=900000-",
                                         "lines=1-2",        "bytes=1-2,4-5",
                                         "bytes=0-0,0",      "bytes=1-70000",
                                         "bytes=70000-",     "bytes=0-1,8-",
                                         "bytes=5-,0-2,1-3", "bytes=0-70000,75000-"};
    static const char *const tags[] = {"If-None-Match", "If-Match", "If-Range"};
    static const char *const times[] = {"If-Modified-Since", "If-Unmodified-Since", "If-Range"};
    static const char *const origins[] = {"https://a.example", "https://b.example", "null"};
    static const char *const accepted[] = {"text/html", "application/json", "*/*"};
    unsigned kinds = draw(t, 16);
    if (kinds & 1)
        hw_buffer_put_format(out, "Range: %s\r\n", PICK(t, ranges));
    if (kinds & 2)
        hw_buffer_put_format(out, "%s: %s\r\n", PICK(t, tags),
                             draw(t, 3) ? t->tag : "\"other\", *");
    if (kinds & 4)
        hw_buffer_put_format(out, "%s: %s\r\n", PICK(t, times), PICK(t, dates));
    if (draw(t, 2) == 0)
        hw_buffer_put_format(out, "Accept: %s\r\n", PICK(t, accepted));
    if (draw(t, 3) == 0)
        hw_buffer_put_format(out, "Origin: %s\r\n", PICK(t, origins));
    if ((kinds & 8) && draw(t, 4) == 0)
        hw_buffer_put_format(out, "If-None-Match: *\r\n");
}

static void put_request(twins *t, hw_buffer *out)
{
    static const char *const codings[] = {"gzip, deflate, br, zstd", "gzip", "br;q=0.5, zstd",
                                          "identity;q=0, zstd", "*;q=0"};
    static const char *const methods[] = {"GET",  "GET",     "GET", "GET",
                                          "HEAD", "OPTIONS", "PUT", "FROB"};
    static const char *const targets[] = {"/",
                                          "/hello.txt",
                                          "/hello.txt?x=1",
                                          "/ten.txt",
                                          "/empty.txt",
                                          "/big.bin",
                                          "/a",
                                          "/a/",
                                          "/a/x.css",
                                          "/a/x.css.gz",
                                          "/b/y",
                                          "/b",
                                          "/c/x.css",
                                          "/dir",
                                          "/dir/",
                                          "/dir?q",
                                          "/dir/a/../",
                                          "/%68ello.txt",
                                          "/.hidden",
                                          "/noindex",
                                          "/noindex/",
                                          "/no/such/file",
                                          "/hello.txt/",
                                          "/link.txt",
                                          "/x~",
                                          "/c/",
                                          "/dir/index.html",
                                          "/../up",
                                          "/lin%6b.txt",
                                          "/index.html",
                                          "/c/y",
                                          "/a/x",
                                          "/index",
                                          "/view",
                                          "/deep/view/",
                                          "/404.html",
                                          "/404",
                                          "/?sort=-size"};
    hw_buffer_put_format(out, "%s %s HTTP/1.1\r\nHost: a\r\n", PICK(t, methods), PICK(t, targets));
    if (draw(t, 2))
        hw_buffer_put_format(out, "Accept-Encoding: %s\r\n", PICK(t, codings));
    if (draw(t, 3) == 0)
        put_conditions(t, out);
    hw_buffer_put_string(out, "\r\n");
}

static void open_rig(test_rig *rig, const hw_static *static_files, hw_pipe **ret_client)
{
    rig->answerer = *hw_static_answerer(static_files);
    rig_open(rig);
    hw_seam_clock_freeze(NS_PER_S, SITE_NOW * NS_PER_S);
    rig->shared.limits.requests_max = UINT_MAX;
    *ret_client = rig_connect(rig, (size_t)1024 * 1024);
}

/* Navigation is one of: none of it, a page for an application, folders that are listed. */
static void open_twins(twins *t, const hw_static_setup *navigation)
{
    static const hw_share share = {(size_t)64 * 1024, 2};
    static const hewn_field fields[] = {{"Referrer-Policy", "no-referrer"}};
    static const char *const origins[] = {"https://a.example", NULL};
    int folder;
    *t = (twins){.state = 1};
    site_open(&t->site);
    site_make_folder(&t->site, "www/a");
    site_make_folder(&t->site, "www/b");
    t->site.policy = (hw_policy_setup){fields, 1, origins, true, 0};
    site_serve(&t->site, navigation);
    site_put(&t->site, "www/a/x.css", "x{}");
    site_put(&t->site, "www/b/y", "yyy");
    site_link(&t->site, "www/link.txt", "ten.txt");
    folder = site_open_root(&t->site);
    hw_static_setup setup = *navigation;
    setup.folder = folder;
    setup.policy = t->site.policy;
    HW_NEED_OK(hw_static_new(&setup, &t->plain));
    close(folder);
    t->site.cache_setup = (hw_cache_setup){.site_count = 1};
    t->site.local = hw_cache_local(&t->site.cache_setup);
    hw_hasher *hasher = site_new_hasher(&t->site);
    hw_static_take_hasher(t->site.files, hasher);
    hw_static_bind(t->site.files, 0, 0);
    hw_static_take_hasher(t->plain, hw_hasher_hold(hasher));
    /* Both code on the way, and nothing comes of the press: no thread starts. */
    site_press(&t->site);
    hw_static_take_press(t->plain, hw_press_hold(t->site.press));
    hw_seam_fail_from("thread_start", 1, EAGAIN);
    t->cached.shared.locals = &t->site.local;
    t->cached.shared.local_count = 1;
    t->cached.shared.share = share;
    open_rig(&t->cached, t->site.files, &t->cached_client);
    open_rig(&t->uncached, t->plain, &t->uncached_client);
}

static void close_twins(twins *t)
{
    hw_pipe_close(t->cached_client);
    hw_pipe_close(t->uncached_client);
    rig_close(&t->cached);
    rig_close(&t->uncached);
    hw_static_free(t->plain);
    site_close(&t->site);
}

static void learn_tag(twins *t, hw_text received)
{
    const char *found = memmem(received.at, received.length, "ETag: ", 6);
    if (!found)
        return;
    hw_text tag = {found + 6, (size_t)(received.at + received.length - found) - 6};
    tag = hw_text_upto(tag, hw_text_find(tag, '\r'));
    (void)snprintf(t->tag, sizeof t->tag, "%.*s", HW_TEXT_ARGS(tag));
}

static void reconnect_if_closed(test_rig *rig, hw_pipe **client)
{
    if (!hw_pipe_is_ended(*client))
        return;
    hw_pipe_close(*client);
    hw_loop_settle(&rig->lane.loop);
    *client = rig_connect(rig, (size_t)1024 * 1024);
}

static void ask_twins(twins *t, const char *requests)
{
    rig_send(&t->cached, t->cached_client, requests);
    rig_send(&t->uncached, t->uncached_client, requests);
    hw_text one = hw_pipe_received(t->cached_client), other = hw_pipe_received(t->uncached_client);
    assert_true(one.length > 0);
    parts_blank_boundaries((char *)one.at, one.length);
    parts_blank_boundaries((char *)other.at, other.length);
    if (!hw_text_equal(one, other)) {
        print_error("%s\n--- cached:\n%.*s\n", requests, HW_TEXT_ARGS(one));
        print_error("--- not:\n%.*s\n", HW_TEXT_ARGS(other));
        fail();
    }
    learn_tag(t, one);
    t->recoded += memmem(one.at, one.length, "-br\"", 4) != NULL;
    hw_pipe_take(t->cached_client, one.length);
    hw_pipe_take(t->uncached_client, other.length);
    reconnect_if_closed(&t->cached, &t->cached_client);
    reconnect_if_closed(&t->uncached, &t->uncached_client);
}

static void compare_twins(const hw_static_setup *navigation)
{
    static twins t;
    char memory[8192];
    open_twins(&t, navigation);
    for (unsigned round = 0; round < ROUNDS; round++) {
        hw_buffer requests = HW_BUFFER_OVER(memory);
        for (unsigned i = 0, count = 1 + draw(&t, PIPELINE_MAX); i < count; i++)
            put_request(&t, &requests);
        if (draw(&t, 4) == 0)
            change_folder(&t);
        assert_non_null(hw_buffer_string(&requests));
        ask_twins(&t, requests.at);
    }
    hw_cache *cache = t.cached.lane.place.locals[0];
    assert_true(cache->epoch > ROUNDS / 8);
    assert_true(t.recoded > ROUNDS / 200);
    close_twins(&t);
}

HW_LONG_TEST(static_answers_from_a_cache_as_it_does_without)
{
    compare_twins(&(hw_static_setup){0});
}

HW_LONG_TEST(static_navigates_from_a_cache_as_it_does_without)
{
    compare_twins(&(hw_static_setup){.has_clean_urls = true, .spa = "index.html"});
}

HW_LONG_TEST(static_lists_beside_a_cache_as_it_does_without)
{
    compare_twins(&(hw_static_setup){.has_clean_urls = true, .lists = true});
}
