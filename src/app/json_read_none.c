/* Where the library was built without Jansson (Meson option `json`) no JSON is read, and whoever
 * sends some is told so. */
#include "app/json.h"

const hewn_json *hw_json_read(hw_arena *arena, hw_text text, hw_body_problem *ret_problem)
{
    (void)arena, (void)text;
    *ret_problem =
        (hw_body_problem){501, "this server was built without Jansson, which reads JSON", NULL};
    return NULL;
}
