/* Reads certificates with OpenSSL, and judges those of development.
 *
 * A file that was found is good, or to be made anew, or wrong; and wrong is only ever told. What is
 * ours is told by the name of its authority: a certificate that somebody else has put there must
 * not be replaced by one of ours. OpenSSL keeps a queue of errors for each thread, which belongs to
 * whoever speaks TLS there: each function here leaves it as it was. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "net/pem.h"
#include "run/certificate.h"
#include "run/certificate_parts.h"
#include "watch/escape.h"

enum {
    LEAF_DAY_S = 24 * 60 * 60,
    AUTHORITY_LEAST_S = 31 * LEAF_DAY_S, /* what it vouches for must not outlive it */
    CERTIFICATE_LEAST_S = 7 * LEAF_DAY_S,
};

const bool hw_certificate_is_built = true;

/* False: one is damaged, or there is no memory. */
static bool read_certificates(BIO *from, STACK_OF(X509) * list)
{
    X509 *one;
    while ((one = PEM_read_bio_X509(from, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(list, one) == 0) {
            X509_free(one);
            return false;
        }
    }
    return hw_pem_is_at_end() && sk_X509_num(list) > 0;
}

STACK_OF(X509) * hw_pem_read(hw_text pem)
{
    (void)ERR_set_mark();
    BIO *from = hw_pem_open(pem);
    STACK_OF(X509) *list = sk_X509_new_null();
    bool is_read = from && list && read_certificates(from, list);
    BIO_free(from);
    (void)ERR_pop_to_mark();
    if (is_read)
        return list;
    hw_pem_free(list);
    return NULL;
}

void hw_pem_free(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}

EVP_PKEY *hw_pem_read_key(hw_text pem)
{
    (void)ERR_set_mark();
    bool asks;
    BIO *from = hw_pem_open(pem);
    EVP_PKEY *key = from ? hw_pem_take_key(from, &asks) : NULL;
    BIO_free(from);
    (void)ERR_pop_to_mark();
    return key;
}

int64_t hw_pem_time(const ASN1_TIME *time)
{
    const struct tm epoch = {.tm_year = 70, .tm_mday = 1};
    struct tm parts;
    int days = 0, seconds = 0;
    if (ASN1_TIME_to_tm(time, &parts) != 1 ||
        OPENSSL_gmtime_diff(&days, &seconds, &epoch, &parts) != 1)
        return INT64_MIN;
    return (int64_t)days * LEAF_DAY_S + seconds;
}

static void put_host_of_name(const ASN1_STRING *host, hw_buffer *out)
{
    char lower[HW_NAME_BYTES_MAX];
    hw_text name = {(const char *)ASN1_STRING_get0_data(host), (size_t)ASN1_STRING_length(host)};
    name = hw_text_upto(name, sizeof lower);
    for (size_t i = 0; i < name.length; i++)
        lower[i] = hw_char_lower(name.at[i]);
    hw_buffer_put_string(out, "DNS:");
    hw_escape_put(out, (hw_text){lower, name.length}, HW_ESCAPE_EYES, HW_NAME_BYTES_MAX);
}

void hw_pem_put_name(const GENERAL_NAME *name, hw_buffer *out)
{
    char words[INET6_ADDRSTRLEN];
    if (name->type == GEN_DNS) {
        put_host_of_name(name->d.dNSName, out);
        return;
    }
    int length = name->type == GEN_IPADD ? ASN1_STRING_length(name->d.iPAddress) : 0;
    if (length != 4 && length != 16) {
        hw_buffer_put_string(out, "other");
        return;
    }
    hw_buffer_put_string(out, "IP:");
    hw_buffer_put_string(out,
                         inet_ntop(length == 4 ? AF_INET : AF_INET6,
                                   ASN1_STRING_get0_data(name->d.iPAddress), words, sizeof words));
}

int hw_certificate_fits_key(hw_text pem, hw_text key)
{
    STACK_OF(X509) *list = hw_pem_read(pem);
    EVP_PKEY *own = hw_pem_read_key(key);
    (void)ERR_set_mark();
    int result = own ? list && X509_check_private_key(sk_X509_value(list, 0), own) == 1 : -EBADMSG;
    (void)ERR_pop_to_mark();
    EVP_PKEY_free(own);
    hw_pem_free(list);
    return result;
}

static bool is_named_ours(const X509_NAME *name)
{
    int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (index < 0)
        return false;
    const ASN1_STRING *title = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
    hw_text words = {(const char *)ASN1_STRING_get0_data(title), (size_t)ASN1_STRING_length(title)};
    return hw_text_has_prefix(words, HW_TEXT(HW_AUTHORITY_TITLE));
}

/* One without bounds would be able to vouch for everything. */
static bool has_bounds(X509 *authority)
{
    NAME_CONSTRAINTS *bounds = X509_get_ext_d2i(authority, NID_name_constraints, NULL, NULL);
    bool has_some = bounds && sk_GENERAL_SUBTREE_num(bounds->permittedSubtrees) > 0;
    NAME_CONSTRAINTS_free(bounds);
    return has_some;
}

static int judge_authority(X509 *authority, int64_t now_s, const char **ret_why)
{
    int64_t from = hw_pem_time(X509_get0_notBefore(authority));
    int64_t until = hw_pem_time(X509_get0_notAfter(authority));
    const char *why = NULL;
    int error = -EEXIST;
    if (!is_named_ours(X509_get_subject_name(authority)) || X509_check_ca(authority) != 1 ||
        !has_bounds(authority))
        why = "hewn has not made it: move it away";
    else if (X509_verify(authority, X509_get0_pubkey(authority)) != 1)
        error = -EBADMSG, why = "it is damaged (its signature is wrong): move it away";
    else if (from > now_s)
        error = -EKEYEXPIRED,
        why = "its time has not come yet: is the clock of this machine right?";
    else if (until < now_s + AUTHORITY_LEAST_S)
        error = -EKEYEXPIRED,
        why = "its time is over: move it away, and trust the next one instead";
    if (!why)
        return 0;
    *ret_why = why;
    return error;
}

int hw_authority_check(hw_text pem, int64_t now_s, const char **ret_why)
{
    STACK_OF(X509) *list = hw_pem_read(pem);
    if (!list) {
        *ret_why = "there is no certificate in it that can be read: move it away";
        return -EBADMSG;
    }
    (void)ERR_set_mark();
    int error = judge_authority(sk_X509_value(list, 0), now_s, ret_why);
    (void)ERR_pop_to_mark();
    hw_pem_free(list);
    return error;
}

static bool has_name(const GENERAL_NAMES *own, const char *wanted)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(own); i++) {
        char memory[HW_NAME_BYTES_MAX + 8];
        hw_buffer name = HW_BUFFER_OVER(memory);
        hw_pem_put_name(sk_GENERAL_NAME_value(own, i), &name);
        if (hw_text_equal(hw_buffer_text(&name), hw_text_of(wanted)))
            return true;
    }
    return false;
}

static bool has_names(const X509 *one, const hw_names *names)
{
    GENERAL_NAMES *own = X509_get_ext_d2i(one, NID_subject_alt_name, NULL, NULL);
    bool has_all = own != NULL;
    for (size_t i = 0; has_all && i < names->count; i++)
        has_all = has_name(own, names->at[i]);
    GENERAL_NAMES_free(own);
    return has_all;
}

/* By the authority that is there now, whose own certificate is behind it. */
static bool is_issued_by(STACK_OF(X509) * list, X509 *authority)
{
    X509 *one = sk_X509_value(list, 0), *next = sk_X509_value(list, 1);
    return next && X509_cmp(next, authority) == 0 &&
           X509_NAME_cmp(X509_get_issuer_name(one), X509_get_subject_name(authority)) == 0 &&
           X509_verify(one, X509_get0_pubkey(authority)) == 1;
}

/* Why it is to be made anew; NULL: it is not. */
static const char *judge_certificate(STACK_OF(X509) * list, X509 *authority, EVP_PKEY *key,
                                     const hw_certificate_plan *plan)
{
    const X509 *one = sk_X509_value(list, 0);
    if (!is_issued_by(list, authority))
        return "its authority was another one";
    if (X509_check_private_key(one, key) != 1)
        return "its key was another one";
    if (hw_pem_time(X509_get0_notBefore(one)) > plan->now_s)
        return "its time had not come yet";
    if (hw_pem_time(X509_get0_notAfter(one)) < plan->now_s)
        return "its time was over";
    if (hw_pem_time(X509_get0_notAfter(one)) < plan->now_s + CERTIFICATE_LEAST_S)
        return "fewer than 7 days were left";
    return has_names(one, plan->names) ? NULL : "it lacked a name";
}

static int check_against(STACK_OF(X509) * list, const hw_certificate_plan *plan,
                         const char **ret_why)
{
    STACK_OF(X509) *authority = hw_pem_read(plan->authority);
    EVP_PKEY *key = hw_pem_read_key(plan->key);
    const char *why = "its key or its authority was missing";
    if (authority && key)
        why = judge_certificate(list, sk_X509_value(authority, 0), key, plan);
    EVP_PKEY_free(key);
    hw_pem_free(authority);
    if (!why)
        return 0;
    *ret_why = why;
    return 1;
}

int hw_certificate_check(hw_text pem, const hw_certificate_plan *plan, const char **ret_why)
{
    STACK_OF(X509) *list = hw_pem_read(pem);
    int result = -EEXIST;
    if (!list) {
        *ret_why = "there is no certificate in it that can be read: move it away";
        return -EBADMSG;
    }
    (void)ERR_set_mark();
    if (is_named_ours(X509_get_issuer_name(sk_X509_value(list, 0))))
        result = check_against(list, plan, ret_why);
    else
        *ret_why = "hewn has not made it: move it away";
    (void)ERR_pop_to_mark();
    hw_pem_free(list);
    return result;
}

bool hw_certificate_until(hw_text pem, int64_t *ret_s)
{
    STACK_OF(X509) *list = hw_pem_read(pem);
    if (!list)
        return false;
    *ret_s = hw_pem_time(X509_get0_notAfter(sk_X509_value(list, 0)));
    hw_pem_free(list);
    return true;
}

static int add_old_host(const GENERAL_NAME *name, hw_arena *arena, hw_names *names)
{
    char memory[HW_NAME_BYTES_MAX + 8];
    hw_buffer words = HW_BUFFER_OVER(memory);
    if (name->type != GEN_DNS || names->count == HW_CERTIFICATE_NAMES_MAX)
        return 0;
    hw_pem_put_name(name, &words);
    const char *copy = hw_arena_copy(arena, hw_buffer_text(&words));
    if (!copy)
        return -ENOMEM;
    names->at[names->count++] = copy;
    return 0;
}

int hw_certificate_tell_names(hw_text pem, hw_arena *arena, hw_names *names)
{
    STACK_OF(X509) *list = hw_pem_read(pem);
    int error = 0;
    if (!list)
        return 0;
    (void)ERR_set_mark();
    int found;
    GENERAL_NAMES *own =
        X509_get_ext_d2i(sk_X509_value(list, 0), NID_subject_alt_name, &found, NULL);
    if (!own && found != -1) /* they are not lost for want of memory */
        error = -ENOMEM;
    for (int i = 0; error == 0 && i < sk_GENERAL_NAME_num(own); i++)
        error = add_old_host(sk_GENERAL_NAME_value(own, i), arena, names);
    (void)ERR_pop_to_mark();
    GENERAL_NAMES_free(own);
    hw_pem_free(list);
    return error;
}
