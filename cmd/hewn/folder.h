/* What is to be served: a folder, or one file of it. */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdint.h>

typedef struct folder {
    int fd;         /* O_PATH */
    char *file;     /* the one file's name in it; NULL: the folder is served */
    uint64_t bytes; /* its length, when it was looked at */
} folder;

/* Opens what the path names. A failure is explained on standard error, with the nearest name where
 * there is no such folder. Returns an exit status of status.h. */
int folder_open(const char *path, folder *ret_folder);
void folder_close(folder *place);

#endif
