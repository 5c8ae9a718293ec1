#include "unit/server/desk.h"

#include <sched.h>

static void answer_at_gate(void *arg, hw_exchange *exchange)
{
    rig_desk *desk = arg;
    atomic_fetch_add(&desk->begun, 1);
    hw_sys_mutex_lock(&desk->gate);
    hw_sys_mutex_unlock(&desk->gate);
    hw_response_start(&exchange->response, 200);
    hw_response_set_bytes(&exchange->response, HW_TEXT("slow"));
}

void desk_init(rig_desk *desk, test_rig *rig)
{
    *desk = (rig_desk){.rig = rig, .pace = {.is_blocking = true}};
    rig->answerer = (hw_answerer){.answer = answer_at_gate, .arg = desk, .pace = &desk->pace};
    hw_sys_mutex_init(&desk->gate);
}

void desk_fini(rig_desk *desk)
{
    hw_sys_mutex_fini(&desk->gate);
}

void desk_open(rig_desk *desk)
{
    rig_change_crew(desk->rig, &(hw_crew_setup){.loops = 1, .blocked_max = 1, .waiting_max = 2});
    hw_sys_mutex_lock(&desk->gate);
}

void desk_finish(rig_desk *desk)
{
    hw_sys_mutex_unlock(&desk->gate);
    rig_change_crew(desk->rig, NULL);
}

void desk_wait(rig_desk *desk, unsigned count)
{
    NEED_TRUE(desk->rig->lane.counts.exchanges >= count);
    while (atomic_load(&desk->begun) < count)
        sched_yield();
}
