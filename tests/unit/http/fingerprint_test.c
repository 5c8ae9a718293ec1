#include "http/fingerprint.h"

#include "unit/harness.h"

#define ROWS(rows) (sizeof(rows) / sizeof(rows)[0])

static void expect_all(const char *const *paths, size_t count, bool expected)
{
    for (size_t i = 0; i < count; i++)
        if (hw_fingerprint_is_in(hw_text_of(paths[i])) != expected)
            fail_msg("%s is %s", paths[i],
                     expected ? "taken for an ordinary name" : "taken for one with a hash");
}

HW_TEST(fingerprint_is_found_where_tools_put_it)
{
    static const char *const paths[] = {
        "app-3f9ac1d2.js",
        "/app.3f9ac1d2.js",
        "js/main.8d1b5c07e2.chunk.js",
        "3f9ac1d2f00dcafe.css",
        "static/css/main.3F9AC1D2.css",
        "chunk-2QAB7T5X.js",
        "app_3f9ac1d2.js.map",
        "image.d41d8cd98f00b204e9800998ecf8427e.png",
        "a/b/font~5e2f8a9c.woff2",
        /* Where a tool keeps nothing else. */
        "_next/static/chunks/main-app.js",
        "docs/_next/static/media/x.woff2",
        "/_astro/hoisted.js",
        /* Base 64 of Vite and Rollup. */
        "assets/index-BxY12aZq.js",
        "/app/assets/index-BxY_2aZq.js.map",
        "assets/logo-D-a8fT0x.svg",
        "assets/index.B1yQx3aZ.css",
    };
    expect_all(paths, ROWS(paths), true);
}

HW_TEST(fingerprint_is_not_seen_in_words_numbers_and_ids)
{
    static const char *const paths[] = {
        "",
        "/",
        "index.html",
        "app.js",
        "app-3f9ac1d.js",
        "app-3f9aC1d2.js", /* of two cases */
        "version2.js",
        "deadbeef.txt",
        "effaced0.txt",
        "report-20240131.pdf",
        "IMG_20240131.jpg",
        "DSCN2345.JPG",
        "VERSION2.TXT",
        "jquery-3.6.0.min.js",
        "550e8400-e29b-41d4-a716-44a655d40000.png",
        "avatar-550e8400-e29b-41d4-a716-44a655d40000",
        "_next/data/x.json",
        "my_astro/x.js",
        "x_next/static/y.js",
        "_next/static",
        "3f9ac1d2",
        "u/00163e5f8a2b.js",
        "550E8400-E29B-41D4-A716-44A655D40000.png",
        "a.long.name.of.many.words.and.no.hash.at.all.js",
        "assets/BxY12aZqX.map",
        "u/65f1c0ffee12ab34cd56ef78.png",
        "u/550e8400e29b41d4a716446655440000.json",
        "a/3f9ac1d2.html",
        "3f9ac1d2/index.html", /* a folder's name says nothing of what is in it */
        "assets/style.css",
        "assets/datagrid.js",
        "assets/my-DataGrid.js",
        "assets/app-release1.js",
        "assets/photo-2024wide.jpg",
        "assets/BxY12aZq.js",
        "assets/x+BxY12aZq.js",
        "assets/index-BxY1+aZq.js",
        "assets/index-BxY12aZq",
        "assetsx/index-BxY12aZq.js",
        "index-BxY12aZq.js",
    };
    expect_all(paths, ROWS(paths), false);
}

HW_TEST(fingerprint_beside_a_uuid_is_seen)
{
    static const char *const paths[] = {"550e8400-e29b-41d4-a716-446655440000-3f9ac1d2.js",
                                        "550e8400-e29b-41d4-a716+446655440000.js"};
    expect_all(paths, ROWS(paths), true);
}
