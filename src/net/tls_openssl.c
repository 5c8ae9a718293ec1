/* TLS by OpenSSL: the policy, and what is answered when it asks.
 *
 * The policy is Mozilla's "intermediate": TLS 1.2 and 1.3, keys that are agreed on anew for each
 * connection, authenticated encryption. Of ciphers our order counts, the cheap ones first; but a client that
 * would rather have ChaCha20 than all others has no instructions for AES, and gets it. Renegotiation, compression and early data (RFC 8446 8: it can be
 * replayed) are off.
 *
 * There is one SSL_CTX for all names, and the certificate is put into a connection when the client has
 * said whom it wants: so tickets, limits and policy are the same whatever the name, and a reload changes
 * one pointer. Sessions live in tickets alone, so any loop, and any process with the same secret, resumes
 * them; a session is bound to what was asked of clients' certificates. */
#include "net/tls_openssl.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/buffer.h"
#include "base/identity.h"
#include "net/pem.h"
#include "net/ticket.h"
#include "net/tls_carrier.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/random.h"
#include "sys/socket.h"
#include "sys/thread.h"

enum {
    TLS_BLOCK_BYTES = 1024,
    CLIENT_CA_BYTES_MAX = 4 * 1024 * 1024,
    CLIENT_CHAIN_MAX = 8,
    CLIENT_NAME_BYTES_MAX = 1000,
    TICKETS_A_HANDSHAKE = 1, /* in full; and one where a session is resumed, in its place */
    TLS_FILES = 3,           /* of a certificate */
};

#define CIPHERS_1_2                                                                                \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"     \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS "X25519:prime256v1:secp384r1"
/* Where OpenSSL knows it (3.5): against computers that do not exist yet. */
#define GROUPS_HYBRID "X25519MLKEM768:" GROUPS

struct hw_tls {
    hw_tls_keys keys;
    const hw_tls_signer *signer; /* NULL: each keyring's own */
    SSL_CTX *ssl;
    BIO_METHOD *method;
    hw_tickets tickets;
    pthread_mutex_t lock; /* of the keyring */
    hw_keyring *keyring;
    hw_arena arena; /* of the setup's strings */
    hw_tls_certificate *files;
    hw_identity *versions;   /* of each file, TLS_FILES a certificate, as it was read last */
    size_t file_count;       /* of certificates */
    pthread_mutex_t reading; /* of the files, and of their versions */
    const hw_sink *sink;
    bool asks_clients, offers_h2, has_tickets;
};

struct hw_tls_facts {
    hw_keyring *keyring;
    const hw_key_set *shown;
    hw_tls_protocol protocol;
    const char *version, *cipher; /* OpenSSL's, for ever */
    size_t client_length;
    char client[];
};

const bool hw_tls_is_built = true;

hw_keyring *hw_tls_keyring(hw_tls *tls)
{
    hw_sys_mutex_lock(&tls->lock);
    hw_keyring *keyring = hw_keyring_hold(tls->keyring);
    hw_sys_mutex_unlock(&tls->lock);
    return keyring;
}

size_t hw_tls_greeting_bytes(const hw_tls *tls)
{
    return tls->asks_clients ? HW_TLS_GREETING_BYTES_MAX_CLIENTS : HW_TLS_GREETING_BYTES_MAX;
}

const BIO_METHOD *hw_tls_method(const hw_tls *tls)
{
    return tls->method;
}

/* OpenSSL 3.2 and later make the record layer anew here, do not return whether they could, and crash where
 * there is none. The errors of this thread tell. */
static bool begin_to_accept(SSL *ssl)
{
    ERR_clear_error();
    SSL_set_accept_state(ssl);
    return ERR_peek_error() == 0;
}

SSL *hw_tls_new_connection(hw_tls *tls, hw_tls_handshake *handshake)
{
    SSL *ssl = SSL_new(tls->ssl);
    if (!ssl)
        return NULL;
    handshake->tls = tls;
    SSL_set_app_data(ssl, handshake);
    if (begin_to_accept(ssl))
        return ssl;
    SSL_free(ssl);
    return NULL;
}

static hw_text name_called(const SSL *ssl)
{
    return hw_text_of(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
}

static bool may_signer_wait(const hw_tls *tls)
{
    return tls->signer && tls->signer->may_wait;
}

/* RFC 6066 3. OpenSSL takes of these certificates the one that the client can use. -1: a signature comes
 * next, and this thread must not wait for it: the handshake stops here, and comes here again. */
static int show_certificates(SSL *ssl, void *arg)
{
    hw_tls_handshake *handshake = SSL_get_app_data(ssl);
    (void)arg;
    if (may_signer_wait(handshake->tls) && !handshake->may_wait)
        return -1;
    handshake->chosen = hw_keyring_find(handshake->keyring, name_called(ssl));
    for (size_t kind = 0; kind < HW_KEY_KINDS; kind++) {
        const hw_certificate *shown = handshake->chosen->of[kind];
        if (shown && SSL_use_cert_and_key(ssl, shown->leaf, shown->key, shown->chain, 1) != 1)
            return 0;
    }
    return 1;
}

/* A name that is called is heard, whatever it is; without this OpenSSL does not say so. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is OpenSSL's. */
static int hear_name(SSL *ssl, int *ret_alert, void *arg)
{
    (void)ret_alert;
    (void)arg;
    return name_called(ssl).length > 0 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* RFC 7301 3.2: what we speak and the client does; nothing: an alert, which is better than a
 * conversation at cross purposes. */
static int choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_length,
                           const unsigned char *offered, unsigned offered_length, void *arg)
{
    static const unsigned char both[] = "\x02h2\x08http/1.1";
    const hw_tls *tls = arg;
    const unsigned char *ours = tls->offers_h2 ? both : both + 3;
    unsigned length = (unsigned)(sizeof both - 1) - (tls->offers_h2 ? 0 : 3);
    unsigned char *chosen;
    (void)ssl;
    if (SSL_select_next_proto(&chosen, ret_length, ours, length, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret_name = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* RFC 6066 8: of the certificate that is shown, if there is one and it is of now. */
static int staple_status(SSL *ssl, void *arg)
{
    const hw_tls_handshake *handshake = SSL_get_app_data(ssl);
    const hw_certificate *shown = NULL;
    (void)arg;
    for (size_t kind = 0; handshake->chosen && kind < HW_KEY_KINDS; kind++)
        if (handshake->chosen->of[kind] &&
            handshake->chosen->of[kind]->leaf == SSL_get_certificate(ssl))
            shown = handshake->chosen->of[kind];
    if (!shown || shown->ocsp.length == 0 ||
        hw_sys_realtime_ns() / HW_NS_PER_S >= shown->ocsp_until_s)
        return SSL_TLSEXT_ERR_NOACK;
    unsigned char *copy = OPENSSL_memdup(shown->ocsp.at, shown->ocsp.length);
    if (!copy)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)shown->ocsp.length);
    return SSL_TLSEXT_ERR_OK;
}

static bool set_ticket_mac(EVP_MAC_CTX *mac, const hw_ticket_keys *keys)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)keys->signature,
                                          sizeof keys->signature),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3). 1: with these keys; 2: and a new ticket is due; 0: with none;
 * -1: it fails. */
static int use_ticket_keys(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                           EVP_MAC_CTX *mac, int encrypts)
{
    const hw_tls_handshake *handshake = SSL_get_app_data(ssl);
    hw_tickets *tickets = &handshake->tls->tickets;
    int64_t now_s = hw_sys_realtime_ns() / HW_NS_PER_S;
    hw_ticket_keys keys;
    bool is_current = true;
    if (encrypts && !hw_tickets_current(tickets, now_s, &keys))
        return -1;
    if (!encrypts && !hw_tickets_find(tickets, now_s, name, &keys, &is_current))
        return 0;
    if (encrypts) {
        memcpy(name, keys.name, sizeof keys.name);
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
            return -1;
    }
    bool is_set =
        EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), keys.encryption, iv, encrypts, NULL) == 1 &&
        set_ticket_mac(mac, &keys);
    OPENSSL_cleanse(&keys, sizeof keys);
    if (!is_set)
        return -1;
    /* RFC 8446 C.4: clients use a ticket once, and want another for the next time. */
    return is_current && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2;
}

/* OpenSSL's words for why it failed last; the empty text where it says nothing. */
static const char *words_of_openssl(void)
{
    const char *words = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return words ? words : "out of memory";
}

static int set_policy(hw_tls *tls, hw_fault *fault)
{
    SSL_CTX *ssl = tls->ssl;
    bool has_groups = SSL_CTX_set1_groups_list(ssl, GROUPS_HYBRID) == 1 ||
                      SSL_CTX_set1_groups_list(ssl, GROUPS) == 1;
    ERR_clear_error();
    if (!has_groups || SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ssl, CIPHERS_1_2) != 1 ||
        SSL_CTX_set_ciphersuites(ssl, CIPHERS_1_3) != 1 ||
        SSL_CTX_set_num_tickets(ssl, TICKETS_A_HANDSHAKE) != 1 ||
        SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, use_ticket_keys) != 1)
        return hw_fault_set(fault, EINVAL, "TLS", "%s", words_of_openssl());
    /* An end without close_notify is one: net/tls_stream_openssl.c tells why. */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ssl, 1); /* one read for a record, not two */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ssl, HW_TICKET_LIFE_S);
    SSL_CTX_set_cert_cb(ssl, show_certificates, NULL);
    SSL_CTX_set_tlsext_servername_callback(ssl, hear_name);
    SSL_CTX_set_tlsext_status_cb(ssl, staple_status);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, tls);
    return 0;
}

/* Each that vouches for clients' certificates. */
static int trust_client_cas(SSL_CTX *ssl, const char *path, BIO *pem, hw_fault *fault)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    X509 *certificate;
    int count = 0;
    bool is_added = true;
    while (is_added && (certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL))) {
        is_added = X509_STORE_add_cert(store, certificate) == 1 &&
                   SSL_CTX_add_client_CA(ssl, certificate) == 1;
        X509_free(certificate);
        count++;
    }
    bool is_end = hw_pem_is_at_end();
    ERR_clear_error();
    if (!is_added)
        return hw_fault_set(fault, ENOMEM, path, "out of memory");
    if (!is_end)
        return hw_fault_set(fault, EINVAL, path, "certificate %d of it is damaged", count + 1);
    return count > 0 ? 0 : hw_fault_set(fault, EINVAL, path, "holds no certificate (PEM)");
}

/* What a ticket is good for: the same demands on clients, and the same who vouch for them. */
static bool bind_sessions(hw_tls *tls, hw_tls_clients clients, hw_text vouching)
{
    unsigned char digest[EVP_MAX_MD_SIZE], demand = (unsigned char)clients;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool is_bound = hash && EVP_DigestInit_ex2(hash, EVP_sha256(), NULL) == 1 &&
                    EVP_DigestUpdate(hash, &demand, 1) == 1 &&
                    EVP_DigestUpdate(hash, vouching.at, vouching.length) == 1 &&
                    EVP_DigestFinal_ex(hash, digest, NULL) == 1 &&
                    SSL_CTX_set_session_id_context(tls->ssl, digest, SSL_MAX_SID_CTX_LENGTH) == 1;
    EVP_MD_CTX_free(hash);
    return is_bound;
}

static int trust_clients(hw_tls *tls, const hw_tls_setup *setup, hw_text vouching, hw_fault *fault)
{
    BIO *pem = hw_pem_open(vouching);
    int error = pem ? trust_client_cas(tls->ssl, setup->client_ca_file, pem, fault)
                    : hw_fault_set(fault, ENOMEM, setup->client_ca_file, "out of memory");
    bool must = setup->clients == HW_TLS_CLIENTS_MUST;
    BIO_free(pem);
    SSL_CTX_set_verify(tls->ssl, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       NULL);
    SSL_CTX_set_verify_depth(tls->ssl, CLIENT_CHAIN_MAX);
    return error;
}

static int ask_clients(hw_tls *tls, const hw_tls_setup *setup, hw_fault *fault)
{
    hw_text vouching = HW_TEXT("");
    bool asks = setup->clients != HW_TLS_CLIENTS_ANY;
    if (asks && !setup->client_ca_file)
        return hw_fault_set(
            fault, EINVAL, "TLS",
            "certificates of clients are asked for, and there is no file of who vouches "
            "for them");
    int error = asks ? hw_certificate_read_file(setup->client_ca_file, CLIENT_CA_BYTES_MAX, fault,
                                                &vouching)
                     : 0;
    if (error < 0)
        return error;
    if (!bind_sessions(tls, setup->clients, vouching))
        error = hw_fault_set(fault, ENOMEM, "TLS", "%s", words_of_openssl());
    if (asks && error == 0)
        error = trust_clients(tls, setup, vouching, fault);
    if (asks)
        hw_sys_free((char *)vouching.at);
    return error;
}

/* Of a secret of any length. */
static int make_ticket_secret(hw_tls *tls, hw_text given)
{
    unsigned char secret[EVP_MAX_MD_SIZE];
    int error = 0;
    if (given.length == 0)
        error = hw_sys_random(secret, HW_TICKET_SECRET_BYTES);
    else if (EVP_Digest(given.at, given.length, secret, NULL, EVP_sha256(), NULL) != 1)
        error = -ENOMEM;
    if (error == 0) {
        hw_tickets_init(&tls->tickets, secret);
        tls->has_tickets = true;
    }
    OPENSSL_cleanse(secret, sizeof secret);
    return error;
}

static bool copy_files(hw_tls *tls, const hw_tls_setup *setup)
{
    size_t count = setup->certificate_count;
    tls->files = hw_arena_alloc_zeroed(&tls->arena, count, sizeof *tls->files);
    tls->versions = hw_arena_alloc_zeroed(&tls->arena, count, TLS_FILES * sizeof *tls->versions);
    if (!tls->files || !tls->versions)
        return false;
    for (size_t i = 0; i < setup->certificate_count; i++) {
        const hw_tls_certificate *from = &setup->certificates[i];
        hw_tls_certificate *to = &tls->files[i];
        to->certificate_file = hw_arena_copy(&tls->arena, hw_text_of(from->certificate_file));
        if (from->key_file)
            to->key_file = hw_arena_copy(&tls->arena, hw_text_of(from->key_file));
        if (from->ocsp_file)
            to->ocsp_file = hw_arena_copy(&tls->arena, hw_text_of(from->ocsp_file));
        if (!to->certificate_file || (from->key_file && !to->key_file) ||
            (from->ocsp_file && !to->ocsp_file))
            return false;
    }
    tls->file_count = setup->certificate_count;
    return true;
}

/* What the files are just now. */
static void look_at_files(const hw_tls *tls, hw_identity *ret_versions)
{
    for (size_t i = 0; i < tls->file_count * TLS_FILES; i++) {
        const char *file = hw_tls_file(tls, i);
        struct stat seen;
        int fd = file ? hw_sys_open(file) : -ENOENT;
        bool is_seen = fd >= 0 && hw_sys_stat(fd, &seen) == 0;
        ret_versions[i] = is_seen ? hw_identity_of(&seen) : (hw_identity){0};
        if (fd >= 0)
            (void)hw_sys_close(fd);
    }
}

static int fill_tls(hw_tls *tls, const hw_tls_setup *setup, hw_fault *fault)
{
    tls->offers_h2 = setup->offers_h2;
    tls->asks_clients = setup->clients != HW_TLS_CLIENTS_ANY;
    tls->sink = setup->sink;
    tls->signer = setup->signer;
    if (setup->certificate_count == 0)
        return hw_fault_set(fault, EINVAL, "TLS", "there is no certificate");
    if (hw_tls_keys_init(&tls->keys))
        tls->ssl = SSL_CTX_new(TLS_server_method());
    tls->method = hw_tls_carrier_method();
    if (!tls->ssl || !tls->method || !copy_files(tls, setup) ||
        make_ticket_secret(tls, setup->ticket_secret) < 0)
        return hw_fault_set(fault, ENOMEM, "TLS", "%s", words_of_openssl());
    int error = set_policy(tls, fault);
    if (error == 0)
        error = ask_clients(tls, setup, fault);
    if (error < 0)
        return error;
    look_at_files(tls, tls->versions);
    return hw_keyring_new(&tls->keys, tls->signer, tls->files, tls->file_count, tls->sink, fault,
                          &tls->keyring);
}

int hw_tls_new(const hw_tls_setup *setup, hw_fault *fault, hw_tls **ret_tls)
{
    hw_tls *tls = hw_sys_alloc_zeroed(1, sizeof *tls);
    if (!tls)
        return hw_fault_set(fault, ENOMEM, "TLS", "out of memory");
    hw_sys_mutex_init(&tls->lock);
    hw_sys_mutex_init(&tls->reading);
    hw_arena_init(&tls->arena, TLS_BLOCK_BYTES, SIZE_MAX / 2);
    int error = fill_tls(tls, setup, fault);
    if (error < 0) {
        hw_tls_free(tls);
        return error;
    }
    *ret_tls = tls;
    return 0;
}

void hw_tls_free(hw_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->ssl);
    BIO_meth_free(tls->method);
    hw_keyring_release(tls->keyring);
    hw_tls_keys_fini(&tls->keys);
    if (tls->has_tickets)
        hw_tickets_fini(&tls->tickets);
    hw_arena_fini(&tls->arena);
    hw_sys_mutex_fini(&tls->reading);
    hw_sys_mutex_fini(&tls->lock);
    hw_sys_free(tls);
}

/* It is the only one that reads. */
static int read_anew(hw_tls *tls, hw_fault *fault)
{
    hw_keyring *keyring;
    int error = hw_keyring_new(&tls->keys, tls->signer, tls->files, tls->file_count, tls->sink,
                               fault, &keyring);
    if (error < 0)
        return error;
    hw_sys_mutex_lock(&tls->lock);
    hw_keyring *before = tls->keyring;
    const char *worse = hw_keyring_find_worse(keyring, before, hw_sys_realtime_ns() / HW_NS_PER_S);
    if (!worse)
        tls->keyring = keyring;
    hw_sys_mutex_unlock(&tls->lock);
    hw_keyring_release(worse ? keyring : before);
    return worse ? hw_fault_set(fault, EKEYEXPIRED, worse,
                                "a new certificate has expired; what is in use has not, and stays")
                 : 0;
}

int hw_tls_reload(hw_tls *tls, hw_fault *fault)
{
    hw_sys_mutex_lock(&tls->reading);
    look_at_files(tls, tls->versions);
    int error = read_anew(tls, fault);
    hw_sys_mutex_unlock(&tls->reading);
    return error;
}

int hw_tls_refresh(hw_tls *tls, hw_fault *fault)
{
    size_t count = tls->file_count * TLS_FILES, same = 0;
    hw_identity *now = hw_sys_alloc_zeroed(count, sizeof *now);
    if (!now)
        return hw_fault_set(fault, ENOMEM, tls->files[0].certificate_file, "out of memory");
    hw_sys_mutex_lock(&tls->reading);
    look_at_files(tls, now);
    while (same < count && hw_identity_is_same(&now[same], &tls->versions[same]))
        same++;
    memcpy(tls->versions, now, count * sizeof *now);
    int error = same < count ? read_anew(tls, fault) : 0;
    hw_sys_mutex_unlock(&tls->reading);
    hw_sys_free(now);
    return error;
}

const char *hw_tls_file(const hw_tls *tls, size_t index)
{
    if (index >= tls->file_count * TLS_FILES)
        return NULL;
    const hw_tls_certificate *files = &tls->files[index / TLS_FILES];
    const char *const names[TLS_FILES] = {
        files->certificate_file,
        files->key_file ? files->key_file : files->certificate_file,
        files->ocsp_file ? files->ocsp_file : files->certificate_file,
    };
    return names[index % TLS_FILES];
}

/* RFC 4514, into the words; NULL: a client that has shown nothing. */
static int print_client(X509 *client, BIO *words)
{
    if (!client)
        return 0;
    if (X509_NAME_print_ex(words, X509_get_subject_name(client), 0, XN_FLAG_RFC2253) < 0)
        return -ENOMEM;
    /* Cut off it might be somebody else's. */
    return BIO_ctrl_pending(words) > CLIENT_NAME_BYTES_MAX ? -EPROTO : 0;
}

/* With the client's name, and nothing else. */
static int make_facts(X509 *client, hw_tls_facts **ret_facts)
{
    char *name = NULL;
    BIO *words = BIO_new(BIO_s_mem());
    int error = words ? print_client(client, words) : -ENOMEM;
    size_t length = error == 0 ? (size_t)BIO_get_mem_data(words, &name) : 0;
    hw_tls_facts *facts = error == 0 ? hw_sys_alloc_zeroed(1, sizeof *facts + length + 1) : NULL;
    if (facts) {
        if (length > 0)
            memcpy(facts->client, name, length);
        facts->client_length = length;
        *ret_facts = facts;
    }
    BIO_free(words);
    return error < 0 ? error : facts ? 0 : -ENOMEM;
}

int hw_tls_facts_new(SSL *ssl, hw_tls_handshake *handshake, hw_tls_facts **ret_facts)
{
    const unsigned char *protocol;
    unsigned length;
    hw_tls_facts *facts;
    int error = make_facts(SSL_get0_peer_certificate(ssl), &facts);
    if (error < 0)
        return error;
    SSL_get0_alpn_selected(ssl, &protocol, &length);
    facts->protocol = length == 2 ? HW_TLS_H2 : HW_TLS_HTTP1;
    facts->version = SSL_get_version(ssl);
    facts->cipher = SSL_get_cipher_name(ssl);
    facts->keyring = handshake->keyring;
    facts->shown =
        handshake->chosen ? handshake->chosen : hw_keyring_find(facts->keyring, name_called(ssl));
    handshake->keyring = NULL;
    handshake->chosen = NULL;
    *ret_facts = facts;
    return 0;
}

void hw_tls_facts_free(hw_tls_facts *facts)
{
    if (!facts)
        return;
    hw_keyring_release(facts->keyring);
    hw_sys_free(facts);
}

hw_tls_protocol hw_tls_facts_protocol(const hw_tls_facts *facts)
{
    return facts->protocol;
}

hw_text hw_tls_facts_version(const hw_tls_facts *facts)
{
    return hw_text_of(facts->version);
}

hw_text hw_tls_facts_cipher(const hw_tls_facts *facts)
{
    return hw_text_of(facts->cipher);
}

hw_text hw_tls_facts_client(const hw_tls_facts *facts)
{
    return (hw_text){facts->client, facts->client_length};
}

bool hw_tls_facts_serves(const hw_tls_facts *facts, hw_text host)
{
    return hw_key_set_is_same(hw_keyring_find(facts->keyring, host), facts->shown);
}
