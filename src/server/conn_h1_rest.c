/* Drives HTTP/1 connections: input that is kept between two turns.
 *
 * The lane's buffer and its head are the next one's when a turn ends, so what is left of the input
 * moves to the connection, and so does what the engine has filled of the head. Thousands may wait
 * in the middle of a head: what is kept is little more than what has come, and a client that sends
 * byte by byte has it copied to the lane's buffer and back, which is cheap, rather than hold room
 * to read into. All of it is charged to the server's budget. */
#include <stddef.h>
#include <string.h>

#include "base/number.h"
#include "server/conn_h1.h"
#include "sys/memory.h"

/* Behind a rest that grows. */
#define REST_ROOM_BYTES 32

static size_t count_rest_bytes(size_t capacity)
{
    return sizeof(h1_rest) + capacity + HW_H1_SLACK;
}

/* Larger than it is, as a rest only grows. */
static bool resize_rest(conn_h1 *h1, size_t capacity)
{
    hw_budget *budget = &h1->conn.lane->shared->budget;
    size_t before = h1->rest ? count_rest_bytes(h1->rest->capacity) : 0;
    size_t more = count_rest_bytes(capacity) - before;
    bool is_new = !h1->rest;
    if (!hw_budget_take(budget, more))
        return false;
    h1_rest *rest = hw_sys_resize(h1->rest, before + more);
    if (!rest) {
        hw_budget_give(budget, more);
        return false;
    }
    if (is_new)
        *rest = (h1_rest){0};
    memset(rest->bytes + rest->capacity, 0, capacity - rest->capacity + HW_H1_SLACK);
    rest->capacity = capacity;
    h1->rest = rest;
    return true;
}

/* Room behind the rest for some bytes more. Many a slow head waits with its rest, so there is
 * little room to spare. */
bool hw_conn_h1_grow_rest(conn_h1 *h1, size_t room)
{
    size_t length = h1->rest ? h1->rest->length : 0;
    size_t capacity = h1->rest ? h1->rest->capacity : 0;
    if (h1->rest && capacity - length >= room)
        return true;
    capacity = hw_size_max(capacity + capacity / 4, length + room + REST_ROOM_BYTES);
    return resize_rest(h1, capacity);
}

static void drop_head(conn_h1 *h1)
{
    if (!h1->rest->head)
        return;
    hw_budget_give(&h1->conn.lane->shared->budget, h1->rest->head_bytes);
    hw_sys_free(h1->rest->head);
    h1->rest->head = NULL;
    h1->rest->head_bytes = 0;
}

/* Room for so much of a head. */
static bool grow_head(conn_h1 *h1, size_t bytes)
{
    hw_budget *budget = &h1->conn.lane->shared->budget;
    h1_rest *rest = h1->rest;
    if (rest->head && rest->head_bytes >= bytes)
        return true;
    if (!hw_budget_take(budget, bytes - rest->head_bytes))
        return false;
    hw_h1_head *grown = hw_sys_resize(rest->head, bytes);
    if (!grown) {
        hw_budget_give(budget, bytes - rest->head_bytes);
        return false;
    }
    rest->head = grown;
    rest->head_bytes = bytes;
    return true;
}

void hw_conn_h1_drop_rest(conn_h1 *h1)
{
    if (!h1->rest)
        return;
    drop_head(h1);
    hw_budget_give(&h1->conn.lane->shared->budget, count_rest_bytes(h1->rest->capacity));
    hw_sys_free(h1->rest);
    h1->rest = NULL;
}

/* All of a head that the engine has filled, and the field it is at. */
static size_t count_head_bytes(const hw_h1_head *head)
{
    size_t fields = hw_size_min(head->field_count + (size_t)1, HW_H1_FIELDS_MAX);
    return offsetof(hw_h1_head, fields) + fields * sizeof head->fields[0];
}

/* The lane's head is that of whoever takes its turn. */
void hw_conn_h1_load_head(const conn_h1 *h1)
{
    const hw_h1_head *head = h1->rest->head;
    if (head)
        memcpy(&h1->conn.lane->head, head, count_head_bytes(head));
}

/* Between two heads, and in a content, there is nothing in it. False: no memory. */
static bool save_head(conn_h1 *h1)
{
    h1_rest *rest = h1->rest;
    const hw_h1_head *head = &h1->conn.lane->head;
    size_t bytes = count_head_bytes(head);
    if (!hw_h1_is_in_section(&h1->parser)) {
        drop_head(h1);
        return true;
    }
    if (!grow_head(h1, bytes))
        return false;
    memcpy(rest->head, head, bytes);
    return true;
}

/* Moves what is left of the input to the rest: to its start, or, if nothing of what was kept is
 * used up, what is new behind it. False: no memory. */
static bool move_to_rest(conn_h1 *h1, hw_text left, bool is_behind)
{
    h1_rest *rest = h1->rest;
    bool is_there = rest && left.at >= rest->bytes && left.at <= rest->bytes + rest->length;
    if (is_there) {
        memmove(rest->bytes, left.at, left.length);
        rest->length = left.length;
        return true;
    }
    if (rest && !is_behind)
        rest->length = 0;
    size_t kept = rest ? rest->length : 0;
    if (!hw_conn_h1_grow_rest(h1, left.length - kept))
        return false;
    memcpy(h1->rest->bytes + kept, left.at + kept, left.length - kept);
    h1->rest->length = left.length;
    return true;
}

bool hw_conn_h1_keep_rest(conn_h1 *h1, hw_text left, bool is_behind)
{
    return move_to_rest(h1, left, is_behind) && save_head(h1);
}
