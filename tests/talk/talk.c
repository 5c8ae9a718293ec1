/* Runs talks: talk [--carrier memory|tcp|tls|empty] [--selftest] FILE...
 *
 * Without --carrier each talk is run over every carrier it is written for. In memory it is run
 * several times, with the client's bytes whole, one by one, and cut at random: what comes must not
 * depend on it; and so it is over TLS, where what is encrypted is cut too. --selftest is the other way round: against no server at all every talk must fail.
 * Exit status: 0, 1 when a talk failed, 64 for a command line that makes no sense. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "hewn/server.h"
#include "http/echo.h"
#include "parts.h"
#include "talk/answerers.h"
#include "talk/run.h"
#include "talk/secure.h"

#define LOCALS_MAX 8
/* Neither a line nor a power of two. */
#define ROOM_BYTES 61
/* Less than a certificate; but an answer has room, and so has the word that tells its end. */
#define TLS_ROOM_BYTES 1021
/* Less than the head of a record and what it is sealed with. */
#define WIRE_BYTES 13

typedef struct talk_place {
    talk_site site;
    hewn_app *app;
    hw_echo echo;
    talk_answerers answerers;
    hw_local locals[LOCALS_MAX];
    talk_service service;
} talk_place;

/* What is asked for on the command line. */
typedef struct talk_options {
    const char *program, *carrier; /* carrier NULL: all */
    bool is_selftest;
    char **files;
    int file_count;
} talk_options;

typedef struct talk_tally {
    unsigned passed, failed;
} talk_tally;

static const talk_way memory_ways[] = {
    {talk_carrier_memory, TALK_WHOLE, 0, 0, 0},
    {talk_carrier_memory, TALK_BYTE_BY_BYTE, 0, 0, 0},
    {talk_carrier_memory, TALK_AT_RANDOM, 0x9110, 0, 0},
    {talk_carrier_memory, TALK_AT_RANDOM, 0x9112, 0, 0},
    {talk_carrier_memory, TALK_WHOLE, 0, ROOM_BYTES, 0},
};
static const talk_way tcp_ways[] = {
    {talk_carrier_tcp, TALK_WHOLE, 0, 0, 0},
    {talk_carrier_tcp, TALK_AT_RANDOM, 0x2616, 0, 0},
};
static const talk_way tls_ways[] = {
    {talk_carrier_tls, TALK_WHOLE, 0, 0, 0},
    {talk_carrier_tls, TALK_AT_RANDOM, 0x8446, 0, 0},
    {talk_carrier_tls, TALK_WHOLE, 0, 0, WIRE_BYTES},
    {talk_carrier_tls, TALK_WHOLE, 0, TLS_ROOM_BYTES, 0},
};
static const talk_way empty_ways[] = {{talk_carrier_empty, TALK_WHOLE, 0, 0, 0}};

typedef struct named_carrier {
    const char *name;
    const talk_way *ways;
    size_t way_count;
    bool has_time; /* it stands still, so that all ways must be answered alike */
} named_carrier;

#define WAYS(ways) (ways), sizeof(ways) / sizeof *(ways)
#define EMPTY TALK_CARRIER_KINDS
static const named_carrier carriers[] = {
    [TALK_MEMORY] = {"memory", WAYS(memory_ways), true},
    [TALK_TCP] = {"tcp", WAYS(tcp_ways), false},
    [TALK_TLS] = {"tls", WAYS(tls_ways), true},
    [EMPTY] = {"empty", WAYS(empty_ways), true},
};

/* Files, and in front of them the echo and what tests need besides. */
static void open_place(talk_place *place)
{
    hewn_fault fault = {0};
    size_t count;
    talk_site_open(&place->site);
    int folder = talk_site_root(&place->site);
    place->app = hewn_new();
    if (!place->app || hewn_files(place->app, "/", folder, NULL, &fault) < 0 ||
        talk_site_mount_nav(&place->site, place->app) < 0)
        talk_give_up("an application", fault.error);
    close(folder);
    hw_app_seal(place->app, true);
    const hw_local *locals = hw_app_locals(place->app, &count);
    if (count >= LOCALS_MAX)
        talk_give_up("per-loop state", E2BIG);
    if (count > 0)
        memcpy(place->locals, locals, count * sizeof *locals);
    place->locals[count] = talk_answerers_local();
    hw_echo_init(&place->echo, hw_app_answerer(place->app));
    talk_answerers_init(&place->answerers, &place->echo.answerer, count);
    place->service = (talk_service){
        .answerer = &place->answerers.answerer,
        .locals = place->locals,
        .local_count = count + 1,
        .tls = talk_secure_new(place->site.folder),
    };
}

static void close_place(talk_place *place)
{
    hw_tls_free(place->service.tls);
    hewn_app_free(place->app);
    talk_site_close(&place->site);
}

static void print_bytes(const talk_bytes *bytes)
{
    printf("%.*s\n", (int)bytes->length, bytes->at);
}

/* Where the clock stands still all ways must be answered alike, but for boundaries. */
static bool compare_answers(const talk_script *script, const talk_bytes *first,
                            const talk_bytes *answers, talk_bytes *complaint)
{
    size_t at = 0;
    parts_blank_boundaries(first->at, first->length);
    parts_blank_boundaries(answers->at, answers->length);
    while (at < first->length && at < answers->length && first->at[at] == answers->at[at])
        at++;
    if (at == first->length && at == answers->length)
        return true;
    at = at > 20 ? at - 20 : 0;
    talk_bytes_put_format(complaint, "%s:1: expected the answers that whole requests get, ",
                          script->path);
    talk_bytes_put_shown(complaint, hw_text_from(talk_bytes_text(first), at));
    talk_bytes_put_string(complaint, "; requests in pieces get ");
    talk_bytes_put_shown(complaint, hw_text_from(talk_bytes_text(answers), at));
    return false;
}

/* All ways of a carrier; the first that fails is told. */
static bool run_over(talk_place *place, const talk_script *script, const named_carrier *carrier,
                     talk_bytes *complaint)
{
    talk_bytes first = {0}, answers = {0};
    bool is_good = true;
    for (size_t i = 0; i < carrier->way_count && is_good; i++) {
        if (carrier->ways[i].room_bytes > 0 && script->is_for_memory_only)
            continue;
        answers.length = 0;
        is_good = talk_run(script, &carrier->ways[i], &place->service, &place->site,
                           i == 0 ? &first : &answers, complaint);
        if (is_good && i > 0 && carrier->has_time)
            is_good = compare_answers(script, &first, &answers, complaint);
    }
    talk_bytes_free(&first);
    talk_bytes_free(&answers);
    return is_good;
}

static bool is_meant(const talk_place *place, const talk_options *options,
                     const talk_script *script, size_t kind)
{
    const named_carrier *carrier = &carriers[kind];
    if (options->carrier ? strcmp(options->carrier, carrier->name) != 0 : kind == EMPTY)
        return false;
    if (kind == TALK_TLS && !place->service.tls)
        return false;
    return (carrier->has_time || !script->is_for_memory_only) &&
           (kind == EMPTY || !script->is_not_over[kind]);
}

static void run_script(talk_place *place, const talk_options *options, const talk_script *script,
                       talk_tally *tally)
{
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
        const named_carrier *carrier = &carriers[i];
        if (!is_meant(place, options, script, i))
            continue;
        talk_bytes complaint = {0};
        if (run_over(place, script, carrier, &complaint)) {
            tally->passed++;
        } else {
            tally->failed++;
            print_bytes(&complaint);
            printf("alone: %s --carrier %s %s\n", options->program, carrier->name, script->path);
        }
        talk_bytes_free(&complaint);
    }
}

/* Against no server a talk must fail. */
static void run_script_in_vain(talk_place *place, const talk_options *options,
                               const talk_script *script, talk_tally *tally)
{
    talk_bytes complaint = {0};
    if (!run_over(place, script, &carriers[EMPTY], &complaint)) {
        tally->passed++;
    } else {
        tally->failed++;
        printf("%s:1: an empty 200 and silence pass for this talk\n", script->path);
        printf("alone: %s --selftest %s\n", options->program, script->path);
    }
    talk_bytes_free(&complaint);
}

static void run_file(talk_place *place, const talk_options *options, const char *path,
                     talk_tally *tally)
{
    talk_script script;
    talk_bytes complaint = {0};
    if (!talk_script_read(&script, path, &complaint)) {
        tally->failed++;
        print_bytes(&complaint);
    } else if (options->is_selftest) {
        run_script_in_vain(place, options, &script, tally);
    } else {
        run_script(place, options, &script, tally);
    }
    talk_bytes_free(&complaint);
    talk_script_free(&script);
    fflush(stdout);
}

static bool is_carrier(const char *name)
{
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        if (strcmp(name, carriers[i].name) == 0)
            return true;
    return false;
}

static bool read_options(int argc, char **argv, talk_options *ret_options)
{
    talk_options options = {.program = argv[0]};
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--selftest") == 0)
            options.is_selftest = true;
        else if (strcmp(argv[i], "--carrier") == 0 && i + 1 < argc && is_carrier(argv[i + 1]))
            options.carrier = argv[++i];
        else
            return false;
    }
    options.files = argv + i;
    options.file_count = argc - i;
    *ret_options = options;
    return options.file_count > 0;
}

int main(int argc, char **argv)
{
    talk_options options;
    talk_place place = {0};
    talk_tally tally = {0};
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: talk [--carrier memory|tcp|tls|empty] [--selftest] FILE...\n");
        return 64;
    }
    open_place(&place);
    if (!place.service.tls)
        printf("note: built without OpenSSL: no talk runs over TLS\n");
    for (int i = 0; i < options.file_count; i++)
        run_file(&place, &options, options.files[i], &tally);
    close_place(&place);
    printf("%u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed > 0;
}
