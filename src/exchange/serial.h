/* One at a time: the handlers of an application that asks for it take turns. It is a queue and not a
 * lock: who has to wait is left in it, and its thread goes on with somebody else. */
#ifndef HW_EXCHANGE_SERIAL_H
#define HW_EXCHANGE_SERIAL_H

#include <pthread.h>

#include "base/list.h"
#include "exchange/answerer.h"

/* In whatever waits for its turn. */
typedef struct hw_serial_turn hw_serial_turn;
struct hw_serial_turn {
    hw_link link;
    void (*granted)(hw_serial_turn *turn); /* on the thread of whoever left: hands it on */
};

struct hw_serial {
    pthread_mutex_t lock;
    hw_list waiting;
    bool is_taken;
};

void hw_serial_init(hw_serial *serial);
/* Nobody is in it any more. */
void hw_serial_fini(hw_serial *serial);

/* True: it is the caller's turn, until he leaves. False: `granted` will be called when it is.
 * Threads: any, as for the others. */
bool hw_serial_enter(hw_serial *serial, hw_serial_turn *turn);
/* The turn is over; the one that has waited longest gets it. */
void hw_serial_leave(hw_serial *serial);
/* True: it waits no more. False: it did not wait, or has been granted. */
bool hw_serial_withdraw(hw_serial *serial, hw_serial_turn *turn);

#endif
