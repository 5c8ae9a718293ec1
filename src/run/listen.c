/* Opens the addresses of a server, with TLS where that is asked for.
 *
 * What is wrong with an address is said so that it can be mended: which one it really is, who has it, what
 * is missing. Addresses that are given the same options of TLS share what is made of them: the
 * certificates are read once, and a session that was begun at one is resumed at the other. */
#include "run/listen.h"

#include <stdio.h>
#include <string.h>

#include "app/options.h"
#include "base/assert.h"
#include "h2/session.h"
#include "net/address.h"
#include "net/tls.h"
#include "run/holder.h"
#include "sys/memory.h"

enum { TICKET_SECRET_MIN = 32 };

/* What the system says of an address, for the one who has to mend it: which address it really is,
 * and who has it. */
static void explain_listening(hw_fault *fault)
{
    hw_address address;
    char name[HW_ADDRESS_STRING_MAX];
    hw_holder holder;
    if (hw_address_parse(hw_text_of(fault->where), NULL, &address) == 0 &&
        address.storage.ss_family != AF_UNSPEC) {
        (void)hw_address_format(&address.storage, address.length, name);
        snprintf(fault->where, sizeof fault->where, "%s", name);
    }
    if (fault->error == EADDRNOTAVAIL || fault->error == EAFNOSUPPORT)
        snprintf(fault->what, sizeof fault->what, "this machine has no such address");
    if (fault->error == EACCES || fault->error == EPERM)
        snprintf(fault->what, sizeof fault->what, "permission denied");
    if (fault->error != EADDRINUSE)
        return;
    snprintf(fault->what, sizeof fault->what, "already in use");
    if (hw_holder_find(fault->where, &holder))
        snprintf(fault->what, sizeof fault->what, "already in use by %s (pid %ld)", holder.command,
                 holder.pid);
}

static int listen_at(hewn_server *server, hw_server_setup *setup, const hw_listen *listens,
                     size_t count, hw_fault *fault)
{
    setup->listens = listens;
    setup->listen_count = count;
    int error = hw_server_new(setup, fault, &server->core);
    if (error < 0 && fault->error && fault->where[0])
        explain_listening(fault);
    else if (error < 0 && !fault->error)
        (void)hw_fault_set(fault, -error, NULL, "%s", hw_error_words(error));
    return error;
}

static int listen_at_default(hewn_server *server, hw_server_setup *setup, hw_fault *fault)
{
    static const hw_listen loopbacks[] = {{.address = "127.0.0.1:9000"}, {.address = "[::1]:9000"}};
    int error = listen_at(server, setup, loopbacks, 2, fault);
    bool is_v6_missing = (error == -EADDRNOTAVAIL || error == -EAFNOSUPPORT) &&
                         strcmp(fault->where, loopbacks[1].address) == 0;
    if (!is_v6_missing)
        return error;
    hw_sink_fault(&server->sinks[0], -error, loopbacks[1].address,
                  "not listening there: this machine has no IPv6");
    *fault = (hw_fault){0};
    return listen_at(server, setup, loopbacks, 1, fault);
}

/* What the program has said, in our words; the strings stay its own. */
static int make_tls(hewn_server *server, const hewn_tls_opts *given, hw_fault *fault,
                    hw_tls **ret_tls)
{
    hewn_tls_opts known;
    if (!hw_options_read(&known, sizeof known, given))
        return hw_fault_set(fault, EINVAL, "hewn_tls_opts",
                            "without its size, or from a newer version");
    hw_text secret = hw_text_of(known.ticket_secret);
    if (secret.length > 0 && secret.length < TICKET_SECRET_MIN)
        return hw_fault_set(fault, EINVAL, "ticket_secret", "is shorter than %d bytes",
                            TICKET_SECRET_MIN);
    hw_tls_certificate *files =
        hw_arena_alloc_zeroed(&server->arena, known.n_certificates, sizeof *files);
    if (!files)
        return hw_fault_set(fault, ENOMEM, NULL, "out of memory");
    for (size_t i = 0; i < known.n_certificates; i++) {
        const hewn_certificate *certificate = &known.certificates[i];
        if (!certificate->file || !certificate->key_file)
            return hw_fault_set(fault, EINVAL, "hewn_certificate",
                                "has no file, or none of its key");
        files[i] =
            (hw_tls_certificate){certificate->file, certificate->key_file, certificate->ocsp_file};
    }
    const hw_tls_setup setup = {
        .certificates = files,
        .certificate_count = known.n_certificates,
        .clients = !known.client_ca_file      ? HW_TLS_CLIENTS_ANY
                   : known.client_is_optional ? HW_TLS_CLIENTS_MAY
                                              : HW_TLS_CLIENTS_MUST,
        .client_ca_file = known.client_ca_file,
        .ticket_secret = secret,
        .offers_h2 = hw_h2_is_built,
        .sink = &server->sinks[0],
    };
    return hw_tls_new(&setup, fault, ret_tls);
}

/* The one that was made of the same options for an address before; NULL: none. */
static hw_tls *find_made_tls(const hewn_server *server, const hewn_listen *given, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (given[i].tls == given[count].tls)
            return server->tls[i];
    return NULL;
}

/* Whose PROXY headers an address takes. */
static int read_senders(hewn_server *server, const char *list, hw_fault *fault,
                        const hw_cidrs **ret_senders)
{
    hw_cidrs *senders = hw_arena_alloc_zeroed(&server->arena, 1, sizeof *senders);
    if (!senders)
        return hw_fault_set(fault, ENOMEM, NULL, "out of memory");
    int error = hw_run_cidrs_read(server, "proxy_protocol", list, fault, senders);
    if (error == 0 && senders->count == 0)
        return hw_fault_set(fault, EINVAL, "proxy_protocol", "names nobody");
    *ret_senders = senders;
    return error;
}

static int read_listens(hewn_server *server, const hewn_server_opts *opts, hw_listen *listens,
                        hw_fault *fault)
{
    server->tls = hw_arena_alloc_zeroed(&server->arena, opts->n_listen, sizeof(hw_tls *));
    if (!server->tls)
        return hw_fault_set(fault, ENOMEM, NULL, "out of memory");
    for (size_t i = 0; i < opts->n_listen; i++) {
        const hewn_listen *given = &opts->listen[i];
        listens[i].address = given->address ? given->address : "";
        listens[i].redirects = given->redirects;
        listens[i].redirect_port = (uint16_t)given->redirect_port;
        if (given->redirects && (given->tls || given->redirect_port > UINT16_MAX))
            return hw_fault_set(fault, EINVAL, listens[i].address,
                                given->tls ? "has TLS, and is to send its clients to TLS"
                                           : "sends its clients to a port that is none");
        if (given->proxy_protocol) {
            int error = read_senders(server, given->proxy_protocol, fault, &listens[i].senders);
            if (error < 0)
                return error;
        }
        if (!given->tls)
            continue;
        server->tls_count = i + 1;
        hw_tls *made = find_made_tls(server, opts->listen, i);
        listens[i].tls = made;
        int error = made ? 0 : make_tls(server, given->tls, fault, &listens[i].tls);
        if (error < 0)
            return error;
        server->tls[i] = listens[i].tls;
    }
    return 0;
}

int hw_run_listen(hewn_server *server, hw_server_setup *setup, const hewn_server_opts *opts,
                  hw_fault *fault)
{
    if (opts->n_listen == 0)
        return listen_at_default(server, setup, fault);
    hw_listen *listens = hw_sys_alloc_zeroed(opts->n_listen, sizeof *listens);
    if (!listens)
        return hw_fault_set(fault, ENOMEM, NULL, "out of memory");
    int error = read_listens(server, opts, listens, fault);
    if (error == 0)
        error = listen_at(server, setup, listens, opts->n_listen, fault);
    hw_sys_free(listens);
    return error;
}

int hw_run_listen_nowhere(hewn_server *server, hw_server_setup *setup, hw_fault *fault)
{
    return listen_at(server, setup, NULL, 0, fault);
}

/* Whether an earlier address has the same. */
static bool is_shared_tls(const hewn_server *server, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (server->tls[i] == server->tls[index])
            return true;
    return false;
}

int hewn_server_renew_certificates(hewn_server *server, hewn_fault *fault)
{
    hw_fault why = {0};
    int first = 0;
    for (size_t i = 0; i < server->tls_count; i++) {
        if (!server->tls[i] || is_shared_tls(server, i))
            continue;
        int error = hw_tls_reload(server->tls[i], &why);
        if (error < 0 && first == 0) {
            first = error;
            hw_run_show_fault(&why, fault);
        }
    }
    return first;
}

void hw_run_listen_end(hewn_server *server)
{
    for (size_t i = server->tls_count; i-- > 0;)
        if (!is_shared_tls(server, i))
            hw_tls_free(server->tls[i]);
    server->tls_count = 0;
}
