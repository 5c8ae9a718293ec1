/* Prints the table of options as completions for shells, and as items of the manual page.
 *
 * The scripts hold all they know, so that a key costs no process. What follows an option is
 * completed by its kind: the words it takes, files where its value is called FILE, and nothing
 * where only the user can know. */
#include "completions.h"

#include <stdio.h>
#include <string.h>

#include "help.h"
#include "show.h"
#include "status.h"
#include "table.h"

typedef void row_printer(const option_row *row);

static void print_rows(row_printer *print)
{
    for (size_t i = 0; i < hewn_options.count; i++)
        print(&hewn_options.rows[i]);
}

static void print_words(const char *const *words)
{
    for (const char *const *word = words; *word; word++)
        printf("%s%s", word == words ? "" : " ", *word);
}

static bool is_file(const option_row *row)
{
    return row->value && strcmp(row->value, "FILE") == 0;
}

/* Whether its value may be the next argument. */
static bool wants_next(const option_row *row)
{
    return row->value && row->kind != OPTION_MAYBE;
}

static void print_topics(void)
{
    for (option_topic topic = 0; topic < TOPIC_COUNT; topic++)
        printf("%s%s", topic == 0 ? "" : " ", topic_rows[topic].name);
}

/* A text for between single quotes. */
static void print_quoted(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    }
}

/* bash. */

static void print_bash_option(const option_row *row)
{
    printf(" --%s%s", row->name, row->kind == OPTION_MAYBE && row->value ? "=" : "");
    if (row->kind == OPTION_PAIR)
        printf(" --no-%s", row->name);
}

static void print_bash_value(const option_row *row)
{
    if (!row->value)
        return;
    printf("    --%s", row->name);
    if (row->letter)
        printf(" | -%c", row->letter);
    fputs(")\n", stdout);
    if (row->words) {
        fputs("        mapfile -t COMPREPLY < <(compgen -W '", stdout);
        print_words(row->words);
        fputs("' -- \"$word\")\n", stdout);
    } else if (is_file(row)) {
        fputs("        compopt -o filenames\n"
              "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n",
              stdout);
    }
    puts("        return ;;");
}

static void print_bash(void)
{
    puts("# Completions of bash for hewn; made by: hewn completions bash\n"
         "_hewn()\n"
         "{\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "    COMPREPLY=()\n"
         "    # bash takes --log=json for three words.\n"
         "    if [[ $word == = ]]; then\n"
         "        word=\n"
         "    elif [[ $option == = && COMP_CWORD -gt 1 ]]; then\n"
         "        option=${COMP_WORDS[COMP_CWORD - 2]}\n"
         "    fi\n"
         "    case $option in");
    print_rows(print_bash_value);
    fputs("    help)\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          stdout);
    print_topics();
    fputs("' -- \"$word\")\n"
          "        return ;;\n"
          "    completions)\n"
          "        mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- \"$word\")\n"
          "        return ;;\n"
          "    cert)\n"
          "        mapfile -t COMPREPLY < <(compgen -W 'dev show' -- \"$word\")\n"
          "        return ;;\n"
          "    esac\n"
          "    if [[ $word == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          stdout);
    print_rows(print_bash_option);
    puts("' -- \"$word\")\n"
         "        return\n"
         "    fi\n"
         "    compopt -o filenames\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
         "    if ((COMP_CWORD == 1)); then\n"
         "        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W 'help defaults explain "
         "cert' "
         "-- "
         "\"$word\")\n"
         "    fi\n"
         "}\n"
         "complete -F _hewn hewn");
}

/* zsh. */

/* Brackets would end it. */
static void print_zsh_brief(const char *text)
{
    for (; *text; text++) {
        if (*text == '[' || *text == ']')
            putchar('\\');
        print_quoted((char[]){*text, '\0'});
    }
}

/* "{-l+,--listen=}'[brief]:ADDR:'", of which there may be several. */
static void print_zsh_row(const option_row *row)
{
    const char *equals = row->kind == OPTION_MAYBE ? "=-" : row->value ? "=" : "";

    printf("    '%s'", row->kind == OPTION_LIST ? "*" : "");
    if (row->letter)
        printf("{-%c%s,--%s%s}", row->letter, row->value ? "+" : "", row->name, equals);
    else
        printf("--%s%s", row->name, equals);
    fputs("'[", stdout);
    print_zsh_brief(row->brief);
    putchar(']');
    if (row->value) {
        printf("%s%s:", row->kind == OPTION_MAYBE ? "::" : ":", row->value);
        if (row->words) {
            putchar('(');
            print_words(row->words);
            putchar(')');
        } else if (is_file(row)) {
            fputs("_files", stdout);
        }
    }
    puts("' \\");
    if (row->kind == OPTION_PAIR)
        printf("    '--no-%s[not: %s]' \\\n", row->name, row->brief);
}

static void print_zsh(void)
{
    puts("#compdef hewn\n"
         "# Completions of zsh for hewn; made by: hewn completions zsh\n"
         "_hewn_place()\n"
         "{\n"
         "    case ${words[2]} in");
    fputs("    help) compadd ", stdout);
    print_topics();
    puts(" ;;\n"
         "    completions) compadd bash zsh fish ;;\n"
         "    cert)\n"
         "        ((CURRENT == 3)) && compadd dev show\n"
         "        ((CURRENT > 3)) && _files ;;\n"
         "    *)\n"
         "        ((CURRENT == 2)) && compadd help defaults explain cert\n"
         "        _files ;;\n"
         "    esac\n"
         "}\n"
         "_hewn()\n"
         "{\n"
         "    _arguments -S \\");
    print_rows(print_zsh_row);
    puts("    '*:folder or file:_hewn_place'\n"
         "}\n"
         "if [[ ${funcstack[1]-} == _hewn ]]; then\n"
         "    _hewn \"$@\"\n"
         "else\n"
         "    compdef _hewn hewn\n"
         "fi");
}

/* fish. */

static void print_fish_row(const option_row *row)
{
    printf("complete -c hewn -l %s", row->name);
    if (row->letter)
        printf(" -s %c", row->letter);
    fputs(" -d '", stdout);
    print_quoted(row->brief);
    putchar('\'');
    if (wants_next(row))
        fputs(is_file(row) ? " -r -F" : " -x", stdout);
    if (row->words) {
        fputs(" -a '", stdout);
        print_words(row->words);
        putchar('\'');
    }
    putchar('\n');
    if (row->kind == OPTION_PAIR)
        printf("complete -c hewn -l no-%s\n", row->name);
}

static void print_fish(void)
{
    puts("# Completions of fish for hewn; made by: hewn completions fish\n"
         "complete -c hewn -n __fish_is_first_arg -a 'help' -d 'about a topic or an option'\n"
         "complete -c hewn -n __fish_is_first_arg -a 'explain' -d 'why a URL is answered so'\n"
         "complete -c hewn -n __fish_is_first_arg -a 'defaults' -d 'every default'\n"
         "complete -c hewn -n __fish_is_first_arg -a 'cert' -d 'certificates for development'");
    fputs("complete -c hewn -n '__fish_seen_subcommand_from help' -f -a '", stdout);
    print_topics();
    puts("'\n"
         "complete -c hewn -n '__fish_seen_subcommand_from completions' -f -a 'bash zsh fish'\n"
         "complete -c hewn -n '__fish_seen_subcommand_from cert; and not "
         "__fish_seen_subcommand_from dev show' -f -a 'dev show'");
    print_rows(print_fish_row);
}

/* mdoc(7). */

static void print_mdoc_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
        if (*text == '.' && text[1] == ' ') /* a sentence a line */
            putchar('\n'), text++;
    }
}

static void print_mdoc_row(const option_row *row)
{
    char bounds[256] = "";
    FILE *out = fmemopen(bounds, sizeof(bounds), "w");

    fputs(".It", stdout);
    if (row->letter)
        printf(" Fl %c%s%s ,", row->letter, row->value ? " Ar " : "", row->value ? row->value : "");
    printf(" Fl -%s%s", row->kind == OPTION_PAIR ? "[no-]" : "", row->name);
    if (row->value)
        printf("%s%s", row->kind == OPTION_MAYBE ? " Ns Op = Ns Ar " : " Ar ", row->value);
    putchar('\n');
    print_mdoc_text(row->text);
    putchar('\n');
    if (!out)
        return;
    help_print_bounds(out, row);
    fclose(out);
    if (!*bounds)
        return;
    print_mdoc_text(bounds + 1);
    putchar('\n');
}

static void print_man(void)
{
    for (option_topic topic = 0; topic < TOPIC_COUNT; topic++) {
        printf(".Ss %s\n.Bl -tag -width Ds\n", topic_rows[topic].title);
        for (size_t i = 0; i < hewn_options.count; i++)
            if (hewn_options.rows[i].topic == topic)
                print_mdoc_row(&hewn_options.rows[i]);
        puts(".El");
    }
}

int completions_print(const char *form)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } forms[] = {
        {"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}, {"man", print_man}};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(forms[i].name, form) == 0)
            return forms[i].print(), STATUS_OK;
    fputs("hewn: no completions for '", stderr);
    show_text(stderr, form);
    fputs("': there are bash, zsh and fish\n", stderr);
    return STATUS_USAGE;
}
