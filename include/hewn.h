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
 *          response has been sent and what hewn_defer and hewn_after have been given has run. You
 *          never free one. Keep it longer: copy it.
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
 *          its handler, while it runs; or, of an answer that comes later or is written as a stream,
 *          by the one that has it then. Those that say so may be called by any.
 * ABI      Option structs start with .size (filled by the macros). Zero means the default;
 *          HEWN_NONE and HEWN_UNLIMITED say so in words. A tail the library does not know must be
 *          zero, or registration aborts; so must members that are declared but not available in
 *          this version, which it names. */
#ifndef HEWN_H
#define HEWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HEWN_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define HEWN_MUST_USE __attribute__((warn_unused_result))
#define HEWN_SENTINEL __attribute__((sentinel))
#else
#define HEWN_PRINTF(format_at, first_at)
#define HEWN_MUST_USE
#define HEWN_SENTINEL
#endif

#define HEWN_NONE UINT64_MAX            /* a limit of nothing at all */
#define HEWN_UNLIMITED (UINT64_MAX - 1) /* no limit */

typedef long long hewn_int; /* whole numbers, so that %lld needs no cast */

typedef struct hewn_app hewn_app;         /* routes and what they share */
typedef struct hewn_server hewn_server;   /* listeners and threads around one app: hewn/server.h */
typedef struct hewn_request hewn_request; /* one request and its arena */
typedef struct hewn_response hewn_response;       /* one response under construction */
typedef struct hewn_next hewn_next;               /* what a middleware is around */
typedef struct hewn_json hewn_json;               /* a JSON value that was read, in the arena */
typedef struct hewn_json_writer hewn_json_writer; /* JSON that is being made */
typedef struct hewn_out hewn_out;                 /* the body of a response that is being written */
typedef struct hewn_timer hewn_timer;             /* what hewn_every has begun */
typedef struct hewn_schema hewn_schema; /* members of a C struct to bind to; not available yet */

/* Answers a request: returns what one of the functions below made for it, never NULL. */
typedef hewn_response *hewn_handler(hewn_request *rq);
/* Answers a request, as a handler does, or has the rest answer it with hewn_run_next; may look at
 * the request before that, and at the response after it. arg is what hewn_use was given. */
typedef hewn_response *hewn_middleware(hewn_request *rq, hewn_next *next, void *arg);
/* Writes the page of an error: returns what one of the functions below made for it, with this
 * status or another. detail says more than the status, for people; NULL: there is no more. */
typedef hewn_response *hewn_error_handler(hewn_request *rq, int status, const char *detail);

/* Applications. */

typedef struct hewn_app_opts {
    size_t size;                /* sizeof(hewn_app_opts) */
    void *state;                /* what hewn_state(rq) returns to the handlers of this app */
    void (*state_free)(void *); /* called with it when the last reference to the app goes */
    uint64_t body_bytes_max;    /* default 1 MiB; a larger body is 413 before the handler runs */
    unsigned timeout_ms;        /* for an answer; default 30 000; then the client gets a 504,
                                 * or a 503 when no thread was free for the handler */
    bool serial;                /* never two handlers of this app at the same time, nor of what is
                                 * mounted in it: they take turns, as they come; so do middleware,
                                 * error handlers, and what begins a promised answer */
    const char *const *secrets; /* for signed cookies; NULL-terminated, each of 32 random bytes or
                                 * more: the first signs, all verify, so a new one goes in front */
    const char *title;          /* not available in this version */
    const char *version;        /* not available in this version */
    unsigned background_max;    /* threads for hewn_spawn and hewn_every; default 4, at most 1024 */
} hewn_app_opts;

/* A new application without routes. opts may be NULL; its strings may go afterwards.
 * Owns: the caller has a reference; a server takes its own. `state` is the app's from success on.
 * Errors: NULL when there is no memory. Every function here accepts that NULL as an app and does
 * nothing, and hewn_main says it: a program need not check. */
hewn_app *hewn_app_new(const hewn_app_opts *opts);

#ifndef __cplusplus
/* hewn_new(.state = db, .state_free = db_close): hewn_app_new with options by name. */
#define hewn_new(...)                                                                              \
    hewn_app_new(&(const hewn_app_opts){.size = sizeof(hewn_app_opts), __VA_ARGS__})
#endif

/* Gives a reference to an app back; with the last one the app goes. NULL is fine.
 * Threads: any. */
void hewn_app_free(hewn_app *app);

/* Routes. */

/* What becomes of the body before the handler runs. BUFFER: it is read whole. STREAM: nothing; the
 * handler reads it as it comes, with hewn_read, and runs on a thread that may wait for it. */
enum { HEWN_BODY_BUFFER = 0, HEWN_BODY_STREAM = 1 };

typedef struct hewn_route {
    size_t size;             /* sizeof(hewn_route) */
    hewn_handler *handler;   /* required */
    uint64_t body_bytes_max; /* default: the app's */
    unsigned timeout_ms;     /* default: the app's */
    int body;                /* HEWN_BODY_* */
    bool blocking;           /* it waits as a rule: never run it where a loop would wait for it */
    bool no_csrf;            /* not available in this version */
    const char *name;        /* for hewn_url_for; no other route of the app has it */
    const char *summary;     /* not available in this version */
    const hewn_schema *in, *out; /* not available in this version */
    /* Around this handler alone, inside all others; NULL-terminated, the outermost first; their arg
     * is NULL. */
    hewn_middleware *const *with;
    void *arg; /* what hewn_arg(rq) returns to the handler */
} hewn_route;

/* Sends requests with this method and path to a handler.
 *
 * The pattern is a path as it reads decoded: it begins with "/" and matches the whole path: "/" is
 * only the root, "/x" and "/x/" are two. A segment of it may be a parameter: "/users/{id}" matches
 * any one segment there, "/users/{id:int}" one that is a whole number in 64 bits, without zeros in
 * front, and "/files/{path...}" all that follows, be it nothing. Where several patterns match a
 * path the one that says more has it, whatever the order they were added in: a literal beats a
 * number, a number any text, any text all the rest. If that one has no route for the method, the
 * next one is asked.
 *
 * The method is case-sensitive; "*" is any that the pattern has no route of its own for. GET
 * answers HEAD, and OPTIONS and 405 with its Allow field are automatic. A route beats what is
 * mounted over its path (hewn_mount, hewn_static). file and line say where the route is written;
 * the macros below fill them in.
 *
 * A bad pattern or method, the same route or the same name twice, two patterns that match some
 * paths both and neither of which says more ("/a/{x}" and "/{y}/b"), options that make no sense, a
 * route added after a server has taken the app: abort, naming file and line.
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
    (__builtin_constant_p((pattern)[0]) && (pattern)[0] && (pattern)[0] != '/'                     \
         ? hewn_bad_pattern_()                                                                     \
         : (void)0)
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

/* A part of an app whose routes have a prefix and middleware in common: give it to hewn_get,
 * hewn_use, hewn_static, hewn_mount and hewn_group as if it were the app. In it the pattern "" is
 * the prefix itself. The prefix may have {parameters}; "/" adds nothing.
 * Owns: the group is a part of the app and goes with it.
 * Errors: NULL when there is no memory, which is accepted as a NULL app is. */
hewn_app *hewn_group(hewn_app *app, const char *prefix);

/* Puts a middleware around everything the app (the group) answers, 404 and 405 too, whatever was
 * added before: the first one is the outermost. What is mounted in the app is inside it too. With a
 * middleware around it a folder of files is answered by handlers' threads, without the cache of the
 * loops: options of hewn_files set fields for less. arg must live as long as the app. */
void hewn_use(hewn_app *app, hewn_middleware *middleware, void *arg);

/* Has the rest answer the request: the next middleware, in the end the handler. At most once in a
 * middleware; never NULL. */
HEWN_MUST_USE hewn_response *hewn_run_next(hewn_request *rq, hewn_next *next);

/* A middleware that compresses what handlers answer, as br, zstd or gzip, whatever the client wants
 * most (Accept-Encoding) and this library was built with:
 *
 *     hewn_use(app, hewn_mw_compress, NULL);
 *
 * It does so with text, JSON and the like (Content-Type) from 256 bytes on, with hewn_send_file,
 * answers that come later, and streams, of which it holds nothing back. Such answers say Vary:
 * Accept-Encoding, also to clients that get them as they are; of an answer that is coded the entity
 * tag becomes a weak one. Not touched: what has a Content-Encoding or a digest, says Cache-Control:
 * no-transform, is a part (206), or comes from a folder, which has its own codings. Without memory an answer stays
 * as it is. Add it before middleware that sets types, tags and other fields: it looks at what they
 * have left. arg is not used.
 *
 * A page that repeats what a request says, beside a secret, must not be compressed: how short it gets
 * tells who listens, and can make a browser ask, how much of the secret they have guessed (BREACH).
 * Say no-transform there, or put the middleware around the other routes only. */
HEWN_MUST_USE hewn_response *hewn_mw_compress(hewn_request *rq, hewn_next *next, void *arg);

/* Has a function write the page of every answer from 400 to 599 that has no body of its own: 404 and
 * 405, hewn_error and hewn_empty, handlers that fail, files that are not there. Fields that the
 * answer had already are kept. Apps that are mounted in this one and have no such function use it
 * too. Not asked: for requests that are broken or too large, and when the server is overloaded;
 * these are answered without the app. */
void hewn_on_error(hewn_app *app, hewn_error_handler *handler);

/* Mounts an app under a prefix, "/" or "/api": it sees the paths below it ("/api/users" as "/users")
 * and answers all of them, with its own state, limits and error pages, inside the middleware of
 * the outer one. "/api" itself is redirected to "/api/". A bad prefix, or an app that is mounted
 * already, aborts.
 * Owns: takes the caller's reference to sub, which goes with app. */
void hewn_mount(hewn_app *app, const char *prefix, hewn_app *sub);

/* Gives requests for a host to an app of their own: "api.example.org", or "*.example.org" for all
 * that are below example.org. A name beats a "*.", and a longer one of those a shorter one; the
 * port does not matter. Requests for other hosts are the outer app's.
 * Owns: takes the caller's reference to sub, which goes with app. */
void hewn_host(hewn_app *app, const char *host, hewn_app *sub);

/* Serves the files of a folder, and what is below it, under a prefix: "/" or "/assets". It is
 * hewn_files of hewn/server.h with its defaults. A bad prefix aborts. A folder that cannot be
 * opened is reported by hewn_server_new and hewn_main. */
void hewn_static(hewn_app *app, const char *prefix, const char *folder);

/* The request. */

/* The method, as it was sent: "GET". */
const char *hewn_method(const hewn_request *rq);

/* The path, decoded and in canonical form, below the mount: it begins with "/". */
const char *hewn_path(const hewn_request *rq);

/* What a {parameter} of the route's pattern stands for, decoded. Never NULL. It may hold any byte
 * but NUL, control characters and "/" ({rest...} may have those), and is never "." or "..". A name
 * that the pattern does not have is misuse: see ERRORS. */
const char *hewn_param(const hewn_request *rq, const char *name);
/* The same of {name:int}, as a number. */
hewn_int hewn_param_int(const hewn_request *rq, const char *name);

/* The value of the first pair of this name in the query, decoded; NULL if absent, where the
 * query is broken before it, and behind the 512th pair. */
const char *hewn_query(const hewn_request *rq, const char *name);

/* The value of the first header field of this name, in any case; NULL if absent. */
const char *hewn_header(const hewn_request *rq, const char *name);

/* Cookies a client sent (RFC 6265); setting them is hewn_set_cookie, below. */

/* The value of the first plain cookie of this name; NULL if absent. It is what the client says. It
 * is decoded: "%41" is "A"; a value that another program has not encoded so stays as it is. A signed
 * cookie is none of these. */
const char *hewn_cookie(const hewn_request *rq, const char *name);
/* The value of the signed cookie of this name: what this app, or another with one of its secrets,
 * has given this client under this name, unchanged; NULL if there is none, or one that was signed
 * otherwise, changed, or not signed. It may be old: nothing but a new secret ends a signature, so
 * put into the value what is to end it. The secrets are those of the app that answers, or of the
 * nearest one around it that has some; without any it is misuse: see ERRORS. */
const char *hewn_cookie_signed(const hewn_request *rq, const char *name);

/* Forms, and whatever has several values. */

/* The value of the first field of this name in a form, which is a body of the type
 * application/x-www-form-urlencoded, decoded; NULL if absent, where the form is broken before it,
 * behind the 512th field, and where the body is no form: see hewn_body_problem. */
const char *hewn_form(hewn_request *rq, const char *name);

typedef enum hewn_part { HEWN_QUERY, HEWN_HEADER, HEWN_COOKIE, HEWN_FORM } hewn_part;

/* Where a walk is, and what it has found. Start with all of it zero. */
typedef struct hewn_iter {
    size_t at;                /* the library's */
    const char *name, *value; /* of the pair found, never NULL */
    size_t length;            /* of the value */
} hewn_iter;

/* Finds the next pair of a part of the request, in the order they were sent: of this name (in the
 * header in any case), or any where name is NULL. False at the end. The pairs are those that
 * hewn_query, hewn_header, hewn_cookie and hewn_form look through. A whole walk takes one step a
 * pair.
 *
 *     for (hewn_iter it = {0}; hewn_each(rq, HEWN_QUERY, "tag", &it);)
 *         add_tag(it.value); */
bool hewn_each(hewn_request *rq, hewn_part part, const char *name, hewn_iter *iter);

/* Who has asked, and what is known of it. */

/* The address of the client, "192.0.2.7" or "2001:db8::7", without a port; "unix:" of a Unix
 * socket. Where a trusted proxy has asked (trusted_proxies of hewn/server.h) it is the address that
 * proxy has asked for. "" when there is no memory. */
const char *hewn_peer(const hewn_request *rq);

/* Whether the request came encrypted, so that its scheme is https. Where a trusted proxy has asked
 * (trusted_proxies of hewn/server.h), whether the client has come to that proxy so, if it says. */
bool hewn_is_secure(const hewn_request *rq);

/* Whose certificate the client has shown, "CN=alice,O=Example" (RFC 4514), where the server asks for
 * one (client_ca_file of hewn/server.h): it is good, and the client has its key. "": none was shown. */
const char *hewn_client_name(const hewn_request *rq);

/* A name for the request that no other has: 32 hexadecimal digits, or what a trusted proxy has
 * called it in X-Request-Id (1 to 128 letters, digits and -._:+/=). It is no secret. A request whose
 * id was asked for has it in its record and in the JSON log. "" when there is no memory. */
const char *hewn_id(const hewn_request *rq);

/* Whether the client has gone, or has waited for too long: nobody will see the answer.
 * Threads: any. */
bool hewn_gone(const hewn_request *rq);

/* Attaches something to the request, for handlers and middleware further in: by a key that is the
 * address of a variable of yours, so that no two parts of a program use the same. NULL as a value
 * takes it away.
 * Errors: -ENOMEM. */
int hewn_put_value(hewn_request *rq, const void *key, void *value);
/* What was attached last with this key, or NULL. */
void *hewn_value(const hewn_request *rq, const void *key);

/* The body of the request. */

/* The request's whole body with a NUL behind it; ret_length may be NULL. Never NULL: without a body,
 * and where the route has HEWN_BODY_STREAM, it is "". */
const void *hewn_body(const hewn_request *rq, size_t *ret_length);

/* Reads on in the body, of a route with HEWN_BODY_STREAM as it comes: waits until there is
 * something, and copies at most so many bytes of it. The client that waits to be asked for its body
 * (100-continue) is asked by the first call. As long as it gets on the route's timeout_ms begins
 * anew; a client that sends too slowly is given up. A handler may answer without reading it all.
 * Errors: 0 at the end. A negative errno when the rest will not come: -EPIPE, the client has gone;
 * -EMSGSIZE, it is more than body_bytes_max; -ETIMEDOUT, it is too slow; -EBADMSG, it is broken.
 * Then give back what you have and return any response: the client gets the one that fits. */
ssize_t hewn_read(hewn_request *rq, void *to, size_t bytes);

/* The body as JSON (RFC 8259): of the type application/json, or one that ends in "+json". Read once,
 * whenever it is asked for first. No name may be in an object twice, no string holds \u0000;
 * nothing is nested more than 64 deep, and there are at most 262144 values in all.
 * Valid: as long as the request.
 * Errors: NULL where it is none; then hewn_body_problem has the answer. */
const hewn_json *hewn_body_json(hewn_request *rq);

/* Answers what is wrong with the body, to be called where hewn_body_json, or hewn_form, has found
 * nothing: 415 for another media type or a coding, 400 for what is broken (and where), 413 for too
 * much of it, 501 where this library was built without JSON. It tells what the reader has found
 * that was asked last, and is NULL where nothing was wrong. As the other functions that make a
 * response, it starts it over.
 *
 *     const hewn_json *note = hewn_body_json(rq);
 *     if (!note)
 *         return hewn_body_problem(rq); */
HEWN_MUST_USE hewn_response *hewn_body_problem(hewn_request *rq);

/* The application that answers. */

/* string, or fallback where it is NULL. */
const char *hewn_or(const char *string, const char *fallback);

/* The app that answers: of a mounted one that one, and not the one around it. */
hewn_app *hewn_app_of(const hewn_request *rq);
/* The .state of that app (hewn_app_opts), NULL where it has none. */
void *hewn_state(const hewn_request *rq);
/* The .arg of the route that answers (hewn_route), NULL where it has none. */
void *hewn_arg(const hewn_request *rq);

/* The path of the route with this name, "/users/7", of the app that answers or of one it is mounted
 * in: the values of its parameters, as strings and in the order of the pattern, then NULL. They are
 * percent-encoded. A name that no route has, too few values or too many, and a value that the
 * pattern would not match ("" or "a/b" for {id}), is misuse: see ERRORS. */
const char *hewn_url_for(hewn_request *rq, const char *route_name, ...) HEWN_SENTINEL;

/* The arena: memory that goes with the request. */

/* Memory of the request's arena, which goes with the request: zeroed, and aligned for any type.
 * Errors: NULL when there is no memory. */
void *hewn_alloc(hewn_request *rq, size_t bytes);
/* A copy of a string there.
 * Errors: NULL when there is no memory. */
char *hewn_dup(hewn_request *rq, const char *string);
/* What printf makes of a format, as a string there.
 * Errors: NULL when there is no memory, or printf fails. */
char *hewn_fmt(hewn_request *rq, const char *format, ...) HEWN_PRINTF(2, 3);

/* The response. */

/* Each of these starts the response over and returns it, for the handler to return; the status is
 * 200 to 599. What they are given is copied. A response to HEAD is made like that to GET: the
 * server leaves the body out. */

/* Text as it is, text/plain in UTF-8. */
HEWN_MUST_USE hewn_response *hewn_text(hewn_request *rq, int status, const char *text);
/* Text as printf makes it. Nothing in it is escaped, and nothing need be: browsers show it as it is. */
HEWN_MUST_USE hewn_response *hewn_textf(hewn_request *rq, int status, const char *format, ...)
    HEWN_PRINTF(3, 4);

/* JSON as a format says it, application/json. The format is JSON in which strings may be written with ' instead of ", and
 * in which a conversion of printf stands for a value:
 *
 *     hewn_jsonf(rq, 200, "{'id': %lld, 'name': %s, 'admin': %hhd}", id, name, is_admin)
 *
 * %s outside quotes is a string, quoted and escaped (NULL: null), also as a key; inside quotes it is a
 * part of the string. %.*s and %.3s take no more bytes than that. %d, %ld, %lld, %zd, %u and the
 * like are whole numbers; %f, %e and %g real ones, whatever the locale, and null where there is none
 * (NaN); %g without a precision has the digits that tell it from any other. %hhd is a boolean; %p is
 * what hewn_raw returned (NULL: null). "%%" inside a string is "%". Bytes that are no UTF-8 become
 * U+FFFD. What comes out is always JSON; a format that is none, or a conversion that is not named
 * here, is misuse. A format is read once: it should be a literal. */
HEWN_MUST_USE hewn_response *hewn_jsonf(hewn_request *rq, int status, const char *format, ...)
    HEWN_PRINTF(3, 4);

/* HTML as it is, text/html in UTF-8. What a client sent has no place in it: see hewn_htmlf. */
HEWN_MUST_USE hewn_response *hewn_html(hewn_request *rq, int status, const char *markup);

/* HTML by a format, in which texts can only be texts:
 *
 *     hewn_htmlf(rq, 200, "<p>Hello, <a href=\"/users/%lld\">%s</a>!</p>", id, name)
 *
 * %s is escaped (NULL: nothing). It may stand in text, in a title or textarea, and in the quoted
 * value of an attribute. In href, src, action and other addresses what it leads to must be relative,
 * http, https or mailto, and where what it names runs in the page (src of a script, data of an
 * object) the format must say the host. Elsewhere it is misuse: in a value without quotes, a name, a
 * comment, a script, a style, and in attributes that run, as on..., style and srcdoc. %.*s and %.3s
 * take no more bytes than that. Numbers are those of hewn_jsonf, and %x; they may have a width
 * ("%02d", "%6.2f") and may stand in every quoted value. %p is what hewn_markup returned (NULL:
 * nothing), and stands in text alone. "%%" is "%". A format is read once: it should be a literal; it
 * begins and ends in text. A misuse that a request brings about, as an address with the scheme
 * javascript, is a 500 that the log names the format of. */
HEWN_MUST_USE hewn_response *hewn_htmlf(hewn_request *rq, int status, const char *format, ...)
    HEWN_PRINTF(3, 4);

/* A piece of HTML for %p of HTML formats, by such a format; never NULL. A piece may begin with the one
 * before it, which costs nothing: that is how lists are made.
 *
 *     const void *list = NULL;
 *     for (size_t i = 0; i < count; i++)
 *         list = hewn_markup(rq, "%p<li>%s</li>", list, names[i]);
 *     return hewn_htmlf(rq, 200, "<ul>%p</ul>", list);
 *
 * Valid: as long as the request. */
HEWN_MUST_USE const void *hewn_markup(hewn_request *rq, const char *format, ...) HEWN_PRINTF(2, 3);

/* Bytes of a media type; type NULL: application/octet-stream. */
HEWN_MUST_USE hewn_response *hewn_bytes(hewn_request *rq, int status, const char *type,
                                        const void *bytes, size_t length);

/* An error, 400 to 599, with words for people, by printf; "" for none. It gets the page of the app's
 * hewn_on_error, or without that problem details in JSON (RFC 9457), or a small page of HTML for who
 * wants that most (Accept). So do hewn_empty with such a status, and 404 and 405 that come by
 * themselves. */
HEWN_MUST_USE hewn_response *hewn_error(hewn_request *rq, int status, const char *format, ...)
    HEWN_PRINTF(3, 4);

/* The error an errno value stands for, negative or not: 404 for ENOENT and ENOTDIR, 403 for EACCES and
 * EPERM, 409 for EEXIST, 413 for EMSGSIZE and EFBIG, 503 for what is short (EAGAIN, EMFILE, ENFILE,
 * ENOBUFS, ENOMEM), 504 for ETIMEDOUT, 507 for ENOSPC and EDQUOT, else 500. The log has the words of
 * the system, the client has not. */
HEWN_MUST_USE hewn_response *hewn_errno(hewn_request *rq, int error);

/* The file of this name in a folder, given as a descriptor, or AT_FDCWD: with its media type, entity
 * tag and date, so that conditions and ranges are answered (304, 412, 206, 416), and without reading
 * it where it is large. The name may come from a client: it never leads out of the folder, by ".." or by
 * a symbolic link; but every file in the folder can be asked for, also one whose name begins with a
 * dot. Fields can be set and replaced as in any response.
 * Errors: 404 where there is no such file, 403, and as hewn_errno says; these are errors as hewn_error
 * makes them. */
HEWN_MUST_USE hewn_response *hewn_send_file(hewn_request *rq, int folder_fd, const char *path);

/* To another place, 301, 302, 303, 307 or 308 (after a form: 303). The format is a URL in which %s is one
 * segment of the path, or a part of one, or a value in the query, and percent-encoded:
 *
 *     hewn_redirect(rq, 303, "/users/%s?tab=%s", name, tab)
 *
 * Scheme and host are the format's: a conversion there, %s at its begin, and a segment that comes out
 * empty, "." or "..", is misuse. %d and its like are numbers; "%%20" is "%20". */
HEWN_MUST_USE hewn_response *hewn_redirect(hewn_request *rq, int status, const char *format, ...)
    HEWN_PRINTF(3, 4);

/* To another place on this site: a path and query as they are, "/users/7?tab=1", from hewn_url_for or
 * from a client ("?next=/users/7"). What begins with "/" but not "//" or "/\", or with "?", is one;
 * whatever else a client says is a 400. Bytes that no URL has are percent-encoded. */
HEWN_MUST_USE hewn_response *hewn_redirect_to(hewn_request *rq, int status, const char *target);

/* An answer without any body. */
HEWN_MUST_USE hewn_response *hewn_empty(hewn_request *rq, int status);

/* JSON in pieces. */

/* JSON bit by bit, for what has as many members as there are. A writer is begun with '[' or '{'; add
 * puts an element into an array ("%lld", "{'id': %lld}") or members into an object ("'a': 1, 'b': %s"),
 * by a format as hewn_jsonf has it; open begins an array or object in what is open, with a key in
 * an object and with NULL in an array; close ends it. What does not fit together is misuse. A writer is
 * never NULL; without memory the response says so.
 * Valid: until the response is made. */
hewn_json_writer *hewn_json_begin(hewn_request *rq, char kind);
void hewn_json_add(hewn_json_writer *writer, const char *format, ...) HEWN_PRINTF(2, 3);
void hewn_json_open(hewn_json_writer *writer, const char *key, char kind);
void hewn_json_close(hewn_json_writer *writer);
/* Closes what is open and makes the response. */
HEWN_MUST_USE hewn_response *hewn_json_send(hewn_json_writer *writer, int status);

/* What else a response has. */

/* The status of a response, 200 to 599. */
int hewn_status(const hewn_response *rs);

/* Sets a header field in place of all of its name, or adds one. Both copy. A name or value that
 * cannot be sent (CR, LF, NUL and the like), and a field that is the server's own (Connection,
 * Content-Length, Date, Keep-Alive, Trailer, Transfer-Encoding, Upgrade), is misuse: see ERRORS. */
void hewn_set(hewn_response *rs, const char *name, const char *value);
void hewn_add(hewn_response *rs, const char *name, const char *value);

typedef struct hewn_cookie_opts {
    size_t size;        /* sizeof(hewn_cookie_opts) */
    const char *value;  /* any bytes; NULL deletes the cookie */
    const char *path;   /* default "/" */
    const char *domain; /* and the hosts below it; default: this host alone */
    int64_t max_age;    /* in seconds; 0: until the browser ends */
    char same_site;     /* 'L'ax (default), 'S'trict, or 'N'one, which must be secure */
    bool sign;          /* read it with hewn_cookie_signed; the value can be seen all the same */
    bool script;        /* scripts can read it: without HttpOnly */
    bool insecure; /* sent without TLS too: without Secure. (Browsers count localhost as safe) */
} hewn_cookie_opts;

/* Has the client keep a cookie, or forget it, in place of one of this name that the response has
 * already. By default it is HttpOnly, Secure and SameSite=Lax, of the path "/", and ends with the
 * browser. In the value, bytes that cookies cannot hold are percent-encoded, which hewn_cookie and
 * hewn_cookie_signed undo. To delete a cookie say the path and domain it was set with.
 *
 * What no browser would keep is misuse (see ERRORS): a name that is no token; a name and encoded
 * value of more than 4096 bytes together; a path or domain that is none; a negative age; 'N'
 * without Secure; a name that begins with __Secure- or __Host- and does not keep its promise. So is
 * .sign in an app without secrets.
 * Errors: -EINVAL after misuse, -ENOMEM; the response is a 500 then. */
int hewn_cookie_put(hewn_response *rs, const char *name, const hewn_cookie_opts *opts);

#ifndef __cplusplus
/* hewn_set_cookie(rs, "theme", "dark", .max_age = 86400): a name, a value, then options by name. */
#define hewn_set_cookie(rs, name, ...)                                                             \
    hewn_cookie_put(                                                                               \
        (rs), (name),                                                                              \
        &(const hewn_cookie_opts){.size = sizeof(hewn_cookie_opts), .value = __VA_ARGS__})
#endif

/* What the client will need for the page, told before there is a page: a 103 (RFC 8297) with a Link field
 * whose value this is, while the handler goes on.
 *
 *     hewn_early_hints(rq, "</style.css>; rel=preload; as=style");
 *
 * Several calls are several such responses; all come before the answer, as soon as the handler leaves the
 * loop a moment, at the latest with it. The answer says nothing of them: set its own Link field. Sent over
 * HTTP/2 alone, for there are clients of HTTP/1.1 that take it for the answer. A value that no field may
 * have is misuse: see ERRORS. */
void hewn_early_hints(hewn_request *rq, const char *link);

/* Gives what the response holds an entity tag (RFC 9110 8.8.3): `"x"` or `W/"x"`, or x, which is
 * put in quotes. True: the request's conditions have decided, and the response, made anew, is to be
 * returned as it is: 304 without a body, for the client has what this tag names; or 412, for it
 * wants to change something else. False: go on. Ask before work that only the body needs; a maker
 * of responses starts over, and with it the tag.
 *
 *     if (hewn_etag(rs = hewn_empty(rq, 200), tag))
 *         return rs;
 *     hewn_etag(rs = hewn_text(rq, 200, make_page()), tag);
 *     return rs;
 *
 * Conditions count for a status of 200 to 299 only. A tag that cannot be sent is misuse: see
 * ERRORS. */
bool hewn_etag(hewn_response *rs, const char *tag);

/* Bodies that are written while they are sent.
 *
 * Nothing of such a body is kept: what the client does not take is waited for. Its length is not
 * known, so it goes out in chunks, to an HTTP/1.0 client until the connection closes. While it is
 * written the request is valid, and belongs to who writes; no other response can be made of it. To
 * HEAD nothing is written. type as for hewn_bytes; text/event-stream also gets Cache-Control:
 * no-cache. */

/* Writes a body: 0 when it is whole, a negative errno to break it off, so that the client can tell. */
typedef int hewn_stream_fn(hewn_out *out, void *arg);

/* A response whose body `stream` writes on a thread of its own, for as long as it likes: it may wait
 * for whatever it wants, and does for the client in hewn_write. There are streams_max such threads
 * (hewn/server.h); when all are busy the client gets a 503. */
HEWN_MUST_USE hewn_response *hewn_stream(hewn_request *rq, int status, const char *type,
                                         hewn_stream_fn *stream, void *arg);

/* What a fill says: that was all; ask again when the client can take more; there is nothing now: ask
 * again when hewn_wake is called, or a second later. */
enum { HEWN_DONE = 0, HEWN_MORE = 1, HEWN_WAIT = 2 };

/* Writes the next piece of a body, at most 64 KiB of it: HEWN_DONE, HEWN_MORE or HEWN_WAIT, or a
 * negative errno to break it off. */
typedef int hewn_fill(hewn_out *out, void *arg);

/* A response whose body `fill` writes piece by piece, called whenever the client can take more. No
 * thread waits for it in between: thousands of them are no more than memory. */
HEWN_MUST_USE hewn_response *hewn_pull(hewn_request *rq, int status, const char *type,
                                       hewn_fill *fill, void *arg);

/* Writes bytes, or what printf makes. Small pieces are gathered: hewn_flush sends what there is, and
 * so does the end of a fill or stream. In a stream they wait until the client has taken enough.
 * Errors: -EPIPE: the client has gone; return soon. -ENOBUFS, in a fill: more than 64 KiB, of which
 * this piece is not taken. -ENOMEM, of hewn_writef. */
int hewn_write(hewn_out *out, const void *bytes, size_t length);
int hewn_writef(hewn_out *out, const char *format, ...) HEWN_PRINTF(2, 3);
int hewn_flush(hewn_out *out);

/* Writes and sends an event of a text/event-stream (WHATWG HTML 9.2): its name, its id, its data,
 * which may have several lines; each may be NULL. All NULL is a comment, which keeps whoever is in
 * between awake.
 * Errors: as hewn_write; -EINVAL: a line break in a name or id. */
int hewn_sse(hewn_out *out, const char *event, const char *id, const char *data);

/* The request whose response is being written. */
hewn_request *hewn_out_request(hewn_out *out);

/* Waits in a handler or stream.
 * Errors: 0 after that time. At once, if need be: -EPIPE when the client has gone; -ESHUTDOWN when
 * the server is about to end: say what is left to say and return, its drain_ms run. */
int hewn_sleep(hewn_request *rq, unsigned ms);

/* Whether the server is about to end. Idle fills are asked again then. A stream that ends now ends
 * well: its client sees a whole body, and comes again if it is an EventSource.
 * Threads: any that has the request. */
bool hewn_stopping(const hewn_request *rq);

/* Answers that come later, from whatever thread has them: of a queue, another library's loop, a
 * device. No thread waits for them here.
 *
 *     static void begin(hewn_later later, hewn_request *rq, void *arg)
 *     {
 *         queue_put(arg, hewn_param_int(rq, "id"), later);
 *     }
 *     static hewn_response *ask(hewn_request *rq)
 *     {
 *         return hewn_wait_for(rq, begin, queue);
 *     }
 *     // on some thread, later:
 *     hewn_request *rq = hewn_later_request(later);
 *     if (rq)
 *         hewn_later_send(later, hewn_text(rq, 200, answer));
 */

/* A promised answer. It is a value and may be copied and kept; when its time is over it is stale, and
 * whatever is done with it says so, whether the request, the server or the app are still there or
 * not. Zero is stale. */
typedef struct hewn_later {
    uint64_t id;
} hewn_later;

/* Begins what will answer. The request is its own until it returns; until then others who ask for it
 * wait. */
typedef void hewn_later_start(hewn_later later, hewn_request *rq, void *arg);

/* Promises the answer. `start` is called when the handler and the middleware around it have returned,
 * so that nobody answers before they are done; its hewn_status is 0, and fields that middleware sets
 * are put on the answer. When the route's timeout_ms are over the client gets a 504. */
HEWN_MUST_USE hewn_response *hewn_wait_for(hewn_request *rq, hewn_later_start *start, void *arg);

/* The request of a promise, to make the answer of. Who has got it holds it, and must call
 * hewn_later_send, soon: until then it does not end, even if nobody wants it any more.
 * Threads: any. One that passes it on does not touch it afterwards.
 * Errors: NULL: it is answered, given up or timed out, or somebody else holds it. */
hewn_request *hewn_later_request(hewn_later later);

/* Keeps the promise with a response of the request that is held; rs NULL gives it up: a 500. That
 * may also be done without holding it.
 * Threads: any.
 * Errors: -ESTALE: too late; nobody gets it. -EBUSY: to give it up while another thread holds it. A
 * response of a request that is not held aborts. */
int hewn_later_send(hewn_later later, hewn_response *rs);

/* Names the body that is being written, for hewn_wake. Zero when there is no memory. */
hewn_later hewn_waker(hewn_out *out);

/* Has a fill that said HEWN_WAIT asked again.
 * Threads: any.
 * Errors: -ESTALE: that body is over. */
int hewn_wake(hewn_later later);

/* Afterwards. */

/* Has something done when the request is over, whatever has become of it: what was deferred last
 * comes first. It may block.
 * Errors: -ENOMEM: it will not be done. */
int hewn_defer(hewn_request *rq, void (*run)(void *arg), void *arg);

/* Has something done when the request is over, as hewn_defer, and tells it what has been sent: the
 * status, or 0 if there was nobody to send it to, and the bytes of the body. Responses can no longer be
 * made. */
int hewn_after(hewn_request *rq, void (*run)(hewn_request *rq, int status, uint64_t bytes));

/* JSON that was read: hewn_body_json. All of these take NULL as a value that is not there, so a
 * handler need not check on its way.
 *
 * A path leads from a value to one within: "user.tags[0]" is the first item of the array "tags" of
 * the object "user"; "[2].name" begins in an array; "" and NULL are the value itself. A name that
 * has "." or "[" in it, or is empty, has no path: hewn_json_next finds it. What is not there, or of
 * another kind, is absent: NULL or false, and *ret_value stays as it was. */

/* A string that was read: the value, or what is in it at a path. */
const char *hewn_json_str(const hewn_json *value, const char *path);
/* Whole numbers of 64 bits, also where they are written 1.0 or 1e3. */
bool hewn_json_int(const hewn_json *value, const char *path, hewn_int *ret_value);
/* Any number. */
bool hewn_json_num(const hewn_json *value, const char *path, double *ret_value);
/* true or false. */
bool hewn_json_bool(const hewn_json *value, const char *path, bool *ret_value);
/* A value of any kind, to be asked further. */
const hewn_json *hewn_json_at(const hewn_json *value, const char *path);

/* The next item of an array, or member of an object, in the order they were sent; start with *at =
 * 0. NULL at the end. *ret_key, which may be NULL, is the member's name, and NULL in an array. */
const hewn_json *hewn_json_next(const hewn_json *value, size_t *at, const char **ret_key);

/* A value as text again, for %p of JSON formats; NULL as a value is null. NULL: no memory. */
const void *hewn_raw(const hewn_json *value);

/* In the background. */

/* Has a job done once, on a thread of the app's own, as soon as one is free; jobs begin in the order
 * they were given. There are up to .background_max of these threads, begun when they are needed;
 * like a handler, a job may block and has 128 KiB of stack. It may be given before a server runs,
 * and without one. When the last reference to the app goes, what was given is done first, then its
 * state is freed; so a job must not give back that reference itself, which aborts. What belongs to
 * a request is gone when the job runs: copy what it needs.
 * Errors: -EAGAIN: 1024 jobs wait already; -ENOMEM; -ECANCELED: the app goes; others, and -EAGAIN
 * too: no thread can be started. Then the job is not done, and arg is still the caller's.
 * Threads: any. */
int hewn_spawn(hewn_app *app, void (*run)(void *arg), void *arg);

/* Has something done every so many milliseconds, the first time after that many, by the threads of
 * hewn_spawn. It never runs twice at once: when a call takes longer, or no thread is free, all the
 * times it has missed are one, and then it goes on in step. No function and 0 ms abort.
 * Owns: the app; it is stopped when the last reference to the app goes.
 * Valid: until it is stopped.
 * Errors: NULL, for the reasons of hewn_spawn; if no server has taken the app yet, hewn_server_new
 * and hewn_main report it too.
 * Threads: any. */
hewn_timer *hewn_every(hewn_app *app, unsigned ms, void (*run)(void *arg), void *arg);

/* Ends a timer: once it has returned, nothing of it runs. It waits for a call that runs; called
 * from inside that call it does not, and that call is the last. NULL is fine.
 * Threads: any. */
void hewn_timer_stop(hewn_timer *timer);

/* Running (more in hewn/server.h). */

/* Runs an application as a program: reads the command line (`--help` shows its options), listens,
 * says where, serves until SIGINT or SIGTERM, drains, has what was given to hewn_spawn done, and
 * frees the app; for either it waits for 30 seconds at most, and a second signal ends it at once:
 * what still runs then is left behind, and the app with it. Returns what main returns:
 * 0 after a clean stop, 64 for a command line that makes no sense, 66 for a --secret-file that cannot
 * be used, 69 when it cannot listen (77 where it is not permitted to), 70 when the app could not be
 * built.
 * Owns: takes the caller's reference to the app. */
int hewn_main(hewn_app *app, int argc, char **argv);

/* Tests: the whole server without a socket. */

typedef struct hewn_test hewn_test; /* an app, a client with its cookies, and the last answer */

/* A client of an app for a test: nothing listens, and requests are answered on the thread that asks.
 * Misuse aborts, as in development. What cannot be made aborts with words.
 * Owns: holds a reference to the app, which can take no more routes from now on; the caller keeps
 * its own. */
hewn_test *hewn_test_new(hewn_app *app);

/* Ends a test's client: aborts when a request has not been finished, be it that its handler has not
 * returned or that who holds its promise has not kept it, and when a timer that was begun since
 * hewn_test_new has not been stopped. NULL is fine. */
void hewn_test_free(hewn_test *test);

/* Sends a request and waits for its answer: "GET /users/1"; header fields, one a line, or NULL; a
 * body or NULL. Host, Content-Length and the cookies that answers have set come by themselves, but
 * for what headers say. A request that the server does not answer, be it as bad as it may, aborts.
 * Valid: the answer, until the next one. */
hewn_response *hewn_test_send(hewn_test *test, const char *line, const char *headers,
                              const char *body);

/* The body of the last answer as JSON, which its type must say: application/json, or one that ends
 * in "+json". NULL if it is none; in a library that was built without JSON it aborts.
 * Valid: until the next answer. */
const hewn_json *hewn_test_json(hewn_test *test);

/* The body of an answer with a NUL behind it; ret_length may be NULL. Never NULL. A body that is made
 * as it is sent is not there: "". */
const void *hewn_response_body(const hewn_response *rs, size_t *ret_length);
/* The first header field of this name, in any case; NULL if absent. */
const char *hewn_response_header(const hewn_response *rs, const char *name);

#ifdef __cplusplus
}
#endif
#endif
