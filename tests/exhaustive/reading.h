/* What a reader makes of a string, written down, so that two readers can be compared; and the
 * table of those that are. Includes nothing of src, for the references do not. */
#ifndef HW_TESTS_READING_H
#define HW_TESTS_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A piece of a string. */
typedef struct span {
    const char *at;
    size_t length;
} span;

enum { READING_BYTES_MAX = 4096 };

/* What does not fit is cut off, of both readings alike. */
typedef struct reading {
    size_t length;
    char at[READING_BYTES_MAX];
} reading;

static inline void say_bytes(reading *out, const char *at, size_t length)
{
    size_t room = READING_BYTES_MAX - out->length;
    size_t count = length < room ? length : room;
    for (size_t i = 0; i < count; i++)
        out->at[out->length + i] = at[i];
    out->length += count;
}

static inline void say(reading *out, const char *words)
{
    say_bytes(out, words, strlen(words));
}

/* Bytes of the string, or what became of them. */
static inline void say_text(reading *out, const char *at, size_t length)
{
    say_bytes(out, "<", 1);
    say_bytes(out, at, length);
    say_bytes(out, "> ", 2);
}

static inline void say_number(reading *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    say_bytes(out, digits + at, sizeof digits - at);
    say_bytes(out, " ", 1);
}

enum { ALPHABET_BYTES = 12, FRAMES_MAX = 8 };

/* What stands around a short string, so that it meets a reader in the state of interest. `less` is
 * how much shorter the longest strings in it are than those of a frame that has 0 there. */
typedef struct frame {
    const char *before, *after;
    size_t less;
} frame;

typedef struct tokenizer {
    const char *name;
    /* The bytes that mean something to the reader, one or two that mean nothing in their place, and
     * one of each kind that it must refuse. */
    char alphabet[ALPHABET_BYTES];
    void (*read)(reading *out, span input);  /* ours */
    void (*refer)(reading *out, span input); /* the reference */
    frame frames[FRAMES_MAX];                /* the first one that is zeroed ends them */
} tokenizer;

extern const tokenizer tokenizers[];
extern const size_t tokenizer_count;

/* Whether both say the same; `ours` and `reference` are written in any case. */
static inline bool readings_agree(const tokenizer *which, span input, reading *ours,
                                  reading *reference)
{
    ours->length = reference->length = 0;
    which->read(ours, input);
    which->refer(reference, input);
    return ours->length == reference->length && !memcmp(ours->at, reference->at, ours->length);
}

#define REFERENCE(name)                                                                            \
    void read_##name(reading *out, span input);                                                    \
    void refer_##name(reading *out, span input)
REFERENCE(elements);
REFERENCE(etags);
REFERENCE(quality);
REFERENCE(accept);
REFERENCE(coding);
REFERENCE(range);
REFERENCE(date);
REFERENCE(query);
REFERENCE(path);
REFERENCE(authority);
REFERENCE(target);
REFERENCE(method);
REFERENCE(words);
REFERENCE(number);
REFERENCE(message);
REFERENCE(content);
REFERENCE(mime_types);
REFERENCE(conditions);
REFERENCE(address);
#undef REFERENCE

#endif
