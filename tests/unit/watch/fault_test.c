#include "watch/fault.h"

#include <string.h>
#include <unistd.h>

#include "seam/seam.h"
#include "unit/harness.h"

HW_TEST(fault_is_one_line_of_words)
{
    static const char expected[] = "hewn: /x\\x1b[m: the disk said 7\nhewn: nowhere\\x0a\n";
    int ends[2];
    char told[256];
    hw_fault fault;
    assert_return_code(pipe(ends), errno);
    hw_seam_reset();
    (void)hw_fault_set(&fault, EIO, "/x\033[m", "the disk said %d", 7);
    hw_fault_write(ends[1], &fault);
    (void)hw_fault_set(&fault, EIO, NULL, "nowhere\n");
    hw_fault_write(ends[1], &fault);
    assert_int_equal(hw_seam_calls("write"), 2);
    assert_int_equal(read(ends[0], told, sizeof told), sizeof expected - 1);
    assert_memory_equal(told, expected, sizeof expected - 1);
    close(ends[0]);
    close(ends[1]);
    hw_fault_write(-1, &fault);
}
