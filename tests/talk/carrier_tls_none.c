/* Where Hewn was built without OpenSSL (Meson option `tls`) nobody gets as far as this. */
#include <errno.h>

#include "talk/carrier.h"

talk_carrier *talk_tls_open(const talk_service *service, const char *protocols)
{
    (void)service;
    (void)protocols;
    talk_give_up("TLS", -ENOTSUP);
}

talk_carrier *talk_carrier_tls(const talk_service *service)
{
    return talk_tls_open(service, NULL);
}
