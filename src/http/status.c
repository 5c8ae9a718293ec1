/* Status codes and their reason phrases, as registered with IANA. A row per class, indexed by the
 * last two digits: what is not registered is a null pointer, and nothing needs searching. Reason
 * phrases are words for people; no recipient may rely on them (RFC 9112 4). */
#include "http/status.h"

#include <stddef.h>

static const char *const informational_reasons[] = {
    [0] = "Continue",            /* RFC 9110 15.2.1 */
    [1] = "Switching Protocols", /* RFC 9110 15.2.2 */
    [2] = "Processing",          /* RFC 2518 10.1 */
    [3] = "Early Hints",         /* RFC 8297 2 */
};

static const char *const success_reasons[] = {
    [0] = "OK", /* RFC 9110 15.3 */
    [1] = "Created",
    [2] = "Accepted",
    [3] = "Non-Authoritative Information",
    [4] = "No Content",
    [5] = "Reset Content",
    [6] = "Partial Content",
    [7] = "Multi-Status",     /* RFC 4918 11.1 */
    [8] = "Already Reported", /* RFC 5842 7.1 */
    [26] = "IM Used",         /* RFC 3229 10.4.1 */
};

static const char *const redirection_reasons[] = {
    [0] = "Multiple Choices", /* RFC 9110 15.4 */
    [1] = "Moved Permanently",  [2] = "Found",     [3] = "See Other",
    [4] = "Not Modified",       [5] = "Use Proxy", [7] = "Temporary Redirect",
    [8] = "Permanent Redirect",
};

static const char *const client_error_reasons[] = {
    [0] = "Bad Request", /* RFC 9110 15.5 */
    [1] = "Unauthorized",
    [2] = "Payment Required",
    [3] = "Forbidden",
    [4] = "Not Found",
    [5] = "Method Not Allowed",
    [6] = "Not Acceptable",
    [7] = "Proxy Authentication Required",
    [8] = "Request Timeout",
    [9] = "Conflict",
    [10] = "Gone",
    [11] = "Length Required",
    [12] = "Precondition Failed",
    [13] = "Content Too Large",
    [14] = "URI Too Long",
    [15] = "Unsupported Media Type",
    [16] = "Range Not Satisfiable",
    [17] = "Expectation Failed",
    [21] = "Misdirected Request",
    [22] = "Unprocessable Content",
    [23] = "Locked",            /* RFC 4918 11.3 */
    [24] = "Failed Dependency", /* RFC 4918 11.4 */
    [25] = "Too Early",         /* RFC 8470 5.2 */
    [26] = "Upgrade Required",
    [28] = "Precondition Required",           /* RFC 6585 3 */
    [29] = "Too Many Requests",               /* RFC 6585 4 */
    [31] = "Request Header Fields Too Large", /* RFC 6585 5 */
    [51] = "Unavailable For Legal Reasons",   /* RFC 7725 3 */
};

static const char *const server_error_reasons[] = {
    [0] = "Internal Server Error", /* RFC 9110 15.6 */
    [1] = "Not Implemented",
    [2] = "Bad Gateway",
    [3] = "Service Unavailable",
    [4] = "Gateway Timeout",
    [5] = "HTTP Version Not Supported",
    [6] = "Variant Also Negotiates",          /* RFC 2295 8.1 */
    [7] = "Insufficient Storage",             /* RFC 4918 11.5 */
    [8] = "Loop Detected",                    /* RFC 5842 7.2 */
    [10] = "Not Extended",                    /* RFC 2774 7 */
    [11] = "Network Authentication Required", /* RFC 6585 6 */
};

#define REASONS(row)                                                                               \
    {                                                                                              \
        (row), sizeof(row) / sizeof(row)[0]                                                        \
    }

static const struct {
    const char *const *reasons;
    size_t count;
} status_classes[] = {
    [1] = REASONS(informational_reasons), [2] = REASONS(success_reasons),
    [3] = REASONS(redirection_reasons),   [4] = REASONS(client_error_reasons),
    [5] = REASONS(server_error_reasons),
};

const char *hw_status_reason(int status)
{
    if (status < 100 || status > 599)
        return "";
    size_t last_digits = (size_t)status % 100;
    if (last_digits >= status_classes[status / 100].count)
        return "";
    const char *reason = status_classes[status / 100].reasons[last_digits];
    return reason ? reason : "";
}

bool hw_status_has_content(int status)
{
    /* RFC 9110 6.4.1 */
    return status >= 200 && status != 204 && status != 304;
}
