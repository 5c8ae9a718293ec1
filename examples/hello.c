#include "hewn.h" /* the smallest application: curl '127.0.0.1:9000/?name=Ada' */

static hewn_response *hello(hewn_request *rq)
{
    return hewn_textf(rq, 200, "Hello, %s!\n", hewn_or(hewn_query(rq, "name"), "world"));
}

int main(int argc, char **argv)
{
    hewn_app *app = hewn_new();
    hewn_get(app, "/", hello);
    return hewn_main(app, argc, argv); /* ./hello --listen 8080 --dev */
}
