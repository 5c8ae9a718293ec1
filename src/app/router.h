/* Where a path leads in an application: to routes whose pattern matches it, or to an answerer that
 * is mounted over it. */
#ifndef HW_APP_ROUTER_H
#define HW_APP_ROUTER_H

#include "app/pattern.h"
#include "app/reply.h"
#include "base/map.h"

typedef struct hw_route hw_route;
struct hw_route {
    hw_reply reply;      /* its inner answerer runs the handler */
    hw_route *next;      /* another method of the same spot */
    hw_text method_name; /* "*" is any */
    hw_pattern pattern;
    hewn_handler *handler;
    void *arg;
    uint64_t body_bytes_max;
    bool reads_body;              /* as it comes */
    hewn_middleware *const *with; /* around the handler alone; NULL-terminated, or NULL */
    hw_text name;                 /* for hewn_url_for; empty: none */
    const char *file;             /* where it is written */
    int line;
};

/* The paths of one pattern, with what is automatic there. */
typedef struct hw_spot hw_spot;
struct hw_spot {
    hw_pattern pattern; /* of its first route */
    hw_route *routes;
    hw_spot *wider;    /* of the patterns that match all its paths and more, the one with fewest */
    hw_spot *next;     /* every spot of the router */
    hw_text allow;     /* the value of its Allow field */
    hw_reply refuse;   /* 405 */
    hw_reply describe; /* OPTIONS */
};

typedef struct hw_mount {
    hw_reply reply;
    hw_reply redirect; /* from "/x" to "/x/" */
    void (*fini)(void *arg);
    hw_text prefix;
    hewn_app *app;         /* what is mounted, if it is one */
    struct hw_mount *next; /* every mount of the router */
} hw_mount;

/* A segment of the tree; the root stands before the first one. */
typedef struct hw_node hw_node;
struct hw_node {
    hw_map children;          /* a segment to its node */
    hw_node *integer, *other; /* what {name:int} and {name} lead to */
    hw_spot *here;            /* the path ends with this segment */
    hw_spot *folder;          /* one "/" follows */
    hw_spot *rest;            /* {name...} follows */
    hw_mount *mount;
    hw_node *next; /* every node of the router, so that they can be freed without recursion */
};

typedef struct hw_router {
    hw_node root;
    hw_spot *spots;
    hw_mount *mounts;
} hw_router;

/* What a path led to: at most one of the three is set. */
typedef struct hw_found {
    const hw_spot *spot;   /* routes stand here */
    const hw_mount *mount; /* it answers; the path below it begins at below_at */
    const hw_mount *bare;  /* its prefix without a slash */
    size_t below_at;
} hw_found;

void hw_router_init(hw_router *router);
/* Frees the tables; calls the mounts' fini. Nodes, spots and texts are the arena's. */
void hw_router_fini(hw_router *router);

/* The spot of a pattern, made if it is not there. -ENOMEM; -EEXIST: ret_spot is one that has paths
 * in common with it, and neither pattern says more. */
int hw_router_spot(hw_router *router, hw_arena *arena, const hw_pattern *pattern,
                   hw_spot **ret_spot);
/* Mounts at a prefix. -ENOMEM; -EEXIST: there is one already. */
int hw_router_mount(hw_router *router, hw_arena *arena, hw_mount *mount);

hw_found hw_router_find(const hw_router *router, hw_path path);
/* What every path leads to, all of it below: an application that only serves a folder has nothing
 * else. NULL: it is to be found. */
static inline const hw_mount *hw_router_sole(const hw_router *router)
{
    return !router->spots && router->root.children.count == 0 ? router->root.mount : NULL;
}

/* The route of a spot for a method, or NULL: its own, for HEAD that of GET, or that of any; where
 * it has none the same of the next wider one. */
const hw_route *hw_spot_route(const hw_spot *spot, hw_text method_name);

/* Adds a method to an Allow list, once. 0, or -ENOMEM. */
int hw_allow_add(hw_arena *arena, hw_text *allow, hw_text method_name);

#endif
