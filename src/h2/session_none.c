/* Where the library was built without nghttp2 (Meson option `http2`) there are no sessions of
 * HTTP/2. */
#include <errno.h>

#include "h2/session.h"

const bool hw_h2_is_built = false;

int hw_h2_session_new(const hw_h2_setup *setup, int64_t now_ms, hw_h2_session **ret_session)
{
    (void)setup, (void)now_ms, (void)ret_session;
    return -ENOTSUP;
}

void hw_h2_session_free(hw_h2_session *session)
{
    (void)session;
}

void hw_h2_own(hw_h2_session *session, uint32_t id, void *owner)
{
    (void)session, (void)id, (void)owner;
}

void hw_h2_consume(hw_h2_session *session, uint32_t id, size_t bytes)
{
    (void)session, (void)id, (void)bytes;
}

void hw_h2_discard(hw_h2_session *session, uint32_t id)
{
    (void)session, (void)id;
}

int hw_h2_reset(hw_h2_session *session, uint32_t id, uint32_t code)
{
    (void)session, (void)id, (void)code;
    return -ENOTSUP;
}

int hw_h2_give_notice(hw_h2_session *session)
{
    (void)session;
    return -ENOTSUP;
}

int hw_h2_go_away(hw_h2_session *session, uint32_t code)
{
    (void)session, (void)code;
    return -ENOTSUP;
}

unsigned hw_h2_open_streams(const hw_h2_session *session)
{
    (void)session;
    return 0;
}

bool hw_h2_is_over(const hw_h2_session *session)
{
    (void)session;
    return true;
}

size_t hw_h2_held_bytes(const hw_h2_session *session)
{
    (void)session;
    return 0;
}
