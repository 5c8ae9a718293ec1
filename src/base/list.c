/* Links members into lists without allocating.
 *
 * Circular with a head of its own, so that no step has a special case for the ends. A link off
 * every list has no neighbours: whether it is linked can be asked with one load, removing it twice
 * is harmless, and a zeroed link is unlinked, because a zeroed object must be legal to fini.
 *
 * What every request does many times stands in the header: it is a handful of stores, less than a
 * call. */
#include "base/list.h"

void hw_list_prepend(hw_list *list, hw_link *link)
{
    hw_assert(list->head.next); /* else it was never initialised */
    hw_link_insert(link, &list->head, list->head.next);
}

void hw_list_append_all(hw_list *to, hw_list *from)
{
    hw_assert(to != from);
    hw_assert(to->head.next && from->head.next); /* else a list was never initialised */
    if (hw_list_is_empty(from))
        return;
    from->head.next->prev = to->head.prev;
    from->head.prev->next = &to->head;
    to->head.prev->next = from->head.next;
    to->head.prev = from->head.prev;
    hw_list_init(from);
}
