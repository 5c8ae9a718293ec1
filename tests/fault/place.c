/* Makes the application, and puts the echo and the talks' answerers in front of it. */
#include "fault/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "base/error.h"
#include "seam/seam.h"
#include "sys/clock.h"
#include "talk/secure.h"

#define SLEEP_MS 12
#define HOUR_NS (INT64_C(3600) * 1000 * 1000 * 1000)
#define LARGE_BYTES (160 * 1024)

void talk_give_up(const char *what, int error)
{
    fprintf(stderr, "fault: %s: %s\n", what, hw_error_words(error < 0 ? error : -error));
    exit(70);
}

static hewn_response *say_text(hewn_request *rq)
{
    hewn_response *rs = hewn_textf(rq, 200, "%s is text\n", hewn_path(rq));
    hewn_set(rs, "X-Query", hewn_or(hewn_query(rq, "q"), "none"));
    return rs;
}

static hewn_response *give_back(hewn_request *rq)
{
    size_t length;
    const void *body = hewn_body(rq, &length);
    return hewn_bytes(rq, 200, "text/plain", body, length);
}

static hewn_response *read_all(hewn_request *rq)
{
    char piece[1000];
    size_t all = 0;
    ssize_t count;
    while ((count = hewn_read(rq, piece, sizeof piece)) > 0)
        all += (size_t)count;
    return hewn_textf(rq, count < 0 ? 500 : 200, "%zu bytes read\n", all);
}

static hewn_response *sleep_first(hewn_request *rq)
{
    const struct timespec span = {.tv_nsec = SLEEP_MS * 1000000L};
    nanosleep(&span, NULL);
    return say_text(rq);
}

/* Too large to be kept in memory, and no larger than that. */
static void put_large_file(const talk_site *site)
{
    char path[128];
    snprintf(path, sizeof path, "%s/www/large.bin", site->folder);
    FILE *file = fopen(path, "we");
    for (unsigned i = 0; file && i < LARGE_BYTES; i++)
        putc((int)(i * 7 + (i >> 8)) & 0xff, file);
    if (!file || fclose(file) != 0)
        talk_give_up(path, errno);
}

hewn_app *fault_place_app(const talk_site *site)
{
    char folder[128];
    hewn_app *app = hewn_new();
    snprintf(folder, sizeof folder, "%s/www", site->folder);
    hewn_get(app, "/text", say_text);
    hewn_post(app, "/give-back", give_back);
    hewn_post(app, "/read", read_all, .body = HEWN_BODY_STREAM);
    hewn_get(app, "/blocking", say_text, .blocking = true);
    hewn_get(app, "/sleep", sleep_first);
    hewn_static(app, "/", folder);
    if (app && talk_site_mount_nav(site, app) == 0)
        return app;
    hewn_app_free(app);
    return NULL;
}

void fault_place_open(fault_place *place)
{
    size_t count;
    talk_site_open(&place->site);
    put_large_file(&place->site);
    place->app = fault_place_app(&place->site);
    if (!place->app || hw_app_fault(place->app))
        talk_give_up("an application", ENOMEM);
    hw_app_seal(place->app, false);
    const hw_local *locals = hw_app_locals(place->app, &count);
    if (count == 0 || count >= FAULT_LOCALS_MAX)
        talk_give_up("per-loop state", E2BIG);
    memcpy(place->locals, locals, count * sizeof *locals);
    place->locals[count] = talk_answerers_local();
    hw_echo_init(&place->echo, hw_app_answerer(place->app));
    talk_answerers_init(&place->answerers, &place->echo.answerer, count);
    place->service = (talk_service){
        .answerer = &place->answerers.answerer,
        .locals = place->locals,
        .local_count = count + 1,
        .limits = hw_limits_default(),
        .tls = talk_secure_new(place->site.folder),
    };
    place->service.limits.connections_max = 100;
    /* What was written just now would not be remembered, and in the middle of a scenario it would. */
    hw_seam_clock_freeze(hw_sys_monotonic_ns(), hw_sys_realtime_ns() + HOUR_NS);
}

void fault_place_close(fault_place *place)
{
    hw_tls_free(place->service.tls);
    hewn_app_free(place->app);
    talk_site_close(&place->site);
}

void fault_place_stir(const fault_place *place)
{
    static const char *const names[] = {"www/hello.txt",    "www/ten.txt",        "www/large.bin",
                                        "www/empty.txt",    "www/dir/index.html", "www/dir",
                                        "nav/alone.html",   "nav/404.html",       "nav/app.html",
                                        "nav/files/a9.txt", "nav/files"};
    char path[160], away[176];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", place->site.folder, names[i]);
        snprintf(away, sizeof away, "%s.away", path);
        if (rename(path, away) < 0 || rename(away, path) < 0)
            talk_give_up(path, errno);
    }
}
