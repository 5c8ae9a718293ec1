#include "http/coding.h"

#include "base/buffer.h"
#include "http/quality.h"
#include "unit/http/http_harness.h"

enum {
    ALL = HW_CODING_BIT(HW_CODING_IDENTITY) | HW_CODING_BIT(HW_CODING_GZIP) |
          HW_CODING_BIT(HW_CODING_ZSTD) | HW_CODING_BIT(HW_CODING_BR),
};

static hw_coding choose(const char *accept, unsigned offered)
{
    hw_field field = {HW_TEXT(""), hw_text_of(accept), HW_FIELD_ACCEPT_ENCODING};
    hw_coding_wishes wishes = hw_coding_read(hw_fields_of(&field, 1));
    return hw_coding_choose(&wishes, offered);
}

HW_TEST(coding_has_a_name_and_a_suffix)
{
    assert_true(hw_text_equal(hw_coding_name(HW_CODING_BR), HW_TEXT("br")));
    assert_true(hw_text_equal(hw_coding_suffix(HW_CODING_ZSTD), HW_TEXT(".zst")));
    assert_int_equal(hw_coding_suffix(HW_CODING_IDENTITY).length, 0);
    assert_int_equal(hw_coding_of_name(HW_TEXT("a.js.gz")), HW_CODING_GZIP);
    assert_int_equal(hw_coding_of_name(HW_TEXT("a.zst")), HW_CODING_ZSTD);
    assert_int_equal(hw_coding_of_name(HW_TEXT("a.br")), HW_CODING_BR);
    assert_int_equal(hw_coding_of_name(HW_TEXT(".br")), HW_CODING_IDENTITY);
    assert_int_equal(hw_coding_of_name(HW_TEXT("a.gzip")), HW_CODING_IDENTITY);
    assert_int_equal(hw_coding_of_name(HW_TEXT("")), HW_CODING_IDENTITY);
}

HW_TEST(coding_is_chosen_by_quality_and_then_by_size)
{
    static const struct {
        const char *accept;
        hw_coding chosen;
    } rows[] = {
        {"gzip, deflate, br, zstd", HW_CODING_BR},
        {"gzip, deflate", HW_CODING_GZIP},
        {"x-gzip", HW_CODING_GZIP},
        {"GZIP", HW_CODING_GZIP},
        {"zstd, gzip", HW_CODING_ZSTD},
        {"br;q=0.5, gzip;q=0.8", HW_CODING_GZIP},
        {"br;q=0.5, gzip;q=0.5, zstd;q=0.5", HW_CODING_BR},
        {"*", HW_CODING_BR},
        {"*;q=0.1", HW_CODING_BR},
        {"br;q=0, *", HW_CODING_ZSTD},
        {"identity", HW_CODING_IDENTITY},
        {"identity, gzip;q=0.5", HW_CODING_IDENTITY},
        {"identity;q=0.5, gzip;q=0.5", HW_CODING_GZIP},
        {"identity;q=0.5, gzip;q=0.4", HW_CODING_IDENTITY},
        {"gzip;q=0.001", HW_CODING_GZIP},
        {"", HW_CODING_IDENTITY},
        {"deflate, compress", HW_CODING_IDENTITY},
        {"gzip;q=0", HW_CODING_IDENTITY},
        {"identity;q=0", HW_CODING_NONE},
        {"*;q=0", HW_CODING_NONE},
        {"*;q=0, gzip", HW_CODING_GZIP},
        {"identity;q=0, *", HW_CODING_BR},
        {"gzip;q=nonsense, br;q=2", HW_CODING_IDENTITY},
        {"gzip;q=nonsense, gzip;q=0.3", HW_CODING_GZIP},
        {"gzip;q=0, gzip", HW_CODING_IDENTITY},
        {"gzip;a=\"x;y,z\";q=0.5", HW_CODING_GZIP},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_int_equal(choose(rows[i].accept, ALL), rows[i].chosen);
}

HW_TEST(coding_is_one_of_those_that_are_offered)
{
    unsigned identity = HW_CODING_BIT(HW_CODING_IDENTITY), gzip = HW_CODING_BIT(HW_CODING_GZIP);
    assert_int_equal(choose("gzip, br", identity | gzip), HW_CODING_GZIP);
    assert_int_equal(choose("br", identity | gzip), HW_CODING_IDENTITY);
    assert_int_equal(choose("br", gzip), HW_CODING_NONE);
    assert_int_equal(choose("br", 0), HW_CODING_NONE);
    assert_int_equal(choose("identity;q=0, br", identity | gzip), HW_CODING_NONE);
}

HW_TEST(coding_without_the_field_is_identity)
{
    hw_coding_wishes wishes = hw_coding_read(NO_FIELDS);
    assert_int_equal(hw_coding_choose(&wishes, ALL), HW_CODING_IDENTITY);
}

/* The rule is hw_quality_of_coding: here it is asked of every field made of a few pieces. */
HW_TEST(coding_wishes_are_the_qualities)
{
    static const char *const pieces[] = {"gzip",   "x-gzip", "br",      "zstd", "identity", "*",
                                         ";q=0",   ";q=0.5", ";q=x",    ", ",   ",",        " ",
                                         "\"a,\"", ";",      "deflate", ";r=1"};
    static const char *const names[] = {"identity", "gzip", "zstd", "br"};
    uint64_t state = 1;
    for (int i = 0; i < 20000; i++) {
        char text[128];
        hw_buffer value = HW_BUFFER_OVER(text);
        hw_field fields[2];
        size_t count = 1 + (size_t)(state >> 40 & 1);
        for (size_t line = 0; line < count; line++) {
            size_t start = value.length;
            for (int n = 0; n < 7; n++) {
                state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
                hw_buffer_put_string(&value, pieces[state >> 33 & 15]);
            }
            fields[line] = (hw_field){HW_TEXT(""), hw_text_from(hw_buffer_text(&value), start),
                                      HW_FIELD_ACCEPT_ENCODING};
        }
        assert_false(value.overflow);
        hw_fields request = hw_fields_of(fields, count);
        hw_coding_wishes wishes = hw_coding_read(request);
        for (int coding = 0; coding < HW_CODING_COUNT; coding++)
            if (wishes.quality[coding] != hw_quality_of_coding(request, hw_text_of(names[coding])))
                fail_msg("%s of %.*s", names[coding], (int)value.length, value.at);
    }
}
