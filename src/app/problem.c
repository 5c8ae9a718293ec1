/* Writes the bodies of errors. */
#include "app/problem.h"

#include "http/status.h"

void hw_problem_put(hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    const char *words = response->detail ? response->detail : hw_status_reason(response->status);
    char *bytes = hw_arena_format(&exchange->arena, "%s\n", words);
    if (!bytes) {
        response->is_broken = true;
        return;
    }
    hw_response_set_name(response, HW_TEXT("Content-Type"), HW_TEXT("text/plain; charset=utf-8"));
    hw_response_set_bytes(response, hw_text_of(bytes));
}
