/* Without OpenSSL there is no TLS, and whoever wants it is told when he sets up his server. */
#include <errno.h>

#include "base/assert.h"
#include "net/tls.h"

const bool hw_tls_is_built = false;

int hw_tls_new(const hw_tls_setup *setup, hw_fault *fault, hw_tls **ret_tls)
{
    (void)setup;
    (void)ret_tls;
    return hw_fault_set(fault, ENOTSUP, "TLS", "this Hewn was built without OpenSSL");
}

void hw_tls_free(hw_tls *tls)
{
    hw_assert(!tls);
}

/* Nobody has one to reload, or a stream of one. */
static int never_called(void)
{
    hw_assert(hw_tls_is_built);
    return -ENOTSUP;
}

int hw_tls_reload(hw_tls *tls, hw_fault *fault)
{
    (void)tls;
    (void)fault;
    return never_called();
}

int hw_tls_refresh(hw_tls *tls, hw_fault *fault)
{
    return hw_tls_reload(tls, fault);
}

const char *hw_tls_file(const hw_tls *tls, size_t index)
{
    (void)tls;
    (void)index;
    (void)never_called();
    return NULL;
}

hw_tls_protocol hw_tls_facts_protocol(const hw_tls_facts *facts)
{
    (void)facts;
    (void)never_called();
    return HW_TLS_HTTP1;
}

hw_text hw_tls_facts_version(const hw_tls_facts *facts)
{
    (void)facts;
    (void)never_called();
    return HW_TEXT("");
}

hw_text hw_tls_facts_cipher(const hw_tls_facts *facts)
{
    return hw_tls_facts_version(facts);
}

hw_text hw_tls_facts_client(const hw_tls_facts *facts)
{
    return hw_tls_facts_version(facts);
}

bool hw_tls_facts_serves(const hw_tls_facts *facts, hw_text host)
{
    (void)facts;
    (void)host;
    return never_called() == 0;
}
