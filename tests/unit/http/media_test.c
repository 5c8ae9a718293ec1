#include "unit/http/http_harness.h"

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
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_text type = hw_media_of(NULL, hw_text_of(rows[i].name));
        assert_text(type, rows[i].type);
        assert_int_equal(type.at[type.length], '\0');
    }
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
        assert_text(hw_media_of(NULL, hw_text_of(rows[i].name)), rows[i].type);
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
    HW_NEED_OK(hw_media_init(&media, hw_text_of(mime_types)));
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_text(hw_media_of(&media, hw_text_of(rows[i].name)), rows[i].type);
    hw_media_fini(&media);
}

HW_TEST(media_file_may_be_empty)
{
    hw_media media, zeroed = {.arena = {0}};
    HW_NEED_OK(hw_media_init(&media, HW_TEXT("")));
    assert_text(hw_media_of(&media, HW_TEXT("a.html")), "text/html; charset=utf-8");
    assert_text(hw_media_of(&media, HW_TEXT("a.first")), "application/octet-stream");
    hw_media_fini(&media);
    hw_media_fini(&zeroed);
}
