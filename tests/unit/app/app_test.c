#include "app/app.h"

#include <string.h>

#include "unit/app/asker.h"
#include "unit/base/death.h"

static void count_call(void *arg)
{
    ++*(int *)arg;
}

HW_TEST(app_state_is_freed_with_the_last_reference)
{
    int freed = 0;
    hewn_app *app = hewn_new(.state = &freed, .state_free = count_call);
    HW_NEED(app);
    assert_ptr_equal(hw_app_hold(app), app);
    hewn_app_free(app);
    assert_int_equal(freed, 0);
    hewn_app_free(app);
    assert_int_equal(freed, 1);
    hewn_app_free(NULL);
}

static hewn_response *say_absent(hewn_request *rq)
{
    return hewn_empty(rq, 404);
}

HW_TEST(app_that_could_not_be_made_is_accepted_everywhere)
{
    hewn_get(NULL, "/", say_absent);
    hw_app_fail(NULL, &(hw_fault){.error = ENOMEM});
    int finished = 0;
    hw_answerer answerer = {.arg = &finished};
    assert_int_equal(hw_app_mount(NULL, "/", &answerer, count_call), -ENOMEM);
    assert_int_equal(finished, 1);
}

HW_TEST(app_keeps_its_first_fault)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    assert_null(hw_app_fault(app));
    hw_app_fail(app, &(hw_fault){.error = ENOENT, .what = "first"});
    hw_app_fail(app, &(hw_fault){.error = EACCES, .what = "second"});
    assert_string_equal(hw_app_fault(app)->what, "first");
    hewn_app_free(app);
}

HW_TEST(app_gives_slots_in_order)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    for (size_t i = 0; i < 9; i++) {
        size_t slot = hw_app_local_add(app, &(hw_local){.size = 100 + i});
        if (slot == SIZE_MAX) {
            assert_int_equal(hw_app_fault(app)->error, ENOMEM);
            hewn_app_free(app);
            hw_test_out_of_memory();
        }
        assert_int_equal(slot, i);
    }
    size_t count;
    const hw_local *locals = hw_app_locals(app, &count);
    assert_int_equal(count, 9);
    assert_int_equal(locals[0].size, 100);
    assert_int_equal(locals[8].size, 108);
    hewn_app_free(app);
}

HW_TEST(app_mounts_are_finished_when_it_goes_or_cannot_mount)
{
    int finished = 0;
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hw_answerer answerer = {.arg = &finished};
    int error = hw_app_mount(app, "/x", &answerer, count_call);
    assert_int_equal(finished, error < 0);
    if (error < 0)
        assert_int_equal(hw_app_fault(app)->error, ENOMEM);
    hewn_app_free(app);
    HW_NEED_OK(error);
    assert_int_equal(finished, 1);
}

static void new_with(void *arg)
{
    hewn_app_free(hewn_app_new(arg));
}

HW_TEST(app_options_without_effect_are_refused_by_name)
{
    struct {
        hewn_app_opts opts;
        const char *words;
    } cases[] = {
        {{.title = "t"}, "app option .title is not"},
        {{.version = "1"}, "app option .version is not"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cases[i].opts.size = sizeof cases[i].opts;
        hw_test_expect_death(new_with, &cases[i].opts, cases[i].words);
    }
}

HW_TEST(app_secrets_are_long_or_none)
{
    static const char *const none[] = {NULL};
    static const char *const short_ones[] = {"0123456789abcdef0123456789abcdef",
                                             "0123456789abcdef0123456789abcde", NULL};
    hewn_app_opts opts = {.size = sizeof opts, .secrets = none};
    if (!hw_signer_is_built)
        skip();
    hw_test_expect_death(new_with, &opts, "secrets without a secret");
    opts.secrets = short_ones;
    hw_test_expect_death(new_with, &opts, "a secret of fewer than 32 bytes");
}

HW_TEST(app_options_need_their_size)
{
    hewn_app_opts opts = {.serial = false};
    hw_test_expect_death(new_with, &opts, "app options without their size");
}

static void mount_at(void *arg)
{
    hewn_app *app = hewn_new();
    hw_answerer answerer = {0};
    if (app)
        (void)hw_app_mount(app, arg, &answerer, NULL);
}

HW_TEST(app_refuses_bad_prefixes)
{
    char relative[] = "x", slash[] = "/x/", dots[] = "/../x", query[] = "/x?y";
    hw_test_expect_death(mount_at, relative, "the prefix \"x\" must begin with '/'");
    hw_test_expect_death(mount_at, slash, "the prefix \"/x/\" must not end with '/'");
    hw_test_expect_death(mount_at, dots, "the prefix \"/../x\" has a dot segment");
    hw_test_expect_death(mount_at, query, "the prefix \"/x?y\" is a path");
}

static void mount_twice(void *arg)
{
    hewn_app *app = arg;
    hw_answerer answerer = {0};
    if (hw_app_mount(app, "/x", &answerer, NULL) == 0)
        (void)hw_app_mount(app, "/x", &answerer, NULL);
}

static void mount_late(void *arg)
{
    hewn_app *app = arg;
    hw_answerer answerer = {0};
    hw_app_seal(app, false);
    (void)hw_app_mount(app, "/x", &answerer, NULL);
}

HW_TEST(app_refuses_what_comes_twice_or_late)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hw_test_expect_death(mount_late, app, "a server already runs");
    hw_test_expect_death(mount_twice, app, "the prefix \"/x\" is mounted twice");
    hewn_app_free(app);
}
