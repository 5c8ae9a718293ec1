#include "net/tls_carrier.h"

#include <errno.h>
#include <string.h>

#include "net/memory.h"
#include "unit/http/http_harness.h"

/* Two connections of one loop, each with its BIO and the client's end of its pipe. */
typedef struct carrier_pair {
    hw_tls_pool *pool;
    BIO_METHOD *method;
    hw_tls_carrier carriers[2];
    hw_pipe *clients[2];
    BIO *bios[2];
} carrier_pair;

static void open_pair(carrier_pair *pair)
{
    HW_NEED_OK(hw_tls_pool_new(NULL, &pair->pool));
    pair->method = hw_tls_carrier_method();
    assert_non_null(pair->method);
    for (int i = 0; i < 2; i++) {
        hw_stream *below;
        HW_NEED_OK(hw_pipe_new(1000, &pair->clients[i], &below));
        pair->carriers[i] = (hw_tls_carrier){.below = below, .pool = pair->pool};
        pair->bios[i] = BIO_new(pair->method);
        assert_non_null(pair->bios[i]);
        BIO_set_data(pair->bios[i], &pair->carriers[i]);
        BIO_set_init(pair->bios[i], 1);
    }
}

static void close_pair(carrier_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        hw_tls_carrier_forget(&pair->carriers[i]);
        hw_tls_carrier_drop(&pair->carriers[i]);
        BIO_free(pair->bios[i]);
        pair->carriers[i].below->ops->close(pair->carriers[i].below);
        hw_pipe_close(pair->clients[i]);
    }
    BIO_meth_free(pair->method);
    hw_tls_pool_free(pair->pool);
}

static void write_to(carrier_pair *pair, int which, const char *words)
{
    assert_int_equal(BIO_write(pair->bios[which], words, (int)strlen(words)), strlen(words));
}

static int send_everything(hw_tls_carrier *carrier)
{
    int error = hw_tls_carrier_send_all(carrier, false);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    return error;
}

/* What is encrypted with one connection's keys must never leave over another. */
HW_TEST(tls_carrier_sends_nothing_of_another_connection)
{
    carrier_pair pair = {0};
    open_pair(&pair);
    write_to(&pair, 0, "left behind");
    assert_text(hw_tls_carrier_gathered(&pair.carriers[0]), "left behind");
    assert_text(hw_tls_carrier_gathered(&pair.carriers[1]), "");
    assert_int_equal(send_everything(&pair.carriers[1]), 0);
    assert_text(hw_pipe_received(pair.clients[1]), "");
    write_to(&pair, 1, "its own");
    assert_int_equal(send_everything(&pair.carriers[1]), 0);
    assert_text(hw_pipe_received(pair.clients[1]), "its own");
    assert_int_equal(send_everything(&pair.carriers[0]), 0);
    assert_text(hw_pipe_received(pair.clients[0]), "");
    close_pair(&pair);
}

/* Where what was kept cannot leave any more, nothing behind it is kept for others. */
HW_TEST(tls_carrier_that_is_broken_leaves_nothing_behind)
{
    carrier_pair pair = {0};
    open_pair(&pair);
    hw_tls_carrier *carrier = &pair.carriers[0];
    carrier->below->writable = false;
    write_to(&pair, 0, "kept");
    assert_int_equal(send_everything(carrier), -EAGAIN);
    assert_int_equal(hw_tls_carrier_owed(carrier), 4);
    write_to(&pair, 0, "behind it");
    hw_pipe_reset(pair.clients[0]);
    assert_int_equal(send_everything(carrier), -ECONNRESET);
    assert_text(hw_tls_carrier_gathered(carrier), "");
    assert_null(pair.pool->gatherer);
    close_pair(&pair);
}

/* In their order, and the end behind it all. */
HW_TEST(tls_carrier_keeps_what_is_not_taken)
{
    carrier_pair pair = {0};
    open_pair(&pair);
    hw_tls_carrier *carrier = &pair.carriers[0];
    static const char *const words[] = {"one ", "two ", "three"};
    carrier->below->writable = false;
    for (size_t i = 0; i < ROWS(words); i++) {
        write_to(&pair, 0, words[i]);
        assert_int_equal(send_everything(carrier), -EAGAIN);
    }
    hw_tls_carrier_end(carrier);
    assert_false(hw_pipe_is_ended(pair.clients[0]));
    carrier->below->writable = true;
    assert_int_equal(send_everything(carrier), 0);
    assert_text(hw_pipe_received(pair.clients[0]), "one two three");
    assert_true(hw_pipe_is_ended(pair.clients[0]));
    close_pair(&pair);
}
