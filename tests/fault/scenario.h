/* What clients do in these tests, one name each. */
#ifndef HW_TESTS_FAULT_SCENARIO_H
#define HW_TESTS_FAULT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#define FAULT_STEPS_MAX 4

/* Said once the answers to what was said before are there. */
typedef struct fault_step {
    const char *bytes; /* NULL: no step any more */
    size_t fill;       /* so many 'x' behind them */
    const char *end;   /* and this behind those; or NULL */
} fault_step;

typedef struct fault_scenario {
    const char *name;
    fault_step steps[FAULT_STEPS_MAX];
    bool is_h2;      /* in HTTP/2: the steps are as frames.h has them */
    bool is_warm;    /* everything has been asked for before */
    bool is_large;   /* too much to go byte by byte */
    bool to_head;    /* the requests are HEAD */
    bool tells_less; /* what cannot be found out of a file is left out of a complete answer */
    bool has_spares; /* the server has them */
    bool is_cold;    /* the page cache has nothing */
    bool ends;       /* the client ends its side behind the last step */
    bool leaves;     /* it goes without hearing the last answer */
    bool drains;     /* the server drains before the last step */
    bool is_secure;  /* over TLS */
} fault_scenario;

extern const fault_scenario fault_scenarios[];
extern const size_t fault_scenario_count;

#endif
