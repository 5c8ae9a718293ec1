#include "base/file.h"

#include <errno.h>

#include "seam/seam.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "unit/harness.h"
#include "unit/sys/folder.h"

static int open_ten_bytes(void)
{
    hw_test_folder folder;
    hw_test_folder_init(&folder);
    hw_test_folder_write(&folder, "ten", "0123456789");
    int fd = hw_sys_open(hw_test_folder_path(&folder, "ten"));
    hw_test_folder_fini(&folder);
    assert_true(fd >= 0);
    return fd;
}

HW_TEST(file_is_read_to_its_end_or_as_far_as_memory_goes)
{
    static const struct {
        size_t room, at_once;
        ssize_t read;
    } rows[] = {{16, 0, 10}, {16, 3, 10}, {10, 0, 10}, {10, 3, 10}, {4, 3, 4}, {0, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char memory[17] = "................";
        int fd = open_ten_bytes();
        hw_seam_short("read", rows[i].at_once);
        assert_int_equal(hw_file_read(fd, memory, rows[i].room), rows[i].read);
        hw_seam_short("read", 0);
        assert_memory_equal(memory, "0123456789", (size_t)rows[i].read);
        assert_int_equal(memory[rows[i].read], '.'); /* nothing behind it was touched */
        assert_int_equal(hw_sys_close(fd), 0);
    }
}

HW_TEST(file_that_fails_in_the_middle_is_not_half_read)
{
    char memory[16];
    int fd = open_ten_bytes();
    hw_seam_short("read", 3);
    hw_seam_fail("read", 3, EIO);
    assert_int_equal(hw_file_read(fd, memory, sizeof memory), -EIO);
    assert_int_equal(hw_sys_close(fd), 0);
}
