#include "unit/server/h2_rig.h"

#include "seam/seam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

void h2_check_memory(void)
{
    if (hw_test_is_struck())
        hw_test_out_of_memory();
}

void h2_open_lane(h2_rig *h2)
{
    rig_open(&h2->rig);
}

void h2_connect(h2_rig *h2, size_t room_bytes)
{
    h2->client = rig_connect(&h2->rig, room_bytes);
    h2->said = wire_new();
    h2->heard = heard_new();
}

void h2_greet(h2_rig *h2, size_t room_bytes)
{
    h2_connect(h2, room_bytes);
    h2_send(h2);
    (void)h2_hear(h2);
    wire_frame(h2->said, WIRE_SETTINGS, WIRE_ACK, 0, (hw_text){0});
    h2_send(h2);
    (void)h2_hear(h2);
    if (hw_pipe_is_closed(h2->client))
        h2_check_memory();
    assert_false(hw_pipe_is_closed(h2->client));
}

void h2_open(h2_rig *h2, size_t room_bytes)
{
    h2_open_lane(h2);
    h2_greet(h2, room_bytes);
}

void h2_hang_up(h2_rig *h2)
{
    if (!h2->client)
        return;
    hw_pipe_close(h2->client);
    h2->client = NULL;
    free(h2->said);
    heard_free(h2->heard);
    hw_loop_settle(&h2->rig.lane.loop);
}

void h2_close(h2_rig *h2)
{
    h2_hang_up(h2);
    assert_int_equal(h2->rig.lane.counts.exchanges, 0);
    rig_close(&h2->rig);
}

conn_h2 *h2_conn(h2_rig *h2)
{
    hw_link *last = h2->rig.lane.conns.head.prev;
    NEED_TRUE(last != &h2->rig.lane.conns.head);
    return (conn_h2 *)HW_MEMBER(last, hw_conn, link);
}

void h2_send(h2_rig *h2)
{
    NEED_TRUE(hw_pipe_send(h2->client, wire_text(h2->said)) == 0);
    h2->said->length = 0;
    hw_loop_settle(&h2->rig.lane.loop);
}

void h2_get(h2_rig *h2, uint32_t stream, const char *path)
{
    char lines[200];
    snprintf(lines, sizeof lines, ":method: GET\n:scheme: http\n:path: %s\n:authority: a\n", path);
    wire_head(h2->said, WIRE_END, stream, lines);
}

void h2_ask(h2_rig *h2, uint32_t stream, const char *path)
{
    h2_get(h2, stream, path);
    h2_send(h2);
}

void h2_reset(h2_rig *h2, uint32_t stream)
{
    wire_number(h2->said, WIRE_RST_STREAM, stream, HW_H2_CANCEL);
    h2_send(h2);
}

void h2_post(h2_rig *h2, uint32_t stream, const char *path, const char *lines)
{
    char all[1000];
    snprintf(all, sizeof all, ":method: POST\n:scheme: http\n:path: %s\n:authority: a\n%s", path,
             lines);
    wire_head(h2->said, WIRE_END_HEADERS, stream, all);
}

void h2_content(h2_rig *h2, uint32_t stream, size_t bytes, bool is_last)
{
    char memory[16 * 1024];
    for (size_t at = 0; at < bytes; at += sizeof memory) {
        size_t count = bytes - at < sizeof memory ? bytes - at : sizeof memory;
        for (size_t i = 0; i < count; i++)
            memory[i] = (char)('a' + (at + i) % 26);
        int flags = is_last && at + count == bytes ? WIRE_END_STREAM : 0;
        wire_frame(h2->said, WIRE_DATA, flags, stream, (hw_text){memory, count});
    }
}

const char *h2_hear(h2_rig *h2)
{
    hw_loop_settle(&h2->rig.lane.loop);
    for (hw_text got; (got = hw_pipe_received(h2->client)).length > 0;) {
        heard_take(h2->heard, got);
        hw_pipe_take(h2->client, got.length);
        hw_loop_settle(&h2->rig.lane.loop);
    }
    return heard_words(h2->heard);
}

uint64_t h2_granted(const char *words, uint32_t stream)
{
    char line[40];
    uint64_t granted = 0;
    snprintf(line, sizeof line, "WINDOW_UPDATE %u ", stream);
    for (const char *at = words; (at = strstr(at, line)); at++)
        granted += strtoul(at + strlen(line), NULL, 10);
    return granted;
}

void h2_expect(h2_rig *h2, const char *words)
{
    const char *got = h2_hear(h2);
    if (strcmp(got, words) != 0)
        h2_check_memory();
    assert_string_equal(got, words);
}

void h2_expect_first(h2_rig *h2, const char *words)
{
    const char *got = h2_hear(h2);
    if (strncmp(got, words, strlen(words)) == 0)
        return;
    h2_check_memory();
    fail_msg("\"%s\" does not begin with \"%s\"", got, words);
}

void h2_expect_among(h2_rig *h2, const char *words)
{
    const char *got = h2_hear(h2);
    if (strstr(got, words))
        return;
    h2_check_memory();
    fail_msg("\"%s\" is not in \"%s\"", words, got);
}

void h2_expect_record(h2_rig *h2, int status, bool is_complete)
{
    NEED_TRUE(h2->rig.records == 1);
    assert_int_equal(h2->rig.record[0].status, status);
    assert_int_equal(h2->rig.record[0].is_complete, is_complete);
}

void h2_pass_ms(h2_rig *h2, unsigned ms)
{
    hw_seam_clock_advance(ms * NS_PER_MS);
    hw_loop_step(&h2->rig.lane.loop, false);
    hw_loop_settle(&h2->rig.lane.loop);
}
