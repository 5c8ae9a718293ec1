/* Evaluates preconditions in the order RFC 9110 13.2.2 fixes.
 *
 * A condition is one of three: absent, true or false; a date that cannot be read, or that is there
 * twice, makes its field absent (13.1.3, 13.1.4). The tags outrank the dates: a date is looked at
 * only where the field of tags that asks the same question is absent. The four functions named
 * after fields say the outcome of their field; hw_condition_check is the order and nothing else. */
#include "http/condition.h"

#include "http/etag.h"

/* The fields whose absence ends the matter. */
static const uint64_t conditional_fields =
    HW_FIELD_BIT(HW_FIELD_IF_MATCH) | HW_FIELD_BIT(HW_FIELD_IF_UNMODIFIED_SINCE) |
    HW_FIELD_BIT(HW_FIELD_IF_NONE_MATCH) | HW_FIELD_BIT(HW_FIELD_IF_MODIFIED_SINCE);

/* Those of whoever wants to change something. */
static const uint64_t guarding_fields =
    HW_FIELD_BIT(HW_FIELD_IF_MATCH) | HW_FIELD_BIT(HW_FIELD_IF_UNMODIFIED_SINCE);

typedef enum condition_truth {
    CONDITION_ABSENT,
    CONDITION_TRUE,
    CONDITION_FALSE,
} condition_truth;

static condition_truth truth_of(bool holds)
{
    return holds ? CONDITION_TRUE : CONDITION_FALSE;
}

static bool is_conditional_method(hw_method method)
{
    /* RFC 9110 13.2.1 */
    return method != HW_METHOD_CONNECT && method != HW_METHOD_OPTIONS && method != HW_METHOD_TRACE;
}

static bool lists_current_etag(hw_fields request, hw_field_id id, hw_text etag,
                               bool (*equal)(hw_etag, hw_etag))
{
    hw_etag current;
    return hw_etag_parse(etag, &current) && hw_etag_is_listed(request, id, current, equal);
}

/* RFC 9110 13.1.1: strong comparison, for the client wants to change just what it has seen. */
static condition_truth evaluate_if_match(hw_fields request, hw_text etag)
{
    if (!hw_fields_find(request, HW_FIELD_IF_MATCH))
        return CONDITION_ABSENT;
    return truth_of(hw_etag_is_any(request, HW_FIELD_IF_MATCH) ||
                    lists_current_etag(request, HW_FIELD_IF_MATCH, etag, hw_etag_equal_strong));
}

/* RFC 9110 13.1.2: weak comparison, for a cache's copy need only mean the same. */
static condition_truth evaluate_if_none_match(hw_fields request, hw_text etag)
{
    const hw_field *first = hw_fields_find(request, HW_FIELD_IF_NONE_MATCH);
    if (!first)
        return CONDITION_ABSENT;
    /* As it was given, which is what most send back: no list needs to be read for that. */
    if (etag.length > 0 && hw_text_equal(first->value, etag))
        return CONDITION_FALSE;
    return truth_of(!hw_etag_is_any(request, HW_FIELD_IF_NONE_MATCH) &&
                    !lists_current_etag(request, HW_FIELD_IF_NONE_MATCH, etag, hw_etag_equal_weak));
}

/* RFC 9110 13.1.3, 13.1.4: whether nothing was modified after the date in the field. */
static condition_truth evaluate_unmodified(hw_fields request, hw_field_id id, int64_t last_modified,
                                           int64_t now)
{
    int64_t date;
    if (last_modified == HW_NO_DATE || !hw_date_parse(hw_fields_single(request, id), now, &date))
        return CONDITION_ABSENT;
    return truth_of(last_modified <= date);
}

hw_condition_outcome hw_condition_check(hw_method method, hw_fields request, hw_text etag,
                                        int64_t last_modified, int64_t now)
{
    bool is_retrieval = method == HW_METHOD_GET || method == HW_METHOD_HEAD;
    if (hw_fields_lack(request, conditional_fields) || !is_conditional_method(method))
        return HW_CONDITION_PROCEED;

    if (!hw_fields_lack(request, guarding_fields)) {
        condition_truth matches = evaluate_if_match(request, etag);
        if (matches == CONDITION_ABSENT)
            matches =
                evaluate_unmodified(request, HW_FIELD_IF_UNMODIFIED_SINCE, last_modified, now);
        if (matches == CONDITION_FALSE)
            return HW_CONDITION_FAILED;
    }

    condition_truth is_other = evaluate_if_none_match(request, etag);
    if (is_other == CONDITION_FALSE)
        return is_retrieval ? HW_CONDITION_NOT_MODIFIED : HW_CONDITION_FAILED;
    if (is_other == CONDITION_ABSENT && is_retrieval &&
        evaluate_unmodified(request, HW_FIELD_IF_MODIFIED_SINCE, last_modified, now) ==
            CONDITION_TRUE)
        return HW_CONDITION_NOT_MODIFIED;
    return HW_CONDITION_PROCEED;
}

hw_condition_outcome hw_condition_check_absent(hw_method method, hw_fields request)
{
    if (is_conditional_method(method) && hw_fields_find(request, HW_FIELD_IF_MATCH))
        return HW_CONDITION_FAILED;
    return HW_CONDITION_PROCEED;
}

static bool has_strong_tag(hw_text value)
{
    hw_cursor list = hw_cursor_of(value);
    hw_etag tag;
    while (hw_etag_next(&list, &tag))
        if (!tag.is_weak)
            return true;
    return false;
}

bool hw_condition_names_strong(hw_fields request)
{
    static const hw_field_id ids[] = {HW_FIELD_IF_MATCH, HW_FIELD_IF_NONE_MATCH, HW_FIELD_IF_RANGE};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        for (const hw_field *field = hw_fields_find(request, ids[i]); field;
             field = hw_fields_next(request, ids[i], field))
            if (has_strong_tag(field->value))
                return true;
    return false;
}

bool hw_condition_range_applies(hw_method method, hw_fields request, hw_text etag,
                                int64_t last_modified, int64_t now)
{
    /* RFC 9110 14.2: GET alone; two Range fields have no meaning. */
    const hw_field *range = hw_fields_find(request, HW_FIELD_RANGE);
    if (method != HW_METHOD_GET || !range || hw_fields_next(request, HW_FIELD_RANGE, range))
        return false;
    if (!hw_fields_find(request, HW_FIELD_IF_RANGE))
        return true;

    hw_text validator = hw_fields_single(request, HW_FIELD_IF_RANGE);
    hw_etag asked, current;
    if (hw_etag_parse(validator, &asked))
        return hw_etag_parse(etag, &current) && hw_etag_equal_strong(asked, current);
    /* RFC 9110 8.8.2.2: within the second it names, a date cannot tell two versions apart. */
    int64_t date;
    return last_modified != HW_NO_DATE && last_modified < now &&
           hw_date_parse(validator, now, &date) && date == last_modified;
}
