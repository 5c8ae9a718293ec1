/* Where the library was built without OpenSSL no certificate is described. */
#include "run/certificate.h"

#include <errno.h>

int hw_certificate_tell(hw_text pem, int64_t now_s, hewn_tell_fn *tell, void *arg)
{
    (void)pem, (void)now_s, (void)tell, (void)arg;
    return -ENOTSUP;
}
