/* Without nghttp2 there is no HTTP/2, and no scenario in it is run. */
#include "base/assert.h"
#include "fault/frames.h"

static const char nobody[] = "built without HTTP/2";

void fault_frames_begin(talk_bytes *bytes)
{
    (void)bytes;
    hw_misuse_abort(NULL, 0, "%s", nobody);
}

void fault_frames_say(talk_bytes *bytes, const fault_step *step, unsigned *streams)
{
    (void)bytes, (void)step;
    *streams = 0;
    hw_misuse_abort(NULL, 0, "%s", nobody);
}

void fault_frames_read(fault_answers *answers, const fault_client *client, unsigned streams)
{
    (void)answers, (void)client, (void)streams;
    hw_misuse_abort(NULL, 0, "%s", nobody);
}
