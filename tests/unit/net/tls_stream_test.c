#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "seam/seam.h"
#include "sys/memory.h"
#include "unit/net/tls_rig.h"

#define RECORD ((size_t)16 * 1024)
#define LARGE ((size_t)300 * 1000)

static const size_t narrow_rooms[] = {1, 61, 5 * 1024, 20 * 1024, 100 * 1000};

static void start_open(tls_rig *rig, size_t room)
{
    tls_rig_init(rig);
    tls_rig_start(rig);
    tls_rig_open(rig, &(tls_client_wish){.name = "a.test"}, room);
}

/* Bytes of which each tells where it is from. */
static char *make_bytes(size_t count)
{
    char *bytes = hw_sys_alloc(count);
    HW_NEED(bytes);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (char)((i * 31 + i / 251) % 251);
    return bytes;
}

static int make_file(tls_rig *rig, const char *bytes, size_t count)
{
    int file = open(hw_test_folder_path(&rig->folder, "file"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, count), count);
    return file;
}

/* What the client must get in the end. */
typedef struct stream_check {
    tls_rig *rig;
    char *heard;
    hw_buffer at_client;
} stream_check;

static void begin_check(stream_check *check, tls_rig *rig)
{
    *check = (stream_check){.rig = rig, .heard = hw_sys_alloc(LARGE + RECORD)};
    HW_NEED(check->heard);
    check->at_client = hw_buffer_over(check->heard, LARGE + RECORD);
}

/* As a driver does: what was not taken is offered again, once there is room. Between the calls the
 * client takes what has come. */
static void offer_all(stream_check *check, const char *bytes, size_t count, size_t at_once)
{
    hw_stream *server = check->rig->server;
    for (size_t sent = 0; sent < count;) {
        size_t step = hw_size_min(at_once, count - sent);
        ssize_t taken = tls_rig_write(check->rig, (hw_text){bytes + sent, step});
        if (taken != -EAGAIN)
            HW_NEED_OK(taken);
        assert_true(taken != 0 && taken <= (ssize_t)step);
        sent += taken > 0 ? (size_t)taken : 0;
        if (taken < (ssize_t)step) {
            assert_false(server->writable);
            int before = check->rig->ready;
            (void)tls_rig_hear(check->rig, &check->at_client);
            assert_true(check->rig->ready > before && server->writable);
        }
    }
}

static void offer_file(stream_check *check, int file, uint64_t offset, size_t count)
{
    hw_stream *server = check->rig->server;
    for (size_t sent = 0; sent < count;) {
        ssize_t taken = server->ops->send_file(server, file, offset + sent, count - sent);
        if (taken != -EAGAIN)
            HW_NEED_OK(taken);
        assert_true(taken != 0 && taken <= (ssize_t)(count - sent));
        sent += taken > 0 ? (size_t)taken : 0;
        if (sent < count) {
            assert_false(server->writable);
            (void)tls_rig_hear(check->rig, &check->at_client);
        }
    }
}

static void end_check(stream_check *check, const char *bytes, size_t count)
{
    (void)tls_rig_hear(check->rig, &check->at_client);
    assert_int_equal(check->at_client.length, count);
    assert_memory_equal(check->heard, bytes, count);
    hw_sys_free(check->heard);
}

HW_TEST(tls_stream_reads_what_the_client_says)
{
    char memory[8];
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    hw_stream *server = rig.server;
    assert_int_equal(server->ops->read(server, memory, sizeof memory), -EAGAIN);
    assert_false(server->readable);
    int before = rig.ready;
    tls_rig_say(&rig, "hello, world");
    assert_true(rig.ready > before);
    assert_true(server->readable);
    assert_int_equal(server->ops->read(server, memory, 5), 5);
    assert_memory_equal(memory, "hello", 5);
    /* The rest is with OpenSSL, and nothing will tell of it again. */
    assert_true(server->readable);
    tls_rig_expect(&rig, ", world");
    assert_int_equal(server->ops->read(server, memory, sizeof memory), -EAGAIN);
    tls_rig_fini(&rig);
}

/* Several records that have come at once are read at once. */
HW_TEST(tls_stream_reads_records_as_long_as_there_is_room)
{
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    for (int i = 0; i < 40; i++)
        tls_client_write(rig.client, HW_TEXT("abc"));
    tls_rig_carry(&rig, SIZE_MAX, 0);
    char memory[200];
    assert_int_equal(rig.server->ops->read(rig.server, memory, 100), 100);
    assert_int_equal(rig.server->ops->read(rig.server, memory, 100), 20);
    tls_rig_fini(&rig);
}

HW_LONG_TEST(tls_stream_reads_a_large_body_in_any_pieces)
{
    static const size_t pieces[] = {3, 1000, 16 * 1024 + 21, SIZE_MAX};
    size_t count = 40 * 1000;
    char *bytes = make_bytes(count), *got = hw_sys_alloc(count);
    HW_NEED(got);
    for (size_t i = 0; i < ROWS(pieces); i++) {
        size_t at = 0;
        tls_rig rig;
        start_open(&rig, TLS_RIG_WIDE);
        tls_client_write(rig.client, (hw_text){bytes, count});
        while (tls_rig_carry(&rig, pieces[i], 0))
            for (ssize_t step; at < count;) {
                step = rig.server->ops->read(rig.server, got + at,
                                             hw_size_min(count - at, 1 + at % 5000));
                if (step == -EAGAIN)
                    break;
                HW_NEED_OK(step);
                at += (size_t)step;
            }
        assert_int_equal(at, count);
        assert_memory_equal(got, bytes, count);
        tls_rig_fini(&rig);
    }
    hw_sys_free(bytes);
    hw_sys_free(got);
}

HW_LONG_TEST(tls_stream_writes_what_it_counts_as_taken)
{
    static const size_t steps[] = {SIZE_MAX, 1000, RECORD, RECORD + 1, 7};
    char *bytes = make_bytes(LARGE);
    for (size_t room = 0; room < ROWS(narrow_rooms); room++)
        for (size_t i = 0; i < ROWS(steps); i++) {
            stream_check check;
            tls_rig rig;
            size_t count = hw_size_min(narrow_rooms[room] < 100 ? 20 * 1000 : LARGE,
                                       steps[i] < 100 ? 5000 : LARGE);
            start_open(&rig, narrow_rooms[room]);
            begin_check(&check, &rig);
            offer_all(&check, bytes, count, steps[i]);
            end_check(&check, bytes, count);
            tls_rig_fini(&rig);
        }
    hw_sys_free(bytes);
}

/* Parts of all sizes, empty ones between them. */
HW_LONG_TEST(tls_stream_writes_parts)
{
    char *bytes = make_bytes(LARGE);
    static const size_t lengths[] = {0, 1, 0, 0, 5, RECORD, 0, RECORD - 1, 3, 2 * RECORD + 7, 0};
    struct iovec parts[ROWS(lengths)];
    size_t all = 0;
    for (size_t i = 0; i < ROWS(lengths); i++) {
        parts[i] = (struct iovec){bytes + all, lengths[i]};
        all += lengths[i];
    }
    for (size_t room = 0; room <= ROWS(narrow_rooms); room++) {
        bool is_wide = room == ROWS(narrow_rooms);
        stream_check check;
        tls_rig rig;
        size_t sent = 0;
        start_open(&rig, is_wide ? TLS_RIG_WIDE : narrow_rooms[room]);
        begin_check(&check, &rig);
        while (sent < all) {
            struct iovec rest[ROWS(lengths)];
            size_t skip = sent;
            memcpy(rest, parts, sizeof rest);
            for (size_t i = 0; i < ROWS(rest); i++) {
                size_t step = hw_size_min(skip, rest[i].iov_len);
                rest[i].iov_base = (char *)rest[i].iov_base + step;
                rest[i].iov_len -= step;
                skip -= step;
            }
            ssize_t taken = rig.server->ops->write(rig.server, rest, ROWS(rest), room % 2);
            if (taken != -EAGAIN)
                HW_NEED_OK(taken);
            sent += taken > 0 ? (size_t)taken : 0;
            if (is_wide)
                assert_int_equal(sent, all);
            (void)tls_rig_hear(&rig, &check.at_client);
        }
        end_check(&check, bytes, all);
        tls_rig_fini(&rig);
    }
    hw_sys_free(bytes);
}

HW_TEST(tls_stream_writes_nothing_where_nothing_is_offered)
{
    tls_rig rig;
    const struct iovec empty[2] = {{NULL, 0}, {(void *)"", 0}};
    start_open(&rig, TLS_RIG_WIDE);
    size_t before = hw_pipe_received(rig.pipe).length;
    assert_int_equal(rig.server->ops->write(rig.server, empty, 2, false), 0);
    assert_int_equal(rig.server->ops->write(rig.server, NULL, 0, false), 0);
    assert_int_equal(hw_pipe_received(rig.pipe).length, before);
    assert_true(rig.server->writable);
    tls_rig_fini(&rig);
}

/* A small answer is one record, and one write of its head and its body. */
HW_TEST(tls_stream_gathers_small_parts_in_one_record)
{
    const struct iovec parts[] = {{(void *)"head\r\n", 6}, {(void *)"body", 4}};
    tls_rig rig;
    char memory[64];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    start_open(&rig, TLS_RIG_WIDE);
    (void)tls_rig_hear(&rig, &heard);
    HW_NEED_OK(rig.server->ops->write(rig.server, parts, 2, false));
    assert_int_equal(hw_pipe_received(rig.pipe).length, 5 + 10 + 1 + 16);
    (void)tls_rig_hear(&rig, &heard);
    assert_text(hw_buffer_text(&heard), "head\r\nbody");
    tls_rig_fini(&rig);
}

HW_LONG_TEST(tls_stream_sends_files)
{
    char *bytes = make_bytes(LARGE);
    for (size_t room = 0; room <= ROWS(narrow_rooms); room++) {
        stream_check check;
        tls_rig rig;
        size_t width = room < ROWS(narrow_rooms) ? narrow_rooms[room] : TLS_RIG_WIDE,
               count = width < 100 ? 30 * 1000 : LARGE;
        start_open(&rig, width);
        int file = make_file(&rig, bytes, LARGE);
        begin_check(&check, &rig);
        offer_file(&check, file, 0, count / 3);
        offer_file(&check, file, count / 3, count - count / 3);
        end_check(&check, bytes, count);
        close(file);
        tls_rig_fini(&rig);
    }
    hw_sys_free(bytes);
}

/* As an answer is: its head by write(), told that more follows, and the file behind it. */
HW_LONG_TEST(tls_stream_writes_and_then_sends_a_file)
{
    static const size_t heads[] = {1, 200, RECORD, 40 * 1000};
    char *bytes = make_bytes(LARGE);
    for (size_t room = 0; room < ROWS(narrow_rooms); room++)
        for (size_t i = 0; i < ROWS(heads); i++) {
            stream_check check;
            tls_rig rig;
            size_t count = heads[i] + (narrow_rooms[room] < 100 ? 5000 : 100 * 1000);
            start_open(&rig, narrow_rooms[room]);
            int file = make_file(&rig, bytes, LARGE);
            begin_check(&check, &rig);
            offer_all(&check, bytes, heads[i], SIZE_MAX);
            offer_file(&check, file, heads[i], count - heads[i]);
            end_check(&check, bytes, count);
            close(file);
            tls_rig_fini(&rig);
        }
    hw_sys_free(bytes);
}

HW_TEST(tls_stream_sees_that_a_file_was_cut)
{
    char *bytes = make_bytes(RECORD * 2);
    stream_check check;
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    hw_stream *server = rig.server;
    int file = make_file(&rig, bytes, RECORD * 2);
    begin_check(&check, &rig);
    ssize_t sent = server->ops->send_file(server, file, RECORD, 5 * RECORD);
    HW_NEED_OK(sent);
    assert_int_equal(sent, RECORD);
    assert_false(server->writable);
    assert_int_equal(server->ops->send_file(server, file, 2 * RECORD, 10), 0);
    assert_false(server->writable);
    assert_int_equal(server->ops->send_file(server, -1, 0, 10), -EBADF);
    end_check(&check, bytes + RECORD, RECORD);
    close(file);
    tls_rig_fini(&rig);
    hw_sys_free(bytes);
}

/* What is kept for a slow client: a few records at first, and one once he has shown to be slow. */
HW_TEST(tls_stream_keeps_little_for_slow_clients)
{
    size_t count = LARGE, most = 0, later = 0;
    char *bytes = make_bytes(count);
    char piece[1000];
    tls_rig rig;
    start_open(&rig, 1000);
    for (size_t sent = 0; sent < count / 4;) {
        ssize_t taken = tls_rig_write(&rig, (hw_text){bytes + sent, count - sent});
        if (taken == -EPIPE && hw_test_is_struck())
            hw_test_out_of_memory();
        if (taken != -EAGAIN)
            HW_NEED_OK(taken);
        sent += taken > 0 ? (size_t)taken : 0;
        size_t used = hw_budget_used(&rig.budget) - HW_TLS_STREAM_BYTES;
        most = hw_size_max(most, used);
        if (sent > 4 * RECORD)
            later = hw_size_max(later, used);
        tls_rig_carry(&rig, 0, sizeof piece);
        while (tls_client_read(rig.client, piece, sizeof piece) > 0)
            ;
    }
    assert_true(most < 5 * RECORD);
    assert_true(later > 0 && later < 2 * RECORD);
    tls_rig_fini(&rig);
    hw_sys_free(bytes);
}

/* The end. */

/* It is read as often as is asked; and half-closed (RFC 8446 6.1) it can still be answered. */
static void expect_end(tls_rig *rig)
{
    char memory[16];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    hw_stream *server = rig->server;
    assert_true(server->readable);
    assert_int_equal(server->ops->read(server, memory, sizeof memory), 0);
    assert_int_equal(server->ops->read(server, memory, sizeof memory), 0);
    HW_NEED_OK(tls_rig_write(rig, HW_TEXT("answer")));
    (void)tls_rig_hear(rig, &heard);
    assert_text(hw_buffer_text(&heard), "answer");
}

HW_TEST(tls_stream_ends_with_the_clients_word)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls_rig rig;
        tls_rig_init(&rig);
        tls_rig_start(&rig);
        tls_rig_open(&rig, &(tls_client_wish){.newest = version}, TLS_RIG_WIDE);
        tls_client_write(rig.client, HW_TEXT("last"));
        tls_client_end(rig.client);
        tls_rig_carry(&rig, SIZE_MAX, 0);
        tls_rig_expect(&rig, "last");
        expect_end(&rig);
        tls_rig_fini(&rig);
    }
}

HW_TEST(tls_stream_ends_without_the_clients_word)
{
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    tls_rig_say(&rig, "last");
    hw_pipe_end_send(rig.pipe);
    assert_true(rig.server->is_hung_up);
    tls_rig_expect(&rig, "last");
    expect_end(&rig);
    tls_rig_fini(&rig);
}

/* A record that is cut in the middle is no end of its bytes; none of them is given. */
HW_TEST(tls_stream_ends_in_a_record)
{
    char memory[64];
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    tls_rig_say(&rig, "first");
    tls_client_write(rig.client, HW_TEXT("second"));
    tls_rig_carry(&rig, tls_client_output(rig.client).length - 1, 0);
    hw_pipe_end_send(rig.pipe);
    tls_rig_expect(&rig, "first");
    ssize_t count = rig.server->ops->read(rig.server, memory, sizeof memory);
    assert_true(count <= 0 && count != -EAGAIN);
    tls_rig_fini(&rig);
}

HW_TEST(tls_stream_is_reset)
{
    char memory[64];
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    tls_rig_say(&rig, "unread");
    hw_pipe_reset(rig.pipe);
    assert_true(rig.server->readable && rig.server->is_hung_up);
    assert_int_equal(rig.server->ops->read(rig.server, memory, sizeof memory), -ECONNRESET);
    assert_true(tls_rig_write(&rig, HW_TEXT("x")) < 0);
    tls_rig_fini(&rig);
}

/* Whether the client has been told the end, having heard so much. */
static bool is_end_told(tls_rig *rig, const char *words)
{
    char memory[64];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    long last = tls_rig_hear(rig, &heard);
    assert_text(hw_buffer_text(&heard), words);
    return last == 0;
}

HW_TEST(tls_stream_tells_the_client_its_end)
{
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    HW_NEED_OK(tls_rig_write(&rig, HW_TEXT("last")));
    rig.server->ops->end_write(rig.server);
    bool is_told = is_end_told(&rig, "last");
    if (hw_test_is_struck() && !is_told)
        hw_test_out_of_memory();
    assert_true(is_told);
    assert_true(hw_pipe_is_ended(rig.pipe));
    /* The other way is still open. */
    tls_rig_say(&rig, "still");
    tls_rig_expect(&rig, "still");
    rig.server->ops->close(rig.server);
    rig.server = NULL;
    assert_int_equal(hw_pipe_received(rig.pipe).length, 0); /* once is enough */
    assert_true(hw_pipe_is_closed(rig.pipe));
    tls_rig_fini(&rig);
}

HW_TEST(tls_stream_that_is_closed_tells_the_client_its_end)
{
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    HW_NEED_OK(tls_rig_write(&rig, HW_TEXT("last")));
    rig.server->ops->close(rig.server);
    rig.server = NULL;
    bool is_told = is_end_told(&rig, "last");
    assert_true(is_told || hw_test_is_struck());
    tls_rig_fini(&rig);
}

/* Before the end of the pipe comes what had no room in it. */
HW_TEST(tls_stream_ends_behind_what_is_owed)
{
    static const char words[] = "words that are longer than the pipe";
    char memory[64], byte[8];
    tls_rig rig;
    start_open(&rig, 20);
    stream_check check;
    begin_check(&check, &rig);
    offer_all(&check, words, sizeof words - 1, SIZE_MAX);
    rig.server->ops->end_write(rig.server);
    long last = -EAGAIN;
    for (int i = 0; i < 20 && last != 0; i++) {
        last = tls_rig_hear(&rig, &check.at_client);
        /* The driver looks whether the client says anything more. */
        if (rig.server->readable || rig.server->writable)
            (void)rig.server->ops->read(rig.server, byte, sizeof byte);
    }
    (void)memory;
    if (hw_test_is_struck() && last != 0)
        hw_test_out_of_memory();
    assert_int_equal(last, 0);
    assert_true(hw_pipe_is_ended(rig.pipe));
    end_check(&check, words, sizeof words - 1);
    tls_rig_fini(&rig);
}

HW_TEST(tls_stream_that_is_broken_off_tells_no_end)
{
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    HW_NEED_OK(tls_rig_write(&rig, HW_TEXT("part")));
    rig.server->ops->break_off(rig.server);
    rig.server->ops->close(rig.server);
    rig.server = NULL;
    assert_true(hw_pipe_is_broken_off(rig.pipe));
    assert_false(is_end_told(&rig, "part"));
    tls_rig_fini(&rig);
}

/* Half of an answer is in here: the client must not take it for all. */
HW_TEST(tls_stream_that_is_closed_with_something_owed_tells_no_end)
{
    char *bytes = make_bytes(LARGE), piece[4096];
    tls_rig rig;
    start_open(&rig, 5 * 1024);
    ssize_t taken = tls_rig_write(&rig, (hw_text){bytes, LARGE});
    if (taken != -EAGAIN)
        HW_NEED_OK(taken);
    assert_false(rig.server->writable);
    rig.server->ops->close(rig.server);
    rig.server = NULL;
    assert_int_equal(hw_budget_used(&rig.budget), 0);
    tls_rig_carry(&rig, 0, SIZE_MAX);
    long last;
    while ((last = tls_client_read(rig.client, piece, sizeof piece)) > 0)
        ;
    assert_int_not_equal(last, 0);
    tls_rig_fini(&rig);
    hw_sys_free(bytes);
}

/* Hostile clients. */

static void update_key(tls_rig *rig, int request)
{
    SSL *ssl = tls_client_ssl(rig->client);
    assert_int_equal(SSL_key_update(ssl, request), 1);
    assert_int_equal(SSL_do_handshake(ssl), 1);
}

/* RFC 8446 4.6.3, while an answer waits for room. */
HW_LONG_TEST(tls_stream_changes_keys_while_the_pipe_is_full)
{
    char *bytes = make_bytes(LARGE);
    for (size_t room = 0; room < ROWS(narrow_rooms); room++) {
        size_t count = narrow_rooms[room] < 100 ? 6000 : LARGE, sent = 0;
        stream_check check;
        tls_rig rig;
        start_open(&rig, narrow_rooms[room]);
        begin_check(&check, &rig);
        for (int i = 0; sent < count; i++) {
            char memory[64];
            ssize_t taken = tls_rig_write(&rig, (hw_text){bytes + sent, count - sent});
            if (taken != -EAGAIN)
                HW_NEED_OK(taken);
            sent += taken > 0 ? (size_t)taken : 0;
            if (i < 50 && i % 3 == 0) {
                update_key(&rig, SSL_KEY_UPDATE_REQUESTED);
                tls_rig_say(&rig, "new");
                ssize_t got = rig.server->ops->read(rig.server, memory, sizeof memory);
                HW_NEED_OK(got);
                assert_int_equal(got, 3);
            }
            (void)tls_rig_hear(&rig, &check.at_client);
        }
        end_check(&check, bytes, count);
        tls_rig_fini(&rig);
    }
    hw_sys_free(bytes);
}

/* Who changes keys without end and says nothing is given up: it would cost more to look through than
 * to send, and keep others waiting. */
HW_LONG_TEST(tls_stream_reads_no_endless_changes_of_keys)
{
    static const int updates[] = {1000, 30 * 1000}; /* of 27 bytes */
    for (size_t i = 0; i < ROWS(updates); i++) {
        char memory[64];
        tls_rig rig;
        start_open(&rig, TLS_RIG_WIDE);
        for (int k = 0; k < updates[i]; k++)
            update_key(&rig, SSL_KEY_UPDATE_NOT_REQUESTED);
        tls_client_write(rig.client, HW_TEXT("done"));
        tls_rig_carry(&rig, SIZE_MAX, 0);
        ssize_t got = rig.server->ops->read(rig.server, memory, sizeof memory);
        assert_int_equal(got, i == 0 ? 4 : -EPROTO);
        tls_rig_fini(&rig);
    }
}

/* OpenSSL would make room for a greeting of 128 KiB. */
HW_TEST(tls_stream_takes_no_endless_greeting)
{
    static const unsigned char head[] = {22, 3, 1, 64, 0, 1, 2, 0, 0};
    static const char zeros[16 * 1024];
    tls_rig rig;
    tls_rig_init(&rig);
    tls_rig_start(&rig);
    tls_rig_connect(&rig, &(tls_client_wish){.name = "a.test"}, TLS_RIG_WIDE);
    int error = -EAGAIN;
    for (int record = 0; record < 4 && error == -EAGAIN; record++) {
        HW_NEED_OK(hw_pipe_send(rig.pipe, (hw_text){(const char *)head, record == 0 ? 9 : 5}));
        HW_NEED_OK(hw_pipe_send(rig.pipe,
                                (hw_text){zeros, record == 0 ? sizeof zeros - 4 : sizeof zeros}));
        error = rig.server->ops->handshake(rig.server);
        assert_int_equal(error, record < 1 ? -EAGAIN : -EPROTO);
    }
    assert_int_equal(error, -EPROTO);
    tls_rig_fini(&rig);
}

/* The same from one who wants to be answered each time, and takes no answer. */
HW_LONG_TEST(tls_stream_keeps_no_endless_answers)
{
    enum { ROUNDS = 200, UPDATES = 200 };
    char memory[64];
    ssize_t got = -EAGAIN;
    tls_rig rig;
    start_open(&rig, 1000);
    for (int i = 0; i < ROUNDS && got == -EAGAIN; i++) {
        for (int k = 0; k < UPDATES; k++)
            update_key(&rig, SSL_KEY_UPDATE_REQUESTED);
        tls_rig_carry(&rig, SIZE_MAX, 0);
        got = rig.server->ops->read(rig.server, memory, sizeof memory);
        assert_true(hw_budget_used(&rig.budget) < HW_TLS_STREAM_BYTES + 256 * 1024);
    }
    tls_rig_fini(&rig);
}

/* RFC 5746, and CVE-2011-1473: no second handshake in a connection of TLS 1.2. */
HW_TEST(tls_stream_refuses_renegotiation)
{
    char memory[16];
    hw_buffer heard = HW_BUFFER_OVER(memory);
    tls_rig rig;
    tls_rig_init(&rig);
    tls_rig_start(&rig);
    tls_rig_open(&rig, &(tls_client_wish){.newest = TLS1_2_VERSION}, TLS_RIG_WIDE);
    assert_int_equal(SSL_renegotiate(tls_client_ssl(rig.client)), 1);
    (void)tls_client_shake(rig.client);
    tls_rig_carry(&rig, SIZE_MAX, 0);
    assert_int_equal(rig.server->ops->read(rig.server, memory, sizeof memory), -EAGAIN);
    (void)tls_rig_hear(&rig, &heard);
    assert_int_equal(tls_client_alert(rig.client), SSL_AD_NO_RENEGOTIATION);
    tls_rig_fini(&rig);
}

/* One bit of a record, and nothing of it or behind it is believed. */
HW_LONG_TEST(tls_stream_believes_no_record_that_was_changed)
{
    char memory[64], changed[128];
    for (size_t at = 0; at < 30; at += 5) {
        tls_rig rig;
        start_open(&rig, TLS_RIG_WIDE);
        tls_rig_carry(&rig, SIZE_MAX, SIZE_MAX);
        tls_client_write(rig.client, HW_TEXT("to be changed"));
        hw_text out = tls_client_output(rig.client);
        assert_true(out.length < sizeof changed);
        memcpy(changed, out.at, out.length);
        changed[at] ^= 0x40;
        HW_NEED_OK(hw_pipe_send(rig.pipe, (hw_text){changed, out.length}));
        tls_client_take(rig.client, out.length);
        ssize_t got = rig.server->ops->read(rig.server, memory, sizeof memory);
        if (at == 3) /* a longer record, whose end has not come */
            assert_int_equal(got, -EAGAIN);
        else
            assert_true(got == -EPROTO || got == -EAGAIN);
        if (got != -EAGAIN) {
            assert_int_equal(rig.server->ops->read(rig.server, memory, sizeof memory), -ECONNRESET);
            assert_true(tls_rig_write(&rig, HW_TEXT("x")) < 0);
            assert_true(tls_client_read(rig.client, memory, sizeof memory) < 0);
        }
        tls_rig_fini(&rig);
    }
}

HW_TEST(tls_stream_ends_by_an_alert)
{
    static const char alert[] = "\x15\x03\x03\x00\x02\x02\x28"; /* in clear: it is none */
    char memory[64];
    tls_rig rig;
    start_open(&rig, TLS_RIG_WIDE);
    HW_NEED_OK(hw_pipe_send(rig.pipe, (hw_text){alert, sizeof alert - 1}));
    ssize_t got = rig.server->ops->read(rig.server, memory, sizeof memory);
    assert_true(got < 0 && got != -EAGAIN);
    tls_rig_fini(&rig);
}

/* Memory. */

HW_TEST(tls_stream_without_memory)
{
    tls_rig rig;
    hw_pipe *client;
    hw_stream *below, *stream;
    start_open(&rig, 100);
    HW_NEED_OK(hw_pipe_new(100, &client, &below));
    hw_seam_fail_allocation(1);
    assert_int_equal(hw_tls_open(rig.tls, rig.pool, below, &stream), -ENOMEM);
    assert_true(hw_pipe_is_closed(client));
    hw_pipe_close(client);
    /* What has no room cannot be kept either: the records are numbered, so it is over. */
    char *bytes = make_bytes(RECORD), memory[8];
    hw_seam_fail_allocation(1);
    ssize_t taken = tls_rig_write(&rig, (hw_text){bytes, RECORD});
    if (taken == -EAGAIN || taken > 0) /* by the pipe's own */
        hw_test_out_of_memory();
    assert_int_equal(taken, -ENOMEM);
    assert_int_equal(rig.server->ops->read(rig.server, memory, sizeof memory), -ECONNRESET);
    hw_sys_free(bytes);
    tls_rig_fini(&rig);
}

HW_TEST(tls_stream_passes_on_what_is_known_below)
{
    tls_rig rig;
    char peer[HW_PEER_STRING_MAX];
    start_open(&rig, TLS_RIG_WIDE);
    assert_string_equal(hw_peer_format(&rig.server->peer, peer), "memory:");
    assert_false(rig.server->is_watched);
    assert_int_equal(rig.server->ops->watch(rig.server), 0);
    assert_true(rig.server->is_watched);
    assert_int_equal(rig.server->ops->count_unsent(rig.server), hw_pipe_received(rig.pipe).length);
    tls_rig_fini(&rig);
}
