/* Certificates of strangers, described; and names that somebody wants one for.
 *
 * The first byte says which. A certificate comes as its DER bytes, for no generator would find its
 * way through base64. Held: words are told in lines of readable UTF-8, whatever stands in a
 * certificate; nothing that was not made here is taken for it; a name that was taken is made of the
 * letters that such names have, and is the same name when it is read again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "run/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

enum { DER_BYTES_MAX = 8192, NOW_S = 1800000000 };

#ifdef HW_FUZZ_PLANTED
/* An address that is nearly this machine's. */
static void check_planted(const char *name)
{
    if (strncmp(name, "IP:12", 5) == 0 && name[5] != '7')
        abort();
}
#else
static void check_planted(const char *name)
{
    (void)name;
}
#endif

static void complain(const char *what, const char *words)
{
    fprintf(stderr, "%s: %s\n", what, words);
    abort();
}

/* RFC 3629, without control characters, C1 ones too. */
static bool is_readable(const char *words)
{
    const unsigned char *at = (const unsigned char *)words;
    while (*at) {
        size_t more = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;
        if (*at < 0x20 || *at == 0x7f || (*at >= 0x80 && *at < 0xc2) || *at > 0xf4 ||
            (*at == 0xc2 && at[1] < 0xa0))
            return false;
        for (at++; more > 0; more--, at++)
            if ((*at & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static void check_told(void *arg, const char *subject, const char *words)
{
    unsigned *count = arg;
    (*count)++;
    if (!is_readable(words))
        complain(subject, words);
}

/* RFC 4648 4 */
static void put_base64(hw_buffer *out, const uint8_t *at, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes; i += 3) {
        size_t count = hw_size_min(bytes - i, 3);
        unsigned three = (unsigned)at[i] << 16 | (unsigned)(count > 1 ? at[i + 1] : 0) << 8 |
                         (count > 2 ? at[i + 2] : 0);
        for (unsigned digit = 0; digit < 4; digit++)
            hw_buffer_put_char(out, digit > count ? '=' : digits[three >> (18 - 6 * digit) & 63]);
        if (i / 3 % 16 == 15)
            hw_buffer_put_char(out, '\n');
    }
}

static void try_certificate(const uint8_t *der, size_t bytes)
{
    static char pem[2 * DER_BYTES_MAX + 128];
    hw_buffer out = HW_BUFFER_OVER(pem);
    hw_names names = {.count = 0};
    hw_arena arena;
    const char *why = NULL;
    unsigned told = 0;
    hw_buffer_put_string(&out, "-----BEGIN CERTIFICATE-----\n");
    put_base64(&out, der, hw_size_min(bytes, DER_BYTES_MAX));
    hw_buffer_put_string(&out, "\n-----END CERTIFICATE-----\n");
    hw_text text = hw_buffer_text(&out);
    hw_certificate_plan plan = {text, text, text, &names, NOW_S};
    int error = hw_certificate_tell(text, NOW_S, check_told, &told);
    if ((error == 0) != (told > 0))
        complain("told", "nothing, or of nothing");
    if (hw_authority_check(text, NOW_S, &why) == 0 ||
        hw_certificate_check(text, &plan, &why) == 0 || !why)
        complain("judged", "taken for one of ours");
    hw_arena_init(&arena, 1024, 1024 * 1024);
    (void)hw_certificate_tell_names(text, &arena, &names);
    for (size_t i = 0; i < names.count; i++)
        if (!is_readable(names.at[i]))
            complain("name", names.at[i]);
    hw_arena_fini(&arena);
}

static void try_name(const uint8_t *at, size_t bytes)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.*:";
    hw_names names = {.count = 0};
    hw_arena arena;
    hw_arena_init(&arena, 1024, 1024 * 1024);
    if (hw_names_add(&names, &arena, (hw_text){(const char *)at, bytes}) == 0) {
        const char *name = names.at[0];
        const char *plain = strchr(name, ':') + 1;
        check_planted(name);
        if (strncmp(name, "DNS:", 4) != 0 && strncmp(name, "IP:", 3) != 0)
            complain("kind", name);
        if (plain[strspn(plain, letters)] || (name[0] == 'D' && strchr(plain, ':')))
            complain("letters", name);
        if (hw_names_add(&names, &arena, hw_text_of(plain)) != 0 || names.count != 1)
            complain("again", name);
    }
    hw_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    if (bytes == 0)
        return 0;
    if (input[0] == 'n')
        try_name(input + 1, bytes - 1);
    else if (hw_certificate_is_built)
        try_certificate(input + 1, bytes - 1);
    return 0;
}
