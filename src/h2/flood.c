/* Counts what a client may ask for that costs it little and us much.
 *
 * Every flood of HTTP/2 so far (empty frames, PING, SETTINGS, PRIORITY, window updates of one byte,
 * CONTINUATION) is frames that carry nothing, in numbers that no work explains; so they share one
 * allowance, which grows with the work: with answers, with DATA frames of ours, each of which a
 * careful client credits twice (but for those that its own windows make tiny), and a little with
 * time, for those who stay and ask now and then whether we are there. Rejected: a rate for each kind
 * of frame, which knows the attacks of yesterday alone and cuts off quick clients that do much.
 *
 * Streams that are begun and given up (by the client, or because it made us) are what a request
 * costs at its worst, and are bounded by a rate of their own: a bucket that fills with time. A
 * RST_STREAM for what is over already, which some clients answer each frame with that was on its way
 * when they gave up, is a frame without content.
 *
 * A frame is counted at its header, before anything is done for it. CVE-2019-9511 to 9518,
 * 2023-44487, 2024-27316, 2025-8671; RFC 9113 10.5. */
#include "h2/flood.h"

#include "base/number.h"

/* RFC 9113 6; RFC 9218 7.1 */
enum { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_CONTINUATION = 9 };
enum { FLAG_END_STREAM = 1 };
enum { WHOLE_RESET = 1000 };

hw_h2_flood_limits hw_h2_flood_limits_default(void)
{
    return (hw_h2_flood_limits){
        .resets_burst = 100,
        .resets_per_second = 10,
        .empty_frames = 1000,
        .empty_per_answer = 10,
        .empty_per_frame = 2,
        .empty_per_second = 1,
        .continuations_max = 8,
    };
}

static uint64_t full_bucket(const hw_h2_flood_limits *limits)
{
    return (uint64_t)limits->resets_burst * WHOLE_RESET;
}

void hw_h2_flood_init(hw_h2_flood *flood, const hw_h2_flood_limits *limits, int64_t now_ms)
{
    *flood = (hw_h2_flood){
        .limits = limits,
        .now_ms = now_ms,
        .begun_ms = now_ms,
        .reset_at_ms = now_ms,
        .reset_credit = full_bucket(limits),
    };
}

void hw_h2_flood_tell_time(hw_h2_flood *flood, int64_t now_ms)
{
    if (now_ms > flood->now_ms)
        flood->now_ms = now_ms;
}

/* Milliseconds times resets a second are thousandths of resets. */
static void fill_bucket(hw_h2_flood *flood)
{
    uint64_t passed_ms = (uint64_t)(flood->now_ms - flood->reset_at_ms), more;
    uint64_t full = full_bucket(flood->limits);
    flood->reset_at_ms = flood->now_ms;
    if (!hw_number_multiply(passed_ms, flood->limits->resets_per_second, &more) ||
        more > full - flood->reset_credit)
        flood->reset_credit = full;
    else
        flood->reset_credit += more;
}

const hw_problem *hw_h2_flood_reset(hw_h2_flood *flood)
{
    static const hw_problem resets = {429, "too many streams were reset", "RFC 9113 10.5"};
    fill_bucket(flood);
    if (flood->reset_credit < WHOLE_RESET)
        return &resets;
    flood->reset_credit -= WHOLE_RESET;
    return NULL;
}

static const hw_problem *count_empty_frame(hw_h2_flood *flood)
{
    static const hw_problem empty = {429, "too many frames without content", "RFC 9113 10.5"};
    uint64_t seconds = (uint64_t)(flood->now_ms - flood->begun_ms) / 1000;
    uint64_t allowed =
        flood->limits->empty_frames + flood->earned + seconds * flood->limits->empty_per_second;
    return ++flood->empty > allowed ? &empty : NULL;
}

static const hw_problem *count_continuation(hw_h2_flood *flood)
{
    static const hw_problem pieces = {429, "a head in too many pieces", "RFC 9113 10.5"};
    return ++flood->continuations > flood->limits->continuations_max ? &pieces : NULL;
}

const hw_problem *hw_h2_flood_frame(hw_h2_flood *flood, uint8_t type, uint8_t flags,
                                    uint32_t length)
{
    switch (type) {
    case FRAME_DATA:
        if (length > 0 || (flags & FLAG_END_STREAM))
            return NULL;
        return count_empty_frame(flood);
    case FRAME_HEADERS:
        flood->continuations = 0;
        return NULL;
    case FRAME_CONTINUATION:
        return count_continuation(flood);
    default:
        return count_empty_frame(flood);
    }
}

const hw_problem *hw_h2_flood_stray(hw_h2_flood *flood)
{
    return count_empty_frame(flood);
}

void hw_h2_flood_answered(hw_h2_flood *flood)
{
    flood->earned += flood->limits->empty_per_answer;
}

void hw_h2_flood_sent(hw_h2_flood *flood)
{
    flood->earned += flood->limits->empty_per_frame;
}
