/* What stands in for a name that leads nowhere: the page of an application that has its own names,
 * where somebody navigates (`spa`), or the page 404.html at the top of the folder. */
#ifndef HW_KIT_STANDIN_H
#define HW_KIT_STANDIN_H

#include "exchange/exchange.h"
#include "kit/entry.h"

#define HW_STANDIN_MAX 2

typedef struct hw_standin {
    hw_text spa;     /* "/index.html", with a NUL behind it; empty: there is none */
    bool is_no_page; /* a 404.html is a file like any other */
} hw_standin;

/* The paths of what may stand in, the best first; each with a NUL behind it. Returns how many. */
size_t hw_standin_list(const hw_standin *standin, const hw_request *request,
                       hw_text ret_paths[HW_STANDIN_MAX]);
/* Answers with the file of such a path. */
void hw_standin_answer(const hw_standin *standin, hw_exchange *exchange, hw_entry *entry);
/* Says of any answer for a name that leads nowhere what it depends on. */
void hw_standin_put_vary(const hw_standin *standin, hw_exchange *exchange);

#endif
