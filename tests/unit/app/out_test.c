#include <errno.h>
#include <string.h>

#include "unit/app/asker.h"

/* What the threads of a server do is tried in tests/unit/run; here is what fails on the way there. */

typedef struct out_state {
    int calls, hooks, error;
    char order[8];
} out_state;

static int fill_words(hewn_out *out, void *arg)
{
    out_state *state = arg;
    state->calls++;
    if (hewn_waker(out).id == 0 || hewn_writef(out, "piece %d;", state->calls) < 0 ||
        hewn_writef(out, "%01100d;", state->calls) < 0)
        return -ENOMEM;
    return state->calls < 2 ? HEWN_MORE : HEWN_DONE;
}

static hewn_response *pull_words(hewn_request *rq)
{
    out_state *state = hewn_state(rq);
    *state = (out_state){0};
    return hewn_pull(rq, 200, "text/plain", fill_words, state);
}

static void begin_words(hewn_later later, hewn_request *rq, void *arg)
{
    out_state *state = arg;
    hewn_response *rs = hewn_textf(rq, 201, "%s", "later");
    hewn_set(rs, "X-Own", "1");
    state->error = hewn_later_send(later, rs);
}

static hewn_response *promise_words(hewn_request *rq)
{
    return hewn_wait_for(rq, begin_words, hewn_state(rq));
}

static hewn_response *put_own(hewn_request *rq, hewn_next *next, void *arg)
{
    hewn_response *rs = hewn_run_next(rq, next);
    (void)arg;
    hewn_set(rs, "X-Own", "2");
    hewn_set(rs, "X-Other", "3");
    return rs;
}

static void note_hook(void *arg)
{
    out_state *state = arg;
    state->order[state->hooks++] = 'd';
}

static void note_sent(hewn_request *rq, int status, uint64_t bytes)
{
    out_state *state = hewn_state(rq);
    state->order[state->hooks++] = status == 200 && bytes == 2 ? 'a' : '?';
}

static hewn_response *hook_both(hewn_request *rq)
{
    out_state *state = hewn_state(rq);
    memset(state, 0, sizeof *state);
    state->error = hewn_defer(rq, note_hook, state);
    if (state->error == 0)
        state->error = hewn_after(rq, note_sent);
    return hewn_text(rq, 200, "ok");
}

HW_TEST(out_and_later_and_hooks_fail_whole)
{
    out_state state = {0};
    hewn_app *app = hewn_new(.state = &state);
    app_asker asker;
    HW_NEED(app);
    hewn_use(app, put_own, NULL);
    hewn_get(app, "/pull", pull_words);
    hewn_get(app, "/later", promise_words);
    hewn_get(app, "/hooks", hook_both);
    asker_open(&asker, app);
    assert_int_equal(ask(&asker, "GET", "/pull"), 200);
    assert_int_equal(strlen(asker.body), 2 * (sizeof "piece 1;" - 1 + 1101));
    assert_int_equal(ask(&asker, "GET", "/later"), 201);
    assert_string_equal(asker.body, "later");
    assert_string_equal(answer_field(&asker, "X-Own"), "1");
    assert_string_equal(answer_field(&asker, "X-Other"), "3");
    assert_int_equal(ask(&asker, "GET", "/hooks"), 200);
    assert_int_equal(state.error, 0);
    assert_string_equal(state.order, "ad");
    asker_close(&asker);
}
