/* What one thread does in the background, one piece after the other. It is started for the first piece,
 * and waits for more until the end; who asks for nothing has none. */
#ifndef HW_KIT_ERRANDS_H
#define HW_KIT_ERRANDS_H

#include <stdatomic.h>

#include "base/list.h"
#include "sys/thread.h"

/* The first member of whatever it needs. */
typedef struct hw_errand {
    hw_link link;
} hw_errand;

typedef struct hw_errands hw_errands;

typedef struct hw_errands_setup {
    size_t count_max; /* that wait or are under way */
    size_t stack_bytes;
    bool is_lowly; /* the thread gets a processor when nobody else wants it */
    /* Does one, without the lock. */
    void (*run)(void *owner, hw_errand *errand);
    /* It is over, or will not be begun any more (at the end): the lock is held. */
    void (*done)(void *owner, hw_errand *errand);
    void *owner;
} hw_errands_setup;

struct hw_errands {
    hw_errands_setup setup;
    pthread_mutex_t lock; /* of these, and of what its owner has beside them */
    pthread_cond_t work, end;
    hw_list waiting;
    hw_errand *current; /* what the thread does; NULL: nothing */
    size_t count;
    bool has_thread;
    atomic_bool is_ending;
    pthread_t thread;
};

void hw_errands_init(hw_errands *errands, const hw_errands_setup *setup);
/* What is under way is waited for (it should look at is_ending), what waits is given up. */
void hw_errands_fini(hw_errands *errands);

/* With the lock held. 0, and the thread's from now on: `first` puts it before all that wait; -EAGAIN:
 * there are too many; or why no thread can be started. */
int hw_errands_add(hw_errands *errands, hw_errand *errand, bool first);
/* With the lock held: puts one that waits before all others. */
void hw_errands_hurry(hw_errands *errands, hw_errand *errand);
/* With the lock held: the next after this one, what is under way first; NULL: begins, and is the end. */
hw_errand *hw_errands_next(const hw_errands *errands, const hw_errand *errand);

/* For `run`: rests so long, or until the end. False: that has come. */
bool hw_errands_rest(hw_errands *errands, unsigned ms);

#endif
