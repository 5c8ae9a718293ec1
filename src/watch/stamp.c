/* Shows moments, a second at a time.
 *
 * Lines come by the thousand in the same second, so the second is written out once and shown again;
 * only the milliseconds of JSON are filled in for each. A request that took long tells of an
 * earlier moment than its neighbours: then the second is written anew, and again for the next, for
 * a second cache would be asked about as often as it helped.
 *
 * The offset of local time is asked for once a quarter of an hour: no zone changes in between, and
 * the C library takes a lock to answer. */
#include "watch/stamp.h"

/* A moment in the Gregorian calendar. */
typedef struct hw_moment {
    uint64_t year;
    unsigned month, day, hour, minute, second;
} hw_moment;

/* The year begins in March here, so that the day that leap years add is its last. */
static hw_moment moment_of(uint64_t at_s)
{
    uint64_t of_day = at_s % 86400, days = at_s / 86400 + 719468; /* since 0000-03-01 */
    uint64_t era = days / 146097, of_era = days % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153; /* from March */
    return (hw_moment){
        .year = era * 400 + year + (month >= 10),
        .month = (unsigned)(month < 10 ? month + 3 : month - 9),
        .day = (unsigned)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (unsigned)(of_day / 3600),
        .minute = (unsigned)(of_day / 60 % 60),
        .second = (unsigned)(of_day % 60),
    };
}

static void put_two(hw_buffer *out, unsigned number, char behind)
{
    hw_buffer_put_decimal_padded(out, number, 2);
    hw_buffer_put_char(out, behind);
}

static void put_clock(hw_buffer *out, const hw_moment *moment)
{
    put_two(out, moment->hour, ':');
    put_two(out, moment->minute, ':');
    hw_buffer_put_decimal_padded(out, moment->second, 2);
}

static void put_combined_moment(hw_buffer *out, const hw_moment *moment, int offset_s)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    unsigned minutes = (unsigned)(offset_s < 0 ? -offset_s : offset_s) / 60;
    put_two(out, moment->day, '/');
    hw_buffer_put_string(out, months[moment->month - 1]);
    hw_buffer_put_char(out, '/');
    hw_buffer_put_decimal_padded(out, moment->year, 4);
    hw_buffer_put_char(out, ':');
    put_clock(out, moment);
    hw_buffer_put_string(out, offset_s < 0 ? " -" : " +");
    hw_buffer_put_decimal_padded(out, minutes / 60, 2);
    hw_buffer_put_decimal_padded(out, minutes % 60, 2);
}

static void put_json_moment(hw_buffer *out, const hw_moment *moment)
{
    hw_buffer_put_decimal_padded(out, moment->year, 4);
    hw_buffer_put_char(out, '-');
    put_two(out, moment->month, '-');
    put_two(out, moment->day, 'T');
    put_clock(out, moment);
    hw_buffer_put_string(out, ".000Z");
}

static int offset_at(hw_stamp *stamp, int64_t at_s)
{
    if (stamp->style != HW_STAMP_JSON && at_s / 900 != stamp->quarter_s) {
        stamp->quarter_s = at_s / 900;
        stamp->offset_s = stamp->offset_of(at_s);
    }
    return stamp->offset_s;
}

static void show_second(hw_stamp *stamp, int64_t at_s)
{
    int offset_s = offset_at(stamp, at_s);
    hw_moment moment = moment_of((uint64_t)(at_s + offset_s < 0 ? 0 : at_s + offset_s));
    hw_buffer_clear(&stamp->shown);
    if (stamp->style == HW_STAMP_PRETTY)
        put_clock(&stamp->shown, &moment);
    else if (stamp->style == HW_STAMP_COMBINED)
        put_combined_moment(&stamp->shown, &moment, offset_s);
    else
        put_json_moment(&stamp->shown, &moment);
    stamp->from_ms = at_s * 1000;
}

void hw_stamp_init(hw_stamp *stamp, hw_stamp_style style, hw_stamp_offset_fn *offset_of)
{
    *stamp = (hw_stamp){.style = style, .offset_of = offset_of, .quarter_s = -1};
    stamp->shown = HW_BUFFER_OVER(stamp->memory);
    show_second(stamp, 0);
}

hw_text hw_stamp_show(hw_stamp *stamp, int64_t at_ms)
{
    if (at_ms < 0)
        at_ms = 0;
    if (at_ms < stamp->from_ms || at_ms - stamp->from_ms >= 1000)
        show_second(stamp, at_ms / 1000);
    if (stamp->style == HW_STAMP_JSON) {
        unsigned ms = (unsigned)(at_ms - stamp->from_ms);
        char *digits = stamp->memory + stamp->shown.length - 4;
        digits[0] = (char)('0' + ms / 100);
        digits[1] = (char)('0' + ms / 10 % 10);
        digits[2] = (char)('0' + ms % 10);
    }
    return hw_buffer_text(&stamp->shown);
}
