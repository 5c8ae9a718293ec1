/* Guesses from a name whether it has a hash of the content in it.
 *
 * A wrong no costs a question and a 304; a wrong yes shows somebody a file of last year. So what
 * stands between two marks in a name counts as a hash only if it is long, of an alphabet in which
 * tools write hashes, and goes to and fro between letters and digits as no word does: "version2" and
 * "20240131" do not, "3f9ac1d2" does. Everywhere these are hexadecimal digits and base 32 (esbuild);
 * under /assets/ the last eight of a name may be base 64 too (Vite, Rollup). Where a folder belongs
 * to one tool, which puts nothing else there, each name in it will do (Next.js, Astro). A UUID is no
 * hash of anything.
 *
 * Rejected: all of /assets/, for many put files there by hand. */
#include "http/fingerprint.h"

#define FINGERPRINT_BYTES_MIN 8
/* So often the kind of the characters changes in it, at least. */
#define FINGERPRINT_CHANGES_MIN 2

typedef enum char_kind {
    KIND_LOWER,
    KIND_UPPER,
    KIND_DIGIT,
    KIND_MARK,
} char_kind;

static char_kind kind_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return KIND_LOWER;
    if (c >= 'A' && c <= 'Z')
        return KIND_UPPER;
    return c >= '0' && c <= '9' ? KIND_DIGIT : KIND_MARK;
}

static bool is_hex_lower(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_hex_upper(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

static bool is_base32(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
}

static bool is_of_base64(char c)
{
    return kind_of(c) != KIND_MARK || c == '-' || c == '_';
}

static bool has_only(hw_text text, bool (*is_one)(char))
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_one(text.at[i]))
            return false;
    return true;
}

/* A capital before a small letter begins a word, and is no change. */
static bool goes_to_and_fro(hw_text text)
{
    unsigned changes = 0;
    for (size_t i = 1; i < text.length; i++) {
        char_kind before = kind_of(text.at[i - 1]), now = kind_of(text.at[i]);
        if (before != now && !(before == KIND_UPPER && now == KIND_LOWER))
            changes++;
    }
    return changes >= FINGERPRINT_CHANGES_MIN;
}

/* 12 digits are a machine's address, 24 a key of a database. */
static bool is_hash(hw_text word)
{
    return word.length >= FINGERPRINT_BYTES_MIN && word.length != 12 && word.length != 24 &&
           (has_only(word, is_hex_lower) || has_only(word, is_hex_upper) ||
            has_only(word, is_base32)) &&
           goes_to_and_fro(word);
}

/* So many bytes of a UUID the text begins with: all of them, or none. RFC 9562 4. */
static size_t length_of_uuid(hw_text text)
{
    static const char form[] = "00000000-0000-0000-0000-000000000000";
    if (text.length < sizeof form - 1)
        return 0;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == '-' ? text.at[i] != '-'
                           : !is_hex_lower(text.at[i]) && !is_hex_upper(text.at[i]))
            return 0;
    return sizeof form - 1;
}

static size_t length_of_word(hw_text text)
{
    size_t length = 0;
    while (length < text.length && kind_of(text.at[length]) != KIND_MARK)
        length++;
    return length;
}

static bool has_hash(hw_text name)
{
    while (name.length > 0) {
        size_t length = length_of_uuid(name);
        if (length == 0) {
            length = length_of_word(name);
            if (is_hash(hw_text_upto(name, length)))
                return true;
        }
        name = hw_text_from(name, length + 1);
    }
    return false;
}

/* The name without its last extension; a source map is beside its source. */
static hw_text stem_of(hw_text name)
{
    if (hw_text_has_suffix(name, HW_TEXT(".map")))
        name = hw_text_upto(name, name.length - 4);
    size_t dot = hw_text_find_last(name, '.');
    return hw_text_upto(name, dot < name.length ? dot : 0);
}

/* What build tools give such names to. Data and documents may have an id for a name, under which they
 * change. */
static bool is_asset(hw_text name)
{
    static const hw_text endings[] = {
        HW_TEXT_INIT(".js"),   HW_TEXT_INIT(".mjs"),  HW_TEXT_INIT(".css"),   HW_TEXT_INIT(".map"),
        HW_TEXT_INIT(".wasm"), HW_TEXT_INIT(".woff"), HW_TEXT_INIT(".woff2"), HW_TEXT_INIT(".ttf"),
        HW_TEXT_INIT(".otf"),  HW_TEXT_INIT(".eot"),  HW_TEXT_INIT(".svg"),   HW_TEXT_INIT(".png"),
        HW_TEXT_INIT(".jpg"),  HW_TEXT_INIT(".jpeg"), HW_TEXT_INIT(".gif"),   HW_TEXT_INIT(".webp"),
        HW_TEXT_INIT(".avif"), HW_TEXT_INIT(".ico"),  HW_TEXT_INIT(".mp4"),   HW_TEXT_INIT(".webm"),
    };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (hw_text_has_suffix(name, endings[i]))
            return true;
    return false;
}

/* "index-BxY_12aZ.js": eight of base 64 behind a mark. */
static bool ends_in_base64(hw_text name)
{
    hw_text stem = stem_of(name);
    if (stem.length <= FINGERPRINT_BYTES_MIN)
        return false;
    size_t start = stem.length - FINGERPRINT_BYTES_MIN;
    hw_text word = hw_text_from(stem, start);
    char mark = stem.at[start - 1];
    return (mark == '-' || mark == '.') && has_only(word, is_of_base64) && goes_to_and_fro(word);
}

/* Whether the path leads through a folder "a/b/", at its start or behind a slash. */
static bool leads_through(hw_text path, hw_text folder)
{
    for (size_t i = 0; i + folder.length <= path.length; i++)
        if ((i == 0 || path.at[i - 1] == '/') && hw_text_has_prefix(hw_text_from(path, i), folder))
            return true;
    return false;
}

bool hw_fingerprint_is_in(hw_text path)
{
    size_t slash = hw_text_find_last(path, '/');
    hw_text name = slash < path.length ? hw_text_from(path, slash + 1) : path;
    if (leads_through(path, HW_TEXT("_next/static/")) || leads_through(path, HW_TEXT("_astro/")))
        return true;
    return is_asset(name) &&
           (has_hash(name) || (leads_through(path, HW_TEXT("assets/")) && ends_in_base64(name)));
}
