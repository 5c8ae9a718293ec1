#include "kit/press.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/harness.h"
#include "unit/kit/decode.h"

enum { CONTENT_BYTES = 30000, ROOM = 1024 * 1024 };

/* A folder with a file "f", and a press that nobody keeps waiting. */
typedef struct press_bench {
    char folder[64];
    hw_root root;
    hw_press *press;
    char content[CONTENT_BYTES], decoded[CONTENT_BYTES + 1];
    hw_content_hash hash;
} press_bench;

static void put_file(press_bench *bench)
{
    char path[80];
    snprintf(path, sizeof path, "%s/f", bench->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bench->content, CONTENT_BYTES), CONTENT_BYTES);
    close(fd);
    bench->hash = hw_content_hash_of((hw_text){bench->content, CONTENT_BYTES});
}

/* Of so many letters: of 256 nothing gets smaller. */
static void fill_content(press_bench *bench, unsigned letters)
{
    uint64_t state = letters;
    for (size_t i = 0; i < CONTENT_BYTES; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        bench->content[i] = (char)((state >> 40) % letters);
    }
    put_file(bench);
}

static press_bench *open_press(size_t room)
{
    if (!hw_content_hash_exists())
        skip();
    press_bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    snprintf(bench->folder, sizeof bench->folder, "/tmp/hewn-press-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    bench->root.folder = open(bench->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(bench->root.folder >= 0);
    HW_NEED_OK(hw_press_new(&bench->press));
    hw_press_grow(bench->press, room);
    hw_seam_hurry(true);
    fill_content(bench, 8);
    return bench;
}

/* Not at a moment at which the thread has the lock. */
static void ask_surely(press_bench *bench, const char *name, hw_content_hash hash)
{
    while (!hw_press_ask(bench->press, &bench->root, name, hash))
        sched_yield();
}

static void close_press(press_bench *bench)
{
    char path[80];
    hw_press_release(bench->press);
    close(bench->root.folder);
    snprintf(path, sizeof path, "%s/f", bench->folder);
    unlink(path);
    rmdir(bench->folder);
    free(bench);
}

static hw_pressed *wait_for_pressed(press_bench *bench, hw_coding coding)
{
    hw_pressed *pressed;
    while (!(pressed = hw_press_find(bench->press, bench->hash, coding)))
        sched_yield();
    return pressed;
}

static void wait_for_count(press_bench *bench, unsigned count)
{
    while (hw_press_count(bench->press, bench->hash) < count)
        sched_yield();
}

static void expect_pressed(press_bench *bench, hw_coding coding)
{
    hw_pressed *pressed = wait_for_pressed(bench, coding);
    hw_buffer decoded = hw_buffer_over(bench->decoded, sizeof bench->decoded);
    bool is_ended;
    assert_int_equal(pressed->coding, coding);
    assert_in_range(pressed->bytes.length, 1, CONTENT_BYTES / 2);
    assert_true(decode(coding, pressed->bytes, &decoded, &is_ended) && is_ended);
    assert_int_equal(decoded.length, CONTENT_BYTES);
    assert_memory_equal(decoded.at, bench->content, CONTENT_BYTES);
    hw_pressed_release(pressed);
}

HW_LONG_THREAD_TEST(press_makes_a_content_small_in_each_coding)
{
    press_bench *bench = open_press(ROOM);
    assert_null(hw_press_find(bench->press, bench->hash, HW_CODING_BR));
    ask_surely(bench, "f", bench->hash);
    ask_surely(bench, "f", bench->hash);
    expect_pressed(bench, HW_CODING_BR);
    expect_pressed(bench, HW_CODING_ZSTD);
    wait_for_count(bench, 2);
    assert_null(hw_press_find(bench->press, bench->hash, HW_CODING_GZIP));
    assert_int_equal(hw_seam_calls("thread_lower"), 1);
    close_press(bench);
}

HW_LONG_THREAD_TEST(press_remembers_what_does_not_get_smaller)
{
    press_bench *bench = open_press(ROOM);
    fill_content(bench, 256);
    ask_surely(bench, "f", bench->hash);
    for (hw_coding coding = HW_CODING_ZSTD; coding <= HW_CODING_BR; coding++) {
        hw_pressed *pressed = wait_for_pressed(bench, coding);
        assert_int_equal(pressed->bytes.length, 0);
        hw_pressed_release(pressed);
    }
    wait_for_count(bench, 2); /* that is worth knowing, too */
    close_press(bench);
}

/* What is asked for next comes after it, so it is known to be over. */
HW_LONG_THREAD_TEST(press_makes_nothing_of_another_content)
{
    press_bench *bench = open_press(ROOM);
    hw_content_hash other = {bench->hash.high, bench->hash.low + 1};
    ask_surely(bench, "f", other);
    ask_surely(bench, "absent", (hw_content_hash){1, 2});
    ask_surely(bench, "f", bench->hash);
    expect_pressed(bench, HW_CODING_BR);
    assert_null(hw_press_find(bench->press, other, HW_CODING_BR));
    assert_null(hw_press_find(bench->press, (hw_content_hash){1, 2}, HW_CODING_BR));
    close_press(bench);
}

/* The oldest goes first; what somebody has stays with them. */
HW_LONG_THREAD_TEST(press_keeps_no_more_than_it_has_room_for)
{
    press_bench *bench = open_press(40000);
    hw_content_hash hashes[6];
    hw_pressed *first = NULL;
    hw_seam_clock_freeze(0, 0);
    for (unsigned i = 0; i < 6; i++) {
        fill_content(bench, 8 + i);
        hashes[i] = bench->hash;
        hw_seam_clock_advance(INT64_C(11) * 60 * 1000000000);
        ask_surely(bench, "f", bench->hash);
        hw_pressed *pressed = wait_for_pressed(bench, HW_CODING_BR);
        if (i == 0)
            first = pressed;
        else
            hw_pressed_release(pressed);
    }
    assert_null(hw_press_find(bench->press, hashes[0], HW_CODING_BR));
    assert_in_range(first->bytes.length, 1, CONTENT_BYTES);
    hw_pressed_release(first);
    hw_press_shrink(bench->press, 40000);
    assert_null(hw_press_find(bench->press, hashes[5], HW_CODING_BR));
    close_press(bench);
}

/* What was made lately is not given up for more: else all would be made again and again. */
HW_LONG_THREAD_TEST(press_that_is_full_makes_nothing_for_a_while)
{
    press_bench *bench = open_press(12600);
    hw_seam_clock_freeze(0, 0);
    ask_surely(bench, "f", bench->hash);
    wait_for_count(bench, 2);
    fill_content(bench, 9);
    assert_false(hw_press_ask(bench->press, &bench->root, "f", bench->hash));
    hw_seam_clock_advance(INT64_C(11) * 60 * 1000000000);
    ask_surely(bench, "f", bench->hash);
    wait_for_count(bench, 2);
    hw_press_shrink(bench->press, 12600);
    fill_content(bench, 10);
    assert_false(hw_press_ask(bench->press, &bench->root, "f", bench->hash));
    close_press(bench);
}

HW_TEST(press_waits_above_seventy_per_cent)
{
    assert_false(hw_press_must_wait(70, 0, 100, 1));
    assert_true(hw_press_must_wait(71, 0, 100, 1));
    assert_false(hw_press_must_wait(140, 0, 100, 2));
    assert_true(hw_press_must_wait(141, 0, 100, 2));
    assert_false(hw_press_must_wait(170, 100, 100, 1)); /* its own work is none of theirs */
    assert_true(hw_press_must_wait(71, 0, 100, 0));
    assert_false(hw_press_must_wait(0, 0, 0, 1));
}

HW_LONG_THREAD_TEST(press_does_nothing_while_the_loops_are_busy)
{
    press_bench *bench = open_press(ROOM);
    unsigned before = hw_seam_waits();
    hw_seam_clock_freeze(0, 0);
    hw_seam_cpu_busy(true);
    ask_surely(bench, "f", bench->hash);
    while (hw_seam_waits() < before + 50)
        sched_yield();
    assert_int_equal(hw_seam_calls("read_at"), 0);
    hw_seam_cpu_busy(false);
    expect_pressed(bench, HW_CODING_BR);
    assert_true(hw_seam_calls("read_at") > 0);
    close_press(bench);
}

HW_LONG_THREAD_TEST(press_takes_so_many_files_at_a_time)
{
    press_bench *bench = open_press(ROOM);
    hw_seam_fail("thread_start", 1, EAGAIN);
    hw_press_ask(bench->press, &bench->root, "f", bench->hash); /* nobody does it */
    hw_seam_fail("duplicate", 1, EMFILE);
    hw_press_ask(bench->press, &bench->root, "f", bench->hash);
    for (uint64_t i = 0; i < 200; i++)
        hw_press_ask(bench->press, &bench->root, "f", (hw_content_hash){i, i});
    hw_press *held = hw_press_hold(bench->press);
    hw_press_release(held);
    close_press(bench); /* what waits is given up */
    hw_press_release(NULL);
}

static void put_bytes(press_bench *bench, const char *name, size_t bytes)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", bench->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
    close(fd);
}

/* One after the other: when the last is made, the others have been given up. */
HW_LONG_THREAD_TEST(press_gives_up_what_it_cannot_read)
{
    press_bench *bench = open_press(ROOM);
    char path[96];
    put_bytes(bench, "short", 100);
    put_bytes(bench, "long", 1024 * 1024 + 1);
    hw_seam_fail("read_at", 1, EIO);
    ask_surely(bench, "f", (hw_content_hash){1, 1});
    ask_surely(bench, "short", (hw_content_hash){2, 2});
    ask_surely(bench, "long", (hw_content_hash){3, 3});
    ask_surely(bench, "f", bench->hash);
    wait_for_count(bench, 2);
    for (uint64_t i = 1; i <= 3; i++)
        assert_null(hw_press_find(bench->press, (hw_content_hash){i, i}, HW_CODING_BR));
    snprintf(path, sizeof path, "%s/short", bench->folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/long", bench->folder);
    unlink(path);
    close_press(bench);
}

HW_LONG_THREAD_TEST(press_knows_what_is_under_way)
{
    press_bench *bench = open_press(ROOM);
    hw_seam_clock_freeze(0, 0);
    hw_seam_cpu_busy(true);
    for (int again = 0; again < 3; again++)
        ask_surely(bench, "f", bench->hash);
    while (hw_seam_calls("thread_lower") == 0)
        sched_yield();
    ask_surely(bench, "f", (hw_content_hash){1, 2});
    ask_surely(bench, "f", bench->hash);
    hw_seam_cpu_busy(false);
    wait_for_count(bench, 2);
    close_press(bench);
}

HW_LONG_THREAD_TEST(press_keeps_nothing_it_has_no_room_for)
{
    press_bench *bench = open_press(300);
    while (hw_seam_calls("read_at") < 2)
        (void)hw_press_ask(bench->press, &bench->root, "f", bench->hash);
    assert_null(hw_press_find(bench->press, bench->hash, HW_CODING_BR));
    assert_int_equal(hw_press_count(bench->press, bench->hash), 0);
    close_press(bench);
}
