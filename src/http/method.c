/* Request methods as small numbers. They are case-sensitive (RFC 9110 9.1): "get" is a method of
 * its own that this server has no name for. The table is indexed by the enumeration; nine
 * comparisons, most of them of the length alone, need nothing cleverer. */
#include "http/method.h"

static const hw_text method_names[] = {
    [HW_METHOD_OTHER] = HW_TEXT_INIT(""),          [HW_METHOD_GET] = HW_TEXT_INIT("GET"),
    [HW_METHOD_HEAD] = HW_TEXT_INIT("HEAD"),       [HW_METHOD_POST] = HW_TEXT_INIT("POST"),
    [HW_METHOD_PUT] = HW_TEXT_INIT("PUT"),         [HW_METHOD_DELETE] = HW_TEXT_INIT("DELETE"),
    [HW_METHOD_CONNECT] = HW_TEXT_INIT("CONNECT"), [HW_METHOD_OPTIONS] = HW_TEXT_INIT("OPTIONS"),
    [HW_METHOD_TRACE] = HW_TEXT_INIT("TRACE"),     [HW_METHOD_PATCH] = HW_TEXT_INIT("PATCH"),
};

hw_method hw_method_of(hw_text name)
{
    for (hw_method method = HW_METHOD_GET; method <= HW_METHOD_PATCH; method++)
        if (hw_text_equal(name, method_names[method]))
            return method;
    return HW_METHOD_OTHER;
}

const char *hw_method_name(hw_method method)
{
    return method_names[method].at;
}

bool hw_method_is_safe(hw_method method)
{
    /* RFC 9110 9.2.1 */
    return method == HW_METHOD_GET || method == HW_METHOD_HEAD || method == HW_METHOD_OPTIONS ||
           method == HW_METHOD_TRACE;
}

bool hw_method_is_idempotent(hw_method method)
{
    /* RFC 9110 9.2.2 */
    return hw_method_is_safe(method) || method == HW_METHOD_PUT || method == HW_METHOD_DELETE;
}
