/* Calls that the kernel refuses, in a child: what a test cannot bring about by itself. */
#ifndef HW_TESTS_REFUSAL_H
#define HW_TESTS_REFUSAL_H

#include <stdbool.h>

/* Which of its calls: by what its third argument is, as prlimit(2) has a new limit there or none. */
typedef enum hw_test_refused {
    REFUSE_ALL,
    REFUSE_WITHOUT_THIRD,
    REFUSE_WITH_THIRD
} hw_test_refused;

/* From now on the kernel answers this call (SYS_...) with this errno in this process, for good. */
void hw_test_refuse(long call, hw_test_refused which, int error);
/* Runs it in a child, which says whether all is well. Skips where no call can be refused. */
void hw_test_in_child(bool (*run)(void));

#endif
