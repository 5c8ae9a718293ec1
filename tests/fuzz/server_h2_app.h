/* An application whose handlers go on with the script that fuzzes them: while one of them is at work
 * its loop belongs to somebody else, and there whatever follows in the script happens. So clients
 * reset, time passes and servers drain while exchanges are lent. Everything in one thread.
 *
 *   /stall      goes on with the script, then answers; POST: once it has the whole content
 *   /echo-late  the same, and gives its content back, which is streamed
 *   /read       reads its content, as much of it as is there, in between
 *   /promise    promises an answer
 *   /pull       writes a body piece by piece, as the script says; may stall in each
 *   /pull-read  the same, and reads its content meanwhile */
#ifndef HW_TESTS_FUZZ_SERVER_H2_APP_H
#define HW_TESTS_FUZZ_SERVER_H2_APP_H

#include "exchange/answerer.h"
#include "hewn.h"

/* What the script does for handlers. */
typedef struct fuzz_script {
    unsigned (*next_number)(void);
    /* Goes on for so many words; the loop is nobody's that waits for this. */
    void (*go_on)(unsigned words);
} fuzz_script;

/* Files of the folder behind it. NULL: no memory. */
hewn_app *fuzz_app_new(int folder);
/* For /echo-late in front of others. */
const hw_answerer *fuzz_app_answerer(const hw_answerer *rest);

/* A server begins; borrowed until fuzz_app_end. */
void fuzz_app_begin(const fuzz_script *script);
/* One of the promises: its request is held; it is kept, or given up. */
void fuzz_app_hold(unsigned which);
void fuzz_app_keep(unsigned which, bool is_given_up);
/* One of the bodies is asked again. */
void fuzz_app_wake(unsigned which);
/* The clients have gone: whatever is held is given back. */
void fuzz_app_give_back(void);
/* So has the server: asserts that nothing is left of its requests. */
void fuzz_app_end(void);

#endif
