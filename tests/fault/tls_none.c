/* Where Hewn was built without OpenSSL (Meson option `tls`): there are no such clients. */
#include "fault/tls.h"

#include <stddef.h>

fault_tls *fault_tls_new(void)
{
    return NULL;
}

void fault_tls_free(fault_tls *tls)
{
    (void)tls;
}

bool fault_tls_hear(fault_tls *tls, hw_text wire, talk_bytes *heard)
{
    (void)tls;
    (void)wire;
    (void)heard;
    return false;
}

void fault_tls_say(fault_tls *tls, hw_text bytes)
{
    (void)tls;
    (void)bytes;
}

void fault_tls_end(fault_tls *tls)
{
    (void)tls;
}

bool fault_tls_is_ended(const fault_tls *tls)
{
    (void)tls;
    return false;
}

hw_text fault_tls_output(fault_tls *tls)
{
    (void)tls;
    return HW_TEXT("");
}

void fault_tls_take(fault_tls *tls, size_t bytes)
{
    (void)tls;
    (void)bytes;
}
