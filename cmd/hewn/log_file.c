/* Opens the file of the log, at the start and whenever it has been rotated.
 *
 * A server is never ended by its log: what cannot be opened at the start is a mistake to be mended
 * then, what cannot be opened later leaves the old file in use. Readable for the owner and the
 * group: a log says who asked for what. */
#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "show.h"
#include "status.h"

enum { LOG_FILE_MODE = 0640 };

/* A FIFO without a reader is an error and no wait. */
static int open_to_append(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                  LOG_FILE_MODE);

    return fd < 0 ? -errno : fd;
}

static void tell_failure(const char *what, const char *path, int error)
{
    fprintf(stderr, "hewn: %s '", what);
    show_text(stderr, path);
    fprintf(stderr, "': %s", error == -ENXIO ? "nobody reads it" : show_error(-error));
}

int log_file_open(const char *path, int *ret_fd)
{
    int fd = open_to_append(path);

    if (fd >= 0) {
        *ret_fd = fd;
        return STATUS_OK;
    }
    tell_failure("cannot log to", path, fd);
    fputc('\n', stderr);
    return fd == -EACCES || fd == -EPERM || fd == -EROFS ? STATUS_PERMISSION : STATUS_NO_INPUT;
}

void log_file_reopen(const char *path, hewn_server *server)
{
    int fd = open_to_append(path);
    int error = fd < 0 ? fd : hewn_server_log_to(server, fd);

    if (fd >= 0)
        close(fd);
    if (error == 0)
        return;
    tell_failure("cannot open the log anew:", path, error);
    fputs("; the old one is kept\n", stderr);
}
