/* Knows the media type of a file by the extension of its name.
 *
 * The built-in table is authoritative for what it knows, and the system's mime.types adds the rest:
 * browsers decide by the type whether a script, a style sheet or a WebAssembly module may run at
 * all, so the same site must be sent with the same types on every machine, and distributions differ
 * (some still say application/javascript, know no .mjs, or take .ts for translations). For what the
 * web has no opinion on, the machine's file is the better source.
 *
 * `text/...` types carry charset=utf-8, without which some clients guess. Nothing else does: JSON
 * has no such parameter (RFC 8259 11), XML and SVG say it inside. An extension is what follows the
 * last dot: x.tar.gz is application/gzip, for the file is sent as it is, and its packing is no
 * Content-Encoding that clients would undo. A name without an extension is octets: guessing text
 * would make browsers show a program as garbage, and looking inside is not this module's to do.
 *
 * The table is sorted; a lookup is eight comparisons. The file is kept as it is read and searched
 * when an extension is in no table, which is rare, sixteen bytes at once, and then only its few
 * lines with a word that begins alike are read. Rejected: a map of the file's thousand and a half
 * extensions, made at start, which was two thirds of what a start costs and served nobody. */
#include "http/media.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/cursor.h"
#include "http/block.h"
#include "http/field.h"

#define EXTENSION_BYTES_MAX 24
#define MEDIA_TYPE_BYTES_MAX 200

typedef struct known_media {
    hw_text extension, type;
} known_media;

/* Sorted by extension. */
static const known_media known_medias[] = {
    {HW_TEXT_INIT("3g2"), HW_TEXT_INIT("video/3gpp2")},
    {HW_TEXT_INIT("3gp"), HW_TEXT_INIT("video/3gpp")},
    {HW_TEXT_INIT("7z"), HW_TEXT_INIT("application/x-7z-compressed")},
    {HW_TEXT_INIT("aac"), HW_TEXT_INIT("audio/aac")},
    {HW_TEXT_INIT("ai"), HW_TEXT_INIT("application/postscript")},
    {HW_TEXT_INIT("aif"), HW_TEXT_INIT("audio/aiff")},
    {HW_TEXT_INIT("aiff"), HW_TEXT_INIT("audio/aiff")},
    {HW_TEXT_INIT("amr"), HW_TEXT_INIT("audio/amr")},
    {HW_TEXT_INIT("apk"), HW_TEXT_INIT("application/vnd.android.package-archive")},
    {HW_TEXT_INIT("apng"), HW_TEXT_INIT("image/apng")},
    {HW_TEXT_INIT("appcache"), HW_TEXT_INIT("text/cache-manifest; charset=utf-8")},
    {HW_TEXT_INIT("arrow"), HW_TEXT_INIT("application/vnd.apache.arrow.file")},
    {HW_TEXT_INIT("asc"), HW_TEXT_INIT("application/pgp-signature")},
    {HW_TEXT_INIT("asf"), HW_TEXT_INIT("video/x-ms-asf")},
    {HW_TEXT_INIT("atom"), HW_TEXT_INIT("application/atom+xml")},
    {HW_TEXT_INIT("au"), HW_TEXT_INIT("audio/basic")},
    {HW_TEXT_INIT("avi"), HW_TEXT_INIT("video/x-msvideo")},
    {HW_TEXT_INIT("avif"), HW_TEXT_INIT("image/avif")},
    {HW_TEXT_INIT("avifs"), HW_TEXT_INIT("image/avif-sequence")},
    {HW_TEXT_INIT("azw"), HW_TEXT_INIT("application/vnd.amazon.ebook")},
    {HW_TEXT_INIT("bin"), HW_TEXT_INIT("application/octet-stream")},
    {HW_TEXT_INIT("bmp"), HW_TEXT_INIT("image/bmp")},
    {HW_TEXT_INIT("br"), HW_TEXT_INIT("application/x-brotli")},
    {HW_TEXT_INIT("bz2"), HW_TEXT_INIT("application/x-bzip2")},
    {HW_TEXT_INIT("c"), HW_TEXT_INIT("text/x-c; charset=utf-8")},
    {HW_TEXT_INIT("cab"), HW_TEXT_INIT("application/vnd.ms-cab-compressed")},
    {HW_TEXT_INIT("cbor"), HW_TEXT_INIT("application/cbor")},
    {HW_TEXT_INIT("cjs"), HW_TEXT_INIT("text/javascript; charset=utf-8")},
    {HW_TEXT_INIT("conf"), HW_TEXT_INIT("text/plain; charset=utf-8")},
    {HW_TEXT_INIT("crl"), HW_TEXT_INIT("application/pkix-crl")},
    {HW_TEXT_INIT("crt"), HW_TEXT_INIT("application/x-x509-ca-cert")},
    {HW_TEXT_INIT("css"), HW_TEXT_INIT("text/css; charset=utf-8")},
    {HW_TEXT_INIT("csv"), HW_TEXT_INIT("text/csv; charset=utf-8")},
    {HW_TEXT_INIT("cur"), HW_TEXT_INIT("image/vnd.microsoft.icon")},
    {HW_TEXT_INIT("dat"), HW_TEXT_INIT("application/octet-stream")},
    {HW_TEXT_INIT("deb"), HW_TEXT_INIT("application/vnd.debian.binary-package")},
    {HW_TEXT_INIT("der"), HW_TEXT_INIT("application/x-x509-ca-cert")},
    {HW_TEXT_INIT("diff"), HW_TEXT_INIT("text/plain; charset=utf-8")},
    {HW_TEXT_INIT("dll"), HW_TEXT_INIT("application/x-msdownload")},
    {HW_TEXT_INIT("dmg"), HW_TEXT_INIT("application/x-apple-diskimage")},
    {HW_TEXT_INIT("doc"), HW_TEXT_INIT("application/msword")},
    {HW_TEXT_INIT("docx"),
     HW_TEXT_INIT("application/vnd.openxmlformats-officedocument.wordprocessingml.document")},
    {HW_TEXT_INIT("eml"), HW_TEXT_INIT("message/rfc822")},
    {HW_TEXT_INIT("eot"), HW_TEXT_INIT("application/vnd.ms-fontobject")},
    {HW_TEXT_INIT("eps"), HW_TEXT_INIT("application/postscript")},
    {HW_TEXT_INIT("epub"), HW_TEXT_INIT("application/epub+zip")},
    {HW_TEXT_INIT("exe"), HW_TEXT_INIT("application/x-msdownload")},
    {HW_TEXT_INIT("flac"), HW_TEXT_INIT("audio/flac")},
    {HW_TEXT_INIT("flv"), HW_TEXT_INIT("video/x-flv")},
    {HW_TEXT_INIT("geojson"), HW_TEXT_INIT("application/geo+json")},
    {HW_TEXT_INIT("gif"), HW_TEXT_INIT("image/gif")},
    {HW_TEXT_INIT("glb"), HW_TEXT_INIT("model/gltf-binary")},
    {HW_TEXT_INIT("glbin"), HW_TEXT_INIT("application/gltf-buffer")},
    {HW_TEXT_INIT("gltf"), HW_TEXT_INIT("model/gltf+json")},
    {HW_TEXT_INIT("gpkg"), HW_TEXT_INIT("application/geopackage+sqlite3")},
    {HW_TEXT_INIT("gpx"), HW_TEXT_INIT("application/gpx+xml")},
    {HW_TEXT_INIT("gz"), HW_TEXT_INIT("application/gzip")},
    {HW_TEXT_INIT("h"), HW_TEXT_INIT("text/x-c; charset=utf-8")},
    {HW_TEXT_INIT("heic"), HW_TEXT_INIT("image/heic")},
    {HW_TEXT_INIT("heif"), HW_TEXT_INIT("image/heif")},
    {HW_TEXT_INIT("htm"), HW_TEXT_INIT("text/html; charset=utf-8")},
    {HW_TEXT_INIT("html"), HW_TEXT_INIT("text/html; charset=utf-8")},
    {HW_TEXT_INIT("ico"), HW_TEXT_INIT("image/vnd.microsoft.icon")},
    {HW_TEXT_INIT("ics"), HW_TEXT_INIT("text/calendar; charset=utf-8")},
    {HW_TEXT_INIT("img"), HW_TEXT_INIT("application/octet-stream")},
    {HW_TEXT_INIT("ini"), HW_TEXT_INIT("text/plain; charset=utf-8")},
    {HW_TEXT_INIT("iso"), HW_TEXT_INIT("application/x-iso9660-image")},
    {HW_TEXT_INIT("jar"), HW_TEXT_INIT("application/java-archive")},
    {HW_TEXT_INIT("java"), HW_TEXT_INIT("text/x-java; charset=utf-8")},
    {HW_TEXT_INIT("jfif"), HW_TEXT_INIT("image/jpeg")},
    {HW_TEXT_INIT("jp2"), HW_TEXT_INIT("image/jp2")},
    {HW_TEXT_INIT("jpe"), HW_TEXT_INIT("image/jpeg")},
    {HW_TEXT_INIT("jpeg"), HW_TEXT_INIT("image/jpeg")},
    {HW_TEXT_INIT("jpg"), HW_TEXT_INIT("image/jpeg")},
    {HW_TEXT_INIT("js"), HW_TEXT_INIT("text/javascript; charset=utf-8")},
    {HW_TEXT_INIT("json"), HW_TEXT_INIT("application/json")},
    {HW_TEXT_INIT("json5"), HW_TEXT_INIT("application/json5")},
    {HW_TEXT_INIT("jsonl"), HW_TEXT_INIT("application/x-ndjson")},
    {HW_TEXT_INIT("jsonld"), HW_TEXT_INIT("application/ld+json")},
    {HW_TEXT_INIT("jxl"), HW_TEXT_INIT("image/jxl")},
    {HW_TEXT_INIT("kml"), HW_TEXT_INIT("application/vnd.google-earth.kml+xml")},
    {HW_TEXT_INIT("kmz"), HW_TEXT_INIT("application/vnd.google-earth.kmz")},
    {HW_TEXT_INIT("ktx2"), HW_TEXT_INIT("image/ktx2")},
    {HW_TEXT_INIT("log"), HW_TEXT_INIT("text/plain; charset=utf-8")},
    {HW_TEXT_INIT("lz"), HW_TEXT_INIT("application/x-lzip")},
    {HW_TEXT_INIT("m2ts"), HW_TEXT_INIT("video/mp2t")},
    {HW_TEXT_INIT("m3u"), HW_TEXT_INIT("audio/mpegurl")},
    {HW_TEXT_INIT("m3u8"), HW_TEXT_INIT("application/vnd.apple.mpegurl")},
    {HW_TEXT_INIT("m4a"), HW_TEXT_INIT("audio/mp4")},
    {HW_TEXT_INIT("m4b"), HW_TEXT_INIT("audio/mp4")},
    {HW_TEXT_INIT("m4v"), HW_TEXT_INIT("video/mp4")},
    {HW_TEXT_INIT("map"), HW_TEXT_INIT("application/json")},
    {HW_TEXT_INIT("markdown"), HW_TEXT_INIT("text/markdown; charset=utf-8")},
    {HW_TEXT_INIT("mathml"), HW_TEXT_INIT("application/mathml+xml")},
    {HW_TEXT_INIT("mbox"), HW_TEXT_INIT("application/mbox")},
    {HW_TEXT_INIT("md"), HW_TEXT_INIT("text/markdown; charset=utf-8")},
    {HW_TEXT_INIT("mht"), HW_TEXT_INIT("message/rfc822")},
    {HW_TEXT_INIT("mhtml"), HW_TEXT_INIT("message/rfc822")},
    {HW_TEXT_INIT("mid"), HW_TEXT_INIT("audio/midi")},
    {HW_TEXT_INIT("midi"), HW_TEXT_INIT("audio/midi")},
    {HW_TEXT_INIT("mjs"), HW_TEXT_INIT("text/javascript; charset=utf-8")},
    {HW_TEXT_INIT("mkv"), HW_TEXT_INIT("video/x-matroska")},
    {HW_TEXT_INIT("mov"), HW_TEXT_INIT("video/quicktime")},
    {HW_TEXT_INIT("mp3"), HW_TEXT_INIT("audio/mpeg")},
    {HW_TEXT_INIT("mp4"), HW_TEXT_INIT("video/mp4")},
    {HW_TEXT_INIT("mpd"), HW_TEXT_INIT("application/dash+xml")},
    {HW_TEXT_INIT("mpeg"), HW_TEXT_INIT("video/mpeg")},
    {HW_TEXT_INIT("mpg"), HW_TEXT_INIT("video/mpeg")},
    {HW_TEXT_INIT("mpkg"), HW_TEXT_INIT("application/vnd.apple.installer+xml")},
    {HW_TEXT_INIT("msi"), HW_TEXT_INIT("application/x-msi")},
    {HW_TEXT_INIT("mtl"), HW_TEXT_INIT("model/mtl")},
    {HW_TEXT_INIT("mvt"), HW_TEXT_INIT("application/vnd.mapbox-vector-tile")},
    {HW_TEXT_INIT("ndjson"), HW_TEXT_INIT("application/x-ndjson")},
    {HW_TEXT_INIT("obj"), HW_TEXT_INIT("model/obj")},
    {HW_TEXT_INIT("odg"), HW_TEXT_INIT("application/vnd.oasis.opendocument.graphics")},
    {HW_TEXT_INIT("odp"), HW_TEXT_INIT("application/vnd.oasis.opendocument.presentation")},
    {HW_TEXT_INIT("ods"), HW_TEXT_INIT("application/vnd.oasis.opendocument.spreadsheet")},
    {HW_TEXT_INIT("odt"), HW_TEXT_INIT("application/vnd.oasis.opendocument.text")},
    {HW_TEXT_INIT("oga"), HW_TEXT_INIT("audio/ogg")},
    {HW_TEXT_INIT("ogg"), HW_TEXT_INIT("audio/ogg")},
    {HW_TEXT_INIT("ogv"), HW_TEXT_INIT("video/ogg")},
    {HW_TEXT_INIT("otf"), HW_TEXT_INIT("font/otf")},
    {HW_TEXT_INIT("p10"), HW_TEXT_INIT("application/pkcs10")},
    {HW_TEXT_INIT("p12"), HW_TEXT_INIT("application/pkcs12")},
    {HW_TEXT_INIT("p7s"), HW_TEXT_INIT("application/pkcs7-signature")},
    {HW_TEXT_INIT("pac"), HW_TEXT_INIT("application/x-ns-proxy-autoconfig")},
    {HW_TEXT_INIT("parquet"), HW_TEXT_INIT("application/vnd.apache.parquet")},
    {HW_TEXT_INIT("patch"), HW_TEXT_INIT("text/plain; charset=utf-8")},
    {HW_TEXT_INIT("pdf"), HW_TEXT_INIT("application/pdf")},
    {HW_TEXT_INIT("pem"), HW_TEXT_INIT("application/x-pem-file")},
    {HW_TEXT_INIT("pfx"), HW_TEXT_INIT("application/pkcs12")},
    {HW_TEXT_INIT("png"), HW_TEXT_INIT("image/png")},
    {HW_TEXT_INIT("ppt"), HW_TEXT_INIT("application/vnd.ms-powerpoint")},
    {HW_TEXT_INIT("pptx"),
     HW_TEXT_INIT("application/vnd.openxmlformats-officedocument.presentationml.presentation")},
    {HW_TEXT_INIT("ps"), HW_TEXT_INIT("application/postscript")},
    {HW_TEXT_INIT("psd"), HW_TEXT_INIT("image/vnd.adobe.photoshop")},
    {HW_TEXT_INIT("py"), HW_TEXT_INIT("text/x-python; charset=utf-8")},
    {HW_TEXT_INIT("qt"), HW_TEXT_INIT("video/quicktime")},
    {HW_TEXT_INIT("rar"), HW_TEXT_INIT("application/vnd.rar")},
    {HW_TEXT_INIT("rpm"), HW_TEXT_INIT("application/x-rpm")},
    {HW_TEXT_INIT("rss"), HW_TEXT_INIT("application/rss+xml")},
    {HW_TEXT_INIT("rtf"), HW_TEXT_INIT("application/rtf")},
    {HW_TEXT_INIT("sh"), HW_TEXT_INIT("application/x-sh")},
    {HW_TEXT_INIT("sig"), HW_TEXT_INIT("application/pgp-signature")},
    {HW_TEXT_INIT("snd"), HW_TEXT_INIT("audio/basic")},
    {HW_TEXT_INIT("spx"), HW_TEXT_INIT("audio/ogg")},
    {HW_TEXT_INIT("sql"), HW_TEXT_INIT("application/sql")},
    {HW_TEXT_INIT("sqlite"), HW_TEXT_INIT("application/vnd.sqlite3")},
    {HW_TEXT_INIT("sqlite3"), HW_TEXT_INIT("application/vnd.sqlite3")},
    {HW_TEXT_INIT("srt"), HW_TEXT_INIT("application/x-subrip")},
    {HW_TEXT_INIT("stl"), HW_TEXT_INIT("model/stl")},
    {HW_TEXT_INIT("svg"), HW_TEXT_INIT("image/svg+xml")},
    {HW_TEXT_INIT("swf"), HW_TEXT_INIT("application/x-shockwave-flash")},
    {HW_TEXT_INIT("tar"), HW_TEXT_INIT("application/x-tar")},
    {HW_TEXT_INIT("tbz2"), HW_TEXT_INIT("application/x-bzip2")},
    {HW_TEXT_INIT("text"), HW_TEXT_INIT("text/plain; charset=utf-8")},
    {HW_TEXT_INIT("tgz"), HW_TEXT_INIT("application/gzip")},
    {HW_TEXT_INIT("tif"), HW_TEXT_INIT("image/tiff")},
    {HW_TEXT_INIT("tiff"), HW_TEXT_INIT("image/tiff")},
    {HW_TEXT_INIT("toml"), HW_TEXT_INIT("application/toml")},
    {HW_TEXT_INIT("torrent"), HW_TEXT_INIT("application/x-bittorrent")},
    {HW_TEXT_INIT("ts"), HW_TEXT_INIT("video/mp2t")},
    {HW_TEXT_INIT("tsv"), HW_TEXT_INIT("text/tab-separated-values; charset=utf-8")},
    {HW_TEXT_INIT("ttc"), HW_TEXT_INIT("font/collection")},
    {HW_TEXT_INIT("ttf"), HW_TEXT_INIT("font/ttf")},
    {HW_TEXT_INIT("txt"), HW_TEXT_INIT("text/plain; charset=utf-8")},
    {HW_TEXT_INIT("txz"), HW_TEXT_INIT("application/x-xz")},
    {HW_TEXT_INIT("tzst"), HW_TEXT_INIT("application/zstd")},
    {HW_TEXT_INIT("usdz"), HW_TEXT_INIT("model/vnd.usdz+zip")},
    {HW_TEXT_INIT("vcf"), HW_TEXT_INIT("text/vcard; charset=utf-8")},
    {HW_TEXT_INIT("vsd"), HW_TEXT_INIT("application/vnd.visio")},
    {HW_TEXT_INIT("vtt"), HW_TEXT_INIT("text/vtt; charset=utf-8")},
    {HW_TEXT_INIT("wasm"), HW_TEXT_INIT("application/wasm")},
    {HW_TEXT_INIT("wav"), HW_TEXT_INIT("audio/wav")},
    {HW_TEXT_INIT("weba"), HW_TEXT_INIT("audio/webm")},
    {HW_TEXT_INIT("webm"), HW_TEXT_INIT("video/webm")},
    {HW_TEXT_INIT("webmanifest"), HW_TEXT_INIT("application/manifest+json")},
    {HW_TEXT_INIT("webp"), HW_TEXT_INIT("image/webp")},
    {HW_TEXT_INIT("wmv"), HW_TEXT_INIT("video/x-ms-wmv")},
    {HW_TEXT_INIT("woff"), HW_TEXT_INIT("font/woff")},
    {HW_TEXT_INIT("woff2"), HW_TEXT_INIT("font/woff2")},
    {HW_TEXT_INIT("wsdl"), HW_TEXT_INIT("application/wsdl+xml")},
    {HW_TEXT_INIT("xcf"), HW_TEXT_INIT("image/x-xcf")},
    {HW_TEXT_INIT("xht"), HW_TEXT_INIT("application/xhtml+xml")},
    {HW_TEXT_INIT("xhtml"), HW_TEXT_INIT("application/xhtml+xml")},
    {HW_TEXT_INIT("xls"), HW_TEXT_INIT("application/vnd.ms-excel")},
    {HW_TEXT_INIT("xlsx"),
     HW_TEXT_INIT("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
    {HW_TEXT_INIT("xml"), HW_TEXT_INIT("application/xml")},
    {HW_TEXT_INIT("xsd"), HW_TEXT_INIT("application/xml")},
    {HW_TEXT_INIT("xsl"), HW_TEXT_INIT("application/xml")},
    {HW_TEXT_INIT("xslt"), HW_TEXT_INIT("application/xslt+xml")},
    {HW_TEXT_INIT("xz"), HW_TEXT_INIT("application/x-xz")},
    {HW_TEXT_INIT("yaml"), HW_TEXT_INIT("application/yaml")},
    {HW_TEXT_INIT("yml"), HW_TEXT_INIT("application/yaml")},
    {HW_TEXT_INIT("zip"), HW_TEXT_INIT("application/zip")},
    {HW_TEXT_INIT("zst"), HW_TEXT_INIT("application/zstd")},
};

static int compare_texts(hw_text a, hw_text b)
{
    for (size_t i = 0; i < a.length && i < b.length; i++)
        if (a.at[i] != b.at[i])
            return (unsigned char)a.at[i] < (unsigned char)b.at[i] ? -1 : 1;
    return (a.length > b.length) - (a.length < b.length);
}

static bool is_known_sorted(void)
{
    for (size_t i = 1; i < sizeof(known_medias) / sizeof(known_medias[0]); i++)
        if (compare_texts(known_medias[i - 1].extension, known_medias[i].extension) >= 0)
            return false;
    return true;
}

static const known_media *find_known_media(hw_text extension)
{
    size_t low = 0, high = sizeof(known_medias) / sizeof(known_medias[0]);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_texts(extension, known_medias[middle].extension);
        if (order == 0)
            return &known_medias[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The extension in lower case, built in the buffer given; empty when it is too long to be one. */
static hw_text fold_extension(hw_text extension, hw_buffer *folded)
{
    for (size_t i = 0; i < extension.length; i++)
        hw_buffer_put_char(folded, hw_char_lower(extension.at[i]));
    return folded->overflow ? HW_TEXT("") : hw_buffer_text(folded);
}

static bool is_mime_word_byte(char byte)
{
    return byte != ' ' && byte != '\t' && byte != '\r' && byte != '\f' && byte != '\v';
}

/* The next word of a line; empty at the end. */
static hw_text take_mime_word(hw_cursor *line)
{
    while (!hw_cursor_at_end(line) && !is_mime_word_byte((char)hw_cursor_peek(line)))
        hw_cursor_next(line);
    return hw_cursor_take_while(line, is_mime_word_byte);
}

/* RFC 9110 8.3.1: type "/" subtype. What is none must not get into a Content-Type field. */
static bool is_media_type(hw_text type)
{
    size_t slash = hw_text_find(type, '/');
    return hw_token_is_valid(hw_text_upto(type, slash)) &&
           hw_token_is_valid(hw_text_from(type, slash + 1));
}

/* The type that a line gives to an extension; empty when it gives none. */
static hw_text type_in_line(hw_text text, hw_text extension)
{
    hw_cursor line = hw_cursor_of(hw_text_upto(text, hw_text_find(text, '#')));
    hw_text type = take_mime_word(&line), word = take_mime_word(&line);
    while (word.length > 0 && !hw_text_equal_nocase(word, extension))
        word = take_mime_word(&line);
    bool is_found = word.length > 0 && type.length <= MEDIA_TYPE_BYTES_MAX && is_media_type(type);
    return is_found ? type : HW_TEXT("");
}

/* Whether each of these bytes may part two words of a line; a line's end does not. */
static hw_block find_mime_blanks(hw_block block)
{
    return hw_block_range(block, 0, ' ') & ~hw_block_same(block, '\n');
}

/* Where, from an index on, a word that begins with this byte, or with it in the other case, may
 * follow another one in its line; text.length: nowhere. */
static size_t find_mime_word(hw_text text, size_t from, char first)
{
    const unsigned char folded = (unsigned char)first | 0x20;
    for (; text.length - from > HW_BLOCK_BYTES; from += HW_BLOCK_BYTES) {
        hw_block begins = hw_block_same(hw_block_load(text.at + from + 1) | 0x20, folded);
        hw_block follows = find_mime_blanks(hw_block_load(text.at + from));
        hw_block_stops stops = hw_block_collect(begins & follows);
        if (stops)
            return from + 1 + hw_block_first(stops);
    }
    for (; from + 1 < text.length; from++)
        if (!is_mime_word_byte(text.at[from]) &&
            ((unsigned char)text.at[from + 1] | 0x20) == folded)
            return from + 1;
    return text.length;
}

static hw_text line_around(hw_text text, size_t at)
{
    size_t end = hw_text_find_last(hw_text_upto(text, at), '\n');
    size_t start = end < at ? end + 1 : 0;
    hw_text rest = hw_text_from(text, start);
    return hw_text_upto(rest, hw_text_find(rest, '\n'));
}

/* The last line has it; empty when there is none. */
static hw_text find_system_type(hw_text mime_types, hw_text extension)
{
    hw_text found = HW_TEXT("");
    size_t at = 0;
    if (extension.length == 0 || mime_types.length == 0)
        return found;
    while ((at = find_mime_word(mime_types, at, extension.at[0])) < mime_types.length) {
        hw_text type = type_in_line(line_around(mime_types, at), extension);
        if (type.length > 0)
            found = type;
    }
    return found;
}

void hw_media_init(hw_media *media, hw_text mime_types)
{
    hw_assert(is_known_sorted());
    media->mime_types = mime_types;
}

/* What follows the last dot of the last segment, unless that dot begins it. */
static hw_text extension_of(hw_text file_name)
{
    size_t slash = hw_text_find_last(file_name, '/');
    hw_text name = slash < file_name.length ? hw_text_from(file_name, slash + 1) : file_name;
    size_t dot = hw_text_find_last(name, '.');
    return dot > 0 ? hw_text_from(name, dot + 1) : HW_TEXT("");
}

/* The whole value for a type of the system's. */
static bool copy_media_type(hw_text type, hw_arena *arena, hw_text *ret_value)
{
    char memory[MEDIA_TYPE_BYTES_MAX + sizeof "; charset=utf-8"];
    hw_buffer value = HW_BUFFER_OVER(memory);
    hw_buffer_put(&value, type);
    if (hw_text_equal_nocase(hw_text_upto(type, 5), HW_TEXT("text/")))
        hw_buffer_put(&value, HW_TEXT("; charset=utf-8"));
    return hw_arena_copy_text(arena, hw_buffer_text(&value), ret_value);
}

bool hw_media_of(const hw_media *media, hw_text file_name, hw_arena *arena, hw_text *ret_type)
{
    char memory[EXTENSION_BYTES_MAX];
    hw_buffer buffer = HW_BUFFER_OVER(memory);
    hw_text extension = fold_extension(extension_of(file_name), &buffer);
    const known_media *known = find_known_media(extension);
    hw_text type = known || !media ? HW_TEXT("") : find_system_type(media->mime_types, extension);
    if (type.length > 0)
        return copy_media_type(type, arena, ret_type);
    *ret_type = known ? known->type : HW_TEXT("application/octet-stream");
    return true;
}
