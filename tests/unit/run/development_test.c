#include "run/development.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/certificate.h"
#include "seam/seam.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

#define NOW_S INT64_C(1800000000)
#define DAY_S INT64_C(86400)
#define NS_PER_S INT64_C(1000000000)

/* A home for certificates, at a time that stands still. */
typedef struct dev_home {
    hw_test_folder folder;
    char path[128];
    hewn_certificate_paths paths;
    hewn_fault fault;
} dev_home;

static void stand_at(int64_t now_s)
{
    hw_seam_clock_freeze(NS_PER_S, now_s * NS_PER_S);
}

static void begin(dev_home *home)
{
    if (!hw_certificate_is_built)
        skip();
    *home = (dev_home){.fault = {.error = 0}};
    hw_test_folder_init(&home->folder);
    (void)snprintf(home->path, sizeof home->path, "%s/dev", home->folder.path);
    stand_at(NOW_S);
}

static void end(dev_home *home)
{
    hw_test_folder_fini(&home->folder);
}

static int find(dev_home *home, const char *const *names)
{
    hewn_certificate_dev_opts opts = {sizeof opts, home->path, names};
    return hewn_certificate_dev(&opts, &home->fault, &home->paths);
}

/* Where memory has failed, once: the next attempt finds everything in order. */
static void must_find(dev_home *home, const char *const *names)
{
    int error = find(home, names);
    if (error == -ENOMEM && hw_test_is_struck())
        error = find(home, names);
    assert_int_equal(error, 0);
}

static const char *below(dev_home *home, const char *name)
{
    char path[64];
    (void)snprintf(path, sizeof path, "dev/%s", name);
    return hw_test_folder_path(&home->folder, path);
}

static size_t read_below(dev_home *home, const char *name, char *memory, size_t bytes)
{
    FILE *file = fopen(below(home, name), "r");
    assert_non_null(file);
    size_t length = fread(memory, 1, bytes - 1, file);
    assert_int_equal(fclose(file), 0);
    memory[length] = '\0';
    return length;
}

static void write_below(dev_home *home, const char *name, const char *words, mode_t mode)
{
    char path[64];
    (void)snprintf(path, sizeof path, "dev/%s", name);
    hw_test_folder_write(&home->folder, path, words);
    assert_return_code(chmod(below(home, name), mode), errno);
}

static mode_t mode_below(dev_home *home, const char *name)
{
    struct stat seen;
    assert_return_code(stat(below(home, name), &seen), errno);
    return seen.st_mode & 07777;
}

HW_TEST(development_certificate_is_made_once)
{
    dev_home home;
    char first[8192], second[8192];
    begin(&home);
    must_find(&home, NULL);
    assert_true(home.paths.until_s == NOW_S + 30 * DAY_S);
    assert_string_equal(home.paths.certificate, below(&home, "cert.pem"));
    assert_string_equal(home.paths.key, below(&home, "key.pem"));
    assert_string_equal(home.paths.authority, below(&home, "ca.pem"));
    if (!hw_test_is_struck()) {
        assert_string_equal(home.paths.reason, "there was none");
        assert_true(home.paths.is_new_authority);
    }
    assert_int_equal(mode_below(&home, "ca.pem"), 0644);
    assert_int_equal(mode_below(&home, "ca-key.pem"), 0600);
    assert_int_equal(mode_below(&home, "cert.pem"), 0644);
    assert_int_equal(mode_below(&home, "key.pem"), 0600);
    read_below(&home, "cert.pem", first, sizeof first);
    hw_seam_reset();
    stand_at(NOW_S + 23 * DAY_S);
    must_find(&home, NULL);
    assert_null(home.paths.reason);
    assert_false(home.paths.is_new_authority);
    read_below(&home, "cert.pem", second, sizeof second);
    assert_string_equal(first, second);
    /* It is used without a lock, and without a right to write. */
    assert_int_equal(hw_seam_calls("make_at") + hw_seam_calls("lock") + hw_seam_calls("write"), 0);
    end(&home);
}

HW_TEST(development_certificate_is_renewed_with_its_key_and_its_names)
{
    static const char *const names[] = {"app.localhost", NULL};
    dev_home home;
    char key[1024], same[1024];
    begin(&home);
    must_find(&home, names);
    read_below(&home, "key.pem", key, sizeof key);
    stand_at(NOW_S + 23 * DAY_S + 1);
    must_find(&home, NULL);
    if (!hw_test_is_struck())
        assert_string_equal(home.paths.reason, "fewer than 7 days were left");
    assert_true(home.paths.until_s == NOW_S + 53 * DAY_S + 1);
    assert_false(home.paths.is_new_authority);
    read_below(&home, "key.pem", same, sizeof same);
    assert_string_equal(key, same);
    must_find(&home, names);
    assert_null(home.paths.reason);
    end(&home);
}

HW_TEST(development_certificate_is_made_anew_for_a_name)
{
    static const char *const names[] = {"Shop.test", "192.168.7.1", "[fd00::7]", NULL};
    dev_home home;
    begin(&home);
    must_find(&home, NULL);
    must_find(&home, names);
    if (!hw_test_is_struck())
        assert_string_equal(home.paths.reason, "it lacked a name");
    must_find(&home, names + 1);
    assert_null(home.paths.reason);
    end(&home);
}

HW_TEST(development_certificate_is_not_made_for_other_names)
{
    static const struct {
        const char *name;
        int error;
        const char *words;
    } cases[] = {
        {"example.com", -EINVAL, "vouches only for this machine's own name"},
        {"8.8.8.8", -EINVAL, "vouches only for this machine's own name"},
        {"localhost:9000", -EINVAL, "neither a host's name nor an address"},
        {"*.localhost", -EINVAL, "neither a host's name nor an address"},
    };
    dev_home home;
    begin(&home);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const names[] = {"ok.test", cases[i].name, NULL};
        int error = find(&home, names);
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, cases[i].error);
        assert_string_equal(home.fault.where, cases[i].name);
        assert_non_null(strstr(home.fault.what, cases[i].words));
    }
    end(&home);
}

HW_TEST(development_certificate_has_at_most_64_names)
{
    char memory[70][16];
    const char *names[71] = {NULL};
    dev_home home;
    begin(&home);
    for (int i = 0; i < 70; i++) {
        (void)snprintf(memory[i], sizeof memory[i], "h%d.test", i);
        names[i] = memory[i];
    }
    int error = find(&home, names);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -E2BIG);
    end(&home);
}

HW_TEST(development_files_that_are_damaged_are_told_and_kept)
{
    static const char *const names[] = {"ca.pem", "ca-key.pem", "cert.pem", "key.pem"};
    static const char *const contents[] = {
        "", "words\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
    dev_home home;
    char good[8192], found[8192];
    begin(&home);
    must_find(&home, NULL);
    for (size_t i = 0; i < 4; i++) {
        read_below(&home, names[i], good, sizeof good);
        for (size_t j = 0; j < 3; j++) {
            write_below(&home, names[i], contents[j], 0600);
            int error = find(&home, NULL);
            if (error == -ENOMEM)
                hw_test_out_of_memory();
            assert_int_equal(error, -EBADMSG);
            assert_string_equal(home.fault.where, below(&home, names[i]));
            assert_non_null(strstr(home.fault.what, "move it away"));
            read_below(&home, names[i], found, sizeof found);
            assert_string_equal(found, contents[j]);
        }
        write_below(&home, names[i], good, 0600);
    }
    must_find(&home, NULL);
    assert_null(home.paths.reason);
    end(&home);
}

HW_TEST(development_keys_that_others_may_read_are_refused)
{
    static const char *const names[] = {"ca-key.pem", "key.pem"};
    dev_home home;
    begin(&home);
    must_find(&home, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_return_code(chmod(below(&home, names[i]), 0640), errno);
        int error = find(&home, NULL);
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, -EPERM);
        assert_string_equal(home.fault.where, below(&home, names[i]));
        assert_non_null(strstr(home.fault.what, "chmod 600 "));
        assert_int_equal(mode_below(&home, names[i]), 0640);
        assert_return_code(chmod(home.folder.below, 0600), errno);
    }
    end(&home);
}

static void take_file(dev_home *home, dev_home *from, const char *name, mode_t mode)
{
    char memory[8192];
    read_below(from, name, memory, sizeof memory);
    write_below(home, name, memory, mode);
}

HW_TEST(development_certificate_follows_its_authority_and_its_key)
{
    dev_home home, other;
    begin(&home);
    begin(&other);
    must_find(&home, NULL);
    must_find(&other, NULL);
    take_file(&home, &other, "ca.pem", 0644);
    int error = find(&home, NULL);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EBADMSG);
    assert_non_null(strstr(home.fault.what, "it is not the key of ca.pem"));
    take_file(&home, &other, "ca-key.pem", 0600);
    must_find(&home, NULL);
    if (!hw_test_is_struck())
        assert_string_equal(home.paths.reason, "its authority was another one");
    take_file(&home, &other, "key.pem", 0600);
    must_find(&home, NULL);
    if (!hw_test_is_struck())
        assert_string_equal(home.paths.reason, "its key was another one");
    end(&other);
    end(&home);
}

HW_TEST(development_files_that_are_missing_are_made_where_that_makes_sense)
{
    dev_home home;
    char key[1024], same[1024];
    begin(&home);
    must_find(&home, NULL);
    /* What a crash leaves: a key that nobody has signed yet. */
    read_below(&home, "ca-key.pem", key, sizeof key);
    assert_return_code(unlink(below(&home, "ca.pem")), errno);
    must_find(&home, NULL);
    if (!hw_test_is_struck())
        assert_true(home.paths.is_new_authority);
    read_below(&home, "ca-key.pem", same, sizeof same);
    assert_string_equal(key, same);
    assert_return_code(unlink(below(&home, "key.pem")), errno);
    must_find(&home, NULL);
    assert_int_equal(mode_below(&home, "key.pem"), 0600);
    /* An authority without its key goes on until it would have to sign. */
    assert_return_code(unlink(below(&home, "ca-key.pem")), errno);
    must_find(&home, NULL);
    assert_null(home.paths.reason);
    stand_at(NOW_S + 29 * DAY_S);
    int error = find(&home, NULL);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -ENOENT);
    assert_string_equal(home.fault.where, below(&home, "ca-key.pem"));
    end(&home);
}

HW_TEST(development_authority_is_never_replaced)
{
    dev_home home;
    char first[8192], second[8192];
    begin(&home);
    must_find(&home, NULL);
    read_below(&home, "ca.pem", first, sizeof first);
    for (int i = 0; i < 2; i++) {
        stand_at(i ? NOW_S - DAY_S : NOW_S + 3640 * DAY_S);
        int error = find(&home, NULL);
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, -EKEYEXPIRED);
        assert_string_equal(home.fault.where, below(&home, "ca.pem"));
        assert_non_null(strstr(home.fault.what, i ? "is the clock" : "its time is over"));
    }
    read_below(&home, "ca.pem", second, sizeof second);
    assert_string_equal(first, second);
    end(&home);
}

/* Whatever call fails: nothing is half made, nothing is open, and the next one goes on from there. */
HW_LONG_TEST(development_certificate_survives_any_failing_call)
{
    static const char *const calls[] = {"open",      "open_at",   "open_folder", "stat",
                                        "read",      "make_at",   "make_folder", "set_mode",
                                        "write",     "flush",     "close",       "lock",
                                        "rename_at", "unlink_at", "random",      "host_name"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (unsigned nth = 1; nth <= 24; nth++) {
            static const char *const names[] = {"ca.pem", "ca-key.pem", "cert.pem", "key.pem"};
            dev_home home;
            begin(&home);
            hw_seam_fail(calls[i], nth, EIO);
            int error = find(&home, NULL);
            bool has_struck = hw_seam_calls(calls[i]) >= nth;
            assert_true(error == 0 || (error < 0 && home.fault.what[0]));
            assert_true(error == 0 || has_struck || hw_test_is_struck());
            hw_seam_reset();
            stand_at(NOW_S);
            must_find(&home, NULL);
            for (size_t j = 0; j < 4; j++)
                assert_int_equal(mode_below(&home, names[j]), j % 2 ? 0600 : 0644);
            end(&home);
            if (!has_struck)
                break;
        }
    }
}

static void *find_in_thread(void *arg)
{
    dev_home *home = arg;
    hewn_certificate_dev_opts opts = {sizeof opts, home->path, NULL};
    home->fault.error = -hewn_certificate_dev(&opts, &home->fault, &home->paths);
    return NULL;
}

HW_LONG_TEST(development_certificate_is_made_by_several_at_once)
{
    enum { THREADS = 6 };
    for (int round = 0; round < 10; round++) {
        dev_home home, homes[THREADS];
        pthread_t threads[THREADS];
        int made = 0, authorities = 0;
        begin(&home);
        for (int i = 0; i < THREADS; i++) {
            homes[i] = home;
            assert_int_equal(pthread_create(&threads[i], NULL, find_in_thread, &homes[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            if (homes[i].fault.error)
                fail_msg("%s: %s", homes[i].fault.where, homes[i].fault.what);
            made += homes[i].paths.reason != NULL;
            authorities += homes[i].paths.is_new_authority;
        }
        assert_int_equal(made, 1);
        assert_int_equal(authorities, 1);
        must_find(&home, NULL);
        assert_null(home.paths.reason);
        end(&home);
    }
}

/* What the environment says, put back at the end. */
typedef struct kept_variables {
    char *share, *home;
} kept_variables;

static void say_variable(const char *name, const char *value)
{
    assert_return_code(value ? setenv(name, value, 1) : unsetenv(name), errno);
}

static kept_variables say_homes(const char *share, const char *home)
{
    const char *was_share = getenv("XDG_DATA_HOME"), *was_home = getenv("HOME");
    kept_variables kept = {was_share ? strdup(was_share) : NULL,
                           was_home ? strdup(was_home) : NULL};
    say_variable("XDG_DATA_HOME", share);
    say_variable("HOME", home);
    return kept;
}

static void put_back(kept_variables *kept)
{
    say_variable("XDG_DATA_HOME", kept->share);
    say_variable("HOME", kept->home);
    free(kept->share);
    free(kept->home);
}

HW_TEST(development_folder_is_where_the_environment_says)
{
    static const struct {
        const char *given, *share, *home;
        const char *path; /* NULL: there is none */
    } cases[] = {
        {"/given", "/share", "/tmp", "/given"},
        {NULL, "/share", NULL, "/share/hewn/dev"},
        {NULL, NULL, "/tmp", "/tmp/.local/share/hewn/dev"},
        {NULL, "", "/tmp", "/tmp/.local/share/hewn/dev"},
        {NULL, "share", "/tmp", "/tmp/.local/share/hewn/dev"},
        {NULL, NULL, NULL, NULL},
        {NULL, NULL, "", NULL},
        {NULL, NULL, "tmp", NULL},
        {NULL, NULL, "/nobody/has/this/home", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[HW_VAULT_PATH_BYTES] = "";
        hw_fault fault = {.error = 0};
        kept_variables kept = say_homes(cases[i].share, cases[i].home);
        int error = hw_development_folder(cases[i].given, &fault, path);
        put_back(&kept);
        assert_int_equal(error, cases[i].path ? 0 : -ENOENT);
        if (cases[i].path)
            assert_string_equal(path, cases[i].path);
        else
            assert_non_null(strstr(fault.what, "set HOME or XDG_DATA_HOME"));
    }
    char longest[600], path[HW_VAULT_PATH_BYTES];
    hw_fault fault;
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(hw_development_folder(longest, &fault, path), -ENAMETOOLONG);
}

static void keep_words(void *arg, const char *subject, const char *words)
{
    hw_buffer_put_format(arg, "%s: %s\n", subject, words);
}

static void assert_shows(dev_home *home, const char *name, const char *line)
{
    char told[16 * 1024];
    hw_buffer words = HW_BUFFER_OVER(told);
    int error = hewn_certificate_show(below(home, name), keep_words, &words, &home->fault);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, 0);
    assert_non_null(hw_buffer_string(&words));
    if (!strstr(told, line))
        fail_msg("%s\n%s", line, told);
}

HW_TEST(certificate_is_shown_with_the_key_beside_it)
{
    dev_home home;
    begin(&home);
    must_find(&home, NULL);
    assert_shows(&home, "cert.pem", "/dev/key.pem: it fits\n");
    assert_shows(&home, "ca.pem", "/dev/ca-key.pem: it fits\n");
    assert_return_code(chmod(below(&home, "key.pem"), 0644), errno);
    assert_shows(&home, "cert.pem", "/dev/key.pem: it fits, but others may read it\n");
    take_file(&home, &home, "ca-key.pem", 0600);
    write_below(&home, "cert.key", "words", 0600);
    assert_shows(&home, "cert.pem", "/dev/cert.key: there is no key in it that can be read\n");
    assert_return_code(unlink(below(&home, "cert.key")), errno);
    assert_return_code(unlink(below(&home, "key.pem")), errno);
    assert_shows(&home, "cert.pem", "key file: none is beside it\n");
    take_file(&home, &home, "ca-key.pem", 0600);
    assert_return_code(rename(below(&home, "ca-key.pem"), home.paths.key), errno);
    assert_shows(&home, "cert.pem", "/dev/key.pem: it is another certificate's\n");
    end(&home);
}

HW_TEST(certificate_that_is_none_is_not_shown)
{
    static const struct {
        const char *name;
        int error;
        const char *words;
    } cases[] = {
        {"none.pem", -ENOENT, "No such file"},
        {"words.pem", -EBADMSG, "there is no certificate in it that can be read"},
        {"key.pem", -EBADMSG, "there is no certificate in it that can be read"},
        {"", -EISDIR, "Is a directory"},
        {"long.pem", -EFBIG, "too large"},
    };
    dev_home home;
    char told[4096];
    begin(&home);
    must_find(&home, NULL);
    write_below(&home, "words.pem", "words", 0644);
    write_below(&home, "long.pem", "words", 0644);
    assert_return_code(truncate(home.folder.below, 1024 * 1024 + 1), errno);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hw_buffer words = HW_BUFFER_OVER(told);
        int error =
            hewn_certificate_show(below(&home, cases[i].name), keep_words, &words, &home.fault);
        if (error == -ENOMEM)
            hw_test_out_of_memory();
        assert_int_equal(error, cases[i].error);
        assert_int_equal(words.length, 0);
        assert_non_null(strstr(home.fault.what, cases[i].words));
    }
    end(&home);
}

HW_TEST(certificate_for_development_is_shown_where_there_is_one)
{
    dev_home home;
    char told[16 * 1024];
    hw_buffer words = HW_BUFFER_OVER(told);
    begin(&home);
    kept_variables kept = say_homes(home.folder.path, NULL);
    int none = hewn_certificate_show(NULL, keep_words, &words, &home.fault);
    int made = hewn_certificate_dev(NULL, NULL, &home.paths);
    int shown = hewn_certificate_show(NULL, keep_words, &words, NULL);
    put_back(&kept);
    if (hw_test_is_struck()) {
        end(&home);
        return;
    }
    assert_int_equal(none, -ENOENT);
    assert_non_null(strstr(home.fault.what, "hewn cert dev"));
    assert_int_equal(made, 0);
    assert_int_equal(shown, 0);
    assert_non_null(hw_buffer_string(&words));
    assert_non_null(strstr(told, "/hewn/dev/cert.pem\n"));
    assert_non_null(strstr(told, "names: localhost, "));
    end(&home);
}

HW_TEST(development_options_of_a_newer_version_are_refused)
{
    hewn_certificate_dev_opts opts = {.size = 0};
    hewn_certificate_paths paths;
    assert_int_equal(hewn_certificate_dev(&opts, NULL, &paths), -EINVAL);
}
