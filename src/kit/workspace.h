/* Memory for another library: charged to a budget, and given back together, whatever that library
 * has forgotten of it. One user at a time. */
#ifndef HW_KIT_WORKSPACE_H
#define HW_KIT_WORKSPACE_H

#include "base/budget.h"
#include "base/list.h"

typedef struct hw_workspace {
    hw_budget *budget; /* NULL: nothing is charged */
    hw_list pieces;
    size_t held; /* bytes, what it needs itself included */
} hw_workspace;

/* It must not be moved afterwards. */
void hw_workspace_init(hw_workspace *space, hw_budget *budget);
/* Aligned for any type. NULL: there is no memory, or the budget has none. */
void *hw_workspace_take(hw_workspace *space, size_t bytes);
void hw_workspace_give(hw_workspace *space, void *memory); /* NULL is fine */
/* All that was taken and not given back. */
void hw_workspace_fini(hw_workspace *space);

#endif
