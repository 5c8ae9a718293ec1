/* A folder of files in a temporary place, and questions to the answerer that serves it.
 *
 * It always has hello.txt, ten.txt, empty.txt, index.html, dir/index.html, noindex/x.txt, .hidden
 * and big.bin, all dated 2023-11-14 22:13:20 UTC; it is an hour later. */
#ifndef HW_TESTS_SITE_H
#define HW_TESTS_SITE_H

#include "app/app.h"
#include "base/error.h"
#include "exchange/exchange.h"
#include "kit/cache.h"
#include "kit/static.h"
#include "unit/harness.h"

#define SITE_DATE 1700000000
#define SITE_NOW (SITE_DATE + 3600)
#define SITE_BIG_BYTES 80000

typedef struct test_site {
    char folder[64]; /* the root is "www" in it */
    hw_static *files;
    const hw_answerer *answerer; /* who is asked: theirs, unless a test puts another here */
    hw_exchange exchange;
    hw_place place;
    hw_sink sink;
    hw_fault fault; /* what the sink was told last */
    unsigned steps;
    int64_t now, now_ms; /* seconds, and milliseconds beside them */
    bool skips_quick;    /* ask `answer` at once, as middleware may */
    bool was_quick;      /* the last answer came from the quick step */
    char body[SITE_BIG_BYTES + 1];
    size_t body_length;
    hw_pull pull;             /* how the last body ended */
    bool may_fail;            /* it need not be whole */
    bool is_file;             /* the last body had segments of a file */
    hw_policy_setup policy;   /* of the answerers that are made from now on */
    hw_static_setup setup;    /* of the answerer that site_remember makes, but for its index */
    const char *const *index; /* as the answerer was given it */
    hw_cache_setup cache_setup;
    hw_local local;
    hw_press *press;   /* likewise, from site_press on */
    hw_hasher *hasher; /* the remembering answerer's, borrowed */
    void *cache;       /* a hw_cache; NULL: nothing is remembered */
} test_site;

void site_open(test_site *site);
int site_open_root(test_site *site); /* the caller's to close */
/* Another answerer for the same folder. */
void site_serve(test_site *site, const hw_static_setup *setup);
/* The caller's. */
hw_hasher *site_new_hasher(test_site *site);
/* From now on the answerer has a loop's cache; `share` NULL: with room enough. */
void site_remember(test_site *site, const hw_share *share, unsigned fresh_ms);
/* From now on the answerer codes files on their way, and has them pressed. */
void site_press(test_site *site);
/* No cache any more. */
void site_forget(test_site *site);
/* Asks an app, which has mounted files. */
void site_ask_app(test_site *site, hewn_app *app);
void site_close(test_site *site);
/* Ends the test where an injected failure struck: nothing can be said then. */
void site_stop_if_struck(test_site *site);

/* What the tests change in the folder; names are relative to `folder`. */
void site_put(test_site *site, const char *name, const char *content);
void site_make_folder(test_site *site, const char *name);
void site_link(test_site *site, const char *name, const char *target);
void site_date(test_site *site, const char *name, int64_t seconds);
const char *site_path(test_site *site, const char *name); /* valid until the next call */

/* What site_ask returns when the answerer wants to be asked again. */
#define SITE_STARVED (-1)

/* Asks and returns the status: ask(site, "GET", "/ten.txt", "range: bytes=0-3", NULL). A problem
 * with the target gives its status. */
int site_ask(test_site *site, const char *method, const char *target, ...)
    __attribute__((sentinel));
#define site_get(site, target) site_ask((site), "GET", (target), (const char *)NULL)

/* Of the last answer. NULL: there is no such field; more than one fails the test. */
const char *site_field(test_site *site, const char *name);
void site_expect_field(test_site *site, const char *name, const char *value);
void site_expect_body(test_site *site, const char *body);

#endif
