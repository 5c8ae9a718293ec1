/* Says that an exchange is over: one record, to whoever listens. */
#include "exchange/record.h"

#include "exchange/client.h"

static hw_text value_of(const hw_exchange *exchange, hw_field_id id)
{
    const hw_field *field = hw_fields_find(exchange->request.fields, id);
    return field ? field->value : (hw_text){0};
}

void hw_record_put(hw_exchange *exchange, int status, bool is_complete, uint64_t bytes_out,
                   int64_t now_ns)
{
    const hw_request *request = &exchange->request;
    const hw_sink *sink = exchange->place->sink;
    hw_sink_step(sink, "exchange/record",
                 "one immutable record -> sink: access log, metrics, tests");
    if (!sink || !sink->records)
        return;
    hw_record record = {
        .method = request->method_name,
        .target = request->raw_target,
        .protocol = request->protocol,
        .peer = hw_exchange_peer(exchange),
        .host = request->host,
        .referer = value_of(exchange, HW_FIELD_REFERER),
        .user_agent = value_of(exchange, HW_FIELD_USER_AGENT),
        .status = status,
        .is_complete = is_complete,
        .bytes_in = exchange->fed,
        .bytes_out = bytes_out,
        .us = (uint64_t)(now_ns - exchange->began_ns) / 1000,
        .at_ms = exchange->now_ms,
        .id = hw_text_of(request->id),
    };
    hw_sink_put(sink, HW_SINK_RECORD, &record);
}
