/* Where the library was built without nghttp2 there is no session that could read. */
#include "h2/session.h"

void hw_h2_feed(hw_h2_session *session, hw_text input, int64_t now_ms)
{
    (void)session, (void)input, (void)now_ms;
}

hw_text hw_h2_take_rest(hw_h2_session *session)
{
    (void)session;
    return (hw_text){0};
}

hw_h2_event hw_h2_next(hw_h2_session *session)
{
    (void)session;
    return (hw_h2_event){.kind = HW_H2_NEED_MORE};
}

uint64_t hw_h2_unfinished(const hw_h2_session *session)
{
    (void)session;
    return 0;
}

bool hw_h2_is_settled(const hw_h2_session *session)
{
    (void)session;
    return false;
}

bool hw_h2_takes_content(const hw_h2_session *session)
{
    (void)session;
    return false;
}
