/* Texts that prove what they are to "%p" of a format.
 *
 * A format's argument is a pointer without a type: a compiler accepts any. So the first eight bytes
 * behind it must be ours before anything else of it is believed. That is a check against mistakes
 * of a program, not against a program: it finds the string that was given where markup was meant.
 */
#include "app/tagged.h"

const void *hw_tagged_new(hw_arena *arena, hw_tagged_kind kind, hw_text text)
{
    hw_tagged *tagged = hw_arena_alloc(arena, sizeof *tagged);
    if (tagged)
        *tagged = (hw_tagged){HW_TAGGED_MAGIC, (int)kind, text};
    return tagged;
}

bool hw_tagged_text(const void *tagged, hw_tagged_kind kind, hw_text *ret_text)
{
    const hw_tagged *known = tagged;
    if (!known || known->magic != HW_TAGGED_MAGIC || known->kind != (int)kind)
        return false;
    *ret_text = known->text;
    return true;
}
