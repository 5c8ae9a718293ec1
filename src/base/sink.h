/* A sink takes what the lower modules have to tell and must not print: finished exchanges, faults,
 * and the steps of a traced request. It is handed down at construction, one for each loop; `watch`
 * implements it. */
#ifndef HW_BASE_SINK_H
#define HW_BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>

typedef enum hw_sink_kind {
    HW_SINK_RECORD, /* item: hw_record of exchange/record.h, one finished exchange; only when
                       `records` is set */
    HW_SINK_FAULT,  /* item: hw_fault of base/error.h, something an operator should know */
    HW_SINK_STEP,   /* item: hw_step below, only when `steps` is set */
    HW_SINK_TICK,   /* no item; about once a second, only when `ticks` is set */
    HW_SINK_IDLE,   /* no item; the loop is about to wait, only when `idles` is set */
} hw_sink_kind;

/* One step of the life of a request, as ARCHITECTURE.md tells it: "h1/parser", "next event: HEAD".
 */
typedef struct hw_step {
    const char *file, *what; /* string literals */
} hw_step;

typedef struct hw_sink {
    /* Called on its loop, and with HW_SINK_FAULT by any thread. Must not block. The item is valid
     * during the call. */
    void (*take)(void *arg, hw_sink_kind kind, const void *item);
    void *arg;
    bool steps;   /* wants HW_SINK_STEP */
    bool records; /* wants HW_SINK_RECORD: a record and its times are made only then */
    bool ticks;   /* wants HW_SINK_TICK */
    bool idles;   /* wants HW_SINK_IDLE */
} hw_sink;

/* All three accept NULL and a sink without a function, and do nothing then. */
void hw_sink_put(const hw_sink *sink, hw_sink_kind kind, const void *item);
/* A fault in words (printf), sent on. */
void hw_sink_fault(const hw_sink *sink, int error, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A call of its own, or the step it makes would take room on the stack of everybody who tells
 * one. */
void hw_sink_put_step(const hw_sink *sink, const char *file, const char *what)
    __attribute__((noinline, cold));

/* Tells a step; one load and one branch when nobody traces. */
static inline void hw_sink_step(const hw_sink *sink, const char *file, const char *what)
{
    if (sink && sink->steps)
        hw_sink_put_step(sink, file, what);
}

/* What a sink that keeps things back must know of its loop: a second has passed. */
static inline void hw_sink_tick(const hw_sink *sink)
{
    if (sink && sink->ticks)
        hw_sink_put(sink, HW_SINK_TICK, NULL);
}

#endif
