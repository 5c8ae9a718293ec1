/* Each allocation of OpenSSL's fails in turn in each step of what is done with certificates for
 * development: it fails then and says so, or does what it does with all memory. */
#include <errno.h>
#include <string.h>

#include "run/certificate.h"
#include "tls/memory.h"
#include "unit/harness.h"

#define NOW_S INT64_C(1800000000)

enum { AUTHORITY_KEY, AUTHORITY, KEY, CERTIFICATE, TEXTS };

typedef struct short_steps {
    char memory[TEXTS][HW_CERTIFICATE_BYTES_MAX];
    hw_text texts[TEXTS];
    hw_names names;
    char told[16 * 1024];
} short_steps;

static short_steps steps;

static hw_certificate_plan plan_of_steps(void)
{
    return (hw_certificate_plan){steps.texts[AUTHORITY], steps.texts[AUTHORITY_KEY],
                                 steps.texts[KEY], &steps.names, NOW_S};
}

/* It has failed with words of ours, and written nothing; or not at all. */
static void judge_step(int error, const hw_buffer *out)
{
    if (error < 0 && !tls_memory_is_struck())
        fail_msg("it fails with %d, and there is memory", error);
    if (error < 0)
        assert_true(error == -ENOMEM || error == -EBADMSG);
    else if (out)
        assert_true(out->length > 0);
}

static void make_key_short(void *arg)
{
    static char memory[4096];
    hw_buffer pem = HW_BUFFER_OVER(memory);
    (void)arg;
    tls_memory_begin();
    int error = hw_certificate_make_key(&pem);
    tls_memory_end();
    judge_step(error, &pem);
}

static void make_authority_short(void *arg)
{
    static char memory[HW_CERTIFICATE_BYTES_MAX];
    hw_buffer pem = HW_BUFFER_OVER(memory);
    (void)arg;
    tls_memory_begin();
    int error = hw_authority_make(steps.texts[AUTHORITY_KEY], "ann@box", "box", NOW_S, &pem);
    tls_memory_end();
    judge_step(error, &pem);
    const char *why;
    if (error == 0)
        assert_int_equal(hw_authority_check(hw_buffer_text(&pem), NOW_S, &why), 0);
}

static void make_certificate_short(void *arg)
{
    static char memory[HW_CERTIFICATE_BYTES_MAX];
    hw_buffer pem = HW_BUFFER_OVER(memory);
    const hw_certificate_plan plan = plan_of_steps();
    (void)arg;
    tls_memory_begin();
    int error = hw_certificate_make(&plan, &pem);
    tls_memory_end();
    judge_step(error, &pem);
    const char *why;
    if (error == 0)
        assert_int_equal(hw_certificate_check(hw_buffer_text(&pem), &plan, &why), 0);
}

static void judge_short(void *arg)
{
    const char *why = NULL;
    const hw_certificate_plan plan = plan_of_steps();
    int64_t until_s = 0;
    (void)arg;
    tls_memory_begin();
    int authority = hw_authority_check(steps.texts[AUTHORITY], NOW_S, &why);
    int certificate = hw_certificate_check(steps.texts[CERTIFICATE], &plan, &why);
    int permits = hw_authority_permits(steps.texts[AUTHORITY], &steps.names);
    int fits = hw_certificate_fits_key(steps.texts[CERTIFICATE], steps.texts[KEY]);
    bool has_end = hw_certificate_until(steps.texts[CERTIFICATE], &until_s);
    tls_memory_end();
    bool is_good = authority == 0 && certificate == 0 && permits == 1 && fits == 1 && has_end;
    assert_true(is_good || tls_memory_is_struck());
    if (authority != 0 || certificate != 0)
        assert_non_null(why);
}

static void put_told(void *arg, const char *subject, const char *words)
{
    hw_buffer_put_format(arg, "%s: %s\n", subject, words);
}

static void tell_short(void *arg)
{
    hw_buffer words = HW_BUFFER_OVER(steps.told);
    (void)arg;
    tls_memory_begin();
    int error = hw_certificate_tell(steps.texts[CERTIFICATE], NOW_S, put_told, &words);
    tls_memory_end();
    judge_step(error, &words);
    if (error < 0)
        assert_int_equal(words.length, 0);
    else
        assert_non_null(strstr(hw_buffer_string(&words), "certificate: 2 of 2\n"));
}

static void tell_names_short(void *arg)
{
    hw_arena arena;
    hw_names names = {.count = 0};
    (void)arg;
    hw_arena_init(&arena, 1024, 64 * 1024);
    tls_memory_begin();
    int error = hw_certificate_tell_names(steps.texts[CERTIFICATE], &arena, &names);
    tls_memory_end();
    /* Names that were asked for once are not lost in silence. */
    assert_true(error == 0 || (error == -ENOMEM && tls_memory_is_struck()));
    assert_true(names.count == 1 || tls_memory_is_struck());
    hw_arena_fini(&arena);
}

static void make_text(int which, int (*make)(hw_buffer *pem))
{
    hw_buffer pem = HW_BUFFER_OVER(steps.memory[which]);
    assert_int_equal(make(&pem), 0);
    steps.texts[which] = hw_buffer_text(&pem);
}

static int make_authority_whole(hw_buffer *pem)
{
    return hw_authority_make(steps.texts[AUTHORITY_KEY], "ann@box", "box", NOW_S, pem);
}

static int make_certificate_whole(hw_buffer *pem)
{
    const hw_certificate_plan plan = plan_of_steps();
    return hw_certificate_make(&plan, pem);
}

HW_LONG_TEST(certificate_steps_survive_what_openssl_lacks)
{
    static const struct {
        void (*attempt)(void *arg);
        uint64_t dense;
    } all[] = {{make_key_short, 30},
               {make_authority_short, 250},
               {make_certificate_short, 250},
               {judge_short, 60},
               {tell_short, 60},
               {tell_names_short, 60}};
    hw_arena arena;
    hw_arena_init(&arena, 1024, 64 * 1024);
    steps.names.count = 0;
    HW_NEED_OK(hw_names_add(&steps.names, &arena, HW_TEXT("app.localhost")));
    HW_NEED_OK(hw_names_add(&steps.names, &arena, HW_TEXT("127.0.0.1")));
    make_text(AUTHORITY_KEY, hw_certificate_make_key);
    make_text(KEY, hw_certificate_make_key);
    make_text(AUTHORITY, make_authority_whole);
    make_text(CERTIFICATE, make_certificate_whole);
    tls_memory_forgive(true);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_true(tls_memory_fail_each(all[i].attempt, NULL, all[i].dense) > all[i].dense);
    tls_memory_forgive(false);
    hw_arena_fini(&arena);
}
