/* Changing stacks where only the C library knows how. */
#include "sim/switch.h"

#include <stdlib.h>
#include <ucontext.h>

static ucontext_t *context_of(sim_place *place)
{
    if (!place->at)
        place->at = calloc(1, sizeof(ucontext_t));
    if (!place->at)
        abort();
    return place->at;
}

void sim_switch_prepare(sim_place *place, void *stack, size_t bytes, void (*begin)(void))
{
    ucontext_t *context = context_of(place);
    getcontext(context);
    context->uc_stack.ss_sp = stack;
    context->uc_stack.ss_size = bytes;
    context->uc_link = NULL;
    makecontext(context, begin, 0);
}

void sim_switch(sim_place *from, sim_place *to)
{
    swapcontext(context_of(from), context_of(to));
}

void sim_switch_free(sim_place *place)
{
    free(place->at);
    place->at = NULL;
}
