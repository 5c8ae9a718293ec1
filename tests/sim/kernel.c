/* Descriptors, and waiting for them as epoll does.
 *
 * Edge-triggered watches are told once for each change, with all that is so when they are asked;
 * level-triggered ones as long as it is so. A watch that is added is told of what is so already.
 * Exclusive watches: whoever waits is told, and of those that do not wait all up to the first that
 * does, as the kernel's wait queues do it. */
#include "sim/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "sim/fiber.h"
#include "sim/world.h"
#include "sys/cgroup.h"
#include "sys/file.h"
#include "sys/poll.h"
#include "sys/process.h"
#include "sys/socket.h"

#define DESCRIPTORS_MAX 512
#define WATCHES_MAX 1024
#define POLLS_MAX 16

typedef struct sim_poll {
    int number;
    void *first_data;
} sim_poll;

typedef struct sim_watch {
    sim_poll *poll; /* NULL: free */
    int number;
    uint32_t events;
    void *data;
    bool is_told;
} sim_watch;

static sim_descriptor descriptors[DESCRIPTORS_MAX];
static sim_watch watches[WATCHES_MAX];
static sim_poll polls[POLLS_MAX];
static size_t descriptor_count;
static int next_number;
static unsigned asked;

void sim_kernel_begin(void)
{
    memset(descriptors, 0, sizeof descriptors);
    memset(watches, 0, sizeof watches);
    memset(polls, 0, sizeof polls);
    descriptor_count = 0;
    next_number = 3;
    asked = 0;
}

int sim_call_fails(const char *call, const int *errors)
{
    size_t count = 0;
    if (!sim_strikes(sim_the_plan.calls_failing))
        return 0;
    while (errors[count])
        count++;
    int error = errors[sim_draw(count)];
    sim_tell(call, -1, error);
    return -error;
}

int sim_descriptor_open(sim_kind kind, void *of, uint64_t count)
{
    static const int errors[] = {EMFILE, ENFILE, ENOMEM, 0};
    int error = sim_call_fails("no descriptor", errors);
    if (error < 0)
        return error;
    sim_descriptor *descriptor = descriptors;
    while (descriptor < descriptors + DESCRIPTORS_MAX && descriptor->kind != SIM_CLOSED)
        descriptor++;
    if (descriptor == descriptors + DESCRIPTORS_MAX)
        return -EMFILE;
    *descriptor = (sim_descriptor){kind, next_number++, of, count};
    descriptor_count++;
    return descriptor->number;
}

static sim_descriptor *find_descriptor(int number)
{
    for (int i = 0; i < DESCRIPTORS_MAX; i++)
        if (descriptors[i].kind != SIM_CLOSED && descriptors[i].number == number)
            return &descriptors[i];
    sim_fail("descriptor %d is used but not open", number);
}

sim_descriptor *sim_descriptor_of(int number, sim_kind kind)
{
    sim_descriptor *descriptor = find_descriptor(number);
    SIM_MUST(descriptor->kind == kind, "descriptor %d is of kind %d, not %d", number,
             (int)descriptor->kind, (int)kind);
    return descriptor;
}

size_t sim_descriptors_open(void)
{
    return descriptor_count;
}

static uint32_t readiness(int number)
{
    const sim_descriptor *descriptor = find_descriptor(number);
    switch (descriptor->kind) {
    case SIM_EVENT:
        return descriptor->count > 0 ? EPOLLIN : 0;
    case SIM_LISTENER:
        return sim_listener_readiness(descriptor);
    case SIM_SOCKET:
        return sim_socket_readiness(descriptor);
    case SIM_NOTICE:
        return sim_notice_readiness(descriptor);
    case SIM_POLL:
    case SIM_FILE:
    case SIM_CLOSED:
        break;
    }
    sim_fail("descriptor %d cannot be waited for", number);
}

void sim_poll_tell(int number)
{
    for (int i = 0; i < WATCHES_MAX; i++) {
        if (!watches[i].poll || watches[i].number != number)
            continue;
        watches[i].is_told = true;
        sim_fiber_wake(watches[i].poll);
    }
}

void sim_poll_tell_one(int number)
{
    size_t start = sim_draw(WATCHES_MAX);
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        sim_watch *watch = &watches[(start + i) % WATCHES_MAX];
        if (!watch->poll || watch->number != number)
            continue;
        bool waits = sim_fiber_is_in_poll(watch->poll) && !watch->is_told;
        watch->is_told = true;
        sim_fiber_wake(watch->poll);
        if (waits && (watch->events & EPOLLEXCLUSIVE))
            return;
    }
}

size_t sim_poll_count(void)
{
    return POLLS_MAX;
}

void *sim_poll_first_data(size_t index)
{
    return polls[index].number ? polls[index].first_data : NULL;
}

bool sim_poll_is_waited_for(size_t index)
{
    return polls[index].number && sim_fiber_is_in_poll(&polls[index]);
}

unsigned sim_poll_asked(void)
{
    return asked;
}

void sim_poll_forget_asked(void)
{
    asked = 0;
}

int hw_sys_poll_new(void)
{
    sim_poll *poll = polls;
    while (poll < polls + POLLS_MAX && poll->number)
        poll++;
    SIM_MUST(poll < polls + POLLS_MAX, "too many polls");
    int number = sim_descriptor_open(SIM_POLL, poll, 0);
    if (number > 0)
        *poll = (sim_poll){number, NULL};
    return number;
}

int hw_sys_poll_add(int number, int fd, uint32_t events, void *data)
{
    static const int errors[] = {ENOMEM, ENOSPC, 0};
    sim_poll *poll = sim_descriptor_of(number, SIM_POLL)->of;
    int error = sim_call_fails("poll add", errors);
    if (error < 0)
        return error;
    sim_watch *watch = NULL;
    for (int i = WATCHES_MAX - 1; i >= 0; i--) {
        if (!watches[i].poll)
            watch = &watches[i];
        SIM_MUST(watches[i].poll != poll || watches[i].number != fd, "descriptor %d watched twice",
                 fd);
    }
    SIM_MUST(watch, "too many watches");
    *watch = (sim_watch){poll, fd, events, data, readiness(fd) != 0};
    if (!poll->first_data)
        poll->first_data = data;
    if (watch->is_told)
        sim_fiber_wake(poll);
    return 0;
}

static void drop_watches(const sim_poll *poll, int fd)
{
    for (int i = 0; i < WATCHES_MAX; i++)
        if (watches[i].poll && (watches[i].poll == poll || !poll) &&
            (watches[i].number == fd || fd < 0))
            watches[i].poll = NULL;
}

int hw_sys_poll_remove(int number, int fd)
{
    const sim_poll *poll = sim_descriptor_of(number, SIM_POLL)->of;
    find_descriptor(fd);
    drop_watches(poll, fd);
    return 0;
}

/* What is told to one poll, from a place that the dice choose. */
static int collect(const sim_poll *poll, struct epoll_event *events, int events_max)
{
    int count = 0;
    size_t start = sim_draw(WATCHES_MAX);
    for (size_t i = 0; i < WATCHES_MAX && count < events_max; i++) {
        sim_watch *watch = &watches[(start + i) % WATCHES_MAX];
        if (watch->poll != poll || !watch->is_told)
            continue;
        uint32_t now = readiness(watch->number) & (watch->events | EPOLLERR | EPOLLHUP);
        watch->is_told = now != 0 && !(watch->events & EPOLLET);
        if (now)
            events[count++] = (struct epoll_event){.events = now, .data.ptr = watch->data};
    }
    return count;
}

int hw_sys_poll_wait(int number, struct epoll_event *events, int events_max, int timeout_ms)
{
    sim_poll *poll = sim_descriptor_of(number, SIM_POLL)->of;
    int64_t until_ns =
        timeout_ms < 0 ? SIM_NEVER : sim_now_ns() + (int64_t)timeout_ms * SIM_NS_PER_MS;
    asked++;
    sim_fiber_set_poll(poll);
    sim_fiber_yield();
    int count = collect(poll, events, events_max);
    bool is_interrupted = count == 0 && timeout_ms != 0 && sim_chance(1);
    while (count == 0 && !is_interrupted && sim_now_ns() < until_ns &&
           sim_fiber_wait(poll, until_ns))
        count = collect(poll, events, events_max);
    sim_fiber_set_poll(NULL);
    return count;
}

int hw_sys_poll_write(int event, int fd, int timeout_ms)
{
    (void)event, (void)fd, (void)timeout_ms;
    sim_fail("nobody writes logs here");
}

int hw_sys_event_new(void)
{
    return sim_descriptor_open(SIM_EVENT, NULL, 0);
}

int hw_sys_event_post(int event)
{
    sim_descriptor_of(event, SIM_EVENT)->count++;
    sim_poll_tell(event);
    return 0;
}

int hw_sys_event_take(int event)
{
    sim_descriptor_of(event, SIM_EVENT)->count = 0;
    return 0;
}

int hw_sys_alarm_new(void)
{
    sim_fail("no loop is a guest here");
}

int hw_sys_alarm_set(int alarm, int64_t after_ms)
{
    (void)alarm, (void)after_ms;
    sim_fail("no loop is a guest here");
}

/* Of a file, or of what is only kept to be closed. */
int hw_sys_duplicate(int number)
{
    const sim_descriptor *descriptor = find_descriptor(number);
    return sim_descriptor_open(descriptor->kind, descriptor->of, descriptor->count);
}

int hw_sys_close(int number)
{
    sim_descriptor *descriptor = find_descriptor(number);
    bool leaks = descriptor->kind == SIM_SOCKET && sim_planted() == SIM_PLANT_LEAK && sim_chance(2);
    drop_watches(NULL, number);
    if (descriptor->kind == SIM_POLL) {
        drop_watches(descriptor->of, -1);
        ((sim_poll *)descriptor->of)->number = 0;
    } else if (descriptor->kind == SIM_LISTENER) {
        sim_listener_close(descriptor);
    } else if (descriptor->kind == SIM_SOCKET) {
        sim_socket_close(descriptor);
    } else if (descriptor->kind == SIM_NOTICE) {
        sim_notice_close(descriptor);
    }
    if (leaks)
        return 0;
    descriptor->kind = SIM_CLOSED;
    descriptor_count--;
    return 0;
}

unsigned hw_sys_cgroup_processors(const char *membership, const char *root)
{
    (void)membership, (void)root;
    return 1;
}

unsigned hw_sys_processors(void)
{
    return 1;
}

uint64_t hw_sys_memory_bytes(void)
{
    return (uint64_t)1024 * 1024 * 1024;
}

int64_t hw_sys_descriptors_raise(void)
{
    return DESCRIPTORS_MAX;
}

int64_t hw_sys_descriptors_open(void)
{
    return (int64_t)descriptor_count;
}

int hw_sys_signals_block(const sigset_t *signals)
{
    (void)signals;
    return 0;
}

int hw_sys_signal_wait_for(const sigset_t *signals, unsigned ms)
{
    (void)signals, (void)ms;
    return -EINVAL;
}

int hw_sys_signal_wait(const sigset_t *signals)
{
    (void)signals;
    sim_fail("nobody waits for signals here");
}

bool hw_sys_is_terminal(int fd)
{
    (void)fd;
    return false;
}

const char *hw_sys_variable(const char *name)
{
    (void)name;
    return NULL;
}

int hw_sys_host_name(char *ret_name, size_t bytes)
{
    (void)ret_name, (void)bytes;
    return -ENAMETOOLONG;
}

unsigned hw_sys_user(void)
{
    return 0;
}
