/* One mistake a function: what is proved must not be provable of these. */
#include "base/cursor.h"
#include "base/number.h"

/*@ requires hw_text_is_sound(text); */
char plant_read_behind(hw_text text)
{
    return text.at[text.length];
}

/*@ requires \valid(cursor) && hw_cursor_is_sound(*cursor); */
int plant_step_over_end(hw_cursor *cursor)
{
    cursor->at++;
    return hw_cursor_peek(cursor);
}

/*@ requires hw_text_is_sound(text); */
uint64_t plant_wrap(hw_text text)
{
    uint64_t number = 0;
    /*@ loop invariant i <= text.length;
        loop assigns i, number;
        loop variant text.length - i; */
    for (size_t i = 0; i < text.length; i++)
        number = 10 * number + (uint64_t)(text.at[i] & 15);
    return number;
}

unsigned plant_shift_too_far(unsigned number, unsigned places)
{
    return number << places;
}

unsigned plant_divide_by_nothing(unsigned a, unsigned b)
{
    return a / b;
}

/*@ requires \valid(ret_sum);
    assigns *ret_sum;
    ensures \result ==> *ret_sum == a + b; */
bool plant_broken_promise(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    return hw_number_add(a, 1, ret_sum) && b > 0;
}
