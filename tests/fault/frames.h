/* Scenarios in HTTP/2: what a client says as frames, and what it has heard as answers.
 *
 * The lines of a step are requests, each on a stream of its own: "GET /path", or "POST /path", whose
 * content the same or a later step sends. Windows are wide, and everything that a client must say is
 * said in front: it need not react. */
#ifndef HW_TESTS_FAULT_FRAMES_H
#define HW_TESTS_FAULT_FRAMES_H

#include "fault/judge.h"
#include "fault/scenario.h"

/* The preface, settings and their acknowledgement. */
void fault_frames_begin(talk_bytes *bytes);
/* streams: begun so far. */
void fault_frames_say(talk_bytes *bytes, const fault_step *step, unsigned *streams);

/* Answers of so many streams, in their order; one that is not complete has status 0. Each begins behind
 * what 1xx said, which is not owed. */
void fault_frames_read(fault_answers *answers, const fault_client *client, unsigned streams);

#endif
