/* Prints texts that were not written here so that they can do nothing but be read.
 *
 * A file or process may be named with escape sequences, and an error message that repeats the name
 * would let it speak to the terminal. Every control character becomes '?'; nothing else is touched,
 * so that UTF-8 names stay readable. */
#include "show.h"

#include <stdbool.h>
#include <string.h>

void show_text(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    for (; *at; at++) {
        if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f) {
            at++;
            fputc('?', out);
        } else {
            fputc(*at < 0x20 || *at == 0x7f ? '?' : *at, out);
        }
    }
}

static bool is_plain_word(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-+=:,./@%";

    return *text && text[strspn(text, plain)] == '\0';
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text == 0x7f ||
            ((unsigned char)*text == 0xc2 && ((unsigned char)text[1] & 0xe0) == 0x80))
            return true;
    return false;
}

/* $'...': every byte that is not plain ASCII in octal digits. */
static void show_spelled(FILE *out, const char *text)
{
    fputs("$'", out);
    for (; *text; text++) {
        if (*text >= 0x20 && *text < 0x7f && *text != '\'' && *text != '\\')
            fputc(*text, out);
        else
            fprintf(out, "\\%03o", (unsigned)(unsigned char)*text);
    }
    fputc('\'', out);
}

void show_argument(FILE *out, const char *text)
{
    if (is_plain_word(text)) {
        fputs(text, out);
        return;
    }
    if (has_control(text)) {
        show_spelled(out, text);
        return;
    }
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
    fputc('\'', out);
}

const char *show_error(int error)
{
    const char *words = strerrordesc_np(error);

    return words ? words : "unknown error";
}

void show_count(FILE *out, uint64_t count, const char *noun)
{
    fprintf(out, "%llu %s%s", (unsigned long long)count, noun, count == 1 ? "" : "s");
}

/* One decimal below ten, none above: two or three digits are what an eye takes in. */
static void show_scaled(FILE *out, uint64_t bytes, unsigned step, const char *const units[])
{
    double value = (double)bytes;
    size_t unit = 0;

    if (bytes < step) {
        fprintf(out, "%u B", (unsigned)bytes);
        return;
    }
    while (value >= step - 0.5 && units[unit + 1]) {
        value /= step;
        unit++;
    }
    fprintf(out, value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

void show_traffic(FILE *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB", NULL};

    show_scaled(out, bytes, 1000, units);
}

void show_size(FILE *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL};

    show_scaled(out, bytes, 1024, units);
}
