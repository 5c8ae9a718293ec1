/* Responses that are promised: the handler has returned, no thread has the exchange, and whoever
 * has the answer some day gives it, from any thread.
 *
 * A promise is a number and never a pointer: it says which slot of a table, and which use of it.
 * So it may be kept for as long as one likes; when its time is over it is stale, whatever has
 * become of the request, its connection and its server. The table is the process's own, for who
 * comes too late has nothing else left that could be asked.
 *
 * The same numbers name responses whose body is asked for piece by piece, for who wants to say that
 * there is something again (wakers). */
#ifndef HW_EXCHANGE_LATER_H
#define HW_EXCHANGE_LATER_H

#include "exchange/exchange.h"

/* What follows when an answerer has returned with a response of the kind LATER. In the arena; the
 * first member of whatever its maker needs. */
struct hw_promise {
    /* True: it is answered already. False: somebody else answers, and nothing of the exchange may
     * be touched any more. */
    bool (*begin)(hw_promise *promise, hw_exchange *exchange);
};

/* Opens a promise of this exchange, which is the calling thread's until hw_later_begun. 0: no
 * memory. */
uint64_t hw_later_open(hw_exchange *exchange);
/* The calling thread is done with it. True: it has been answered meanwhile. False: it is whoever's
 * that has the number, and may be gone by now. */
bool hw_later_begun(uint64_t id);

/* Makes the exchange the caller's until he gives it back. Waits for one that has not begun. NULL:
 * somebody else has it, or it is over. Threads: any. */
hw_exchange *hw_later_hold(uint64_t id);
/* The same for who has an answer: it must hold the exchange already if that is `response`; a NULL
 * one needs no holding. What must be given back in any case, or NULL; `ret_error`: 0; -ESTALE
 * when nobody wants it any more; -EBUSY: another thread holds it. Threads: any. */
hw_exchange *hw_later_claim(uint64_t id, const hw_response *response, int *ret_error);
/* It is answered. The promise is over. */
void hw_later_give_back(uint64_t id, hw_exchange *exchange);
/* Before a loop goes all of whose promises are over: waits until nobody is about to give one back.
 */
void hw_later_settle(void);

/* On the loop: nobody wants the answer any more. True: nobody has the exchange; the promise is over.
 * False: whoever has it, a handler perhaps, will give it back. */
bool hw_later_take_back(hw_exchange *exchange);

/* A number by which the carrier of this exchange can be notified, always the same one. 0: no
 * memory. */
uint64_t hw_waker_open(hw_exchange *exchange);
/* On the loop, at the end of the exchange: from now on the number is stale. */
void hw_waker_close(hw_exchange *exchange);
/* Notifies. 0, or -ESTALE. Threads: any. */
int hw_waker_wake(uint64_t id);

#endif
