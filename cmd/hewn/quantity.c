/* Reads amounts with a unit.
 *
 * A number and a unit, nothing between them. A time without a unit could be seconds or
 * milliseconds, so it needs one; a size without a unit is bytes and nothing else. Units are those
 * of the configuration, in its spelling: "32kb" is a thousand to one reader and 1024 to another. */
#include "quantity.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

typedef struct quantity_unit {
    const char *name;
    uint64_t amount;
} quantity_unit;

/* The largest first; the last one is worth 1. */
static const quantity_unit times[] = {
    {"h", 60 * 60 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const quantity_unit sizes[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};
static const quantity_unit rates[] = {
    {"GiB/s", 1 << 30}, {"MiB/s", 1 << 20}, {"KiB/s", 1 << 10}, {"B/s", 1}, {NULL, 0}};

static const quantity_unit *units_of(quantity_kind kind)
{
    switch (kind) {
    case QUANTITY_TIME:
        return times;
    case QUANTITY_SIZE:
        return sizes;
    case QUANTITY_RATE:
        break;
    }
    return rates;
}

bool quantity_read(quantity_kind kind, const char *text, uint64_t *ret_amount)
{
    const quantity_unit *unit = units_of(kind);
    size_t digits = strspn(text, "0123456789");
    uint64_t number = 0;

    for (size_t i = 0; i < digits; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    while (unit->name && strcmp(unit->name, text + digits) != 0)
        unit++;
    if (digits == 0 || (!unit->name && (kind != QUANTITY_SIZE || text[digits] != '\0')))
        return false;
    uint64_t factor = unit->name ? unit->amount : 1;
    if (number > UINT64_MAX / factor)
        return false;
    *ret_amount = number * factor;
    return true;
}

void quantity_print(quantity_kind kind, uint64_t amount, FILE *file)
{
    const quantity_unit *unit = units_of(kind);

    while (amount % unit->amount != 0)
        unit++;
    fprintf(file, "%" PRIu64 "%s", amount / unit->amount, unit->name);
}

const char *quantity_name(quantity_kind kind)
{
    switch (kind) {
    case QUANTITY_TIME:
        return "a time";
    case QUANTITY_SIZE:
        return "a size";
    case QUANTITY_RATE:
        break;
    }
    return "a rate";
}
