/* Applications by the host a request names. */
#ifndef HW_APP_HOSTS_H
#define HW_APP_HOSTS_H

#include "base/arena.h"
#include "base/map.h"
#include "hewn.h"

#define HW_HOST_BYTES_MAX 253 /* RFC 1035 2.3.4, spelled */

/* Names in lower case to hewn_app. */
typedef struct hw_hosts {
    hw_map names;    /* "example.org" */
    hw_map suffixes; /* "example.org" of "*.example.org" */
} hw_hosts;

void hw_hosts_fini(hw_hosts *hosts);
/* What is wrong with a name, "example.org" or "*.example.org", in words; NULL: nothing. */
const char *hw_host_problem(hw_text name);
/* 0, -ENOMEM, or -EEXIST: the name is taken. */
int hw_hosts_add(hw_hosts *hosts, hw_arena *arena, hw_text name, hewn_app *app);
/* The app of an authority, whose port does not matter: by its name, or by the longest "*." that it
 * ends with. NULL: none. */
hewn_app *hw_hosts_find(const hw_hosts *hosts, hw_text authority);

#endif
