#include "exchange/response.h"

#include "seam/seam.h"
#include "unit/http/http_harness.h"

typedef struct counted_source {
    hw_source source;
    int drops;
} counted_source;

static hw_pull pull_end(hw_source *source, size_t want, hw_piece *ret_piece)
{
    (void)source;
    (void)want;
    *ret_piece = (hw_piece){0};
    return HW_PULL_END;
}

static void count_drop(hw_source *source)
{
    ((counted_source *)source)->drops++;
}

static const hw_source_ops counted_ops = {.pull = pull_end, .drop = count_drop};

static hw_response begin_response(hw_arena *arena)
{
    hw_arena_init(arena, 512, 64 * 1024);
    return (hw_response){.arena = arena};
}

static hw_fields fields_of(const hw_response *response)
{
    return hw_fields_of(response->fields, response->field_count);
}

static void need_whole(const hw_response *response)
{
    if (response->is_broken)
        hw_test_out_of_memory();
}

HW_TEST(response_starts_over)
{
    hw_arena arena;
    hw_response response = begin_response(&arena);
    counted_source body = {.source = {.ops = &counted_ops}}, next = body;
    hw_prepared prepared;
    hw_prepared_init(&prepared, 304, NO_FIELDS, NULL);
    hw_response_start(&response, 200);
    hw_response_add(&response, HW_FIELD_ETAG, HW_TEXT("\"x\""));
    hw_response_add(&response, HW_FIELD_ETAG, HW_TEXT("\r"));
    hw_response_take_body(&response, &body.source);
    assert_true(response.is_broken);
    hw_response_start_prepared(&response, &prepared, &next.source);
    assert_int_equal(body.drops, 1);
    assert_int_equal(response.kind, HW_RESPONSE_MESSAGE);
    assert_int_equal(response.status, 304);
    assert_ptr_equal(response.prepared, &prepared);
    assert_int_equal(response.field_count, 0);
    assert_ptr_equal(response.body, &next.source);
    assert_false(response.is_broken);
    hw_response_start(&response, 204);
    assert_int_equal(next.drops, 1);
    assert_null(response.body);
    assert_null(response.prepared);
    assert_int_equal(response.status, 204);
    assert_int_equal(body.drops, 1);
    hw_arena_fini(&arena);
}

HW_TEST(response_with_a_prepared_head_and_no_memory_for_its_body_is_broken)
{
    hw_arena arena;
    hw_response response = begin_response(&arena);
    hw_prepared prepared;
    hw_prepared_init(&prepared, 200, NO_FIELDS, NULL);
    hw_response_start_prepared(&response, &prepared, NULL);
    assert_true(response.is_broken);
    assert_null(response.prepared);
    hw_arena_fini(&arena);
}

HW_TEST(response_has_as_many_fields_as_are_added)
{
    hw_arena arena;
    hw_response response = begin_response(&arena);
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    hw_response_start(&response, 200);
    for (size_t i = 0; i < sizeof digits - 1; i++)
        hw_response_add_name(&response, HW_TEXT("X-Row"), (hw_text){digits + i, 1});
    hw_response_add(&response, HW_FIELD_VARY, HW_TEXT("Accept"));
    hw_response_add_name(&response, HW_TEXT("etag"), HW_TEXT("\"x\""));
    need_whole(&response);
    assert_int_equal(response.field_count, sizeof digits + 1);
    for (size_t i = 0; i < sizeof digits - 1; i++)
        assert_int_equal(response.fields[i].value.at[0], digits[i]);
    assert_text(response.fields[sizeof digits - 1].name, "Vary");
    assert_int_equal(response.fields[sizeof digits].id, HW_FIELD_ETAG);
    hw_arena_fini(&arena);
}

HW_TEST(response_refuses_what_would_split_the_head)
{
    static const char *const names[] = {"", "a b", "a:", "a\r", "\xc3\xa4"};
    static const char *const values[] = {"a\r\nb", "a\nb", "\r", " a", "a\t", "\x7f", "\x01"};
    hw_arena arena;
    hw_response response = begin_response(&arena);
    for (size_t i = 0; i < ROWS(names); i++) {
        hw_response_start(&response, 200);
        hw_response_add_name(&response, hw_text_of(names[i]), HW_TEXT("x"));
        assert_true(response.is_broken);
        assert_int_equal(response.field_count, 0);
    }
    for (size_t i = 0; i < ROWS(values); i++) {
        hw_response_start(&response, 200);
        hw_response_add(&response, HW_FIELD_LOCATION, hw_text_of(values[i]));
        assert_true(response.is_broken);
        assert_int_equal(response.field_count, 0);
    }
    hw_response_start(&response, 200);
    hw_response_add(&response, HW_FIELD_LOCATION, (hw_text){"a\0b", 3});
    assert_true(response.is_broken);
    hw_arena_fini(&arena);
}

HW_TEST(response_replaces_every_field_of_a_name)
{
    hw_arena arena;
    hw_response response = begin_response(&arena);
    hw_response_start(&response, 200);
    hw_response_add(&response, HW_FIELD_VARY, HW_TEXT("a"));
    hw_response_add_name(&response, HW_TEXT("X-One"), HW_TEXT("1"));
    hw_response_add_name(&response, HW_TEXT("vary"), HW_TEXT("b"));
    hw_response_set_name(&response, HW_TEXT("VARY"), HW_TEXT("c"));
    need_whole(&response);
    assert_int_equal(response.field_count, 2);
    assert_text(response.fields[0].name, "X-One");
    const hw_field *vary = hw_fields_find(fields_of(&response), HW_FIELD_VARY);
    assert_non_null(vary);
    assert_text(vary->value, "c");
    hw_arena_fini(&arena);
}

HW_TEST(response_drops_the_body_it_had)
{
    hw_arena arena;
    hw_response response = begin_response(&arena);
    counted_source first = {.source = {.ops = &counted_ops}},
                   second = {.source = {.ops = &counted_ops}};
    hw_response_start(&response, 200);
    hw_response_take_body(&response, &first.source);
    hw_response_take_body(&response, &second.source);
    assert_int_equal(first.drops, 1);
    assert_int_equal(second.drops, 0);
    assert_false(response.is_broken);
    hw_response_take_body(&response, NULL);
    assert_int_equal(second.drops, 1);
    assert_true(response.is_broken);
    hw_arena_fini(&arena);
}

HW_TEST(response_in_plain_words)
{
    static const struct {
        int status;
        const char *words, *body;
    } rows[] = {
        {404, NULL, "Not Found\n"},
        {404, "", "Not Found\n"},
        {400, "no such row", "no such row\n"},
        {200, "50 % off", "50 % off\n"},
        {204, NULL, NULL},
        {304, "never seen", NULL},
    };
    hw_arena arena;
    hw_response response = begin_response(&arena);
    hw_piece piece;
    for (size_t i = 0; i < ROWS(rows); i++) {
        hw_response_plain(&response, rows[i].status, rows[i].words);
        need_whole(&response);
        assert_int_equal(response.status, rows[i].status);
        assert_int_equal(response.field_count, rows[i].body ? 1 : 0);
        if (!rows[i].body) {
            assert_null(response.body);
            continue;
        }
        assert_int_equal(response.fields[0].id, HW_FIELD_CONTENT_TYPE);
        assert_int_equal(hw_source_pull(response.body, 100, &piece), HW_PULL_BYTES);
        assert_text(piece.bytes, rows[i].body);
        assert_int_equal(response.body->length, piece.bytes.length);
    }
    hw_arena_fini(&arena);
}

HW_TEST(response_without_memory_is_broken)
{
    hw_arena arena;
    hw_response response = begin_response(&arena);
    hw_seam_fail_allocation(1);
    hw_response_plain(&response, 404, NULL);
    assert_true(response.is_broken);
    assert_int_equal(response.status, 404);
    hw_response_plain(&response, 404, NULL);
    assert_false(response.is_broken);
    arena.bytes_max = arena.held;
    hw_response_start(&response, 200);
    for (int i = 0; i < 100 && !response.is_broken; i++)
        hw_response_add(&response, HW_FIELD_VARY, HW_TEXT("a"));
    assert_true(response.is_broken);
    hw_arena_fini(&arena);
}
