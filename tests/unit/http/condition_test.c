#include "unit/http/http_harness.h"

#include "http/condition.h"

#define NOW INT64_C(1700000000)
#define MODIFIED INT64_C(784111777)
#define THEN "Sun, 06 Nov 1994 08:49:37 GMT" /* MODIFIED */
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static hw_condition_outcome check_strong(hw_method method, hw_fields request)
{
    return hw_condition_check(method, request, HW_TEXT("\"v\""), MODIFIED, NOW);
}

typedef struct condition_row {
    hw_field first, second;
    hw_condition_outcome on_get, on_put;
} condition_row;

#define PROCEED HW_CONDITION_PROCEED
#define FRESH HW_CONDITION_NOT_MODIFIED
#define FAILED HW_CONDITION_FAILED

/* Each row is a request's conditions, and what they come to for GET (and HEAD) and for PUT. */
static const condition_row single_conditions[] = {
    {FIELD(OTHER, ""), FIELD(OTHER, ""), PROCEED, PROCEED},

    {FIELD(IF_MATCH, "\"v\""), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_MATCH, "\"a\", \"v\""), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_MATCH, "*"), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_MATCH, "\"a\""), FIELD(OTHER, ""), FAILED, FAILED},
    {FIELD(IF_MATCH, "W/\"v\""), FIELD(OTHER, ""), FAILED, FAILED},
    {FIELD(IF_MATCH, "v"), FIELD(OTHER, ""), FAILED, FAILED},
    {FIELD(IF_MATCH, ""), FIELD(OTHER, ""), FAILED, FAILED},
    {FIELD(IF_MATCH, "\"a\""), FIELD(IF_MATCH, "\"v\""), PROCEED, PROCEED},

    {FIELD(IF_UNMODIFIED_SINCE, THEN), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_UNMODIFIED_SINCE, AFTER), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_UNMODIFIED_SINCE, BEFORE), FIELD(OTHER, ""), FAILED, FAILED},
    {FIELD(IF_UNMODIFIED_SINCE, "yesterday"), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_UNMODIFIED_SINCE, BEFORE), FIELD(IF_UNMODIFIED_SINCE, BEFORE), PROCEED, PROCEED},

    {FIELD(IF_NONE_MATCH, "\"v\""), FIELD(OTHER, ""), FRESH, FAILED},
    {FIELD(IF_NONE_MATCH, "W/\"v\""), FIELD(OTHER, ""), FRESH, FAILED},
    {FIELD(IF_NONE_MATCH, "\"a,b\", \"v\""), FIELD(OTHER, ""), FRESH, FAILED},
    {FIELD(IF_NONE_MATCH, "*"), FIELD(OTHER, ""), FRESH, FAILED},
    {FIELD(IF_NONE_MATCH, "\"a\""), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_NONE_MATCH, "v"), FIELD(OTHER, ""), PROCEED, PROCEED},

    {FIELD(IF_MODIFIED_SINCE, THEN), FIELD(OTHER, ""), FRESH, PROCEED},
    {FIELD(IF_MODIFIED_SINCE, "Sunday, 06-Nov-94 08:49:37 GMT"), FIELD(OTHER, ""), FRESH, PROCEED},
    {FIELD(IF_MODIFIED_SINCE, "Sun Nov  6 08:49:37 1994"), FIELD(OTHER, ""), FRESH, PROCEED},
    {FIELD(IF_MODIFIED_SINCE, AFTER), FIELD(OTHER, ""), FRESH, PROCEED},
    {FIELD(IF_MODIFIED_SINCE, BEFORE), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_MODIFIED_SINCE, ""), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_MODIFIED_SINCE, "yesterday"), FIELD(OTHER, ""), PROCEED, PROCEED},
    {FIELD(IF_MODIFIED_SINCE, THEN), FIELD(IF_MODIFIED_SINCE, THEN), PROCEED, PROCEED},
};

/* RFC 9110 13.2.2 */
static const condition_row pairs_of_conditions[] = {
    /* Step 1 before step 3 */
    {FIELD(IF_MATCH, "\"a\""), FIELD(IF_NONE_MATCH, "\"v\""), FAILED, FAILED},
    {FIELD(IF_MATCH, "\"v\""), FIELD(IF_NONE_MATCH, "\"v\""), FRESH, FAILED},
    {FIELD(IF_MATCH, "\"v\""), FIELD(IF_MODIFIED_SINCE, THEN), FRESH, PROCEED},
    {FIELD(IF_MATCH, "\"a\""), FIELD(IF_MODIFIED_SINCE, THEN), FAILED, FAILED},
    /* Step 2 only without If-Match */
    {FIELD(IF_MATCH, "\"v\""), FIELD(IF_UNMODIFIED_SINCE, BEFORE), PROCEED, PROCEED},
    {FIELD(IF_MATCH, "\"a\""), FIELD(IF_UNMODIFIED_SINCE, AFTER), FAILED, FAILED},
    {FIELD(IF_UNMODIFIED_SINCE, BEFORE), FIELD(IF_NONE_MATCH, "\"v\""), FAILED, FAILED},
    {FIELD(IF_UNMODIFIED_SINCE, THEN), FIELD(IF_NONE_MATCH, "\"v\""), FRESH, FAILED},
    {FIELD(IF_UNMODIFIED_SINCE, THEN), FIELD(IF_MODIFIED_SINCE, THEN), FRESH, PROCEED},
    {FIELD(IF_UNMODIFIED_SINCE, BEFORE), FIELD(IF_MODIFIED_SINCE, THEN), FAILED, FAILED},
    /* Step 4 only without If-None-Match */
    {FIELD(IF_NONE_MATCH, "\"a\""), FIELD(IF_MODIFIED_SINCE, THEN), PROCEED, PROCEED},
    {FIELD(IF_NONE_MATCH, "\"v\""), FIELD(IF_MODIFIED_SINCE, BEFORE), FRESH, FAILED},
    {FIELD(IF_NONE_MATCH, "v"), FIELD(IF_MODIFIED_SINCE, THEN), PROCEED, PROCEED},
};

static void check_condition_rows(const condition_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hw_fields ordered = FIELDS(rows[i].first, rows[i].second);
        hw_fields reversed = FIELDS(rows[i].second, rows[i].first);
        assert_int_equal(check_strong(HW_METHOD_GET, ordered), rows[i].on_get);
        assert_int_equal(check_strong(HW_METHOD_HEAD, ordered), rows[i].on_get);
        assert_int_equal(check_strong(HW_METHOD_PUT, ordered), rows[i].on_put);
        assert_int_equal(check_strong(HW_METHOD_OTHER, ordered), rows[i].on_put);
        assert_int_equal(check_strong(HW_METHOD_GET, reversed), rows[i].on_get);
        assert_int_equal(check_strong(HW_METHOD_PUT, reversed), rows[i].on_put);
        assert_int_equal(check_strong(HW_METHOD_OPTIONS, ordered), PROCEED);
        assert_int_equal(check_strong(HW_METHOD_TRACE, ordered), PROCEED);
        assert_int_equal(check_strong(HW_METHOD_CONNECT, ordered), PROCEED);
    }
}

HW_TEST(condition_alone_means_what_its_section_says)
{
    check_condition_rows(single_conditions, ROWS(single_conditions));
}

HW_TEST(conditions_have_their_precedence)
{
    check_condition_rows(pairs_of_conditions, ROWS(pairs_of_conditions));
}

/* The short way past all conditions: taken only where they would let the request pass anyway. */
static void check_short_way(const condition_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hw_fields fields = FIELDS(rows[i].first, rows[i].second);
        assert_false(hw_condition_is_absent(fields)); /* nothing is known of them */
        fields.absent = ~(HW_FIELD_BIT(rows[i].first.id) | HW_FIELD_BIT(rows[i].second.id));
        bool is_absent = hw_condition_is_absent(fields);
        assert_true(!is_absent || (rows[i].on_get == PROCEED && rows[i].on_put == PROCEED));
        assert_int_equal(is_absent, rows[i].first.id == HW_FIELD_OTHER);
    }
}

HW_TEST(condition_is_absent_only_where_there_is_none)
{
    check_short_way(single_conditions, ROWS(single_conditions));
    check_short_way(pairs_of_conditions, ROWS(pairs_of_conditions));
    hw_fields fields = FIELDS(FIELD(RANGE, "bytes=0-1"), FIELD(IF_RANGE, "\"v\""));
    fields.absent = ~(HW_FIELD_BIT(HW_FIELD_RANGE) | HW_FIELD_BIT(HW_FIELD_IF_RANGE));
    assert_false(hw_condition_is_absent(fields));
    fields.absent |= HW_FIELD_BIT(HW_FIELD_RANGE); /* without it, If-Range asks nothing */
    assert_true(hw_condition_is_absent(fields));
}

HW_TEST(condition_against_a_weak_tag)
{
    hw_text weak = HW_TEXT("W/\"v\"");
    assert_int_equal(hw_condition_check(HW_METHOD_GET, FIELDS(FIELD(IF_NONE_MATCH, "W/\"v\"")),
                                        weak, MODIFIED, NOW),
                     FRESH);
    assert_int_equal(hw_condition_check(HW_METHOD_GET, FIELDS(FIELD(IF_NONE_MATCH, "\"v\"")), weak,
                                        MODIFIED, NOW),
                     FRESH);
    assert_int_equal(
        hw_condition_check(HW_METHOD_PUT, FIELDS(FIELD(IF_MATCH, "W/\"v\"")), weak, MODIFIED, NOW),
        FAILED);
}

HW_TEST(condition_without_validators_can_only_be_any)
{
    hw_text none = HW_TEXT("");
    static const struct {
        hw_field field;
        hw_condition_outcome on_get;
    } rows[] = {
        {FIELD(IF_MATCH, "*"), PROCEED},
        {FIELD(IF_MATCH, "\"v\""), FAILED},
        {FIELD(IF_NONE_MATCH, "*"), FRESH},
        {FIELD(IF_NONE_MATCH, "\"v\""), PROCEED},
        {FIELD(IF_NONE_MATCH, ""), PROCEED},
        {FIELD(IF_MODIFIED_SINCE, AFTER), PROCEED},
        {FIELD(IF_UNMODIFIED_SINCE, BEFORE), PROCEED},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_int_equal(
            hw_condition_check(HW_METHOD_GET, FIELDS(rows[i].field), none, HW_NO_DATE, NOW),
            rows[i].on_get);
}

HW_TEST(condition_on_what_is_not_there)
{
    assert_int_equal(hw_condition_check_absent(HW_METHOD_PUT, FIELDS(FIELD(IF_MATCH, "*"))),
                     FAILED);
    assert_int_equal(hw_condition_check_absent(HW_METHOD_PUT, FIELDS(FIELD(IF_MATCH, "\"v\""))),
                     FAILED);
    assert_int_equal(hw_condition_check_absent(HW_METHOD_PUT, FIELDS(FIELD(IF_NONE_MATCH, "*"))),
                     PROCEED);
    assert_int_equal(
        hw_condition_check_absent(HW_METHOD_PUT, FIELDS(FIELD(IF_UNMODIFIED_SINCE, BEFORE))),
        PROCEED);
    assert_int_equal(hw_condition_check_absent(HW_METHOD_OPTIONS, FIELDS(FIELD(IF_MATCH, "*"))),
                     PROCEED);
}

HW_TEST(range_applies_when_if_range_holds)
{
    static const struct {
        hw_field if_range;
        bool applies;
    } rows[] = {
        {FIELD(OTHER, ""), true},
        {FIELD(IF_RANGE, "\"v\""), true},
        {FIELD(IF_RANGE, "\"a\""), false},
        {FIELD(IF_RANGE, "W/\"v\""), false},
        {FIELD(IF_RANGE, "\"v\", \"a\""), false},
        {FIELD(IF_RANGE, "*"), false},
        {FIELD(IF_RANGE, "v"), false},
        {FIELD(IF_RANGE, ""), false},
        {FIELD(IF_RANGE, THEN), true},
        {FIELD(IF_RANGE, "Sun Nov  6 08:49:37 1994"), true},
        {FIELD(IF_RANGE, BEFORE), false},
        {FIELD(IF_RANGE, AFTER), false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_fields request = FIELDS(FIELD(RANGE, "bytes=0-3"), rows[i].if_range);
        assert_int_equal(
            hw_condition_range_applies(HW_METHOD_GET, request, HW_TEXT("\"v\""), MODIFIED, NOW),
            rows[i].applies);
        assert_false(
            hw_condition_range_applies(HW_METHOD_HEAD, request, HW_TEXT("\"v\""), MODIFIED, NOW));
        assert_false(
            hw_condition_range_applies(HW_METHOD_POST, request, HW_TEXT("\"v\""), MODIFIED, NOW));
    }
}

HW_TEST(range_applies_to_strong_validators_only)
{
    hw_fields by_tag = FIELDS(FIELD(RANGE, "bytes=0-3"), FIELD(IF_RANGE, "W/\"v\""));
    hw_fields by_date = FIELDS(FIELD(RANGE, "bytes=0-3"), FIELD(IF_RANGE, THEN));
    hw_text weak = HW_TEXT("W/\"v\"");
    assert_false(hw_condition_range_applies(HW_METHOD_GET, by_tag, weak, MODIFIED, NOW));
    assert_true(hw_condition_range_applies(HW_METHOD_GET, by_date, weak, MODIFIED, NOW));
    assert_true(hw_condition_range_applies(HW_METHOD_GET, by_date, weak, MODIFIED, MODIFIED + 1));
    assert_false(hw_condition_range_applies(HW_METHOD_GET, by_date, weak, MODIFIED, MODIFIED));
    assert_false(hw_condition_range_applies(HW_METHOD_GET, by_date, weak, HW_NO_DATE, NOW));
}

HW_TEST(range_of_what_has_no_tag_needs_a_date)
{
    hw_fields by_tag = FIELDS(FIELD(RANGE, "bytes=0-3"), FIELD(IF_RANGE, "\"v\""));
    assert_false(hw_condition_range_applies(HW_METHOD_GET, by_tag, HW_TEXT(""), MODIFIED, NOW));
}

HW_TEST(range_field_must_be_alone)
{
    hw_text tag = HW_TEXT("\"v\"");
    hw_fields twice = FIELDS(FIELD(RANGE, "bytes=0-3"), FIELD(RANGE, "bytes=8-11"));
    hw_fields twice_if =
        FIELDS(FIELD(RANGE, "bytes=0-3"), FIELD(IF_RANGE, "\"v\""), FIELD(IF_RANGE, "\"v\""));
    assert_false(hw_condition_range_applies(HW_METHOD_GET, NO_FIELDS, tag, MODIFIED, NOW));
    assert_false(hw_condition_range_applies(HW_METHOD_GET, twice, tag, MODIFIED, NOW));
    assert_false(hw_condition_range_applies(HW_METHOD_GET, twice_if, tag, MODIFIED, NOW));
}

/* It makes no difference whether it is known which fields there are not. */
HW_TEST(condition_is_the_same_when_absent_fields_are_known)
{
    static const hw_field_id ids[] = {HW_FIELD_IF_MATCH, HW_FIELD_IF_NONE_MATCH, HW_FIELD_RANGE,
                                      HW_FIELD_IF_RANGE};
    for (unsigned set = 0; set < 1u << ROWS(ids); set++) {
        hw_field array[ROWS(ids)];
        hw_fields fields = hw_fields_of(array, 0), known;
        uint64_t seen = 0;
        for (size_t i = 0; i < ROWS(ids); i++)
            if (set >> i & 1) {
                array[fields.count++] = (hw_field){.value = HW_TEXT("\"a\""), .id = ids[i]};
                seen |= HW_FIELD_BIT(ids[i]);
            }
        known = fields;
        known.absent = ~seen;
        for (hw_method method = HW_METHOD_OTHER; method <= HW_METHOD_PATCH; method++) {
            hw_text etag = method % 2 ? HW_TEXT("\"a\"") : HW_TEXT("\"b\"");
            assert_int_equal(hw_condition_check(method, known, etag, 1, 2),
                             hw_condition_check(method, fields, etag, 1, 2));
            assert_int_equal(hw_condition_check_absent(method, known),
                             hw_condition_check_absent(method, fields));
            assert_int_equal(hw_condition_range_applies(method, known, etag, 1, 2),
                             hw_condition_range_applies(method, fields, etag, 1, 2));
        }
    }
}
