#include "unit/app/json_check.h"

#include <string.h>

typedef struct json_reader {
    const unsigned char *at, *end;
    char *shape;
    size_t room;
    int depth;
} json_reader;

static bool read_json_value(json_reader *reader);

static bool put_shape(json_reader *reader, char letter)
{
    if (reader->room < 2)
        return false;
    *reader->shape++ = letter;
    *reader->shape = '\0';
    reader->room--;
    return true;
}

static void skip_json_blanks(json_reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) && *reader->at)
        reader->at++;
}

static bool take_json(json_reader *reader, int byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

static bool take_continuations(json_reader *reader, int count, unsigned value, unsigned least)
{
    for (; count > 0; count--) {
        if (reader->at == reader->end || *reader->at >> 6 != 2)
            return false;
        value = value << 6 | (*reader->at++ & 0x3f);
    }
    return value >= least && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

static bool take_character(json_reader *reader)
{
    unsigned byte = *reader->at++;
    if (byte < 0x80)
        return byte >= 0x20;
    if (byte >> 5 == 6)
        return take_continuations(reader, 1, byte & 0x1f, 0x80);
    if (byte >> 4 == 14)
        return take_continuations(reader, 2, byte & 0x0f, 0x800);
    return byte >> 3 == 30 && take_continuations(reader, 3, byte & 7, 0x10000);
}

static bool take_json_escape(json_reader *reader)
{
    if (reader->at == reader->end)
        return false;
    unsigned char letter = *reader->at++;
    if (letter != 'u')
        return letter && strchr("\"\\/bfnrt", letter);
    for (int i = 0; i < 4; i++) {
        if (reader->at == reader->end || !*reader->at ||
            !strchr("0123456789abcdefABCDEF", *reader->at))
            return false;
        reader->at++;
    }
    return true;
}

static bool read_json_string(json_reader *reader)
{
    if (!take_json(reader, '"'))
        return false;
    while (reader->at < reader->end && *reader->at != '"') {
        bool is_escape = take_json(reader, '\\');
        if (!(is_escape ? take_json_escape(reader) : take_character(reader)))
            return false;
    }
    return take_json(reader, '"');
}

static bool take_digits(json_reader *reader)
{
    const unsigned char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at > start;
}

static bool read_json_number(json_reader *reader)
{
    (void)take_json(reader, '-');
    if (!take_json(reader, '0') && !take_digits(reader))
        return false;
    if (take_json(reader, '.') && !take_digits(reader))
        return false;
    if (take_json(reader, 'e') || take_json(reader, 'E')) {
        if (!take_json(reader, '+'))
            (void)take_json(reader, '-');
        return take_digits(reader);
    }
    return true;
}

static bool read_json_member(json_reader *reader, bool is_object)
{
    skip_json_blanks(reader);
    if (is_object) {
        if (!read_json_string(reader) || !put_shape(reader, 's'))
            return false;
        skip_json_blanks(reader);
        if (!take_json(reader, ':') || !put_shape(reader, ':'))
            return false;
    }
    return read_json_value(reader);
}

static bool read_json_nested(json_reader *reader, char open, char close)
{
    if (reader->depth++ == 200 || !take_json(reader, open) || !put_shape(reader, open))
        return false;
    skip_json_blanks(reader);
    if (take_json(reader, close))
        return reader->depth-- && put_shape(reader, close);
    do {
        if (!read_json_member(reader, open == '{'))
            return false;
        skip_json_blanks(reader);
    } while (take_json(reader, ',') && put_shape(reader, ','));
    reader->depth--;
    return take_json(reader, close) && put_shape(reader, close);
}

static bool take_json_word(json_reader *reader, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length))
        return false;
    reader->at += length;
    return put_shape(reader, word[0] == 'n' ? '0' : 'b');
}

static bool read_json_value(json_reader *reader)
{
    skip_json_blanks(reader);
    switch (reader->at < reader->end ? *reader->at : 0) {
    case '{':
        return read_json_nested(reader, '{', '}');
    case '[':
        return read_json_nested(reader, '[', ']');
    case '"':
        return read_json_string(reader) && put_shape(reader, 's');
    case 't':
        return take_json_word(reader, "true");
    case 'f':
        return take_json_word(reader, "false");
    case 'n':
        return take_json_word(reader, "null");
    default:
        return read_json_number(reader) && put_shape(reader, 'n');
    }
}

bool json_check(hw_text text, char *shape, size_t shape_bytes)
{
    json_reader reader = {
        .at = (const unsigned char *)text.at, .shape = shape, .room = shape_bytes};
    reader.end = reader.at + text.length;
    shape[0] = '\0';
    if (text.length == 0 || !read_json_value(&reader))
        return false;
    skip_json_blanks(&reader);
    return reader.at == reader.end;
}
