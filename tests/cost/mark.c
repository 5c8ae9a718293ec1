/* Marks so many handlers that do nothing, as a loop does that is looked after, so that mark.py can
 * count what that costs:
 *
 *     mark COUNT */
#include <stdio.h>
#include <stdlib.h>

#include "loop/loop.h"

int main(int argc, char **argv)
{
    static hw_monitor monitor; /* no thread of it looks, but it is said to be awake */
    static hw_loop loop;
    unsigned long taken = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: mark COUNT\n");
        return 64;
    }
    atomic_store(&monitor.is_awake, true);
    loop.monitor = &monitor;
    for (unsigned long left = strtoul(argv[1], NULL, 10); left > 0; left--) {
        uint64_t inside = hw_loop_begin_handler(&loop);
        taken += !hw_loop_end_handler(&loop, inside);
    }
    return taken > 0;
}
