/* A byte string that grows, for what the runner builds and receives. */
#include "talk/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#define SHOWN_MAX 100

void talk_bytes_free(talk_bytes *bytes)
{
    free(bytes->at);
    *bytes = (talk_bytes){0};
}

hw_text talk_bytes_text(const talk_bytes *bytes)
{
    return (hw_text){bytes->at, bytes->length};
}

static void reserve(talk_bytes *bytes, size_t more)
{
    size_t needed = bytes->length + more;
    if (needed <= bytes->capacity)
        return;
    bytes->capacity = hw_size_max(needed, bytes->capacity * 2);
    bytes->at = realloc(bytes->at, bytes->capacity);
    if (!bytes->at)
        abort();
}

void talk_bytes_put(talk_bytes *bytes, hw_text text)
{
    if (text.length == 0)
        return;
    reserve(bytes, text.length);
    memcpy(bytes->at + bytes->length, text.at, text.length);
    bytes->length += text.length;
}

void talk_bytes_put_string(talk_bytes *bytes, const char *string)
{
    talk_bytes_put(bytes, hw_text_of(string));
}

void talk_bytes_put_format(talk_bytes *bytes, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    talk_bytes_put_string(bytes, line);
}

static void put_shown_byte(talk_bytes *bytes, char byte)
{
    switch (byte) {
    case '\r':
        talk_bytes_put_string(bytes, "\\r");
        break;
    case '\n':
        talk_bytes_put_string(bytes, "\\n");
        break;
    case '"':
    case '\\':
        talk_bytes_put_format(bytes, "\\%c", byte);
        break;
    default:
        if (byte >= ' ' && byte < 127)
            talk_bytes_put(bytes, (hw_text){&byte, 1});
        else
            talk_bytes_put_format(bytes, "\\x%02x", (unsigned char)byte);
    }
}

void talk_bytes_put_shown(talk_bytes *bytes, hw_text text)
{
    talk_bytes_put_string(bytes, "\"");
    for (size_t i = 0; i < text.length && i < SHOWN_MAX; i++)
        put_shown_byte(bytes, text.at[i]);
    talk_bytes_put_string(bytes, "\"");
    if (text.length > SHOWN_MAX)
        talk_bytes_put_format(bytes, "... (%zu bytes)", text.length);
}

void talk_bytes_take(talk_bytes *bytes, size_t count)
{
    bytes->length -= count;
    if (count > 0 && bytes->length > 0)
        memmove(bytes->at, bytes->at + count, bytes->length);
}
