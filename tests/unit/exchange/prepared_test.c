#include "exchange/prepared.h"

#include "seam/seam.h"
#include "unit/http/http_harness.h"

#include <string.h>

HW_TEST(prepared_keeps_one_encoding_a_protocol)
{
    hw_arena arena;
    hw_prepared prepared;
    hw_arena_init(&arena, 512, 512);
    hw_prepared_init(&prepared, 404, FIELDS(FIELD(ETAG, "\"x\"")), &arena);
    assert_int_equal(prepared.status, 404);
    assert_int_equal(prepared.fields.count, 1);
    assert_int_equal(prepared.memo[HW_PROTOCOL_HTTP1].length, 0);
    char encoding[] = "HTTP/1.1 404";
    hw_prepared_keep(&prepared, HW_PROTOCOL_HTTP1, hw_text_of(encoding));
    if (prepared.memo[HW_PROTOCOL_HTTP1].length == 0)
        hw_test_out_of_memory();
    memset(encoding, 'x', sizeof encoding - 1);
    assert_text(prepared.memo[HW_PROTOCOL_HTTP1], "HTTP/1.1 404");
    assert_int_equal(prepared.memo[HW_PROTOCOL_HTTP2].length, 0);
    hw_arena_fini(&arena);
}

HW_TEST(prepared_without_memory_is_simply_not_kept)
{
    hw_arena arena;
    hw_prepared prepared;
    hw_arena_init(&arena, 512, 512);
    hw_prepared_init(&prepared, 200, NO_FIELDS, &arena);
    hw_seam_fail_allocation(1);
    hw_prepared_keep(&prepared, HW_PROTOCOL_HTTP1, HW_TEXT("HTTP/1.1 200"));
    assert_int_equal(prepared.memo[HW_PROTOCOL_HTTP1].length, 0);
    hw_prepared_keep(&prepared, HW_PROTOCOL_HTTP1, HW_TEXT("HTTP/1.1 200"));
    assert_text(prepared.memo[HW_PROTOCOL_HTTP1], "HTTP/1.1 200");
    hw_arena_fini(&arena);
}

HW_TEST(prepared_does_not_keep_what_its_arena_has_no_room_for)
{
    static const char longest[1024] = "x";
    hw_arena arena;
    hw_prepared prepared;
    hw_arena_init(&arena, 512, 512);
    hw_prepared_init(&prepared, 200, NO_FIELDS, &arena);
    hw_prepared_keep(&prepared, HW_PROTOCOL_HTTP1, (hw_text){longest, sizeof longest});
    assert_int_equal(prepared.memo[HW_PROTOCOL_HTTP1].length, 0);
    hw_prepared_init(&prepared, 200, NO_FIELDS, NULL);
    hw_prepared_keep(&prepared, HW_PROTOCOL_HTTP1, HW_TEXT("HTTP/1.1 200"));
    assert_int_equal(prepared.memo[HW_PROTOCOL_HTTP1].length, 0);
    hw_arena_fini(&arena);
}
