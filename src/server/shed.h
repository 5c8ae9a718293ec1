/* What gives way when a server is full: which connections, in which order, and who is asked. */
#ifndef HW_SERVER_SHED_H
#define HW_SERVER_SHED_H

#include "server/conn.h"

/* Above this part of the slots (of the memory) others give way for who comes. */
#define HW_SHED_PERCENT 90
/* Above this part of the slots nobody is idle for longer than HW_SHED_IDLE_MS. */
#define HW_SHED_IDLE_PERCENT 80
#define HW_SHED_IDLE_MS 2000
/* From this part of the slots on, an address has no more than HW_SHED_SHARE_PERCENT of them. */
#define HW_SHED_CROWD_PERCENT 50
#define HW_SHED_SHARE_PERCENT 25
/* A client's speed is judged over this much time at least. */
#define HW_SHED_RATE_MS 1000

/* Makes room for one connection more, of this peer, if that needs any: others give way, those of
 * its own address when that has its share of the slots already. False: there is none. */
bool hw_shed_make_room(hw_lane *lane, const hw_peer *peer);
/* The same for one that is there already, whose address has just become known. */
void hw_shed_keep_share(hw_lane *lane, const hw_peer *peer);
/* Closes the connection of this lane that gives way first. False: there is none. */
bool hw_shed_one(hw_lane *lane);
/* Asks another lane to close one, where this lane has none. False: nobody is asked. */
bool hw_shed_elsewhere(const hw_lane *lane);
/* Once a second: closes who has been idle for too long for a server that is nearly full, and looks
 * after memory. */
void hw_shed_on_tick(hw_lane *lane);

/* Of a connection's beginning and end. */
void hw_shed_count_in(hw_conn *conn);
void hw_shed_count_out(hw_conn *conn);

/* Another lane asks for room, or there is news of memory. */
void hw_shed_on_post(hw_post *post);
/* News of the budget of a server (arg: its hw_shared): tells all lanes. Threads: any. */
void hw_shed_on_news(void *arg);

/* Has a descriptor in reserve again, a duplicate of fd. */
void hw_shed_keep_reserve(hw_shared *shared, int fd);
/* Gives it back to the system. False: there was none. */
bool hw_shed_use_reserve(hw_shared *shared);

#endif
