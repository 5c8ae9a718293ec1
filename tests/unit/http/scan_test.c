#include "http/scan.h"

#include <stdlib.h>
#include <string.h>

#include "unit/http/http_harness.h"

static const hw_scan_kind kinds[] = {HW_SCAN_TOKEN,    HW_SCAN_TARGET, HW_SCAN_VALUE, HW_SCAN_BLANK,
                                     HW_SCAN_REG_NAME, HW_SCAN_PATH,   HW_SCAN_QUERY};

/* Bytes in memory of exactly their length, so that a look behind them is found out. */
static char *copy_exactly(const char *bytes, size_t length)
{
    char *copy = malloc(length ? length : 1);
    HW_NEED(copy);
    memcpy(copy, bytes, length);
    return copy;
}

/* Every way to scan gives what the table alone gives. */
static void assert_same_run(const char *at, size_t length, hw_scan_kind kind)
{
    const char *end = at + length, *run = hw_scan_bytes(at, end, kind);
    assert_ptr_equal(hw_scan(at, end, kind), run);
    if (kind == HW_SCAN_VALUE) {
        assert_ptr_equal(hw_scan_long_value(at, end), run);
        assert_ptr_equal(hw_scan_with(at, end, kind, hw_scan_value_stops), run);
    }
    hw_text text = {at, length};
    assert_int_equal(hw_scan_is_made_of(text, kind), run == end);
}

HW_TEST(scan_knows_the_bytes_of_a_token)
{
    static const char marks[] = "!#$%&'*+-.^_`|~"; /* RFC 9110 5.6.2 */
    for (int byte = 0; byte < 256; byte++) {
        bool is_token = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= 'a' && byte <= 'z') || (byte && strchr(marks, byte));
        assert_int_equal(hw_scan_is((char)byte, HW_SCAN_TOKEN), is_token);
    }
}

HW_TEST(scan_knows_the_bytes_of_a_field_value)
{
    for (int byte = 0; byte < 256; byte++) {
        bool is_value = byte == '\t' || (byte >= ' ' && byte != 0x7f);
        assert_int_equal(hw_scan_is((char)byte, HW_SCAN_VALUE), is_value);
    }
}

HW_TEST(scan_knows_visible_ascii_and_blanks)
{
    for (int byte = 0; byte < 256; byte++) {
        assert_int_equal(hw_scan_is((char)byte, HW_SCAN_TARGET), byte > ' ' && byte < 0x7f);
        assert_int_equal(hw_scan_is((char)byte, HW_SCAN_BLANK), byte == ' ' || byte == '\t');
    }
}

/* Every byte at every place of every length, among bytes that belong: one of the usual ones, and
 * one that vectors leave to the table. */
static void try_every_place(hw_scan_kind kind, size_t length, char around)
{
    char bytes[80];
    for (size_t place = 0; place < length; place++)
        for (int byte = 0; byte < 256; byte++) {
            memset(bytes, around, length);
            bytes[place] = (char)byte;
            assert_same_run(bytes, length, kind);
        }
}

HW_TEST(scan_is_the_table_for_every_byte_at_every_place)
{
    static const size_t lengths[] = {1, 7, 8, 9, 15, 16, 17, 24, 31, 33, 47, 48, 64, 79};
    static const char around[] = {'a', 'a', 'a', ' ', 'a', 'a', 'a'};
    for (size_t kind = 0; kind < ROWS(kinds); kind++)
        for (size_t i = 0; i < ROWS(lengths); i++)
            try_every_place(kinds[kind], lengths[i], around[kind]);
    for (size_t i = 0; i < ROWS(lengths); i++) {
        try_every_place(HW_SCAN_TOKEN, lengths[i], '!');
        try_every_place(HW_SCAN_PATH, lengths[i], '@');
        try_every_place(HW_SCAN_VALUE, lengths[i], '\t');
    }
}

/* Values longer than the widest vectors, up to several of them. */
HW_TEST(scan_is_the_table_in_long_values)
{
    static const char odd[] = {'\0', '\t', '\n', '\r',       ' ',
                               0x1f, 0x7e, 0x7f, (char)0x80, (char)0xff};
    char bytes[260];
    for (size_t length = 60; length < sizeof bytes; length += 7)
        for (size_t place = 0; place < length; place++)
            for (size_t i = 0; i < sizeof odd; i++) {
                memset(bytes, 'v', length);
                bytes[place] = odd[i];
                assert_same_run(bytes, length, HW_SCAN_VALUE);
            }
}

/* Random bytes, nearly all of them of one kind, with no byte behind them. */
HW_TEST(scan_is_the_table_for_random_bytes)
{
    uint32_t random = 1;
    for (int round = 0; round < 3000; round++) {
        char bytes[300];
        size_t length = 0;
        random = random * 1664525 + 1013904223;
        size_t wanted = (random >> 8) % sizeof bytes;
        hw_scan_kind kind = kinds[(random >> 3) % ROWS(kinds)];
        while (length < wanted) {
            random = random * 1664525 + 1013904223;
            char byte = (char)(random >> 16);
            if (hw_scan_is(byte, kind) || (random >> 9) % 40 == 0)
                bytes[length++] = byte;
        }
        char *copy = copy_exactly(bytes, length);
        assert_same_run(copy, length, kind);
        free(copy);
    }
}

HW_TEST(scan_stays_inside_its_bounds)
{
    for (size_t length = 0; length < 100; length++) {
        char bytes[100];
        memset(bytes, 'a', sizeof bytes);
        char *copy = copy_exactly(bytes, length);
        for (size_t kind = 0; kind < ROWS(kinds); kind++)
            for (size_t from = 0; from <= length; from++)
                assert_same_run(copy + from, length - from, kinds[kind]);
        free(copy);
    }
}

HW_TEST(scan_finds_the_first_byte_of_a_block_that_is_not_in_a_set)
{
    const hw_block letters = hw_block_load("sixteen letters,");
    for (unsigned at = 0; at < HW_BLOCK_BYTES; at++)
        for (int byte = 0; byte < 256; byte++) {
            char bytes[HW_BLOCK_BYTES];
            memset(bytes, 'x', sizeof bytes);
            bytes[at] = (char)byte;
            hw_block set = hw_scan_print(hw_block_load(bytes)), all = hw_scan_print(letters);
            unsigned run = byte < ' ' || byte > '~' ? at : HW_BLOCK_BYTES;
            assert_int_equal(hw_block_run(set), run);
            assert_int_equal(hw_block_run_of_two(all, set), HW_BLOCK_BYTES + run);
            assert_int_equal(hw_block_run_of_two(set, all),
                             run < HW_BLOCK_BYTES ? run : 2 * HW_BLOCK_BYTES);
            hw_block_stops stops = hw_block_collect(hw_block_same(hw_block_load(bytes), ':'));
            assert_int_equal(hw_block_without_first(stops) != 0, byte == ':' && at > 0);
        }
}
