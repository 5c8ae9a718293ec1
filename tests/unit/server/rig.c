#include "unit/server/rig.h"

#include "seam/seam.h"

#include <stdio.h>

#define NS_PER_S INT64_C(1000000000)

static hw_body_plan plan_as_scripted(void *arg, hw_exchange *exchange)
{
    (void)exchange;
    return ((test_rig *)arg)->plan;
}

void rig_answer_hi(void *arg, hw_exchange *exchange)
{
    ((test_rig *)arg)->answers++;
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, HW_TEXT("hi"));
}

static void take_item(void *arg, hw_sink_kind kind, const void *item)
{
    test_rig *rig = arg;
    if (kind == HW_SINK_FAULT)
        rig->faults++;
    if (kind != HW_SINK_RECORD || rig->records == RIG_RECORDS_MAX)
        return;
    const hw_record *record = item;
    rig->record[rig->records++] = (struct rig_record){
        record->status, record->is_complete,    record->bytes_in,         record->bytes_out,
        record->us,     record->referer.length, record->user_agent.length};
}

void rig_open(test_rig *rig)
{
    hw_seam_clock_freeze(NS_PER_S, 784111777 * NS_PER_S);
    if (!rig->answerer.plan)
        rig->answerer.plan = plan_as_scripted;
    if (!rig->answerer.answer)
        rig->answerer.answer = rig_answer_hi;
    if (!rig->answerer.arg)
        rig->answerer.arg = rig;
    rig->sink = (hw_sink){.take = take_item, .arg = rig, .records = true};
    rig->shared.answerer = &rig->answerer;
    rig->shared.sinks = &rig->sink;
    rig->shared.sink_count = 1;
    rig->shared.limits = hw_limits_default();
    rig->shared.limits.connections_max = 1000;
    rig->shared.lane_count = 1;
    HW_NEED_OK(hw_lane_init(&rig->lane, &rig->shared, HW_LOOP_MANUAL));
}

void rig_close(test_rig *rig)
{
    hw_lane_fini(&rig->lane);
    assert_int_equal(rig->shared.connections, 0);
    assert_int_equal(rig->shared.budget.used, 0);
}

hw_pipe *rig_connect(test_rig *rig, size_t room_bytes)
{
    hw_pipe *client = NULL;
    hw_stream *stream;
    HW_NEED_OK(hw_pipe_new(room_bytes, &client, &stream));
    int error = hw_conn_open(&rig->lane, stream);
    if (error < 0)
        hw_pipe_close(client);
    HW_NEED_OK(error);
    return client;
}

conn_h1 *rig_conn(test_rig *rig)
{
    hw_link *last = rig->lane.conns.head.prev;
    NEED_TRUE(last != &rig->lane.conns.head);
    return (conn_h1 *)HW_MEMBER(last, hw_conn, link);
}

void rig_send(test_rig *rig, hw_pipe *client, const char *string)
{
    NEED_TRUE(hw_pipe_send(client, hw_text_of(string)) == 0);
    hw_loop_settle(&rig->lane.loop);
}

void rig_expect(test_rig *rig, hw_pipe *client, const char *string)
{
    hw_loop_settle(&rig->lane.loop);
    hw_text got = hw_pipe_received(client), want = hw_text_of(string);
    if (!hw_text_equal(got, want) && hw_test_is_struck())
        hw_test_out_of_memory();
    if (!hw_text_equal(got, want))
        fail_msg("\"%.*s\" is not \"%s\"", HW_TEXT_ARGS(got), string);
    hw_pipe_take(client, got.length);
    hw_loop_settle(&rig->lane.loop);
}

void rig_lose_loop(hw_loop *loop)
{
    uint64_t inside = loop->mark.value;
    assert_true(hw_mark_is_inside(inside));
    assert_true(hw_mark_swap(&loop->mark, inside));
    assert_false(hw_mark_swap(&loop->mark, inside));
}

void rig_guard_lent(hw_exchange *exchange, void guard(const void *memory, size_t bytes))
{
    guard(&exchange->response, sizeof exchange->response);
    guard(&exchange->arena, sizeof exchange->arena);
    guard(&exchange->plan, sizeof exchange->plan);
    guard(&exchange->left, sizeof exchange->left);
    guard(&exchange->inflow, sizeof exchange->inflow);
    guard(&exchange->request.body, sizeof exchange->request.body);
}

void rig_change_crew(test_rig *rig, const hw_crew_setup *setup)
{
    hw_crew_free(rig->shared.crew);
    rig->shared.crew = setup ? hw_crew_new(setup) : NULL;
    if (setup)
        HW_NEED(rig->shared.crew);
    hw_loop_settle(&rig->lane.loop);
}

static ssize_t read_counted(hw_stream *stream, void *memory, size_t bytes)
{
    rig_counts *counts = HW_MEMBER(stream->ops, rig_counts, ops);
    ssize_t count = counts->real->read(stream, memory, bytes);
    counts->bytes_read += count > 0 ? (size_t)count : 0;
    return count;
}

static ssize_t write_counted(hw_stream *stream, const struct iovec *parts, size_t count, bool more)
{
    rig_counts *counts = HW_MEMBER(stream->ops, rig_counts, ops);
    counts->writes++;
    counts->parts += count;
    return counts->real->write(stream, parts, count, more);
}

void rig_count(rig_counts *counts, hw_stream *stream)
{
    *counts = (rig_counts){.real = stream->ops, .ops = *stream->ops};
    counts->ops.read = read_counted;
    counts->ops.write = write_counted;
    stream->ops = &counts->ops;
}

static hw_pull pull_scripted(hw_source *source, size_t want, hw_piece *ret_piece)
{
    rig_body *body = (rig_body *)source;
    body->pulls++;
    if (body->next < body->count) {
        assert_true(body->pieces[body->next].bytes.length <= want);
        *ret_piece = body->pieces[body->next++];
        return ret_piece->file.length > 0 ? HW_PULL_FILE : HW_PULL_BYTES;
    }
    *ret_piece = (hw_piece){.trailers = body->trailers};
    return body->last;
}

static void drop_scripted(hw_source *source)
{
    ((rig_body *)source)->drops++;
}

static const hw_source_ops scripted_ops = {.pull = pull_scripted, .drop = drop_scripted};

hw_source *rig_body_init(rig_body *body, const hw_piece *pieces, size_t count, uint64_t length,
                         hw_pull last)
{
    *body = (rig_body){.source = {.ops = &scripted_ops, .length = length},
                       .pieces = pieces,
                       .count = count,
                       .last = last};
    return &body->source;
}
