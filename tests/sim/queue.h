/* Bytes that come in behind and go in front, without moving those that stay. */
#ifndef HW_TESTS_SIM_QUEUE_H
#define HW_TESTS_SIM_QUEUE_H

#include "talk/bytes.h"

typedef struct sim_queue {
    talk_bytes bytes;
    size_t start;
} sim_queue;

static inline size_t sim_queue_length(const sim_queue *queue)
{
    return queue->bytes.length - queue->start;
}

static inline hw_text sim_queue_text(const sim_queue *queue)
{
    return hw_text_from(talk_bytes_text(&queue->bytes), queue->start);
}

static inline void sim_queue_put(sim_queue *queue, hw_text text)
{
    talk_bytes_put(&queue->bytes, text);
}

static inline void sim_queue_take(sim_queue *queue, size_t bytes)
{
    queue->start += bytes;
    if (queue->start * 2 < queue->bytes.length)
        return;
    talk_bytes_take(&queue->bytes, queue->start);
    queue->start = 0;
}

static inline void sim_queue_clear(sim_queue *queue)
{
    queue->start = queue->bytes.length = 0;
}

#endif
