/* Reads the command line of an application.
 *
 * One table says which options there are; a word that is none of them is an error with the nearest
 * one as a suggestion. The words are those of `hewn`: who knows one program knows the other.
 * --trace stands in the table and not in the help: it is for those who work on Hewn itself
 * (ARCHITECTURE.md). */
#include "run/command.h"

#include <errno.h>

#include "base/number.h"
#include "watch/escape.h"

enum { SHOWN_BYTES_MAX = 80 };

typedef struct hw_option hw_option;
struct hw_option {
    const char *name;
    char letter; /* 0: none */
    bool takes_value;
    /* False: the value makes no sense. */
    bool (*apply)(hw_command *command, const char *value);
};

static bool apply_listen(hw_command *command, const char *value)
{
    hewn_listen *listeners = (hewn_listen *)command->opts.listen;
    listeners[command->opts.n_listen++].address = value;
    return *value != '\0';
}

static bool apply_log(hw_command *command, const char *value)
{
    command->opts.log = value; /* the server knows the formats */
    return *value != '\0';
}

static bool apply_loops(hw_command *command, const char *value)
{
    uint64_t number;
    if (!hw_number_decimal(hw_text_of(value), &number) || number < 1 || number > 1024)
        return false;
    command->opts.loops = (unsigned)number;
    return true;
}

static bool apply_secret_file(hw_command *command, const char *value)
{
    command->secret_file = value;
    return *value != '\0';
}

static bool apply_proxies(hw_command *command, const char *value)
{
    command->opts.trusted_proxies = value; /* the server reads them */
    return *value != '\0';
}

static bool apply_dev(hw_command *command, const char *value)
{
    (void)value;
    return command->opts.dev = true;
}

static bool apply_trace(hw_command *command, const char *value)
{
    (void)value;
    return command->opts.trace = true;
}

static bool apply_help(hw_command *command, const char *value)
{
    (void)value;
    return command->wants_help = true;
}

static const hw_option known_options[] = {
    {"listen", 'l', true, apply_listen},
    {"log", 0, true, apply_log},
    {"loops", 0, true, apply_loops},
    {"secret-file", 0, true, apply_secret_file},
    {"trusted-proxies", 0, true, apply_proxies},
    {"dev", 0, false, apply_dev},
    {"trace", 0, false, apply_trace},
    {"help", 'h', false, apply_help},
};
enum { OPTION_COUNT = sizeof known_options / sizeof *known_options };

static size_t common_prefix(hw_text a, hw_text b)
{
    size_t length = 0;
    while (length < a.length && length < b.length && a.at[length] == b.at[length])
        length++;
    return length;
}

static size_t common_suffix(hw_text a, hw_text b)
{
    size_t length = 0;
    while (length < a.length && length < b.length &&
           a.at[a.length - 1 - length] == b.at[b.length - 1 - length])
        length++;
    return length;
}

/* One letter too many, too few, or wrong, or two that changed places; or a word that begins like
 * this. */
static bool is_slip_of(hw_text typed, hw_text name)
{
    size_t prefix = common_prefix(typed, name), suffix = common_suffix(typed, name);
    size_t longer = hw_size_max(typed.length, name.length);
    size_t shorter = hw_size_min(typed.length, name.length);
    if (prefix == typed.length || prefix == name.length)
        return prefix >= 2;
    if (longer - shorter <= 1 && prefix + suffix + 1 >= longer)
        return true;
    return longer == shorter && prefix + suffix + 2 == longer &&
           typed.at[prefix] == name.at[prefix + 1] && typed.at[prefix + 1] == name.at[prefix];
}

static int refuse_option(hw_text typed, hw_buffer *words)
{
    hw_buffer_put_string(words, "unknown option --");
    hw_escape_put(words, typed, HW_ESCAPE_EYES, SHOWN_BYTES_MAX);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (is_slip_of(typed, hw_text_of(known_options[i].name))) {
            hw_buffer_put_format(words, "; did you mean --%s?", known_options[i].name);
            return -EINVAL;
        }
    }
    hw_buffer_put_string(words, "; --help lists them");
    return -EINVAL;
}

static const hw_option *find_option(hw_text name, char letter)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if ((letter && known_options[i].letter == letter) ||
            (!letter && hw_text_equal(name, hw_text_of(known_options[i].name))))
            return &known_options[i];
    return NULL;
}

static int refuse_value(const hw_option *option, const char *value, hw_buffer *words)
{
    hw_buffer_put_format(words, "--%s", option->name);
    if (!value) {
        hw_buffer_put_string(words, option->takes_value ? " needs a value" : " takes no value");
        return -EINVAL;
    }
    hw_buffer_put_string(words, " cannot be '");
    hw_escape_put(words, hw_text_of(value), HW_ESCAPE_EYES, SHOWN_BYTES_MAX);
    hw_buffer_put_char(words, '\'');
    return -EINVAL;
}

static int refuse_word(hw_text word, hw_buffer *words)
{
    hw_buffer_put_string(words, "'");
    hw_escape_put(words, word, HW_ESCAPE_EYES, SHOWN_BYTES_MAX);
    hw_buffer_put_string(words, "' is not an option; --help lists them");
    return -EINVAL;
}

/* The option of one word of the command line; ret_value is what follows its '=' (or its letter), or
 * NULL. */
static int read_option(const char *string, hw_buffer *words, const hw_option **ret_option,
                       const char **ret_value)
{
    hw_text word = hw_text_of(string);
    *ret_value = NULL;
    if (hw_text_has_prefix(word, HW_TEXT("--")) && word.length > 2) {
        size_t equals = hw_text_find(word, '=');
        hw_text name = hw_text_from(hw_text_upto(word, equals), 2);
        *ret_option = find_option(name, 0);
        if (equals < word.length)
            *ret_value = string + equals + 1;
        return *ret_option ? 0 : refuse_option(name, words);
    }
    if (word.length < 2 || word.at[0] != '-' || word.at[1] == '-')
        return refuse_word(word, words);
    *ret_option = find_option(word, word.at[1]);
    if (word.length > 2)
        *ret_value = string + 2;
    return *ret_option ? 0 : refuse_word(word, words);
}

int hw_command_read(int argc, char **argv, hw_arena *arena, hw_buffer *words,
                    hw_command *ret_command)
{
    hw_command command = {.opts.size = sizeof command.opts};
    size_t count = argc > 0 ? (size_t)argc : 0;
    command.opts.listen = hw_arena_alloc_zeroed(arena, count + 1, sizeof *command.opts.listen);
    if (!command.opts.listen)
        return -ENOMEM;
    for (size_t at = 1; at < count; at++) {
        const hw_option *option;
        const char *value;
        int error = read_option(argv[at], words, &option, &value);
        if (error < 0)
            return error;
        if (option->takes_value && !value && at + 1 < count)
            value = argv[++at];
        if (option->takes_value != (value != NULL))
            return refuse_value(option, NULL, words);
        if (!option->apply(&command, value))
            return refuse_value(option, value, words);
    }
    *ret_command = command;
    return 0;
}

void hw_command_put_help(hw_buffer *out, const char *program)
{
    hw_buffer_put_format(out, "usage: %s [OPTION...]\n\n", program);
    hw_buffer_put_string(
        out,
        "  -l, --listen ADDR   9000, :80 (all interfaces), 1.2.3.4:80, [::1]:9000, unix:/path or\n"
        "                      fd:3; may be repeated; default 127.0.0.1:9000 and [::1]:9000\n"
        "      --log FORMAT    pretty, combined, json or off; default pretty on a terminal,\n"
        "                      else json\n"
        "      --loops N       threads; default: the processors it may use\n"
        "      --secret-file FILE\n"
        "                      what cookies are signed with: a secret a line, of 32 bytes or "
        "more;\n"
        "                      the first signs, all verify, so a new one goes in front\n"
        "      --trusted-proxies LIST\n"
        "                      whose word counts about who asks: 10.0.0.0/8, ::1, unix:\n"
        "      --dev           development: a handler's mistake ends the program, with words\n"
        "  -h, --help          this text\n");
}

const char *hw_command_program(int argc, char **argv)
{
    hw_text path = hw_text_of(argc > 0 ? argv[0] : NULL);
    size_t slash = hw_text_find_last(path, '/');
    const char *name = path.length == 0 ? "" : slash < path.length ? path.at + slash + 1 : path.at;
    return *name ? name : "app";
}
