// The library from C++17, where options are structs: curl -X POST 127.0.0.1:9000/visits/Ada
#include <cerrno>
#include <map>
#include <mutex>
#include <new>
#include <string>

#include "hewn.h"

namespace
{

class visits
{
  public:
    int add(const std::string &name)
    {
        const std::lock_guard<std::mutex> guard(lock); // handlers run on several threads
        return ++counts[name];
    }

    std::map<std::string, int> all()
    {
        const std::lock_guard<std::mutex> guard(lock);
        return counts;
    }

  private:
    std::mutex lock;
    std::map<std::string, int> counts;
};

visits &visits_of(const hewn_request *rq)
{
    return *static_cast<visits *>(hewn_state(rq));
}

hewn_response *count_visit(hewn_request *rq)
{
    const char *name = hewn_param(rq, "name");
    return hewn_jsonf(rq, 201, "{'name': %s, 'visits': %d}", name, visits_of(rq).add(name));
}

hewn_response *list_visits(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '{');
    for (const auto &[name, count] : visits_of(rq).all())
        hewn_json_add(writer, "%s: %d", name.c_str(), count);
    return hewn_json_send(writer, 200);
}

// A handler of the library, which is C: no exception gets past it.
template <hewn_response *(*answer)(hewn_request *)> hewn_response *guarded(hewn_request *rq)
{
    try {
        return answer(rq);
    } catch (const std::bad_alloc &) {
        return hewn_errno(rq, ENOMEM);
    } catch (...) {
        return hewn_empty(rq, 500);
    }
}

void add_route(hewn_app *app, const char *method, const char *pattern, hewn_handler *handler)
{
    hewn_route route = {};
    route.size = sizeof route;
    route.handler = handler;
    hewn_route_add(app, method, pattern, &route, __FILE__, __LINE__);
}

} // namespace

int main(int argc, char **argv)
{
    visits all;
    hewn_app_opts opts = {};
    opts.size = sizeof opts;
    opts.state = &all;
    hewn_app *app = hewn_app_new(&opts);
    add_route(app, "GET", "/visits", guarded<list_visits>);
    add_route(app, "POST", "/visits/{name}", guarded<count_visit>);
    return hewn_main(app, argc, argv);
}
