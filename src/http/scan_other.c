/* Long values where sixteen bytes at once are the most. */
#include "http/scan.h"

const char *hw_scan_long_value(const char *at, const char *end)
{
    return hw_scan_with(at, end, HW_SCAN_VALUE, hw_scan_value_stops);
}
