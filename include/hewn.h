/* hewn.h - web applications in C17.
 *
 *     static hewn_response *hello(hewn_request *rq)
 *     {
 *         return hewn_textf(rq, 200, "Hello, %s!\n", hewn_or(hewn_query(rq, "name"), "world"));
 *     }
 *
 *     int main(int argc, char **argv)
 *     {
 *         hewn_app *app = hewn_new();
 *         hewn_get(app, "/", hello);
 *         return hewn_main(app, argc, argv);
 *     }
 *
 * MEMORY   Every pointer the library hands to a handler lives in that request's arena: until the
 *          response has been sent. You never free one. Keep it longer: copy it.
 * STRINGS  NUL-terminated, no embedded NUL (such requests get 400). What a client sent may hold any
 *          other byte; it need not be UTF-8.
 * ERRORS   int: 0 or a positive count; negative errno. Pointer: NULL = absent. A function that
 *          makes a response never returns NULL: without memory it is a static 500. Misuse that no
 *          request can trigger aborts; misuse that a request can trigger aborts in development,
 *          and is a logged 500 in production.
 * THREADS  Handlers run concurrently (two calls of one handler can overlap): guard what you share.
 *          A handler may block, for as long as its timeout_ms: another thread goes on with
 *          everybody else. It has 128 KiB of stack.
 *          Functions that take a request or a response may be called only by the thread that runs
 *          its handler, while it runs.
 * ABI      Option structs start with .size (filled by the macros). Zero means the default;
 *          HEWN_NONE and HEWN_UNLIMITED say so in words. A tail the library does not know must be
 *          zero, or registration aborts; so must members that are declared but not available in
 *          this version, which it names. */
#ifndef HEWN_H
#define HEWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HEWN_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define HEWN_MUST_USE __attribute__((warn_unused_result))
#else
#define HEWN_PRINTF(format_at, first_at)
#define HEWN_MUST_USE
#endif

#define HEWN_NONE UINT64_MAX            /* a limit of nothing at all */
#define HEWN_UNLIMITED (UINT64_MAX - 1) /* no limit */

typedef long long hewn_int; /* whole numbers, so that %lld needs no cast */

typedef struct hewn_app hewn_app;         /* routes and what they share */
typedef struct hewn_server hewn_server;   /* listeners and threads around one app: hewn/server.h */
typedef struct hewn_request hewn_request; /* one request and its arena */
typedef struct hewn_response hewn_response; /* one response under construction */
typedef struct hewn_next hewn_next;     /* the rest of the middleware chain; not available yet */
typedef struct hewn_schema hewn_schema; /* members of a C struct to bind to; not available yet */

/* Answers a request: returns what one of the functions below made for it, never NULL. */
typedef hewn_response *hewn_handler(hewn_request *rq);
typedef hewn_response *hewn_middleware(hewn_request *rq, hewn_next *next, void *arg);

/* Applications. */

typedef struct hewn_app_opts {
    size_t size;                /* sizeof(hewn_app_opts) */
    void *state;                /* what hewn_state(rq) returns to the handlers of this app */
    void (*state_free)(void *); /* called with it when the last reference to the app goes */
    uint64_t body_bytes_max;    /* default 1 MiB; a larger body is 413 before the handler runs */
    unsigned timeout_ms;        /* for an answer; default 30 000; then the client gets a 504,
                                 * or a 503 when no thread was free for the handler */
    bool serial;                /* not available in this version */
    const char *const *secrets; /* not available in this version */
    const char *title;          /* not available in this version */
    const char *version;        /* not available in this version */
} hewn_app_opts;

/* A new application without routes. opts may be NULL; its strings may go afterwards.
 * Owns: the caller has a reference; a server takes its own. `state` is the app's from success on.
 * Errors: NULL when there is no memory. Every function here accepts that NULL as an app and does
 * nothing, and hewn_main says it: a program need not check. */
hewn_app *hewn_app_new(const hewn_app_opts *opts);

/* Gives a reference back; with the last one the app goes. NULL is fine.
 * Threads: any. */
void hewn_app_free(hewn_app *app);

#ifndef __cplusplus
/* hewn_new(.state = db, .state_free = db_close): hewn_app_new with options by name. */
#define hewn_new(...)                                                                              \
    hewn_app_new(&(const hewn_app_opts){.size = sizeof(hewn_app_opts), __VA_ARGS__})
#endif

/* Routes. */

enum { HEWN_BODY_BUFFER = 0, HEWN_BODY_STREAM = 1 }; /* STREAM: not available in this version */

typedef struct hewn_route {
    size_t size;             /* sizeof(hewn_route) */
    hewn_handler *handler;   /* required */
    uint64_t body_bytes_max; /* default: the app's */
    unsigned timeout_ms;     /* default: the app's */
    int body;                /* HEWN_BODY_* */
    bool blocking;           /* it waits as a rule: never run it where a loop would wait for it */
    bool no_csrf;            /* not available in this version */
    const char *name;        /* not available in this version */
    const char *summary;     /* not available in this version */
    const hewn_schema *in, *out;  /* not available in this version */
    hewn_middleware *const *with; /* not available in this version */
    void *arg;                    /* what hewn_arg(rq) returns to the handler */
} hewn_route;

/* Sends requests with this method and path to a handler.
 *
 * The pattern is a path as it reads decoded: it begins with "/" and matches the whole path: "/" is
 * only the root, "/x" and "/x/" are two. Patterns with {parameters} are not available in this
 * version. The method is case-sensitive; "*" is any that the path has no route of its own for. GET
 * answers HEAD, and OPTIONS and 405 with its Allow field are automatic. A route beats a folder
 * (hewn_static) mounted over its path. file and line say where the route is written; the macros
 * below fill them in.
 *
 * A bad pattern or method, the same route twice, options that make no sense, a route added after a
 * server has taken the app: abort, naming file and line.
 * Owns: nothing; pattern, method and options are copied.
 * Errors: -ENOMEM, which hewn_server_new and hewn_main will report too. */
int hewn_route_add(hewn_app *app, const char *method, const char *pattern, const hewn_route *route,
                   const char *file, int line);

#ifndef __cplusplus /* C++ calls hewn_route_add and hewn_app_new with structs */
#if defined(__has_attribute)
#if __has_attribute(error) && defined(__OPTIMIZE__)
#define HEWN_CHECKS_PATTERNS_ 1
#endif
#endif
#ifdef HEWN_CHECKS_PATTERNS_
void hewn_bad_pattern_(void) __attribute__((error("a route's pattern must begin with '/'")));
#define HEWN_PATTERN_(pattern)                                                                     \
    (__builtin_constant_p((pattern)[0]) && (pattern)[0] != '/' ? hewn_bad_pattern_() : (void)0)
#else
#define HEWN_PATTERN_(pattern) ((void)0)
#endif
#define HEWN_ROUTE_(app, method, pattern, ...)                                                     \
    (HEWN_PATTERN_(pattern),                                                                       \
     (void)hewn_route_add((app), (method), (pattern),                                              \
                          &(const hewn_route){.size = sizeof(hewn_route), .handler = __VA_ARGS__}, \
                          __FILE__, __LINE__))

/* hewn_post(app, "/notes", add_note, .body_bytes_max = 4096): a handler, then options by name. */
#define hewn_get(app, pattern, ...) HEWN_ROUTE_(app, "GET", pattern, __VA_ARGS__)
#define hewn_post(app, pattern, ...) HEWN_ROUTE_(app, "POST", pattern, __VA_ARGS__)
#define hewn_put(app, pattern, ...) HEWN_ROUTE_(app, "PUT", pattern, __VA_ARGS__)
#define hewn_patch(app, pattern, ...) HEWN_ROUTE_(app, "PATCH", pattern, __VA_ARGS__)
#define hewn_delete(app, pattern, ...) HEWN_ROUTE_(app, "DELETE", pattern, __VA_ARGS__)
#define hewn_any(app, pattern, ...) HEWN_ROUTE_(app, "*", pattern, __VA_ARGS__)
#endif

/* Serves the files of a folder, and what is below it, under a prefix: "/" or "/assets". It is
 * hewn_files of hewn/server.h with its defaults. A bad prefix aborts. A folder that cannot be
 * opened is reported by hewn_server_new and hewn_main. */
void hewn_static(hewn_app *app, const char *prefix, const char *folder);

/* The request. */

const char *hewn_method(const hewn_request *rq); /* "GET" */

/* The path, decoded and in canonical form, below the mount: it begins with "/". */
const char *hewn_path(const hewn_request *rq);

/* The value of the first pair of this name in the query, decoded; NULL if absent, where the
 * query is broken before it, and behind the 512th pair. */
const char *hewn_query(const hewn_request *rq, const char *name);

/* The value of the first header field of this name, in any case; NULL if absent. */
const char *hewn_header(const hewn_request *rq, const char *name);

/* The request's whole body with a NUL behind it; ret_length may be NULL. Never NULL: without a body
 * it is "". */
const void *hewn_body(const hewn_request *rq, size_t *ret_length);

/* string, or fallback where it is NULL. */
const char *hewn_or(const char *string, const char *fallback);

void *hewn_state(const hewn_request *rq); /* .state of the app */
void *hewn_arg(const hewn_request *rq);   /* .arg of the route */

/* The arena: memory that goes with the request. */

/* All three return NULL only when there is no memory. */
void *hewn_alloc(hewn_request *rq, size_t bytes); /* zeroed, aligned for any type */
char *hewn_dup(hewn_request *rq, const char *string);
char *hewn_fmt(hewn_request *rq, const char *format, ...) HEWN_PRINTF(2, 3);

/* The response. */

/* Each of these starts the response over and returns it, for the handler to return; the status is
 * 200 to 599. What they are given is copied. A response to HEAD is made like that to GET: the
 * server leaves the body out. */

/* Text as it is, text/plain in UTF-8. */
HEWN_MUST_USE hewn_response *hewn_text(hewn_request *rq, int status, const char *text);
/* Text as printf makes it. */
HEWN_MUST_USE hewn_response *hewn_textf(hewn_request *rq, int status, const char *format, ...)
    HEWN_PRINTF(3, 4);
/* Bytes of a media type; type NULL: application/octet-stream. */
HEWN_MUST_USE hewn_response *hewn_bytes(hewn_request *rq, int status, const char *type,
                                        const void *bytes, size_t length);
/* No body at all. */
HEWN_MUST_USE hewn_response *hewn_empty(hewn_request *rq, int status);

int hewn_status(const hewn_response *rs);

/* Sets a header field in place of all of its name, or adds one. Both copy. A name or value that
 * cannot be sent (CR, LF, NUL and the like), and a field that is the server's own (Connection,
 * Content-Length, Date, Keep-Alive, Trailer, Transfer-Encoding, Upgrade), is misuse: see ERRORS. */
void hewn_set(hewn_response *rs, const char *name, const char *value);
void hewn_add(hewn_response *rs, const char *name, const char *value);

/* Running (more in hewn/server.h). */

/* Runs an application as a program: reads the command line (`--help` shows its options), listens,
 * says where, serves until SIGINT or SIGTERM, drains and frees the app. Returns what main returns:
 * 0 after a clean stop, 64 for a command line that makes no sense, 69 when it cannot listen (77
 * where it is not permitted to), 70 when the app could not be built.
 * Owns: takes the caller's reference to the app. */
int hewn_main(hewn_app *app, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
