/* Mistakes of the programmer: checked in every build, fatal, with file, line and what was violated.
 * What a peer or the world can cause is never asserted. */
#ifndef HW_BASE_ASSERT_H
#define HW_BASE_ASSERT_H

#define hw_assert(condition)                                                                       \
    (__builtin_expect(!(condition), 0) ? hw_assert_failed(#condition, __FILE__, __LINE__) : (void)0)

/* Prints to standard error and aborts. */
void hw_assert_failed(const char *condition, const char *file, int line)
    __attribute__((noreturn, cold));

/* A mistake in a program that uses the library, in words (printf): prints "hewn: FILE:LINE: WORDS"
 * to standard error and aborts. file may be NULL: then it is not said. */
void hw_misuse_abort(const char *file, int line, const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 3, 4)));

#endif
