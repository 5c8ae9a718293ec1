/* Every string of up to so many bytes over the twelve that matter to a reader, against a reference
 * that reads slowly and plainly, straight from its RFC.
 *
 *     exhaustive [LENGTH [NAME]]        all strings of up to LENGTH (6) bytes, of one reader or all
 *     exhaustive --replay NAME ESCAPED  one whole input; \xNN is a byte
 *
 * A string stands in surroundings, so that it meets the reader where it gets interesting. Two
 * processes share the strings, each has every second one. The input lies at the end of its own
 * allocation, so that a sanitizer sees what reads past it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reading.h"

enum { WORKERS = 2, LENGTH_MAX = 7, LENGTH_USUAL = 6, SHOWN_MAX = 3 };

/* Shared by the processes; each has its own. */
typedef struct tally {
    uint64_t strings, mismatches;
} tally;

static reading ours, reference;

static void print_escaped(const char *at, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)at[i];
        if (byte < 0x20 || byte > 0x7e || byte == '\\' || byte == '\'')
            printf("\\x%02x", byte);
        else
            putchar(byte);
    }
}

static void print_mismatch(const tokenizer *which, span input)
{
    printf("%s: '", which->name);
    print_escaped(input.at, input.length);
    printf("'\n  ours:      ");
    print_escaped(ours.at, ours.length);
    printf("\n  reference: ");
    print_escaped(reference.at, reference.length);
    printf("\n  alone: exhaustive --replay %s '", which->name);
    print_escaped(input.at, input.length);
    printf("'\n");
    fflush(stdout);
}

/* The next string in order: false after the last one. */
static bool step(const char *alphabet, unsigned *digits, char *string, size_t length)
{
    for (size_t i = length; i-- > 0;) {
        digits[i] = (digits[i] + 1) % ALPHABET_BYTES;
        string[i] = alphabet[digits[i]];
        if (digits[i] > 0)
            return true;
    }
    return false;
}

/* This worker's part of all strings of a length in one frame. */
static void try_length(const tokenizer *which, const frame *around, size_t length, unsigned worker,
                       tally *counts)
{
    size_t before = strlen(around->before), after = strlen(around->after);
    unsigned digits[LENGTH_MAX] = {0};
    span input = {NULL, before + length + after};
    char *memory = malloc(input.length ? input.length : 1), *string = memory + before;
    if (!memory)
        exit(70);
    memcpy(memory, around->before, before);
    memset(string, which->alphabet[0], length);
    memcpy(string + length, around->after, after);
    input.at = memory;
    uint64_t number = 0;
    do {
        if (number++ % WORKERS != worker)
            continue;
        counts->strings++;
        if (readings_agree(which, input, &ours, &reference))
            continue;
        if (counts->mismatches++ < SHOWN_MAX)
            print_mismatch(which, input);
    } while (step(which->alphabet, digits, string, length));
    free(memory);
}

static void try_tokenizer(const tokenizer *which, size_t longest, unsigned worker, tally *counts)
{
    for (const frame *around = which->frames; around < which->frames + FRAMES_MAX && around->before;
         around++)
        for (size_t length = 0; length + around->less <= longest; length++)
            try_length(which, around, length, worker, counts);
}

/* Runs all of one worker's part; in a process of its own. */
static void work(unsigned worker, size_t longest, const char *name, tally *tallies)
{
    for (size_t i = 0; i < tokenizer_count; i++)
        if (!name || !strcmp(name, tokenizers[i].name))
            try_tokenizer(&tokenizers[i], longest, worker, &tallies[i * WORKERS + worker]);
    exit(0);
}

/* What all workers say of each reader; 0: all agree, and something was tried. */
static int sum_up(const tally *tallies)
{
    unsigned passed = 0, failed = 0;
    unsigned long long strings = 0;
    for (size_t i = 0; i < tokenizer_count; i++) {
        tally sum = {0};
        for (unsigned worker = 0; worker < WORKERS; worker++) {
            sum.strings += tallies[i * WORKERS + worker].strings;
            sum.mismatches += tallies[i * WORKERS + worker].mismatches;
        }
        strings += sum.strings;
        passed += sum.strings > 0 && sum.mismatches == 0;
        failed += sum.mismatches > 0;
        if (sum.mismatches)
            printf("%s: %llu of %llu strings differ\n", tokenizers[i].name,
                   (unsigned long long)sum.mismatches, (unsigned long long)sum.strings);
    }
    printf("%llu strings\n%u passed, %u failed\n", strings, passed, failed);
    return failed || !passed;
}

static int try_all(size_t longest, const char *name)
{
    size_t size = sizeof(tally) * WORKERS * tokenizer_count;
    tally *tallies = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0, one;
    if (tallies == MAP_FAILED)
        return 70;
    fflush(stdout);
    for (unsigned worker = 0; worker < WORKERS; worker++) {
        pid_t pid = fork();
        if (pid < 0)
            return 70;
        if (pid == 0)
            work(worker, longest, name, tallies);
    }
    while (wait(&one) > 0)
        status |= one;
    return sum_up(tallies) || status;
}

/* \xNN becomes a byte, in place. */
static size_t unescape(char *text)
{
    size_t length = 0;
    for (char *at = text; *at;) {
        char digits[3] = {0};
        if (at[0] == '\\' && at[1] == 'x' && at[2] && at[3]) {
            memcpy(digits, at + 2, 2);
            text[length++] = (char)strtol(digits, NULL, 16);
            at += 4;
        } else {
            text[length++] = *at++;
        }
    }
    return length;
}

static int replay(const char *name, char *escaped)
{
    span input = {escaped, unescape(escaped)};
    for (size_t i = 0; i < tokenizer_count; i++) {
        if (strcmp(name, tokenizers[i].name) != 0)
            continue;
        bool is_same = readings_agree(&tokenizers[i], input, &ours, &reference);
        print_mismatch(&tokenizers[i], input);
        return !is_same;
    }
    fprintf(stderr, "%s is the name of no reader\n", name);
    return 64;
}

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "--replay"))
        return replay(argv[2], argv[3]);
    long longest = argc > 1 ? strtol(argv[1], NULL, 10) : LENGTH_USUAL;
    if (argc > 3 || longest < 1 || longest > LENGTH_MAX) {
        fprintf(stderr, "usage: exhaustive [LENGTH [NAME]], exhaustive --replay NAME ESCAPED\n");
        return 64;
    }
    return try_all((size_t)longest, argc > 2 ? argv[2] : NULL);
}
