/* Early hints: their order, and that they go to whoever carries the exchange. */
#include "exchange/hint.h"

#include <string.h>

#include "unit/http/http_harness.h"

/* What a carrier was asked for. */
static struct {
    char memory[128];
    hw_buffer sent;
    int told;
} heard;

static void hear_anew(void)
{
    heard.sent = hw_buffer_over(heard.memory, sizeof heard.memory);
    heard.told = 0;
}

static void hear_notice(hw_exchange *exchange)
{
    (void)exchange;
    heard.told++;
}

static void hear_interim(hw_exchange *exchange, int status, hw_fields fields)
{
    (void)exchange;
    assert_int_equal(status, 103);
    assert_int_equal(fields.count, 1);
    hw_buffer_put(&heard.sent, fields.at->value);
    hw_buffer_put_char(&heard.sent, ';');
}

static const hw_carrier_ops hearing = {.notify = hear_notice, .inform = hear_interim};

HW_TEST(hint_goes_out_in_the_order_of_the_calls)
{
    hw_exchange exchange;
    hw_place place = {0};
    hear_anew();
    hw_exchange_init(&exchange, 1024, 4096);
    hw_exchange_begin_unread(&exchange, &hearing, &place, 0, 0);
    char link[] = "<a>";
    if (!hw_hint_add(&exchange, hw_text_of(link)))
        hw_test_out_of_memory();
    memcpy(link, "<b>", 3);
    if (!hw_hint_add(&exchange, hw_text_of(link)))
        hw_test_out_of_memory();
    assert_int_equal(heard.told, 2);
    hw_hint_send_all(&exchange);
    assert_string_equal(hw_buffer_string(&heard.sent), "<a>;<b>;");
    hw_hint_send_all(&exchange);
    assert_string_equal(hw_buffer_string(&heard.sent), "<a>;<b>;");
    hw_exchange_reset(&exchange);
    hw_exchange_fini(&exchange);
}

HW_TEST(hint_without_memory_is_none)
{
    hw_exchange exchange;
    hw_place place = {0};
    char link[200];
    hear_anew();
    memset(link, 'x', sizeof link);
    hw_exchange_init(&exchange, 64, 64);
    hw_exchange_begin_unread(&exchange, &hearing, &place, 0, 0);
    assert_false(hw_hint_add(&exchange, (hw_text){link, sizeof link}));
    assert_int_equal(heard.told, 0);
    hw_exchange_reset(&exchange);
    hw_exchange_fini(&exchange);
}
