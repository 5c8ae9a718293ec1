#include "unit/app/html_check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct html_out {
    char *at;
    size_t room;
    bool is_full;
} html_out;

typedef struct html_reader {
    const char *at;
    html_out shape, content;
} html_reader;

static void put_out(html_out *out, int byte)
{
    if (out->room < 2) {
        out->is_full = true;
        return;
    }
    *out->at++ = (char)byte;
    *out->at = '\0';
    out->room--;
}

static void put_word(html_out *out, const char *word)
{
    while (*word)
        put_out(out, *word++);
}

/* The references that the tests come upon; the ";" may be missing behind those of old. */
static bool take_reference(html_reader *reader)
{
    static const struct {
        const char *name;
        char byte;
    } known[] = {{"amp;", '&'}, {"amp", '&'},   {"lt;", '<'},   {"lt", '<'},    {"gt;", '>'},
                 {"gt", '>'},   {"quot;", '"'}, {"quot", '"'},  {"#39;", '\''}, {"colon;", ':'},
                 {"#58;", ':'}, {"#x3a;", ':'}, {"Tab;", '\t'}, {"sol;", '/'}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t length = strlen(known[i].name);
        if (strncmp(reader->at, known[i].name, length) != 0)
            continue;
        put_out(&reader->content, known[i].byte);
        reader->at += length;
        return true;
    }
    return false;
}

static void put_content(html_reader *reader)
{
    char byte = *reader->at++;
    if (byte != '&' || !take_reference(reader))
        put_out(&reader->content, byte);
}

static bool is_blank(char byte)
{
    return byte && strchr(" \t\n\f\r", byte);
}

static void skip_blanks(html_reader *reader)
{
    while (is_blank(*reader->at))
        reader->at++;
}

static bool read_value(html_reader *reader)
{
    put_out(&reader->content, '|');
    if (*reader->at == '"' || *reader->at == '\'') {
        char quote = *reader->at++;
        while (*reader->at && *reader->at != quote)
            put_content(reader);
        return *reader->at++ == quote;
    }
    while (*reader->at && !is_blank(*reader->at) && *reader->at != '>')
        put_content(reader);
    return *reader->at != '\0';
}

/* Behind the name. */
static bool read_attributes(html_reader *reader)
{
    for (;;) {
        skip_blanks(reader);
        if (*reader->at == '/') {
            reader->at++;
            continue;
        }
        if (*reader->at == '>' || !*reader->at)
            return *reader->at++ == '>';
        put_out(&reader->shape, ' ');
        do
            put_out(&reader->shape, tolower((unsigned char)*reader->at++));
        while (*reader->at && !is_blank(*reader->at) && !strchr("/>=", *reader->at));
        skip_blanks(reader);
        if (*reader->at == '=') {
            reader->at++;
            skip_blanks(reader);
            if (*reader->at != '>' && !read_value(reader))
                return false;
        }
    }
}

/* To the end tag of a script, a style, a title and the like. */
static bool read_raw(html_reader *reader, const char *name, bool is_title)
{
    size_t length = strlen(name);
    put_out(&reader->content, '|');
    while (*reader->at) {
        const char *next = reader->at + 2 + length;
        if (strncmp(reader->at, "</", 2) == 0 && strncasecmp(reader->at + 2, name, length) == 0 &&
            (is_blank(*next) || *next == '/' || *next == '>'))
            return true;
        if (is_title)
            put_content(reader);
        else
            put_out(&reader->content, *reader->at++);
    }
    return false;
}

static bool read_tag(html_reader *reader)
{
    static const char *const raw[] = {"title", "textarea", "script", "style", "iframe"};
    char name[32];
    size_t length = 0;
    bool is_end = *reader->at == '/';
    reader->at += is_end;
    while (*reader->at && !is_blank(*reader->at) && !strchr("/>", *reader->at)) {
        if (length + 1 < sizeof name)
            name[length++] = (char)tolower((unsigned char)*reader->at);
        reader->at++;
    }
    name[length] = '\0';
    put_word(&reader->shape, is_end ? "</" : "<");
    put_word(&reader->shape, name);
    if (!read_attributes(reader))
        return false;
    put_out(&reader->shape, '>');
    for (size_t i = 0; !is_end && i < sizeof raw / sizeof *raw; i++)
        if (strcmp(name, raw[i]) == 0)
            return read_raw(reader, name, i < 2);
    return true;
}

static bool read_to(html_reader *reader, const char *end)
{
    const char *found = strstr(reader->at, end);
    put_out(&reader->shape, '!');
    if (found)
        reader->at = found + strlen(end);
    return found != NULL;
}

static bool read_markup(html_reader *reader)
{
    const char *at = reader->at;
    if (strncmp(at, "<!--", 4) == 0) {
        reader->at += 4;
        return read_to(reader, "-->");
    }
    if (at[1] == '!' || at[1] == '?' || (at[1] == '/' && !isalpha((unsigned char)at[2])))
        return read_to(reader, ">");
    reader->at++;
    return read_tag(reader);
}

bool html_check(const char *html, char *shape, size_t shape_bytes, char *content,
                size_t content_bytes)
{
    html_reader reader = {html, {shape, shape_bytes, false}, {content, content_bytes, false}};
    bool is_in_text = false;
    *shape = *content = '\0';
    while (*reader.at) {
        bool is_markup = *reader.at == '<' && (isalpha((unsigned char)reader.at[1]) ||
                                               (reader.at[1] && strchr("!?/", reader.at[1])));
        if (is_markup && !read_markup(&reader))
            return false;
        if (!is_markup && !is_in_text)
            put_out(&reader.content, '|');
        if (!is_markup)
            put_content(&reader);
        is_in_text = !is_markup;
    }
    return !reader.shape.is_full && !reader.content.is_full;
}

void html_scheme(const char *address, char *scheme, size_t bytes)
{
    html_out out = {scheme, bytes, false};
    *scheme = '\0';
    while (*address && (unsigned char)*address <= ' ')
        address++;
    for (; *address; address++) {
        unsigned char byte = (unsigned char)*address;
        if (byte == '\t' || byte == '\n' || byte == '\r')
            continue;
        if (byte == ':')
            return;
        if (!isalnum(byte) && byte != '+' && byte != '-' && byte != '.')
            break;
        put_out(&out, tolower(byte));
    }
    *scheme = '\0';
}
