/* What an application costs beside a file: a route with a parameter, a middleware around it, and an
 * answer in JSON, which is the file of the same path in the folder of the benchmarks. */
#include "hewn.h"

static hewn_response *mark(hewn_request *rq, hewn_next *next, void *arg)
{
    hewn_response *rs = hewn_run_next(rq, next);
    (void)arg;
    hewn_set(rs, "X-Marked", "yes");
    return rs;
}

static hewn_response *hello(hewn_request *rq)
{
    return hewn_jsonf(rq, 200, "{'hello': %s}", hewn_param(rq, "name"));
}

int main(int argc, char **argv)
{
    hewn_app *app = hewn_new();
    hewn_use(app, mark, NULL);
    hewn_get(app, "/hello/{name}", hello);
    return hewn_main(app, argc, argv);
}
