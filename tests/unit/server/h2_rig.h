/* A rig whose client speaks HTTP/2 in frames (unit/h2/wire.h), in clear, with prior knowledge. */
#ifndef HW_TESTS_H2_RIG_H
#define HW_TESTS_H2_RIG_H

#include "server/conn_h2.h"
#include "unit/h2/wire.h"
#include "unit/server/rig.h"

/* Fields as they are heard. */
#define H2_DATE " date: Sun, 06 Nov 1994 08:49:37 GMT\n"
/* What rig_answer_hi answers on a stream, to a GET and to a HEAD. */
#define H2_HI_HEAD(stream) "HEADERS " stream "\n :status: 200\n content-length: 2\n" H2_DATE
#define H2_HI(stream) H2_HI_HEAD(stream) "DATA " stream " end hi\n"
/* Of a body whose length is not known. */
#define H2_UNKNOWN_HEAD(stream) "HEADERS " stream "\n :status: 200\n" H2_DATE

typedef struct h2_rig {
    test_rig rig; /* fill in what it needs before it opens */
    hw_pipe *client;
    wire *said;   /* what the client sends next */
    heard *heard; /* what it has heard */
} h2_rig;

/* A client that has been greeted: both sides' SETTINGS are acknowledged, and the server's first frames
 * are forgotten. `room_bytes`: how much the server may have written that the client has not taken. */
void h2_open(h2_rig *h2, size_t room_bytes);
/* The lane alone; then a client that has said nothing, with its preface ready to be sent. */
void h2_open_lane(h2_rig *h2);
void h2_connect(h2_rig *h2, size_t room_bytes);
void h2_greet(h2_rig *h2, size_t room_bytes);
/* The client hangs up; then asserts that everything has been given back. */
void h2_hang_up(h2_rig *h2);
void h2_close(h2_rig *h2);

/* The connection that was made last. */
conn_h2 *h2_conn(h2_rig *h2);
/* Sends what is in `said`, in one piece, and lets the loop settle. */
void h2_send(h2_rig *h2);
/* Sends, behind what is in `said`, a request without content; that a stream is reset. */
void h2_ask(h2_rig *h2, uint32_t stream, const char *path);
void h2_reset(h2_rig *h2, uint32_t stream);
/* Puts a request into `said`: without content, or with content to come and more lines. */
void h2_get(h2_rig *h2, uint32_t stream, const char *path);
void h2_post(h2_rig *h2, uint32_t stream, const char *path, const char *lines);
/* Puts so many bytes of content into it, in frames: the alphabet over and over. */
void h2_content(h2_rig *h2, uint32_t stream, size_t bytes, bool is_last);
/* Takes all that comes, until nothing more does; what it said since it was asked last. */
const char *h2_hear(h2_rig *h2);
/* What the server has granted this stream's window for more content, in all of these words. */
uint64_t h2_granted(const char *words, uint32_t stream);
/* What was heard is exactly this; begins with this; has this in it. */
void h2_expect(h2_rig *h2, const char *words);
void h2_expect_first(h2_rig *h2, const char *words);
void h2_expect_among(h2_rig *h2, const char *words);
/* One exchange has ended, and so. */
void h2_expect_record(h2_rig *h2, int status, bool is_complete);
/* The clocks go on, and what was due happens. */
void h2_pass_ms(h2_rig *h2, unsigned ms);
/* Ends the test without blame where an allocation has failed: what follows may be otherwise. */
void h2_check_memory(void);

#endif
