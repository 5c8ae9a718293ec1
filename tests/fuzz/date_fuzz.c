/* Any bytes as a date: what is read must come back after writing, and be what libc makes of it. */
#include "reading_fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "http/date.h"

/* The first second of the year 1000, from which on libc writes years with four digits. */
#define YEAR_1000 INT64_C(-30610224000)

#ifdef HW_FUZZ_PLANTED
/* Late on a leap day. */
static void check_planted(const char *date)
{
    if (memcmp(date + 5, "29 Feb", 6) == 0 && memcmp(date + 17, "23", 2) == 0 && date[24] == '7')
        abort();
}
#else
static void check_planted(const char *date)
{
    (void)date;
}
#endif

static void check_against_libc(int64_t seconds, const char *date)
{
    time_t time = seconds;
    struct tm fields;
    char expected[64];
    hw_assert(gmtime_r(&time, &fields));
    hw_assert(strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &fields) ==
              HW_DATE_BYTES - 1);
    hw_assert(memcmp(expected, date, HW_DATE_BYTES) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    static const int64_t nows[] = {0, 784111777, 1700000000, INT64_C(4102444800)};
    hw_text text = {(const char *)input, bytes};
    if (bytes <= 64) /* the longest has 33 */
        (void)fuzz_reading("date", input, bytes);
    for (size_t i = 0; i < sizeof(nows) / sizeof(nows[0]); i++) {
        char date[HW_DATE_BYTES];
        int64_t seconds = HW_NO_DATE, again = HW_NO_DATE;
        if (!hw_date_parse(text, nows[i], &seconds)) {
            hw_assert(seconds == HW_NO_DATE);
            return 0;
        }
        hw_date_format(seconds, date);
        hw_assert(date[HW_DATE_BYTES - 1] == '\0');
        /* A leap second at the end of the year 9999 has nowhere to go. */
        if (seconds > INT64_C(253402300799))
            return 0;
        hw_assert(hw_date_parse(hw_text_of(date), nows[i], &again) && again == seconds);
        if (seconds >= YEAR_1000)
            check_against_libc(seconds, date);
        check_planted(date);
    }
    return 0;
}
