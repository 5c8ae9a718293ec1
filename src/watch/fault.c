/* Writes faults down.
 *
 * At once and by whoever has it to tell: a fault is rare, and the one that is kept for later may be
 * the one that explains why there was no later. */
#include "watch/fault.h"

#include "sys/file.h"
#include "watch/escape.h"
#include "watch/line.h"

void hw_fault_write(int fd, const hw_fault *fault)
{
    char memory[HW_LINE_BYTES_MAX];
    hw_buffer line = HW_BUFFER_OVER(memory);
    hw_buffer_put_string(&line, "hewn: ");
    if (fault->where[0]) {
        hw_escape_put(&line, hw_text_of(fault->where), HW_ESCAPE_EYES, 4 * sizeof fault->where);
        hw_buffer_put_string(&line, ": ");
    }
    hw_escape_put(&line, hw_text_of(fault->what), HW_ESCAPE_EYES, 4 * sizeof fault->what);
    hw_buffer_put_char(&line, '\n');
    (void)hw_sys_write(fd, line.at, line.length);
}
