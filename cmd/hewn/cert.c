/* Makes the certificate for development, and describes certificates.
 *
 * Whom a system or a browser trusts is changed by its owner: the commands for that are printed, to
 * be read and pasted, and so are those that undo it. */
#include "cert.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interfaces.h"
#include "show.h"
#include "status.h"

/* With those that may be asked for and those that go without saying they fit into a certificate. */
#define ADDRESSES_MAX 24
#define STORE "/usr/local/share/ca-certificates/hewn-dev.crt"

enum { SUBJECT_COLUMN = 2, WORDS_COLUMN = 15, WIDTH = 79 };

static int refuse_certificate(const hewn_fault *fault, int error, bool is_said)
{
    fputs("hewn: ", stderr);
    if (fault->where[0]) {
        show_text(stderr, fault->where);
        fputs(": ", stderr);
    }
    show_text(stderr, fault->what[0] ? fault->what : show_error(-error));
    fputc('\n', stderr);
    switch (-error) {
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_PERMISSION;
    case E2BIG:
    case EINVAL:
        return is_said ? STATUS_USAGE : STATUS_NO_INPUT;
    case EBADMSG:
    case EEXIST:
    case EFBIG:
    case EISDIR:
    case EKEYEXPIRED:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
        return STATUS_NO_INPUT;
    default:
        return STATUS_INTERNAL;
    }
}

int cert_find(const option_list *names, hewn_certificate_paths *ret_paths)
{
    interface_address addresses[ADDRESSES_MAX];
    size_t found = interfaces_list(addresses, ADDRESSES_MAX), count = 0;
    const char *all[ADDRESSES_MAX + OPTION_LIST_MAX + 1];
    hewn_certificate_dev_opts opts = {.size = sizeof(opts), .names = all};
    hewn_fault fault = {.error = 0};
    int error;

    for (size_t i = 0; i < names->count; i++)
        all[count++] = names->items[i];
    for (size_t i = 0; i < found; i++)
        if (addresses[i].is_private && !addresses[i].is_loopback)
            all[count++] = addresses[i].host;
    all[count] = NULL;
    error = hewn_certificate_dev(&opts, &fault, ret_paths);
    return error < 0 ? refuse_certificate(&fault, error, true) : STATUS_OK;
}

/* Words between spaces, in lines that begin in the column of the first one. */
static void print_words(const char *subject, const char *words)
{
    int column = WORDS_COLUMN;

    printf("%*s%-*s", SUBJECT_COLUMN, "", WORDS_COLUMN - SUBJECT_COLUMN, subject);
    while (*words) {
        int length = (int)strcspn(words, " ");
        char *word = strndup(words, (size_t)length);

        if (column > WORDS_COLUMN && column + 1 + length > WIDTH)
            column = printf("\n%*s", WORDS_COLUMN, "") - 1;
        else if (column > WORDS_COLUMN)
            column += printf(" ");
        show_text(stdout, word ? word : "");
        free(word);
        column += length;
        words += length;
        words += strspn(words, " ");
    }
    putchar('\n');
}

/* Of the first certificate of a file: those of its authority are another matter. */
static void print_names(void *arg, const char *subject, const char *words)
{
    bool *is_done = arg;

    if (*is_done || strcmp(subject, "names") != 0)
        return;
    print_words("names", words);
    *is_done = true;
}

static void print_until(const hewn_certificate_paths *paths)
{
    char words[80];
    time_t until = (time_t)paths->until_s;
    struct tm parts;

    if (!gmtime_r(&until, &parts) ||
        strftime(words, sizeof(words), "%Y-%m-%d, renewed when fewer than 7 days are left",
                 &parts) == 0)
        return;
    print_words("until", words);
}

static void print_path(const char *subject, const char *path)
{
    printf("%*s%-*s", SUBJECT_COLUMN, "", WORDS_COLUMN - SUBJECT_COLUMN, subject);
    show_text(stdout, path);
    putchar('\n');
}

/* "before PATH behind", for a shell. */
static void print_command(const char *before, const char *path, const char *behind)
{
    printf("    %s ", before);
    show_argument(stdout, path);
    printf("%s\n", behind);
}

static void print_trust(const char *authority)
{
    puts("\nBrowsers accept it once they trust the authority, which can vouch for names of\n"
         "this machine and of private networks alone. Nobody does unless you say so:\n"
         "  this system (curl, wget, ...)");
    print_command("sudo cp", authority, " " STORE);
    puts("    sudo update-ca-certificates\n"
         "  Chrome, Chromium");
    print_command("certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n hewn-dev -i", authority, "");
    puts("  Firefox: Settings, Certificates, Authorities, Import; or\n"
         "    certutil -d sql:PROFILE -A -t C,, -n hewn-dev -i ... with about:profiles' folder\n"
         "  one command");
    print_command("curl --cacert", authority, " https://localhost:9000/");
    puts("To take that back\n"
         "    sudo rm " STORE "\n"
         "    sudo update-ca-certificates --fresh\n"
         "    certutil -d sql:$HOME/.pki/nssdb -D -n hewn-dev");
}

static void print_made(const char *reason)
{
    char words[128];

    snprintf(words, sizeof(words), "just now: %s", reason ? reason : "");
    print_words("made", reason ? words : "before, and still good");
}

int cert_dev(const option_list *names)
{
    hewn_certificate_paths paths;
    hewn_fault fault = {.error = 0};
    bool is_done = false;
    int status = cert_find(names, &paths), error;

    if (status != STATUS_OK)
        return status;
    print_path("certificate", paths.certificate);
    print_path("key", paths.key);
    print_path("authority", paths.authority);
    if (paths.is_new_authority)
        print_words("", "is new: nobody trusts it yet");
    print_made(paths.reason);
    print_until(&paths);
    error = hewn_certificate_show(paths.certificate, print_names, &is_done, &fault);
    if (error < 0)
        return refuse_certificate(&fault, error, false);
    print_trust(paths.authority);
    return STATUS_OK;
}

static void print_told(void *arg, const char *subject, const char *words)
{
    (void)arg;
    if (strcmp(subject, "certificate") == 0 || strcmp(subject, "chain") == 0)
        putchar('\n');
    print_words(subject, words);
}

int cert_show(const char *file)
{
    hewn_fault fault = {.error = 0};
    int error = hewn_certificate_show(file, print_told, NULL, &fault);

    return error < 0 ? refuse_certificate(&fault, error, false) : STATUS_OK;
}
