/* Makes the paths of named routes: a program that renames a path renames it once. */
#include <stdarg.h>
#include <string.h>

#include "app/dispatch.h"
#include "base/assert.h"

/* The app of the request first, then those it is mounted in. */
static const hw_route *find_named(const hewn_app *app, hw_text name, const hewn_app **ret_app)
{
    const hw_route *route = NULL;
    for (; app && !route; app = app->around ? app->around->owner : NULL) {
        route = hw_map_get(&app->names, name);
        *ret_app = app;
    }
    return route;
}

/* A parameter's value with all that has a meaning in a path encoded, "/" too; {rest...} may have
 * slashes. What could not be the value of such a segment is refused, for the path would lead
 * elsewhere. */
static bool put_value(hw_buffer *out, const hw_part *part, hw_text value)
{
    long long number;
    hw_cursor segments = hw_cursor_of(value);
    if (part->kind == HW_PART_INT)
        return hw_pattern_read_int(value, &number) && (hw_buffer_put(out, value), true);
    if (part->kind == HW_PART_TEXT &&
        (value.length == 0 || hw_text_find(value, '/') < value.length))
        return false;
    while (!hw_cursor_at_end(&segments)) {
        hw_text segment = hw_cursor_take_until(&segments, '/');
        bool is_last = !hw_cursor_take(&segments, '/');
        if (segment.length == 0 || hw_text_equal(segment, HW_TEXT(".")) ||
            hw_text_equal(segment, HW_TEXT("..")))
            return false;
        hw_path_encode(out, segment);
        if (!is_last)
            hw_buffer_put_char(out, '/');
    }
    return true;
}

static bool put_parts(hw_buffer *out, const hw_pattern *pattern, va_list values)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const hw_part *part = &pattern->parts[i];
        hw_buffer_put_char(out, '/');
        if (part->kind == HW_PART_LITERAL) {
            hw_path_encode(out, part->text);
            continue;
        }
        const char *value = va_arg(values, const char *);
        if (!value || !put_value(out, part, hw_text_of(value)))
            return false;
    }
    return va_arg(values, const char *) == NULL;
}

/* Three letters for each byte, and a slash for each part. */
static size_t count_room(const hewn_app *app, const hw_pattern *pattern, va_list values)
{
    size_t bytes = app->base.length + pattern->text.length;
    for (size_t i = 0; i < pattern->count; i++) {
        bytes++;
        if (pattern->parts[i].kind == HW_PART_LITERAL)
            continue;
        const char *value = va_arg(values, const char *);
        if (!value)
            break;
        bytes += strlen(value);
    }
    return bytes * 3 + 1;
}

const char *hewn_url_for(hewn_request *rq, const char *route_name, ...)
{
    const hewn_app *app;
    const hw_route *route = find_named(hewn_app_of(rq), hw_text_of(route_name), &app);
    if (!route) {
        hw_dispatch_misuse(rq, "hewn_url_for: no route has this name");
        return "";
    }
    va_list values;
    va_start(values, route_name);
    size_t room = count_room(app, &route->pattern, values);
    va_end(values);
    hw_buffer url = hw_buffer_over(hw_arena_alloc(&rq->arena, room), room);
    if (!url.at) {
        rq->response.is_broken = true;
        return "";
    }
    hw_path_encode(&url, app->base);
    va_start(values, route_name);
    bool is_good = put_parts(&url, &route->pattern, values);
    va_end(values);
    if (!is_good)
        hw_dispatch_misuse(rq, "hewn_url_for: a value that the pattern does not match, too few, or "
                               "too many");
    return is_good ? hw_buffer_string(&url) : "";
}
