/* Judges answers.
 *
 * What is always owed: answers come in the order of the requests, one for each; whatever an answer
 * claims to be it is, to the byte; nothing follows the last. What is owed to strict clients
 * besides: every answer is there, with the status that the request deserves, and the connection
 * ends for a reason. Others may hear that they were too slow (408), or that the server has had no
 * memory or no time for them (500, 503, 504). */
#include "sim/check.h"

#include <stdio.h>
#include <string.h>

#include "sim/files.h"
#include "sim/world.h"

void sim_check_free(sim_check *check)
{
    for (size_t i = 0; i < check->count; i++)
        sim_request_free(&check->requests[i]);
    sim_reply_free(&check->reply);
}

void sim_check_arrived(sim_check *check, uint64_t bytes, size_t sent)
{
    for (size_t i = check->answered; i < sent; i++) {
        sim_request *request = &check->requests[i];
        if (request->has_arrived || check->ends_at[i] > bytes)
            continue;
        request->has_arrived = true;
        request->version = sim_file_version(request->file);
    }
}

static bool has_faults(void)
{
    return sim_the_plan.allocations_failing > 0 || sim_the_plan.calls_failing > 0;
}

/* An answer that a request may get although it deserves another. */
static bool is_excused(const sim_check *check, int status)
{
    if (check->is_strict)
        return false;
    if (has_faults() && (status == 500 || status == 503 || status == 404 || status == 403))
        return true;
    return status == 408 || status == 503 || status == 504 || status == 400;
}

static const char *name_of(const sim_check *check)
{
    static char words[80];
    snprintf(words, sizeof words, "client %u, request %zu (%s)", check->client, check->answered,
             check->requests[check->answered].kind);
    return words;
}

/* Each byte is of a version that the file has had since the request had arrived. */
static void check_file(const sim_check *check, const sim_request *request)
{
    hw_text content = talk_bytes_text(&check->reply.content);
    unsigned now = sim_file_version(request->file), oldest = request->version;
    if (!sim_files_are_told() || !request->has_arrived)
        oldest = 0;
    for (size_t i = 0; i < content.length; i++) {
        unsigned version = oldest;
        while (version <= now &&
               sim_file_byte(request->file, version, request->first + i) != content.at[i])
            version++;
        SIM_MUST(version <= now, "%s: byte %zu of %s is not of versions %u to %u", name_of(check),
                 i, sim_file_at(request->file)->name, oldest, now);
    }
}

static void check_content(const sim_check *check, const sim_request *request, bool is_whole)
{
    hw_text content = talk_bytes_text(&check->reply.content);
    hw_text wanted = talk_bytes_text(&request->content);
    uint64_t length = request->proof == SIM_PROOF_FILE ? request->length : wanted.length;
    if (request->proof == SIM_PROOF_NONE)
        return;
    if (request->to_head) {
        SIM_MUST(!is_whole || check->reply.length == request->length, "%s: Content-Length is %llu",
                 name_of(check), (unsigned long long)check->reply.length);
        return;
    }
    SIM_MUST(is_whole ? content.length == length : content.length <= length,
             "%s: %zu bytes of content, not %llu", name_of(check), content.length,
             (unsigned long long)length);
    if (request->proof == SIM_PROOF_FILE)
        check_file(check, request);
    else
        SIM_MUST(content.length == 0 || memcmp(content.at, wanted.at, content.length) == 0,
                 "%s: the content is not what was asked for: %.*s", name_of(check),
                 (int)content.length, content.at);
}

static void check_range(const sim_check *check, const sim_request *request)
{
    char words[80];
    snprintf(words, sizeof words, "bytes %llu-%llu/%zu", (unsigned long long)request->first,
             (unsigned long long)(request->first + request->length - 1),
             sim_file_at(request->file)->bytes);
    SIM_MUST(hw_text_equal(talk_bytes_text(&check->reply.range), hw_text_of(words)),
             "%s: the range is not %s", name_of(check), words);
}

static void check_final(sim_check *check)
{
    const sim_request *request = &check->requests[check->answered];
    const sim_reply *reply = &check->reply;
    bool is_right = reply->status == request->status;
    SIM_MUST(is_right || reply->status == request->other_status || is_excused(check, reply->status),
             "%s: the status is %d, not %d", name_of(check), reply->status, request->status);
    SIM_MUST(!is_right || !request->is_cut, "%s: an answer that cannot be complete looks so",
             name_of(check));
    if (is_right)
        check_content(check, request, true);
    if (is_right && request->status == 206)
        check_range(check, request);
    SIM_MUST(!request->closes || reply->closes || request->is_tunnel,
             "%s: the connection ends, and the answer does not say so", name_of(check));
    bool has_reason = request->closes || request->may_close || check->has_stopped ||
                      !check->is_strict || check->answered + 1 >= sim_the_plan.requests_max;
    SIM_MUST(!reply->closes || has_reason, "%s: the connection ends without a reason",
             name_of(check));
    check->is_closing = reply->closes || request->closes;
    check->goes_on = false;
    check->answered++;
}

static void check_informational(sim_check *check)
{
    const sim_request *request = &check->requests[check->answered];
    int status = check->reply.status;
    if (status == 101) {
        SIM_MUST(request->is_tunnel, "%s: 101", name_of(check));
        check->is_tunnel = check->goes_on = true;
    } else if (status == 100) {
        SIM_MUST(request->pause_at > 0 && !request->is_tunnel && !check->goes_on, "%s: 100",
                 name_of(check));
        check->goes_on = true;
    } else {
        SIM_MUST(status == 103 && strcmp(request->kind, "hints") == 0, "%s: %d", name_of(check),
                 status);
    }
}

static void check_tunnel(sim_check *check, hw_text bytes)
{
    const sim_request *request = &check->requests[check->answered];
    hw_text wanted = hw_text_from(talk_bytes_text(&request->content), check->tunnel_at);
    SIM_MUST(bytes.length <= wanted.length && memcmp(bytes.at, wanted.at, bytes.length) == 0,
             "%s: other bytes come back from the tunnel", name_of(check));
    check->tunnel_at += bytes.length;
}

void sim_check_bytes(sim_check *check, hw_text bytes)
{
    while (bytes.length > 0) {
        if (check->is_tunnel) {
            check_tunnel(check, bytes);
            return;
        }
        SIM_MUST(!check->is_closing && check->answered < check->count,
                 "client %u: an answer too many: %.*s", check->client,
                 (int)hw_text_upto(bytes, 200).length, bytes.at);
        const char *wrong;
        sim_reply *reply = &check->reply;
        if (!reply->is_begun)
            sim_reply_begin(reply, check->requests[check->answered].to_head);
        bytes = hw_text_from(bytes, sim_reply_read(reply, bytes, &wrong));
        SIM_MUST(!wrong, "%s: %s", name_of(check), wrong);
        if (reply->state != SIM_REPLY_DONE)
            return;
        if (reply->status >= 200)
            check_final(check);
        else
            check_informational(check);
        reply->is_begun = false;
    }
}

/* A file that changes while it is sent is not finished. What was found before the request had arrived,
 * where changes are not told, may be of an older version still. */
static bool has_changed(const sim_request *request)
{
    return request->proof == SIM_PROOF_FILE &&
           sim_file_version(request->file) > (sim_files_are_told() ? request->version : 0);
}

/* A strict client has not heard everything: is there a reason? */
static bool may_end_here(const sim_check *check, bool is_reset)
{
    const sim_request *last = &check->requests[check->count - 1];
    const sim_request *request = &check->requests[check->answered];
    uint64_t begins_at = check->answered > 0 ? check->ends_at[check->answered - 1] : 0;
    if (check->is_closing)
        return true;
    if (check->is_tunnel)
        return check->tunnel_at == request->content.length || check->has_stopped;
    /* What breaks an answer off may also break off those that are on their way. */
    if (request->is_cut || (is_reset && last->is_cut) || has_changed(request))
        return true;
    for (size_t i = check->answered; is_reset && i < check->count; i++)
        if (has_changed(&check->requests[i]))
            return true;
    return check->has_stopped && !check->reply.is_begun && check->read <= begins_at;
}

void sim_check_end(sim_check *check, bool is_reset)
{
    if (check->reply.is_begun && !is_reset && sim_reply_end(&check->reply) &&
        check->reply.status >= 200) {
        check->reply.is_begun = false;
        check_final(check);
    }
    if (check->answered == check->count || check->is_closing)
        return;
    if (check->reply.is_begun && check->reply.status == check->requests[check->answered].status)
        check_content(check, &check->requests[check->answered], false);
    SIM_MUST(!check->is_strict || may_end_here(check, is_reset),
             "%s: the connection %s without an answer", name_of(check),
             is_reset ? "is reset" : "ends");
}
