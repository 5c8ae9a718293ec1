/* Judges requests before the answerer hears of them, and what it plans for their bodies. */
#include "server/judge.h"

#include "base/number.h"
#include "http/authority.h"
#include "http/status.h"
#include "net/tls.h"

const hw_problem hw_judge_no_memory = {503, "out of memory", "RFC 9110 15.6.4"};
const hw_problem hw_judge_too_long = {413, "the content is too long", "RFC 9110 15.5.14"};
const hw_problem hw_judge_expectation = {417, "unknown expectation", "RFC 9110 10.1.1"};
const hw_problem hw_judge_in_clear = {421, "https asked for without TLS", "RFC 9110 7.4"};

/* RFC 9110 7.4: a connection is for the names of its certificate alone. */
static bool is_misdirected(const hw_tls_facts *facts, hw_text authority)
{
    hw_text host, port;
    return hw_authority_split(authority, &host, &port) && !hw_tls_facts_serves(facts, host);
}

const hw_problem *hw_judge_stream(hw_exchange *exchange, const hw_stream *stream)
{
    static const hw_problem elsewhere = {421, "this connection is for another host",
                                         "RFC 9110 7.4"};
    hw_request *request = &exchange->request;
    request->https_port = stream->https_port;
    request->is_secure = stream->is_secure;
    request->client_name = (hw_text){0};
    if (!stream->is_secure)
        return NULL;
    const hw_tls_facts *facts = stream->ops->facts(stream);
    hw_text client = hw_tls_facts_client(facts);
    if (client.length > 0 && !hw_arena_copy_text(&exchange->arena, client, &request->client_name))
        return &hw_judge_no_memory;
    return is_misdirected(facts, request->host) ? &elsewhere : NULL;
}

const hw_problem *hw_judge_body(hw_exchange *exchange)
{
    const hw_body_plan *plan = &exchange->plan;
    uint64_t length = exchange->request.content_length;
    if (plan->kind == HW_PLAN_NONE)
        return NULL;
    if (length != HW_LENGTH_UNKNOWN && length > plan->limit)
        return &hw_judge_too_long;
    if (plan->kind == HW_PLAN_BUFFER)
        exchange->arena.bytes_max += (size_t)hw_number_min(plan->limit, SIZE_MAX / 8) * 2;
    return hw_exchange_expect(exchange) < 0 ? &hw_judge_no_memory : NULL;
}

void hw_judge_answer(hw_exchange *exchange, const hw_problem *problem)
{
    char words[160];
    hw_buffer buffer = HW_BUFFER_OVER(words);
    hw_buffer_put_format(&buffer, "%s: %s (%s)", hw_status_reason(problem->status), problem->reason,
                         problem->section);
    hw_response_plain(&exchange->response, problem->status, hw_buffer_string(&buffer));
    exchange->is_answered = true;
}
