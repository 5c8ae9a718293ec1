/* Joins an application with a server: options to setup, the app's answerer and per-loop state to
 * the server, a sink of the log to each of its loops.
 *
 * Everything a server needs of the machine is read here, once, before a thread runs: media types,
 * the limit of descriptors, whether there is IPv6. So a sandbox can be entered between new and
 * start. */
#include "run/server.h"

#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/options.h"
#include "base/assert.h"
#include "base/file.h"
#include "base/number.h"
#include "exchange/record.h"
#include "run/limits.h"
#include "run/listen.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/process.h"
#include "sys/socket.h"

enum {
    MIME_BYTES_MAX = 1024 * 1024,
    SERVER_BLOCK_BYTES = 1024,
    LOG_END_MS = 2000, /* a reader that has stopped does not hold up the end for longer */
};

void hw_run_show_fault(const hw_fault *fault, hewn_fault *ret_fault)
{
    if (!ret_fault)
        return;
    *ret_fault = (hewn_fault){.error = fault->error, .line = fault->line, .column = fault->column};
    snprintf(ret_fault->what, sizeof ret_fault->what, "%s", fault->what);
    snprintf(ret_fault->where, sizeof ret_fault->where, "%s", fault->where);
}

static const char *string_or_empty(hw_text text)
{
    return text.at ? text.at : "";
}

static void show_record(const hw_teller *teller, const hw_record *record)
{
    hewn_record shown = {
        .size = sizeof shown,
        .method = string_or_empty(record->method),
        .target = string_or_empty(record->target),
        .protocol = string_or_empty(record->protocol),
        .peer = string_or_empty(record->peer),
        .host = string_or_empty(record->host),
        .referer = string_or_empty(record->referer),
        .user_agent = string_or_empty(record->user_agent),
        .status = record->status,
        .is_complete = record->is_complete,
        .bytes_in = record->bytes_in,
        .bytes_out = record->bytes_out,
        .us = record->us,
        .at_ms = record->at_ms,
        .id = string_or_empty(record->id),
    };
    teller->record(&shown, teller->arg);
}

static void take_told(void *arg, hw_sink_kind kind, const void *item)
{
    const hw_teller *teller = arg;
    hw_sink_put(&teller->log, kind, item);
    if (kind == HW_SINK_RECORD)
        show_record(teller, item);
}

static int choose_log_format(const char *name, int fd, hw_fault *fault, hw_log_format *ret_format)
{
    if (!name) {
        *ret_format = hw_sys_is_terminal(fd) ? HW_LOG_PRETTY : HW_LOG_JSON;
        return 0;
    }
    if (hw_log_format_of(name, ret_format))
        return 0;
    return hw_fault_set(fault, EINVAL, name,
                        "no log format; there are pretty, combined, json, off");
}

static int make_sinks(hewn_server *server, const hewn_server_opts *opts)
{
    server->sinks = hw_sys_alloc_zeroed(server->loops, sizeof *server->sinks);
    server->tellers =
        opts->record ? hw_sys_alloc_zeroed(server->loops, sizeof *server->tellers) : NULL;
    if (!server->sinks || (opts->record && !server->tellers))
        return -ENOMEM;
    for (unsigned i = 0; i < server->loops; i++) {
        server->sinks[i] = hw_log_sink(server->log, i);
        if (!opts->record)
            continue;
        hw_teller *teller = &server->tellers[i];
        *teller = (hw_teller){server->sinks[i], opts->record, opts->record_arg};
        server->sinks[i].take = take_told;
        server->sinks[i].arg = teller;
        server->sinks[i].records = true;
    }
    return 0;
}

static int open_log(hewn_server *server, const hewn_server_opts *opts, hw_fault *fault)
{
    int fd = opts->log_fd ? opts->log_fd : HW_STDOUT;
    hw_log_format format = HW_LOG_OFF;
    int error = choose_log_format(opts->log, fd, fault, &format);
    if (error < 0)
        return error;
    server->loops = opts->loops ? opts->loops : hw_sys_processors();
    const hw_log_setup setup = {
        .format = format,
        .fd = fd,
        .fault_fd = HW_STDERR,
        .colors = opts->colors,
        .steps = opts->trace,
        .is_watched = format == HW_LOG_PRETTY || opts->trace || hw_sys_is_terminal(fd),
        .loops = server->loops,
        .end_ms = LOG_END_MS,
    };
    error = hw_log_new(&setup, &server->log);
    if (error == 0)
        error = make_sinks(server, opts);
    return error < 0 ? hw_fault_set(fault, -error, "log", "%s", hw_error_words(error)) : 0;
}

/* Without the system's table the built-in one serves. 0, or -ENOMEM. */
static int load_media(hewn_server *server)
{
    struct stat seen;
    size_t bytes = MIME_BYTES_MAX;
    ssize_t length = 0;
    int fd = hw_sys_open("/etc/mime.types");
    if (fd >= 0) {
        if (hw_sys_stat(fd, &seen) == 0 && seen.st_size >= 0)
            bytes = (size_t)hw_number_min((uint64_t)seen.st_size, MIME_BYTES_MAX);
        server->mime_types = hw_sys_alloc(bytes);
        if (server->mime_types)
            length = hw_file_read(fd, server->mime_types, bytes);
        (void)hw_sys_close(fd);
    }
    hw_media_init(&server->media, (hw_text){server->mime_types, length > 0 ? (size_t)length : 0});
    return fd >= 0 && !server->mime_types ? -ENOMEM : 0;
}

int hw_run_cidrs_read(hewn_server *server, const char *member, const char *list, hw_fault *fault,
                      hw_cidrs *ret_cidrs)
{
    hw_text bad;
    const char *words;
    if (!list)
        return 0;
    int error = hw_cidrs_parse(hw_text_of(list), &server->arena, &bad, &words, ret_cidrs);
    if (error == -EINVAL)
        return hw_fault_set(fault, EINVAL, member, "\"%.*s\" %s", (int)hw_size_min(bad.length, 60),
                            bad.at, words);
    return error < 0 ? hw_fault_set(fault, -error, NULL, "out of memory") : 0;
}

static int build_server(hewn_server *server, const hewn_server_opts *opts, bool listens,
                        hw_fault *fault)
{
    hw_server_setup setup = {
        .answerer = hw_app_answerer(server->app),
        .media = &server->media,
    };
    setup.locals = hw_app_locals(server->app, &setup.local_count);
    int error = hw_run_limits_read(opts->limits, fault, &setup.limits);
    if (error == 0)
        error = hw_run_cidrs_read(server, "trusted_proxies", opts->trusted_proxies, fault,
                                  &server->proxies);
    if (error == 0)
        error = open_log(server, opts, fault);
    if (error < 0)
        return error;
    if (load_media(server) < 0)
        return hw_fault_set(fault, ENOMEM, NULL, "out of memory");
    if (server->proxies.count > 0)
        setup.proxies = &server->proxies;
    setup.loops = server->loops;
    setup.sinks = server->sinks;
    setup.sink_count = server->loops;
    (void)hw_sys_descriptors_raise(); /* what cannot be raised is what there is */
    return listens ? hw_run_listen(server, &setup, opts, fault)
                   : hw_run_listen_nowhere(server, &setup, fault);
}

int hw_run_server_new(hewn_app *app, const hewn_server_opts *opts, bool listens, hw_fault *fault,
                      hewn_server **ret_server)
{
    hewn_server_opts known;
    if (!hw_options_read(&known, sizeof known, opts))
        return hw_fault_set(fault, EINVAL, "hewn_server_opts",
                            "without its size, or from a newer version");
    hewn_server *server = app ? hw_sys_alloc_zeroed(1, sizeof *server) : NULL;
    if (!server)
        return hw_fault_set(fault, ENOMEM, NULL, "out of memory");
    if (hw_app_fault(app) || hw_app_seal(app, known.dev) < 0) {
        hw_sys_free(server);
        *fault = *hw_app_fault(app);
        return -fault->error;
    }
    hw_arena_init(&server->arena, SERVER_BLOCK_BYTES, SIZE_MAX / 2);
    server->app = hw_app_hold(app);
    int error = build_server(server, &known, listens, fault);
    if (error < 0) {
        hewn_server_free(server);
        return error;
    }
    *ret_server = server;
    return 0;
}

int hewn_server_new(hewn_app *app, const hewn_server_opts *opts, hewn_fault *fault,
                    hewn_server **ret_server)
{
    hw_fault why = {0};
    int error = hw_run_server_new(app, opts, true, &why, ret_server);
    if (error < 0)
        hw_run_show_fault(&why, fault);
    return error;
}

int hewn_server_start(hewn_server *server)
{
    hw_assert(!server->is_started);
    int error = hw_log_start(server->log);
    if (error < 0)
        return error;
    error = hw_server_start(server->core);
    if (error < 0)
        hw_log_end(server->log);
    server->is_started = error == 0;
    return error;
}

int hewn_server_fd(hewn_server *server)
{
    if (server->is_started)
        return hw_server_descriptor(server->core);
    int error = hw_log_start(server->log);
    if (error < 0)
        return error;
    error = hw_server_lend(server->core);
    if (error < 0) {
        hw_log_end(server->log);
        return error;
    }
    server->is_started = true;
    return hw_server_descriptor(server->core);
}

int hewn_server_poll(hewn_server *server, int timeout_ms)
{
    int fd = hewn_server_fd(server);
    if (fd >= 0)
        hw_server_poll(server->core, timeout_ms);
    return fd < 0 ? fd : 0;
}

int hewn_server_wait(hewn_server *server)
{
    int result = hw_server_wait(server->core);
    hw_log_end(server->log);
    return result;
}

void hewn_server_stop(hewn_server *server)
{
    hw_server_stop(server->core);
}

const char *hewn_server_address(const hewn_server *server, size_t index)
{
    return hw_server_address(server->core, index);
}

hewn_numbers hewn_server_numbers(const hewn_server *server)
{
    hw_server_numbers numbers = hw_server_count(server->core);
    return (hewn_numbers){
        .connections = numbers.connections,
        .in_flight = numbers.exchanges,
        .requests = numbers.requests,
        .bytes_out = numbers.bytes_out,
        .shed = numbers.shed,
        .refused = numbers.refused,
        .memory = numbers.memory,
    };
}

int hewn_server_log_to(hewn_server *server, int fd)
{
    return hw_log_turn_to(server->log, fd);
}

hewn_limits hewn_server_limits(const hewn_server *server)
{
    return hw_run_limits_show(hw_server_limits(server->core));
}

unsigned hewn_server_loops(const hewn_server *server)
{
    return server->loops;
}

uint64_t hewn_server_memory_ceiling(const hewn_server *server)
{
    return hw_server_ceiling(server->core);
}

void hewn_server_free(hewn_server *server)
{
    if (!server)
        return;
    hw_server_free(server->core);
    hw_run_listen_end(server);
    hw_sys_free(server->mime_types);
    hw_log_free(server->log);
    hw_sys_free(server->tellers);
    hw_sys_free(server->sinks);
    hewn_app_free(server->app);
    hw_arena_fini(&server->arena);
    hw_sys_free(server);
}
