/* Where the library was built without nghttp2 there is no session that could answer. */
#include <errno.h>

#include "h2/session.h"

void hw_h2_prepare(hw_fields fields, hw_buffer *output)
{
    (void)fields, (void)output;
}

bool hw_h2_has_room(const hw_h2_session *session)
{
    (void)session;
    return false;
}

int hw_h2_answer(hw_h2_session *session, uint32_t id, const hw_h2_response *response)
{
    (void)session, (void)id, (void)response;
    return -ENOTSUP;
}

int hw_h2_inform(hw_h2_session *session, uint32_t id, int status, hw_fields fields)
{
    (void)session, (void)id, (void)status, (void)fields;
    return -ENOTSUP;
}

int hw_h2_resume(hw_h2_session *session, uint32_t id)
{
    (void)session, (void)id;
    return -ENOTSUP;
}

bool hw_h2_send(hw_h2_session *session, hw_buffer *output)
{
    (void)session, (void)output;
    return false;
}

bool hw_h2_wants_send(const hw_h2_session *session)
{
    (void)session;
    return false;
}

bool hw_h2_is_blocked(const hw_h2_session *session, uint32_t id)
{
    (void)session, (void)id;
    return false;
}

bool hw_h2_is_shut(const hw_h2_session *session, uint32_t id)
{
    (void)session, (void)id;
    return false;
}
