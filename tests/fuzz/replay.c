/* Runs a fuzz target over the files it is given, and over those of the folders it is given: what
 * was once found stays found. Each input lies at the end of its own allocation, so that reading
 * past it is seen. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat stat;
    if (!file || fstat(fileno(file), &stat)) {
        perror(path);
        return -1;
    }
    size_t bytes = (size_t)stat.st_size;
    uint8_t *input = malloc(bytes ? bytes : 1);
    if (!input || fread(input, 1, bytes, file) != bytes) {
        perror(path);
        exit(70);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(input, bytes);
    free(input);
    return 1;
}

/* The number of inputs, or negative. */
static int replay_folder(const char *path)
{
    char name[PATH_MAX];
    int count = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return replay_file(path);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (replay_file(name) < 0) {
            count = -1;
            break;
        }
        count++;
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        if (count < 0)
            return 66;
        total += count;
    }
    printf("%d inputs\n", total);
    return total == 0;
}
