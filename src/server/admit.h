/* Who is let in: accepting, how the loops share it, and what happens at the limits. */
#ifndef HW_SERVER_ADMIT_H
#define HW_SERVER_ADMIT_H

#include "server/lane.h"

/* Watches every listener of the server. 0, or a negative errno. */
int hw_admit_open(hw_lane *lane);
/* Takes what already waits to be accepted, then leaves every listener. Does nothing the second
 * time. */
void hw_admit_close(hw_lane *lane);
/* Once a second, until the lane ends: tells its sink, and tries again where it had to leave a
 * listener. */
void hw_admit_on_tick(hw_timer *tick);
/* Another lane has its share: tries again at once. */
void hw_admit_on_recall(hw_post *post);
/* A connection of the lane has ended: it may have had its share until now. */
void hw_admit_on_close(hw_lane *lane);

#endif
