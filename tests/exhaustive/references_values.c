/* References for values that are numbers: ranges, dates, numbers themselves. */
#include "grammar.h"

typedef unsigned __int128 wide;

/* A run of digits, however long. */
static wide digits_of(span text)
{
    wide number = 0;
    for (size_t i = 0; i < text.length; i++) {
        number = number * 10 + (unsigned)(text.at[i] - '0');
        if (number >> 100)
            number = (wide)1 << 100;
    }
    return number;
}

void refer_number(reading *out, span input)
{
    static const char digits[] = "0123456789abcdef";
    wide number = digits_of(input);
    if (input.length > 0 && is_made_of(input, GRAMMAR_DIGITS) && number <= UINT64_MAX)
        say_number(out, (uint64_t)number);
    say(out, "hex ");
    if (input.length == 0 || !is_made_of(input, GRAMMAR_HEXDIGITS))
        return;
    number = 0;
    for (size_t i = 0; i < input.length && !(number >> 100); i++)
        number = number * 16 + (unsigned)(strchr(digits, lower_letter(input.at[i])) - digits);
    if (number <= UINT64_MAX)
        say_number(out, (uint64_t)number);
}

enum { RANGES_MOST = 8, SPECS_MAX = 600 };

/* Ends are exclusive. */
typedef struct asked_range {
    wide first, end;
} asked_range;

/* Joins two ranges that overlap or touch, in the place of the earlier, until none are left (RFC
 * 9110 15.3.7.2). */
static size_t join_all(asked_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            asked_range *a = &ranges[i], *b = &ranges[j];
            if (a->first > b->end || b->first > a->end)
                continue;
            a->first = a->first < b->first ? a->first : b->first;
            a->end = a->end > b->end ? a->end : b->end;
            for (size_t k = j + 1; k < count; k++)
                ranges[k - 1] = ranges[k];
            return join_all(ranges, count - 1);
        }
    return count;
}

/* RFC 9110 14.1.1: int-range / suffix-range. False: neither; an empty range: it lies outside. */
static bool range_of_spec(span spec, wide length, asked_range *ret_range, bool *is_suffix)
{
    size_t dash = place_of(spec, '-');
    if (dash == spec.length)
        return false;
    span first = part_of(spec, 0, dash), last = part_of(spec, dash + 1, spec.length);
    if (!is_made_of(first, GRAMMAR_DIGITS) || !is_made_of(last, GRAMMAR_DIGITS) ||
        first.length + last.length == 0)
        return false;
    wide from = digits_of(first), to = last.length ? digits_of(last) + 1 : (wide)1 << 101;
    *is_suffix = first.length == 0 && to > 1;
    if (first.length == 0) /* the last so many bytes */
        *ret_range = (asked_range){to - 1 < length ? length - (to - 1) : 0, length};
    else if (to <= from) /* UINT64_MAX and beyond is all one, far outside */
        return from > UINT64_MAX && to > UINT64_MAX ? (*ret_range = (asked_range){0, 0}, true)
                                                    : false;
    else
        *ret_range = (asked_range){from < length ? from : 0, from >= length ? 0
                                                             : to < length  ? to
                                                                            : length};
    return true;
}

/* RFC 9110 14.1.2, 14.2: what a Range field asks of so many bytes. */
static void say_ranges(reading *out, span set, wide length)
{
    asked_range ranges[RANGES_MOST + 1];
    size_t count = 0, specs = 0;
    bool is_too_much = false, is_any_suffix = false;
    span spec;
    for (size_t at = 0; next_full_part(set, ',', &at, &spec); specs++) {
        asked_range range;
        bool is_suffix = false;
        if (!range_of_spec(spec, length, &range, &is_suffix)) {
            say(out, "ignored ");
            return;
        }
        is_any_suffix |= is_suffix;
        if (range.first < range.end && !is_too_much) {
            ranges[count++] = range;
            count = join_all(ranges, count);
            is_too_much |= count > RANGES_MOST;
        }
    }
    if (specs == 0 || is_too_much || (length == 0 && is_any_suffix)) {
        say(out, "ignored ");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        say_number(out, (uint64_t)ranges[i].first);
        say_number(out, (uint64_t)(ranges[i].end - ranges[i].first));
    }
    say(out, count ? "satisfiable " : "unsatisfiable ");
}

void refer_range(reading *out, span input)
{
    static const uint64_t lengths[] = {0, 1, 7, 30, UINT64_MAX};
    size_t equals = place_of(input, '=');
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        /* RFC 9110 14.1: bytes-unit, in any case; 17.15 leaves it to us what is too much */
        if (equals == input.length || input.length > 1024 ||
            !is_word_in_any_case(part_of(input, 0, equals), "bytes"))
            say(out, "ignored ");
        else
            say_ranges(out, part_of(input, equals + 1, input.length), lengths[i]);
    }
}

/* The formats of RFC 9110 5.6.7: n is a digit, m the month's name, w and W the day's, short and
 * long; ' ' before a day is a digit or a blank. */
static const char *const date_formats[] = {"w, DD m YYYY hh:ii:ss GMT", "W, DD-m-yy hh:ii:ss GMT",
                                           "w m dd hh:ii:ss YYYY"};
static const char *const reference_months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const reference_days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                             "Thursday", "Friday", "Saturday"};

typedef struct date_parts {
    int year, month, day, hour, minute, second; /* month from 1 */
    bool has_century;
} date_parts;

/* How many bytes of the text the name takes that stands there; 0: none does. */
static size_t name_length(span text, const char *const *names, int count, size_t cut,
                          int *ret_index)
{
    for (int i = 0; i < count; i++) {
        size_t length = cut && cut < strlen(names[i]) ? cut : strlen(names[i]);
        if (text.length >= length && !memcmp(text.at, names[i], length)) {
            *ret_index = i;
            return length;
        }
    }
    return 0;
}

static int *number_of_format(char letter, date_parts *parts)
{
    switch (letter) {
    case 'Y':
    case 'y':
        return &parts->year;
    case 'D':
    case 'd':
        return &parts->day;
    case 'h':
        return &parts->hour;
    case 'i':
        return &parts->minute;
    case 's':
        return &parts->second;
    default:
        return NULL;
    }
}

static bool match_date(span text, const char *format, date_parts *parts)
{
    int index;
    *parts = (date_parts){0};
    for (const char *letter = format; *letter; letter++) {
        size_t step = 1;
        int *number = number_of_format(*letter, parts);
        if (*letter == 'w')
            step = name_length(text, reference_days, 7, 3, &index);
        else if (*letter == 'W')
            step = name_length(text, reference_days, 7, 0, &index);
        else if (*letter == 'm' && (step = name_length(text, reference_months, 12, 0, &index)))
            parts->month = index + 1;
        else if (text.length == 0 || step == 0)
            return false;
        else if (number && is_one_of(text.at[0], GRAMMAR_DIGITS))
            *number = *number * 10 + (text.at[0] - '0');
        else if (*letter == 'd' && letter[1] == 'd' && text.at[0] == ' ')
            *number = 0;
        else if (text.at[0] != *letter || number)
            return false;
        if (step == 0 || step > text.length)
            return false;
        text = part_of(text, step, text.length);
        parts->has_century |= *letter == 'Y';
    }
    return text.length == 0;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Seconds since 1970, counted year by year and month by month. A day that the month lacks is in the
 * next one. */
static int64_t seconds_of(const date_parts *parts)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = parts->day - 1;
    for (int year = 1970; year < parts->year; year++)
        day += 365 + is_leap(year);
    for (int year = 1969; year >= parts->year; year--)
        day -= 365 + is_leap(year);
    for (int month = 1; month < parts->month; month++)
        day += days[month - 1] + (month == 2 && is_leap(parts->year));
    return ((day * 24 + parts->hour) * 60 + parts->minute) * 60 + parts->second;
}

static bool is_day_of_month(const date_parts *parts)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return parts->day >= 1 && parts->day <= days[parts->month - 1] &&
           (parts->month != 2 || parts->day < 29 || is_leap(parts->year));
}

/* RFC 9110 5.6.7: what seems more than 50 years ahead is the latest such year in the past. */
static void choose_century(date_parts *parts, int64_t now)
{
    int two_digits = parts->year;
    for (int year = two_digits; year < 10000; year += 100) {
        date_parts fifty_years_earlier = *parts;
        fifty_years_earlier.year = year - 50;
        if (seconds_of(&fifty_years_earlier) <= now)
            parts->year = year;
    }
}

bool read_http_date(span text, int64_t now, int64_t *ret_seconds)
{
    date_parts parts;
    bool is_date = false;
    for (size_t i = 0; i < sizeof date_formats / sizeof date_formats[0] && !is_date; i++)
        is_date = match_date(text, date_formats[i], &parts);
    if (!is_date)
        return false;
    if (!parts.has_century)
        choose_century(&parts, now);
    if (parts.hour > 23 || parts.minute > 59 || parts.second > 60 || !is_day_of_month(&parts))
        return false;
    *ret_seconds = seconds_of(&parts);
    return true;
}

void refer_date(reading *out, span input)
{
    static const int64_t nows[] = {0, 784111777, INT64_C(4102444800)};
    for (size_t i = 0; i < sizeof nows / sizeof nows[0]; i++) {
        int64_t seconds;
        if (!read_http_date(input, nows[i], &seconds)) {
            say(out, "none ");
            continue;
        }
        say(out, seconds < 0 ? "-" : "+");
        say_number(out, seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds);
    }
}
