/* Turns, one after the other, in the order in which they were asked for. */
#include "exchange/serial.h"

#include "sys/thread.h"

void hw_serial_init(hw_serial *serial)
{
    *serial = (hw_serial){.is_taken = false};
    hw_sys_mutex_init(&serial->lock);
    hw_list_init(&serial->waiting);
}

void hw_serial_fini(hw_serial *serial)
{
    hw_sys_mutex_fini(&serial->lock);
}

bool hw_serial_enter(hw_serial *serial, hw_serial_turn *turn)
{
    hw_sys_mutex_lock(&serial->lock);
    bool is_free = !serial->is_taken;
    if (is_free)
        serial->is_taken = true;
    else
        hw_list_append(&serial->waiting, &turn->link);
    hw_sys_mutex_unlock(&serial->lock);
    return is_free;
}

/* It is handed on without ever being free, so that nobody who comes now is in front. Handed on under
 * the lock: who takes his back afterwards knows that nobody is still about to grant it. */
void hw_serial_leave(hw_serial *serial)
{
    hw_sys_mutex_lock(&serial->lock);
    hw_link *link = hw_list_take_first(&serial->waiting);
    serial->is_taken = link != NULL;
    if (link) {
        hw_serial_turn *turn = HW_MEMBER(link, hw_serial_turn, link);
        turn->granted(turn);
    }
    hw_sys_mutex_unlock(&serial->lock);
}

bool hw_serial_withdraw(hw_serial *serial, hw_serial_turn *turn)
{
    hw_sys_mutex_lock(&serial->lock);
    bool is_waiting = hw_link_is_linked(&turn->link);
    hw_link_remove(&turn->link);
    hw_sys_mutex_unlock(&serial->lock);
    return is_waiting;
}
