#include "unit/server/secure_rig.h"

#include "base/buffer.h"

void secure_open(secure_rig *secure)
{
    secure->rig.shared.has_tls = true;
    rig_open(&secure->rig);
    tls_rig_init(&secure->tls);
    secure->tls.setup.offers_h2 = secure->offers_h2;
    tls_rig_add_names(&secure->tls, "a.test", PKI_EC);
    tls_rig_add_names(&secure->tls, "b.test", PKI_EC);
    tls_rig_start(&secure->tls);
}

void secure_close(secure_rig *secure)
{
    secure_hang_up(secure);
    hw_loop_settle(&secure->rig.lane.loop);
    rig_close(&secure->rig);
    tls_rig_fini(&secure->tls);
}

void secure_connect(secure_rig *secure, const tls_client_wish *wish, size_t room_bytes)
{
    hw_stream *stream;
    secure_hang_up(secure);
    HW_NEED_OK(hw_pipe_new(room_bytes, &secure->pipe, &stream));
    int error = hw_tls_open(secure->tls.tls, secure->rig.lane.tls, stream, &stream);
    if (error == 0)
        error = hw_conn_open(&secure->rig.lane, stream);
    HW_NEED_OK(error);
    secure->client = tls_client_new(wish);
    hw_loop_settle(&secure->rig.lane.loop);
}

void secure_hang_up(secure_rig *secure)
{
    if (secure->pipe)
        hw_pipe_close(secure->pipe);
    tls_client_free(secure->client);
    secure->pipe = NULL;
    secure->client = NULL;
}

void secure_settle(secure_rig *secure)
{
    size_t moved;
    do {
        hw_loop_settle(&secure->rig.lane.loop);
        (void)tls_client_shake(secure->client);
        hw_text in = hw_pipe_received(secure->pipe), out = tls_client_output(secure->client);
        moved = in.length + out.length;
        tls_client_feed(secure->client, in);
        hw_pipe_take(secure->pipe, in.length);
        if (!hw_pipe_is_closed(secure->pipe))
            NEED_TRUE(hw_pipe_send(secure->pipe, out) == 0);
        tls_client_take(secure->client, out.length);
    } while (moved > 0);
}

void secure_greet(secure_rig *secure, const char *name)
{
    secure_connect(secure, &(tls_client_wish){.name = name}, TLS_RIG_WIDE);
    secure_settle(secure);
    NEED_TRUE(tls_client_shake(secure->client) == 0 && secure->rig.lane.conn_count == 1);
}

void secure_send(secure_rig *secure, const char *string)
{
    tls_client_write(secure->client, hw_text_of(string));
    secure_settle(secure);
}

void secure_expect(secure_rig *secure, const char *string)
{
    char memory[8192];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    long count;
    secure_settle(secure);
    while ((count =
                tls_client_read(secure->client, memory + heard.length, hw_buffer_room(&heard))) > 0)
        heard.length += (size_t)count;
    hw_text got = hw_buffer_text(&heard), want = hw_text_of(string);
    if (!hw_text_equal(got, want) && hw_test_is_struck())
        hw_test_out_of_memory();
    if (!hw_text_equal(got, want))
        fail_msg("\"%.*s\" is not \"%s\"", HW_TEXT_ARGS(got), string);
}
