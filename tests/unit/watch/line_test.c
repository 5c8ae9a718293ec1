#include "watch/line.h"

#include <string.h>

#include "unit/harness.h"

#define CLOCK HW_TEXT("15:04:07")

static hw_record plain_record(void)
{
    return (hw_record){
        .method = HW_TEXT("GET"),
        .target = HW_TEXT("/path?a=b"),
        .protocol = HW_TEXT("HTTP/1.1"),
        .peer = HW_TEXT("127.0.0.1"),
        .host = HW_TEXT("localhost:9000"),
        .user_agent = HW_TEXT("curl/8.5"),
        .status = 200,
        .is_complete = true,
        .bytes_out = 4200,
        .us = 312,
    };
}

/* The hostile record: every text a client chooses tries to leave its place, and is as long as can
 * be. */
static hw_record hostile_record(void)
{
    static char bytes[9000];
    static const char bite[] = "\"}\n\033]0;x\a\xc2\x9b\x80\\";
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = bite[i % (sizeof bite - 1)];
    hw_text text = {bytes, sizeof bytes};
    return (hw_record){.method = text,
                       .target = text,
                       .protocol = text,
                       .peer = text,
                       .host = text,
                       .referer = text,
                       .user_agent = text,
                       .status = 999,
                       .bytes_in = UINT64_MAX,
                       .bytes_out = UINT64_MAX,
                       .us = UINT64_MAX,
                       .at_ms = INT64_MAX};
}

static const char *pretty(const hw_record *record)
{
    static char memory[HW_LINE_BYTES_MAX + 1];
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_line_put_pretty(&line, record, CLOCK, false);
    return hw_buffer_string(&line);
}

HW_TEST(line_pretty_is_aligned)
{
    hw_record record = plain_record();
    assert_string_equal(pretty(&record),
                        "15:04:07  200  GET  /path?a=b                4.2 kB  0.3 ms\n");
    record.method = HW_TEXT("POST");
    record.target = HW_TEXT("/assets/app-3f9ac1d2.js");
    record.bytes_out = 61000;
    record.us = 1000;
    assert_string_equal(pretty(&record),
                        "15:04:07  200  POST /assets/app-3f9ac1d2.js   61 kB  1.0 ms\n");
    record.target = HW_TEXT("/\xc3\xa4");
    record.status = 304;
    record.bytes_out = 0;
    record.us = 12345678;
    assert_string_equal(pretty(&record),
                        "15:04:07  304  POST /\xc3\xa4                         -     12 s\n");
}

HW_TEST(line_pretty_scales_sizes)
{
    static const struct {
        uint64_t bytes;
        const char *shown;
    } cases[] = {
        {1, "    1 B  "},       {999, "  999 B  "},        {1000, " 1.0 kB  "},
        {9999, " 9.9 kB  "},    {10000, "  10 kB  "},      {999999, " 999 kB  "},
        {1000000, " 1.0 MB  "}, {1234567890, " 1.2 GB  "}, {UINT64_MAX, "  18 EB  "},
    };
    hw_record record = plain_record();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        record.bytes_out = cases[i].bytes;
        assert_non_null(strstr(pretty(&record), cases[i].shown));
    }
}

HW_TEST(line_pretty_shows_what_went_wrong)
{
    hw_record record = plain_record();
    record.is_complete = false;
    assert_non_null(strstr(pretty(&record), "  200  GET"));
    assert_non_null(strstr(pretty(&record), "0.3 ms  cut off\n"));
    record.status = 0;
    record.method = record.target = (hw_text){0};
    assert_non_null(strstr(pretty(&record), "15:04:07  ---  -    -  "));
}

HW_TEST(line_pretty_is_in_colour_when_asked)
{
    char memory[512];
    hw_record record = plain_record();
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_line_put_pretty(&line, &record, CLOCK, true);
    assert_non_null(strstr(hw_buffer_string(&line), "15:04:07  \033[32m200\033[0m  GET"));
    static const struct {
        int status;
        const char *shown;
    } cases[] = {{304, "  \033[36m304\033[0m  "},
                 {404, "  \033[33m404\033[0m  "},
                 {500, "  \033[31m500\033[0m  "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        record.status = cases[i].status;
        hw_buffer_clear(&line);
        hw_line_put_pretty(&line, &record, CLOCK, true);
        assert_non_null(strstr(hw_buffer_string(&line), cases[i].shown));
    }
}

HW_TEST(line_json_is_one_object)
{
    char memory[HW_LINE_BYTES_MAX];
    hw_record record = plain_record();
    hw_buffer line = HW_BUFFER_OVER(memory);
    record.referer = HW_TEXT("http://a/\"b\"");
    hw_line_put_json(&line, &record, HW_TEXT("2026-11-22T15:04:07.089Z"));
    assert_string_equal(hw_buffer_string(&line),
                        "{\"time\":\"2026-11-22T15:04:07.089Z\",\"method\":\"GET\","
                        "\"target\":\"/path?a=b\",\"status\":200,\"bytes\":4200,\"us\":312,"
                        "\"peer\":\"127.0.0.1\",\"host\":\"localhost:9000\","
                        "\"referer\":\"http://a/\\\"b\\\"\",\"user_agent\":\"curl/8.5\","
                        "\"protocol\":\"HTTP/1.1\",\"complete\":true}\n");
}

HW_TEST(line_json_has_the_id_where_there_is_one)
{
    char memory[HW_LINE_BYTES_MAX];
    hw_record record = plain_record();
    hw_buffer line = HW_BUFFER_OVER(memory);
    record.id = HW_TEXT("a-1\"");
    hw_line_put_json(&line, &record, HW_TEXT("2026-11-22T15:04:07.089Z"));
    assert_non_null(strstr(hw_buffer_string(&line),
                           "\"protocol\":\"HTTP/1.1\",\"id\":\"a-1\\\"\",\"complete\":true}\n"));
}

HW_TEST(line_combined_is_like_others)
{
    char memory[HW_LINE_BYTES_MAX];
    hw_record record = plain_record();
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_line_put_combined(&line, &record, HW_TEXT("22/Nov/2026:20:34:07 +0530"));
    assert_string_equal(hw_buffer_string(&line),
                        "127.0.0.1 - - [22/Nov/2026:20:34:07 +0530] \"GET /path?a=b HTTP/1.1\" 200 "
                        "4200 \"-\" \"curl/8.5\"\n");
}

HW_TEST(line_combined_has_a_dash_for_what_is_absent)
{
    char memory[HW_LINE_BYTES_MAX];
    hw_record record = {.bytes_out = UINT64_MAX};
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_line_put_combined(&line, &record, HW_TEXT("T"));
    assert_string_equal(hw_buffer_string(&line),
                        "- - - [T] \"- - -\" 0 18446744073709551615 \"-\" \"-\"\n");
}

HW_TEST(line_numbers_are_whole)
{
    static const struct {
        uint64_t bytes;
        const char *shown;
    } cases[] = {
        {0, " 200 0 \""},       {7, " 200 7 \""},         {10, " 200 10 \""},
        {99, " 200 99 \""},     {100, " 200 100 \""},     {1000, " 200 1000 \""},
        {9999, " 200 9999 \""}, {10000, " 200 10000 \""}, {99990, " 200 99990 \""},
    };
    hw_record record = plain_record();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[HW_LINE_BYTES_MAX];
        hw_buffer line = HW_BUFFER_OVER(memory);
        record.bytes_out = cases[i].bytes;
        hw_line_put_combined(&line, &record, CLOCK);
        assert_non_null(strstr(hw_buffer_string(&line), cases[i].shown));
    }
}

/* Without room for the longest line nothing is written; with it, nothing behind the line. */
HW_TEST(line_keeps_to_its_room)
{
    static char memory[HW_LINE_BYTES_MAX + 64];
    hw_record record = plain_record();
    for (size_t room = 0; room <= sizeof memory; room++) {
        bool fits = room >= HW_LINE_BYTES_MAX;
        memset(memory, '#', sizeof memory);
        hw_buffer line = hw_buffer_over(memory, room);
        if (room % 2 > 0)
            hw_line_put_combined(&line, &record, CLOCK);
        else
            hw_line_put_json(&line, &record, CLOCK);
        assert_int_equal(line.overflow, !fits);
        assert_int_equal(line.length > 0, fits);
        for (size_t i = line.length; i < sizeof memory; i++)
            assert_int_equal(memory[i], '#');
    }
}

static void assert_whole_line(const hw_buffer *line)
{
    assert_false(line->overflow);
    assert_int_equal(hw_text_find(hw_buffer_text(line), '\n'), line->length - 1);
    for (size_t i = 0; i + 1 < line->length; i++)
        assert_true((unsigned char)line->at[i] >= 0x20);
}

HW_TEST(line_is_whole_whatever_a_client_sends)
{
    char memory[HW_LINE_BYTES_MAX];
    hw_record record = hostile_record();
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_line_put_pretty(&line, &record, CLOCK, false);
    assert_whole_line(&line);
    hw_buffer_clear(&line);
    hw_line_put_combined(&line, &record, HW_TEXT("22/Nov/2026:14:04:07 -0100"));
    assert_whole_line(&line);
    hw_buffer_clear(&line);
    hw_line_put_json(&line, &record, HW_TEXT("2026-11-22T15:04:07.089Z"));
    assert_whole_line(&line);
    size_t quotes = 0;
    for (size_t i = 0; i < line.length; i++) {
        if (memory[i] == '\\')
            i++;
        else if (memory[i] == '"')
            quotes++;
    }
    assert_int_equal(quotes, 12 * 2 + 8 * 2); /* names; values that are strings */
}
