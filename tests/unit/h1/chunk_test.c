#include "h1/chunk.h"

#include <stdio.h>
#include <stdlib.h>

#include "../harness.h"
#include "base/buffer.h"
#include "feeder.h"

#define HEAD "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define HEAD_LOG "HEAD POST / 1.1 chunked keep\n Host: a\n Transfer-Encoding: chunked\n"
#define HELLO HEAD_LOG "BODY hello\nEND\nfinish 0\n"

HW_TEST(chunk_joins_the_data)
{
    ASSERT_FEED(HEAD "5\r\nhello\r\n0\r\n\r\n", HELLO);
    ASSERT_FEED(HEAD "1\r\nh\r\n2\r\nel\r\n002\r\nlo\r\n000\r\n\r\n", HELLO);
    ASSERT_FEED(HEAD "0\r\n\r\n", HEAD_LOG "END\nfinish 0\n");
    ASSERT_FEED(HEAD "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
                HEAD_LOG "BODY 01234567890123456789a\nEND\nfinish 0\n");
    ASSERT_FEED(HEAD "000000000000005\r\nhello\r\n000000000000000\r\n\r\n", HELLO);
    ASSERT_FEED(HEAD "3\r\n\r\n0\r\n0\r\n\r\n", HEAD_LOG "BODY \r\n0\nEND\nfinish 0\n");
}

HW_TEST(chunk_refuses_sizes_that_are_none)
{
    static const char *const lines[] = {"",   "0x5", "+5",         "-5", "5_", "5g",  " 5",   "\t5",
                                        "5h", "g",   "INVALID!!!", "5.", "5,", "5=a", "\"5\""};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char input[200];
        int length = snprintf(input, sizeof input, HEAD "%s\r\nhello\r\n0\r\n\r\n", lines[i]);
        assert_refused((hw_text){input, (size_t)length}, 400, "RFC 9112 7.1");
    }
    ASSERT_REFUSED(HEAD "5\0\r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "0_2e\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400, "RFC 9112 7.1");
}

HW_TEST(chunk_refuses_sizes_of_sixteen_digits)
{
    ASSERT_REFUSED(HEAD "FFFFFFFFFFFFFFFF\r\nhello", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "8000000000000000\r\nhello", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "10000000000000005\r\nhello", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "0000000000000005\r\nhello", 400, "RFC 9112 7.1");
    ASSERT_FEED(HEAD "fffffffffffffff\r\nhello", HEAD_LOG "BODY hello\nfinish 400\n");
}

HW_TEST(chunk_ends_lines_with_crlf_only)
{
    ASSERT_REFUSED(HEAD "5\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "5\rXhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "5\r\nhello\n0\r\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "5\r\nhello\rX0\r\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "5\r\nhello\r\n0\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "5\r\nhello\r\n0\r\n\n", 400, "RFC 9110 5.1");
}

HW_TEST(chunk_holds_as_much_as_its_size_says)
{
    ASSERT_REFUSED(HEAD "5\r\nhelloX\r\n0\r\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "5\r\nhello0\r\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "5\r\nhello\r\n\r\n0\r\n\r\n", 400, "RFC 9112 7.1");
    ASSERT_REFUSED(HEAD "6\r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1");
}

HW_TEST(chunk_passes_over_extensions)
{
    ASSERT_FEED(HEAD "5;a=b\r\nhello\r\n0\r\n\r\n", HELLO);
    ASSERT_FEED(HEAD "5;a\r\nhello\r\n0;z\r\n\r\n", HELLO);
    ASSERT_FEED(HEAD "5;aF;b=9;c=\"\"\r\nhello\r\n0\r\n\r\n", HELLO);
    ASSERT_FEED(HEAD "5;a=\"b; \\\"c\\\\ \t=\351\";d\r\nhello\r\n0\r\n\r\n", HELLO);
}

HW_TEST(chunk_allows_bad_blanks_where_the_grammar_has_them)
{
    ASSERT_FEED(HEAD "5 ;a\r\nhello\r\n0\r\n\r\n", HELLO);
    ASSERT_FEED(HEAD "5 \t; a \t= b ; c = \"d\" ;e\r\nhello\r\n0\r\n\r\n", HELLO);
}

HW_TEST(chunk_refuses_blanks_elsewhere)
{
    ASSERT_REFUSED(HEAD "5 \r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1.1");
    ASSERT_REFUSED(HEAD "5 5\r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1.1");
    ASSERT_REFUSED(HEAD "5\t\r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1.1");
    ASSERT_REFUSED(HEAD "5;a \r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1.1");
    ASSERT_REFUSED(HEAD "5;a=b \r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1.1");
    ASSERT_REFUSED(HEAD "5;a b\r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1.1");
}

HW_TEST(chunk_refuses_malformed_extensions)
{
    static const char *const lines[] = {
        ";",           ";;a",     ";=b",         ";a=",       ";a==b",    ";\nhello",
        ";a\nb",       ";a\"b\"", ";a=\"b",      ";a=\"b\"c", ";a=\"b\\", ";a=\"\n\"",
        ";a=\"\r\n\"", ";a\001",  ";a=\"\177\"", ";\303\251"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char input[200];
        int length = snprintf(input, sizeof input, HEAD "5%s\r\nhello\r\n0\r\n\r\n", lines[i]);
        assert_refused((hw_text){input, (size_t)length}, 400, "RFC 9112 7.1.1");
    }
    ASSERT_REFUSED(HEAD "5;a\0b\r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1.1");
    ASSERT_REFUSED(HEAD "5;a\rb\r\nhello\r\n0\r\n\r\n", 400, "RFC 9112 7.1");
}

/* Chunks of one byte, each with an extension of so many bytes. */
static int status_of_extensions(int chunks, int bytes, const hw_h1_limits *limits)
{
    char input[20 * 1024];
    hw_buffer buffer = HW_BUFFER_OVER(input);
    hw_buffer_put_string(&buffer, HEAD);
    for (int i = 0; i < chunks; i++) {
        hw_buffer_put_string(&buffer, "1;");
        for (int j = 1; j < bytes; j++)
            hw_buffer_put_char(&buffer, 'x');
        hw_buffer_put_string(&buffer, "\r\na\r\n");
    }
    hw_buffer_put_string(&buffer, "0\r\n\r\n");
    assert_false(buffer.overflow);
    feed_log *log = feed_all_ways(hw_buffer_text(&buffer), limits);
    int status = log->problem.status;
    free(log);
    return status;
}

HW_TEST(chunk_bounds_the_extensions_of_a_chunk)
{
    assert_int_equal(status_of_extensions(1, 200, NULL), 0);
    assert_int_equal(status_of_extensions(3, 256, NULL), 0);
    assert_int_equal(status_of_extensions(1, 257, NULL), 400);
    assert_int_equal(status_of_extensions(1, 10000, NULL), 400);
}

HW_TEST(chunk_bounds_the_extensions_of_a_content)
{
    assert_int_equal(status_of_extensions(16, 256, NULL), 0);
    assert_int_equal(status_of_extensions(17, 256, NULL), 400);
    hw_h1_limits limits = hw_h1_limits_default();
    limits.extensions_bytes_max = 20;
    assert_int_equal(status_of_extensions(10, 2, &limits), 0);
    assert_int_equal(status_of_extensions(11, 2, &limits), 400);
}

HW_TEST(chunk_counts_extensions_of_each_content_anew)
{
    hw_h1_limits limits = hw_h1_limits_default();
    limits.extensions_bytes_max = 4;
    feed_log *log = feed_all_ways(HW_TEXT(HEAD "0;abc\r\n\r\n" HEAD "0;abc\r\n\r\n"), &limits);
    assert_int_equal(log->problem.status, 0);
    free(log);
}

HW_TEST(chunk_bounds_extensions_before_their_line_ends)
{
    hw_h1_limits limits = hw_h1_limits_default();
    limits.chunk_extension_bytes_max = 4;
    feed_log *log = feed_all_ways(HW_TEXT(HEAD "5;abcd"), &limits);
    assert_int_equal(log->problem.status, 400);
    free(log);
    log = feed_all_ways(HW_TEXT(HEAD "5    ;"), &limits);
    assert_int_equal(log->problem.status, 400);
    free(log);
}

HW_TEST(chunk_waits_for_the_rest)
{
    ASSERT_WAITS(HEAD "5\r\nhello");
    ASSERT_WAITS(HEAD "5\r\nhello\r\n");
    ASSERT_WAITS(HEAD "5\r\nhello\r\n0\r\n");
    ASSERT_WAITS(HEAD "0");
    ASSERT_WAITS(HEAD "0\r\n\r");
    ASSERT_WAITS(HEAD "0\r\nX: y\r\n");
}

HW_TEST(chunk_gives_trailers)
{
    ASSERT_FEED(HEAD "5\r\nhello\r\n0\r\nX-T: v\r\nY:\r\n\r\n",
                HEAD_LOG "BODY hello\nEND\n X-T: v\n Y: \nfinish 0\n");
}

HW_TEST(chunk_trailers_do_not_frame)
{
    ASSERT_FEED(HEAD "0\r\nContent-Length: 999\r\nTransfer-Encoding: x\r\nHost: b\r\n"
                     "Connection: close\r\n\r\nGET / HTTP/1.0\r\n\r\n",
                HEAD_LOG "END\n Content-Length: 999\n Transfer-Encoding: x\n Host: b\n"
                         " Connection: close\nHEAD GET / 1.0 none close\nEND\nfinish 0\n");
}

HW_TEST(chunk_refuses_trailers_that_are_no_fields)
{
    ASSERT_REFUSED(HEAD "0\r\nGET / HTTP/1.1\r\n\r\n", 400, "RFC 9112 5.1");
    ASSERT_REFUSED(HEAD "0\r\nX-T : v\r\n\r\n", 400, "RFC 9112 5.1");
    ASSERT_REFUSED(HEAD "0\r\n X: v\r\n\r\n", 400, "RFC 9112 5.2");
    ASSERT_REFUSED(HEAD "0\r\nX: v\r\n w\r\n\r\n", 400, "RFC 9112 5.2");
    ASSERT_REFUSED(HEAD "0\r\nX: v\n\r\n", 400, "RFC 9112 2.2");
    ASSERT_REFUSED(HEAD "0\r\nX: \001\r\n\r\n", 400, "RFC 9110 5.5");
    ASSERT_REFUSED(HEAD "0\r\nhello\r\n\r\n", 400, "RFC 9110 5.1");
}

static int status_of_trailers(int count, size_t bytes)
{
    char input[12 * 1024];
    hw_buffer buffer = HW_BUFFER_OVER(input);
    hw_buffer_put_string(&buffer, HEAD "0\r\n");
    size_t start = buffer.length;
    for (int i = 1; i < count; i++)
        hw_buffer_put_string(&buffer, "X: y\r\n");
    hw_buffer_put_string(&buffer, "Z: ");
    while (buffer.length - start < bytes - 4)
        hw_buffer_put_char(&buffer, 'z');
    hw_buffer_put_string(&buffer, "\r\n\r\n");
    assert_false(buffer.overflow);
    feed_log *log = feed_all_ways(hw_buffer_text(&buffer), NULL);
    int status = log->problem.status;
    free(log);
    return status;
}

HW_TEST(chunk_bounds_trailers)
{
    assert_int_equal(status_of_trailers(19, 200), 0);
    assert_int_equal(status_of_trailers(20, 200), 0);
    assert_int_equal(status_of_trailers(21, 200), 431);
    assert_int_equal(status_of_trailers(1, 8192), 0);
    assert_int_equal(status_of_trailers(1, 8193), 431);
    assert_int_equal(status_of_trailers(5, 8192), 0);
    assert_int_equal(status_of_trailers(5, 8193), 431);
}
