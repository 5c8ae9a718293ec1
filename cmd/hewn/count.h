/* How much there is in a folder. */
#ifndef COUNT_H
#define COUNT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct folder_count {
    uint64_t files, bytes;
    bool is_complete; /* false: there are more */
    bool is_one_file; /* and no folder */
} folder_count;

/* Counts the regular files below the folder that are no dotfiles (with_hidden: those too), for at
 * most `ms_max` milliseconds. */
folder_count count_files(int folder_fd, bool with_hidden, unsigned ms_max);

#endif
