#include "run/vault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seam/seam.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

static const hw_vault no_vault = {NULL, -1, -1};

/* A vault below a folder of its own. */
typedef struct held_vault {
    hw_test_folder folder;
    char path[128];
    hw_vault vault;
    hw_fault fault;
    hw_arena arena;
} held_vault;

static void begin(held_vault *held)
{
    *held = (held_vault){.vault = no_vault};
    hw_test_folder_init(&held->folder);
    hw_arena_init(&held->arena, 1024, 256 * 1024);
    (void)snprintf(held->path, sizeof held->path, "%s/share/hewn/dev", held->folder.path);
}

static void begin_held(held_vault *held)
{
    begin(held);
    assert_int_equal(hw_vault_hold(held->path, &held->fault, &held->vault), 0);
}

static void end(held_vault *held)
{
    hw_vault_close(&held->vault);
    hw_arena_fini(&held->arena);
    hw_test_folder_fini(&held->folder);
}

static int write_secret(held_vault *held, const char *words)
{
    return hw_vault_write(&held->vault, "key", HW_VAULT_SECRET, hw_text_of(words), &held->fault);
}

static int read_secret(held_vault *held, hw_text *ret_text)
{
    int error =
        hw_vault_read(&held->vault, "key", HW_VAULT_SECRET, &held->arena, &held->fault, ret_text);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    return error;
}

static mode_t mode_below(held_vault *held, const char *name)
{
    struct stat seen;
    assert_return_code(stat(hw_test_folder_path(&held->folder, name), &seen), errno);
    return seen.st_mode & 07777;
}

static void change_mode(held_vault *held, const char *name, mode_t mode)
{
    assert_return_code(chmod(hw_test_folder_path(&held->folder, name), mode), errno);
}

HW_TEST(vault_keeps_files_for_their_owner_whatever_the_umask_says)
{
    static const mode_t umasks[] = {0, 022, 0777};
    for (size_t i = 0; i < sizeof umasks / sizeof *umasks; i++) {
        held_vault held;
        mode_t before = umask(umasks[i]);
        begin(&held);
        int error = hw_vault_hold(held.path, &held.fault, &held.vault);
        if (error == 0)
            error = write_secret(&held, "secret");
        if (error == 0)
            error = hw_vault_write(&held.vault, "cert", HW_VAULT_PUBLIC, HW_TEXT("public"),
                                   &held.fault);
        umask(before);
        assert_int_equal(error, 0);
        assert_int_equal(mode_below(&held, "share"), 0700);
        assert_int_equal(mode_below(&held, "share/hewn"), 0700);
        assert_int_equal(mode_below(&held, "share/hewn/dev"), 0700);
        assert_int_equal(mode_below(&held, "share/hewn/dev/key"), 0600);
        assert_int_equal(mode_below(&held, "share/hewn/dev/cert"), 0644);
        end(&held);
    }
}

HW_TEST(vault_gives_back_what_it_was_given)
{
    held_vault held;
    hw_text text;
    begin(&held);
    assert_int_equal(hw_vault_open(held.path, &held.fault, &held.vault), -ENOENT);
    assert_int_equal(held.fault.error, 0);
    end(&held);
    begin_held(&held);
    assert_int_equal(read_secret(&held, &text), -ENOENT);
    assert_int_equal(held.fault.error, 0);
    hw_seam_short("write", 3);
    hw_seam_short("read", 2);
    assert_int_equal(write_secret(&held, "one secret"), 0);
    assert_int_equal(write_secret(&held, "another secret"), 0);
    assert_int_equal(read_secret(&held, &text), 0);
    assert_true(hw_text_equal(text, HW_TEXT("another secret")));
    assert_int_not_equal(access(hw_test_folder_path(&held.folder, "share/hewn/dev/new"), F_OK), 0);
    end(&held);
}

HW_TEST(vault_refuses_a_secret_that_others_may_read)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    held_vault held;
    hw_text text;
    begin_held(&held);
    assert_int_equal(write_secret(&held, "secret"), 0);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        change_mode(&held, "share/hewn/dev/key", modes[i]);
        assert_int_equal(read_secret(&held, &text), -EPERM);
        assert_non_null(strstr(held.fault.what, "others may read it: chmod 600 /tmp/hewn-test-"));
        assert_non_null(strstr(held.fault.where, "/share/hewn/dev/key"));
    }
    change_mode(&held, "share/hewn/dev/key", 0400);
    assert_int_equal(read_secret(&held, &text), 0);
    end(&held);
}

HW_TEST(vault_refuses_folders_that_are_not_the_users_alone)
{
    held_vault held;
    begin_held(&held);
    hw_vault_close(&held.vault);
    for (mode_t mode = 0720; mode >= 0702; mode -= 016) {
        change_mode(&held, "share/hewn/dev", mode);
        assert_int_equal(hw_vault_open(held.path, &held.fault, &held.vault), -EPERM);
        assert_non_null(strstr(held.fault.what, "others may write into it: chmod 700 /tmp/"));
    }
    change_mode(&held, "share/hewn/dev", 0755);
    hw_seam_fail("user", 1, EPERM);
    assert_int_equal(hw_vault_open(held.path, &held.fault, &held.vault), -EPERM);
    assert_non_null(strstr(held.fault.what, "it is another user's"));
    assert_int_equal(hw_vault_open(held.path, &held.fault, &held.vault), 0);
    end(&held);
}

HW_TEST(vault_refuses_what_is_no_file)
{
    held_vault held;
    hw_text text;
    begin_held(&held);
    assert_return_code(mkfifo(hw_test_folder_path(&held.folder, "share/hewn/dev/key"), 0600),
                       errno);
    assert_int_equal(read_secret(&held, &text), -EINVAL);
    assert_string_equal(held.fault.what, "is no file");
    unlink(held.folder.below);
    assert_return_code(truncate((hw_test_folder_write(&held.folder, "share/hewn/dev/key", ""),
                                 hw_test_folder_path(&held.folder, "share/hewn/dev/key")),
                                64 * 1024 + 1),
                       errno);
    change_mode(&held, "share/hewn/dev/key", 0600);
    assert_int_equal(read_secret(&held, &text), -EFBIG);
    hw_vault_close(&held.vault);
    hw_test_folder_write(&held.folder, "file", "");
    assert_int_equal(
        hw_vault_open(hw_test_folder_path(&held.folder, "file"), &held.fault, &held.vault),
        -ENOTDIR);
    (void)snprintf(held.path, sizeof held.path, "%s/file/dev", held.folder.path);
    assert_int_equal(hw_vault_hold(held.path, &held.fault, &held.vault), -ENOTDIR);
    assert_non_null(strstr(held.fault.what, "XDG_DATA_HOME can name another place"));
    end(&held);
}

HW_TEST(vault_is_held_by_one_at_a_time)
{
    held_vault held;
    hw_vault other = no_vault;
    begin_held(&held);
    hw_seam_hurry(true);
    int error = hw_vault_hold(held.path, &held.fault, &other);
    hw_seam_hurry(false);
    assert_int_equal(error, -EAGAIN);
    assert_non_null(strstr(held.fault.what, "another program has held it for 10 seconds"));
    assert_true(hw_seam_waits() >= 500);
    hw_vault_close(&held.vault);
    assert_int_equal(hw_vault_hold(held.path, &held.fault, &other), 0);
    hw_vault_close(&other);
    end(&held);
}

HW_TEST(vault_has_the_old_file_or_the_new_one_whatever_fails)
{
    static const char *const calls[] = {"unlink_at", "make_at", "set_mode", "write",
                                        "flush",     "close",   "rename_at"};
    held_vault held;
    hw_text text;
    begin_held(&held);
    assert_int_equal(write_secret(&held, "old"), 0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        hw_seam_fail(calls[i], 1, EIO);
        assert_int_equal(write_secret(&held, "new"), -EIO);
        assert_non_null(strstr(held.fault.where, "/share/hewn/dev/"));
        assert_int_equal(read_secret(&held, &text), 0);
        assert_true(hw_text_equal(text, HW_TEXT("old")));
    }
    /* What a crash has left there, even a link, is removed and not written to. */
    assert_return_code(symlink("key", hw_test_folder_path(&held.folder, "share/hewn/dev/new")),
                       errno);
    assert_int_equal(write_secret(&held, "new"), 0);
    assert_int_equal(read_secret(&held, &text), 0);
    assert_true(hw_text_equal(text, HW_TEXT("new")));
    end(&held);
}

HW_TEST(vault_says_what_cannot_be_made)
{
    static const struct {
        const char *call;
        int error;
        const char *words;
    } cases[] = {
        {"make_folder", EROFS, "cannot make this folder: Read-only file system; XDG_DATA_HOME"},
        {"make_at", EACCES, "cannot write here: Permission denied; XDG_DATA_HOME"},
        {"lock", ENOLCK, "No locks available"},
        {"stat", EIO, "Input/output error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        held_vault held;
        begin(&held);
        hw_seam_fail(cases[i].call, 1, cases[i].error);
        assert_int_equal(hw_vault_hold(held.path, &held.fault, &held.vault), -cases[i].error);
        assert_non_null(strstr(held.fault.what, cases[i].words));
        end(&held);
    }
}

HW_TEST(vault_refuses_a_path_without_end)
{
    char path[600];
    hw_vault vault = no_vault;
    hw_fault fault = {.error = 0};
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(hw_vault_hold(path, &fault, &vault), -ENAMETOOLONG);
}
