#include "sys/file.h"

#include "sys/socket.h"
#include "sys/thread.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void assert_is_plain(int fd)
{
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void assert_opens(int fd, const char *words)
{
    char memory[64] = "";
    assert_is_plain(fd);
    assert_int_equal(hw_sys_read(fd, memory, sizeof memory), strlen(words));
    assert_memory_equal(memory, words, strlen(words));
    assert_int_equal(hw_sys_close(fd), 0);
}

HW_TEST(file_reads_and_writes)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "ten.txt", "0123456789");
    int fd = hw_sys_open(hw_test_folder_path(&folder, "ten.txt"));
    assert_is_plain(fd);
    struct stat stat;
    assert_int_equal(hw_sys_stat(fd, &stat), 0);
    assert_int_equal(stat.st_size, 10);

    char memory[16] = "";
    assert_int_equal(hw_sys_read(fd, memory, 4), 4);
    assert_string_equal(memory, "0123");
    assert_int_equal(hw_sys_read_at(fd, memory, 16, 7), 3);
    assert_memory_equal(memory, "789", 3);
    assert_int_equal(hw_sys_read_at(fd, memory, 16, 10), 0);
    assert_int_equal(hw_sys_read_at(fd, memory, 16, UINT64_MAX), -EINVAL);
    assert_int_equal(hw_sys_read(fd, memory, 16), 6);
    assert_int_equal(hw_sys_read(fd, memory, 16), 0);
    assert_int_equal(hw_sys_write(fd, "x", 1), -EBADF);
    assert_int_equal(hw_sys_close(fd), 0);
    assert_int_equal(hw_sys_stat(fd, &stat), -EBADF);
    hw_test_folder_fini(&folder);
}

HW_TEST(file_tells_what_is_cached)
{
    hw_test_folder folder;
    char memory[16] = "";
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "ten.txt", "0123456789");
    int fd = hw_sys_open(hw_test_folder_path(&folder, "ten.txt"));
    hw_test_folder_fini(&folder);
    assert_is_plain(fd);
    assert_int_equal(hw_sys_read_cached(fd, memory, 4, 3), 4);
    assert_string_equal(memory, "3456");
    assert_int_equal(hw_sys_read_cached(fd, memory, 4, 10), 0);
    assert_int_equal(hw_sys_read_cached(-1, memory, 4, 0), -EBADF);
    assert_int_equal(hw_sys_size(fd), 10);
    assert_int_equal(hw_sys_size(-1), -EBADF);
    assert_in_range(hw_sys_is_in_memory(fd), 0, 1);
    assert_int_equal(hw_sys_is_in_memory(-1), -EBADF);
    assert_int_equal(hw_sys_close(fd), 0);
    int in_memory = memfd_create("memory", MFD_CLOEXEC);
    assert_is_plain(in_memory);
    assert_int_equal(hw_sys_is_in_memory(in_memory), 1);
    assert_int_equal(hw_sys_close(in_memory), 0);
}

HW_TEST(file_counts_the_pages_that_are_cached)
{
    int fd = memfd_create("pages", MFD_CLOEXEC);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    assert_is_plain(fd);
    assert_return_code(ftruncate(fd, (off_t)page * 3), errno);
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    assert_int_equal(pwrite(fd, "x", 1, (off_t)page), 1);
    int result = hw_sys_is_cached(fd, 0, 1);
    if (result == -ENOSYS) /* a kernel before 6.5 */
        skip();
    assert_int_equal(result, 1);
    assert_int_equal(hw_sys_is_cached(fd, 0, page * 2), 1);
    assert_int_equal(hw_sys_is_cached(fd, page - 1, 2), 1);
    assert_int_equal(hw_sys_is_cached(fd, 0, page * 2 + 1), 0);
    assert_int_equal(hw_sys_is_cached(fd, page * 2, 1), 0);
    assert_int_equal(hw_sys_is_cached(-1, 0, 1), -EBADF);
    assert_int_equal(hw_sys_close(fd), 0);
}

HW_TEST(file_duplicate_and_write)
{
    int ends[2];
    assert_return_code(pipe(ends), errno);
    int copy = hw_sys_duplicate(ends[1]);
    assert_is_plain(copy);
    assert_int_not_equal(copy, ends[1]);
    assert_int_equal(hw_sys_close(ends[1]), 0);
    assert_int_equal(hw_sys_write(copy, "abc", 3), 3);
    assert_int_equal(hw_sys_close(copy), 0);
    assert_opens(fcntl(ends[0], F_DUPFD_CLOEXEC, 0), "abc");
    char byte;
    assert_int_equal(hw_sys_read(ends[0], &byte, 1), 0);
    assert_int_equal(hw_sys_close(ends[0]), 0);
    assert_int_equal(hw_sys_duplicate(-1), -EBADF);
}

HW_TEST(file_folders_open_without_being_read)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "file", "x");
    int fd = hw_sys_open_folder(folder.path);
    assert_is_plain(fd);
    char memory[256];
    assert_int_equal(hw_sys_read_folder(fd, memory, sizeof memory), -EBADF);
    assert_int_equal(hw_sys_close(fd), 0);
    assert_int_equal(hw_sys_open_folder(hw_test_folder_path(&folder, "file")), -ENOTDIR);
    assert_int_equal(hw_sys_open_folder(hw_test_folder_path(&folder, "none")), -ENOENT);
    assert_int_equal(hw_sys_open(hw_test_folder_path(&folder, "none")), -ENOENT);
    hw_test_folder_fini(&folder);
}

/* Which of the one-letter names a to d the folder holds, as bits. */
static unsigned list_letters(int fd)
{
    _Alignas(struct dirent64) char memory[512];
    unsigned letters = 0;
    ssize_t bytes;
    while ((bytes = hw_sys_read_folder(fd, memory, sizeof memory)) > 0) {
        for (ssize_t at = 0; at < bytes;) {
            const struct dirent64 *entry = (const void *)(memory + at);
            if (entry->d_name[0] >= 'a' && entry->d_name[0] <= 'd' && !entry->d_name[1])
                letters |= 1U << (entry->d_name[0] - 'a');
            at += entry->d_reclen;
        }
    }
    assert_int_equal(bytes, 0);
    return letters;
}

HW_TEST(file_folders_list_their_entries)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "a", "");
    hw_test_folder_write(&folder, "b", "");
    hw_test_folder_write(&folder, "c/a", "");
    int root = hw_sys_open_folder(folder.path);
    int self = hw_sys_open_folder_at(root, ".");
    assert_is_plain(self);
    assert_int_equal(list_letters(self), 7);
    int below = hw_sys_open_folder_at(root, "c");
    assert_int_equal(list_letters(below), 1);

    assert_int_equal(hw_sys_open_folder_at(root, "a"), -ENOTDIR);
    assert_int_equal(hw_sys_open_folder_at(root, "d"), -ENOENT);
    assert_return_code(symlink("c", hw_test_folder_path(&folder, "d")), errno);
    assert_true(hw_sys_open_folder_at(root, "d") < 0);
    hw_sys_close(self);
    hw_sys_close(below);
    hw_sys_close(root);
    hw_test_folder_fini(&folder);
}

HW_TEST(file_beneath_finds_what_is_below)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "www/index.html", "home");
    hw_test_folder_write(&folder, "www/a/b.txt", "below");
    assert_return_code(symlink("a/b.txt", hw_test_folder_path(&folder, "www/inside")), errno);
    assert_return_code(symlink("../index.html", hw_test_folder_path(&folder, "www/a/up")), errno);
    int root = hw_sys_open_folder(hw_test_folder_path(&folder, "www"));
    assert_opens(hw_sys_open_beneath(root, "index.html", true), "home");
    assert_opens(hw_sys_open_beneath(root, "a/b.txt", true), "below");
    assert_opens(hw_sys_open_beneath(root, "a/../index.html", true), "home");
    assert_opens(hw_sys_open_beneath(root, "inside", true), "below");
    assert_opens(hw_sys_open_beneath(root, "a/up", true), "home");
    assert_int_equal(hw_sys_open_beneath(root, "none", true), -ENOENT);
    assert_int_equal(hw_sys_open_beneath(root, "index.html/x", true), -ENOTDIR);
    hw_sys_close(root);
    hw_test_folder_fini(&folder);
}

HW_TEST(file_beneath_refuses_every_escape)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "www/a/b.txt", "below");
    hw_test_folder_write(&folder, "www-secret/key", "secret");
    static const char *const links[][2] = {
        {"../www-secret/key", "www/relative"},
        {"/etc/passwd", "www/absolute"},
        {"..", "www/parent"},
        {"../..", "www/a/far"},
        {"/proc/self/root", "www/magic"},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        assert_return_code(symlink(links[i][0], hw_test_folder_path(&folder, links[i][1])), errno);

    int root = hw_sys_open_folder(hw_test_folder_path(&folder, "www"));
    static const char *const names[] = {
        "..",
        "../www-secret/key",
        "a/../../www-secret/key",
        "/etc/passwd",
        "/",
        "relative",
        "absolute",
        "parent",
        "a/far",
        "magic",
        "parent/www/",
        "parent/www/a/b.txt",
        "magic/etc/passwd",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(hw_sys_open_beneath(root, names[i], true), -EXDEV);
    hw_sys_close(root);
    hw_test_folder_fini(&folder);
}

HW_TEST(file_beneath_follows_no_magic_link)
{
    int proc = hw_sys_open_folder("/proc/self");
    if (proc < 0)
        skip();
    assert_true(hw_sys_open_beneath(proc, "exe", true) < 0);
    assert_true(hw_sys_open_beneath(proc, "root/etc/passwd", true) < 0);
    hw_sys_close(proc);
}

HW_TEST(file_fifo_does_not_hang)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    assert_return_code(mkfifo(hw_test_folder_path(&folder, "fifo"), 0600), errno);
    int root = hw_sys_open_folder(folder.path);
    int one = hw_sys_open_beneath(root, "fifo", true);
    int two = hw_sys_open(hw_test_folder_path(&folder, "fifo"));
    struct stat stat;
    assert_int_equal(hw_sys_stat(one, &stat), 0);
    assert_true(S_ISFIFO(stat.st_mode));
    char byte;
    assert_int_equal(hw_sys_read(one, &byte, 1), 0);
    assert_int_equal(hw_sys_read(two, &byte, 1), 0);
    hw_sys_close(one);
    hw_sys_close(two);
    hw_sys_close(root);
    hw_test_folder_fini(&folder);
}

HW_TEST(file_links_and_unlinks)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    assert_return_code(symlink("target", hw_test_folder_path(&folder, "link")), errno);
    int root = hw_sys_open_folder(folder.path);
    char memory[16] = "................";
    assert_int_equal(hw_sys_read_link(root, "link", memory, sizeof memory), 6);
    assert_memory_equal(memory, "target.", 7);
    assert_int_equal(hw_sys_read_link(root, "link", memory, 3), 3);
    assert_int_equal(hw_sys_read_link(root, "none", memory, 3), -ENOENT);
    assert_int_equal(hw_sys_unlink(hw_test_folder_path(&folder, "link")), 0);
    assert_int_equal(hw_sys_unlink(hw_test_folder_path(&folder, "link")), -ENOENT);
    hw_sys_close(root);
    hw_test_folder_fini(&folder);
}

typedef struct disturbance {
    pthread_t reader;
    int fd;
} disturbance;

static void *disturb_then_write(void *arg)
{
    const disturbance *with = arg;
    for (int i = 0; i < 200; i++) {
        pthread_kill(with->reader, SIGUSR2);
        sched_yield();
    }
    (void)hw_sys_write(with->fd, "x", 1);
    return NULL;
}

static void ignore_signal(int number)
{
    (void)number;
}

HW_THREAD_TEST(file_read_outlasts_signals)
{
    struct sigaction interrupt = {.sa_handler = ignore_signal}, old;
    sigaction(SIGUSR2, &interrupt, &old);
    int ends[2];
    assert_return_code(pipe(ends), errno);
    disturbance with = {pthread_self(), ends[1]};
    pthread_t thread;
    assert_int_equal(hw_sys_thread_start(&thread, disturb_then_write, &with, 262144), 0);
    char byte = 0;
    assert_int_equal(hw_sys_read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    assert_int_equal(hw_sys_thread_join(thread), 0);
    close(ends[0]);
    close(ends[1]);
    sigaction(SIGUSR2, &old, NULL);
}

static mode_t mode_of(int fd)
{
    struct stat seen;
    assert_int_equal(hw_sys_stat(fd, &seen), 0);
    return seen.st_mode & 07777;
}

HW_TEST(file_is_made_for_its_owner_whatever_the_umask_says)
{
    static const mode_t umasks[] = {0, 022, 0777};
    for (size_t i = 0; i < sizeof umasks / sizeof *umasks; i++) {
        hw_test_folder folder;
        hw_test_folder_init(&folder);
        mode_t before = umask(umasks[i]);
        assert_int_equal(hw_sys_make_folder(hw_test_folder_path(&folder, "own")), 0);
        int own = hw_sys_open(folder.below);
        int fd = hw_sys_make_at(own, "key", true);
        umask(before);
        assert_is_plain(fd);
        assert_int_equal(mode_of(own), 0700);
        assert_int_equal(mode_of(fd) & ~0600U, 0);
        assert_int_equal(hw_sys_set_mode(fd, 0600), 0);
        assert_int_equal(mode_of(fd), 0600);
        assert_int_equal(hw_sys_make_folder(folder.below), -EEXIST);
        hw_sys_close(fd);
        hw_sys_close(own);
        hw_test_folder_fini(&folder);
    }
}

HW_TEST(file_is_made_renamed_and_removed_in_a_folder)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "old", "old");
    int root = hw_sys_open(folder.path);
    int fd = hw_sys_make_at(root, "new", true);
    assert_int_equal(hw_sys_write(fd, "new", 3), 3);
    assert_int_equal(hw_sys_flush(fd), 0);
    assert_int_equal(hw_sys_flush(root), 0);
    assert_int_equal(hw_sys_make_at(root, "new", true), -EEXIST);
    assert_opens(hw_sys_make_at(root, "new", false), "new");
    assert_int_equal(hw_sys_rename_at(root, "new", "old"), 0);
    assert_int_equal(hw_sys_rename_at(root, "new", "old"), -ENOENT);
    assert_opens(hw_sys_open_at(root, "old"), "new");
    assert_return_code(symlink("old", hw_test_folder_path(&folder, "link")), errno);
    assert_int_equal(hw_sys_make_at(root, "link", false), -ELOOP);
    assert_int_equal(hw_sys_make_at(root, "link", true), -EEXIST);
    assert_int_equal(hw_sys_unlink_at(root, "old"), 0);
    assert_int_equal(hw_sys_unlink_at(root, "old"), -ENOENT);
    hw_sys_close(fd);
    hw_sys_close(root);
    hw_test_folder_fini(&folder);
}

HW_TEST(file_is_locked_until_it_is_closed)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    int root = hw_sys_open(folder.path);
    int one = hw_sys_make_at(root, "lock", false), other = hw_sys_make_at(root, "lock", false);
    assert_int_equal(hw_sys_lock(one), 0);
    assert_int_equal(hw_sys_lock(other), -EAGAIN);
    hw_sys_close(one);
    assert_int_equal(hw_sys_lock(other), 0);
    hw_sys_close(other);
    hw_sys_close(root);
    hw_test_folder_fini(&folder);
}
