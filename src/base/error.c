/* Puts failures of the world into words.
 *
 * A fault is put together aside and stored last, so that its words may be made of the words it had.
 */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

int hw_fault_set(hw_fault *fault, int error, const char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int result = hw_fault_setv(fault, error, where, format, args);
    va_end(args);
    return result;
}

int hw_fault_setv(hw_fault *fault, int error, const char *where, const char *format, va_list args)
{
    hw_assert(error > 0);
    if (!fault)
        return -error;
    hw_fault told = {.error = error};
    vsnprintf(told.what, sizeof told.what, format, args);
    snprintf(told.where, sizeof told.where, "%s", where ? where : "");
    *fault = told;
    return -error;
}

const char *hw_error_words(int error)
{
    const char *words = error < 0 ? strerrordesc_np((int)-(unsigned)error) : strerrordesc_np(error);
    return words ? words : "Unknown error";
}
