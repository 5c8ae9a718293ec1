#include <string.h>

#include "unit/http/http_harness.h"

HW_TEST(field_names_come_back_in_any_case)
{
    for (hw_field_id id = HW_FIELD_ACCEPT; id < HW_FIELD_COUNT; id++) {
        char folded[32];
        hw_text name = hw_text_of(hw_field_name(id));
        assert_true(name.length > 0 && name.length <= sizeof(folded));
        assert_int_equal(hw_field_id_of(name), id);
        for (size_t i = 0; i < name.length; i++)
            folded[i] = hw_char_lower(name.at[i]);
        assert_int_equal(hw_field_id_of((hw_text){folded, name.length}), id);
    }
}

HW_TEST(field_names_that_are_not_known_are_other)
{
    static const char *const names[] = {"",
                                        "X",
                                        "Hos",
                                        "Hosts",
                                        "Dote",
                                        "Content-Lengths",
                                        "If-Unmodified-Sincerely",
                                        "Accept_Encoding",
                                        "Content-Length "};
    for (size_t i = 0; i < ROWS(names); i++)
        assert_int_equal(hw_field_id_of(hw_text_of(names[i])), HW_FIELD_OTHER);
    assert_string_equal(hw_field_name(HW_FIELD_OTHER), "");
}

HW_TEST(token_is_what_the_grammar_says)
{
    static const char separators[] = "()<>@,;:\\\"/[]?={} \t\x7f\x80\xff";
    assert_true(hw_token_is_valid(HW_TEXT("!#$%&'*+-.^_`|~09azAZ")));
    assert_false(hw_token_is_valid(HW_TEXT("")));
    assert_false(hw_token_is_valid(HW_TEXT("a\0b")));
    for (size_t i = 0; i < sizeof(separators); i++)
        assert_false(hw_char_is_token(separators[i]));
    for (int control = 0; control < ' '; control++)
        assert_false(hw_char_is_token((char)control));
}

HW_TEST(field_value_may_hold_what_is_visible)
{
    assert_true(hw_field_value_is_valid(HW_TEXT("")));
    assert_true(hw_field_value_is_valid(HW_TEXT("a")));
    assert_true(hw_field_value_is_valid(HW_TEXT("a \t b")));
    assert_true(hw_field_value_is_valid(HW_TEXT("caf\xc3\xa9 \x80\xff")));
    assert_false(hw_field_value_is_valid(HW_TEXT(" a")));
    assert_false(hw_field_value_is_valid(HW_TEXT("a\t")));
    assert_false(hw_field_value_is_valid(HW_TEXT("a\rb")));
    assert_false(hw_field_value_is_valid(HW_TEXT("a\nb")));
    assert_false(hw_field_value_is_valid(HW_TEXT("a\0b")));
    assert_false(hw_field_value_is_valid(HW_TEXT("a\x7f")));
    assert_false(hw_field_value_is_valid(HW_TEXT("\x1b[2J")));
}

HW_TEST(fields_are_found_in_their_order)
{
    hw_fields fields = FIELDS(FIELD(VARY, "one"), FIELD(HOST, "h"), FIELD(VARY, "two"));
    const hw_field *first = hw_fields_find(fields, HW_FIELD_VARY);
    assert_non_null(first);
    assert_text(first->value, "one");
    const hw_field *second = hw_fields_next(fields, HW_FIELD_VARY, first);
    assert_non_null(second);
    assert_text(second->value, "two");
    assert_null(hw_fields_next(fields, HW_FIELD_VARY, second));
    assert_null(hw_fields_find(fields, HW_FIELD_RANGE));
    assert_null(hw_fields_find(NO_FIELDS, HW_FIELD_VARY));
}

HW_TEST(fields_are_found_by_name_in_any_case)
{
    hw_fields fields = FIELDS({HW_TEXT_INIT("X-One"), HW_TEXT_INIT("1"), HW_FIELD_OTHER},
                              {HW_TEXT_INIT("x-one"), HW_TEXT_INIT("2"), HW_FIELD_OTHER});
    const hw_field *field = hw_fields_find_name(fields, HW_TEXT("X-ONE"));
    assert_non_null(field);
    assert_text(field->value, "1");
    assert_null(hw_fields_find_name(fields, HW_TEXT("X-On")));
}

HW_TEST(single_field_counts_only_when_it_is_alone)
{
    assert_text(hw_fields_single(FIELDS(FIELD(RANGE, "a")), HW_FIELD_RANGE), "a");
    assert_text(hw_fields_single(FIELDS(FIELD(RANGE, "a"), FIELD(RANGE, "a")), HW_FIELD_RANGE), "");
    assert_text(hw_fields_single(NO_FIELDS, HW_FIELD_RANGE), "");
}

HW_TEST(field_trailers_hold_nothing_that_decides)
{
    assert_true(hw_field_may_trail(HW_TEXT("X-Checksum")));
    assert_true(hw_field_may_trail(HW_TEXT("Server-Timing")));
    assert_true(hw_field_may_trail(HW_TEXT("etag")));
    assert_false(hw_field_may_trail(HW_TEXT("content-length")));
    assert_false(hw_field_may_trail(HW_TEXT("Transfer-Encoding")));
    assert_false(hw_field_may_trail(HW_TEXT("Host")));
    assert_false(hw_field_may_trail(HW_TEXT("AUTHORIZATION")));
    assert_false(hw_field_may_trail(HW_TEXT("set-cookie")));
    assert_false(hw_field_may_trail(HW_TEXT("Content-Type")));
}

HW_TEST(field_framing_is_the_drivers)
{
    assert_true(hw_field_is_framing(HW_FIELD_CONTENT_LENGTH));
    assert_true(hw_field_is_framing(HW_FIELD_TRANSFER_ENCODING));
    assert_true(hw_field_is_framing(HW_FIELD_CONNECTION));
    assert_true(hw_field_is_framing(HW_FIELD_KEEP_ALIVE));
    assert_true(hw_field_is_framing(HW_FIELD_DATE));
    assert_false(hw_field_is_framing(HW_FIELD_CONTENT_TYPE));
    assert_false(hw_field_is_framing(HW_FIELD_OTHER));
}

/* One letter changed makes another name of it, unless it is the same letter in another case. */
HW_TEST(field_names_are_compared_exactly)
{
    for (hw_field_id id = HW_FIELD_ACCEPT; id < HW_FIELD_COUNT; id++) {
        hw_text name = hw_text_of(hw_field_name(id));
        for (size_t i = 0; i < name.length; i++)
            for (int byte = 0; byte < 256; byte++) {
                char changed[32];
                memcpy(changed, name.at, name.length);
                changed[i] = (char)byte;
                bool is_same = hw_char_lower((char)byte) == hw_char_lower(name.at[i]);
                hw_field_id found = hw_field_id_of((hw_text){changed, name.length});
                assert_true(is_same ? found == id : found != id);
            }
    }
}

/* What is folded by leaving out the bit of the case must have nothing else. */
HW_TEST(field_names_that_are_known_are_letters_and_hyphens)
{
    for (hw_field_id id = HW_FIELD_ACCEPT; id < HW_FIELD_COUNT; id++) {
        hw_text name = hw_text_of(hw_field_name(id));
        assert_true(name.length >= 2 && name.length <= 24);
        for (size_t i = 0; i < name.length; i++)
            assert_true(hw_char_is_alpha(name.at[i]) || name.at[i] == '-');
    }
}

HW_TEST(fields_that_are_absent_are_not_looked_for)
{
    hw_fields fields = FIELDS(FIELD(VARY, "one"), FIELD(HOST, "h"));
    assert_false(hw_fields_lack(fields, HW_FIELD_BIT(HW_FIELD_RANGE)));
    fields.absent = ~(HW_FIELD_BIT(HW_FIELD_VARY) | HW_FIELD_BIT(HW_FIELD_HOST));
    assert_true(hw_fields_lack(fields, HW_FIELD_BIT(HW_FIELD_RANGE)));
    assert_true(hw_fields_lack(fields, HW_FIELD_BIT(HW_FIELD_RANGE) | HW_FIELD_BIT(HW_FIELD_TE)));
    assert_false(
        hw_fields_lack(fields, HW_FIELD_BIT(HW_FIELD_RANGE) | HW_FIELD_BIT(HW_FIELD_HOST)));
    assert_null(hw_fields_find(fields, HW_FIELD_RANGE));
    assert_null(hw_fields_next(fields, HW_FIELD_RANGE, NULL));
    assert_text(hw_fields_find(fields, HW_FIELD_HOST)->value, "h");
    assert_text(hw_fields_single(fields, HW_FIELD_VARY), "one");
}

/* A name as it stands in a block, behind it a colon and a value. */
static hw_field_id find_in_block(const char *name, size_t length)
{
    char bytes[2 * HW_BLOCK_BYTES];
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, name, length);
    bytes[length] = ':';
    size_t id;
    return hw_field_find_in_block(bytes, length, hw_block_load(bytes), &id) ? (hw_field_id)id
                                                                            : HW_FIELD_OTHER;
}

HW_TEST(field_names_are_found_in_a_block)
{
    for (hw_field_id id = HW_FIELD_ACCEPT; id < HW_FIELD_COUNT; id++) {
        hw_text name = hw_text_of(hw_field_name(id));
        if (name.length >= HW_BLOCK_BYTES)
            continue;
        char changed[HW_BLOCK_BYTES];
        for (size_t i = 0; i < name.length; i++)
            changed[i] = hw_char_lower(name.at[i]);
        assert_int_equal(find_in_block(name.at, name.length), id);
        assert_int_equal(find_in_block(changed, name.length), id);
        for (size_t i = 0; i < name.length; i++) {
            char kept = changed[i];
            for (int byte = 0; byte < 256; byte++) {
                changed[i] = (char)byte;
                bool is_same = hw_char_lower(changed[i]) == kept;
                assert_int_equal(find_in_block(changed, name.length),
                                 is_same ? id : HW_FIELD_OTHER);
            }
            changed[i] = kept;
        }
        for (size_t length = 1; length < name.length; length++)
            assert_int_equal(find_in_block(changed, length),
                             hw_field_id_of((hw_text){changed, length}));
    }
}
