#include "exchange/narrator.h"

#include <string.h>
#include <wchar.h>

#include "exchange/exchange.h"
#include "unit/harness.h"

typedef struct told_words {
    unsigned count;
    size_t length;
    const char *subject; /* the test's own */
} told_words;

static void note_words(void *arg, const char *subject, const char *words)
{
    told_words *told = arg;
    told->count++;
    told->length = strlen(words);
    told->subject = subject;
}

/* What is too long is cut; what cannot be said at all (in no encoding of this process) is not told. */
HW_TEST(narrator_is_told_what_can_be_said)
{
    static const wchar_t no_character[] = {0xd800, 0};
    told_words told = {0};
    const hw_narrator narrator = {note_words, &told};
    hw_place place = {.narrator = &narrator};
    const hw_exchange exchange = {.place = &place};
    hw_exchange_tell(&exchange, "tag", "%s", "twelve bytes");
    assert_int_equal(told.count, 1);
    assert_int_equal(told.length, 12);
    assert_string_equal(told.subject, "tag");
    hw_exchange_tell(&exchange, "tag", "%2000d", 1);
    assert_int_equal(told.count, 2);
    assert_int_equal(told.length, 1023);
    hw_exchange_tell(&exchange, "tag", "%ls", no_character);
    assert_int_equal(told.count, 2);
    place.narrator = NULL;
    hw_exchange_tell(&exchange, "tag", "nobody");
    assert_int_equal(told.count, 2);
}
