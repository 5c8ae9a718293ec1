/* What must end the process is run in a child. */
#ifndef HW_TESTS_DEATH_H
#define HW_TESTS_DEATH_H

/* Runs it in a child, which must abort and have `words` in what it wrote to standard error. */
void hw_test_expect_death(void (*run)(void *arg), void *arg, const char *words);

#endif
