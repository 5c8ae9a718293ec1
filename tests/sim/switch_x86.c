/* Changing stacks on x86-64: what a called function must keep, and the stack.
 *
 * swapcontext does the same, but for two system calls and, under AddressSanitizer, a new shadow of
 * the whole stack, each time: nine tenths of what a seed takes. */
#include "sim/switch.h"

#include <stdint.h>
#include <string.h>

enum { SAVED_REGISTERS = 6 };

void sim_switch_x86(void **ret_from, void *to);

__asm__(".text\n"
        ".globl sim_switch_x86\n"
        ".type sim_switch_x86, @function\n"
        "sim_switch_x86:\n"
        "    push %rbp\n"
        "    push %rbx\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n"
        "    pop %r14\n"
        "    pop %r13\n"
        "    pop %r12\n"
        "    pop %rbx\n"
        "    pop %rbp\n"
        "    ret\n"
        ".size sim_switch_x86, . - sim_switch_x86\n");

void sim_switch_prepare(sim_place *place, void *stack, size_t bytes, void (*begin)(void))
{
    /* Above the registers: where `ret` goes, and where `begin` would return to. */
    uintptr_t words[SAVED_REGISTERS + 2] = {[SAVED_REGISTERS] = (uintptr_t)begin};
    char *at = (char *)stack + bytes - sizeof words;
    memcpy(at, words, sizeof words);
    place->at = at;
}

void sim_switch(sim_place *from, sim_place *to)
{
    sim_switch_x86(&from->at, to->at);
}

void sim_switch_free(sim_place *place)
{
    place->at = NULL;
}
