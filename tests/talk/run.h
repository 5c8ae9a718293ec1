/* One talk over one carrier. */
#ifndef HW_TESTS_TALK_RUN_H
#define HW_TESTS_TALK_RUN_H

#include "talk/carrier.h"
#include "talk/script.h"
#include "talk/site.h"

/* How the client's bytes are cut into what it sends at once. */
typedef enum talk_split {
    TALK_WHOLE,
    TALK_BYTE_BY_BYTE,
    TALK_AT_RANDOM,
} talk_split;

typedef struct talk_way {
    talk_carrier *(*open)(const talk_service *service);
    talk_split split;
    uint32_t seed;     /* AT_RANDOM */
    size_t room_bytes; /* as in talk_service; only where the talk leaves time alone */
    size_t wire_bytes; /* as in talk_service */
} talk_way;

/* False: it did not go as it says, and `PATH:LINE: WORDS` is in the complaint. What was answered is
 * appended to the answers, without what may depend on how the client's bytes were cut: interim
 * responses and the chunks of a content. */
bool talk_run(const talk_script *script, const talk_way *way, const talk_service *service,
              talk_site *site, talk_bytes *answers, talk_bytes *complaint);

#endif
