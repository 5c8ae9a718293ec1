/* An intrusive, circular, doubly linked list: the link lives inside the member, so putting
 * something on a list cannot fail. A link that is on no list points to itself; a zeroed link is on
 * no list either, and a zeroed list is empty, but must be initialised before something is put on it
 * (asserted). */
#ifndef HW_BASE_LIST_H
#define HW_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct hw_link {
    struct hw_link *next, *prev;
} hw_link;

typedef struct hw_list {
    hw_link head;
} hw_list;

/* The member that holds this link. */
#define HW_MEMBER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

void hw_list_init(hw_list *list);
void hw_link_init(hw_link *link);
bool hw_list_is_empty(const hw_list *list);
bool hw_link_is_linked(const hw_link *link);

/* The link must be on no list (asserted). */
void hw_list_append(hw_list *list, hw_link *link);
void hw_list_prepend(hw_list *list, hw_link *link);
/* Takes the link off its list; does nothing when it is on none. */
void hw_link_remove(hw_link *link);
/* The first link, left on the list; NULL when the list is empty. */
hw_link *hw_list_first(const hw_list *list);
/* The first link, taken off; NULL when the list is empty. */
hw_link *hw_list_take_first(hw_list *list);
/* Moves everything from one list to the end of another (asserted). */
void hw_list_append_all(hw_list *to, hw_list *from);

#endif
