/* Encrypts a stream's bytes over another stream.
 *
 * The stream takes plain bytes only as far as the one below has taken the records they went into. What it
 * has encrypted and not got rid of it keeps (the records are numbered: they cannot be made again), and
 * counts those bytes off when they are offered once more, as they must be. So nobody needs to ask
 * whether anything is left in here before he closes, and memory is kept for slow clients alone: four
 * records at most, and one only once a client has shown to be slow.
 *
 * The end (RFC 8446 6.1): ours is told by close_notify, but where the other end must see that what it got
 * is not all. Theirs counts with or without it: a message of HTTP/1.1 or HTTP/2 says itself where it ends,
 * so one that is cut off is seen to be (RFC 9112 9.8).
 *
 * A signature that is long in coming is waited for by a spare: OpenSSL stops before it, and a spare goes
 * on with the handshake as far as it can without another word of the client. Meanwhile all that OpenSSL has
 * is the spare's. The loop keeps the stream below, and may close it; the rest is freed when the spare is
 * done. What it came to need not be told: asked once more, OpenSSL says the same
 * (docs/design/0015-signing.md).
 *
 * Who speaks in clear to a port of TLS is found out by his first byte; from then on the stream passes
 * bytes as they are, so that he can be told. */
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <string.h>

#include "base/assert.h"
#include "base/number.h"
#include "net/parts.h"
#include "net/tls_carrier.h"
#include "net/tls_openssl.h"
#include "sys/file.h"
#include "sys/memory.h"

enum {
    /* What one read takes from below at most: two whole records. Who sends as much of what is no content
     * (changes of keys, RFC 8446 4.6.3, or empty records), which costs more to look through than to send,
     * is given up. */
    READ_BYTES_MAX = 2 * (HW_TLS_RECORD_BYTES + HW_TLS_RECORD_EXTRA_BYTES),
};

typedef enum tls_phase {
    TLS_GREETING, /* the handshake is under way */
    TLS_OPEN,
    TLS_CLEAR,  /* there is no TLS: bytes pass as they are */
    TLS_FAILED, /* nothing more can be read or written */
} tls_phase;

typedef struct tls_stream {
    hw_stream stream;
    hw_tls_carrier carrier;
    SSL *ssl;
    hw_tls_handshake handshake;
    hw_tls_facts *facts;   /* once it is over */
    size_t greeting_bytes; /* that may come before the handshake is over */
    size_t owed_plain;     /* bytes that are in what is owed, and have not been counted as taken */
    uint8_t batch;         /* records that are encrypted at once */
    uint8_t phase;
    bool is_ending; /* nothing more is written */
    bool is_broken_off;
    bool
        is_apart; /* a spare has all above but what is the loop's: the stream, the phase, what is below */
    hw_job job;
} tls_stream;

int hw_tls_pool_new(hw_budget *budget, hw_tls_pool **ret_pool)
{
    hw_tls_pool *pool = hw_sys_alloc(sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->budget = budget;
    pool->crew = NULL;
    pool->gatherer = NULL;
    pool->gathered = hw_buffer_over(pool->memory, sizeof pool->memory);
    *ret_pool = pool;
    return 0;
}

void hw_tls_pool_use_crew(hw_tls_pool *pool, hw_crew *crew, hw_loop *loop)
{
    pool->crew = crew;
    pool->loop = loop;
}

void hw_tls_pool_free(hw_tls_pool *pool)
{
    hw_sys_free(pool);
}

/* Of OpenSSL's memory. */
static size_t count_charged(const tls_stream *tls)
{
    return tls->facts ? HW_TLS_STREAM_BYTES : HW_TLS_HANDSHAKE_BYTES + tls->greeting_bytes;
}

static int fail_stream(tls_stream *tls, int error)
{
    tls->phase = TLS_FAILED;
    hw_tls_carrier_forget(&tls->carrier);
    tls->stream.readable = tls->stream.writable = true; /* both say so */
    return error;
}

/* What has to leave and is of no answer. 0: it has left; -EAGAIN; or why it never will. */
static int send_all_with(tls_stream *tls, bool more)
{
    int error = hw_tls_carrier_send_all(&tls->carrier, more);
    return error < 0 && error != -EAGAIN ? fail_stream(tls, error) : error;
}

static int send_all(tls_stream *tls)
{
    return send_all_with(tls, false);
}

static int send_owed(tls_stream *tls)
{
    int error = hw_tls_carrier_send_owed(&tls->carrier);
    return error < 0 && error != -EAGAIN ? fail_stream(tls, error) : error;
}

/* Reading. */

/* Why OpenSSL gave nothing. -EAGAIN; 0: the other end has finished; else it has failed, and has been told
 * so if that is possible. */
static int explain_silence(tls_stream *tls, int result)
{
    int reason = SSL_get_error(tls->ssl, result);
    ERR_clear_error();
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
        return -EAGAIN;
    if (tls->carrier.below_error < 0)
        return fail_stream(tls, tls->carrier.below_error);
    if (reason == SSL_ERROR_ZERO_RETURN || tls->carrier.is_below_ended)
        return 0;
    (void)send_all(tls); /* an alert */
    return fail_stream(tls, -EPROTO);
}

static ssize_t read_clear(tls_stream *tls, void *memory, size_t bytes)
{
    ssize_t count = tls->carrier.below->ops->read(tls->carrier.below, memory, bytes);
    tls->stream.readable = tls->carrier.below->readable;
    return count;
}

/* As long as there is room and a record is there. */
static int read_records(tls_stream *tls, char *memory, size_t bytes, size_t *ret_got)
{
    size_t got = 0, count = 0;
    int result = 1;
    while (got < bytes && result == 1) {
        ERR_clear_error();
        result = SSL_read_ex(tls->ssl, memory + got, bytes - got, &count);
        got += result == 1 ? count : 0;
    }
    *ret_got = got;
    return result;
}

static ssize_t read_tls(hw_stream *stream, void *memory, size_t bytes)
{
    tls_stream *tls = (tls_stream *)stream;
    size_t got;
    if (tls->phase == TLS_CLEAR)
        return read_clear(tls, memory, bytes);
    if (tls->phase == TLS_FAILED) {
        stream->readable = false;
        return -ECONNRESET;
    }
    tls->carrier.may_read = READ_BYTES_MAX;
    int result = read_records(tls, memory, bytes, &got);
    int error = result == 1 ? 1 : explain_silence(tls, result);
    if (error == -EAGAIN && got == 0 && tls->carrier.may_read == 0)
        error = fail_stream(tls, -EPROTO);
    /* An alert; a change of keys is answered with the next write. */
    if (tls->phase != TLS_FAILED)
        (void)send_all(tls);
    bool is_more = error == -EAGAIN && tls->carrier.may_read == 0;
    if (!is_more && (error == -EAGAIN || (error == 0 && got == 0)))
        stream->readable = false;
    /* The end is said when what came before it has been given. */
    return got > 0 ? (ssize_t)got : error;
}

/* Writing. */

/* 0, or -EPROTO: it has failed. */
static int encrypt_record(tls_stream *tls, hw_text plain)
{
    size_t written;
    ERR_clear_error();
    if (SSL_write_ex(tls->ssl, plain.at, plain.length, &written) == 1 && written == plain.length)
        return 0;
    ERR_clear_error();
    (void)send_all(tls);
    return fail_stream(tls, -EPROTO);
}

/* One write's worth of records. `plain_bytes`: of the whole batch. What of them is taken: those of
 * records that have left whole, for the rest counts when it has. */
static ssize_t send_batch(tls_stream *tls, const size_t *record_ends, const size_t *record_bytes,
                          size_t records, bool more)
{
    ssize_t sent = hw_tls_carrier_send(&tls->carrier, more);
    size_t taken = 0;
    if (sent < 0)
        return fail_stream(tls, (int)sent);
    for (size_t i = 0; i < records; i++)
        if (record_ends[i] <= (size_t)sent)
            taken += record_bytes[i];
        else
            tls->owed_plain += record_bytes[i];
    bool is_all = hw_tls_carrier_owed(&tls->carrier) == 0;
    tls->batch = is_all ? (uint8_t)hw_size_min((size_t)tls->batch * 2, HW_TLS_BATCH_RECORDS) : 1;
    tls->stream.writable = is_all && tls->carrier.below->writable;
    return (ssize_t)taken;
}

static ssize_t write_batch_of(tls_stream *tls, hw_parts *parts, bool more)
{
    size_t ends[HW_TLS_BATCH_RECORDS], bytes[HW_TLS_BATCH_RECORDS], records = 0;
    while (parts->count > 0 && records < tls->batch) {
        hw_text plain = hw_parts_take(parts, HW_TLS_RECORD_BYTES, tls->carrier.pool->plain);
        int error = encrypt_record(tls, plain);
        if (error < 0)
            return error;
        bytes[records] = plain.length;
        ends[records++] = hw_tls_carrier_gathered(&tls->carrier).length;
    }
    return records > 0 ? send_batch(tls, ends, bytes, records, more || parts->count > 0) : 0;
}

/* Before anything is encrypted: what was, leaves. 0, or why nothing can be written now. */
static int begin_write(tls_stream *tls)
{
    if (tls->phase != TLS_OPEN)
        return -EPIPE;
    int error = send_all(tls);
    tls->stream.writable = error != -EAGAIN;
    return error;
}

/* What is offered once more and has left meanwhile. */
static size_t count_off_owed(tls_stream *tls, size_t offered)
{
    size_t count = hw_size_min(tls->owed_plain, offered);
    tls->owed_plain -= count;
    return count;
}

static ssize_t write_tls(hw_stream *stream, const struct iovec *parts, size_t count, bool more)
{
    tls_stream *tls = (tls_stream *)stream;
    hw_parts left = hw_parts_of(parts, count);
    if (tls->phase == TLS_CLEAR) {
        ssize_t sent = tls->carrier.below->ops->write(tls->carrier.below, parts, count, more);
        stream->writable = tls->carrier.below->writable;
        return sent;
    }
    int error = begin_write(tls);
    if (error < 0)
        return error;
    size_t all = hw_stream_bytes_of(parts, count), taken = count_off_owed(tls, all);
    (void)hw_parts_skip(&left, taken);
    while (taken < all && stream->writable) {
        ssize_t step = write_batch_of(tls, &left, more);
        if (step < 0)
            return taken > 0 ? (ssize_t)taken : step;
        taken += (size_t)step;
    }
    return taken > 0 || all == 0 ? (ssize_t)taken : -EAGAIN;
}

/* Up to a batch of a file, from the page cache as a rule: who sends it has seen to that. */
static ssize_t write_file_batch(tls_stream *tls, int file, uint64_t offset, size_t bytes)
{
    size_t ends[HW_TLS_BATCH_RECORDS], lengths[HW_TLS_BATCH_RECORDS], records = 0, done = 0;
    ssize_t got = 0;
    while (records < tls->batch && done < bytes) {
        got = hw_sys_read_at(file, tls->carrier.pool->plain,
                             hw_size_min(bytes - done, HW_TLS_RECORD_BYTES), offset + done);
        if (got <= 0)
            break;
        int error = encrypt_record(tls, (hw_text){tls->carrier.pool->plain, (size_t)got});
        if (error < 0)
            return error;
        done += (size_t)got;
        lengths[records] = (size_t)got;
        ends[records++] = hw_tls_carrier_gathered(&tls->carrier).length;
    }
    if (records == 0)
        return got; /* the file ends, or cannot be read */
    return send_batch(tls, ends, lengths, records, done < bytes);
}

static ssize_t send_file_encrypted(hw_stream *stream, int file, uint64_t offset, size_t bytes)
{
    tls_stream *tls = (tls_stream *)stream;
    if (tls->phase == TLS_CLEAR)
        return -EPIPE;
    int error = begin_write(tls);
    if (error < 0)
        return error;
    size_t taken = count_off_owed(tls, bytes);
    while (taken < bytes && stream->writable) {
        ssize_t step = write_file_batch(tls, file, offset + taken, bytes - taken);
        if (step < 0)
            return taken > 0 ? (ssize_t)taken : step;
        if (step == 0 && stream->writable) { /* the file has been cut */
            stream->writable = false;
            return (ssize_t)taken;
        }
        taken += (size_t)step;
    }
    return taken > 0 ? (ssize_t)taken : -EAGAIN;
}

/* What the system below still has; what is owed has not been counted as taken. */
static size_t count_unsent_below(hw_stream *stream)
{
    const tls_stream *tls = (const tls_stream *)stream;
    return tls->carrier.below->ops->count_unsent(tls->carrier.below);
}

/* The end. */

/* RFC 8446 6.1. */
static void notify_close(tls_stream *tls)
{
    if (tls->phase != TLS_OPEN || tls->is_ending || tls->is_broken_off || tls->owed_plain > 0)
        return;
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
    (void)send_all(tls);
}

static void end_tls_write(hw_stream *stream)
{
    tls_stream *tls = (tls_stream *)stream;
    notify_close(tls);
    tls->is_ending = true;
    hw_tls_carrier_end(&tls->carrier);
}

static void break_tls_off(hw_stream *stream)
{
    tls_stream *tls = (tls_stream *)stream;
    tls->is_broken_off = true;
    tls->carrier.below->ops->break_off(tls->carrier.below);
}

static int watch_below(hw_stream *stream)
{
    tls_stream *tls = (tls_stream *)stream;
    int error = tls->carrier.below->ops->watch(tls->carrier.below);
    stream->is_watched = error == 0;
    return error;
}

static void free_tls(tls_stream *tls)
{
    SSL_free(tls->ssl);
    hw_tls_carrier_forget(&tls->carrier);
    hw_tls_carrier_drop(&tls->carrier);
    hw_keyring_release(tls->handshake.keyring);
    hw_tls_facts_free(tls->facts);
    hw_budget_give(tls->carrier.pool->budget, count_charged(tls));
    hw_sys_free(tls);
}

/* What a spare has, it has until it is done. */
static void close_tls(hw_stream *stream)
{
    tls_stream *tls = (tls_stream *)stream;
    notify_close(tls);
    tls->carrier.below->ops->close(tls->carrier.below);
    tls->carrier.below = NULL;
    if (!tls->is_apart || hw_crew_take_back(tls->carrier.pool->crew, &tls->job))
        free_tls(tls);
}

/* A signature that is waited for. */

/* On a spare. */
static bool shake_apart(hw_job *job)
{
    tls_stream *tls = HW_MEMBER(job, tls_stream, job);
    ERR_clear_error();
    (void)SSL_do_handshake(tls->ssl);
    ERR_clear_error();
    return true;
}

static void come_back(hw_post *post)
{
    tls_stream *tls = HW_MEMBER(post, tls_stream, job.done);
    if (!tls->carrier.below) {
        free_tls(tls);
        return;
    }
    tls->is_apart = tls->carrier.is_apart = tls->handshake.may_wait = false;
    tls->stream.readable = tls->stream.writable = true;
    tls->stream.on_ready(tls->stream.arg);
}

/* False: nobody else can wait. */
static bool leave_to_spare(tls_stream *tls)
{
    const hw_tls_pool *pool = tls->carrier.pool;
    int error = send_all(tls); /* the pool's room is for others now */
    tls->handshake.may_wait = true;
    if (!pool->crew || (error < 0 && error != -EAGAIN))
        return false;
    tls->job = (hw_job){.run = shake_apart, .done.run = come_back};
    tls->is_apart = tls->carrier.is_apart = true;
    if (hw_crew_give(pool->crew, HW_WORK_SIGN, pool->loop, &tls->job) < 0)
        tls->is_apart = tls->carrier.is_apart = false;
    return tls->is_apart;
}

/* The beginning. */

static int end_handshake(tls_stream *tls)
{
    if (hw_tls_carrier_owed(&tls->carrier) > 0)
        return -EAGAIN; /* its last words */
    int error = hw_tls_facts_new(tls->ssl, &tls->handshake, &tls->facts);
    if (error < 0)
        return fail_stream(tls, error);
    tls->phase = TLS_OPEN;
    hw_budget_give(tls->carrier.pool->budget,
                   HW_TLS_HANDSHAKE_BYTES + tls->greeting_bytes - HW_TLS_STREAM_BYTES);
    tls->stream.is_secure = true;
    tls->stream.readable = tls->stream.writable = true;
    return 0;
}

/* As SSL_do_handshake; or 0, with a spare at work, and all of OpenSSL's is that one's. */
static int shake(tls_stream *tls)
{
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1 || !SSL_want_x509_lookup(tls->ssl))
        return result;
    return leave_to_spare(tls) ? 0 : SSL_do_handshake(tls->ssl);
}

static int go_on_shaking(hw_stream *stream)
{
    tls_stream *tls = (tls_stream *)stream;
    if (tls->is_apart)
        return tls->carrier.below->is_hung_up ? -ECONNRESET : -EAGAIN;
    int error = tls->phase == TLS_GREETING ? send_owed(tls) : 0;
    if (error < 0)
        return error;
    if (tls->phase == TLS_CLEAR)
        return -EPROTONOSUPPORT;
    if (tls->phase == TLS_FAILED)
        return -ECONNRESET;
    stream->readable = stream->writable = false;
    int result = shake(tls);
    if (tls->is_apart)
        return -EAGAIN;
    if (tls->carrier.is_clear) {
        tls->phase = TLS_CLEAR;
        ERR_clear_error();
        hw_tls_carrier_forget(&tls->carrier); /* an alert, which would not be understood */
        stream->readable = stream->writable = true;
        return -EPROTONOSUPPORT;
    }
    /* Tickets, where the client has asked already, go with the answer. */
    error = send_all_with(tls, result == 1 && SSL_has_pending(tls->ssl) == 1);
    if (error < 0 && error != -EAGAIN)
        return error;
    if (result == 1)
        return end_handshake(tls);
    error = explain_silence(tls, result);
    if (error == -EAGAIN && tls->carrier.may_read == 0)
        return fail_stream(tls, -EPROTO);
    return error == 0 ? fail_stream(tls, -ECONNRESET) : error;
}

static const hw_tls_facts *facts_of_tls(const hw_stream *stream)
{
    return ((const tls_stream *)stream)->facts;
}

static const hw_stream_ops tls_ops = {
    .read = read_tls,
    .write = write_tls,
    .send_file = send_file_encrypted,
    .count_unsent = count_unsent_below,
    .end_write = end_tls_write,
    .break_off = break_tls_off,
    .watch = watch_below,
    .close = close_tls,
    .handshake = go_on_shaking,
    .facts = facts_of_tls,
};

static void on_below_ready(void *arg)
{
    tls_stream *tls = arg;
    tls->stream.is_hung_up = tls->carrier.below->is_hung_up;
    tls->stream.readable |= tls->carrier.below->readable;
    tls->stream.writable |= tls->carrier.below->writable;
    if (tls->is_ending) /* nobody writes any more, whose write would take it along */
        (void)send_owed(tls);
    tls->stream.on_ready(tls->stream.arg);
}

static tls_stream *new_tls_stream(hw_tls *tls, hw_tls_pool *pool, hw_stream *below)
{
    tls_stream *made = hw_sys_alloc_zeroed(1, sizeof *made);
    if (!made)
        return NULL;
    made->stream = (hw_stream){.ops = &tls_ops,
                               .is_hung_up = below->is_hung_up,
                               .is_watched = below->is_watched, /* a PROXY header came first */
                               .peer = below->peer};
    made->carrier.below = below;
    made->carrier.pool = pool;
    made->carrier.may_read = made->greeting_bytes = hw_tls_greeting_bytes(tls);
    made->batch = HW_TLS_BATCH_RECORDS;
    made->ssl = hw_tls_new_connection(tls, &made->handshake);
    BIO *bio = made->ssl ? BIO_new(hw_tls_method(tls)) : NULL;
    if (!bio) {
        SSL_free(made->ssl);
        hw_sys_free(made);
        return NULL;
    }
    BIO_set_data(bio, &made->carrier);
    BIO_set_init(bio, 1);
    SSL_set_bio(made->ssl, bio, bio);
    made->handshake.keyring = hw_tls_keyring(tls);
    return made;
}

int hw_tls_open(hw_tls *tls, hw_tls_pool *pool, hw_stream *below, hw_stream **ret_stream)
{
    tls_stream *made = new_tls_stream(tls, pool, below);
    ERR_clear_error();
    if (!made) {
        below->ops->close(below);
        return -ENOMEM;
    }
    hw_budget_add(pool->budget, count_charged(made));
    below->on_ready = on_below_ready;
    below->arg = made;
    *ret_stream = &made->stream;
    return 0;
}
