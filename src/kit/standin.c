/* Chooses and gives what stands in for a name that leads nowhere.
 *
 * An application in a page has names of its own for its views, which no file has: who navigates to
 * one gets the page. Who asks for a script or a picture that is missing must not: it would be read as
 * what it is not, and the mistake be found in the browser's console instead of here. A navigation is
 * told by what it says itself: Accept names text/html, which requests for anything else do not, and
 * the last name has no extension. It is answered as the page itself would be, validators, conditions
 * and all, under the name that was asked for.
 *
 * 404.html is the content of a 404, and no more: without validators and ranges, which are about the
 * page, not about the name (RFC 9110 13.2.1, 15.5.5). */
#include "kit/standin.h"

#include "exchange/narrator.h"
#include "http/element.h"
#include "http/quality.h"
#include "kit/represent.h"

static const hw_text absent_page = HW_TEXT_INIT("/404.html");

static hw_text last_name(hw_text path)
{
    if (hw_text_has_suffix(path, HW_TEXT("/")))
        path = hw_text_upto(path, path.length - 1);
    size_t slash = hw_text_find_last(path, '/');
    return hw_text_from(path, slash + 1);
}

static bool may_be_view(const hw_standin *standin, const hw_request *request)
{
    hw_text name = last_name(request->below.text);
    return standin->spa.length > 0 && hw_text_find(name, '.') == name.length;
}

/* Whether Accept names it, and not with a weight of 0: a range such as any type at all does not. */
static bool names_html(hw_fields request)
{
    const hw_field *field = NULL;
    while ((field = hw_fields_next(request, HW_FIELD_ACCEPT, field))) {
        hw_cursor list = hw_cursor_of(field->value);
        hw_text element, type, parameters;
        while (hw_element_next(&list, &element)) {
            hw_element_split(element, &type, &parameters);
            if (hw_text_equal_nocase(type, HW_TEXT("text/html")))
                return hw_quality_of_media(request, HW_TEXT("text/html")) > 0;
        }
    }
    return false;
}

size_t hw_standin_list(const hw_standin *standin, const hw_request *request,
                       hw_text ret_paths[HW_STANDIN_MAX])
{
    size_t count = 0;
    if (may_be_view(standin, request) && names_html(request->fields))
        ret_paths[count++] = standin->spa;
    if (!standin->is_no_page)
        ret_paths[count++] = absent_page;
    return count;
}

static void answer_absent_page(hw_exchange *exchange, hw_entry *entry)
{
    hw_response *response = &exchange->response;
    hw_range all = {0, entry->file.length};
    hw_source *body = hw_entry_body(entry, &entry->file, all, &exchange->arena);
    hw_response_start(response, 404);
    hw_response_add(response, HW_FIELD_CONTENT_TYPE, entry->file.whole.fields.at[0].value);
    hw_response_take_body(response, body);
    hw_policy_put(entry->policy, response);
}

void hw_standin_answer(const hw_standin *standin, hw_exchange *exchange, hw_entry *entry)
{
    hw_exchange_tell(exchange, "stand-in", "'%s' is answered in its place", entry->name);
    if (hw_text_equal(entry->path, standin->spa))
        hw_represent(exchange, entry);
    else
        answer_absent_page(exchange, entry);
    hw_standin_put_vary(standin, exchange);
}

void hw_standin_put_vary(const hw_standin *standin, hw_exchange *exchange)
{
    if (may_be_view(standin, &exchange->request))
        hw_response_add_name(&exchange->response, HW_TEXT("Vary"), HW_TEXT("Accept"));
}
