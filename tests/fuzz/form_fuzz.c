/* Any bytes as a form that a handler asks for: what hewn_each walks is what the reader of queries
 * gives, by all names and by each; hewn_form gives the first of a name; and a problem is told where
 * the form ends early, and only there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/call.h"
#include "base/assert.h"
#include "http/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { INPUT_MAX = 4000 };

#ifdef HW_FUZZ_PLANTED
/* The third field has a name with a blank, as has the first. */
static void check_planted(hewn_request *rq)
{
    hewn_iter it = {0};
    size_t blanks = 0;
    for (size_t i = 0; i < 3 && hewn_each(rq, HEWN_FORM, NULL, &it); i++)
        blanks += i != 1 && strchr(it.name, ' ') != NULL;
    if (blanks == 2)
        abort();
}
#else
static void check_planted(hewn_request *rq)
{
    (void)rq;
}
#endif

/* Each of this name is there, in its order, and nothing else. */
static void check_name(hewn_request *rq, const char *name)
{
    hewn_iter all = {0}, some = {0};
    const char *first = hewn_form(rq, name);
    while (hewn_each(rq, HEWN_FORM, NULL, &all)) {
        if (strcmp(all.name, name) != 0)
            continue;
        hw_assert(hewn_each(rq, HEWN_FORM, name, &some));
        hw_assert(some.value == all.value && some.length == all.length);
        if (first)
            hw_assert(first == some.value);
        first = NULL;
    }
    hw_assert(!first && !hewn_each(rq, HEWN_FORM, name, &some));
}

static void check_form(hewn_request *rq)
{
    hw_query query;
    hw_text name, value;
    hewn_iter it = {0};
    int result;
    hw_query_init(&query, rq->request.content, &rq->arena);
    while ((result = hw_query_next(&query, &name, &value)) > 0) {
        hw_assert(hewn_each(rq, HEWN_FORM, NULL, &it));
        hw_assert(hw_text_equal(name, hw_text_of(it.name)));
        hw_assert(hw_text_equal(value, (hw_text){it.value, it.length}));
        if (it.at <= 8)
            check_name(rq, it.name);
    }
    hw_assert(!hewn_each(rq, HEWN_FORM, NULL, &it));
    check_name(rq, "");
    const hewn_response *problem = hewn_body_problem(rq);
    hw_assert((problem != NULL) == (result < 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static const hw_field type = {HW_TEXT_INIT("Content-Type"),
                                  HW_TEXT_INIT("application/x-www-form-urlencoded"),
                                  HW_FIELD_CONTENT_TYPE};
    static const hw_place nowhere;
    if (bytes > INPUT_MAX)
        return 0;
    hw_exchange exchange;
    hw_exchange_init(&exchange, 4096, 4 * 1024 * 1024);
    exchange.request = (hw_request){.raw_target = HW_TEXT("/"), .fields = hw_fields_of(&type, 1)};
    (void)hw_exchange_begin(&exchange, true, NULL, &nowhere, 0, 0);
    exchange.request.content = (hw_text){(const char *)input, bytes};
    check_form(&exchange);
    check_planted(&exchange);
    hw_exchange_fini(&exchange);
    return 0;
}
