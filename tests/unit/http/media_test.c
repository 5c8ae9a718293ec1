#include "unit/http/http_harness.h"

#include <errno.h>
#include <stdio.h>

#include "http/media.h"

static const char mime_types[] = "# a comment\n"
                                 "application/x-first\t\t\tfirst second  # and a comment\n"
                                 "text/x-notes notes\r\n"
                                 "TEXT/X-Loud LOUD\n"
                                 "application/no-extension\n"
                                 "\n"
                                 "application/javascript js mjs jsother\n"
                                 "video/mp2t-wrong ts\n"
                                 "nonsense oops1\n"
                                 "a/b/c oops2\n"
                                 "bad/ty\"pe oops3\n"
                                 "image/x-\x7f oops4\n"
                                 "application/one twice\n"
                                 "application/two twice\n"
                                 "application/x-last last";

static void check_media(const hw_media *media, const char *name, const char *type)
{
    hw_arena arena;
    hw_text found = HW_TEXT("");
    hw_arena_init(&arena, 512, SIZE_MAX);
    bool is_known = hw_media_of(media, hw_text_of(name), &arena, &found);
    if (is_known)
        assert_text(found, type);
    hw_arena_fini(&arena);
    HW_NEED_OK(is_known ? 0 : -ENOMEM);
}

HW_TEST(media_types_of_the_web_are_built_in)
{
    static const struct {
        const char *name, *type;
    } rows[] = {
        {"index.html", "text/html; charset=utf-8"},
        {"a.css", "text/css; charset=utf-8"},
        {"a.js", "text/javascript; charset=utf-8"},
        {"a.mjs", "text/javascript; charset=utf-8"},
        {"a.txt", "text/plain; charset=utf-8"},
        {"a.md", "text/markdown; charset=utf-8"},
        {"a.json", "application/json"},
        {"a.js.map", "application/json"},
        {"a.wasm", "application/wasm"},
        {"a.webmanifest", "application/manifest+json"},
        {"a.xml", "application/xml"},
        {"a.svg", "image/svg+xml"},
        {"a.png", "image/png"},
        {"a.jpeg", "image/jpeg"},
        {"a.webp", "image/webp"},
        {"a.avif", "image/avif"},
        {"a.jxl", "image/jxl"},
        {"favicon.ico", "image/vnd.microsoft.icon"},
        {"a.woff2", "font/woff2"},
        {"a.mp4", "video/mp4"},
        {"a.webm", "video/webm"},
        {"a.mp3", "audio/mpeg"},
        {"a.pdf", "application/pdf"},
        {"a.zip", "application/zip"},
        {"x.tar.gz", "application/gzip"},
        {"x.tgz", "application/gzip"},
        {"x.tar.zst", "application/zstd"},
        {"x.tar.xz", "application/x-xz"},
        {"x.tar", "application/x-tar"},
        {"a.3g2", "video/3gpp2"},
        {"a.zst", "application/zstd"},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        check_media(NULL, rows[i].name, rows[i].type);
}

HW_TEST(media_type_goes_by_the_last_extension)
{
    static const struct {
        const char *name, *type;
    } rows[] = {
        {"INDEX.HTML", "text/html; charset=utf-8"},
        {"a.HtMl", "text/html; charset=utf-8"},
        {"/a/b.c/index.html", "text/html; charset=utf-8"},
        {"/a.html/b", "application/octet-stream"},
        {"README", "application/octet-stream"},
        {"", "application/octet-stream"},
        {".", "application/octet-stream"},
        {"a.", "application/octet-stream"},
        {".html", "application/octet-stream"},
        {"/a/.html", "application/octet-stream"},
        {".gitignore", "application/octet-stream"},
        {".eslintrc.json", "application/json"},
        {"a..html", "text/html; charset=utf-8"},
        {"a.html~", "application/octet-stream"},
        {"a.html ", "application/octet-stream"},
        {"a.unheard-of", "application/octet-stream"},
        {"a.averyveryveryverylongextensionindeed", "application/octet-stream"},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        check_media(NULL, rows[i].name, rows[i].type);
}

HW_TEST(media_file_adds_to_the_table)
{
    static const struct {
        const char *name, *type;
    } rows[] = {
        {"a.first", "application/x-first"},
        {"a.second", "application/x-first"},
        {"a.notes", "text/x-notes; charset=utf-8"},
        {"a.loud", "TEXT/X-Loud; charset=utf-8"},
        {"a.last", "application/x-last"},
        {"a.jsother", "application/javascript"},
        {"a.twice", "application/two"},
        {"a.js", "text/javascript; charset=utf-8"},
        {"a.ts", "video/mp2t"},
        {"a.and", "application/octet-stream"},
        {"a.oops1", "application/octet-stream"},
        {"a.oops2", "application/octet-stream"},
        {"a.oops3", "application/octet-stream"},
        {"a.oops4", "application/octet-stream"},
        {"a.html", "text/html; charset=utf-8"},
        {"a", "application/octet-stream"},
    };
    hw_media media;
    hw_media_init(&media, hw_text_of(mime_types));
    for (size_t i = 0; i < ROWS(rows); i++)
        check_media(&media, rows[i].name, rows[i].type);
}

/* The file is searched by blocks: a word is found wherever it lies in one. */
HW_TEST(media_file_is_found_at_every_place)
{
    for (int before = 0; before < 17; before++)
        for (int after = 0; after < 24; after += 11) {
            char text[96];
            hw_media media;
            snprintf(text, sizeof text, "#%*s\na/sound other\tSounds\n%.*s", before, "", after,
                     "a/b snd sou\nsounds so\n");
            hw_media_init(&media, hw_text_of(text));
            check_media(&media, "a.sounds", "a/sound");
            check_media(&media, "a.sound", "application/octet-stream");
        }
}

HW_TEST(media_file_gives_no_type_that_is_none)
{
    char text[400];
    char longest[300];
    memset(longest, 'a', sizeof longest);
    int length = snprintf(text, sizeof text,
                          "text/x-blank\fblank1\vblank2\nte(xt/x odd1\n/x odd2\ntext/ odd3\n"
                          "text/%.250s odd4\n",
                          longest);
    hw_media media;
    hw_media_init(&media, (hw_text){text, (size_t)length});
    check_media(&media, "a.blank1", "text/x-blank; charset=utf-8");
    check_media(&media, "a.blank2", "text/x-blank; charset=utf-8");
    check_media(&media, "a.odd1", "application/octet-stream");
    check_media(&media, "a.odd2", "application/octet-stream");
    check_media(&media, "a.odd3", "application/octet-stream");
    check_media(&media, "a.odd4", "application/octet-stream");
}

HW_TEST(media_file_may_be_empty)
{
    hw_media media;
    hw_media_init(&media, HW_TEXT(""));
    check_media(&media, "a.html", "text/html; charset=utf-8");
    check_media(&media, "a.first", "application/octet-stream");
}
