/* Loaded in front of a program: its n-th allocation fails, for n in FAIL_AT, and once. At the end the
 * number of all is written to the file FAIL_COUNT. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);

static atomic_long allocations;
static long fails_at = -1;

__attribute__((constructor)) static void read_number(void)
{
    const char *number = getenv("FAIL_AT");
    fails_at = number ? strtol(number, NULL, 10) : 0;
    atomic_store(&allocations, 0);
}

__attribute__((destructor)) static void write_count(void)
{
    const char *path = getenv("FAIL_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", atomic_load(&allocations));
        fclose(file);
    }
}

static int fails(void)
{
    if (fails_at < 0 || atomic_fetch_add(&allocations, 1) + 1 != fails_at)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *memory, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(memory, bytes);
}
