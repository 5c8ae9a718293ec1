#include "unit/net/tls_rig.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

static void take_fault(void *arg, hw_sink_kind kind, const void *item)
{
    tls_rig *rig = arg;
    if (kind != HW_SINK_FAULT)
        return;
    rig->faults++;
    rig->fault = *(const hw_fault *)item;
}

void tls_rig_init(tls_rig *rig)
{
    static const char *const kinds[] = {"certificate", "key", "ocsp"};
    /* Each failure would cost handshakes and keys; tls_signer_test.c is swept. */
    if (hw_test_is_swept())
        hw_test_skip(__FILE__, __LINE__);
    *rig = (tls_rig){.sink = {.take = take_fault}};
    hw_test_folder_init(&rig->folder);
    for (size_t i = 0; i < TLS_RIG_FILES_MAX; i++)
        for (size_t kind = 0; kind < ROWS(kinds); kind++)
            snprintf(rig->names[i][kind], sizeof rig->names[i][kind], "%s/%s%zu", rig->folder.path,
                     kinds[kind], i);
}

void tls_rig_fini(tls_rig *rig)
{
    tls_rig_hang_up(rig);
    hw_tls_pool_free(rig->pool);
    hw_tls_free(rig->tls);
    hw_test_folder_fini(&rig->folder);
    assert_int_equal(hw_budget_used(&rig->budget), 0);
}

void tls_rig_add(tls_rig *rig, const pki_certificate *certificate)
{
    size_t i = rig->setup.certificate_count++;
    assert_true(i < TLS_RIG_FILES_MAX);
    rig->files[i] =
        (hw_tls_certificate){.certificate_file = rig->names[i][0], .key_file = rig->names[i][1]};
    pki_write(rig->files[i].certificate_file, certificate);
    pki_write_key(rig->files[i].key_file, certificate);
}

void tls_rig_add_names(tls_rig *rig, const char *names, pki_key_kind kind)
{
    pki_certificate *made = pki_issue(&(pki_wish){.names = names, .kind = kind});
    tls_rig_add(rig, made);
    pki_free(made);
}

void tls_rig_start(tls_rig *rig)
{
    if (rig->setup.certificate_count == 0)
        tls_rig_add_names(rig, "a.test", PKI_EC);
    rig->setup.certificates = rig->files;
    rig->sink.arg = rig;
    rig->setup.sink = &rig->sink;
    int error = hw_tls_new(&rig->setup, &rig->fault, &rig->tls);
    if (error < 0 && !hw_test_is_struck())
        fail_msg("%s: %s", rig->fault.where, rig->fault.what);
    HW_NEED_OK(error);
    HW_NEED_OK(hw_tls_pool_new(&rig->budget, &rig->pool));
}

static void count_ready(void *arg)
{
    ((tls_rig *)arg)->ready++;
}

void tls_rig_connect(tls_rig *rig, const tls_client_wish *wish, size_t room_bytes)
{
    hw_stream *below;
    tls_rig_hang_up(rig);
    rig->client = tls_client_new(wish);
    HW_NEED_OK(hw_pipe_new(room_bytes, &rig->pipe, &below));
    int error = hw_tls_open(rig->tls, rig->pool, below, &rig->server);
    if (error < 0)
        hw_pipe_close(rig->pipe);
    HW_NEED_OK(error);
    rig->server->on_ready = count_ready;
    rig->server->arg = rig;
    rig->handshake = -EAGAIN;
}

void tls_rig_hang_up(tls_rig *rig)
{
    if (rig->server)
        rig->server->ops->close(rig->server);
    if (rig->pipe)
        hw_pipe_close(rig->pipe);
    tls_client_free(rig->client);
    rig->server = NULL;
    rig->pipe = NULL;
    rig->client = NULL;
}

bool tls_rig_carry(tls_rig *rig, size_t to_server, size_t to_client)
{
    hw_text out = hw_text_upto(tls_client_output(rig->client), to_server),
            in = hw_text_upto(hw_pipe_received(rig->pipe), to_client);
    bool is_any = out.length + in.length > 0;
    if (out.length > 0) {
        HW_NEED_OK(hw_pipe_send(rig->pipe, out));
        tls_client_take(rig->client, out.length);
    }
    tls_client_feed(rig->client, in);
    hw_pipe_take(rig->pipe, in.length);
    return is_any;
}

int tls_rig_shake(tls_rig *rig, size_t piece)
{
    int result = -EAGAIN;
    do {
        if (rig->handshake == -EAGAIN)
            rig->handshake = rig->server->ops->handshake(rig->server);
        if (result == -EAGAIN)
            result = tls_client_shake(rig->client);
        if (rig->handshake == -ENOMEM)
            hw_test_out_of_memory();
    } while (tls_rig_carry(rig, piece, piece));
    return result;
}

void tls_rig_open(tls_rig *rig, const tls_client_wish *wish, size_t room_bytes)
{
    tls_rig_connect(rig, wish, room_bytes);
    int result = tls_rig_shake(rig, SIZE_MAX);
    if (hw_test_is_struck() && (result != 0 || rig->handshake != 0))
        hw_test_out_of_memory();
    assert_int_equal(result, 0);
    assert_int_equal(rig->handshake, 0);
}

void tls_rig_say(tls_rig *rig, const char *words)
{
    tls_client_write(rig->client, hw_text_of(words));
    tls_rig_carry(rig, SIZE_MAX, 0);
}

void tls_rig_expect(tls_rig *rig, const char *words)
{
    char memory[512];
    ssize_t count = rig->server->ops->read(rig->server, memory, sizeof memory);
    HW_NEED_OK(count);
    assert_text(((hw_text){memory, (size_t)count}), words);
}

ssize_t tls_rig_write(tls_rig *rig, hw_text bytes)
{
    const struct iovec part = {(void *)bytes.at, bytes.length};
    return rig->server->ops->write(rig->server, &part, 1, false);
}

long tls_rig_hear(tls_rig *rig, hw_buffer *heard)
{
    char piece[4096];
    long got;
    do {
        tls_rig_carry(rig, 0, SIZE_MAX);
        got = tls_client_read(rig->client, piece, hw_size_min(sizeof piece, hw_buffer_room(heard)));
        if (got > 0)
            hw_buffer_put(heard, (hw_text){piece, (size_t)got});
    } while (got > 0 && hw_buffer_room(heard) > 0);
    return got;
}
