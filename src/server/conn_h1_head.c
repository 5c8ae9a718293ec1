/* Drives HTTP/1 connections: the head of an answer.
 *
 * The framing (RFC 9112 6, RFC 9110 8.6) is decided here alone: no handler sets Content-Length,
 * Transfer-Encoding or Connection. */
#include "http/status.h"
#include "server/conn_h1.h"

static void put_response_fields(hw_buffer *output, const hw_response *response)
{
    for (size_t i = 0; i < response->field_count; i++) {
        const hw_field *field = &response->fields[i];
        if (!hw_field_is_framing(field->id))
            hw_h1_put_field(output, field->name, field->value);
    }
}

/* The immutable part, from its memo if it has been encoded before. */
static void put_prepared(hw_buffer *output, hw_prepared *prepared)
{
    hw_text memo = prepared->memo[HW_PROTOCOL_HTTP1];
    size_t start = output->length;
    if (memo.length > 0) {
        hw_buffer_put(output, memo);
        return;
    }
    hw_h1_put_status_line(output, prepared->status);
    hw_h1_put_fields(output, prepared->fields);
    if (!output->overflow)
        hw_prepared_keep(prepared, HW_PROTOCOL_HTTP1, hw_text_from(hw_buffer_text(output), start));
}

static void put_number_field(hw_buffer *output, const char *name, uint64_t number)
{
    hw_buffer_put_string(output, name);
    hw_buffer_put_string(output, ": ");
    hw_buffer_put_decimal(output, number);
    hw_buffer_put_string(output, "\r\n");
}

/* RFC 9110 8.6, RFC 9112 6: how the client will know where the body ends. */
static void put_framing(h1_exchange *e, hw_buffer *output)
{
    const hw_response *response = &e->exchange.response;
    if (response->kind == HW_RESPONSE_TUNNEL || !hw_status_has_content(e->status))
        return;
    uint64_t length = response->body ? response->body->length : 0;
    if (length != HW_LENGTH_UNKNOWN) {
        if (!response->prepared)
            put_number_field(output, "Content-Length", length);
    } else if (e->is_http10) {
        e->closes = true;
    } else {
        e->is_chunked = true;
        hw_h1_put_field(output, HW_TEXT("Transfer-Encoding"), HW_TEXT("chunked"));
    }
}

/* RFC 9112 9.3, 9.6. */
static void put_connection(h1_exchange *e, hw_buffer *output)
{
    hw_lane *lane = e->conn->conn.lane;
    if (e->exchange.response.kind == HW_RESPONSE_TUNNEL) {
        if (e->status == 101)
            hw_h1_put_field(output, HW_TEXT("Connection"), HW_TEXT("upgrade"));
        return;
    }
    bool is_newest = e->link.next == &e->conn->queue.head;
    if (lane->is_draining && is_newest)
        e->closes = true;
    if (e->closes)
        hw_h1_put_field(output, HW_TEXT("Connection"), HW_TEXT("close"));
    else if (e->is_http10)
        hw_h1_put_field(output, HW_TEXT("Connection"), HW_TEXT("keep-alive"));
}

void hw_conn_h1_put_head(h1_exchange *e, hw_buffer *output)
{
    hw_lane *lane = e->conn->conn.lane;
    const hw_response *response = &e->exchange.response;
    if (response->prepared)
        put_prepared(output, response->prepared);
    else
        hw_h1_put_status_line(output, e->status);
    put_response_fields(output, response);
    put_framing(e, output);
    hw_buffer_put(output, hw_lane_date(lane));
    put_connection(e, output);
    hw_h1_put_head_end(output, lane->place.sink);
}
