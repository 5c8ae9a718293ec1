/* Sends clients from HTTP in clear to https (RFC 9110 15.4.9).
 *
 * The host is the one the client has named, for nobody else knows by which of its names a server was
 * asked; the path and the query go along as they were sent. The application does not hear of it.
 *
 * Behind a trusted proxy that speaks TLS itself, what has come to it by https is not sent there again and
 * again: it is answered (exchange/client.h). */
#include "server/redirect.h"

#include "http/authority.h"

enum { HTTPS_PORT = 443 };

void hw_redirect_answer(hw_exchange *exchange)
{
    const hw_request *request = &exchange->request;
    const hw_target *target = &request->target;
    hw_text host, port;
    char memory[8] = "";
    hw_buffer number = HW_BUFFER_OVER(memory);
    if (target->form == HW_TARGET_AUTHORITY) {
        hw_response_plain(&exchange->response, 400, "Bad Request: this is no proxy");
        return;
    }
    if (request->host.length == 0 || !hw_authority_split(request->host, &host, &port)) {
        hw_response_plain(&exchange->response, 400,
                          "Bad Request: which host? It is served by https");
        return;
    }
    if (request->https_port != HTTPS_PORT)
        hw_buffer_put_format(&number, ":%u", request->https_port);
    const char *location =
        hw_arena_format(&exchange->arena, "https://%.*s%.*s%.*s%s%.*s", HW_TEXT_ARGS(host),
                        HW_TEXT_ARGS(hw_buffer_text(&number)), HW_TEXT_ARGS(target->path),
                        target->has_query ? "?" : "", HW_TEXT_ARGS(target->query));
    if (!location) {
        hw_response_plain(&exchange->response, 503, NULL);
        return;
    }
    hw_response_plain(&exchange->response, 308, NULL);
    hw_response_add(&exchange->response, HW_FIELD_LOCATION, hw_text_of(location));
}
