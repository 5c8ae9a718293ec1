/* Tells the two meanings of SIGHUP apart.
 *
 * Sent by a program that rotates logs, it asks for the log to be opened anew. Sent by the kernel,
 * it says that the terminal has been closed, and who closes a window on a server means its end. In
 * the second case what was the terminal is hung up. */
#include "hangup.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

bool hangup_is_ignored(void)
{
    struct sigaction manner;

    return sigaction(SIGHUP, NULL, &manner) == 0 && manner.sa_handler == SIG_IGN;
}

/* What was a terminal says so, but is none any more for isatty; a pipe whose other end has gone is
 * no character device. */
static bool is_gone_terminal(int fd)
{
    struct pollfd seen = {.fd = fd, .events = POLLOUT};
    struct stat facts;

    return fstat(fd, &facts) == 0 && S_ISCHR(facts.st_mode) && poll(&seen, 1, 0) == 1 &&
           (seen.revents & POLLHUP);
}

bool hangup_has_come(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (is_gone_terminal(fd))
            return true;
    return false;
}
