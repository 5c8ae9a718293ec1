/* Derives the keys of session tickets.
 *
 * A ticket holds the whole session, encrypted for ourselves: so a server remembers nothing, and any
 * process that has the same secret resumes what another has begun. Keys are of one hour (HKDF, RFC 5869):
 * who learns an hour's can read the sessions of that hour, and nothing tells him the next. Tickets of the
 * hours before are taken as long as a session lives, and answered with new ones.
 *
 * The few that are in use are derived when the hour changes. Rejected: keys made at random and turned by a
 * timer, which other processes would have to be told of. */
#include "net/ticket.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "base/buffer.h"
#include "sys/thread.h"

#define HOUR_S (60 * 60)
#define CURRENT 1 /* of the keys: before them is the next hour's */

void hw_tickets_init(hw_tickets *tickets, const unsigned char secret[HW_TICKET_SECRET_BYTES])
{
    *tickets = (hw_tickets){0};
    memcpy(tickets->secret, secret, sizeof tickets->secret);
    hw_sys_mutex_init(&tickets->lock);
}

void hw_tickets_fini(hw_tickets *tickets)
{
    hw_sys_mutex_fini(&tickets->lock);
    OPENSSL_cleanse(tickets, sizeof *tickets);
}

static bool derive_keys(EVP_KDF_CTX *derivation, hw_tickets *tickets, int64_t hour,
                        hw_ticket_keys *keys)
{
    char words[64];
    hw_buffer label = HW_BUFFER_OVER(words);
    hw_buffer_put_format(&label, "hewn: keys of session tickets, 1, hour %lld", (long long)hour);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, tickets->secret,
                                          sizeof tickets->secret),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, words, label.length),
        OSSL_PARAM_construct_end(),
    };
    return EVP_KDF_derive(derivation, (unsigned char *)keys, sizeof *keys, parameters) == 1;
}

/* The lock is held. False: no memory, and there are none. */
static bool renew_keys(hw_tickets *tickets, int64_t newest)
{
    if (tickets->newest == newest)
        return true;
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *derivation = hkdf ? EVP_KDF_CTX_new(hkdf) : NULL;
    bool are_derived = derivation != NULL;
    for (int i = 0; i < HW_TICKET_HOURS && are_derived; i++)
        are_derived = derive_keys(derivation, tickets, newest - i, &tickets->keys[i]);
    tickets->newest = are_derived ? newest : 0;
    EVP_KDF_CTX_free(derivation);
    EVP_KDF_free(hkdf);
    return are_derived;
}

bool hw_tickets_current(hw_tickets *tickets, int64_t now_s, hw_ticket_keys *ret_keys)
{
    hw_sys_mutex_lock(&tickets->lock);
    bool are_there = renew_keys(tickets, now_s / HOUR_S + CURRENT);
    if (are_there)
        *ret_keys = tickets->keys[CURRENT];
    hw_sys_mutex_unlock(&tickets->lock);
    return are_there;
}

bool hw_tickets_find(hw_tickets *tickets, int64_t now_s,
                     const unsigned char name[HW_TICKET_NAME_BYTES], hw_ticket_keys *ret_keys,
                     bool *ret_is_current)
{
    bool is_found = false;
    hw_sys_mutex_lock(&tickets->lock);
    bool are_there = renew_keys(tickets, now_s / HOUR_S + CURRENT);
    for (int i = 0; i < HW_TICKET_HOURS && are_there && !is_found; i++) {
        is_found = memcmp(tickets->keys[i].name, name, HW_TICKET_NAME_BYTES) == 0;
        if (is_found) {
            *ret_keys = tickets->keys[i];
            *ret_is_current = i <= CURRENT;
        }
    }
    hw_sys_mutex_unlock(&tickets->lock);
    return is_found;
}
