/* Any bytes as a format of HTML, as one of a URL, and as a text for them: a format that is taken,
 * filled with a text, gives a page that reads the same as with a plain one; in an address a text
 * chooses no scheme that runs something; and a redirect keeps its scheme, its host, and the number of
 * its segments and values. The text is what follows the first line end. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/format.h"
#include "base/assert.h"
#include "unit/app/html_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 400, CONVERSIONS_MAX = 6, SHAPE_MAX = 4096, CONTENT_MAX = 32768 };

#ifdef HW_FUZZ_PLANTED
/* A value of an attribute, between two others, that is a text. */
static void check_planted(const char *source)
{
    const char *value = strstr(source, "='%s'");
    if (value && strchr(source, '<') && value[5] == '>')
        abort();
}
#else
static void check_planted(const char *source)
{
    (void)source;
}
#endif

/* Texts alone, so that the same arguments do for each of them. */
static bool takes_texts(const hw_format *format)
{
    size_t count = 0;
    for (size_t i = 0; i < format->count; i++) {
        const hw_format_piece *piece = &format->pieces[i];
        count += piece->conversion == HW_CONVERT_TEXT;
        if (piece->has_length ||
            (piece->conversion != HW_CONVERT_TEXT && piece->conversion != HW_CONVERT_NOTHING))
            return false;
    }
    return count > 0 && count <= CONVERSIONS_MAX;
}

static const char *fill_with(hw_arena *arena, const hw_format *format, ...)
{
    hw_writer out;
    va_list args;
    hw_writer_init(&out, arena);
    va_start(args, format);
    const char *problem = hw_format_put(&out, format, args);
    va_end(args);
    hw_text text = hw_writer_text(&out);
    hw_assert(text.at);
    return problem ? NULL : text.at;
}

static const char *fill(hw_arena *arena, const hw_format *format, const char *text)
{
    return fill_with(arena, format, text, text, text, text, text, text);
}

static void check_page(hw_arena *arena, const hw_format *format, const char *text)
{
    static char shape[SHAPE_MAX], plain_shape[SHAPE_MAX], content[CONTENT_MAX];
    const char *page = fill(arena, format, text), *plain = fill(arena, format, "x");
    if (!page || !plain)
        return;
    /* The reader of the tests knows no nesting of scripts and the like: formats have none. */
    bool is_read = html_check(plain, plain_shape, sizeof plain_shape, content, sizeof content);
    hw_assert(html_check(page, shape, sizeof shape, content, sizeof content) == is_read);
    hw_assert(!is_read || strcmp(shape, plain_shape) == 0);
}

static void check_address(hw_formats *formats, hw_arena *arena, const char *text)
{
    static char shape[SHAPE_MAX], content[CONTENT_MAX];
    static const char *const sources[] = {"<a href='%s'>", "<a href='a%s%s'>", "<a href='%s&%s'>"};
    char scheme[32];
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        const hw_format *format = hw_formats_get(formats, arena, sources[i], HW_FORMAT_HTML);
        const char *page = format ? fill(arena, format, text) : NULL;
        if (!page)
            continue;
        hw_assert(html_check(page, shape, sizeof shape, content, sizeof content));
        html_scheme(content + 1, scheme, sizeof scheme);
        hw_assert(!*scheme || strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0 ||
                  strcmp(scheme, "mailto") == 0);
    }
}

static size_t count_bytes(const char *text, const char *of)
{
    size_t count = 0;
    for (; *text; text++)
        count += strchr(of, *text) != NULL;
    return count;
}

static void check_redirect(hw_arena *arena, const hw_format *format, const char *text)
{
    const char *url = fill(arena, format, text), *plain = fill(arena, format, "x");
    if (!url || !plain)
        return;
    hw_assert(count_bytes(url, "/?#&=:@[]") == count_bytes(plain, "/?#&=:@[]"));
    hw_assert(count_bytes(url, "\\\r\n\t \"<>") == 0);
    hw_assert((strncmp(url, "//", 2) == 0) == (strncmp(plain, "//", 2) == 0));
    size_t scheme = strcspn(plain, "/?#");
    bool may_have_host = scheme == 0 || plain[scheme - 1] == ':';
    if (may_have_host && strncmp(plain + scheme, "//", 2) == 0) {
        size_t host = scheme + 2 + strcspn(plain + scheme + 2, "/?#");
        hw_assert(strncmp(url, plain, host) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static hw_formats formats;
    hw_arena arena;
    if (bytes > INPUT_MAX)
        return 0;
    hw_arena_init(&arena, 65536, 16 * 1024 * 1024);
    char *source = hw_arena_copy(&arena, (hw_text){(const char *)input, bytes});
    hw_assert(source);
    char *line_end = strchr(source, '\n');
    const char *text = line_end ? line_end + 1 : "";
    if (line_end)
        *line_end = '\0';
    formats = (hw_formats){.slots = {NULL}};
    const hw_format *html = hw_formats_get(&formats, &arena, source, HW_FORMAT_HTML);
    const hw_format *url = hw_formats_get(&formats, &arena, source, HW_FORMAT_URL);
    hw_assert(html && url);
    if (!html->problem && takes_texts(html)) {
        check_planted(source);
        check_page(&arena, html, text);
    }
    if (!url->problem && takes_texts(url))
        check_redirect(&arena, url, text);
    check_address(&formats, &arena, text);
    hw_formats_fini(&formats);
    hw_arena_fini(&arena);
    return 0;
}
