/* Writes the bodies of errors: for programs problem details (RFC 9457), for people a small page.
 *
 * Who asks says which it wants (Accept, RFC 9110 12.5.1): a browser puts HTML first, everybody else
 * gets JSON. The type of the problem is left out, which says that its title is the status's. */
#include "app/problem.h"

#include "app/dispatch.h"
#include "app/writer.h"
#include "http/quality.h"
#include "http/status.h"

static const hw_text html_type = HW_TEXT_INIT("text/html; charset=utf-8");
static const hw_text problem_type = HW_TEXT_INIT("application/problem+json");

static bool wants_page(hw_fields fields)
{
    int page = hw_quality_of_media(fields, html_type);
    return page > hw_quality_of_media(fields, problem_type) &&
           page > hw_quality_of_media(fields, HW_TEXT("application/json"));
}

static void write_problem(hw_writer *out, int status, const char *detail)
{
    hw_writer_put(out, HW_TEXT("{\"title\":"));
    hw_writer_put_json(out, hw_text_of(hw_status_reason(status)), true);
    hw_writer_put(out, HW_TEXT(",\"status\":"));
    hw_writer_put_unsigned(out, (unsigned)status);
    if (detail) {
        hw_writer_put(out, HW_TEXT(",\"detail\":"));
        hw_writer_put_json(out, hw_text_of(detail), true);
    }
    hw_writer_put(out, HW_TEXT("}\n"));
}

static void write_title(hw_writer *out, int status)
{
    hw_writer_put_unsigned(out, (unsigned)status);
    hw_writer_put(out, HW_TEXT(" "));
    hw_writer_put_html(out, hw_text_of(hw_status_reason(status)));
}

static void write_page(hw_writer *out, int status, const char *detail)
{
    hw_writer_put(
        out, HW_TEXT("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>"));
    write_title(out, status);
    hw_writer_put(out, HW_TEXT("</title>\n<h1>"));
    write_title(out, status);
    hw_writer_put(out, HW_TEXT("</h1>\n"));
    if (detail) {
        hw_writer_put(out, HW_TEXT("<p>"));
        hw_writer_put_html(out, hw_text_of(detail));
        hw_writer_put(out, HW_TEXT("</p>\n"));
    }
    hw_writer_put(out, HW_TEXT("</html>\n"));
}

void hw_problem_put(hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    bool is_page = wants_page(exchange->request.fields);
    hw_writer out;
    hw_writer_init(&out, &exchange->arena);
    if (is_page)
        write_page(&out, response->status, response->detail);
    else
        write_problem(&out, response->status, response->detail);
    hw_text body = hw_writer_text(&out);
    if (!body.at) {
        response->is_broken = true;
        return;
    }
    hw_response_set_name(response, HW_TEXT("Content-Type"), is_page ? html_type : problem_type);
    hw_response_add_name(response, HW_TEXT("Vary"), HW_TEXT("Accept"));
    hw_response_set_bytes(response, body);
}

/* The body is made when the response has been returned: the app's own page may take its place. */
static hewn_response *start_error(hewn_request *rq, int status, const char *detail)
{
    hw_response_start(&rq->response, status);
    if (status < 400 || status > 599)
        hw_dispatch_misuse(rq, "an error has a status from 400 to 599");
    rq->response.detail = detail;
    return &rq->response;
}

hewn_response *hewn_error(hewn_request *rq, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *detail = hw_arena_formatv(&rq->arena, format, args);
    va_end(args);
    hewn_response *response = start_error(rq, status, detail && *detail ? detail : NULL);
    if (!detail)
        response->is_broken = true;
    return response;
}

/* What a client can be told of it. */
static int choose_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return 404;
    case EACCES:
    case EPERM:
        return 403;
    case EEXIST:
        return 409;
    case EMSGSIZE:
    case EFBIG:
        return 413;
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return 503;
    case ETIMEDOUT:
        return 504;
    case ENOSPC:
    case EDQUOT:
        return 507;
    default:
        return 500;
    }
}

hewn_response *hewn_errno(hewn_request *rq, int error)
{
    int positive = error < 0 ? -error : error;
    hewn_response *response = start_error(rq, choose_status(positive), NULL);
    if (positive > 0)
        hw_sink_fault(rq->place->sink, positive, rq->request.raw_target.at, "%s",
                      hw_error_words(-positive));
    else
        hw_dispatch_misuse(rq, "hewn_errno of 0, which is no error");
    return response;
}
