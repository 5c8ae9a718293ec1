#include "app/tagged.h"

#include "unit/harness.h"

HW_TEST(tagged_text_is_known_by_its_kind)
{
    hw_arena arena;
    hw_arena_init(&arena, 1024, 65536);
    const void *tagged = hw_tagged_new(&arena, HW_TAGGED_JSON, HW_TEXT("[1]"));
    hw_text text = {0};
    if (tagged) {
        assert_true(hw_tagged_text(tagged, HW_TAGGED_JSON, &text));
        assert_true(hw_text_equal(text, HW_TEXT("[1]")));
        assert_false(hw_tagged_text(tagged, HW_TAGGED_MARKUP, &text));
    }
    assert_false(hw_tagged_text("a string that is none", HW_TAGGED_JSON, &text));
    assert_false(hw_tagged_text(NULL, HW_TAGGED_JSON, &text));
    hw_arena_fini(&arena);
}
