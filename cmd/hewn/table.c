/* The table of options.
 *
 * It is the parser, the help, the defaults, the completions, the manual page and the dictionary for
 * suggestions: an option that is not in it does not exist, one that is in it is explained
 * everywhere. Bounds and defaults stand here once, and whoever tells of them takes them from here.
 * Options and words of later versions stand here by name, so that nobody is told that a documented
 * option is a typing error: whoever builds one moves its name to a row. */
#include "table.h"

#include <string.h>

#include "options.h"
#include "suggest.h"

#define DAY_MS (24 * 60 * 60 * 1000)
#define AT(member) offsetof(options, member)

static const char *const cache_rules[] = {"auto", "off", NULL};
static const char *const compress_rules[] = {"auto", "off", NULL};
static const char *const log_forms[] = {"pretty", "combined", "json", "off", NULL};

const topic_row topic_rows[TOPIC_COUNT] = {
    [TOPIC_LISTENING] = {"listening", "Where it listens"},
    [TOPIC_FILES] = {"files", "What it serves"},
    [TOPIC_LOG] = {"log", "What it logs"},
    [TOPIC_LIMITS] = {"limits", "Limits"},
    [TOPIC_PROGRAM] = {"program", "The program"},
};

static const option_row rows[] = {
    {
        .name = "listen",
        .letter = 'l',
        .kind = OPTION_LIST,
        .topic = TOPIC_LISTENING,
        .value = "ADDR",
        .offset = AT(listen),
        .fallback = "127.0.0.1:9000 and [::1]:9000",
        .origin = "the next free port up to 9009 where 9000 is taken",
        .brief = "9000, :80 (everywhere), 1.2.3.4:80, unix:/path, fd:3",
        .text = "Listen on this address: 9000 (the port on 127.0.0.1 and [::1]), :9000 (on every "
                "interface), 1.2.3.4:80, [::1]:9000, unix:/path (a Unix socket, whose name is "
                "removed at the end) or fd:3 (a listening socket that was inherited). Port 0 lets "
                "the system choose. May be repeated.",
    },
    {
        .name = "port",
        .letter = 'p',
        .kind = OPTION_NUMBER,
        .topic = TOPIC_LISTENING,
        .value = "N",
        .offset = AT(port),
        .most = 65535,
        .fallback = "9000",
        .origin = "the next free one up to 9009 where it is taken",
        .brief = "port of 127.0.0.1 and [::1]; default 9000, up to 9009",
        .text = "Listen on this port of 127.0.0.1 and [::1], and of what --lan or --public add. "
                "Without it, when 9000 is taken, the next free port up to 9009 is used and said; a "
                "port that was named is never exchanged for another.",
    },
    {
        .name = "lan",
        .kind = OPTION_FLAG,
        .topic = TOPIC_LISTENING,
        .offset = AT(lan),
        .brief = "listen on this machine's private addresses too",
        .text = "Listen on this machine's private addresses too.",
    },
    {
        .name = "public",
        .kind = OPTION_FLAG,
        .topic = TOPIC_LISTENING,
        .offset = AT(public),
        .brief = "listen on all interfaces",
        .text = "Listen on all interfaces.",
    },
    {
        .name = "tls",
        .kind = OPTION_LIST,
        .topic = TOPIC_LISTENING,
        .value = "CERT,KEY|dev",
        .offset = AT(tls),
        .brief = "https, with this certificate and its key",
        .text =
            "Speak TLS (1.2 and 1.3) on every address: CERT is a file with the certificate and, "
            "behind it, those that vouch for it, KEY one with its private key, both PEM. A third "
            "file, CERT,KEY,OCSP, holds what its authority says of it (DER), which is shown to "
            "clients. May be repeated: each client is shown the certificate for the name it calls, "
            "of the kind of key it understands; the first is for who calls none of them. When the "
            "files change, and on SIGHUP, they are read anew, and no connection ends. dev stands "
            "for the certificate for "
            "development of hewn cert dev, which is made where there is none; browsers warn of it "
            "until they are told to trust it (hewn cert dev says how).",
    },
    {
        .name = "redirect",
        .is_secondary = true,
        .kind = OPTION_LIST,
        .topic = TOPIC_LISTENING,
        .value = "ADDR[,PORT]",
        .offset = AT(redirect),
        .brief = "listen here in clear, and send clients to https",
        .text =
            "With --tls: listen on this address too, in clear, and send whoever asks there to the "
            "same URL under https (308): on PORT, or else on the port of the first address that "
            "has "
            "TLS. May be repeated.",
    },
    {
        .name = "hsts",
        .is_secondary = true,
        .kind = OPTION_MAYBE,
        .topic = TOPIC_LISTENING,
        .value = "SECONDS",
        .offset = AT(hsts),
        .brief = "browsers shall come by https alone from now on",
        .text =
            "With --tls: tell browsers to come to this host by https alone for so long, a year "
            "where "
            "nothing is said (Strict-Transport-Security). They will hold on to it, so be sure that "
            "https will work for as long.",
    },
    {
        .name = "client-ca",
        .is_secondary = true,
        .kind = OPTION_TEXT,
        .topic = TOPIC_LISTENING,
        .value = "FILE",
        .offset = AT(client_ca),
        .brief = "only clients that these authorities vouch for",
        .text =
            "With --tls: let nobody in who does not show a certificate that one of the authorities "
            "in this file (PEM) vouches for.",
    },
    {
        .name = "client-optional",
        .is_secondary = true,
        .kind = OPTION_FLAG,
        .topic = TOPIC_LISTENING,
        .offset = AT(client_optional),
        .brief = "with --client-ca: clients without one come in too",
        .text = "With --client-ca: clients without a certificate come in too; one that is shown "
                "must be "
                "good all the same.",
    },
    {
        .name = "trusted-proxies",
        .is_secondary = true,
        .kind = OPTION_TEXT,
        .topic = TOPIC_LISTENING,
        .value = "ADDR,..",
        .offset = AT(trusted_proxies),
        .brief = "whose word counts about who asks, and how",
        .text =
            "Proxies in front of this server: addresses and ranges of them, such as 10.0.0.0/8, "
            "::1 "
            "and unix: (all of its Unix sockets). What they say in X-Forwarded-For, "
            "X-Forwarded-Proto, Forwarded and X-Request-Id counts: for the log, and for "
            "--redirect, "
            "which sends nobody to https who has come to such a proxy by it. Let your proxy write "
            "either Forwarded or the others, and remove what it does not write. Folders are "
            "listed only where --list asks for it.",
    },
    {
        .name = "proxy-protocol",
        .is_secondary = true,
        .kind = OPTION_TEXT,
        .topic = TOPIC_LISTENING,
        .value = "ADDR,..",
        .offset = AT(proxy_protocol),
        .brief = "connections begin with a PROXY header, of these",
        .text =
            "On every address, that of --redirect too, each connection begins with a header of the "
            "PROXY protocol, version 1 or 2, before TLS, which says who the client is. Only these "
            "proxies may connect, addresses and ranges of them as in --trusted-proxies; whoever "
            "else does, or begins without a header, is closed, and standard error is told, once a "
            "second at most. Folders are listed only where --list asks for it.",
    },
    {
        .name = "index",
        .letter = 'i',
        .kind = OPTION_LIST,
        .topic = TOPIC_FILES,
        .value = "NAME",
        .offset = AT(index),
        .fallback = "index.html",
        .brief = "what / of a folder serves; default index.html",
        .text = "The file that stands for its folder. May be repeated; the first that exists is "
                "served.",
    },
    {
        .name = "list",
        .is_secondary = true,
        .kind = OPTION_PAIR,
        .topic = TOPIC_FILES,
        .offset = AT(list),
        .fallback = "on",
        .origin = "off where others than this machine can ask",
        .brief = "list folders that have no index; on for loopback",
        .text = "List what is in a folder that has no index, as a page, or as JSON for who accepts "
                "that rather. On as long as every address is of the loopback; with --lan, --public "
                "or another address it has to be asked for. What is not served is not listed.",
    },
    {
        .name = "spa",
        .is_secondary = true,
        .kind = OPTION_MAYBE,
        .topic = TOPIC_FILES,
        .value = "FILE",
        .offset = AT(spa),
        .brief = "this page for all names without an extension",
        .text = "An application with names of its own: who navigates to one that leads nowhere (a "
                "name without an extension, asked for as text/html) gets this file, index.html "
                "where none is named. A script or picture that is missing stays a 404.",
    },
    {
        .name = "clean-urls",
        .is_secondary = true,
        .kind = OPTION_PAIR,
        .topic = TOPIC_FILES,
        .offset = AT(clean_urls),
        .fallback = "on",
        .brief = "/a is a.html where there is no file a",
        .text = "/a is answered with a.html where there is no file a, before a folder a, and "
                "without a redirect.",
    },
    {
        .name = "hidden",
        .is_secondary = true,
        .kind = OPTION_FLAG,
        .topic = TOPIC_FILES,
        .offset = AT(hidden),
        .brief = "serve names that begin with a dot, and *~ *.bak too",
        .text = "Serve names that begin with a dot too, and what editors leave behind: names that "
                "end in ~, .bak, .swp or .orig. Without it .well-known at the top is the only one "
                "of them that is served.",
    },
    {
        .name = "follow-links",
        .is_secondary = true,
        .kind = OPTION_FLAG,
        .topic = TOPIC_FILES,
        .offset = AT(follow_links),
        .brief = "follow symbolic links that lead out of the folder",
        .text = "Follow symbolic links wherever they lead. Without it a link is followed as long "
                "as it stays in the folder. Whoever may write in the folder can then publish what "
                "this process may read. A change behind such a link may be seen a second late.",
    },
    {
        .name = "header",
        .letter = 'H',
        .is_secondary = true,
        .kind = OPTION_LIST,
        .topic = TOPIC_FILES,
        .value = "FIELD",
        .offset = AT(header),
        .brief = "a header field of every answer: 'Name: value'",
        .text = "A header field of every answer, of errors too, such as 'Referrer-Policy: "
                "no-referrer'. May be repeated. Cache-Control replaces the server's own. Fields "
                "that the server says of a message or a file, such as Content-Type, ETag and "
                "Date, are refused.",
    },
    {
        .name = "cors",
        .is_secondary = true,
        .kind = OPTION_MAYBE,
        .topic = TOPIC_FILES,
        .value = "ORIGIN,..",
        .offset = AT(cors),
        .brief = "pages of these origins may read, or of all",
        .text = "Pages of these origins may read the answers in scripts; without a list, those of "
                "every origin. An origin is a scheme and a host, such as https://example.org, as "
                "browsers write it. Only the origin that asks is named, and preflights are "
                "answered. A field 'Access-Control-Allow-Credentials: true' beside a list lets "
                "pages send their credentials; beside every origin it is refused.",
    },
    {
        .name = "cache",
        .is_secondary = true,
        .kind = OPTION_MIXED,
        .topic = TOPIC_FILES,
        .value = "auto|off|SECONDS",
        .words = cache_rules,
        .offset = AT(cache),
        .least = 1,
        .most = 365 * 24 * 60 * 60,
        .fallback = "auto",
        .brief = "how long browsers keep files without asking",
        .text = "How long browsers may use a file without asking. auto: never (no-cache: they keep "
                "it and ask whether it is still the same, which costs a 304), but for a year where "
                "the name has a hash of the content in it, as build tools make them: "
                "app-3f9ac1d2.js. off: nothing is to be kept (no-store). SECONDS: every file for "
                "so long; within it they do not see a change.",
    },
    {
        .name = "compress",
        .is_secondary = true,
        .kind = OPTION_WORD,
        .topic = TOPIC_FILES,
        .value = "WHEN",
        .words = compress_rules,
        .offset = AT(compress),
        .fallback = "auto",
        .brief = "auto or off: send text compressed",
        .text =
            "auto: where app.js.br, app.js.zst or app.js.gz lies beside app.js and is not older "
            "than it, it is what a client gets who accepts that coding. Else text of 256 bytes "
            "and more is compressed while it is sent, and, up to 1 MiB, once more in the "
            "background, as small as it gets, for those who ask later. off: every file is sent "
            "as it is.",
    },
    {
        .name = "isolate",
        .is_secondary = true,
        .kind = OPTION_FLAG,
        .topic = TOPIC_FILES,
        .offset = AT(isolate),
        .brief = "isolate pages from other origins (COOP, COEP, CORP)",
        .text = "Pages are isolated from other origins, as SharedArrayBuffer asks for: "
                "Cross-Origin-Opener-Policy, Cross-Origin-Embedder-Policy and "
                "Cross-Origin-Resource-Policy.",
    },
    {
        .name = "log",
        .kind = OPTION_WORD,
        .topic = TOPIC_LOG,
        .value = "FORM",
        .offset = AT(log),
        .words = log_forms,
        .derived = DERIVED_LOG,
        .origin = "pretty on a terminal, json elsewhere",
        .brief = "pretty, combined, json or off",
        .text =
            "How requests are logged: pretty, combined, json or off. The default is pretty on a "
            "terminal and json elsewhere. What a client sent is escaped in all of them. Lines are "
            "written once a second, or when there are 32 KiB of them; pretty and a terminal get "
            "them at once. Lines that a stopped reader or a full disk does not take are lost; "
            "standard error is told when that begins, when it is over, and how many there were.",
    },
    {
        .name = "log-file",
        .is_secondary = true,
        .kind = OPTION_TEXT,
        .topic = TOPIC_LOG,
        .value = "FILE",
        .offset = AT(log_file),
        .fallback = "standard output",
        .brief = "append the log to a file; SIGHUP opens it anew",
        .text = "Append the log to this file, which is made where there is none. On SIGHUP and on "
                "SIGUSR1 it is opened anew, so that it can be rotated: no line is lost, and none "
                "is in both files. Where it cannot be opened, standard error is told and the old "
                "one is kept.",
    },
    {
        .name = "max-memory",
        .is_secondary = true,
        .kind = OPTION_SIZE,
        .topic = TOPIC_LIMITS,
        .value = "64MiB",
        .offset = AT(max_memory),
        .least = 1 << 20,
        .most = INT64_C(1) << 50,
        .derived = DERIVED_MEMORY,
        .origin = "an eighth of the memory of the machine or its control group, at most 256MiB",
        .brief = "of all connections",
        .text = "So much memory may all connections hold together, with the requests and answers "
                "on them.",
    },
    {
        .name = "max-conns",
        .is_secondary = true,
        .kind = OPTION_NUMBER,
        .topic = TOPIC_LIMITS,
        .value = "N",
        .offset = AT(max_conns),
        .least = 1,
        .most = 1 << 20,
        .derived = DERIVED_CONNECTIONS,
        .origin = "what the limit of descriptors leaves; more is not to be had",
        .brief = "connections at a time",
        .text = "So many connections at a time. What is left of the limit of descriptors is also "
                "the most: that limit less an eighth of it for files and a reserve of an eighth, "
                "but of 8 to 64. A server that is nearly full lets some give way.",
    },
    {
        .name = "head-timeout",
        .is_secondary = true,
        .kind = OPTION_TIME,
        .topic = TOPIC_LIMITS,
        .value = "15s",
        .offset = AT(head_timeout),
        .least = 1,
        .most = DAY_MS,
        .fallback = "15s",
        .brief = "for a request's head, in all",
        .text = "So long may the head of a request take in all, from the beginning of the "
                "connection or the first byte of the request. Who is later is answered 408, or "
                "just closed where nothing has come.",
    },
    {
        .name = "idle-timeout",
        .is_secondary = true,
        .kind = OPTION_TIME,
        .topic = TOPIC_LIMITS,
        .value = "30s",
        .offset = AT(idle_timeout),
        .least = 1,
        .most = DAY_MS,
        .fallback = "30s",
        .brief = "between two requests",
        .text = "So long does a connection stay open between two requests.",
    },
    {
        .name = "min-rate",
        .is_secondary = true,
        .kind = OPTION_RATE,
        .topic = TOPIC_LIMITS,
        .value = "500B/s",
        .offset = AT(min_rate),
        .least = 1,
        .most = 1 << 30,
        .fallback = "500B/s",
        .brief = "of bodies, and of answers that are taken",
        .text = "Who is slower is cut off: who sends a body, after its first 10 seconds, over each "
                "20 seconds, with 408; who takes an answer of which 64 KiB or more wait, over each "
                "minute.",
    },
    {
        .name = "max-head",
        .is_secondary = true,
        .kind = OPTION_SIZE,
        .topic = TOPIC_LIMITS,
        .value = "32KiB",
        .offset = AT(max_head),
        .least = 256,
        .most = 256 << 10,
        .fallback = "32KiB",
        .brief = "of a request's head",
        .text = "So long may a request's head be; a longer one is answered 431. No line of it may "
                "be longer than this, or than 8 KiB: a request line that is longer is answered "
                "414, any other 431.",
    },
    {
        .name = "max-body",
        .is_secondary = true,
        .kind = OPTION_SIZE,
        .topic = TOPIC_LIMITS,
        .value = "1MiB",
        .offset = AT(max_body),
        .least = 1,
        .most = INT64_C(1) << 40,
        .fallback = "1MiB",
        .brief = "of a body that is sent to a file",
        .text = "So much of a request's body is read past, as files take none. The connection of a "
                "longer one is closed behind the answer.",
    },
    {
        .name = "open",
        .letter = 'o',
        .kind = OPTION_FLAG,
        .topic = TOPIC_PROGRAM,
        .offset = AT(open),
        .brief = "show it in a browser",
        .text = "Show the page in a browser once it is served: $BROWSER (commands with : between "
                "them, the first that is there; %s stands for the address), else xdg-open on a "
                "desktop. Where that fails it is said, and serving goes on.",
    },
    {
        .name = "loops",
        .is_secondary = true,
        .kind = OPTION_NUMBER,
        .topic = TOPIC_PROGRAM,
        .value = "N",
        .offset = AT(loops),
        .least = 1,
        .most = 1024,
        .derived = DERIVED_LOOPS,
        .origin = "the processors this process may use",
        .brief = "threads; default: the processors it may use",
        .text = "The number of threads that serve.",
    },
    {
        .name = "trace",
        .is_secondary = true,
        .kind = OPTION_FLAG,
        .topic = TOPIC_PROGRAM,
        .offset = AT(trace),
        .brief = "each step in the life of a request",
        .text = "For the development of hewn itself: tells each step in the life of a request.",
    },
    {
        .name = "help",
        .letter = 'h',
        .kind = OPTION_FLAG,
        .topic = TOPIC_PROGRAM,
        .offset = AT(help),
        .brief = "this text",
        .text = "Print a summary, of one screen.",
    },
    {
        .name = "help-all",
        .kind = OPTION_FLAG,
        .topic = TOPIC_PROGRAM,
        .offset = AT(help_all),
        .brief = "every option, with its bounds and its default",
        .text = "Print all there is to say about every option, its bounds and its default.",
    },
    {
        .name = "version",
        .kind = OPTION_FLAG,
        .topic = TOPIC_PROGRAM,
        .offset = AT(version),
        .brief = "the version",
        .text = "Print the version.",
    },
};

const option_table hewn_options = {rows, sizeof(rows) / sizeof(rows[0])};

/* Their kinds are there: a MAYBE for upload. */
const char *const later_options[] = {
    "auth",    "auth-file", "upload",  "archive", "live",         "qr",
    "sandbox", "metrics",   "control", "workers", "print-config", NULL,
};

const char *const later_commands[] = {
    "run", "check", "status", "fmt", "reload", "stop", "hash-password", NULL,
};

const char *const cert_words[] = {"dev", "show", NULL};

bool table_has_word(const char *const *words, const char *word, size_t length)
{
    for (; *words; words++)
        if (strlen(*words) == length && memcmp(*words, word, length) == 0)
            return true;
    return false;
}

const option_row *table_find(const option_table *table, const char *name, size_t length)
{
    for (size_t i = 0; i < table->count; i++) {
        const option_row *row = &table->rows[i];

        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
            return row;
    }
    return NULL;
}

const option_row *table_find_letter(const option_table *table, char letter)
{
    for (size_t i = 0; letter && i < table->count; i++)
        if (table->rows[i].letter == letter)
            return &table->rows[i];
    return NULL;
}

const char *table_nearest(const option_table *table, const char *name)
{
    const char *nearest = NULL;
    size_t best = SUGGEST_WORD_MAX;

    for (size_t i = 0; i < table->count; i++) {
        size_t distance = suggest_distance(name, table->rows[i].name);

        if (distance < best) {
            best = distance;
            nearest = table->rows[i].name;
        }
    }
    return nearest && suggest_is_near(name, best) ? nearest : NULL;
}
