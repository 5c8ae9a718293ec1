/* What a client heard, taken apart, and whether it may have heard that where something failed. */
#ifndef HW_TESTS_FAULT_JUDGE_H
#define HW_TESTS_FAULT_JUDGE_H

#include "fault/client.h"

#define FAULT_ANSWERS_MAX 24

typedef struct fault_answer {
    int status;
    size_t at, end; /* in `words` */
    bool is_broken; /* of HTTP/2: its stream was reset */
} fault_answer;

/* Complete answers, in order; dates, tags and boundaries left out. */
typedef struct fault_answers {
    fault_answer at[FAULT_ANSWERS_MAX];
    size_t count;
    talk_bytes words;  /* of all of them: status, fields, content, trailers */
    talk_bytes tunnel; /* behind a 101 */
    bool is_torn;      /* an answer begins behind them and is not complete */
    bool is_bad;       /* no answer at all stands there: `complaint` */
    char complaint[200];
} fault_answers;

void fault_answers_read(fault_answers *answers, const fault_client *client, bool to_head);
void fault_answers_free(fault_answers *answers);

/* NULL, or what the client may not have heard: an answer is the right one, or all of what
 * ranges were asked of, or says 4xx or 5xx, and comes in its turn; whatever is not complete has been
 * broken off. */
const char *fault_judge(const fault_answers *answers, const fault_answers *right, bool is_ended);
/* The same of HTTP/2: the answer of each stream is the right one, or says 4xx or 5xx; whatever is not
 * complete has been broken off. */
const char *fault_judge_streams(const fault_answers *answers, const fault_answers *right,
                                bool is_ended);
/* NULL, or what is missing to the right answers: of either. */
const char *fault_judge_strictly(const fault_answers *answers, const fault_answers *right);

#endif
