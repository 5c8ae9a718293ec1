/* Without OpenSSL nobody has a stream of TLS. */
#include <errno.h>

#include "base/assert.h"
#include "net/tls.h"

int hw_tls_pool_new(hw_budget *budget, hw_tls_pool **ret_pool)
{
    (void)budget;
    (void)ret_pool;
    hw_assert(hw_tls_is_built);
    return -ENOTSUP;
}

void hw_tls_pool_free(hw_tls_pool *pool)
{
    hw_assert(!pool);
}

void hw_tls_pool_use_crew(hw_tls_pool *pool, hw_crew *crew, hw_loop *loop)
{
    (void)crew;
    (void)loop;
    hw_assert(!pool);
}

int hw_tls_open(hw_tls *tls, hw_tls_pool *pool, hw_stream *below, hw_stream **ret_stream)
{
    (void)tls;
    (void)pool;
    (void)below;
    (void)ret_stream;
    hw_assert(hw_tls_is_built);
    return -ENOTSUP;
}
