/* Reads what is there of a file, as many calls as it takes.
 *
 * Who calls has opened the file and says how much he is ready for, so it is he who judges who may read
 * it, how long it may be, and where its memory comes from: an arena, a fixed array, the heap. A call
 * that gives fewer bytes is not the end yet: files of /proc come in pieces, and so may those of a file
 * server. */
#include "base/file.h"

#include "sys/file.h"

ssize_t hw_file_read(int fd, char *memory, size_t bytes)
{
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length < bytes) {
        got = hw_sys_read(fd, memory + length, bytes - length);
        length += got > 0 ? (size_t)got : 0;
    }
    return got < 0 ? got : (ssize_t)length;
}
