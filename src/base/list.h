/* An intrusive, circular, doubly linked list: the link lives inside the member, so putting
 * something on a list cannot fail. A link that is on no list has no neighbours, so a zeroed one is
 * on none; a list must be initialised before it is used. */
#ifndef HW_BASE_LIST_H
#define HW_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/assert.h"

typedef struct hw_link {
    struct hw_link *next, *prev;
} hw_link;

typedef struct hw_list {
    hw_link head;
} hw_list;

/* The member that holds this link. */
#define HW_MEMBER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void hw_link_init(hw_link *link)
{
    link->next = link->prev = NULL;
}

static inline void hw_list_init(hw_list *list)
{
    list->head.next = list->head.prev = &list->head;
}

static inline bool hw_link_is_linked(const hw_link *link)
{
    return link->next != NULL;
}

static inline bool hw_list_is_empty(const hw_list *list)
{
    return list->head.next == &list->head;
}

/* Between two neighbours. For the functions below. */
static inline void hw_link_insert(hw_link *link, hw_link *prev, hw_link *next)
{
    hw_assert(!hw_link_is_linked(link));
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

/* The link must be on no list (asserted). */
static inline void hw_list_append(hw_list *list, hw_link *link)
{
    hw_assert(list->head.prev); /* else it was never initialised */
    hw_link_insert(link, list->head.prev, &list->head);
}

void hw_list_prepend(hw_list *list, hw_link *link);

/* The same, for one that may be on it already, or on another, where it stays. */
static inline void hw_list_append_once(hw_list *list, hw_link *link)
{
    if (!hw_link_is_linked(link))
        hw_list_append(list, link);
}

/* Takes the link off its list; does nothing when it is on none. */
static inline void hw_link_remove(hw_link *link)
{
    if (!hw_link_is_linked(link))
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = NULL;
}

/* From the list that it is on (asserted) to the start of another. */
static inline void hw_link_move(hw_link *link, hw_list *list)
{
    hw_assert(hw_link_is_linked(link) && list->head.next);
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = &list->head;
    link->next = list->head.next;
    link->next->prev = link;
    list->head.next = link;
}

/* The first link, left on the list; NULL when the list is empty. */
static inline hw_link *hw_list_first(const hw_list *list)
{
    return hw_list_is_empty(list) ? NULL : list->head.next;
}

/* The first link, taken off; NULL when the list is empty. */
static inline hw_link *hw_list_take_first(hw_list *list)
{
    hw_link *first = list->head.next;
    if (hw_list_is_empty(list))
        return NULL;
    list->head.next = first->next;
    first->next->prev = &list->head;
    first->next = NULL;
    return first;
}

/* Moves everything from one list to the end of another (asserted). */
void hw_list_append_all(hw_list *to, hw_list *from);

#endif
