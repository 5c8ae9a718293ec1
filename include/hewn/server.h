/* hewn/server.h - what a server program needs beyond an application: listeners, limits, files,
 * records.
 *
 * The conventions of hewn.h hold here too. While a program sets itself up, failures explain
 * themselves in a hewn_fault. Members may be added to these structs; none is renamed or removed. */
#ifndef HEWN_SERVER_H
#define HEWN_SERVER_H

#include "../hewn.h"

#include <limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why setting up failed, in words: "cannot listen on WHERE: WHAT". */
typedef struct hewn_fault {
    int error;        /* errno, positive; 0 while nothing went wrong */
    int line, column; /* in a file, else 0 */
    char what[200];   /* "already in use by python3 (pid 4711)" */
    char where[200];  /* "127.0.0.1:8080" */
} hewn_fault;

/* A certificate, for the names that stand in it. */
typedef struct hewn_certificate {
    const char *file;     /* PEM: the certificate itself, then, in turn, those that vouch for it */
    const char *key_file; /* PEM: its private key, without a passphrase; may be the same file */
    /* DER: what its authority says of it (OCSP), which is shown to clients as long as it is valid; NULL: nothing. */
    const char *ocsp_file;
} hewn_certificate;

/* How TLS is spoken (1.2 and 1.3). Each client is shown a certificate for the name it calls, of the kind
 * of key it understands: an RSA and an ECDSA key may stand side by side. A request for a host that has another
 * certificate is answered 421. */
typedef struct hewn_tls_opts {
    size_t size; /* sizeof(hewn_tls_opts) */
    /* The first is for clients that call a name which none of them has, or none at all. */
    const hewn_certificate *certificates;
    size_t n_certificates;
    /* PEM: who vouches for certificates of clients, and nobody comes in without a good one;
     * hewn_client_name tells whose it is. NULL: they are not asked. */
    const char *client_ca_file;
    bool
        client_is_optional; /* who has none comes in too; one that is shown must be good all the same */
    /* At least 32 bytes that nobody else knows: servers that have the same resume each other's sessions.
     * Default: random, so that sessions end with the server. */
    const char *ticket_secret;
} hewn_tls_opts;

/* An address to listen on. */
typedef struct hewn_listen {
    /* "9000" (127.0.0.1), ":80" (every interface), "1.2.3.4:80", "[::1]:9000", "unix:/run/x",
     * "fd:3" (inherited). Port 0: the system chooses. */
    const char *address;
    const hewn_tls_opts *tls; /* NULL: HTTP in clear */
    /* Who asks here is sent to the same URL under https (308): on redirect_port, or, where that is 0, on
     * the port of the first address that has TLS. */
    bool redirects;
    unsigned redirect_port;
    /* Proxies that begin each connection with a PROXY header (version 1 or 2), which says who their client
     * is: addresses and ranges of them, "10.0.0.0/8, ::1, unix:". It comes before TLS. Whoever else connects
     * here, or begins without one, is closed and told of on standard error. The client it names is the one
     * that the connection is from, in everything: a proxy behind it that writes X-Forwarded-For is
     * trusted if its own address is (trusted_proxies). NULL: no header is read. */
    const char *proxy_protocol;
} hewn_listen;

/* Limits of a server; zero means the default. */
typedef struct hewn_limits {
    size_t size;              /* sizeof(hewn_limits) */
    unsigned connections_max; /* derived from the descriptor limit, and never more than that */
    unsigned head_ms;         /* a request's head, in all; 15 000 */
    unsigned idle_ms;         /* between two requests; 30 000 */
    unsigned drain_ms;        /* for requests in flight when the server stops; 30 000 */
    unsigned blocked_max;     /* threads for handlers that block; 64, at most 10 000 */
    unsigned rate_bytes_min;  /* a second, of a body, and of a long answer; 500 */
    size_t head_bytes_max;    /* 32 KiB, at most 256 */
    uint64_t cache_bytes_max; /* of files, in all loops together; 32 MiB; HEWN_NONE: none is kept */
    /* Of a body that no handler reads: a longer one ends its connection; 1 MiB; HEWN_NONE: each
     * does. */
    uint64_t unread_bytes_max;
    /* Of all connections, requests and bodies together; an eighth of the memory of the machine or
     * its control group, at most 256 MiB; at least 1 MiB. Above nine tenths of it those who keep
     * the server waiting are closed, as above nine tenths of the connections for those who come:
     * who is idle, then who has not sent a whole head, then who is slower than rate_bytes_min; when
     * nobody is left who comes is answered 503. When all of it is used no requests are read until
     * there is room. */
    uint64_t memory_bytes_max;
    unsigned
        streams_max; /* threads for hewn_stream; 256, at most 10 000; beyond it clients get 503 */
} hewn_limits;

/* One finished exchange. Texts that are absent are "". What a client sent stands here as it came:
 * escape it before you show it.
 * Valid: during the call. */
typedef struct hewn_record {
    size_t size;
    const char *method, *target, *protocol, *peer;
    const char *host, *referer, *user_agent;
    int status;         /* 0: the client went away before it was answered */
    bool is_complete;   /* all of the answer was handed to the system */
    uint64_t bytes_in;  /* of the request's body */
    uint64_t bytes_out; /* of the response's body */
    uint64_t us;        /* from the complete head to the last byte */
    int64_t at_ms;      /* wall clock when the head was complete */
    const char *id;     /* hewn_id; "" where nobody has asked for it */
} hewn_record;

/* Takes a record.
 * Threads: runs on a loop, several at once; must not block. */
typedef void hewn_record_fn(const hewn_record *record, void *arg);

/* The log has a line for each finished exchange, in the order of each loop. A thread of its own
 * writes it, within a second, or at once in "pretty" and on a terminal; what it cannot write
 * (a reader that has stopped, a full disk) is lost and counted, and standard error is told. Faults
 * always go to standard error. */
typedef struct hewn_server_opts {
    size_t size;               /* sizeof(hewn_server_opts) */
    const hewn_listen *listen; /* default: 127.0.0.1:9000 and, where there is IPv6, [::1]:9000 */
    size_t n_listen;
    const hewn_limits *limits;
    const char *log; /* "pretty", "combined", "json", "off"; default: see log_fd */
    int log_fd;      /* default: standard output; a terminal is logged to as pretty, else json */
    bool colors;     /* in the pretty log */
    hewn_record_fn *record; /* beside the log; with "off" instead of it */
    void *record_arg;
    unsigned loops; /* threads; default: the processors this process may use */
    bool dev;       /* development: misuse that a request triggers aborts instead of being a 500 */
    bool trace;     /* tells the steps of each request's life in the log */
    /* Proxies in front of this server: addresses and ranges of them, "10.0.0.0/8, ::1, unix:" (all
     * of its Unix sockets). What they say in X-Forwarded-For, X-Forwarded-Proto, Forwarded and
     * X-Request-Id counts, for hewn_peer, hewn_is_secure, hewn_id, the log, records and redirects to
     * https; what anybody else says there does not. Let your proxy write either Forwarded or the others,
     * and remove what it does not write: where they disagree neither is believed. What they say of a host
     * (X-Forwarded-Host) is not looked at: let them send the Host that they were asked for. Default:
     * none. */
    const char *trusted_proxies;
} hewn_server_opts;

/* Servers. */

/* Makes a server for an application and binds its addresses; starts no thread. Raises the limit of
 * open descriptors as far as it may. Options and their strings may go afterwards.
 * Owns: the server holds a reference to the app, which can take no more routes from now on.
 * Errors: what the operating system said (-EADDRINUSE, -EACCES, -EADDRNOTAVAIL, ...), -EINVAL for
 * an address or option that makes no sense and for a certificate that cannot be used, -ENOTSUP for TLS
 * where Hewn was built without OpenSSL, what went wrong when the app was built, -ENOMEM. The fault
 * (which may be NULL) then says it in words. */
HEWN_MUST_USE int hewn_server_new(hewn_app *app, const hewn_server_opts *opts, hewn_fault *fault,
                                  hewn_server **ret_server);

/* Starts the threads of a server: enter a sandbox before it, and block the signals you want to wait for.
 * Errors: -EAGAIN, -ENOMEM: then none is running. */
HEWN_MUST_USE int hewn_server_start(hewn_server *server);

/* Starts a server inside a loop of your own, instead of hewn_server_start, if it has one loop
 * (.loops = 1): returns a descriptor that becomes readable whenever the server has something to
 * do; wait for that together with your own, and call hewn_server_poll. Handlers run inside it, and
 * what blocks holds up everybody; routes that wait have to say .blocking, and run on threads of their
 * own. hewn_server_stop and hewn_server_wait end it as any other.
 * Valid: the descriptor, until hewn_server_wait. Do not close it.
 * Errors: -EINVAL: it has several loops; -EMFILE, -ENOMEM and the like. */
int hewn_server_fd(hewn_server *server);

/* Has such a server do what there is to do. Where there is nothing yet, waits for it for timeout_ms at most: 0 does
 * not wait, -1 as long as it takes.
 * Errors: 0, or those of hewn_server_fd.
 * Threads: one at a time. */
int hewn_server_poll(hewn_server *server, int timeout_ms);

/* Waits until the server has been stopped and has drained; touches no signal.
 * Errors: -ETIMEDOUT: the drain deadline cut connections off. */
int hewn_server_wait(hewn_server *server);

/* Stops a server. The first call drains: no new connections, and requests in flight are finished within
 * limits.drain_ms. The second ends at once.
 * Threads: any, at any time; also from a signal handler. */
void hewn_server_stop(hewn_server *server);

/* What a program is told while its server runs; each may be NULL. */
typedef struct hewn_run_opts {
    size_t size; /* sizeof(hewn_run_opts) */
    /* Everything runs: the time to tell the world of it. On the calling thread. */
    void (*serving)(hewn_server *server, void *arg);
    /* The first signal has come. After `serving`, on a thread of its own; it has returned when
     * hewn_server_run does. */
    void (*stopping)(hewn_server *server, void *arg);
    void *arg;
    /* SIGHUP or SIGUSR1 has come: the time to open a log file anew (hewn_server_log_to). Where it is
     * NULL both signals are left as they are. After `serving`, on a thread of its own. */
    void (*reopen)(hewn_server *server, int signal_number, void *arg);
} hewn_run_opts;

/* The ordinary life of a server program, in one call: starts, unless that has been done, and waits
 * for SIGINT and SIGTERM. The first of them drains, the second ends at once. Returns when the server
 * has ended, stopped by a signal or otherwise. Both signals (and SIGPIPE, and with `reopen` its two)
 * are blocked in the calling thread, and stay so: block them before you start threads of your own.
 * `opts` may be NULL.
 * Errors: those of hewn_server_start, then `serving` has not been called; -EAGAIN: there is no
 * thread to wait for signals; -ETIMEDOUT: the drain deadline cut connections off. */
int hewn_server_run(hewn_server *server, const hewn_run_opts *opts);

/* The addresses that were really bound, "127.0.0.1:9000", in the order of the options; NULL past the last one.
 * Valid: as long as the server. */
const char *hewn_server_address(const hewn_server *server, size_t index);

/* Has the log go on in another place: after its file was renamed, in the file that was made anew.
 * Every line is whole, in the one or the other, and none is lost or in both; one that the old place
 * did not take whole is written to the new one from its beginning. Lines of the last second go
 * to either. Without a log it does nothing.
 * Owns: the descriptor is duplicated.
 * Errors: -EBADF, -EMFILE, -ENFILE: the log stays where it is.
 * Threads: any, until the server is freed. */
int hewn_server_log_to(hewn_server *server, int fd);

/* Has a server read the files of its certificates anew. New connections are shown what is in them then;
 * none that is open ends. Where one of the files cannot be used, or a certificate has expired and the one in use
 * has not, all stay as they were. Without TLS it does nothing.
 * Errors: what hewn_server_new says of certificates; the fault (which may be NULL) names the file.
 * Threads: any, one at a time; it reads files. */
int hewn_server_renew_certificates(hewn_server *server, hewn_fault *fault);

/* What there is to know of a server. */

/* The limits in force: those that were given, and the defaults of the others, also where they are
 * derived from the machine (connections_max, memory_bytes_max). */
hewn_limits hewn_server_limits(const hewn_server *server);
/* How many loops it has. */
unsigned hewn_server_loops(const hewn_server *server);

/* What a server has done and is doing. */
typedef struct hewn_numbers {
    uint64_t connections; /* open now */
    uint64_t in_flight;   /* requests begun and not finished yet */
    uint64_t requests;    /* answered so far */
    uint64_t bytes_out;   /* of response bodies so far */
    uint64_t shed;        /* connections closed for others so far */
    uint64_t refused;     /* answered 503 for want of room so far */
    uint64_t memory;      /* of limits.memory_bytes_max, now */
} hewn_numbers;

/* What this server has done and is doing. The numbers are read one after another, while it works.
 * Threads: any, at any time. */
hewn_numbers hewn_server_numbers(const hewn_server *server);

/* The most memory the process should ever have resident, in bytes: limits.memory_bytes_max and
 * limits.cache_bytes_max, an eighth of both for what the allocator cannot give back, and what loops
 * and threads need. What handlers allocate themselves comes on top. */
uint64_t hewn_server_memory_ceiling(const hewn_server *server);

/* Frees a server whose threads have ended or were never started, and drops its app; NULL is fine.
 * Waits for handlers that have not returned yet although nobody wants their answer any more, for
 * streams that are still written, and for promises that somebody holds. */
void hewn_server_free(hewn_server *server);

/* Folders of files. */

#define HEWN_EVERY_TIME UINT_MAX
#define HEWN_NO_STORE UINT_MAX

/* A header field, as an option. */
typedef struct hewn_field {
    const char *name, *value;
} hewn_field;

typedef struct hewn_files_opts {
    size_t size; /* sizeof(hewn_files_opts) */
    const char *const
        *index; /* names tried for a folder, in order, NULL-terminated; default index.html */
    /* Files are remembered, and forgotten as soon as they change. Where the system does not tell of
     * changes (network file systems, folders that may not be read) what was found is looked up
     * again when it is older than this: 1000; HEWN_EVERY_TIME: for each request. */
    unsigned fresh_ms;
    /* Fields of every answer of the folder, a 304, a 404 and other errors too; at most 32, of 8 KiB
     * together. Cache-Control and X-Content-Type-Options stand instead of the server's own. Not those
     * that the server says of a message or a file: Content-Type, Content-Length, ETag, Date,
     * Connection and their like. */
    const hewn_field *fields;
    size_t n_fields;
    /* Pages of which other origins may read the answers in scripts, NULL-terminated:
     * "https://example.org", "http://127.0.0.1:3000"; or "*" alone, which is every page's. Preflights
     * are answered, for GET, HEAD and OPTIONS; scripts see Accept-Ranges, Content-Range and ETag.
     * Credentials are allowed by no one but you, with a field Access-Control-Allow-Credentials, and
     * never together with "*". Default: none. */
    const char *const *cors_origins;
    /* Pages are isolated from other origins (Cross-Origin-Opener-Policy: same-origin,
     * Cross-Origin-Embedder-Policy: require-corp, Cross-Origin-Resource-Policy: same-origin): what
     * SharedArrayBuffer and exact clocks ask for. */
    bool isolated;
    /* The name of one file in the folder, which alone is served: under that name, and at the prefix
     * itself. `index` and `hidden` mean nothing then. */
    const char *only;
    /* Also names that begin with a dot, and those that end in "~", ".bak", ".swp" or ".orig". */
    bool hidden;
    /* Also through symbolic links that lead out of the folder; never into /proc by its own links.
     * What changes behind a symbolic link is seen within fresh_ms. */
    bool follow_links;
    /* What Cache-Control says of a file. 0: "no-cache", so that browsers keep it and ask each time
     * whether it is still the same; but "max-age=31536000, immutable" where its name has a hash of
     * its content in it, as build tools make them ("app-3f9ac1d2.js"). HEWN_NO_STORE: "no-store".
     * Otherwise "max-age" with so many seconds, whatever its name: within them a browser does not
     * see a change. */
    unsigned max_age_s;
    /* Unless this is set: where app.js.br, app.js.zst or app.js.gz lies beside app.js, is not older and
     * not empty, it is what a client gets who accepts that coding. Else text from 256 bytes up to 16
     * MiB is coded while it is sent, with a weak tag and without ranges, and, up to 1 MiB, once more
     * in the background, for those who ask later, by br and zstd at their best; that takes a
     * quarter of cache_bytes_max, and up to 48 MiB while it works. */
    bool uncompressed;
    /* A folder without an index is listed: names that may be seen, folders first, with sizes and
     * times. As a page, which `?sort=name`, `size` and `time` put in order (`-size`: the other way
     * round), or, where Accept prefers application/json, as an array of {name, type, size, modified};
     * a name that is not UTF-8 has U+FFFD for what is none and, beside it, `href` with its bytes
     * percent-encoded. At most 131 072 names, of 16 MiB together; the page says when there are more,
     * and the field `Listing-Incomplete: ?1` does. A folder that may not be read is a 403. A field
     * Content-Security-Policy of `fields` gives way to the page's own, which is stricter. */
    bool list;
    /* "/a" is answered with a.html where there is no file "a"; before a folder "a". */
    bool clean_urls;
    /* The name of a file in the folder that stands in for every name that leads nowhere, where
     * somebody navigates: GET or HEAD, Accept names text/html, and the last name has no extension.
     * It is answered as under its own name, 200 and all. What else is missing stays a 404. */
    const char *spa;
} hewn_files_opts;

/* Serves a folder and what is below it under a prefix: "/" or "/docs". Never leaves the folder,
 * whatever is asked for, but by the links of follow_links. Where the system tells of changes a
 * request sees every one that was made before the wait ended which brought it to its loop. Not seen:
 * stores through a memory mapping, until that ends; what is mounted over a folder or a name. Answers
 * have entity tags made of their content (of more than 1 MiB: as soon as it has been read once, in the
 * background), dates and ranges, several of them too (multipart/byteranges), and are not to be
 * sniffed, unless `fields` says otherwise. A file 404.html at the top is what a 404 has for its
 * content. opts may be NULL, and may go afterwards.
 * Owns: keeps a descriptor of its own; folder_fd stays the caller's.
 * Errors: -EINVAL for an option that makes no sense, -ENOTDIR and what else the system says of the
 * folder, -ENOMEM; the fault (which may be NULL) says it in words. A bad prefix aborts. */
HEWN_MUST_USE int hewn_files(hewn_app *app, const char *prefix, int folder_fd,
                             const hewn_files_opts *opts, hewn_fault *fault);

/* Is told of a request's way to its answer: what it is about ("index", "coding", "answer"), and words.
 * Names of files are in them as they are: escape them before you show them.
 * Valid: during the call. */
typedef void hewn_tell_fn(void *arg, const char *subject, const char *words);

/* Tells what hewn_files would answer to a GET for a target ("/a?b", or a URL), and why, without a
 * server: it is answered as a server would, and each decision is told where it is made. At last comes the
 * answer: "answer" is its status, and each of its fields is a subject, with its value and the reason
 * why it is there. `fields` are the request's, such as Accept-Encoding.
 * Errors: those of hewn_files; -ENOMEM. What a server would answer to is none, a 404 neither. */
HEWN_MUST_USE int hewn_files_explain(int folder_fd, const hewn_files_opts *opts, const char *target,
                                     const hewn_field *fields, size_t n_fields, hewn_tell_fn *tell,
                                     void *arg, hewn_fault *fault);

/* Certificates for development. */

typedef struct hewn_certificate_dev_opts {
    size_t size; /* sizeof(hewn_certificate_dev_opts) */
    /* Where its files are; default: hewn/dev in $XDG_DATA_HOME, or else in ~/.local/share. */
    const char *folder;
    /* More names of hosts, and addresses, that it is for, NULL-terminated: "app.localhost",
     * "*.shop.test", "192.168.1.5", "fd00::5". */
    const char *const *names;
} hewn_certificate_dev_opts;

/* Where a certificate for development is. The texts are in the struct itself. */
typedef struct hewn_certificate_paths {
    char certificate[512]; /* cert.pem: the certificate, and behind it its authority's */
    char key[512];         /* key.pem */
    char authority[512];   /* ca.pem: the authority, which browsers are to trust */
    int64_t until_s;       /* its last second, since 1970 */
    const char *reason;    /* why it has been made just now, in words; NULL: it was there */
    bool is_new_authority; /* which nobody can have trusted yet */
} hewn_certificate_paths;

/* Makes a certificate for HTTPS on this machine, or finds the one that was made before. It is for
 * localhost, 127.0.0.1, ::1, the name of this host, that name in .local, and `names`; it is valid for 30
 * days, and made anew when fewer than 7 are left, when a name is asked for that it lacks, or when
 * its authority is another one. That authority is made once, on this machine, for ten years. It can
 * vouch for nothing on the Internet: only for .localhost, .local, .test, .lan, .internal,
 * .home.arpa, this host's name and private addresses (name constraints, RFC 5280 4.2.1.10). Nothing
 * is installed anywhere: whom browsers trust is for you to say. Several programs may do this at
 * once. opts may be NULL.
 * Errors: -ENOENT: nothing says where the user's files are; -EACCES, -EROFS and what else the system
 * says of the folder; -EPERM: it is another user's, or others may read a key; -EBADMSG: a file is
 * damaged, -EEXIST: it is none that was made here, -EKEYEXPIRED: the authority's time is over: such a
 * file is never replaced; -EINVAL: a name is none, or the authority may not vouch for it; -E2BIG:
 * more than 64 names; -EAGAIN: another program has held the folder for 10 seconds; -ENOTSUP: the
 * library was built without OpenSSL; -ENOMEM. The fault (which may be NULL) says what to do. */
HEWN_MUST_USE int hewn_certificate_dev(const hewn_certificate_dev_opts *opts, hewn_fault *fault,
                                       hewn_certificate_paths *ret_paths);

/* Describes the certificates of a file (PEM), or, where `file` is NULL, the one for development: of each
 * "subject", "names", "issuer", "valid", "key", "fingerprint", "authority", and "permitted" and
 * "excluded" names of an authority; then "chain", whether each is signed by the next, and "key file",
 * whether the private key beside it is its own.
 * Errors: what the system says of the file; -EBADMSG: there is no certificate in it that can be
 * read; -ENOENT: there is none for development; -ENOTSUP: the library was built without OpenSSL;
 * -ENOMEM. */
HEWN_MUST_USE int hewn_certificate_show(const char *file, hewn_tell_fn *tell, void *arg,
                                        hewn_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
