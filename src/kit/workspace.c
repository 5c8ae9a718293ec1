/* Memory for another library.
 *
 * Each piece knows its length and its neighbours, which costs 32 bytes of it: those who take tens of
 * kilobytes at a time do not notice, and nobody else should be here. */
#include "kit/workspace.h"

#include <stdalign.h>
#include <stdint.h>

#include "sys/memory.h"

typedef struct workspace_piece {
    alignas(max_align_t) hw_link link;
    size_t bytes; /* all of it */
} workspace_piece;

void hw_workspace_init(hw_workspace *space, hw_budget *budget)
{
    *space = (hw_workspace){.budget = budget};
    hw_list_init(&space->pieces);
}

void *hw_workspace_take(hw_workspace *space, size_t bytes)
{
    if (bytes > SIZE_MAX - sizeof(workspace_piece))
        return NULL;
    size_t all = bytes + sizeof(workspace_piece);
    if (!hw_budget_take(space->budget, all))
        return NULL;
    workspace_piece *piece = hw_sys_alloc(all);
    if (!piece) {
        hw_budget_give(space->budget, all);
        return NULL;
    }
    piece->link = (hw_link){0};
    piece->bytes = all;
    hw_list_append(&space->pieces, &piece->link);
    space->held += all;
    return piece + 1;
}

void hw_workspace_give(hw_workspace *space, void *memory)
{
    if (!memory)
        return;
    workspace_piece *piece = (workspace_piece *)memory - 1;
    hw_link_remove(&piece->link);
    space->held -= piece->bytes;
    hw_budget_give(space->budget, piece->bytes);
    hw_sys_free(piece);
}

void hw_workspace_fini(hw_workspace *space)
{
    for (hw_link *link; (link = hw_list_first(&space->pieces));)
        hw_workspace_give(space, HW_MEMBER(link, workspace_piece, link) + 1);
}
