/* A model of the take-over (src/loop/mark.h, monitor.c, crew.c), for Spin.
 *
 * One loop, THREADS threads of a crew, and the monitor. Each handler may be quick, slow, or never return. Every read and
 * write of what threads share is a step of its own, in the order in which the code makes them; what is
 * inside `atomic` is one atomic operation there, or is done under the crew's lock.
 *
 * Claims, for every interleaving:
 *   - nobody touches the loop but its one owner (assertions at `owns`);
 *   - each handler that returns is answered once, by the owner, in time or late (assertions at `answered`);
 *   - the loop is never left: as long as a thread is left that is not held up for ever, all is answered that will be (claim
 *     `served`). That fails, too, if the monitor could sleep while a handler is held up.
 *
 * ./dev prove runs it; -DBROKEN_WAKE and -DBROKEN_SWAP must each make it fail, so that it is known to look. */

#ifndef THREADS
#define THREADS 3 /* one begins as the owner */
#endif
#ifndef CALLS
#define CALLS 3 /* of handlers */
#endif
#ifndef STUCK_MAX
#define STUCK_MAX 2 /* handlers that never return: a thread is left */
#endif

byte mark = 0;      /* hw_mark.value */
bool awake = false; /* hw_monitor.is_awake */
byte started = 0;   /* monitors that were started and have not ended */
bool orphan = true; /* the crew's list: the loop wants an owner */

byte owners = 0;            /* a ghost: threads that may touch the loop */
byte calls = 0;             /* handlers begun; the loop's own */
bool inbox[CALLS] = false;  /* exchanges that come back late */
byte answered[CALLS] = 0;
byte stuck = 0;             /* handlers that will never return */
byte settled = 0;           /* handlers answered or stuck */

inline owns()
{
    owners++;
    assert(owners == 1);
}

inline leaves()
{
    assert(owners == 1);
    owners--;
}

inline answer(call)
{
    answered[call]++;
    assert(answered[call] == 1);
    settled++;
}

/* hw_mark_swap */
inline swap(inside, ret_won)
{
#ifdef BROKEN_SWAP
    ret_won = (mark == inside);
    mark = inside + 1;
#else
    atomic {
        ret_won = (mark == inside);
        if
        :: ret_won -> mark = inside + 1
        :: else
        fi
    }
#endif
}

/* hw_loop_begin_handler: the store is seen before the flag is read. */
inline begin(inside)
{
    inside = mark + 1;
#ifdef BROKEN_WAKE
    bool seen_awake = awake;
    leaves();
    mark = inside;
    if
    :: seen_awake
    :: else -> atomic { if :: !awake -> awake = true; started++ :: else fi }
    fi
#else
    leaves();
    mark = inside;
    if
    :: awake
    :: else -> atomic { if :: !awake -> awake = true; started++ :: else fi }
    fi
#endif
}

proctype worker()
{
    byte call, inside;
    bool won;

idle:
    atomic { orphan; orphan = false; }
own:
    owns();
turn:
    /* The inbox first, as in a step; then a request, if there is one. */
    if
    :: inbox[0] -> inbox[0] = false; answer(0); goto turn
    :: CALLS > 1 && inbox[1] -> inbox[1] = false; answer(1); goto turn
    :: CALLS > 2 && inbox[2] -> inbox[2] = false; answer(2); goto turn
    :: calls < CALLS -> call = calls; calls++
    :: calls == CALLS && settled == CALLS -> leaves(); goto done
    fi;
    begin(inside);
    /* In the handler. */
    if
    :: true
    :: atomic { stuck < STUCK_MAX -> stuck++; settled++; } goto done
    fi;
    swap(inside, won);
    if
    :: won -> owns(); answer(call); goto turn
    :: else -> inbox[call] = true; goto idle
    fi;
done:
    skip
}

/* One look at the mark: whether it has moved since the last one. */
inline look(now, seen, is_active)
{
    bool taken;
    now = mark;
    is_active = (now % 2 == 1) || now != seen;
    if
    :: (now % 2 == 1) && now == seen ->
        /* A spare is made sure of first: the lock is held from there to the orphan's being on its list. */
        atomic {
            taken = (mark == now);
            if
            :: taken -> mark = now + 1; orphan = true
            :: else
            fi
        }
    :: else
    fi;
    seen = now
}

active proctype monitor()
{
    byte now, seen = 0;
    bool is_active;

asleep:
    atomic { started > 0 -> started--; }
    do
    :: look(now, seen, is_active);
       if
       :: !is_active ->
            /* quiet for long enough, or not yet */
            if
            :: true
            :: awake = false;
               look(now, seen, is_active);
               if
               :: is_active -> atomic { if :: !awake -> awake = true :: else fi }
               :: else -> goto asleep
               fi
            fi
       :: else
       fi
    od
}

init
{
    byte i;
    atomic {
        for (i : 1 .. THREADS) {
            run worker();
        }
    }
}

ltl served { <> (settled == CALLS) }
