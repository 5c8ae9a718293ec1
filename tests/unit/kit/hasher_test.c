#include "kit/hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seam/seam.h"
#include "sys/thread.h"
#include "unit/harness.h"

enum { FILE_BYTES = 100000 };

static hw_hasher *new_hasher(void)
{
    hw_hasher *hasher = NULL;
    if (!hw_content_hash_exists())
        skip();
    int error = hw_hasher_new(&hasher);
    if (hw_test_is_struck())
        hw_test_out_of_memory();
    assert_int_equal(error, 0);
    return hasher;
}

/* A file without a name, written a second ago. */
static int make_file(char byte, hw_identity *ret_file)
{
    static char content[FILE_BYTES];
    struct stat seen;
    char path[] = "/tmp/hewn-hasher-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    memset(content, byte, sizeof content);
    assert_int_equal(write(fd, content, sizeof content), (ssize_t)sizeof content);
    assert_int_equal(fstat(fd, &seen), 0);
    *ret_file = hw_identity_of(&seen);
    hw_seam_clock_freeze(0, (int64_t)ret_file->changed_ns + 1000000000);
    return fd;
}

static hw_content_hash hash_of_bytes(char byte)
{
    static char content[FILE_BYTES];
    memset(content, byte, sizeof content);
    return hw_content_hash_of((hw_text){content, sizeof content});
}

static bool is_same_hash(hw_content_hash a, hw_content_hash b)
{
    return a.high == b.high && a.low == b.low;
}

HW_TEST(hasher_knows_what_is_kept_of_one_version)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file = {.device = 1, .inode = 2, .size = 3, .modified_ns = 4, .changed_ns = 5};
    hw_identity other = file;
    hw_content_hash hash;
    other.changed_ns++;
    assert_false(hw_hasher_find(hasher, &file, &hash));
    hw_hasher_keep(hasher, &file, (hw_content_hash){6, 7});
    bool is_known = hw_hasher_find(hasher, &file, &hash);
    assert_true(is_known || hw_test_is_struck());
    if (is_known)
        assert_true(is_same_hash(hash, (hw_content_hash){6, 7}));
    assert_false(hw_hasher_find(hasher, &other, &hash));
    hw_hasher_release(hasher);
}

HW_TEST(hasher_holds_a_bounded_number)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file = {.size = 3};
    hw_content_hash hash;
    unsigned known = 0;
    for (file.inode = 0; file.inode < 20000; file.inode++)
        hw_hasher_keep(hasher, &file, (hw_content_hash){file.inode, 0});
    for (file.inode = 0; file.inode < 20000; file.inode++)
        if (hw_hasher_find(hasher, &file, &hash)) {
            assert_int_equal(hash.high, file.inode);
            known++;
        }
    assert_true(hw_test_is_struck() || (known > 2000 && known <= 4096));
    hw_hasher_release(hasher);
}

/* So many are wanted. */
static int check_pieces(void *arg, uint64_t done)
{
    int *left = arg;
    return done > 0 && --*left > 0 ? 0 : -ECANCELED;
}

HW_TEST(content_hash_of_a_file_is_that_of_its_bytes)
{
    hw_identity file;
    hw_content_hash hash;
    int pieces = 2;
    int fd = make_file('x', &file);
    HW_NEED_OK(hw_content_hash_of_file(fd, FILE_BYTES, NULL, NULL, &hash));
    assert_true(is_same_hash(hash, hash_of_bytes('x')));
    assert_false(is_same_hash(hash, hash_of_bytes('y')));
    assert_int_equal(hw_content_hash_of_file(fd, FILE_BYTES + 1, NULL, NULL, &hash), -ESTALE);
    assert_int_equal(hw_content_hash_of_file(fd, FILE_BYTES, check_pieces, &pieces, &hash),
                     -ECANCELED);
    pieces = 100;
    assert_int_equal(hw_content_hash_of_file(fd, FILE_BYTES, check_pieces, &pieces, &hash), 0);
    hw_seam_fail("read_at", 2, EIO);
    assert_int_equal(hw_content_hash_of_file(fd, FILE_BYTES, NULL, NULL, &hash), -EIO);
    close(fd);
}

HW_LONG_THREAD_TEST(hasher_hashes_in_the_background_what_it_is_asked_for)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file;
    hw_content_hash hash;
    int fd = make_file('x', &file);
    unsigned before = hw_hasher_count(hasher, &file);
    hw_hasher_ask(hasher, fd, &file);
    hw_hasher_ask(hasher, fd, &file);
    close(fd); /* it has its own */
    while (hw_hasher_count(hasher, &file) == before)
        sched_yield();
    assert_true(hw_hasher_find(hasher, &file, &hash));
    assert_true(is_same_hash(hash, hash_of_bytes('x')));
    hw_hasher_release(hasher);
}

HW_LONG_THREAD_TEST(hasher_can_be_waited_for_again_and_again)
{
    hw_hasher *hasher = new_hasher();
    int files[20];
    for (int i = 0; i < 20; i++) {
        hw_identity file;
        hw_content_hash hash, again;
        files[i] = make_file((char)('a' + i), &file);
        assert_int_equal(hw_hasher_wait(hasher, files[i], &file, &hash), 0);
        assert_true(is_same_hash(hash, hash_of_bytes((char)('a' + i))));
        assert_int_equal(hw_hasher_wait(hasher, -1, &file, &again), 0); /* it is known */
        assert_true(is_same_hash(hash, again));
    }
    for (int i = 0; i < 20; i++)
        close(files[i]); /* not before: the next one would have its number, and its times too */
    hw_hasher_release(hasher);
}

typedef struct hash_wait {
    hw_hasher *hasher;
    const hw_identity *file;
    int fd, result;
    hw_content_hash hash;
    pthread_t thread;
} hash_wait;

static void *wait_for_hash(void *arg)
{
    hash_wait *waiting = arg;
    waiting->result = hw_hasher_wait(waiting->hasher, waiting->fd, waiting->file, &waiting->hash);
    return NULL;
}

HW_LONG_THREAD_TEST(hasher_tells_all_who_wait_for_one_file)
{
    enum { WAITING = 8 };
    hw_hasher *hasher = new_hasher();
    hw_identity file;
    int fd = make_file('w', &file);
    hash_wait waiting[WAITING];
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = (hash_wait){.hasher = hasher, .file = &file, .fd = fd};
        assert_int_equal(pthread_create(&waiting[i].thread, NULL, wait_for_hash, &waiting[i]), 0);
    }
    for (int i = 0; i < WAITING; i++) {
        pthread_join(waiting[i].thread, NULL);
        assert_int_equal(waiting[i].result, 0);
        assert_true(is_same_hash(waiting[i].hash, hash_of_bytes('w')));
    }
    assert_int_equal(hw_hasher_count(hasher, &file), 1);
    close(fd);
    hw_hasher_release(hasher);
}

HW_LONG_THREAD_TEST(hasher_does_not_keep_what_may_be_another_version)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file;
    hw_content_hash hash;
    int fd = make_file('x', &file);
    /* It was written just now. */
    hw_seam_clock_freeze(0, (int64_t)file.changed_ns + 1000000);
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), -ESTALE);
    hw_seam_clock_freeze(0, (int64_t)file.changed_ns + 1000000000);
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), 0);
    /* It is another one than was asked for. */
    file.modified_ns++;
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), -ESTALE);
    /* It was cut. */
    assert_int_equal(ftruncate(fd, 10), 0);
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), -ESTALE);
    assert_false(hw_hasher_find(hasher, &file, &hash));
    close(fd);
    hw_hasher_release(hasher);
}

HW_LONG_THREAD_TEST(hasher_refuses_what_it_cannot_do)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file;
    hw_content_hash hash;
    int fd = make_file('x', &file);
    hw_seam_fail("duplicate", 1, EMFILE);
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), -EMFILE);
    hw_seam_fail("thread_start", 1, EAGAIN);
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), -EAGAIN);
    hw_hasher_ask(hasher, -1, &file); /* no descriptor: nothing happens */
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), 0);
    close(fd);
    hw_hasher_release(hasher);
}

/* What is under way is given up, what waits is not begun. */
HW_LONG_THREAD_TEST(hasher_ends_with_its_last_reference)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file;
    int fd = make_file('x', &file);
    hw_hasher *held = hw_hasher_hold(hasher);
    hw_hasher_release(hasher);
    for (uint64_t i = 0; i < 100; i++) {
        hw_identity other = file;
        other.inode += i;
        hw_hasher_ask(held, fd, &other);
    }
    close(fd);
    hw_hasher_release(held);
    hw_hasher_release(NULL);
}

/* A file of so many holes that nobody waits for its hash. */
static int make_endless_file(hw_identity *ret_file)
{
    struct stat seen;
    int fd = make_file('x', ret_file);
    assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
    assert_int_equal(fstat(fd, &seen), 0);
    *ret_file = hw_identity_of(&seen);
    return fd;
}

HW_LONG_THREAD_TEST(hasher_takes_so_many_files_at_a_time)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file;
    hw_content_hash hash;
    int fd = make_endless_file(&file);
    for (uint64_t i = 0; i < 64; i++) {
        hw_identity other = file;
        other.inode += i;
        hw_hasher_ask(hasher, fd, &other);
    }
    file.inode += 64;
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), -EAGAIN);
    close(fd);
    hw_hasher_release(hasher);
}

HW_LONG_THREAD_TEST(hasher_gives_up_when_it_has_waited_long_enough)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file;
    int fd = make_endless_file(&file);
    hash_wait waiting = {.hasher = hasher, .file = &file, .fd = fd};
    unsigned before = hw_seam_waits();
    hw_seam_hurry(true);
    assert_int_equal(pthread_create(&waiting.thread, NULL, wait_for_hash, &waiting), 0);
    while (hw_seam_waits() == before)
        sched_yield();
    hw_seam_clock_advance(INT64_C(61) * 1000000000);
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.result, -ETIMEDOUT);
    close(fd);
    hw_hasher_release(hasher);
}

HW_LONG_THREAD_TEST(hasher_says_what_it_could_not_look_at)
{
    hw_hasher *hasher = new_hasher();
    hw_identity file;
    hw_content_hash hash;
    int fd = make_file('x', &file);
    hw_seam_fail("stat", 1, EIO);
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), -EIO);
    assert_false(hw_hasher_find(hasher, &file, &hash));
    assert_int_equal(hw_hasher_wait(hasher, fd, &file, &hash), 0);
    assert_true(is_same_hash(hash, hash_of_bytes('x')));
    close(fd);
    hw_hasher_release(hasher);
}
