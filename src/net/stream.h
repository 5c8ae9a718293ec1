/* A stream is bytes both ways between two ends: TCP, a Unix socket, memory and TLS over any of these
 * look the same from here. It never blocks, and it says when it can go on through two flags, `readable`
 * and `writable`. */
#ifndef HW_NET_STREAM_H
#define HW_NET_STREAM_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/text.h"
#include "net/address.h"

typedef struct hw_stream hw_stream;

typedef struct hw_stream_ops {
    /* Up to `bytes` bytes; 0: the other end has finished; -EAGAIN: nothing now; another negative
     * errno: broken. Clears `readable` when nothing more is there. */
    ssize_t (*read)(hw_stream *stream, void *memory, size_t bytes);
    /* Some or all of the parts; -EAGAIN: no room now. `more`: further bytes follow at once. Clears
     * `writable` when there is no more room. What has not been taken is offered again, the same bytes
     * first, here or by send_file: a part of it may be on its way already. */
    ssize_t (*write)(hw_stream *stream, const struct iovec *parts, size_t count, bool more);
    /* Some or all of a part of a file; 0: the file has no such bytes (any more). Clears `writable`
     * when not all of it went: there is no more room, or the file has been cut. */
    ssize_t (*send_file)(hw_stream *stream, int file, uint64_t offset, size_t bytes);
    /* What was written and the other end's system has not taken yet. */
    size_t (*count_unsent)(hw_stream *stream);
    /* No more will be written: the other end reads its end. */
    void (*end_write)(hw_stream *stream);
    /* Before close: the other end shall see that what it got is not all. */
    void (*break_off)(hw_stream *stream);
    /* From now on on_ready is called, and told at once what is so already: before the first wait,
     * once. 0, or a negative errno. */
    int (*watch)(hw_stream *stream);
    /* Closes and frees. Not inside on_ready. */
    void (*close)(hw_stream *stream);
    /* NULL: the stream can be used at once. Else goes on with what has to come before it can. 0: it has
     * come; -EAGAIN: wait for on_ready; -EPROTONOSUPPORT: the other end speaks in clear, and so does
     * the stream from now on, for what is to be said about it; another negative errno: it has failed. */
    int (*handshake)(hw_stream *stream);
    /* NULL: bytes go as they are. Else what the handshake has agreed on, once it is over. */
    const struct hw_tls_facts *(*facts)(const hw_stream *stream);
} hw_stream_ops;

static inline size_t hw_stream_bytes_of(const struct iovec *parts, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    return bytes;
}

/* The first member of every kind of stream. */
struct hw_stream {
    const hw_stream_ops *ops;
    bool readable, writable; /* a call is worth trying */
    bool is_hung_up; /* the other end has finished or failed: `readable` stays until read has said
                        so */
    bool is_secure;  /* nobody on the way reads or changes it: there are facts */
    bool is_proxied; /* a proxy that may do so has said whose it is */
    bool is_watched; /* what ends before it ever waits need not be */
    uint16_t https_port;         /* not 0: who asks here is sent there */
    void (*on_ready)(void *arg); /* readable or writable has become true */
    void *arg;
    hw_peer peer;
};

#endif
