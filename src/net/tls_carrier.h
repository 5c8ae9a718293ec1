/* OpenSSL's way to the stream below: what a stream of TLS reads and writes through. For the files that
 * use OpenSSL alone. */
#ifndef HW_NET_TLS_CARRIER_H
#define HW_NET_TLS_CARRIER_H

#include <openssl/bio.h>

#include "base/buffer.h"
#include "net/tls.h"

/* Of plain bytes in a record, at most (RFC 8446 5.1), and what encryption adds to them (5.2). */
#define HW_TLS_RECORD_BYTES (16 * 1024)
#define HW_TLS_RECORD_EXTRA_BYTES (256 + 5)
/* Records that leave in one write. */
#define HW_TLS_BATCH_RECORDS 4
/* They, and the chain and tickets of a handshake. */
#define HW_TLS_GATHERED_BYTES                                                                      \
    (HW_TLS_BATCH_RECORDS * (HW_TLS_RECORD_BYTES + HW_TLS_RECORD_EXTRA_BYTES) + 32 * 1024)

struct hw_tls_pool {
    hw_budget *budget;
    hw_crew *crew; /* NULL: the loop waits for signatures */
    hw_loop *loop;
    hw_buffer gathered;                    /* what OpenSSL writes, until it is handed down ... */
    const struct hw_tls_carrier *gatherer; /* ... of this carrier: of nobody else's connection */
    char plain[HW_TLS_RECORD_BYTES];
    char memory[HW_TLS_GATHERED_BYTES];
};

typedef struct hw_tls_carrier {
    hw_stream *below; /* NULL: it has been closed */
    hw_tls_pool *pool;
    char *owed; /* encrypted, and not taken below yet; NULL: nothing */
    size_t owed_at, owed_end;
    size_t may_read;     /* so much more is read from below before somebody asks why */
    bool has_begun;      /* a byte has come */
    bool is_clear;       /* and it was none of TLS */
    bool is_below_ended; /* no other will come */
    int below_error;     /* because it is broken: a negative errno; 0: it is not */
    bool is_ending;      /* the one below is told so behind what is owed */
    bool is_apart; /* OpenSSL runs on another thread: nothing is read, and what it writes is owed */
} hw_tls_carrier;

/* What a BIO of a carrier is made with; its data is the hw_tls_carrier. NULL: no memory. */
BIO_METHOD *hw_tls_carrier_method(void);

static inline size_t hw_tls_carrier_owed(const hw_tls_carrier *carrier)
{
    return carrier->owed_end - carrier->owed_at;
}

/* What OpenSSL has written since it was handed down last. */
static inline hw_text hw_tls_carrier_gathered(const hw_tls_carrier *carrier)
{
    const hw_tls_pool *pool = carrier->pool;
    return pool->gatherer == carrier ? hw_buffer_text(&pool->gathered) : (hw_text){0};
}

/* Hands down what was kept. 0: nothing is left; -EAGAIN; or what is wrong below. */
int hw_tls_carrier_send_owed(hw_tls_carrier *carrier);
/* Hands down what OpenSSL has written since; what is not taken is kept. How much of it was taken, or a
 * negative errno. */
ssize_t hw_tls_carrier_send(hw_tls_carrier *carrier, bool more);
/* Both, in their order; `more`: something follows soon. 0: nothing is left; -EAGAIN; or what is
 * wrong. */
int hw_tls_carrier_send_all(hw_tls_carrier *carrier, bool more);
/* Nothing will be handed down after what is owed. */
void hw_tls_carrier_end(hw_tls_carrier *carrier);
/* Gives up what is owed. */
void hw_tls_carrier_drop(hw_tls_carrier *carrier);
/* Gives up what OpenSSL has written and nobody has been handed. */
void hw_tls_carrier_forget(const hw_tls_carrier *carrier);

#endif
