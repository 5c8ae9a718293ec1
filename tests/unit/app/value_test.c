#include <string.h>

#include "exchange/client.h"
#include "unit/app/asker.h"

static const char one_key, other_key;

static hewn_response *use_values(hewn_request *rq)
{
    int one = 1, two = 2;
    assert_null(hewn_value(rq, &one_key));
    if (hewn_put_value(rq, &one_key, &one) < 0 || hewn_put_value(rq, &other_key, &two) < 0)
        return hewn_empty(rq, 503);
    assert_ptr_equal(hewn_value(rq, &one_key), &one);
    assert_ptr_equal(hewn_value(rq, &other_key), &two);
    assert_int_equal(hewn_put_value(rq, &one_key, &two), 0);
    assert_ptr_equal(hewn_value(rq, &one_key), &two);
    assert_int_equal(hewn_put_value(rq, &one_key, NULL), 0);
    assert_null(hewn_value(rq, &one_key));
    assert_ptr_equal(hewn_value(rq, &other_key), &two);
    return hewn_empty(rq, 204);
}

static hewn_response *say_client(hewn_request *rq)
{
    const char *id = hewn_id(rq);
    assert_true(hewn_id(rq) == id || hw_test_is_struck());
    assert_false(hewn_gone(rq));
    hw_exchange_note_gone(rq);
    assert_true(hewn_gone(rq));
    return hewn_textf(rq, 200, "%s %zu", hewn_peer(rq), strlen(id));
}

static void open_values(app_asker *asker)
{
    hewn_app *app = hewn_new();
    HW_NEED(app);
    hewn_get(app, "/values", use_values);
    hewn_get(app, "/client", say_client);
    asker_open(asker, app);
}

HW_TEST(values_are_found_by_their_keys)
{
    app_asker asker;
    open_values(&asker);
    assert_int_equal(ask(&asker, "GET", "/values"), 204);
    assert_int_equal(ask(&asker, "GET", "/values"), 204); /* nothing is left of the one before */
    asker_close(&asker);
}

HW_TEST(request_knows_its_client)
{
    hw_ids ids = {.seeds = {1, 2}};
    app_asker asker;
    open_values(&asker);
    asker.place.ids = &ids;
    assert_int_equal(ask(&asker, "GET", "/client"), 200);
    assert_string_equal(asker.body, "127.0.0.1 32");
    asker.place.ids = NULL;
    assert_int_equal(ask(&asker, "GET", "/client"), 200);
    assert_string_equal(asker.body, "127.0.0.1 0");
    asker_close(&asker);
}
