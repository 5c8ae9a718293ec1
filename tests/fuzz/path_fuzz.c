/* Any bytes as a raw path: what comes out must be canonical, come back the same after encoding, and
 * not depend on how much room there was. */
#include "reading_fuzz.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "http/path.h"
#include "http/target.h"

#ifdef HW_FUZZ_PLANTED
/* A folder of three segments, the second of which is one byte that is no ASCII. */
static void check_planted(hw_path path)
{
    hw_cursor cursor = hw_cursor_of(path.text);
    hw_text first, second, third, fourth;
    if (hw_path_next_segment(&cursor, &first) && hw_path_next_segment(&cursor, &second) &&
        hw_path_next_segment(&cursor, &third) && !hw_path_next_segment(&cursor, &fourth) &&
        second.length == 1 && (unsigned char)second.at[0] >= 128 && hw_path_is_folder(path))
        abort();
}
#else
static void check_planted(hw_path path)
{
    (void)path;
}
#endif

static void check_canonical(hw_path path)
{
    hw_cursor cursor = hw_cursor_of(path.text);
    hw_text segment;
    size_t length = 0;
    hw_assert(hw_text_has_prefix(path.text, HW_TEXT("/")));
    hw_assert(path.text.at[path.text.length] == '\0');
    for (size_t i = 0; i < path.text.length; i++)
        hw_assert((unsigned char)path.text.at[i] >= ' ' && path.text.at[i] != 0x7f);
    while (hw_path_next_segment(&cursor, &segment)) {
        hw_assert(segment.length > 0);
        hw_assert(!hw_text_equal(segment, HW_TEXT(".")) && !hw_text_equal(segment, HW_TEXT("..")));
        length += 1 + segment.length;
    }
    /* Nothing but segments, and perhaps a slash at the end. */
    hw_assert(path.text.length == length + hw_path_is_folder(path));
}

static void check_encoded(hw_path path)
{
    size_t room = path.text.length * 3 + 1;
    char *encoded = malloc(room), *again = malloc(room + 2);
    hw_buffer out = hw_buffer_over(encoded, room), second = hw_buffer_over(again, room + 2);
    hw_path back;
    hw_target target;
    hw_assert(encoded && again);
    hw_path_encode(&out, path.text);
    hw_text raw = hw_buffer_text(&out);
    hw_assert(!out.overflow && !hw_text_has_prefix(raw, HW_TEXT("//")));
    hw_assert(!hw_target_parse(raw, HW_METHOD_GET, &target) && !target.has_query);
    hw_assert(!hw_path_decode(raw, &second, &back));
    hw_assert(hw_text_equal(back.text, path.text));
    free(encoded);
    free(again);
}

/* With less room the same comes out, or 414, or what is wrong with it anyway. */
static void check_room(hw_text raw, const hw_problem *problem, size_t room)
{
    char *memory = malloc(room);
    hw_buffer out = hw_buffer_over(memory, room);
    hw_path path;
    hw_assert(memory);
    const hw_problem *other = hw_path_decode(raw, &out, &path);
    hw_assert(other == problem || (other && other->status == 414));
    hw_assert(!other || out.length == 0);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    if (bytes > FUZZ_INPUT_MAX)
        return 0;
    (void)fuzz_reading("path", input, bytes);
    hw_text raw = {(const char *)input, bytes};
    char *memory = malloc(bytes + 2);
    hw_buffer out = hw_buffer_over(memory, bytes + 2);
    hw_path path;
    hw_assert(memory);
    const hw_problem *problem = hw_path_decode(raw, &out, &path);
    if (problem) {
        hw_assert(problem->status == 400 && problem->reason && problem->section);
    } else {
        check_canonical(path);
        check_encoded(path);
        check_planted(path);
    }
    check_room(raw, problem, bytes / 2 + 1);
    check_room(raw, problem, bytes + 1);
    free(memory);
    return 0;
}
