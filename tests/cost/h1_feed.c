/* Feeds the HTTP/1 parser one head of 32 KiB in one of several ways, so that h1_feed.py can compare
 * what they cost.
 *
 *     h1_feed SHAPE none    builds the input only
 *     h1_feed SHAPE whole   one call
 *     h1_feed SHAPE bytes   one call for each byte more
 *     h1_feed SHAPE calls   as many calls as bytes, without a byte more each time: what a call
 * itself costs
 *
 * The calls are made early in the head: a parser that looks again at what it has seen would pay for
 * it in `bytes`, not in `calls`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "h1/parser.h"

static char memory[32 * 1024];

static void put_run(hw_buffer *buffer, const char *words, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        hw_buffer_put_char(buffer, words[i % strlen(words)]);
}

/* So many field lines of so many bytes, the value made of these words. */
static void put_lines(hw_buffer *buffer, unsigned count, size_t bytes, const char *words)
{
    for (unsigned i = 0; i < count; i++) {
        hw_buffer_put_string(buffer, "X-Field: ");
        put_run(buffer, words, bytes - sizeof "X-Field: \r\n" + 1);
        hw_buffer_put_string(buffer, "\r\n");
    }
}

static bool build_head(hw_buffer *buffer, const char *shape)
{
    hw_buffer_put_string(buffer, "GET /");
    if (!strcmp(shape, "target"))
        put_run(buffer, "path/", 8000);
    hw_buffer_put_string(buffer, " HTTP/1.1\r\nHost: localhost\r\n");
    if (!strcmp(shape, "fields")) /* as many as there may be */
        put_lines(buffer, 99, 328, "value, ");
    else if (!strcmp(shape, "values")) /* as long as they may be */
        put_lines(buffer, 4, 8150, "value, ");
    else if (!strcmp(shape, "blanks")) /* blanks between and behind */
        put_lines(buffer, 4, 8150, "a         ");
    else if (!strcmp(shape, "names"))
        for (int i = 0; i < 4; i++) {
            put_run(buffer, "Name-", 8150);
            hw_buffer_put_string(buffer, ":\r\n");
        }
    else if (!strcmp(shape, "target"))
        put_lines(buffer, 3, 8150, "value, ");
    else
        return false;
    hw_buffer_put_string(buffer, "\r\n");
    return !buffer->overflow;
}

static void expect(hw_h1_event event, hw_h1_event_kind kind)
{
    if (event.kind == kind)
        return;
    fprintf(stderr, "h1_feed: unexpected event %d, problem %d\n", (int)event.kind,
            event.kind == HW_H1_PROBLEM ? event.problem->status : 0);
    exit(1);
}

int main(int argc, char **argv)
{
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    if (argc != 3 || !build_head(&buffer, argv[1])) {
        fprintf(stderr,
                "usage: h1_feed fields|values|blanks|names|target none|whole|bytes|calls\n");
        return 64;
    }
    hw_text input = hw_buffer_text(&buffer);
    hw_h1_limits limits = hw_h1_limits_default();
    hw_h1_parser parser;
    hw_h1_head head;
    hw_h1_parser_init(&parser, &limits, NULL);
    if (!strcmp(argv[2], "whole"))
        expect(hw_h1_next(&parser, &head, input), HW_H1_HEAD);
    if (!strcmp(argv[2], "bytes")) {
        for (size_t i = 1; i < input.length; i++)
            expect(hw_h1_next(&parser, &head, hw_text_upto(input, i)), HW_H1_NEED_MORE);
        expect(hw_h1_next(&parser, &head, input), HW_H1_HEAD);
    }
    if (!strcmp(argv[2], "calls"))
        for (size_t i = 0; i < input.length; i++)
            expect(hw_h1_next(&parser, &head, hw_text_upto(input, 2)), HW_H1_NEED_MORE);
    printf("%zu\n", input.length);
    return 0;
}
