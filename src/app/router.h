/* Where a path leads in an application: to routes that stand at exactly this path, or to an
 * answerer that is mounted over it. */
#ifndef HW_APP_ROUTER_H
#define HW_APP_ROUTER_H

#include "base/arena.h"
#include "base/map.h"
#include "exchange/answerer.h"
#include "hewn.h"
#include "http/method.h"
#include "http/path.h"

typedef struct hw_route hw_route;
struct hw_route {
    hw_answerer answerer; /* its arg is the route */
    hw_pace pace;
    hewn_app *app;
    hw_route *next;      /* another method of the same spot */
    hw_text method_name; /* "*" is any */
    hw_text pattern;
    hewn_handler *handler;
    void *arg;
    uint64_t body_bytes_max;
    const char *file; /* where it is written */
    int line;
};

/* One path that has routes, with what is automatic there. */
typedef struct hw_spot {
    hw_route *routes;
    hw_text allow;        /* the value of its Allow field */
    hw_answerer refuse;   /* 405 */
    hw_answerer describe; /* OPTIONS */
} hw_spot;

typedef struct hw_mount {
    hw_answerer answerer;
    hw_answerer redirect; /* from "/x" to "/x/" */
    void (*fini)(void *arg);
    hw_text prefix;
} hw_mount;

/* A segment of the tree; the root is the empty one. */
typedef struct hw_node hw_node;
struct hw_node {
    hw_map children; /* a segment to its node */
    hw_spot file;    /* "/x" */
    hw_spot folder;  /* "/x/"; of the root "/" */
    hw_mount *mount;
    hw_node *next; /* every node of the router, so that they can be freed without recursion */
};

typedef struct hw_router {
    hw_node root;
} hw_router;

/* What a path led to: at most one of the three is set. */
typedef struct hw_found {
    const hw_spot *spot;   /* routes stand here */
    const hw_mount *mount; /* it answers; the path below it begins at below_at */
    const hw_mount *bare;  /* its prefix without a slash */
    size_t below_at;
} hw_found;

/* What is wrong with a literal path as a pattern, in words; NULL: nothing. */
const char *hw_pattern_problem(hw_text pattern);

void hw_router_init(hw_router *router);
/* Frees the tables; calls the mounts' fini. Nodes and texts are the arena's. */
void hw_router_fini(hw_router *router);

/* The spot (the node) of a pattern without problem, made if it is not there; NULL: no memory. */
hw_spot *hw_router_spot(hw_router *router, hw_arena *arena, hw_text pattern);
hw_node *hw_router_node(hw_router *router, hw_arena *arena, hw_text pattern);

hw_found hw_router_find(const hw_router *router, hw_path path);
/* What every path leads to, all of it below: an application that only serves a folder has nothing
 * else. NULL: it is to be found. */
static inline const hw_mount *hw_router_sole(const hw_router *router)
{
    const hw_node *root = &router->root;
    return root->children.count == 0 && !root->folder.routes ? root->mount : NULL;
}

/* The route of a spot for a method, or NULL: its own, for HEAD that of GET, or that of any. */
hw_route *hw_spot_route(const hw_spot *spot, hw_text method_name);

/* Adds a method to an Allow list, once. 0, or -ENOMEM. */
int hw_allow_add(hw_arena *arena, hw_text *allow, const char *method_name);

#endif
