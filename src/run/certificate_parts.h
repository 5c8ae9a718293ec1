/* What the files that know OpenSSL share. Its types stand here by their tags, so that nobody else
 * needs its headers. */
#ifndef HW_RUN_CERTIFICATE_PARTS_H
#define HW_RUN_CERTIFICATE_PARTS_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* How the names of our own authorities and certificates begin. */
#define HW_AUTHORITY_TITLE "Hewn development CA "

/* "*.example.com" in full, and more than any host's name. */
#define HW_NAME_BYTES_MAX 320

struct GENERAL_NAME_st;
struct asn1_string_st;
struct evp_pkey_st;
struct stack_st_X509;
struct x509_st;

/* The certificates of a text, at least one; what else is in it does not count. NULL: there is none,
 * or one is damaged, or there is no memory. Owns: the caller; freed with hw_pem_free. */
struct stack_st_X509 *hw_pem_read(hw_text pem);
void hw_pem_free(struct stack_st_X509 *certificates);
/* A private key that is not encrypted; NULL: there is none. Owns: the caller; EVP_PKEY_free. */
struct evp_pkey_st *hw_pem_read_key(hw_text pem);

/* Seconds since 1970; INT64_MIN: it is no time. */
int64_t hw_pem_time(const struct asn1_string_st *time);
/* "DNS:localhost", "IP:::1"; what is neither is "other". What could not be shown is escaped. */
void hw_pem_put_name(const struct GENERAL_NAME_st *name, hw_buffer *out);

#endif
