#include "run/command.h"

#include <errno.h>
#include <string.h>

#include "unit/harness.h"

enum { ARGUMENTS_MAX = 12 };

/* A command line that was read, or what was said about it. */
typedef struct read_command_line {
    hw_arena arena;
    hw_command command;
    char words[512];
    int error;
} read_command_line;

/* The arguments stand in one string, with blanks between them. */
static void read_arguments(read_command_line *line, const char *arguments)
{
    static char copy[256];
    char *argv[ARGUMENTS_MAX] = {(char *)"/usr/bin/app"};
    int argc = 1;
    assert_true(strlen(arguments) < sizeof copy);
    memcpy(copy, arguments, strlen(arguments) + 1);
    for (char *at = copy; *at && argc < ARGUMENTS_MAX; argc++) {
        argv[argc] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    hw_buffer words = HW_BUFFER_OVER(line->words);
    hw_arena_init(&line->arena, 1024, 64 * 1024);
    line->error = hw_command_read(argc, argv, &line->arena, &words, &line->command);
    assert_non_null(hw_buffer_string(&words));
    if (line->error == -ENOMEM) {
        hw_arena_fini(&line->arena);
        hw_test_out_of_memory();
    }
}

HW_TEST(command_without_words_is_all_default)
{
    read_command_line line;
    read_arguments(&line, "");
    assert_int_equal(line.error, 0);
    assert_int_equal(line.command.opts.n_listen, 0);
    assert_null(line.command.opts.log);
    assert_int_equal(line.command.opts.loops, 0);
    assert_false(line.command.opts.dev || line.command.opts.trace || line.command.wants_help);
    hw_arena_fini(&line.arena);
}

HW_TEST(command_reads_every_spelling)
{
    read_command_line line;
    read_arguments(&line, "--listen 8080 --listen=[::1]:1 -l unix:/x -l9 --loops=2 --dev");
    assert_int_equal(line.error, 0);
    assert_int_equal(line.command.opts.n_listen, 4);
    assert_string_equal(line.command.opts.listen[0].address, "8080");
    assert_string_equal(line.command.opts.listen[1].address, "[::1]:1");
    assert_string_equal(line.command.opts.listen[2].address, "unix:/x");
    assert_string_equal(line.command.opts.listen[3].address, "9");
    assert_int_equal(line.command.opts.loops, 2);
    assert_true(line.command.opts.dev);
    hw_arena_fini(&line.arena);
    read_arguments(&line, "--log json --trace -h");
    assert_string_equal(line.command.opts.log, "json");
    assert_true(line.command.opts.trace && line.command.wants_help);
    hw_arena_fini(&line.arena);
    read_arguments(&line, "--secret-file=/run/s --trusted-proxies 10.0.0.0/8,unix:");
    assert_string_equal(line.command.secret_file, "/run/s");
    assert_string_equal(line.command.opts.trusted_proxies, "10.0.0.0/8,unix:");
    hw_arena_fini(&line.arena);
}

HW_TEST(command_says_what_is_wrong)
{
    static const char *const cases[][2] = {
        {"--lsten 80", "unknown option --lsten; did you mean --listen?"},
        {"--litsen 80", "unknown option --litsen; did you mean --listen?"},
        {"--listenn=80", "unknown option --listenn; did you mean --listen?"},
        {"--loop 2", "unknown option --loop; did you mean --loops?"},
        {"--hlep", "unknown option --hlep; did you mean --help?"},
        {"--oops 2", "unknown option --oops; did you mean --loops?"},
        {"--xloops 2", "unknown option --xloops; did you mean --loops?"},
        {"--lixxen", "unknown option --lixxen; --help lists them"},
        {"--litxen", "unknown option --litxen; --help lists them"},
        {"--frobnicate", "unknown option --frobnicate; --help lists them"},
        {"--\033[31m", "unknown option --\\x1b[31m; --help lists them"},
        {"--listen", "--listen needs a value"},
        {"--listen=", "--listen cannot be ''"},
        {"--dev=yes", "--dev takes no value"},
        {"--secret-file=", "--secret-file cannot be ''"},
        {"--trusted-proxies=", "--trusted-proxies cannot be ''"},
        {"--secretfile x", "unknown option --secretfile; did you mean --secret-file?"},
        {"--loops 0", "--loops cannot be '0'"},
        {"--loops many", "--loops cannot be 'many'"},
        {"--loops 1025", "--loops cannot be '1025'"},
        {"site", "'site' is not an option; --help lists them"},
        {"-x", "'-x' is not an option; --help lists them"},
        {"-", "'-' is not an option; --help lists them"},
        {"--", "'--' is not an option; --help lists them"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_command_line line;
        read_arguments(&line, cases[i][0]);
        assert_int_equal(line.error, -EINVAL);
        assert_string_equal(line.words, cases[i][1]);
        hw_arena_fini(&line.arena);
    }
}

/* execve(2) allows it. */
HW_TEST(command_without_even_a_name_is_all_default)
{
    read_command_line line;
    hw_buffer words = HW_BUFFER_OVER(line.words);
    hw_arena_init(&line.arena, 1024, 64 * 1024);
    HW_NEED_OK(hw_command_read(0, NULL, &line.arena, &words, &line.command));
    assert_int_equal(line.command.opts.n_listen, 0);
    assert_int_equal(words.length, 0);
    hw_arena_fini(&line.arena);
}

HW_TEST(command_knows_the_programs_name)
{
    char path[] = "/usr/bin/app", name[] = "hello", none[] = "", slash[] = "bin/";
    char *cases[] = {path, name, none, slash};
    static const char *const expected[] = {"app", "hello", "app", "app"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(hw_command_program(1, &cases[i]), expected[i]);
    assert_string_equal(hw_command_program(0, NULL), "app");
}

HW_TEST(command_help_fits_a_screen)
{
    char memory[2048];
    hw_buffer help = HW_BUFFER_OVER(memory);
    hw_command_put_help(&help, "hello");
    assert_non_null(hw_buffer_string(&help));
    assert_non_null(strstr(memory, "usage: hello [OPTION...]\n"));
    assert_non_null(strstr(memory, "--listen ADDR"));
    assert_non_null(strstr(memory, "--secret-file FILE"));
    assert_null(strstr(memory, "--trace"));
    size_t column = 0;
    for (size_t i = 0; i < help.length; i++) {
        column = memory[i] == '\n' ? 0 : column + 1;
        assert_true(column <= 90);
    }
}
