#include "watch/escape.h"

#include <string.h>

#include "unit/harness.h"

typedef struct escaped {
    hw_text text;
    const char *eyes, *json, *combined;
} escaped;

static void assert_escaped(hw_text text, hw_escape style, const char *expected)
{
    char memory[256];
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_escape_put(&line, text, style, 200);
    assert_string_equal(hw_buffer_string(&line), expected);
}

static void assert_all_escaped(const escaped *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_escaped(cases[i].text, HW_ESCAPE_EYES, cases[i].eyes);
        assert_escaped(cases[i].text, HW_ESCAPE_JSON, cases[i].json);
        assert_escaped(cases[i].text, HW_ESCAPE_COMBINED, cases[i].combined);
    }
}

#define ASSERT_ALL_ESCAPED(cases) assert_all_escaped(cases, sizeof(cases) / sizeof *(cases))

HW_TEST(escape_leaves_what_is_harmless)
{
    static const escaped cases[] = {
        {HW_TEXT_INIT(""), "", "", ""},
        {HW_TEXT_INIT("/a b?c=%20'<>"), "/a b?c=%20'<>", "/a b?c=%20'<>", "/a b?c=%20'<>"},
        {HW_TEXT_INIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
         "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
         "\\xc3\\xa4\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80"},
    };
    ASSERT_ALL_ESCAPED(cases);
}

HW_TEST(escape_spells_controls)
{
    static const escaped cases[] = {
        {HW_TEXT_INIT("\033[31m"), "\\x1b[31m", "\\u001b[31m", "\\x1b[31m"},
        {HW_TEXT_INIT("a\r\nb\t\0c\x7f"), "a\\x0d\\x0ab\\x09\\x00c\\x7f",
         "a\\u000d\\u000ab\\u0009\\u0000c\\u007f", "a\\x0d\\x0ab\\x09\\x00c\\x7f"},
        {HW_TEXT_INIT("\xc2\x9b"
                      "31m"),
         "\\xc2\\x9b31m", "\\u009b31m", "\\xc2\\x9b31m"},
        {HW_TEXT_INIT("\xe2\x80\xae"), "\\xe2\\x80\\xae", "\\u202e", "\\xe2\\x80\\xae"},
        {HW_TEXT_INIT("\xef\xbb\xbf"), "\\xef\\xbb\\xbf", "\\ufeff", "\\xef\\xbb\\xbf"},
        /* U+200F, U+2066, U+FFF9; and what stands behind each of their ranges is shown. */
        {HW_TEXT_INIT("\xe2\x80\x8f\xe2\x80\x90"), "\\xe2\\x80\\x8f\xe2\x80\x90",
         "\\u200f\xe2\x80\x90", "\\xe2\\x80\\x8f\\xe2\\x80\\x90"},
        {HW_TEXT_INIT("\xe2\x81\xa6\xe2\x81\xb0"), "\\xe2\\x81\\xa6\xe2\x81\xb0",
         "\\u2066\xe2\x81\xb0", "\\xe2\\x81\\xa6\\xe2\\x81\\xb0"},
        {HW_TEXT_INIT("\xef\xbf\xb9\xef\xbf\xbc"), "\\xef\\xbf\\xb9\xef\xbf\xbc",
         "\\ufff9\xef\xbf\xbc", "\\xef\\xbf\\xb9\\xef\\xbf\\xbc"},
        {HW_TEXT_INIT("\xf3\xa0\x80\x81"), "\\xf3\\xa0\\x80\\x81", "\\udb40\\udc01",
         "\\xf3\\xa0\\x80\\x81"},
    };
    ASSERT_ALL_ESCAPED(cases);
}

HW_TEST(escape_spells_quotes_and_backslashes)
{
    static const escaped cases[] = {
        {HW_TEXT_INIT("say \"x\""), "say \"x\"", "say \\\"x\\\"", "say \\\"x\\\""},
        {HW_TEXT_INIT("\\x1b"), "\\\\x1b", "\\\\x1b", "\\\\x1b"},
    };
    ASSERT_ALL_ESCAPED(cases);
}

HW_TEST(escape_spells_broken_utf8)
{
    static const escaped cases[] = {
        {HW_TEXT_INIT("\x80"), "\\x80", "\\ufffd", "\\x80"},
        {HW_TEXT_INIT("\xc3"), "\\xc3", "\\ufffd", "\\xc3"},
        {HW_TEXT_INIT("\xc3(\xff"), "\\xc3(\\xff", "\\ufffd(\\ufffd", "\\xc3(\\xff"},
        {HW_TEXT_INIT("\xc0\xaf"), "\\xc0\\xaf", "\\ufffd\\ufffd", "\\xc0\\xaf"},
        {HW_TEXT_INIT("\xe0\x80\xaf"), "\\xe0\\x80\\xaf", "\\ufffd\\ufffd\\ufffd",
         "\\xe0\\x80\\xaf"},
        {HW_TEXT_INIT("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd",
         "\\xed\\xa0\\x80"},
        {HW_TEXT_INIT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "\\ufffd\\ufffd\\ufffd\\ufffd",
         "\\xf4\\x90\\x80\\x80"},
        {HW_TEXT_INIT("\xe2\x82"), "\\xe2\\x82", "\\ufffd\\ufffd", "\\xe2\\x82"},
    };
    ASSERT_ALL_ESCAPED(cases);
}

static const char *cut_to(const char *string, hw_escape style, size_t bytes_max, char *memory,
                          size_t room)
{
    hw_buffer line = hw_buffer_over(memory, room);
    hw_buffer_put_string(&line, "> ");
    hw_escape_put(&line, hw_text_of(string), style, bytes_max);
    return hw_buffer_string(&line);
}

HW_TEST(escape_cuts_between_characters)
{
    char memory[64];
    assert_string_equal(cut_to("12345678", HW_ESCAPE_EYES, 8, memory, sizeof memory), "> 12345678");
    assert_string_equal(cut_to("123456789", HW_ESCAPE_EYES, 8, memory, sizeof memory),
                        "> 12345...");
    assert_string_equal(cut_to("1234\nxxxxxx", HW_ESCAPE_EYES, 8, memory, sizeof memory),
                        "> 1234...");
    assert_string_equal(cut_to("1234\xc3\xa4yyyyy", HW_ESCAPE_EYES, 8, memory, sizeof memory),
                        "> 1234...");
    assert_string_equal(cut_to("\n\n\n", HW_ESCAPE_JSON, 3, memory, sizeof memory), "> ...");
}

HW_TEST(escape_shows_nothing_but_what_is_safe_whatever_comes)
{
    static const hw_escape styles[] = {HW_ESCAPE_EYES, HW_ESCAPE_JSON, HW_ESCAPE_COMBINED};
    uint32_t random = 12345;
    for (int round = 0; round < 3000; round++) {
        char bytes[12], memory[128];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)((random = random * 1664525 + 1013904223) >> 24);
        hw_buffer line = HW_BUFFER_OVER(memory);
        hw_escape_put(&line, (hw_text){bytes, sizeof bytes}, styles[round % 3], 100);
        assert_false(line.overflow);
        assert_true(line.length <= 100);
        for (size_t i = 0; i < line.length; i++) {
            assert_true((unsigned char)memory[i] >= 0x20 && memory[i] != 0x7f);
            /* C1 controls are C2 80 to C2 9F. */
            assert_false(i > 0 && memory[i - 1] == (char)0xc2 && (unsigned char)memory[i] < 0xa0);
        }
    }
}

/* A backslash in front makes it look at every character. */
static size_t escape_slowly(hw_text text, hw_escape style, char *memory, size_t room)
{
    char bytes[81] = "\\";
    memcpy(bytes + 1, text.at, text.length);
    hw_buffer line = hw_buffer_over(memory, room);
    hw_escape_put(&line, (hw_text){bytes, text.length + 1}, style, room);
    assert_false(line.overflow);
    memmove(memory, memory + 2, line.length - 2);
    return line.length - 2;
}

HW_TEST(escape_is_the_same_many_bytes_at_a_time)
{
    static const hw_escape styles[] = {HW_ESCAPE_EYES, HW_ESCAPE_JSON, HW_ESCAPE_COMBINED};
    uint32_t random = 4711;
    for (unsigned round = 0; round < 20000; round++) {
        char bytes[80], slow[1024], fast[1024];
        size_t length = round % (sizeof bytes + 1);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)(' ' + (random = random * 1664525 + 1013904223) / 0x2c00000);
        /* Most texts have at most one byte that is not printable ASCII, anywhere. */
        random = random * 1664525 + 1013904223;
        if (length > 0 && round % 4 > 0)
            bytes[(random >> 8) % length] = (char)(random >> 24);
        hw_text text = {bytes, length};
        hw_escape style = styles[round % 3];
        size_t expected = escape_slowly(text, style, slow, sizeof slow);
        hw_buffer line = HW_BUFFER_OVER(fast);
        hw_escape_put(&line, text, style, sizeof fast);
        assert_int_equal(line.length, expected);
        assert_memory_equal(fast, slow, expected);
    }
}

HW_TEST(escape_keeps_to_its_room)
{
    char memory[64];
    for (size_t room = 0; room < 40; room++) {
        memset(memory, '#', sizeof memory);
        hw_buffer line = hw_buffer_over(memory, room);
        hw_escape_put(&line, HW_TEXT("123456789012345678901234567890"), HW_ESCAPE_EYES, 60);
        assert_int_equal(line.overflow, room < 30);
        for (size_t i = room; i < sizeof memory; i++)
            assert_int_equal(memory[i], '#');
    }
}

/* What follows words that did not fit does not fit either, short as it may be. */
HW_TEST(escape_adds_nothing_to_a_line_that_is_full)
{
    static const hw_escape styles[] = {HW_ESCAPE_EYES, HW_ESCAPE_JSON, HW_ESCAPE_COMBINED};
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        char memory[8];
        hw_buffer line = HW_BUFFER_OVER(memory);
        hw_buffer_put_string(&line, "abc");
        hw_buffer_put_string(&line, "too long for it");
        assert_true(line.overflow);
        size_t length = line.length;
        hw_escape_put(&line, HW_TEXT("d"), styles[i], 200);
        assert_true(line.overflow);
        assert_int_equal(line.length, length);
    }
}
