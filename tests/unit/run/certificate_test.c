#include "run/certificate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/harness.h"

#define NOW_S INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define DAY_S INT64_C(86400)

/* An authority and a certificate, made at NOW_S. */
typedef struct made_certificates {
    hw_arena arena;
    hw_names names;
    hw_text texts[4];
} made_certificates;

enum { AUTHORITY, AUTHORITY_KEY, CERTIFICATE, KEY };

static hw_buffer room_in(made_certificates *made)
{
    void *memory = hw_arena_alloc(&made->arena, HW_CERTIFICATE_BYTES_MAX);
    HW_NEED(memory);
    return hw_buffer_over(memory, HW_CERTIFICATE_BYTES_MAX);
}

static void add_name(made_certificates *made, const char *name)
{
    HW_NEED_OK(hw_names_add(&made->names, &made->arena, hw_text_of(name)));
}

static hw_certificate_plan plan_at(const made_certificates *made, int64_t now_s)
{
    return (hw_certificate_plan){made->texts[AUTHORITY], made->texts[AUTHORITY_KEY],
                                 made->texts[KEY], &made->names, now_s};
}

static void make_all(made_certificates *made, const char *title, const char *host)
{
    if (!hw_certificate_is_built)
        skip();
    *made = (made_certificates){.names = {.count = 0}};
    hw_arena_init(&made->arena, 4096, 1024 * 1024);
    add_name(made, "localhost");
    add_name(made, "127.0.0.1");
    add_name(made, "fd00::1");
    for (int i = AUTHORITY_KEY; i <= KEY; i += KEY - AUTHORITY_KEY) {
        hw_buffer key = room_in(made);
        assert_int_equal(hw_certificate_make_key(&key), 0);
        made->texts[i] = hw_buffer_text(&key);
    }
    hw_buffer authority = room_in(made), certificate = room_in(made);
    assert_int_equal(hw_authority_make(made->texts[AUTHORITY_KEY], title, host, NOW_S, &authority),
                     0);
    made->texts[AUTHORITY] = hw_buffer_text(&authority);
    hw_certificate_plan plan = plan_at(made, NOW_S);
    assert_int_equal(hw_certificate_make(&plan, &certificate), 0);
    made->texts[CERTIFICATE] = hw_buffer_text(&certificate);
}

static int check_at(const made_certificates *made, int64_t now_s, const char **ret_why)
{
    hw_certificate_plan plan = plan_at(made, now_s);
    return hw_certificate_check(made->texts[CERTIFICATE], &plan, ret_why);
}

HW_TEST(certificate_is_good_until_a_week_is_left)
{
    made_certificates made;
    const char *why = NULL;
    int64_t until;
    make_all(&made, "ann@box", "box");
    assert_true(hw_certificate_until(made.texts[CERTIFICATE], &until));
    assert_true(until == NOW_S + 30 * DAY_S);
    assert_int_equal(check_at(&made, NOW_S - 3600, &why), 0);
    assert_int_equal(check_at(&made, NOW_S - 3601, &why), 1);
    assert_string_equal(why, "its time had not come yet");
    assert_int_equal(check_at(&made, NOW_S + 23 * DAY_S, &why), 0);
    assert_int_equal(check_at(&made, NOW_S + 23 * DAY_S + 1, &why), 1);
    assert_string_equal(why, "fewer than 7 days were left");
    assert_int_equal(check_at(&made, NOW_S + 30 * DAY_S + 1, &why), 1);
    assert_string_equal(why, "its time was over");
    hw_arena_fini(&made.arena);
}

HW_TEST(certificate_is_for_its_names_key_and_authority)
{
    made_certificates made, other;
    const char *why = NULL;
    make_all(&made, "ann@box", "box");
    make_all(&other, "ann@box", "box");
    add_name(&made, "LOCALHOST.");
    add_name(&made, "[FD00:0::1]");
    assert_int_equal(made.names.count, 3);
    assert_int_equal(check_at(&made, NOW_S, &why), 0);
    add_name(&made, "box");
    assert_int_equal(check_at(&made, NOW_S, &why), 1);
    assert_string_equal(why, "it lacked a name");
    made.names.count = 3;
    hw_text key = made.texts[KEY], authority = made.texts[AUTHORITY];
    made.texts[KEY] = other.texts[KEY];
    assert_int_equal(check_at(&made, NOW_S, &why), 1);
    assert_string_equal(why, "its key was another one");
    made.texts[KEY] = key;
    made.texts[AUTHORITY] = other.texts[AUTHORITY];
    assert_int_equal(check_at(&made, NOW_S, &why), 1);
    assert_string_equal(why, "its authority was another one");
    made.texts[AUTHORITY] = authority;
    made.texts[CERTIFICATE] = hw_text_from(made.texts[CERTIFICATE], 40);
    assert_int_equal(check_at(&made, NOW_S, &why), 1);
    made.texts[CERTIFICATE] =
        HW_TEXT("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
    assert_int_equal(check_at(&made, NOW_S, &why), -EBADMSG);
    hw_arena_fini(&made.arena);
    hw_arena_fini(&other.arena);
}

HW_TEST(certificate_authority_lasts_ten_years)
{
    made_certificates made;
    const char *why = NULL;
    make_all(&made, "ann@box", "box");
    hw_text pem = made.texts[AUTHORITY];
    assert_int_equal(hw_authority_check(pem, NOW_S - 3600, &why), 0);
    assert_int_equal(hw_authority_check(pem, NOW_S - 3601, &why), -EKEYEXPIRED);
    assert_non_null(strstr(why, "is the clock of this machine right?"));
    assert_int_equal(hw_authority_check(pem, NOW_S + (3652 - 31) * DAY_S, &why), 0);
    assert_int_equal(hw_authority_check(pem, NOW_S + (3652 - 31) * DAY_S + 1, &why), -EKEYEXPIRED);
    assert_non_null(strstr(why, "move it away"));
    assert_int_equal(hw_authority_check(HW_TEXT("words"), NOW_S, &why), -EBADMSG);
    /* A certificate is none. */
    assert_int_equal(hw_authority_check(made.texts[CERTIFICATE], NOW_S, &why), -EEXIST);
    assert_int_equal(hw_certificate_fits_key(pem, made.texts[AUTHORITY_KEY]), 1);
    assert_int_equal(hw_certificate_fits_key(pem, made.texts[KEY]), 0);
    assert_int_equal(hw_certificate_fits_key(pem, pem), -EBADMSG);
    hw_arena_fini(&made.arena);
}

/* RFC 5280 4.2.1.10 */
HW_TEST(certificate_authority_vouches_for_private_names_alone)
{
    static const struct {
        const char *name;
        int permits;
    } cases[] = {
        {"localhost", 1},     {"a.b.localhost", 1}, {"box.local", 1},   {"shop.test", 1},
        {"*.shop.test", 1},   {"nas.lan", 1},       {"x.internal", 1},  {"x.home.arpa", 1},
        {"dev", 1},           {"google.dev", 0},    {"a.b.dev", 0},     {"example.com", 0},
        {"localhost.com", 0}, {"mylocal", 0},       {"arpa", 0},        {"xlocalhost", 0},
        {"127.9.9.9", 1},     {"10.0.0.1", 1},      {"172.16.0.1", 1},  {"172.32.0.1", 0},
        {"192.168.255.1", 1}, {"192.169.0.1", 0},   {"169.254.1.1", 1}, {"8.8.8.8", 0},
        {"::1", 1},           {"::2", 0},           {"fd12::1", 1},     {"fe80::1", 1},
        {"2001:db8::1", 0},   {"0.0.0.0", 0},
    };
    made_certificates made;
    make_all(&made, "ann@dev", "dev");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made.names.count = 0;
        add_name(&made, cases[i].name);
        if (hw_authority_permits(made.texts[AUTHORITY], &made.names) != cases[i].permits)
            fail_msg("%s", cases[i].name);
    }
    hw_arena_fini(&made.arena);
}

HW_TEST(certificate_names_are_hosts_or_addresses)
{
    static const struct {
        const char *word, *name;
    } cases[] = {
        {"LocalHost", "DNS:localhost"},
        {"a-b_c.test", "DNS:a-b_c.test"},
        {"box.", "DNS:box"},
        {"*.shop.test", "DNS:*.shop.test"},
        {"xn--bcher-kva.test", "DNS:xn--bcher-kva.test"},
        {"3com", "DNS:3com"},
        {"127.0.0.1", "IP:127.0.0.1"},
        {"[::1]", "IP:::1"},
        {"FD00:0:0::0001", "IP:fd00::1"},
        {"", NULL},
        {".", NULL},
        {"a..b", NULL},
        {".a", NULL},
        {"a..", NULL},
        {"-a", NULL},
        {"a-.test", NULL},
        {"a b", NULL},
        {"a,DNS:b", NULL},
        {"a:80", NULL},
        {"http://a/", NULL},
        {"b\xc3\xbc"
         "cher.test",
         NULL},
        {"*", NULL},
        {"*.localhost", NULL},
        {"a.*.test", NULL},
        {"1.2.3", NULL},
        {"1.2.3.4.5", NULL},
        {"127.0.0.01", NULL},
        {"fe80::1%eth0", NULL},
        {"[]", NULL},
        {"[::1", NULL},
        {"[::1.", NULL},
        {"a1234567890123456789012345678901234567890123456789012345678901234.test", NULL},
    };
    hw_arena arena;
    hw_arena_init(&arena, 1024, 64 * 1024);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hw_names names = {.count = 0};
        int result = hw_names_add(&names, &arena, hw_text_of(cases[i].word));
        if (result == -ENOMEM)
            hw_test_out_of_memory();
        if (result != (cases[i].name ? 0 : -EINVAL))
            fail_msg("%s", cases[i].word);
        if (cases[i].name)
            assert_string_equal(names.at[0], cases[i].name);
    }
    hw_arena_fini(&arena);
}

/* RFC 1035 2.3.4 */
HW_TEST(certificate_names_have_253_bytes_at_most)
{
    char name[256];
    hw_arena arena;
    hw_names names = {.count = 0};
    hw_arena_init(&arena, 1024, 64 * 1024);
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = i % 50 == 49 ? '.' : 'a';
    assert_int_equal(hw_names_add(&names, &arena, (hw_text){name, 254}), -EINVAL);
    HW_NEED_OK(hw_names_add(&names, &arena, (hw_text){name, 253}));
    assert_int_equal(names.count, 1);
    hw_arena_fini(&arena);
}

HW_TEST(certificate_has_no_more_names_than_there_is_room)
{
    made_certificates made = {.names = {.count = 0}};
    char name[32];
    hw_arena_init(&made.arena, 4096, 64 * 1024);
    for (int i = 0; i < HW_CERTIFICATE_NAMES_MAX; i++) {
        (void)snprintf(name, sizeof name, "host%d.test", i);
        add_name(&made, name);
    }
    assert_int_equal(hw_names_add(&made.names, &made.arena, HW_TEXT("more.test")), -E2BIG);
    assert_int_equal(hw_names_add(&made.names, &made.arena, HW_TEXT("host7.test")), 0);
    hw_arena_fini(&made.arena);
}

HW_TEST(certificate_has_room_for_the_longest_names)
{
    made_certificates made;
    make_all(&made, "ann@box", "box");
    for (int i = 3; i < HW_CERTIFICATE_NAMES_MAX; i++) {
        char name[254];
        memset(name, 'a', sizeof name - 1);
        for (size_t dot = 50; dot < 240; dot += 50)
            name[dot] = '.';
        (void)snprintf(name, 4, "%02d", i);
        name[2] = 'x';
        memcpy(name + sizeof name - 6, ".test", 6);
        add_name(&made, name);
    }
    hw_buffer certificate = room_in(&made);
    hw_certificate_plan plan = plan_at(&made, NOW_S);
    const char *why;
    assert_int_equal(hw_certificate_make(&plan, &certificate), 0);
    made.texts[CERTIFICATE] = hw_buffer_text(&certificate);
    assert_int_equal(check_at(&made, NOW_S, &why), 0);
    hw_names read = {.count = 0};
    HW_NEED_OK(hw_certificate_tell_names(made.texts[CERTIFICATE], &made.arena, &read));
    assert_int_equal(read.count, HW_CERTIFICATE_NAMES_MAX - 2); /* the addresses are none */
    assert_string_equal(read.at[0], "DNS:localhost");
    hw_arena_fini(&made.arena);
}

/* "subject: words" lines. */
static void keep_told(void *arg, const char *subject, const char *words)
{
    hw_buffer_put_format(arg, "%s: %s\n", subject, words);
}

HW_TEST(certificate_is_described)
{
    static const char *const lines[] = {
        "certificate: 1 of 2\nsubject: CN = Hewn development certificate\n"
        "names: localhost, 127.0.0.1, fd00::1\nissuer: CN = Hewn development CA ann@box\n"
        "valid: 2027-01-15T07:00:00Z to 2027-02-14T08:00:00Z, 30 days left\n"
        "key: EC prime256v1, 256 bits\nfingerprint: SHA-256 ",
        "authority: no",
        "certificate: 2 of 2\nsubject: CN = Hewn development CA ann@box\nissuer: CN = Hewn "
        "development CA ann@box\n",
        "authority: yes, but of no other authorities\n"
        "permitted: localhost, local, test, lan, internal, home.arpa, box, 127.0.0.0/8, "
        "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, ::1/128, fc00::/7, fe80::/10\n"
        "excluded: .box\n",
        "chain: complete, up to one that has signed itself\n",
    };
    static char told[16 * 1024];
    hw_buffer words = HW_BUFFER_OVER(told);
    made_certificates made;
    make_all(&made, "ann@box", "box");
    assert_int_equal(hw_certificate_tell(made.texts[CERTIFICATE], NOW_S, keep_told, &words), 0);
    assert_non_null(hw_buffer_string(&words));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(told, lines[i]))
            fail_msg("%s\n%s", lines[i], told);
    assert_int_equal(hw_certificate_tell(made.texts[KEY], NOW_S, keep_told, &words), -EBADMSG);
    hw_arena_fini(&made.arena);
}

static void assert_tells(hw_text pem, int64_t now_s, const char *line)
{
    static char told[32 * 1024];
    hw_buffer words = HW_BUFFER_OVER(told);
    assert_int_equal(hw_certificate_tell(pem, now_s, keep_told, &words), 0);
    assert_non_null(hw_buffer_string(&words));
    if (!strstr(told, line))
        fail_msg("%s\n%s", line, told);
}

HW_TEST(certificate_is_described_in_time_and_chain)
{
    made_certificates made, other;
    make_all(&made, "ann@box", NULL);
    make_all(&other, "bob@box", "box");
    hw_text pem = made.texts[CERTIFICATE];
    assert_tells(pem, NOW_S - 3 * DAY_S, ", not yet: it begins in 2 days\n");
    assert_tells(pem, NOW_S + 29 * DAY_S, ", 1 day left\n");
    assert_tells(pem, NOW_S + 32 * DAY_S, ", no longer: it ended 2 days ago\n");
    assert_tells(made.texts[AUTHORITY], NOW_S, "chain: complete: it has signed itself\n");
    assert_tells(hw_text_upto(pem, pem.length - made.texts[AUTHORITY].length), NOW_S,
                 "chain: ends here; clients must know CN = Hewn development CA ann@box\n");
    hw_buffer mixed = room_in(&made);
    hw_buffer_put(&mixed, hw_text_upto(pem, pem.length - made.texts[AUTHORITY].length));
    hw_buffer_put(&mixed, other.texts[AUTHORITY]);
    assert_tells(hw_buffer_text(&mixed), NOW_S,
                 "chain: broken: certificate 2 did not sign certificate 1\n");
    hw_arena_fini(&made.arena);
    hw_arena_fini(&other.arena);
}

HW_TEST(certificate_authority_is_called_after_its_owner_as_far_as_there_is_room)
{
    made_certificates made;
    make_all(&made, "a-user-with-a-long-name@a-machine-with-a-name-that-is-long", "x.example.com");
    assert_tells(
        made.texts[AUTHORITY], NOW_S,
        "subject: CN = Hewn development CA a-user-with-a-long-name@a-machine-with-a-nam\n");
    hw_arena_fini(&made.arena);
}
