/* The folder to be served. */
#ifndef FOLDER_H
#define FOLDER_H

/* Opens the folder (O_PATH). A failure is explained on standard error, with the nearest name where
 * the folder does not exist. Returns an exit status of status.h. */
int folder_open(const char *path, int *ret_fd);

#endif
