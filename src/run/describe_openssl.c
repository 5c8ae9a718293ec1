/* Describes certificates in words, with OpenSSL.
 *
 * What a person wants to know before they trust one, or wonder why a browser does not: for whom, by
 * whom, how long, and whether the certificates of the file are signed by one another. Whether the
 * last one is trusted by anybody is not for a file to say. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "http/date.h"
#include "run/certificate.h"
#include "run/certificate_parts.h"
#include "watch/escape.h"

enum { LINE_BYTES = 4096, NAME_SHOWN_MAX = 400, ADDRESS_BYTES_V4 = 4, ADDRESS_BYTES_V6 = 16 };

/* Who is told, and a line on its way. */
typedef struct certificate_story {
    hewn_tell_fn *tell;
    void *arg;
    int64_t now_s;
    char line[LINE_BYTES];
} certificate_story;

static hw_buffer begin_told_line(certificate_story *story)
{
    /* Room for what says that a line was cut. */
    return hw_buffer_over(story->line, sizeof story->line - 8);
}

static void end_told_line(certificate_story *story, const char *subject, hw_buffer *line)
{
    bool is_cut = line->overflow;
    line->capacity = sizeof story->line;
    line->overflow = false;
    if (is_cut)
        hw_buffer_put_string(line, " ...");
    story->tell(story->arg, subject, hw_buffer_string(line));
}

/* RFC 4514, but readable: "CN = a, O = b". */
static void put_title(const X509_NAME *name, hw_buffer *line)
{
    const unsigned long form = XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    char *at = NULL;
    BIO *words = BIO_new(BIO_s_mem());
    long length = 0;
    if (words && X509_NAME_print_ex(words, name, 0, form) > 0)
        length = BIO_get_mem_data(words, &at);
    if (length > 0)
        hw_escape_put(line, (hw_text){at, (size_t)length}, HW_ESCAPE_EYES, NAME_SHOWN_MAX);
    else
        hw_buffer_put_string(line, "(nobody)");
    BIO_free(words);
}

static void tell_title(certificate_story *story, const char *subject, const X509_NAME *name)
{
    hw_buffer line = begin_told_line(story);
    put_title(name, &line);
    end_told_line(story, subject, &line);
}

/* Without "DNS:", which is plain from the name itself. */
static void put_plain_name(const GENERAL_NAME *name, hw_buffer *line)
{
    char memory[HW_NAME_BYTES_MAX + 8];
    hw_buffer words = HW_BUFFER_OVER(memory);
    hw_pem_put_name(name, &words);
    hw_text text = hw_buffer_text(&words);
    size_t colon = hw_text_find(text, ':');
    hw_buffer_put(line, colon < text.length ? hw_text_from(text, colon + 1) : text);
}

static void tell_names(certificate_story *story, const X509 *one)
{
    hw_buffer line = begin_told_line(story);
    GENERAL_NAMES *names = X509_get_ext_d2i(one, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        hw_buffer_put_string(&line, i ? ", " : "");
        put_plain_name(sk_GENERAL_NAME_value(names, i), &line);
    }
    if (names)
        end_told_line(story, "names", &line);
    GENERAL_NAMES_free(names);
}

static void put_days(int64_t seconds, hw_buffer *line)
{
    int64_t days = seconds / (24 * 60 * 60);
    hw_buffer_put_format(line, "%lld day%s", (long long)days, days == 1 ? "" : "s");
}

static void tell_time(certificate_story *story, const X509 *one)
{
    hw_buffer line = begin_told_line(story);
    char from[HW_DATE_ISO_BYTES], until[HW_DATE_ISO_BYTES];
    int64_t from_s = hw_pem_time(X509_get0_notBefore(one));
    int64_t until_s = hw_pem_time(X509_get0_notAfter(one));
    if (from_s == INT64_MIN || until_s == INT64_MIN) {
        hw_buffer_put_string(&line, "never: its times are none");
        end_told_line(story, "valid", &line);
        return;
    }
    hw_date_format_iso(from_s, from);
    hw_date_format_iso(until_s, until);
    hw_buffer_put_format(&line, "%s to %s, ", from, until);
    if (from_s > story->now_s) {
        hw_buffer_put_string(&line, "not yet: it begins in ");
        put_days(from_s - story->now_s, &line);
    } else if (until_s < story->now_s) {
        hw_buffer_put_string(&line, "no longer: it ended ");
        put_days(story->now_s - until_s, &line);
        hw_buffer_put_string(&line, " ago");
    } else {
        put_days(until_s - story->now_s, &line);
        hw_buffer_put_string(&line, " left");
    }
    end_told_line(story, "valid", &line);
}

static void tell_key(certificate_story *story, const X509 *one)
{
    hw_buffer line = begin_told_line(story);
    EVP_PKEY *key = X509_get0_pubkey(one);
    char group[64] = "";
    const char *kind = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (!kind) {
        hw_buffer_put_string(&line, "unknown");
    } else {
        hw_buffer_put_string(&line, kind);
        if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1)
            hw_buffer_put_format(&line, " %s", group);
        hw_buffer_put_format(&line, ", %d bits", EVP_PKEY_get_bits(key));
    }
    end_told_line(story, "key", &line);
}

static void tell_fingerprint(certificate_story *story, const X509 *one)
{
    hw_buffer line = begin_told_line(story);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(one, EVP_sha256(), digest, &length) != 1)
        return;
    hw_buffer_put_string(&line, "SHA-256 ");
    for (unsigned i = 0; i < length; i++)
        hw_buffer_put_format(&line, "%s%02X", i ? ":" : "", digest[i]);
    end_told_line(story, "fingerprint", &line);
}

/* How many bits of a mask are set from its front; -1: others are set too. */
static int length_of_mask(const unsigned char *mask, int bytes)
{
    int bits = 0;
    while (bits < bytes * 8 && (mask[bits / 8] & (0x80 >> bits % 8)))
        bits++;
    for (int i = bits; i < bytes * 8; i++)
        if (mask[i / 8] & (0x80 >> i % 8))
            return -1;
    return bits;
}

/* RFC 5280 4.2.1.10: an address, and behind it a mask. */
static void put_network(const ASN1_OCTET_STRING *both, hw_buffer *line)
{
    char words[INET6_ADDRSTRLEN];
    const unsigned char *at = ASN1_STRING_get0_data(both);
    int bytes = ASN1_STRING_length(both) / 2;
    if (ASN1_STRING_length(both) % 2 || (bytes != ADDRESS_BYTES_V4 && bytes != ADDRESS_BYTES_V6)) {
        hw_buffer_put_string(line, "other");
        return;
    }
    hw_buffer_put_string(
        line, inet_ntop(bytes == ADDRESS_BYTES_V4 ? AF_INET : AF_INET6, at, words, sizeof words));
    int length = length_of_mask(at + bytes, bytes);
    if (length >= 0)
        hw_buffer_put_format(line, "/%d", length);
    else
        hw_buffer_put_string(line, "/(a mask with holes)");
}

static void tell_bounds_of(certificate_story *story, const char *subject,
                           const STACK_OF(GENERAL_SUBTREE) * trees)
{
    hw_buffer line = begin_told_line(story);
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++) {
        const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(trees, i)->base;
        hw_buffer_put_string(&line, i ? ", " : "");
        if (base->type == GEN_IPADD)
            put_network(base->d.iPAddress, &line);
        else
            put_plain_name(base, &line);
    }
    if (sk_GENERAL_SUBTREE_num(trees) > 0)
        end_told_line(story, subject, &line);
}

static void tell_authority(certificate_story *story, X509 *one)
{
    hw_buffer line = begin_told_line(story);
    long depth = X509_check_ca(one) > 0 ? X509_get_pathlen(one) : -2;
    NAME_CONSTRAINTS *bounds = X509_get_ext_d2i(one, NID_name_constraints, NULL, NULL);
    hw_buffer_put_string(&line, depth == -2   ? "no: it is a server's or a client's own"
                                : depth == 0  ? "yes, but of no other authorities"
                                : depth == -1 ? "yes"
                                              : "yes, of a few others below it");
    if (depth > -2 && !bounds)
        hw_buffer_put_string(&line, ", for any name");
    end_told_line(story, "authority", &line);
    if (bounds) {
        tell_bounds_of(story, "permitted", bounds->permittedSubtrees);
        tell_bounds_of(story, "excluded", bounds->excludedSubtrees);
    }
    NAME_CONSTRAINTS_free(bounds);
}

static void tell_certificate(certificate_story *story, X509 *one, int number, int count)
{
    hw_buffer line = begin_told_line(story);
    hw_buffer_put_format(&line, "%d of %d", number, count);
    end_told_line(story, "certificate", &line);
    tell_title(story, "subject", X509_get_subject_name(one));
    tell_names(story, one);
    tell_title(story, "issuer", X509_get_issuer_name(one));
    tell_time(story, one);
    tell_key(story, one);
    tell_fingerprint(story, one);
    tell_authority(story, one);
}

static bool is_signed_by(X509 *one, X509 *issuer)
{
    return X509_NAME_cmp(X509_get_issuer_name(one), X509_get_subject_name(issuer)) == 0 &&
           X509_verify(one, X509_get0_pubkey(issuer)) == 1;
}

/* RFC 8446 4.4.2: each certifies the one before it. */
static void tell_chain(certificate_story *story, const STACK_OF(X509) * list)
{
    hw_buffer line = begin_told_line(story);
    int count = sk_X509_num(list), at = 1;
    X509 *last = sk_X509_value(list, count - 1);
    while (at < count && is_signed_by(sk_X509_value(list, at - 1), sk_X509_value(list, at)))
        at++;
    if (at < count) {
        hw_buffer_put_format(&line, "broken: certificate %d did not sign certificate %d", at + 1,
                             at);
    } else if (is_signed_by(last, last)) {
        hw_buffer_put_string(&line, count == 1 ? "complete: it has signed itself"
                                               : "complete, up to one that has signed itself");
    } else {
        hw_buffer_put_string(&line, "ends here; clients must know ");
        put_title(X509_get_issuer_name(last), &line);
    }
    end_told_line(story, "chain", &line);
}

int hw_certificate_tell(hw_text pem, int64_t now_s, hewn_tell_fn *tell, void *arg)
{
    certificate_story story = {tell, arg, now_s, ""};
    STACK_OF(X509) *list = hw_pem_read(pem);
    if (!list)
        return -EBADMSG;
    (void)ERR_set_mark();
    int count = sk_X509_num(list);
    for (int i = 0; i < count; i++)
        tell_certificate(&story, sk_X509_value(list, i), i + 1, count);
    tell_chain(&story, list);
    (void)ERR_pop_to_mark();
    hw_pem_free(list);
    return 0;
}
