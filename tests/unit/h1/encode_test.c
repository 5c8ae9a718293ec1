#include "h1/encode.h"

#include <string.h>

#include "../harness.h"

#define FIELD(n, v)                                                                                \
    {                                                                                              \
        .name = HW_TEXT_INIT(n), .value = HW_TEXT_INIT(v)                                          \
    }

static void assert_built(hw_buffer *buffer, const char *expected)
{
    assert_false(buffer->overflow);
    assert_int_equal(buffer->length, strlen(expected));
    assert_memory_equal(buffer->at, expected, buffer->length);
}

HW_TEST(encode_writes_status_lines)
{
    char memory[100];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_h1_put_status_line(&buffer, 200);
    hw_h1_put_status_line(&buffer, 404);
    hw_h1_put_status_line(&buffer, 299);
    assert_built(&buffer, "HTTP/1.1 200 OK\r\nHTTP/1.1 404 Not Found\r\nHTTP/1.1 299 \r\n");
}

static void count_step(void *arg, hw_sink_kind kind, const void *item)
{
    const hw_step *step = item;
    assert_int_equal(kind, HW_SINK_STEP);
    assert_string_equal(step->file, "h1/encode");
    assert_string_equal(step->what, "head to bytes");
    ++*(int *)arg;
}

HW_TEST(encode_writes_fields_and_the_end_of_a_head)
{
    static const hw_field fields[] = {FIELD("A", "b"), FIELD("Empty", ""),
                                      FIELD("Text", "\303\251 c")};
    char memory[100];
    int steps = 0;
    hw_sink sink = {.take = count_step, .arg = &steps, .steps = true};
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_h1_put_fields(&buffer, hw_fields_of(fields, 3));
    hw_h1_put_head_end(&buffer, &sink);
    assert_built(&buffer, "A: b\r\nEmpty: \r\nText: \303\251 c\r\n\r\n");
    assert_int_equal(steps, 1);
    hw_h1_put_head_end(&buffer, NULL);
}

HW_TEST(encode_frames_chunks)
{
    char memory[100];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_h1_put_chunk_head(&buffer, 1);
    hw_h1_put_chunk_head(&buffer, 0x12ab);
    hw_h1_put_chunk_head(&buffer, UINT64_MAX);
    assert_built(&buffer, "1\r\n12ab\r\nffffffffffffffff\r\n");
    hw_buffer_clear(&buffer);
    hw_h1_put_chunk_head(&buffer, UINT64_MAX);
    assert_true(buffer.length <= HW_H1_CHUNK_HEAD_BYTES_MAX);
}

HW_TEST(encode_ends_chunks_with_trailers)
{
    static const hw_field fields[] = {FIELD("A", "b"), FIELD("C", "d")};
    char memory[100];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_h1_put_chunks_end(&buffer, (hw_fields){0});
    hw_h1_put_chunks_end(&buffer, hw_fields_of(fields, 2));
    assert_built(&buffer, "0\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n");
}

/* RFC 9110 6.5.1. */
HW_TEST(encode_leaves_out_trailers_that_decide)
{
    static const hw_field fields[] = {FIELD("Content-Length", "3"), FIELD("X-Sum", "1"),
                                      FIELD("set-cookie", "a=b")};
    char memory[100];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_h1_put_chunks_end(&buffer, hw_fields_of(fields, 3));
    assert_built(&buffer, "0\r\nX-Sum: 1\r\n\r\n");
}

HW_TEST(encode_says_when_a_head_does_not_fit)
{
    char memory[20];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_h1_put_status_line(&buffer, 200);
    hw_h1_put_field(&buffer, HW_TEXT("A"), HW_TEXT("b"));
    hw_h1_put_head_end(&buffer, NULL);
    assert_true(buffer.overflow);
    assert_true(buffer.length <= sizeof memory);
}

/* Reads one head. */
static hw_h1_event read_head(hw_h1_parser *parser, hw_h1_head *head, hw_text input)
{
    static const hw_h1_limits limits = {8192, 8192, 32768, 8192, 256, 4096};
    hw_h1_parser_init(parser, &limits, NULL);
    hw_h1_event event = hw_h1_next(parser, head, input);
    assert_int_equal(event.kind, HW_H1_HEAD);
    return event;
}

static void assert_part(hw_text text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_string_equal(text.at, expected); /* its NUL too */
}

HW_TEST(encode_copies_a_head_with_a_nul_behind_each_part)
{
    hw_h1_parser parser;
    hw_h1_head head;
    hw_text input =
        HW_TEXT("\r\nGET /x?y HTTP/1.1\r\nHost:a\r\nEmpty:\r\nBlank: \t b \t \r\n\r\nrest");
    hw_h1_event event = read_head(&parser, &head, input);
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    hw_h1_copy copy;
    if (!hw_h1_head_copy(&arena, hw_text_upto(input, event.used), &head, &copy)) {
        hw_arena_fini(&arena);
        hw_test_out_of_memory();
    }
    assert_part(copy.method, "GET");
    assert_part(copy.target, "/x?y");
    assert_int_equal(copy.fields.count, 3);
    assert_part(copy.fields.at[0].name, "Host");
    assert_part(copy.fields.at[0].value, "a");
    assert_int_equal(copy.fields.at[0].id, HW_FIELD_HOST);
    assert_part(copy.fields.at[1].name, "Empty");
    assert_part(copy.fields.at[1].value, "");
    assert_part(copy.fields.at[2].name, "Blank");
    assert_part(copy.fields.at[2].value, "b");
    assert_true(copy.target.at < input.at || copy.target.at >= input.at + input.length);
    hw_arena_fini(&arena);
}

HW_TEST(encode_copies_a_head_without_fields)
{
    hw_h1_parser parser;
    hw_h1_head head;
    hw_text input = HW_TEXT("GET / HTTP/1.0\r\n\r\n");
    read_head(&parser, &head, input);
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    hw_h1_copy copy;
    if (!hw_h1_head_copy(&arena, input, &head, &copy)) {
        hw_arena_fini(&arena);
        hw_test_out_of_memory();
    }
    assert_part(copy.method, "GET");
    assert_part(copy.target, "/");
    assert_int_equal(copy.fields.count, 0);
    hw_arena_fini(&arena);
}

HW_TEST(encode_does_not_copy_a_head_into_a_full_arena)
{
    hw_h1_parser parser;
    hw_h1_head head;
    hw_text input = HW_TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    read_head(&parser, &head, input);
    hw_arena arena;
    hw_arena_init(&arena, 16, 16);
    hw_h1_copy copy;
    assert_false(hw_h1_head_copy(&arena, input, &head, &copy));
    hw_arena_fini(&arena);
}

HW_TEST(encode_copies_trailers)
{
    hw_h1_parser parser;
    hw_h1_head head;
    read_head(&parser, &head,
              HW_TEXT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    hw_h1_event event = hw_h1_next(&parser, &head, HW_TEXT("0\r\nX: y\r\nZ:\r\n\r\n"));
    assert_int_equal(event.kind, HW_H1_END);
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    hw_fields fields;
    if (!hw_h1_trailers_copy(&arena, event.trailers, &head, &fields)) {
        hw_arena_fini(&arena);
        hw_test_out_of_memory();
    }
    assert_int_equal(fields.count, 2);
    assert_part(fields.at[0].name, "X");
    assert_part(fields.at[0].value, "y");
    assert_part(fields.at[1].name, "Z");
    assert_part(fields.at[1].value, "");
    hw_arena_fini(&arena);
}

HW_TEST(encode_copies_no_trailers_out_of_a_head)
{
    hw_h1_parser parser;
    hw_h1_head head;
    read_head(&parser, &head, HW_TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    hw_h1_event event = hw_h1_next(&parser, &head, (hw_text){0});
    assert_int_equal(event.kind, HW_H1_END);
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    hw_fields fields;
    assert_true(hw_h1_trailers_copy(&arena, event.trailers, &head, &fields));
    assert_int_equal(fields.count, 0);
    hw_arena_fini(&arena);
}
