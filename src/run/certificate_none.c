/* Where the library was built without OpenSSL (Meson option `tls`) no certificate is read. */
#include "run/certificate.h"

#include <errno.h>

const bool hw_certificate_is_built = false;

int hw_certificate_fits_key(hw_text pem, hw_text key)
{
    (void)pem, (void)key;
    return -ENOTSUP;
}

int hw_authority_check(hw_text pem, int64_t now_s, const char **ret_why)
{
    (void)pem, (void)now_s;
    *ret_why = "this program was built without OpenSSL";
    return -ENOTSUP;
}

int hw_certificate_check(hw_text pem, const hw_certificate_plan *plan, const char **ret_why)
{
    (void)pem, (void)plan;
    *ret_why = "this program was built without OpenSSL";
    return -ENOTSUP;
}

bool hw_certificate_until(hw_text pem, int64_t *ret_s)
{
    (void)pem, (void)ret_s;
    return false;
}

int hw_certificate_tell_names(hw_text pem, hw_arena *arena, hw_names *names)
{
    (void)pem, (void)arena, (void)names;
    return -ENOTSUP;
}
