/* Request methods as small numbers. They are case-sensitive (RFC 9110 9.1): "get" is a method of
 * its own that this server has no name for. The length leaves two of them at most, and each is
 * compared with a literal, which is one or two instructions. */
#include "http/method.h"

#include <string.h>

static const hw_text method_names[] = {
    [HW_METHOD_OTHER] = HW_TEXT_INIT(""),          [HW_METHOD_GET] = HW_TEXT_INIT("GET"),
    [HW_METHOD_HEAD] = HW_TEXT_INIT("HEAD"),       [HW_METHOD_POST] = HW_TEXT_INIT("POST"),
    [HW_METHOD_PUT] = HW_TEXT_INIT("PUT"),         [HW_METHOD_DELETE] = HW_TEXT_INIT("DELETE"),
    [HW_METHOD_CONNECT] = HW_TEXT_INIT("CONNECT"), [HW_METHOD_OPTIONS] = HW_TEXT_INIT("OPTIONS"),
    [HW_METHOD_TRACE] = HW_TEXT_INIT("TRACE"),     [HW_METHOD_PATCH] = HW_TEXT_INIT("PATCH"),
};

/* Of two methods of this length. */
static inline hw_method choose_method(hw_text name, const char *one, hw_method is_one,
                                      const char *other, hw_method is_other)
{
    if (!memcmp(name.at, one, name.length))
        return is_one;
    return memcmp(name.at, other, name.length) ? HW_METHOD_OTHER : is_other;
}

hw_method hw_method_of(hw_text name)
{
    switch (name.length) {
    case 3:
        return choose_method(name, "GET", HW_METHOD_GET, "PUT", HW_METHOD_PUT);
    case 4:
        return choose_method(name, "HEAD", HW_METHOD_HEAD, "POST", HW_METHOD_POST);
    case 5:
        return choose_method(name, "PATCH", HW_METHOD_PATCH, "TRACE", HW_METHOD_TRACE);
    case 6:
        return memcmp(name.at, "DELETE", 6) ? HW_METHOD_OTHER : HW_METHOD_DELETE;
    case 7:
        return choose_method(name, "OPTIONS", HW_METHOD_OPTIONS, "CONNECT", HW_METHOD_CONNECT);
    default:
        return HW_METHOD_OTHER;
    }
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
