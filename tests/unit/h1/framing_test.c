#include "h1/framing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "feeder.h"

#define GET_11 "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST_11 "POST / HTTP/1.1\r\nHost: a\r\n"
#define POST_10 "POST / HTTP/1.0\r\n"
#define CHUNKS "5\r\nhello\r\n0\r\n\r\n"

/* What follows "HEAD POST / " in the log of a head with one more field. */
static void assert_says(hw_text input, const char *words)
{
    feed_log *log = feed_all_ways(input, NULL);
    const char *line = strchr(log->text, '/');
    if (!line || strncmp(line + 2, words, strlen(words)) != 0 || line[2 + strlen(words)] != '\n')
        fail_msg("expected \"%s\" for:\n%.*s\ngot:\n%s", words, (int)input.length, input.at,
                 log->text);
    free(log);
}

#define ASSERT_SAYS(literal, words) assert_says(HW_TEXT(literal), words)

HW_TEST(framing_wants_one_host_in_1_1)
{
    ASSERT_REFUSED("GET / HTTP/1.1\r\n\r\n", 400, "RFC 9112 3.2");
    ASSERT_REFUSED("GET / HTTP/1.2\r\n\r\n", 400, "RFC 9112 3.2");
    ASSERT_REFUSED("GET http://a/ HTTP/1.1\r\n\r\n", 400, "RFC 9112 3.2");
    ASSERT_REFUSED(GET_11 "Host: a\r\n\r\n", 400, "RFC 9112 3.2");
    ASSERT_REFUSED(GET_11 "hOST: b\r\n\r\n", 400, "RFC 9112 3.2");
    ASSERT_REFUSED(GET_11 "Host:\r\n\r\n", 400, "RFC 9112 3.2");
    ASSERT_SAYS("GET / HTTP/1.1\r\nX-Host: b\r\nHost: a\r\n\r\n", "1.1 none keep");
}

HW_TEST(framing_wants_at_most_one_host_in_1_0)
{
    ASSERT_SAYS("GET / HTTP/1.0\r\n\r\n", "1.0 none close");
    ASSERT_SAYS("GET / HTTP/1.0\r\nHost: a\r\n\r\n", "1.0 none close");
    ASSERT_REFUSED("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2");
    ASSERT_REFUSED("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400, "RFC 9112 3.2");
}

HW_TEST(framing_takes_hosts_that_are_authorities)
{
    static const char *const hosts[] = {"",      "a:",    "a:80", "LOCALHOST", "[::1]:8080",
                                        "[::1]", "my_ho", "a,b",  "%61"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char input[80];
        int length = snprintf(input, sizeof input, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
        assert_says((hw_text){input, (size_t)length}, "1.1 none keep");
    }
}

HW_TEST(framing_refuses_hosts_that_are_none)
{
    static const char *const hosts[] = {"a b", "u@h",   "a?b",  "a#b", "<h>",   "a\\b",
                                        "h:x", "h:-1",  "[::1", "::1", "[zz]",  "a\"b",
                                        "a^b", "h:80x", "a|b",  "a/b", "h:1:2", "http://a"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char input[80];
        int length = snprintf(input, sizeof input, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
        assert_refused((hw_text){input, (size_t)length}, 400, "RFC 9112 3.2");
    }
}

HW_TEST(framing_reads_a_content_length)
{
    ASSERT_FEED(POST_11 "Content-Length: \t 5 \t\r\n\r\nhello",
                "HEAD POST / 1.1 length=5 keep\n Host: a\n Content-Length: 5\nBODY hello\nEND\n"
                "finish 0\n");
    ASSERT_SAYS(POST_11 "cOnTeNt-LeNgTh: 0\r\n\r\n", "1.1 length=0 keep");
    ASSERT_SAYS(POST_11 "Content-Length: 0005\r\n\r\nhello", "1.1 length=5 keep");
    ASSERT_SAYS(POST_10 "Content-Length: 5\r\n\r\nhello", "1.0 length=5 close");
    ASSERT_SAYS(POST_11 "Content_Length: 9\r\nContent-Length: 3\r\n\r\nabc", "1.1 length=3 keep");
    ASSERT_SAYS(POST_11 "Content-Length: 9223372036854775807\r\n\r\n",
                "1.1 length=9223372036854775807 keep");
}

HW_TEST(framing_refuses_a_length_that_is_no_number)
{
    static const char *const values[] = {"+5",    "-5",
                                         "5.0",   "0x5",
                                         "5 5",   "",
                                         "1e1",   "5_0",
                                         "5;",    "--1",
                                         "0b1",   "abc",
                                         "5,",    "5, 5",
                                         ",5",    "5,6",
                                         "\"5\"", "\2405",
                                         "5\240", "5a",
                                         "a5",    "18446744073709551616x"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char input[120];
        int length = snprintf(input, sizeof input, GET_11 "Content-Length: %s\r\n\r\n", values[i]);
        assert_refused((hw_text){input, (size_t)length}, 400, "RFC 9110 8.6");
    }
}

HW_TEST(framing_refuses_a_length_that_does_not_fit)
{
    ASSERT_REFUSED(POST_11 "Content-Length: 9223372036854775808\r\n\r\n", 413, "RFC 9110 8.6");
    ASSERT_REFUSED(POST_11 "Content-Length: 18446744073709551615\r\n\r\n", 413, "RFC 9110 8.6");
    ASSERT_REFUSED(POST_11 "Content-Length: 18446744073709551616\r\n\r\n", 413, "RFC 9110 8.6");
    ASSERT_REFUSED(POST_11 "Content-Length: 18446744073709551621\r\n\r\n", 413, "RFC 9110 8.6");
    ASSERT_REFUSED(POST_11 "Content-Length: 4294967301000000000000\r\n\r\n", 413, "RFC 9110 8.6");
}

HW_TEST(framing_refuses_two_lengths_even_when_they_agree)
{
#define TWO(a, b) POST_11 "Content-Length:" a "\r\nContent-Length:" b "\r\n\r\nhello1"
    ASSERT_REFUSED(TWO("5", "5"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(TWO("5", "6"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(TWO("0", "5"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(TWO("5", "05"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(TWO("", "5"), 400, "RFC 9112 6.3");
#undef TWO
}

HW_TEST(framing_reads_chunked)
{
    ASSERT_SAYS(POST_11 "tRaNsFeR-eNcOdInG: \t cHuNkEd \t\r\n\r\n" CHUNKS, "1.1 chunked keep");
    ASSERT_SAYS(POST_11 "Transfer_Encoding: x\r\nContent-Length: 0\r\n\r\n", "1.1 length=0 keep");
}

HW_TEST(framing_refuses_chunked_with_a_length)
{
    ASSERT_REFUSED(POST_11 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKS, 400,
                   "RFC 9112 6.3");
    ASSERT_REFUSED(POST_11 "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" CHUNKS, 400,
                   "RFC 9112 6.3");
    ASSERT_REFUSED(POST_11 "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n" CHUNKS, 400,
                   "RFC 9112 6.3");
    ASSERT_REFUSED(POST_11 "Transfer-Encoding:\r\nContent-Length: 5\r\n\r\nhello", 400,
                   "RFC 9112 6.3");
}

HW_TEST(framing_refuses_transfer_encoding_in_1_0)
{
    ASSERT_REFUSED(POST_10 "Transfer-Encoding: chunked\r\n\r\n" CHUNKS, 400, "RFC 9112 6.1");
    ASSERT_REFUSED(POST_10 "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
                   "RFC 9112 6.1");
}

#define CODED(value) POST_11 "Transfer-Encoding: " value "\r\n\r\n" CHUNKS

HW_TEST(framing_does_not_know_other_codings)
{
    ASSERT_REFUSED(CODED("chunkedx"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("chunk"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("identity"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("gzip"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("gzip, chunked"), 501, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED("identity, chunked"), 501, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED("'chunked'"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("x;a=b"), 400, "RFC 9112 6.3");
}

HW_TEST(framing_refuses_codings_that_mean_nothing)
{
    ASSERT_REFUSED(CODED(""), 400, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED(","), 400, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED("chunked,"), 400, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED(", chunked"), 400, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED("\"chunked\""), 400, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED("chun ked"), 400, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED("\240chunked"), 400, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED("chunked:"), 400, "RFC 9112 6.1");
    ASSERT_REFUSED(CODED("chunked;"), 400, "RFC 9112 7.1");
    ASSERT_REFUSED(CODED("chunked; x=y"), 400, "RFC 9112 7.1");
    ASSERT_REFUSED(CODED("gzip, chunked; x=y"), 400, "RFC 9112 7.1");
    ASSERT_REFUSED(CODED("chunked, chunked"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("chunked, gzip"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("chunked, x, chunked"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("chunked\r\nTransfer-Encoding: chunked"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("chunked\r\nTransfer-Encoding: identity"), 400, "RFC 9112 6.3");
    ASSERT_REFUSED(CODED("chunked\r\nTransfer-Encoding:"), 400, "RFC 9112 6.3");
}

HW_TEST(framing_keeps_1_1_alive_unless_told)
{
    ASSERT_SAYS(GET_11 "Connection: close\r\n\r\n", "1.1 none close");
    ASSERT_SAYS(GET_11 "cOnNeCtIoN: cLoSe\r\n\r\n", "1.1 none close");
    ASSERT_SAYS(GET_11 "Connection: close,foo\r\n\r\n", "1.1 none close");
    ASSERT_SAYS(GET_11 "Connection: ,foo , close\r\n\r\n", "1.1 none close");
    ASSERT_SAYS(GET_11 "Connection: foo\r\nConnection: close\r\n\r\n", "1.1 none close");
    ASSERT_SAYS(GET_11 "Connection: keep-alive, close\r\n\r\n", "1.1 none close");
    ASSERT_SAYS(GET_11 "Connection: closer\r\n\r\n", "1.1 none keep");
    ASSERT_SAYS(GET_11 "Connection: host, x\r\n\r\n", "1.1 none keep");
    ASSERT_SAYS(GET_11 "Connection:\r\n\r\n", "1.1 none keep");
    ASSERT_SAYS("GET / HTTP/1.3\r\nHost: a\r\n\r\n", "1.1 none keep");
}

HW_TEST(framing_closes_1_0_unless_told)
{
    ASSERT_SAYS("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "1.0 none keep");
    ASSERT_SAYS("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "1.0 none keep");
    ASSERT_SAYS("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "1.0 none close");
    ASSERT_SAYS("GET / HTTP/1.0\r\nKeep-Alive: timeout=5\r\n\r\n", "1.0 none close");
    ASSERT_SAYS("GET / HTTP/1.0\r\nConnection: x\r\n\r\n", "1.0 none close");
}

HW_TEST(framing_sees_who_waits_for_100)
{
    ASSERT_SAYS(POST_11 "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
                "1.1 length=5 keep continue");
    ASSERT_SAYS(POST_11 "Transfer-Encoding: chunked\r\nExpect: 100-Continue\r\n\r\n" CHUNKS,
                "1.1 chunked keep continue");
    ASSERT_SAYS(POST_11 "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n", "1.1 length=0 keep");
    ASSERT_SAYS(GET_11 "Expect: 100-continue\r\n\r\n", "1.1 none keep");
    ASSERT_SAYS(GET_11 "Expect:\r\n\r\n", "1.1 none keep");
    ASSERT_SAYS(POST_10 "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
                "1.0 length=5 close");
}

HW_TEST(framing_sees_expectations_nobody_meets)
{
    ASSERT_SAYS(GET_11 "Expect: the-unexpected\r\n\r\n", "1.1 none keep unmet");
    ASSERT_SAYS(POST_11 "Content-Length: 1\r\nExpect: 100-continue, x\r\n\r\na",
                "1.1 length=1 keep continue unmet");
    ASSERT_SAYS(POST_11 "Content-Length: 1\r\nExpect: 100-continue;q=1\r\n\r\na",
                "1.1 length=1 keep unmet");
    ASSERT_SAYS("GET / HTTP/1.0\r\nExpect: x\r\n\r\n", "1.0 none close");
}
