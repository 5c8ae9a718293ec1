/* Finds the application of a host: a name as it is, then what it is below, the longest first.
 *
 * Names are compared without case (RFC 9110 4.2.3) and without the dot of the root at their end
 * (RFC 3986 3.2.2), which the Host field of some clients has. */
#include "app/hosts.h"

#include <errno.h>

#include "http/authority.h"

void hw_hosts_fini(hw_hosts *hosts)
{
    hw_map_fini(&hosts->names);
    hw_map_fini(&hosts->suffixes);
}

static hw_text strip_wildcard(hw_text name)
{
    return hw_text_has_prefix(name, HW_TEXT("*.")) ? hw_text_from(name, 2) : name;
}

const char *hw_host_problem(hw_text name)
{
    hw_text host, port;
    hw_text plain = strip_wildcard(name);
    if (!hw_authority_split(plain, &host, &port) || hw_text_find(plain, '*') < plain.length)
        return "is no host: \"example.org\", or \"*.example.org\" for all that are below it";
    if (port.length > 0 || host.length != plain.length)
        return "has a port, which does not decide";
    if (host.length > HW_HOST_BYTES_MAX || hw_text_has_suffix(host, HW_TEXT(".")))
        return "is too long for a host, or ends with a dot";
    return NULL;
}

/* The name in lower case, in memory of HW_HOST_BYTES_MAX bytes; empty when it is too long. */
static hw_text fold_host(hw_text host, char *memory)
{
    if (hw_text_has_suffix(host, HW_TEXT(".")))
        host.length--;
    if (host.length > HW_HOST_BYTES_MAX)
        return (hw_text){0};
    for (size_t i = 0; i < host.length; i++)
        memory[i] = hw_char_lower(host.at[i]);
    return (hw_text){memory, host.length};
}

int hw_hosts_add(hw_hosts *hosts, hw_arena *arena, hw_text name, hewn_app *app)
{
    char memory[HW_HOST_BYTES_MAX];
    hw_text plain = strip_wildcard(name), key;
    hw_map *map = plain.length < name.length ? &hosts->suffixes : &hosts->names;
    if (!hw_arena_copy_text(arena, fold_host(plain, memory), &key))
        return -ENOMEM;
    return hw_map_get(map, key) ? -EEXIST : hw_map_put(map, key, app);
}

hewn_app *hw_hosts_find(const hw_hosts *hosts, hw_text authority)
{
    char memory[HW_HOST_BYTES_MAX];
    hw_text host, port;
    if (!hw_authority_split(authority, &host, &port))
        return NULL;
    host = fold_host(host, memory);
    hewn_app *app = hw_map_get(&hosts->names, host);
    while (!app && hosts->suffixes.count > 0 && host.length > 0) {
        host = hw_text_from(host, hw_text_find(host, '.') + 1);
        app = hw_map_get(&hosts->suffixes, host);
    }
    return app;
}
