/* Reads certificates anew when their files change.
 *
 * Watched are the folders the files lie in, as they are named: whoever renews a certificate puts a new file,
 * or a new symbolic link, in the place of the old one, and that is told there. A certificate and its key
 * come one after the other, so nothing is read before it has been quiet for a while; and then a spare
 * reads, not the loop. Folders change for other reasons too: files are read only if one of them is another
 * than it was.
 *
 * What cannot be used changes nothing: it is told, and the next change is looked at again. Where a file
 * system does not tell, a signal does (hewn_server_renew_certificates). */
#include "server/renewal.h"

#include <errno.h>
#include <string.h>

#include "sys/file.h"
#include "sys/memory.h"
#include "sys/notice.h"
#include "sys/socket.h"

#define SETTLE_MS 500
/* A folder where it is never quiet is looked at all the same. */
#define SETTLE_MS_MAX 5000
#define FOLDER_MASK                                                                                \
    (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)
#define PATH_BYTES_MAX 4096
#define EVENT_BYTES 4096

static void watch_folder_of(hw_renewal *renewal, const char *file)
{
    char path[PATH_BYTES_MAX];
    hw_text text = hw_text_of(file);
    size_t slash = hw_text_find_last(text, '/');
    size_t length = slash == text.length ? 0 : slash == 0 ? 1 : slash;
    if (length >= sizeof path)
        return;
    memcpy(path, text.at, length);
    path[length] = '\0';
    int folder = hw_sys_open_folder(length > 0 ? path : ".");
    if (folder < 0)
        return;
    (void)hw_sys_notice_add(renewal->watch.fd, folder, "", FOLDER_MASK);
    (void)hw_sys_close(folder);
}

/* Again each time: a folder may have taken the place of another. */
static void watch_folders(hw_renewal *renewal)
{
    const char *file;
    for (size_t i = 0; i < renewal->count; i++)
        for (size_t k = 0; (file = hw_tls_file(renewal->tls[i], k)); k++)
            watch_folder_of(renewal, file);
}

/* On a spare. */
static bool renew_all(hw_job *job)
{
    hw_renewal *renewal = HW_MEMBER(job, hw_renewal, job);
    renewal->result = 0;
    for (size_t i = 0; i < renewal->count; i++) {
        int error = hw_tls_refresh(renewal->tls[i], &renewal->fault);
        if (error < 0)
            renewal->result = error;
    }
    watch_folders(renewal);
    return true;
}

static void start_renewal(hw_renewal *renewal)
{
    renewal->is_busy = hw_crew_give(renewal->crew, HW_WORK_READ, renewal->loop, &renewal->job) == 0;
    renewal->is_asked_again = !renewal->is_busy;
    if (!renewal->is_busy)
        hw_loop_arm(renewal->loop, &renewal->settling, SETTLE_MS);
}

static void end_renewal(hw_post *post)
{
    hw_renewal *renewal = HW_MEMBER(post, hw_renewal, job.done);
    renewal->is_busy = false;
    if (renewal->result < 0)
        hw_sink_fault(renewal->sink, -renewal->result, renewal->fault.where,
                      "%s; the certificates stay as they are", renewal->fault.what);
    if (renewal->is_asked_again && renewal->is_open)
        hw_loop_arm(renewal->loop, &renewal->settling, SETTLE_MS);
}

static void on_settled(hw_timer *timer)
{
    hw_renewal *renewal = HW_MEMBER(timer, hw_renewal, settling);
    if (renewal->is_busy)
        renewal->is_asked_again = true;
    else
        start_renewal(renewal);
}

/* What has changed is found out by looking. */
static void on_folder_changed(hw_watch *watch, uint32_t events)
{
    hw_renewal *renewal = HW_MEMBER(watch, hw_renewal, watch);
    char told[EVENT_BYTES];
    (void)events;
    while (hw_sys_read(watch->fd, told, sizeof told) > 0)
        continue;
    int64_t now_ms = hw_loop_now_ms(renewal->loop);
    if (!hw_timer_is_armed(&renewal->settling))
        renewal->changed_ms = now_ms;
    if (now_ms - renewal->changed_ms < SETTLE_MS_MAX - SETTLE_MS)
        hw_loop_arm(renewal->loop, &renewal->settling, SETTLE_MS);
}

int hw_renewal_open(hw_renewal *renewal, hw_tls *const *tls, size_t count, hw_crew *crew,
                    hw_loop *loop, const hw_sink *sink)
{
    *renewal = (hw_renewal){.crew = crew, .loop = loop, .sink = sink, .is_open = true};
    renewal->watch = (hw_watch){-1, on_folder_changed};
    renewal->job = (hw_job){.run = renew_all, .done.run = end_renewal};
    hw_timer_init(&renewal->settling, on_settled);
    renewal->tls = hw_sys_alloc_zeroed(count, sizeof(hw_tls *));
    if (!renewal->tls)
        return -ENOMEM;
    memcpy(renewal->tls, tls, count * sizeof(hw_tls *));
    renewal->count = count;
    renewal->watch.fd = hw_sys_notice_new();
    if (renewal->watch.fd < 0)
        return 0;
    watch_folders(renewal);
    if (hw_loop_watch(loop, &renewal->watch, EPOLLIN) == 0)
        return 0;
    (void)hw_sys_close(renewal->watch.fd);
    renewal->watch.fd = -1;
    return 0;
}

void hw_renewal_close(hw_renewal *renewal)
{
    if (!renewal->is_open)
        return;
    renewal->is_open = false;
    hw_loop_disarm(renewal->loop, &renewal->settling);
    if (renewal->watch.fd >= 0)
        hw_loop_unwatch(renewal->loop, &renewal->watch);
}

void hw_renewal_fini(hw_renewal *renewal)
{
    if (renewal->tls && renewal->watch.fd >= 0)
        (void)hw_sys_close(renewal->watch.fd);
    hw_sys_free(renewal->tls);
    *renewal = (hw_renewal){0};
}
