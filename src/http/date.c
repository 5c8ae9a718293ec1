/* Reads and writes dates (RFC 9110 5.6.7) with arithmetic of its own.
 *
 * libc's strptime and gmtime know locales and time zones and ask for a struct in between; here a
 * date is a count of seconds, and the Gregorian calendar is a few lines. Years are counted from
 * March, so that the leap day is the last of its year and needs no case of its own.
 *
 * Reading is strict: the three formats to the letter and in their case, with one leniency that
 * RFC 9110 asks for by saying nothing: a weekday that is not the date's own is no error. A leap
 * second (":60") is the first second of the next minute. */
#include "http/date.h"

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/number.h"

#define DAY_SECONDS 86400
/* Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_DAYS 719468
#define ERA_DAYS 146097 /* 400 years, after which the calendar repeats */
#define YEAR_MAX 9999

typedef struct civil_date {
    int64_t year;
    int month, day; /* 1..12, 1..31 */
} civil_date;

static const hw_text short_weekdays[] = {
    HW_TEXT_INIT("Sun"), HW_TEXT_INIT("Mon"), HW_TEXT_INIT("Tue"), HW_TEXT_INIT("Wed"),
    HW_TEXT_INIT("Thu"), HW_TEXT_INIT("Fri"), HW_TEXT_INIT("Sat"),
};

static const hw_text long_weekdays[] = {
    HW_TEXT_INIT("Sunday"),    HW_TEXT_INIT("Monday"),   HW_TEXT_INIT("Tuesday"),
    HW_TEXT_INIT("Wednesday"), HW_TEXT_INIT("Thursday"), HW_TEXT_INIT("Friday"),
    HW_TEXT_INIT("Saturday"),
};

static const hw_text month_names[] = {
    HW_TEXT_INIT("Jan"), HW_TEXT_INIT("Feb"), HW_TEXT_INIT("Mar"), HW_TEXT_INIT("Apr"),
    HW_TEXT_INIT("May"), HW_TEXT_INIT("Jun"), HW_TEXT_INIT("Jul"), HW_TEXT_INIT("Aug"),
    HW_TEXT_INIT("Sep"), HW_TEXT_INIT("Oct"), HW_TEXT_INIT("Nov"), HW_TEXT_INIT("Dec"),
};

static int64_t divide_down(int64_t number, int64_t divisor)
{
    return number / divisor - (number % divisor < 0);
}

static bool is_leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/* Days of the year before a month, both counted from March (0). */
static int days_before_month(int month_from_march)
{
    return (153 * month_from_march + 2) / 5;
}

/* Days since 1970-01-01; years from -400 on. */
static int64_t days_of_civil(civil_date date)
{
    int month_from_march = (date.month + 9) % 12;
    int64_t year = date.year - (date.month <= 2) + 400;
    return year * 365 + year / 4 - year / 100 + year / 400 + days_before_month(month_from_march) +
           date.day - 1 - ERA_DAYS - EPOCH_DAYS;
}

static civil_date civil_of_days(int64_t days)
{
    int64_t since_march = days + EPOCH_DAYS;
    int64_t era = divide_down(since_march, ERA_DAYS);
    int64_t day = since_march - era * ERA_DAYS;
    /* Whole years of the era: every 4 years one leap day, but not every 100, but the last. */
    int64_t year = (day - day / 1460 + day / 36524 - day / (ERA_DAYS - 1)) / 365;
    int day_of_year = (int)(day - (year * 365 + year / 4 - year / 100));
    int month_from_march = (5 * day_of_year + 2) / 153;
    int month = (month_from_march + 2) % 12 + 1;
    return (civil_date){
        .year = era * 400 + year + (month <= 2),
        .month = month,
        .day = day_of_year - days_before_month(month_from_march) + 1,
    };
}

/* The seconds nearest to these that have a year of four digits. */
static int64_t clamp_to_years(int64_t seconds)
{
    const int64_t first = days_of_civil((civil_date){0, 1, 1}) * DAY_SECONDS;
    const int64_t last = days_of_civil((civil_date){YEAR_MAX + 1, 1, 1}) * DAY_SECONDS - 1;
    return seconds < first ? first : seconds > last ? last : seconds;
}

static bool take_date_name(hw_cursor *cursor, const hw_text *names, int count, int *ret_index)
{
    for (int i = 0; i < count; i++)
        if (hw_cursor_take_text(cursor, names[i])) {
            *ret_index = i;
            return true;
        }
    return false;
}

static bool take_weekday(hw_cursor *cursor, const hw_text *names)
{
    int weekday;
    return take_date_name(cursor, names, 7, &weekday);
}

static bool take_month(hw_cursor *cursor, int *ret_month)
{
    int index;
    if (!take_date_name(cursor, month_names, 12, &index))
        return false;
    *ret_month = index + 1;
    return true;
}

static bool take_date_digits(hw_cursor *cursor, size_t count, int *ret_number)
{
    hw_text digits;
    uint64_t number;
    if (!hw_cursor_take_bytes(cursor, count, &digits) || !hw_number_decimal(digits, &number))
        return false;
    *ret_number = (int)number;
    return true;
}

static bool take_year(hw_cursor *cursor, int64_t *ret_year)
{
    int year;
    if (!take_date_digits(cursor, 4, &year))
        return false;
    *ret_year = year;
    return true;
}

/* RFC 9110 5.6.7: time-of-day, as seconds of the day. */
static bool take_time_of_day(hw_cursor *cursor, int64_t *ret_seconds)
{
    int hour, minute, second;
    if (!take_date_digits(cursor, 2, &hour) || !hw_cursor_take(cursor, ':') ||
        !take_date_digits(cursor, 2, &minute) || !hw_cursor_take(cursor, ':') ||
        !take_date_digits(cursor, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* RFC 9110 5.6.7: the latest year with these two digits that is not over 50 years ahead. */
static int64_t full_year(int two_digits, civil_date date, int64_t time_of_day, int64_t now)
{
    civil_date today = civil_of_days(divide_down(now, DAY_SECONDS));
    civil_date candidate = date;
    candidate.year = today.year - today.year % 100 + 100 + two_digits;
    for (;;) {
        civil_date half_a_century_ago = candidate;
        half_a_century_ago.year -= 50;
        if (days_of_civil(half_a_century_ago) * DAY_SECONDS + time_of_day <= now)
            return candidate.year;
        candidate.year -= 100;
    }
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool parse_imf_fixdate(hw_cursor *cursor, civil_date *ret_date, int64_t *ret_time)
{
    return take_weekday(cursor, short_weekdays) && hw_cursor_take_text(cursor, HW_TEXT(", ")) &&
           take_date_digits(cursor, 2, &ret_date->day) && hw_cursor_take(cursor, ' ') &&
           take_month(cursor, &ret_date->month) && hw_cursor_take(cursor, ' ') &&
           take_year(cursor, &ret_date->year) && hw_cursor_take(cursor, ' ') &&
           take_time_of_day(cursor, ret_time) && hw_cursor_take_text(cursor, HW_TEXT(" GMT"));
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool parse_rfc850_date(hw_cursor *cursor, int64_t now, civil_date *ret_date,
                              int64_t *ret_time)
{
    int two_digits;
    if (!take_weekday(cursor, long_weekdays) || !hw_cursor_take_text(cursor, HW_TEXT(", ")) ||
        !take_date_digits(cursor, 2, &ret_date->day) || !hw_cursor_take(cursor, '-') ||
        !take_month(cursor, &ret_date->month) || !hw_cursor_take(cursor, '-') ||
        !take_date_digits(cursor, 2, &two_digits) || !hw_cursor_take(cursor, ' ') ||
        !take_time_of_day(cursor, ret_time) || !hw_cursor_take_text(cursor, HW_TEXT(" GMT")))
        return false;
    ret_date->year = full_year(two_digits, *ret_date, *ret_time, clamp_to_years(now));
    return true;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool parse_asctime_date(hw_cursor *cursor, civil_date *ret_date, int64_t *ret_time)
{
    return take_weekday(cursor, short_weekdays) && hw_cursor_take(cursor, ' ') &&
           take_month(cursor, &ret_date->month) && hw_cursor_take(cursor, ' ') &&
           take_date_digits(cursor, hw_cursor_take(cursor, ' ') ? 1 : 2, &ret_date->day) &&
           hw_cursor_take(cursor, ' ') && take_time_of_day(cursor, ret_time) &&
           hw_cursor_take(cursor, ' ') && take_year(cursor, &ret_date->year);
}

bool hw_date_parse(hw_text text, int64_t now, int64_t *ret_seconds)
{
    hw_cursor cursor = hw_cursor_of(text);
    civil_date date = {0, 0, 0};
    int64_t time_of_day = 0;
    bool is_date;
    /* The fourth byte tells the formats apart. */
    if (text.length > 3 && text.at[3] == ',')
        is_date = parse_imf_fixdate(&cursor, &date, &time_of_day);
    else if (text.length > 3 && text.at[3] == ' ')
        is_date = parse_asctime_date(&cursor, &date, &time_of_day);
    else
        is_date = parse_rfc850_date(&cursor, now, &date, &time_of_day);
    if (!is_date || !hw_cursor_at_end(&cursor) || date.day < 1 ||
        date.day > month_days(date.year, date.month))
        return false;
    *ret_seconds = days_of_civil(date) * DAY_SECONDS + time_of_day;
    return true;
}

static void put_time_of_day(hw_buffer *out, uint64_t time_of_day)
{
    hw_buffer_put_decimal_padded(out, time_of_day / 3600, 2);
    hw_buffer_put_char(out, ':');
    hw_buffer_put_decimal_padded(out, time_of_day / 60 % 60, 2);
    hw_buffer_put_char(out, ':');
    hw_buffer_put_decimal_padded(out, time_of_day % 60, 2);
}

void hw_date_format(int64_t seconds, char out[HW_DATE_BYTES])
{
    int64_t clamped = clamp_to_years(seconds);
    int64_t days = divide_down(clamped, DAY_SECONDS);
    uint64_t time_of_day = (uint64_t)(clamped - days * DAY_SECONDS);
    civil_date date = civil_of_days(days);
    /* 1970-01-01 was a Thursday. */
    int64_t weekday = days + 4 - divide_down(days + 4, 7) * 7;
    hw_buffer buffer = hw_buffer_over(out, HW_DATE_BYTES);
    hw_buffer_put(&buffer, short_weekdays[weekday]);
    hw_buffer_put_string(&buffer, ", ");
    hw_buffer_put_decimal_padded(&buffer, (uint64_t)date.day, 2);
    hw_buffer_put_char(&buffer, ' ');
    hw_buffer_put(&buffer, month_names[date.month - 1]);
    hw_buffer_put_char(&buffer, ' ');
    hw_buffer_put_decimal_padded(&buffer, (uint64_t)date.year, 4);
    hw_buffer_put_char(&buffer, ' ');
    put_time_of_day(&buffer, time_of_day);
    hw_buffer_put_string(&buffer, " GMT");
    hw_buffer_string(&buffer);
}

void hw_date_format_iso(int64_t seconds, char out[HW_DATE_ISO_BYTES])
{
    int64_t clamped = clamp_to_years(seconds);
    int64_t days = divide_down(clamped, DAY_SECONDS);
    civil_date date = civil_of_days(days);
    hw_buffer buffer = hw_buffer_over(out, HW_DATE_ISO_BYTES);
    hw_buffer_put_decimal_padded(&buffer, (uint64_t)date.year, 4);
    hw_buffer_put_char(&buffer, '-');
    hw_buffer_put_decimal_padded(&buffer, (uint64_t)date.month, 2);
    hw_buffer_put_char(&buffer, '-');
    hw_buffer_put_decimal_padded(&buffer, (uint64_t)date.day, 2);
    hw_buffer_put_char(&buffer, 'T');
    put_time_of_day(&buffer, (uint64_t)(clamped - days * DAY_SECONDS));
    hw_buffer_put_char(&buffer, 'Z');
    hw_buffer_string(&buffer);
}
