/* The public server object: a server, the application it asks, and where it tells what happened. */
#ifndef HW_RUN_SERVER_H
#define HW_RUN_SERVER_H

#include "base/sink.h"
#include "hewn/server.h"
#include "http/media.h"
#include "server/server.h"
#include "watch/log.h"

struct hewn_server {
    hewn_app *app;
    hw_server *core;
    hw_media media;
    hw_log log;
    int pipe; /* the log's own descriptor, or -1 */
    hw_sink sink;
    hewn_record_fn *record;
    void *record_arg;
    bool is_started;
};

#endif
