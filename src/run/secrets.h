/* The secrets of --secret-file. */
#ifndef HW_RUN_SECRETS_H
#define HW_RUN_SECRETS_H

#include "base/arena.h"
#include "base/buffer.h"

/* Reads a file with a secret on each line, the one that signs first; empty lines do not count. 0; or a
 * negative errno, and `words` says what is wrong and what to do. *ret_is_open: whether
 * others than its owner may do something with it. Valid: the list, NULL-terminated, as long as the arena. */
int hw_secrets_read(const char *path, hw_arena *arena, hw_buffer *words,
                    const char *const **ret_secrets, bool *ret_is_open);

#endif
