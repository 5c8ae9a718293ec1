/* A folder of small files that are their owner's alone: keys, and what belongs to them. */
#ifndef HW_RUN_VAULT_H
#define HW_RUN_VAULT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* The longest path of a folder, and of a file in it, with its NUL. */
#define HW_VAULT_PATH_BYTES 512

typedef enum hw_vault_access {
    HW_VAULT_PUBLIC, /* everybody may read it */
    HW_VAULT_SECRET, /* its owner alone */
} hw_vault_access;

typedef struct hw_vault {
    const char *path; /* borrowed */
    int fd, lock;     /* -1: it is not open, not held */
} hw_vault;

/* A folder that is there. -ENOENT: it is not, and no fault is said; else what is wrong with it: it
 * is somebody else's, or others may write into it. */
int hw_vault_open(const char *path, hw_fault *fault, hw_vault *ret_vault);
/* The same, and the folder is made where there is none, with those above it; and held, so that no
 * other program changes what is in it. Waits for who holds it, some seconds at most. */
int hw_vault_hold(const char *path, hw_fault *fault, hw_vault *ret_vault);
/* Also of a zeroed one with both descriptors -1. */
void hw_vault_close(hw_vault *vault);

/* All of a file, into the arena. -ENOENT: there is none, and no fault is said. A secret that others
 * may do something with is refused, and the fault says what to do. */
int hw_vault_read(const hw_vault *vault, const char *name, hw_vault_access access, hw_arena *arena,
                  hw_fault *fault, hw_text *ret_text);
/* Puts a file in its place at once: who looks sees the old one or the whole new one, whatever
 * happens meanwhile. The vault is held. */
int hw_vault_write(const hw_vault *vault, const char *name, hw_vault_access access, hw_text text,
                   hw_fault *fault);
/* Says what is wrong with one of its files. */
int hw_vault_blame(const hw_vault *vault, const char *name, int error, hw_fault *fault,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
