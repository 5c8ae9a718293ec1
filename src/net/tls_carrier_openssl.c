/* Carries what OpenSSL reads and writes.
 *
 * OpenSSL never touches a socket: it is given a BIO of ours. What it reads comes from the stream below at
 * once, into its own buffer. What it writes is gathered in the pool's, and leaves in one write when
 * OpenSSL is done: a handshake's flight is one, and so are several records. What is not taken below is
 * kept here, in its order, and leaves before anything else.
 *
 * The stream below and the pool are the loop's. While OpenSSL runs on another thread it meets neither: it
 * finds nothing to read, and what it writes goes to what is kept at once.
 *
 * Rejected: OpenSSL's own BIO of sockets, which could use the kernel's TLS, but leaves no room for
 * streams of memory, sends each record in a write of its own and polls descriptors of its own. */
#include "net/tls_carrier.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "sys/memory.h"

enum {
    OWED_BYTES_MAX = 2 * HW_TLS_GATHERED_BYTES,
    CLEAR_BYTE_FIRST = 'A', /* of a method; a record of a handshake begins with 22 */
    CLEAR_BYTE_LAST = 'Z',
};

/* What is encrypted and has to leave, and is kept until it can. */

void hw_tls_carrier_drop(hw_tls_carrier *carrier)
{
    if (!carrier->owed)
        return;
    hw_budget_give(carrier->pool->budget, carrier->owed_end);
    hw_sys_free(carrier->owed);
    carrier->owed = NULL;
    carrier->owed_at = carrier->owed_end = 0;
}

/* Behind what is owed already. */
static int keep_owed(hw_tls_carrier *carrier, hw_text bytes)
{
    size_t before = hw_tls_carrier_owed(carrier), all = before + bytes.length;
    if (bytes.length == 0)
        return 0;
    char *owed = all <= OWED_BYTES_MAX ? hw_sys_alloc(all) : NULL;
    if (!owed)
        return -ENOMEM;
    if (before > 0)
        memcpy(owed, carrier->owed + carrier->owed_at, before);
    memcpy(owed + before, bytes.at, bytes.length);
    hw_tls_carrier_drop(carrier);
    hw_budget_add(carrier->pool->budget, all);
    carrier->owed = owed;
    carrier->owed_end = all;
    return 0;
}

/* What OpenSSL calls. */

static int carry_in(BIO *bio, char *memory, size_t bytes, size_t *ret_count)
{
    hw_tls_carrier *carrier = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *ret_count = 0;
    if (carrier->is_below_ended && !carrier->is_apart)
        return 0;
    bytes = hw_size_min(bytes, carrier->may_read);
    ssize_t count = !carrier->is_apart && carrier->below->readable && bytes > 0
                        ? carrier->below->ops->read(carrier->below, memory, bytes)
                        : -EAGAIN;
    if (count == -EAGAIN) {
        BIO_set_retry_read(bio);
        return 0;
    }
    carrier->is_below_ended = count <= 0;
    carrier->below_error = count < 0 ? (int)count : 0;
    if (count <= 0)
        return 0;
    carrier->is_clear =
        !carrier->has_begun && memory[0] >= CLEAR_BYTE_FIRST && memory[0] <= CLEAR_BYTE_LAST;
    carrier->has_begun = true;
    if (carrier->is_clear)
        return 0;
    carrier->may_read -= (size_t)count;
    *ret_count = (size_t)count;
    return 1;
}

void hw_tls_carrier_forget(const hw_tls_carrier *carrier)
{
    hw_tls_pool *pool = carrier->pool;
    if (pool->gatherer != carrier)
        return;
    pool->gathered.length = 0;
    pool->gathered.overflow = false;
    pool->gatherer = NULL;
}

/* The pool is the loop's: what another connection has left there is never this one's to send. */
static hw_buffer *gather_for(hw_tls_carrier *carrier)
{
    hw_tls_pool *pool = carrier->pool;
    if (pool->gatherer && pool->gatherer != carrier)
        hw_tls_carrier_forget(pool->gatherer);
    pool->gatherer = carrier;
    return &pool->gathered;
}

static int carry_out(BIO *bio, const char *bytes, size_t length, size_t *ret_count)
{
    hw_tls_carrier *carrier = BIO_get_data(bio);
    hw_buffer *gathered = carrier->is_apart ? NULL : gather_for(carrier);
    hw_text text = {bytes, length};
    BIO_clear_retry_flags(bio);
    *ret_count = 0;
    if (carrier->is_apart ? keep_owed(carrier, text) < 0 : length > hw_buffer_room(gathered))
        return 0;
    if (!carrier->is_apart)
        hw_buffer_put(gathered, text);
    *ret_count = length;
    return 1;
}

static long control_carrier(BIO *bio, int command, long number, void *pointer)
{
    const hw_tls_carrier *carrier = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF)
        return carrier->is_below_ended;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *hw_tls_carrier_method(void)
{
    BIO_METHOD *method =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "a stream of Hewn");
    if (!method)
        return NULL;
    BIO_meth_set_read_ex(method, carry_in);
    BIO_meth_set_write_ex(method, carry_out);
    BIO_meth_set_ctrl(method, control_carrier);
    return method;
}

/* Handing down. */

static ssize_t write_below(hw_tls_carrier *carrier, hw_text bytes, bool more)
{
    const struct iovec part = {(void *)bytes.at, bytes.length};
    if (!carrier->below->writable)
        return 0;
    ssize_t count = carrier->below->ops->write(carrier->below, &part, 1, more);
    return count == -EAGAIN ? 0 : count;
}

int hw_tls_carrier_send_owed(hw_tls_carrier *carrier)
{
    if (hw_tls_carrier_owed(carrier) == 0)
        return 0;
    ssize_t count = write_below(
        carrier, (hw_text){carrier->owed + carrier->owed_at, hw_tls_carrier_owed(carrier)}, false);
    if (count < 0)
        return (int)count;
    carrier->owed_at += (size_t)count;
    if (hw_tls_carrier_owed(carrier) > 0)
        return -EAGAIN;
    hw_tls_carrier_drop(carrier);
    if (carrier->is_ending)
        carrier->below->ops->end_write(carrier->below);
    return 0;
}

ssize_t hw_tls_carrier_send(hw_tls_carrier *carrier, bool more)
{
    hw_text gathered = hw_tls_carrier_gathered(carrier);
    hw_tls_carrier_forget(carrier);
    if (gathered.length == 0)
        return 0;
    ssize_t count = hw_tls_carrier_owed(carrier) > 0 ? 0 : write_below(carrier, gathered, more);
    int error = count < 0 ? (int)count : keep_owed(carrier, hw_text_from(gathered, (size_t)count));
    return error < 0 ? error : count;
}

int hw_tls_carrier_send_all(hw_tls_carrier *carrier, bool more)
{
    int error = hw_tls_carrier_send_owed(carrier);
    if (error < 0 && error != -EAGAIN) {
        hw_tls_carrier_forget(carrier);
        return error;
    }
    ssize_t count = hw_tls_carrier_send(carrier, more);
    return count < 0 ? (int)count : hw_tls_carrier_owed(carrier) > 0 ? -EAGAIN : 0;
}

void hw_tls_carrier_end(hw_tls_carrier *carrier)
{
    carrier->is_ending = true;
    if (hw_tls_carrier_owed(carrier) == 0)
        carrier->below->ops->end_write(carrier->below);
}
