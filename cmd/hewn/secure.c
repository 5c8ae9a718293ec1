/* Takes "CERT,KEY" and "CERT,KEY,OCSP" apart, and sees that what only makes sense with --tls is not asked
 * for without it. What the files must hold is the library's to say. */
#include "secure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "show.h"
#include "status.h"

static int refuse_certificate(const char *text)
{
    fputs("hewn: --tls: '", stderr);
    show_text(stderr, text);
    fputs(
        "' is not a certificate and its key; write it like --tls cert.pem,key.pem, or --tls dev\n",
        stderr);
    return STATUS_USAGE;
}

static int read_certificate(const char *text, char **ret_memory, hewn_certificate *ret_certificate)
{
    char *rest = *ret_memory = strdup(text);
    hewn_certificate read = {0};

    if (!rest) {
        fputs("hewn: there is no memory\n", stderr);
        return STATUS_INTERNAL;
    }
    read.file = strsep(&rest, ",");
    read.key_file = strsep(&rest, ",");
    read.ocsp_file = strsep(&rest, ",");
    if (rest || !*read.file || !read.key_file || !*read.key_file ||
        (read.ocsp_file && !*read.ocsp_file))
        return refuse_certificate(text);
    *ret_certificate = read;
    return STATUS_OK;
}

/* "dev": the one that `hewn cert dev` makes. */
static int read_development(hewn_certificate_paths *paths, hewn_certificate *ret_certificate)
{
    static const option_list no_more_names;
    int status = cert_find(&no_more_names, paths);

    *ret_certificate = (hewn_certificate){.file = paths->certificate, .key_file = paths->key};
    return status;
}

static int refuse_without_tls(const char *option)
{
    fprintf(stderr, "hewn: --%s says nothing without --tls\n", option);
    return STATUS_USAGE;
}

static int check_alone(const options *chosen)
{
    if (chosen->client_ca)
        return refuse_without_tls("client-ca");
    if (chosen->redirect.count > 0)
        return refuse_without_tls("redirect");
    if (chosen->hsts.is_given)
        return refuse_without_tls("hsts");
    return STATUS_OK;
}

int secure_read(const options *chosen, said_tls *ret_said)
{
    int status = STATUS_OK;

    *ret_said = (said_tls){.opts = {.size = sizeof(hewn_tls_opts),
                                    .certificates = ret_said->certificates,
                                    .n_certificates = chosen->tls.count,
                                    .client_ca_file = chosen->client_ca,
                                    .client_is_optional = chosen->client_optional}};
    for (size_t i = 0; status == STATUS_OK && i < chosen->tls.count; i++)
        status = strcmp(chosen->tls.items[i], "dev") == 0
                     ? read_development(&ret_said->development, &ret_said->certificates[i])
                     : read_certificate(chosen->tls.items[i], &ret_said->memory[i],
                                        &ret_said->certificates[i]);
    if (status == STATUS_OK && chosen->client_optional && !chosen->client_ca) {
        fputs("hewn: --client-optional says nothing without --client-ca\n", stderr);
        return STATUS_USAGE;
    }
    return status == STATUS_OK && chosen->tls.count == 0 ? check_alone(chosen) : status;
}

void secure_free(said_tls *said)
{
    for (size_t i = 0; i < OPTION_LIST_MAX; i++)
        free(said->memory[i]);
}

/* Of a long name a fault has only the beginning. */
static bool is_file_of(const char *file, const hewn_fault *fault)
{
    return file && strncmp(file, fault->where, sizeof(fault->where) - 1) == 0;
}

const char *secure_find_file(const hewn_tls_opts *tls, const hewn_fault *fault)
{
    for (size_t i = 0; i < tls->n_certificates; i++) {
        const hewn_certificate *certificate = &tls->certificates[i];
        const char *const files[] = {certificate->file, certificate->key_file,
                                     certificate->ocsp_file};

        for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++)
            if (is_file_of(files[k], fault))
                return files[k];
    }
    return is_file_of(tls->client_ca_file, fault) ? tls->client_ca_file : NULL;
}

int secure_refuse_file(const char *file, const hewn_fault *fault)
{
    fputs("hewn: ", stderr);
    show_text(stderr, file);
    fputs(": ", stderr);
    show_text(stderr, fault->what);
    fputc('\n', stderr);
    switch (fault->error) {
    case EACCES:
    case EPERM:
        return STATUS_PERMISSION;
    case EINVAL:
    case EFBIG:
        return STATUS_CONFIG;
    default:
        return STATUS_NO_INPUT;
    }
}

const hewn_tls_opts *secure_opts(const said_tls *said)
{
    return said->opts.n_certificates > 0 ? &said->opts : NULL;
}
