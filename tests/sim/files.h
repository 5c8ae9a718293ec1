/* The files that are served: a few names, whose bytes follow from their version and place. */
#ifndef HW_TESTS_SIM_FILES_H
#define HW_TESTS_SIM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_file {
    const char *name; /* below the root */
    const char *folder, *base;
    size_t bytes;
} sim_file;

size_t sim_file_count(void);
const sim_file *sim_file_at(size_t index);
/* One of them, more often one of a few: so that they meet again in a cache. */
size_t sim_file_draw(void);

void sim_files_begin(void);
/* A descriptor of the root. */
int sim_files_root(void);
/* Its content becomes another of the same length, and whoever watches it is told. */
void sim_file_change(size_t index);
unsigned sim_file_version(size_t index);
char sim_file_byte(size_t index, unsigned version, uint64_t offset);
/* Every change was told to whom it concerned. */
bool sim_files_are_told(void);

/* For sending: a part of an open file, as it is now. */
size_t sim_file_copy(int fd, char *memory, size_t bytes, uint64_t offset);

#endif
