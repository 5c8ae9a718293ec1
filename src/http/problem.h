/* What is wrong with a peer's message, as a value: the status that answers it, a short reason, and
 * the rule. */
#ifndef HW_HTTP_PROBLEM_H
#define HW_HTTP_PROBLEM_H

typedef struct hw_problem {
    int status;          /* 400..505 */
    const char *reason;  /* "whitespace before the colon"; a literal, safe to send */
    const char *section; /* "RFC 9112 5.1"; a literal */
} hw_problem;

#endif
