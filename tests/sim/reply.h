/* Responses as a client reads them, byte by byte, and believes nothing. */
#ifndef HW_TESTS_SIM_REPLY_H
#define HW_TESTS_SIM_REPLY_H

#include <stdint.h>

#include "base/text.h"
#include "talk/bytes.h"

typedef enum sim_reply_state {
    SIM_REPLY_STATUS,
    SIM_REPLY_FIELDS,
    SIM_REPLY_LENGTH, /* content of a known length */
    SIM_REPLY_CHUNK_SIZE,
    SIM_REPLY_CHUNK,
    SIM_REPLY_CHUNK_END,
    SIM_REPLY_TRAILERS,
    SIM_REPLY_UNTIL_END, /* content that ends with the connection */
    SIM_REPLY_DONE,
} sim_reply_state;

typedef struct sim_reply {
    sim_reply_state state;
    bool to_head;
    int status;
    bool has_length, is_chunked, has_date, closes, is_http10;
    uint64_t length, left;
    talk_bytes line, content, range; /* range: of Content-Range */
    bool is_begun;                   /* a byte of it has come */
} sim_reply;

/* Another one, to a HEAD request or not. */
void sim_reply_begin(sim_reply *reply, bool to_head);
void sim_reply_free(sim_reply *reply);
/* Reads on; how many bytes of the text belong to this one. NULL in ret_wrong: nothing is wrong. */
size_t sim_reply_read(sim_reply *reply, hw_text bytes, const char **ret_wrong);
/* The connection has ended: true when that completes it. */
bool sim_reply_end(sim_reply *reply);

#endif
