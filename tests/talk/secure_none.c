/* Where Hewn was built without OpenSSL (Meson option `tls`). */
#include "talk/secure.h"

hw_tls *talk_secure_new(const char *folder)
{
    (void)folder;
    return NULL;
}
