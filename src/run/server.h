/* The public server object: a server, the application it asks, and where it tells what happened. */
#ifndef HW_RUN_SERVER_H
#define HW_RUN_SERVER_H

#include "base/sink.h"
#include "hewn/server.h"
#include "http/cidr.h"
#include "http/media.h"
#include "server/server.h"
#include "watch/log.h"

/* What one loop tells, on its way to the log, when the program wants records too. */
typedef struct hw_teller {
    hw_sink log;
    hewn_record_fn *record;
    void *arg;
} hw_teller;

struct hewn_server {
    hewn_app *app;
    hw_server *core;
    char *mime_types; /* what media reads */
    hw_media media;
    hw_arena arena;      /* of what options say */
    hw_cidrs proxies;    /* whose word about clients counts */
    struct hw_tls **tls; /* one an address that has any; several may have the same */
    size_t tls_count;    /* of addresses */
    hw_log *log;
    unsigned loops;
    hw_sink *sinks;     /* of the loops */
    hw_teller *tellers; /* of the loops; NULL: nobody wants records */
    bool is_started;
};

/* hewn_server_new; without `listens` nobody can connect but through hw_server_connect. 0, or a
 * negative errno and the fault in words. */
int hw_run_server_new(hewn_app *app, const hewn_server_opts *opts, bool listens, hw_fault *fault,
                      hewn_server **ret_server);

/* Addresses and ranges of them, as the options have them in this member; NULL: none are given, and
 * nothing changes. Valid: as long as the server. 0, or a negative errno and the fault in words. */
int hw_run_cidrs_read(hewn_server *server, const char *member, const char *list, hw_fault *fault,
                      hw_cidrs *ret_cidrs);

/* A fault as a program sees it; ret_fault may be NULL. */
void hw_run_show_fault(const hw_fault *fault, hewn_fault *ret_fault);

#endif
