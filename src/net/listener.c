/* Binds addresses and accepts connections.
 *
 * Options that every connection wants are set once, here: accepted sockets inherit them.
 * TCP_NODELAY, because answers leave in as few writes as they can anyway, and nothing may wait 40
 * ms for an acknowledgement. SO_REUSEADDR, so that a restart does not wait for old connections to
 * time out.
 *
 * The server also has connections wait until they have something to say (TCP_DEFER_ACCEPT): an
 * accept is then followed by a read that gives a request, instead of one that gives nothing and a
 * wait.
 *
 * A Unix socket's name survives a crash. One that nobody listens on any more is replaced; one that
 * is alive is not. */
#include "net/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include "sys/file.h"
#include "sys/socket.h"

#define BACKLOG 4096
#define DEFER_S 1

static int set_options(int fd, const hw_address *address)
{
    int family = address->storage.ss_family;
    if (family == AF_UNIX)
        return 0;
    int error = hw_sys_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (error == 0)
        error = hw_sys_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (error == 0 && family == AF_INET6) {
        const struct in6_addr in6 = hw_address_in6(&address->storage).sin6_addr;
        bool is_any = IN6_IS_ADDR_UNSPECIFIED(&in6);
        error = hw_sys_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, is_any ? 0 : 1);
    }
    return error;
}

/* A socket is what cannot be opened; connect refuses other files with the same words as a socket
 * nobody listens on. */
static bool is_socket_file(const hw_address *address)
{
    int fd = hw_sys_open(((const struct sockaddr_un *)&address->storage)->sun_path);
    if (fd >= 0)
        hw_sys_close(fd);
    return fd == -ENXIO;
}

/* True when the name belongs to a socket that nobody listens on. */
static bool is_stale(const hw_address *address)
{
    if (!is_socket_file(address))
        return false;
    int fd = hw_sys_socket(AF_UNIX, SOCK_STREAM);
    if (fd < 0)
        return false;
    int error = hw_sys_connect(fd, (const struct sockaddr *)&address->storage, address->length);
    hw_sys_close(fd);
    return error == -ECONNREFUSED;
}

static int bind_address(int fd, const hw_address *address)
{
    const struct sockaddr *name = (const struct sockaddr *)&address->storage;
    int error = hw_sys_bind(fd, name, address->length);
    if (error == -EADDRINUSE && address->storage.ss_family == AF_UNIX && is_stale(address)) {
        hw_sys_unlink(((const struct sockaddr_un *)&address->storage)->sun_path);
        error = hw_sys_bind(fd, name, address->length);
    }
    return error;
}

static int open_bound(const hw_address *address, int *ret_fd)
{
    int fd = hw_sys_socket(address->storage.ss_family, SOCK_STREAM);
    if (fd < 0)
        return fd;
    int error = set_options(fd, address);
    if (error == 0)
        error = bind_address(fd, address);
    if (error == 0)
        error = hw_sys_listen(fd, BACKLOG);
    if (error < 0) {
        hw_sys_close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

/* An inherited descriptor must be a socket that listens already. It stays its owner's: we use a
 * duplicate. Who made it may have left it blocking (systemd does), and a loop must not wait
 * there. */
static int open_inherited(int inherited, int *ret_fd)
{
    int is_listening = 0;
    int error = hw_sys_get_option(inherited, SOL_SOCKET, SO_ACCEPTCONN, &is_listening);
    if (error < 0)
        return error;
    if (!is_listening)
        return -EINVAL;
    int fd = hw_sys_duplicate(inherited);
    if (fd < 0)
        return fd;
    error = hw_sys_unblock(fd);
    if (error < 0) {
        hw_sys_close(fd);
        return error;
    }
    /* A Unix socket refuses it, and does not need it. */
    (void)hw_sys_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    *ret_fd = fd;
    return 0;
}

int hw_listener_open(hw_listener *listener, const char *address, hw_fault *fault)
{
    hw_address parsed;
    struct sockaddr_storage local;
    socklen_t length = 0;
    int fd;
    int error = hw_address_parse(hw_text_of(address), fault, &parsed);
    if (error < 0)
        return error;
    bool is_inherited = parsed.storage.ss_family == AF_UNSPEC;
    error = is_inherited ? open_inherited(parsed.fd, &fd) : open_bound(&parsed, &fd);
    if (error < 0)
        return hw_fault_set(fault, -error, address, "%s", hw_error_words(error));
    error = hw_sys_local_address(fd, &local, &length);
    if (error < 0) {
        hw_sys_close(fd);
        return hw_fault_set(fault, -error, address, "%s", hw_error_words(error));
    }
    *listener = (hw_listener){.fd = fd, .is_unix = parsed.storage.ss_family == AF_UNIX};
    hw_address_format(&local, length, listener->name);
    return 0;
}

void hw_listener_close(hw_listener *listener)
{
    if (listener->fd < 0)
        return;
    if (listener->is_unix)
        hw_sys_unlink(listener->name + sizeof "unix:" - 1);
    hw_sys_close(listener->fd);
    listener->fd = -1;
}

void hw_listener_defer(hw_listener *listener)
{
    (void)hw_sys_set_option(listener->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S);
}

int hw_listener_accept(hw_listener *listener, hw_tcp_pool *pool, hw_stream **ret_stream)
{
    struct sockaddr_storage address;
    int fd = hw_sys_accept(listener->fd, &address, NULL);
    if (fd < 0)
        return fd;
    hw_sink_step(pool->sink, "net/listener", "accept, make a stream");
    const hw_peer peer = hw_peer_of(&address);
    int error = hw_tcp_open(pool, fd, &peer, ret_stream);
    if (error < 0)
        hw_sys_close(fd);
    else
        (*ret_stream)->https_port = listener->https_port;
    return error;
}
