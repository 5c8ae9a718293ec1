#include "exchange/body.h"

#include "unit/base/death.h"
#include "unit/http/http_harness.h"

HW_TEST(body_of_memory_comes_in_pieces)
{
    hw_arena arena;
    hw_piece piece;
    hw_arena_init(&arena, 256, 4096);
    hw_text bytes = HW_TEXT("abcdefgh");
    hw_source *source = hw_source_memory(&arena, bytes);
    HW_NEED(source);
    assert_int_equal(source->length, 8);
    assert_ptr_equal(source->at, bytes.at);
    assert_int_equal(hw_source_pull(source, 3, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "abc");
    assert_int_equal(piece.file.length, 0);
    assert_int_equal(hw_source_pull(source, 3, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "def");
    assert_int_equal(hw_source_pull(source, 100, &piece), HW_PULL_BYTES);
    assert_text(piece.bytes, "gh");
    for (int i = 0; i < 2; i++) {
        piece.bytes = HW_TEXT("left over");
        assert_int_equal(hw_source_pull(source, 1, &piece), HW_PULL_END);
        assert_int_equal(piece.bytes.length, 0);
        assert_int_equal(piece.trailers.count, 0);
    }
    hw_source_drop(source);
    hw_arena_fini(&arena);
}

HW_TEST(body_of_no_bytes_ends_at_once)
{
    hw_arena arena;
    hw_piece piece;
    hw_arena_init(&arena, 256, 4096);
    hw_source *source = hw_source_memory(&arena, (hw_text){0});
    HW_NEED(source);
    assert_int_equal(source->length, 0);
    assert_int_equal(hw_source_pull(source, 1, &piece), HW_PULL_END);
    hw_source_drop(source);
    hw_arena_fini(&arena);
}

HW_TEST(body_needs_room_in_the_arena)
{
    hw_arena arena = {0};
    assert_null(hw_source_memory(&arena, HW_TEXT("abc")));
    hw_source_drop(NULL);
}

static hw_pull pull_nothing(hw_source *source, size_t want, hw_piece *ret_piece)
{
    (void)source;
    (void)want;
    (void)ret_piece;
    return HW_PULL_END;
}

static void pull_no_bytes(void *arg)
{
    hw_piece piece;
    hw_source_pull(arg, 0, &piece);
}

HW_TEST(body_is_never_asked_for_no_bytes)
{
    const hw_source_ops ops = {.pull = pull_nothing};
    hw_source source = {.ops = &ops};
    hw_test_expect_death(pull_no_bytes, &source, "want > 0");
}
