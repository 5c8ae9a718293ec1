#include "loop/loop.h"

#include "seam/seam.h"
#include "sys/poll.h"
#include "sys/socket.h"
#include "sys/thread.h"
#include "unit/harness.h"

#include <errno.h>
#include <string.h>

enum { LETTERS = 64, STACK_BYTES = 256 * 1024 };

/* Writes down in what order things run, as letters. */
typedef struct loop_diary {
    hw_loop loop;
    char letters[LETTERS];
    size_t length;
} loop_diary;

typedef struct loop_entry {
    hw_task task;
    hw_ready at_top;
    hw_post post;
    hw_timer timer;
    loop_diary *diary;
    char letter;
    int again;                 /* queues itself so often */
    struct loop_entry *turn;   /* queued for a turn while running */
    struct loop_entry *ready;  /* for the ready queue */
    struct loop_entry *retire; /* for the end of the step */
    struct loop_entry *cancel;
} loop_entry;

static void write_entry(loop_entry *entry)
{
    loop_diary *diary = entry->diary;
    assert_true(diary->length < LETTERS - 1);
    diary->letters[diary->length++] = entry->letter;
    if (entry->turn)
        hw_loop_queue_turn(&diary->loop, &entry->turn->task);
    if (entry->ready)
        hw_loop_queue_ready(&diary->loop, &entry->ready->at_top);
    if (entry->retire)
        hw_loop_retire(&diary->loop, &entry->retire->task);
    if (entry->cancel)
        hw_task_cancel(&entry->cancel->task);
}

static void run_entry(hw_task *task)
{
    loop_entry *self = HW_MEMBER(task, loop_entry, task);
    write_entry(self);
    if (self->again-- > 0)
        hw_loop_queue_turn(&self->diary->loop, task);
}

static bool run_entry_at_top(hw_ready *ready)
{
    write_entry(HW_MEMBER(ready, loop_entry, at_top));
    return true;
}

static void run_entry_post(hw_post *post)
{
    write_entry(HW_MEMBER(post, loop_entry, post));
}

static void run_entry_timer(hw_timer *timer)
{
    write_entry(HW_MEMBER(timer, loop_entry, timer));
}

static loop_entry make_entry(loop_diary *diary, char letter)
{
    loop_entry made = {.diary = diary, .letter = letter, .post.run = run_entry_post};
    return made;
}

/* Links point into themselves, so this comes when the entry has its place. */
static void init_entry(loop_entry *entry)
{
    hw_task_init(&entry->task, run_entry);
    hw_ready_init(&entry->at_top, run_entry_at_top);
    hw_timer_init(&entry->timer, run_entry_timer);
}

static void open_diary(loop_diary *diary, hw_loop_kind kind)
{
    *diary = (struct loop_diary){0};
    HW_NEED_OK(hw_loop_init(&diary->loop, kind));
}

static void assert_diary(loop_diary *diary, const char *letters)
{
    diary->letters[diary->length] = '\0';
    assert_string_equal(diary->letters, letters);
    diary->length = 0;
}

HW_TEST(loop_step_has_its_order)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_MANUAL);
    loop_entry turn = make_entry(&diary, 't'), ready = make_entry(&diary, 'r'),
               post = make_entry(&diary, 'p'), timer = make_entry(&diary, 'c'),
               woken = make_entry(&diary, 'w'), retired = make_entry(&diary, 'x'),
               second = make_entry(&diary, 's');
    loop_entry *all[] = {&turn, &ready, &post, &timer, &woken, &retired, &second};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        init_entry(all[i]);
    hw_seam_clock_freeze(diary.loop.start_ns, 0);
    hw_loop_retire(&diary.loop, &retired.task);
    hw_loop_queue_ready(&diary.loop, &ready.at_top);
    hw_loop_queue_turn(&diary.loop, &turn.task);
    hw_loop_arm(&diary.loop, &timer.timer, 5);
    hw_loop_post(&diary.loop, &post.post);
    hw_seam_clock_advance(5000000);
    turn.ready = &second;
    ready.turn = &woken;
    assert_false(hw_loop_step(&diary.loop, true));
    assert_diary(&diary, "pctrswx");
    assert_int_equal(hw_loop_now_ms(&diary.loop), 5);
    hw_loop_fini(&diary.loop);
}

HW_TEST(loop_lets_others_go_first_who_queue_themselves)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_MANUAL);
    loop_entry greedy = make_entry(&diary, 'g'), modest = make_entry(&diary, 'm');
    init_entry(&greedy);
    init_entry(&modest);
    greedy.again = 4;
    hw_loop_queue_turn(&diary.loop, &greedy.task);
    hw_loop_queue_turn(&diary.loop, &modest.task);
    hw_loop_queue_turn(&diary.loop, &greedy.task);
    assert_true(hw_loop_step(&diary.loop, false));
    assert_diary(&diary, "gm");
    hw_loop_settle(&diary.loop);
    assert_diary(&diary, "gggg");
    assert_false(hw_loop_step(&diary.loop, true));
    assert_diary(&diary, "");
    hw_loop_fini(&diary.loop);
}

HW_TEST(loop_lets_arrivals_in_before_the_turns)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_MANUAL);
    loop_entry door = make_entry(&diary, 'd'), guest = make_entry(&diary, 'g'),
               answer = make_entry(&diary, 'a');
    init_entry(&door);
    init_entry(&guest);
    init_entry(&answer);
    door.turn = &guest;
    guest.ready = &answer;
    hw_loop_queue_arrival(&diary.loop, &door.task);
    hw_loop_queue_arrival(&diary.loop, &door.task);
    assert_false(hw_loop_step(&diary.loop, true));
    assert_diary(&diary, "dga");
    hw_loop_fini(&diary.loop);
}

HW_TEST(loop_forgets_what_is_cancelled)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_MANUAL);
    loop_entry first = make_entry(&diary, '1'), second = make_entry(&diary, '2'),
               third = make_entry(&diary, '3');
    init_entry(&first);
    init_entry(&second);
    init_entry(&third);
    first.cancel = &second;
    third.cancel = &third;
    hw_loop_queue_turn(&diary.loop, &first.task);
    hw_loop_queue_turn(&diary.loop, &second.task);
    hw_loop_queue_ready(&diary.loop, &third.at_top);
    hw_loop_settle(&diary.loop);
    assert_diary(&diary, "13");
    hw_task_cancel(&second.task);
    hw_loop_fini(&diary.loop);
}

HW_TEST(loop_retires_behind_everything_else)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_MANUAL);
    loop_entry turn = make_entry(&diary, 't'), handler = make_entry(&diary, 'h'),
               dying = make_entry(&diary, 'x'), late = make_entry(&diary, 'l'),
               heir = make_entry(&diary, 'y');
    loop_entry *all[] = {&turn, &handler, &dying, &late, &heir};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        init_entry(all[i]);
    turn.retire = &dying;
    turn.ready = &handler;
    handler.turn = &late;
    dying.retire = &heir;
    hw_loop_queue_turn(&diary.loop, &turn.task);
    assert_false(hw_loop_step(&diary.loop, false));
    assert_diary(&diary, "thlxy");
    hw_loop_retire(&diary.loop, &dying.task);
    hw_loop_fini(&diary.loop);
    assert_diary(&diary, "xy");
}

HW_TEST(loop_runs_posts_in_the_order_they_came)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_MANUAL);
    loop_entry posts[5];
    for (int i = 0; i < 5; i++) {
        posts[i] = make_entry(&diary, (char)('a' + i));
        hw_loop_post(&diary.loop, &posts[i].post);
    }
    assert_false(hw_loop_step(&diary.loop, false));
    assert_diary(&diary, "abcde");
    hw_loop_step(&diary.loop, false);
    assert_diary(&diary, "");
    hw_loop_fini(&diary.loop);
}

HW_TEST(loop_timers_follow_the_clock)
{
    loop_diary diary;
    hw_seam_clock_freeze(123456789012, 0);
    open_diary(&diary, HW_LOOP_MANUAL);
    loop_entry early = make_entry(&diary, 'e'), late = make_entry(&diary, 'l');
    init_entry(&early);
    init_entry(&late);
    hw_loop_arm(&diary.loop, &early.timer, 10);
    hw_loop_arm(&diary.loop, &late.timer, 60000);
    hw_seam_clock_advance(9999999);
    hw_loop_step(&diary.loop, true);
    assert_diary(&diary, "");
    hw_seam_clock_advance(1);
    hw_loop_step(&diary.loop, true);
    assert_diary(&diary, "e");
    assert_int_equal(hw_loop_now_ms(&diary.loop), 10);
    hw_loop_arm(&diary.loop, &early.timer, 1);
    hw_loop_disarm(&diary.loop, &early.timer);
    hw_seam_clock_advance(INT64_C(60000) * 1000000);
    hw_loop_step(&diary.loop, true);
    assert_diary(&diary, "l");
    hw_loop_fini(&diary.loop);
}

typedef struct pair_watch {
    hw_watch watch;
    uint32_t events;
    int calls;
} pair_watch;

static void note_events(hw_watch *watch, uint32_t events)
{
    pair_watch *pair = HW_MEMBER(watch, pair_watch, watch);
    pair->events |= events;
    pair->calls++;
}

HW_TEST(loop_watches_descriptors)
{
    hw_loop loop;
    int fds[2];
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), errno);
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    pair_watch pair = {.watch = {fds[0], note_events}};
    assert_int_equal(hw_loop_watch(&loop, &pair.watch, EPOLLIN | EPOLLRDHUP | EPOLLET), 0);
    assert_int_equal(hw_loop_watch(&loop, &pair.watch, EPOLLIN), -EEXIST);
    hw_loop_step(&loop, false);
    assert_int_equal(pair.calls, 0);
    const struct iovec byte = {(char *)"x", 1};
    assert_int_equal(hw_sys_send(fds[1], &byte, 1, 0), 1);
    hw_loop_step(&loop, true);
    hw_loop_step(&loop, false);
    assert_int_equal(pair.calls, 1);
    assert_int_equal(pair.events, EPOLLIN);
    hw_loop_unwatch(&loop, &pair.watch);
    assert_int_equal(hw_sys_send(fds[1], &byte, 1, 0), 1);
    hw_loop_step(&loop, false);
    assert_int_equal(pair.calls, 1);
    hw_sys_close(fds[0]);
    hw_sys_close(fds[1]);
    hw_loop_fini(&loop);
}

HW_TEST(loop_does_not_sleep_while_somebody_is_queued)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_POLL);
    loop_entry turn = make_entry(&diary, 't'), post = make_entry(&diary, 'p');
    init_entry(&turn);
    turn.again = 3;
    hw_loop_queue_turn(&diary.loop, &turn.task);
    hw_loop_step(&diary.loop, true);
    assert_true(hw_loop_step(&diary.loop, true) || turn.again <= 0);
    hw_loop_settle(&diary.loop);
    assert_diary(&diary, "tttt");
    hw_loop_post(&diary.loop, &post.post);
    hw_loop_step(&diary.loop, true);
    assert_diary(&diary, "p");
    hw_loop_fini(&diary.loop);
}

static void write_idle(hw_loop *loop)
{
    loop_diary *diary = HW_MEMBER(loop, loop_diary, loop);
    assert_true(diary->length < LETTERS - 1);
    diary->letters[diary->length++] = 'i';
}

HW_TEST(loop_says_that_it_is_about_to_wait)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_POLL);
    diary.loop.on_idle = write_idle;
    loop_entry entry = make_entry(&diary, 't');
    init_entry(&entry);
    hw_loop_queue_turn(&diary.loop, &entry.task);
    assert_false(hw_loop_step(&diary.loop, true));
    assert_diary(&diary, "t");
    hw_loop_wake(&diary.loop);
    assert_false(hw_loop_step(&diary.loop, false));
    hw_loop_wake(&diary.loop);
    assert_false(hw_loop_step(&diary.loop, true));
    assert_diary(&diary, "i");
    hw_loop_fini(&diary.loop);
}

HW_TEST(loop_wakes_for_a_timer)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_POLL);
    loop_entry timer = make_entry(&diary, 'c');
    init_entry(&timer);
    hw_loop_arm(&diary.loop, &timer.timer, 2);
    for (int steps = 0; diary.length == 0; steps++) {
        assert_in_range(steps, 0, 10);
        hw_loop_step(&diary.loop, true);
    }
    assert_true(hw_loop_now_ms(&diary.loop) >= 2);
    hw_loop_fini(&diary.loop);
}

HW_TEST(loop_cannot_start_without_descriptors)
{
    static const char *const calls[] = {"poll_new", "event_new", "poll_add"};
    for (size_t i = 0; i < 3; i++) {
        hw_loop loop;
        unsigned closed = hw_seam_calls("close");
        hw_seam_fail(calls[i], 1, EMFILE);
        assert_int_equal(hw_loop_init(&loop, HW_LOOP_POLL), -EMFILE);
        assert_int_equal(hw_seam_calls("close") - closed, i);
        hw_loop_fini(&loop);
    }
    hw_loop nothing = {0};
    hw_loop_fini(&nothing);
}

HW_TEST(loop_survives_a_failing_wait)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_POLL);
    loop_entry turn = make_entry(&diary, 't');
    init_entry(&turn);
    hw_seam_fail("poll_wait", 1, EINVAL);
    hw_loop_queue_turn(&diary.loop, &turn.task);
    hw_loop_step(&diary.loop, true);
    assert_diary(&diary, "t");
    hw_loop_fini(&diary.loop);
}

HW_TEST(loop_ended_before_it_runs_does_not_run)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_POLL);
    hw_loop_end(&diary.loop);
    hw_loop_run(&diary.loop);
    hw_loop_fini(&diary.loop);
}

enum { POSTERS = 3, POSTS_EACH = 400 };

typedef struct post_thread {
    pthread_t thread;
    hw_loop *loop;
    struct posted {
        hw_post post;
        int number;
        struct post_thread *poster;
    } posts[POSTS_EACH];
    int next; /* touched on the loop only */
    int *all;
} post_thread;

static void take_posted(hw_post *post)
{
    struct posted *posted = HW_MEMBER(post, struct posted, post);
    struct post_thread *poster = posted->poster;
    assert_int_equal(posted->number, poster->next);
    poster->next++;
    if (++*poster->all == POSTERS * POSTS_EACH)
        hw_loop_end(poster->loop);
}

static void *post_many(void *arg)
{
    post_thread *self = arg;
    for (int i = 0; i < POSTS_EACH; i++)
        hw_loop_post(self->loop, &self->posts[i].post);
    return NULL;
}

/* The loop sleeps again and again meanwhile: a post that did not wake it would hang the test. */
HW_THREAD_TEST(loop_takes_posts_of_other_threads)
{
    static post_thread posters[POSTERS];
    hw_loop loop;
    int all = 0;
    HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
    for (int i = 0; i < POSTERS; i++) {
        posters[i].loop = &loop;
        posters[i].all = &all;
        posters[i].next = 0;
        for (int j = 0; j < POSTS_EACH; j++)
            posters[i].posts[j] = (struct posted){{.run = take_posted}, j, &posters[i]};
    }
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(
            hw_sys_thread_start(&posters[i].thread, post_many, &posters[i], STACK_BYTES), 0);
    hw_loop_run(&loop);
    for (int i = 0; i < POSTERS; i++)
        hw_sys_thread_join(posters[i].thread);
    assert_int_equal(all, POSTERS * POSTS_EACH);
    hw_loop_fini(&loop);
}

static void *run_loop(void *arg)
{
    hw_loop_run(arg);
    return NULL;
}

HW_THREAD_TEST(loop_is_ended_by_another_thread)
{
    for (int i = 0; i < 50; i++) {
        hw_loop loop;
        pthread_t thread;
        HW_NEED_OK(hw_loop_init(&loop, HW_LOOP_POLL));
        assert_int_equal(hw_sys_thread_start(&thread, run_loop, &loop, STACK_BYTES), 0);
        hw_loop_wake(&loop);
        hw_loop_end(&loop);
        hw_sys_thread_join(thread);
        hw_loop_fini(&loop);
    }
}

typedef struct ping_pong {
    hw_loop loops[2];
    struct ball {
        hw_post post;
        struct ping_pong *game;
        int hits;
    } ball;
} ping_pong;

static void hit_ball(hw_post *post)
{
    struct ball *ball = HW_MEMBER(post, struct ball, post);
    ping_pong *game = ball->game;
    if (++ball->hits < 1000) {
        hw_loop_post(&game->loops[ball->hits % 2], post);
        return;
    }
    hw_loop_end(&game->loops[0]);
    hw_loop_end(&game->loops[1]);
}

HW_THREAD_TEST(loop_hands_memory_over_with_a_post)
{
    ping_pong game = {.ball = {.post.run = hit_ball, .game = &game}};
    pthread_t thread;
    HW_NEED_OK(hw_loop_init(&game.loops[0], HW_LOOP_POLL));
    HW_NEED_OK(hw_loop_init(&game.loops[1], HW_LOOP_POLL));
    hw_loop_post(&game.loops[0], &game.ball.post);
    assert_int_equal(hw_sys_thread_start(&thread, run_loop, &game.loops[1], STACK_BYTES), 0);
    hw_loop_run(&game.loops[0]);
    hw_sys_thread_join(thread);
    assert_int_equal(game.ball.hits, 1000);
    hw_loop_fini(&game.loops[0]);
    hw_loop_fini(&game.loops[1]);
}

/* What the second one sees: a handler before it has taken long. */
typedef struct loop_timed {
    hw_ready ready;
    hw_loop *loop;
    int64_t began_ms;
} loop_timed;

static bool take_forty_seconds(hw_ready *ready)
{
    loop_timed *self = HW_MEMBER(ready, loop_timed, ready);
    self->began_ms = hw_loop_now_ms(self->loop);
    hw_seam_clock_advance(INT64_C(40000) * 1000000);
    return true;
}

HW_TEST(loop_knows_the_time_behind_each_handler)
{
    loop_diary diary;
    open_diary(&diary, HW_LOOP_MANUAL);
    loop_timed first = {.loop = &diary.loop}, second = first;
    hw_seam_clock_freeze(diary.loop.start_ns, 0);
    hw_ready_init(&first.ready, take_forty_seconds);
    hw_ready_init(&second.ready, take_forty_seconds);
    hw_loop_queue_ready(&diary.loop, &first.ready);
    hw_loop_queue_ready(&diary.loop, &second.ready);
    hw_loop_step(&diary.loop, false);
    assert_int_equal(first.began_ms, 0);
    assert_int_equal(second.began_ms, 40000);
    assert_int_equal(hw_loop_now_ms(&diary.loop), 80000);
    hw_loop_fini(&diary.loop);
}
