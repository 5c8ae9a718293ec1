/* What a folder says with every answer: fields of its own, who may read it from a page of another
 * origin, and whether its pages are isolated. Made when it is mounted and never changed; threads
 * share it. */
#ifndef HW_KIT_POLICY_H
#define HW_KIT_POLICY_H

#include "base/error.h"
#include "exchange/exchange.h"
#include "hewn/server.h"
#include "http/cors.h"

#define HW_POLICY_FIELDS_MAX 32
#define HW_POLICY_BYTES_MAX (8 * 1024)

typedef struct hw_policy_setup {
    const hewn_field *fields; /* borrowed, as the texts are */
    size_t field_count;
    const char *const *cors_origins; /* NULL-terminated, or NULL: nobody */
    bool is_isolated;
    unsigned max_age_s; /* of every file; 0: by its name; HEWN_NO_STORE: nothing is to be kept */
} hw_policy_setup;

typedef struct hw_policy {
    hw_fields fields; /* of every answer, whatever it is */
    hw_fields absent; /* all of the head of a plain 404; its words are hw_policy_absent_words */
    hw_cors cors;
    hw_text freshness;   /* Cache-Control of every file; empty: it depends on the name */
    bool forbids_coding; /* Cache-Control: no-transform is among them */
    bool says_cache_control, says_sniffing; /* `fields` does, and so the server does not */
} hw_policy;

/* 0, or -EINVAL and the fault, which says what is wrong and where. */
int hw_policy_check(const hw_policy_setup *setup, hw_fault *fault);
/* Makes it, of a setup that is right. Valid: as long as the arena. 0, or -ENOMEM. */
int hw_policy_make(const hw_policy_setup *setup, hw_arena *arena, hw_policy *ret_policy);

hw_text hw_policy_absent_words(void);

/* Cache-Control of a file, by its path; of the empty text: of an answer that is no file's. Empty: it
 * is among the folder's fields. */
hw_text hw_policy_freshness(const hw_policy *policy, hw_text path);

/* Adds to an answer that was not prepared what all answers of the folder have, and, where it has
 * content, that it is not to be sniffed. NULL: of no folder. */
void hw_policy_put(const hw_policy *policy, hw_response *response);
/* Adds, to an answer of any kind, who may read it: only where origins are listed, for all else is
 * among the fields of every answer. */
void hw_policy_share(const hw_policy *policy, hw_exchange *exchange);
/* Adds to an answer to OPTIONS what a browser asks in front. */
void hw_policy_answer_preflight(const hw_policy *policy, hw_exchange *exchange);

#endif
