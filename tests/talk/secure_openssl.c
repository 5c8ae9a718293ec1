/* Makes the certificate when the program starts: no key lies in this tree. */
#include "talk/secure.h"

#include <stdio.h>

#include "talk/carrier.h"
#include "tls/pki.h"

hw_tls *talk_secure_new(const char *folder)
{
    char certificate_file[128], key_file[128];
    pki_certificate *made = pki_issue(&(pki_wish){.names = "test"});
    snprintf(certificate_file, sizeof certificate_file, "%s/certificate.pem", folder);
    snprintf(key_file, sizeof key_file, "%s/key.pem", folder);
    pki_write(certificate_file, made);
    pki_write_key(key_file, made);
    pki_free(made);
    const hw_tls_certificate files = {.certificate_file = certificate_file, .key_file = key_file};
    const hw_tls_setup setup = {.certificates = &files, .certificate_count = 1};
    hw_fault fault = {0};
    hw_tls *tls;
    int error = hw_tls_new(&setup, &fault, &tls);
    if (error < 0)
        talk_give_up(fault.what, error);
    return tls;
}
