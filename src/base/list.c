/* Links members into lists without allocating.
 *
 * Circular with a head of its own, so that no step has a special case for the ends. A link off
 * every list points to itself: whether it is linked can be asked, and removing it twice is
 * harmless. A zeroed link counts as unlinked, because a zeroed object must be legal to fini. */
#include "base/list.h"

#include "base/assert.h"

void hw_list_init(hw_list *list)
{
    hw_link_init(&list->head);
}

void hw_link_init(hw_link *link)
{
    link->next = link->prev = link;
}

bool hw_list_is_empty(const hw_list *list)
{
    return !hw_link_is_linked(&list->head);
}

bool hw_link_is_linked(const hw_link *link)
{
    return link->next && link->next != link;
}

static void insert_link(hw_link *link, hw_link *prev, hw_link *next)
{
    hw_assert(prev && next); /* else the list was never initialised */
    hw_assert(!hw_link_is_linked(link));
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

void hw_list_append(hw_list *list, hw_link *link)
{
    insert_link(link, list->head.prev, &list->head);
}

void hw_list_prepend(hw_list *list, hw_link *link)
{
    insert_link(link, &list->head, list->head.next);
}

void hw_link_remove(hw_link *link)
{
    if (!hw_link_is_linked(link))
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    hw_link_init(link);
}

hw_link *hw_list_first(const hw_list *list)
{
    return hw_list_is_empty(list) ? NULL : list->head.next;
}

hw_link *hw_list_take_first(hw_list *list)
{
    hw_link *first = hw_list_first(list);
    if (first)
        hw_link_remove(first);
    return first;
}

void hw_list_append_all(hw_list *to, hw_list *from)
{
    hw_assert(to != from);
    hw_assert(to->head.next); /* else the list was never initialised */
    if (hw_list_is_empty(from))
        return;
    from->head.next->prev = to->head.prev;
    from->head.prev->next = &to->head;
    to->head.prev->next = from->head.next;
    to->head.prev = from->head.prev;
    hw_list_init(from);
}
