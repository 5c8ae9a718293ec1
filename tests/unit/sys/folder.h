/* A folder of its own for a test, with all that is put into it. */
#ifndef HW_TESTS_FOLDER_H
#define HW_TESTS_FOLDER_H

typedef struct hw_test_folder {
    char path[64];
    char below[256]; /* the path hw_test_folder_path made last */
} hw_test_folder;

void hw_test_folder_init(hw_test_folder *folder);
/* Removes it with everything below. */
void hw_test_folder_fini(hw_test_folder *folder);
/* The path of something below it; valid until the next call. */
const char *hw_test_folder_path(hw_test_folder *folder, const char *name);
/* Makes a file with these words and the folders on the way to it. */
void hw_test_folder_write(hw_test_folder *folder, const char *name, const char *words);

#endif
