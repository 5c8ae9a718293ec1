/* Everything fails in turn: fault [--all] [--list] [SCENARIO [POINT]]
 *
 * Each scenario is run once as it is. What was called then fails point by point: each allocation,
 * each call with each errno it has (seam/calls.h), short, and again and again. A forked child runs
 * the points of a scenario one after the other and notes in shared memory which it is at, so that
 * the one that ends or hangs the process is known; another child goes on behind it.
 * Exit status: 0, 1 when a point failed, 5 when there is no such scenario, 64 for a command line
 * that makes no sense. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "fault/whole.h"
#include "h2/session.h"
#include "seam/seam.h"

enum {
    WORKERS_MAX = 4,
    POINT_SECONDS = 60,
    FAILURES_MAX = 8, /* of one scenario; the rest is not looked at */
    CHILD_PASSED = 0,
    CHILD_FAILED = 41,
    STATUS_NONE_CHOSEN = 5,
    STATUS_USAGE = 64,
};

typedef struct fault_options {
    const char *program, *scenario, *point; /* NULL: all */
    bool is_list, is_all;
} fault_options;

/* Shared by all processes. */
typedef struct fault_totals {
    atomic_size_t next, points, passed, failed;
    atomic_uint reached[128]; /* calls that were seen in some scenario */
    struct fault_progress {
        atomic_size_t point, failures;
    } workers[WORKERS_MAX];
} fault_totals;

/* A scenario of either kind. */
typedef struct fault_case {
    const char *name;
    const fault_scenario *scenario;
    const fault_life *life;
    fault_answers right[2];
} fault_case;

static size_t count_cases(void)
{
    return fault_scenario_count + fault_life_count;
}

static fault_case case_of(size_t index)
{
    if (index < fault_scenario_count)
        return (fault_case){.name = fault_scenarios[index].name,
                            .scenario = &fault_scenarios[index]};
    const fault_life *life = &fault_lives[index - fault_scenario_count];
    return (fault_case){.name = life->name, .life = life};
}

static bool is_chosen(const fault_options *options, const fault_case *c)
{
    const char *name = c->name;
    if (c->scenario && c->scenario->is_h2 && !hw_h2_is_built)
        return false;
    if (!options->scenario)
        return true;
    return options->point ? strcmp(name, options->scenario) == 0
                          : strstr(name, options->scenario) != NULL;
}

static bool can_run(const fault_scenario *scenario)
{
    return !scenario || !scenario->is_secure || hw_tls_is_built;
}

static const char *learn(const fault_place *place, fault_case *c, fault_tally *tally)
{
    return c->scenario ? fault_trial_learn(place, c->scenario, &c->right[0], tally)
                       : fault_life_learn(place, c->life, c->right, tally);
}

static const char *try_point(const fault_place *place, const fault_case *c,
                             const fault_point *point)
{
    return c->scenario ? fault_trial_run(place, c->scenario, &c->right[0], point)
                       : fault_life_run(place, c->life, c->right, point);
}

static void make_points(const fault_options *options, const fault_case *c, const fault_tally *tally,
                        fault_points *points)
{
    bool is_large = c->scenario && c->scenario->is_large;
    unsigned nth_max = options->is_all ? 64 : c->life ? 1 : 4;
    const fault_bounds bounds = {.nth_max = nth_max,
                                 .short_bytes = is_large  ? 4099
                                                : c->life ? 100
                                                          : 1,
                                 .is_real_time = c->life != NULL};
    fault_points_make(points, tally, &bounds);
}

static void tell(const fault_options *options, const char *scenario, const char *point,
                 const char *words)
{
    printf("%s %s: %s\n", scenario, point, words);
    printf("alone: %s %s %s\n", options->program, scenario, point);
    fflush(stdout);
}

/* A server tells people what goes wrong, thousands of times here; who looks at one point may hear
 * it, and a sanitizer. */
static void keep_quiet(const fault_options *options)
{
    int nowhere = options->point ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0 && dup2(nowhere, STDERR_FILENO) < 0)
        abort();
    if (nowhere >= 0)
        close(nowhere);
}

/* In a child: the points from `first` on. */
static void run_points(const fault_options *options, const fault_place *place, fault_case *c,
                       size_t first, fault_totals *totals, struct fault_progress *progress)
{
    fault_tally tally;
    fault_points points = {0};
    char name[FAULT_POINT_NAME_MAX];
    atomic_store(&progress->point, first);
    keep_quiet(options);
    alarm(POINT_SECONDS);
    const char *wrong = learn(place, c, &tally);
    if (wrong) {
        tell(options, c->name, "nothing", wrong);
        _exit(CHILD_FAILED);
    }
    for (size_t i = 0; hw_seam_call(i); i++)
        atomic_fetch_add(&totals->reached[i], tally.calls[i]);
    make_points(options, c, &tally, &points);
    for (size_t i = first; i < points.count; i++) {
        fault_point_name(&points.at[i], name);
        atomic_store(&progress->point, i);
        if (options->is_list)
            printf("%s %s\n", c->name, name);
        if (options->is_list || (options->point && strcmp(name, options->point) != 0))
            continue;
        alarm(POINT_SECONDS);
        atomic_fetch_add(&totals->points, 1);
        wrong = try_point(place, c, &points.at[i]);
        if (wrong)
            tell(options, c->name, name, wrong);
        if (wrong && atomic_fetch_add(&progress->failures, 1) + 1 >= FAILURES_MAX)
            _exit(CHILD_FAILED);
    }
    alarm(POINT_SECONDS);
    fault_answers_free(&c->right[0]);
    fault_answers_free(&c->right[1]);
    atomic_store(&progress->point, points.count);
    fault_points_free(&points);
}

/* The name of a point whose child did not live to tell. */
static void name_point(const fault_options *options, const fault_place *place, fault_case c,
                       size_t index, char name[FAULT_POINT_NAME_MAX])
{
    fault_tally tally;
    fault_points points = {0};
    snprintf(name, FAULT_POINT_NAME_MAX, "nothing");
    if (learn(place, &c, &tally))
        return;
    make_points(options, &c, &tally, &points);
    if (index < points.count)
        fault_point_name(&points.at[index], name);
    else
        snprintf(name, FAULT_POINT_NAME_MAX, "at-the-end");
    fault_points_free(&points);
    fault_answers_free(&c.right[0]);
    fault_answers_free(&c.right[1]);
}

static void report_death(const fault_options *options, const fault_place *place,
                         const fault_case *c, size_t index, int status)
{
    char name[FAULT_POINT_NAME_MAX], words[64];
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        snprintf(words, sizeof words, "it hangs");
    else if (WIFSIGNALED(status))
        snprintf(words, sizeof words, "it dies of signal %d", WTERMSIG(status));
    else
        snprintf(words, sizeof words, "it exits with status %d", WEXITSTATUS(status));
    name_point(options, place, *c, index, name);
    tell(options, c->name, name, words);
}

/* Children, one after the other, until all points have been run. */
static bool run_case(const fault_options *options, const fault_place *place, size_t index,
                     fault_totals *totals, struct fault_progress *progress)
{
    fault_case c = case_of(index);
    atomic_store(&progress->failures, 0);
    for (size_t first = 0;;) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            run_points(options, place, &c, first, totals, progress);
            exit(atomic_load(&progress->failures) > 0 ? CHILD_FAILED : CHILD_PASSED);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child)
            abort();
        if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_PASSED)
            return true;
        if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_FAILED)
            return false;
        first = atomic_load(&progress->point);
        report_death(options, place, &c, first++, status);
        if (atomic_fetch_add(&progress->failures, 1) + 1 >= FAILURES_MAX)
            return false;
    }
}

static void work(const fault_options *options, fault_totals *totals,
                 struct fault_progress *progress)
{
    fault_place place;
    fault_place_open(&place);
    /* The longest ones, which wait for real time, come first. */
    for (size_t i; (i = atomic_fetch_add(&totals->next, 1)) < count_cases();) {
        size_t index = count_cases() - 1 - i;
        const fault_case c = case_of(index);
        if (!is_chosen(options, &c) || !can_run(c.scenario))
            continue;
        bool passed = run_case(options, &place, index, totals, progress);
        atomic_fetch_add(passed ? &totals->passed : &totals->failed, 1);
    }
    fault_place_close(&place);
    exit(0);
}

static bool run_workers(const fault_options *options, fault_totals *totals)
{
    long processors = options->is_list || options->point ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
    bool ended_well = true;
    for (long i = 0; i < processors && i < WORKERS_MAX; i++) {
        fflush(NULL);
        pid_t worker = fork();
        if (worker == 0)
            work(options, totals, &totals->workers[i]);
        if (worker < 0)
            abort();
    }
    for (int status; wait(&status) > 0;)
        ended_well = ended_well && status == 0;
    return ended_well;
}

static void print_unreached(const fault_totals *totals)
{
    printf("calls that no scenario makes:");
    for (size_t i = 0; hw_seam_call(i); i++)
        if (atomic_load(&totals->reached[i]) == 0 && hw_seam_errors(hw_seam_call(i))[0])
            printf(" %s", hw_seam_call(i));
    printf("\n");
}

static bool read_options(int argc, char **argv, fault_options *ret_options)
{
    fault_options options = {.program = argv[0]};
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--list") == 0)
            options.is_list = true;
        else if (strcmp(argv[i], "--all") == 0)
            options.is_all = true;
        else
            return false;
    }
    if (i < argc)
        options.scenario = argv[i++];
    if (i < argc)
        options.point = argv[i++];
    /* A point of its own may lie beyond the bounds of the ordinary run. */
    options.is_all |= options.point != NULL;
    *ret_options = options;
    return i == argc;
}

int main(int argc, char **argv)
{
    fault_options options;
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: fault [--all] [--list] [SCENARIO [POINT]]\n");
        return STATUS_USAGE;
    }
    fault_totals *totals =
        mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED)
        abort();
    if (!hw_tls_is_built)
        printf("note: built without OpenSSL: nothing fails over TLS\n");
    signal(SIGPIPE, SIG_IGN);
    bool ended_well = run_workers(&options, totals);
    size_t passed = totals->passed, failed = totals->failed, points = totals->points;
    if (passed + failed == 0)
        return STATUS_NONE_CHOSEN;
    if (!options.is_list && !options.scenario)
        print_unreached(totals);
    bool is_blind = !options.is_list && points == 0;
    printf("%zu points failed in turn\n", points);
    printf("%zu passed, %zu failed\n", passed, failed);
    if (is_blind)
        printf("no point was run: there is none of that name\n");
    return !ended_well || failed > 0 || is_blind;
}
