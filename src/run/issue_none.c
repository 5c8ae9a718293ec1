/* Where the library was built without OpenSSL no certificate is made. */
#include "run/certificate.h"

#include <errno.h>

int hw_certificate_make_key(hw_buffer *pem)
{
    (void)pem;
    return -ENOTSUP;
}

int hw_authority_make(hw_text key, const char *title, const char *host, int64_t now_s,
                      hw_buffer *pem)
{
    (void)key, (void)title, (void)host, (void)now_s, (void)pem;
    return -ENOTSUP;
}

int hw_authority_permits(hw_text pem, const hw_names *names)
{
    (void)pem, (void)names;
    return -ENOTSUP;
}

int hw_certificate_make(const hw_certificate_plan *plan, hw_buffer *pem)
{
    (void)plan, (void)pem;
    return -ENOTSUP;
}
