/* Judges answers by those that were given when nothing failed.
 *
 * Both are read by the strict reader of the talks. What an answer says is put down as text, without
 * its date, for time may have passed, and its tag, for files may have been moved and moved back;
 * without what parts several ranges, which is new each time, and without /prepared's count of what
 * was asked before. */
#include "fault/judge.h"

#include <stdio.h>
#include <string.h>

#include "parts.h"
#include "talk/reply.h"

static void put_fields(talk_bytes *words, const hw_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_count = hw_text_equal(fields[i].name, HW_TEXT("X-Count"));
        if (fields[i].id == HW_FIELD_DATE || fields[i].id == HW_FIELD_ETAG || is_count)
            continue;
        talk_bytes_put(words, fields[i].name);
        talk_bytes_put_string(words, ": ");
        talk_bytes_put(words, fields[i].value);
        talk_bytes_put_string(words, "\n");
    }
}

static void put_answer(fault_answers *answers, const talk_reply *reply)
{
    talk_bytes *words = &answers->words;
    size_t at = words->length;
    talk_bytes_put_format(words, "%d\n", reply->status);
    put_fields(words, reply->fields, reply->field_count);
    talk_bytes_put(words, talk_bytes_text(&reply->content));
    put_fields(words, reply->trailers, reply->trailer_count);
    answers->at[answers->count++] =
        (fault_answer){.status = reply->status, .at = at, .end = words->length};
}

/* An error that is found before the method is known has content, also where that turns out to have
 * been HEAD. */
static talk_reply_outcome read_one(talk_reply *reply, hw_text rest, bool is_ended, bool to_head)
{
    talk_reply_outcome outcome = talk_reply_read(reply, rest, is_ended, to_head);
    bool has_more = outcome == TALK_REPLY_DONE && reply->used < rest.length;
    if (to_head && has_more && reply->status >= 400)
        outcome = talk_reply_read(reply, rest, is_ended, false);
    return outcome;
}

void fault_answers_read(fault_answers *answers, const fault_client *client, bool to_head)
{
    talk_reply reply = {0};
    hw_text rest = talk_bytes_text(&client->heard);
    answers->count = answers->words.length = answers->tunnel.length = 0;
    answers->is_torn = answers->is_bad = false;
    while (rest.length > 0 && answers->count < FAULT_ANSWERS_MAX) {
        talk_reply_outcome outcome =
            read_one(&reply, rest, client->is_ended && !client->is_broken, to_head);
        answers->is_torn = outcome == TALK_REPLY_MORE;
        answers->is_bad = outcome == TALK_REPLY_BAD;
        if (answers->is_bad)
            snprintf(answers->complaint, sizeof answers->complaint, "%s", reply.words);
        if (outcome != TALK_REPLY_DONE)
            break;
        put_answer(answers, &reply);
        rest = hw_text_from(rest, reply.used);
        if (reply.status == 101) {
            talk_bytes_put(&answers->tunnel, rest);
            break;
        }
    }
    parts_blank_boundaries(answers->words.at, answers->words.length);
    talk_reply_free(&reply);
}

void fault_answers_free(fault_answers *answers)
{
    talk_bytes_free(&answers->words);
    talk_bytes_free(&answers->tunnel);
}

static hw_text words_of(const fault_answers *answers, size_t index)
{
    const fault_answer *answer = &answers->at[index];
    return hw_text_upto(hw_text_from(talk_bytes_text(&answers->words), answer->at),
                        answer->end - answer->at);
}

static bool is_final(int status)
{
    return status >= 200 || status == 101;
}

/* The right one at `index` or behind it that is final, or SIZE_MAX. */
static size_t find_final(const fault_answers *right, size_t index)
{
    while (index < right->count && !is_final(right->at[index].status))
        index++;
    return index < right->count ? index : SIZE_MAX;
}

/* What a client goes on saying when it was answered with an error is no request, and neither is
 * what it did not finish. */
static bool may_be_one_more(const fault_answers *answers, size_t index)
{
    return answers->at[index].status >= 400 && (index == 0 || answers->at[index - 1].status >= 400);
}

/* RFC 9110 14.2: who is asked for ranges may answer with all. Whether that is what the parts, which
 * would have been right, are parts of. */
static bool has_all_parts(hw_text all, hw_text right)
{
    hw_text type, head, content = right;
    test_parts parts;
    if (!parts_take_upto(&content, HW_TEXT("Content-Type: "), &head) ||
        !parts_take_upto(&content, HW_TEXT("\n"), &type) ||
        !parts_take_upto(&content, HW_TEXT("\n--"), &head))
        return false;
    content = hw_text_from(right, right.length - content.length - 2);
    if (!parts_read(type, content, &parts) || parts.count == 0 || parts.at[0].total > all.length)
        return false;
    hw_text whole = hw_text_from(all, all.length - (size_t)parts.at[0].total);
    for (size_t i = 0; i < parts.count; i++) {
        const test_part *part = &parts.at[i];
        hw_text piece = hw_text_upto(hw_text_from(whole, (size_t)part->first), part->bytes.length);
        if (!hw_text_equal(piece, part->bytes))
            return false;
    }
    return true;
}

/* Steps over the right answer that this one stands for. False: it stands for none. */
static bool match(const fault_answers *answers, size_t index, const fault_answers *right,
                  size_t *next)
{
    int status = answers->at[index].status;
    size_t wanted = is_final(status) ? find_final(right, *next) : *next;
    if (wanted >= right->count)
        return may_be_one_more(answers, index);
    *next = wanted + 1;
    hw_text words = words_of(answers, index), right_words = words_of(right, wanted);
    bool may_be_all = status == 200 && right->at[wanted].status == 206;
    return status >= 400 || hw_text_equal(words, right_words) ||
           (may_be_all && has_all_parts(words, right_words));
}

static const char *complain_of(const fault_answers *answers, size_t index)
{
    static char words[240];
    talk_bytes shown = {0};
    talk_bytes_put_shown(&shown, words_of(answers, index));
    snprintf(words, sizeof words, "a complete answer is not the right one: %.*s", (int)shown.length,
             shown.at);
    talk_bytes_free(&shown);
    return words;
}

const char *fault_judge(const fault_answers *answers, const fault_answers *right, bool is_ended)
{
    size_t next = 0;
    if (answers->is_bad)
        return answers->complaint;
    for (size_t i = 0; i < answers->count; i++)
        if (!match(answers, i, right, &next))
            return complain_of(answers, i);
    if (!hw_text_has_prefix(talk_bytes_text(&right->tunnel), talk_bytes_text(&answers->tunnel)))
        return "the tunnel gives other bytes";
    if (!is_ended && (answers->is_torn || find_final(right, next) != SIZE_MAX))
        return "an answer is missing, and the connection is open";
    return NULL;
}

/* Of HTTP/2 each answer has a stream, and so its turn. */
const char *fault_judge_streams(const fault_answers *answers, const fault_answers *right,
                                bool is_ended)
{
    if (answers->is_bad)
        return answers->complaint;
    for (size_t i = 0; i < answers->count; i++) {
        const fault_answer *answer = &answers->at[i];
        if (answer->status == 0 && !answer->is_broken && !is_ended)
            return "an answer is missing, and the connection is open";
        if (answer->status > 0 && answer->status < 400 &&
            !hw_text_equal(words_of(answers, i), words_of(right, i)))
            return complain_of(answers, i);
    }
    return NULL;
}

const char *fault_judge_strictly(const fault_answers *answers, const fault_answers *right)
{
    if (answers->is_bad)
        return answers->complaint;
    if (answers->is_torn || answers->count < right->count)
        return "an answer is missing";
    if (!hw_text_equal(talk_bytes_text(&answers->words), talk_bytes_text(&right->words)))
        return "an answer is not the right one";
    if (!hw_text_equal(talk_bytes_text(&answers->tunnel), talk_bytes_text(&right->tunnel)))
        return "the tunnel gives other bytes";
    return NULL;
}
