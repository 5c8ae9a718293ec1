/* Tells what becomes of a request.
 *
 * Who decides something says so where it is decided: so what is told is what happens, and no second
 * telling of the rules that could differ from them. */
#include "exchange/narrator.h"

#include <stdarg.h>
#include <stdio.h>

#define TOLD_BYTES_MAX 1024

void hw_exchange_tell(const hw_exchange *exchange, const char *subject, const char *format, ...)
{
    const hw_narrator *narrator = exchange->place->narrator;
    char words[TOLD_BYTES_MAX];
    va_list args;
    if (!narrator)
        return;
    va_start(args, format);
    int length = vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (length >= 0)
        narrator->tell(narrator->arg, subject, words);
}
