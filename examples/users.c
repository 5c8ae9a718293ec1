/* The tutorial's users: curl 127.0.0.1:9000/users/1 */
#include "hewn.h"

struct user {
    hewn_int id;
    const char *name;
};

static const struct user users[] = {{1, "Jim"}, {2, "Bruce"}, {3, "Dick"}};
enum { USER_COUNT = sizeof users / sizeof users[0] };

static hewn_response *list_users(hewn_request *rq)
{
    hewn_json_writer *writer = hewn_json_begin(rq, '{');
    hewn_json_open(writer, "users", '[');
    for (size_t i = 0; i < USER_COUNT; i++)
        hewn_json_add(writer, "{'id': %lld, 'name': %s}", users[i].id, users[i].name);
    return hewn_json_send(writer, 200);
}

static hewn_response *show_user(hewn_request *rq)
{
    hewn_int id = hewn_param_int(rq, "user_id");
    for (size_t i = 0; i < USER_COUNT; i++)
        if (users[i].id == id)
            return hewn_jsonf(rq, 200, "{'user': {'id': %lld, 'name': %s}}", id, users[i].name);
    return hewn_jsonf(rq, 404, "{'error': 'Not found'}");
}

int main(int argc, char **argv)
{
    hewn_app *api = hewn_new();
    hewn_get(api, "/users", list_users);
    hewn_get(api, "/users/{user_id:int}", show_user, .name = "user");
    return hewn_main(api, argc, argv); /* 405 with Allow, HEAD and OPTIONS come by themselves */
}
