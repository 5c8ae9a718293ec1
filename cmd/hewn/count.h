/* How much there is in a folder. */
#ifndef COUNT_H
#define COUNT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct folder_count {
    uint64_t files, bytes;
    bool is_complete; /* false: there are more */
} folder_count;

/* Counts the regular files below the folder that are no dotfiles, for at most `ms_max`
 * milliseconds. */
folder_count count_files(int folder_fd, unsigned ms_max);

#endif
