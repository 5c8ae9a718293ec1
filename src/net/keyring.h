/* The certificates of a server, by the names they are for. Immutable; shared by reference. For the
 * files that use OpenSSL alone. */
#ifndef HW_NET_KEYRING_H
#define HW_NET_KEYRING_H

#include "net/certificate.h"

typedef struct hw_keyring hw_keyring;

/* What can be shown under one name, by the kind of key; NULL: none of that kind. Valid: as long as the
 * keyring. */
typedef struct hw_key_set {
    const hw_certificate *of[HW_KEY_KINDS];
} hw_key_set;

/* Reads all files; keys too, and keeps them, if the signer is NULL. What is wrong but can be used goes to
 * the sink. Owns: the caller has the only reference; `shown` and the signer outlive the last one. 0, or a negative
 * errno and a fault that names the file. */
int hw_keyring_new(const hw_tls_keys *shown, const hw_tls_signer *signer,
                   const hw_tls_certificate *files, size_t count, const hw_sink *sink,
                   hw_fault *fault, hw_keyring **ret_keyring);
hw_keyring *hw_keyring_hold(hw_keyring *keyring);
void hw_keyring_release(hw_keyring *keyring); /* NULL is fine */

/* The set of a name: its own, else that of "*." and all behind its first label (RFC 6125 6.4.3), else
 * the first certificate's. Case does not matter; a dot at the end neither. */
const hw_key_set *hw_keyring_find(const hw_keyring *keyring, hw_text name);
/* The same certificates. */
bool hw_key_set_is_same(const hw_key_set *a, const hw_key_set *b);
/* Of the same files: one of which the next certificate has expired, and the one that it would replace has
 * not; NULL: there is none. */
const char *hw_keyring_find_worse(const hw_keyring *next, const hw_keyring *now, int64_t now_s);

#endif
