#include "base/list.h"

#include "unit/base/death.h"
#include "unit/harness.h"

typedef struct member {
    int number;
    hw_link link;
} member;

/* The numbers of the members, in order, as one decimal number: 1, 2, 3 is 123. Walks both ways. */
static long read_list(const hw_list *list)
{
    long forward = 0, backward = 0, unit = 1;
    for (const hw_link *link = list->head.next; link != &list->head; link = link->next)
        forward = forward * 10 + HW_MEMBER(link, member, link)->number;
    for (const hw_link *link = list->head.prev; link != &list->head; link = link->prev) {
        backward += HW_MEMBER(link, member, link)->number * unit;
        unit *= 10;
    }
    assert_int_equal(forward, backward);
    return forward;
}

static void make_members(member *members, int count)
{
    for (int i = 0; i < count; i++) {
        members[i].number = i + 1;
        hw_link_init(&members[i].link);
    }
}

HW_TEST(list_keeps_order_at_both_ends)
{
    member m[3];
    hw_list list;
    make_members(m, 3);
    hw_list_init(&list);
    assert_true(hw_list_is_empty(&list));
    assert_null(hw_list_first(&list));
    assert_null(hw_list_take_first(&list));
    hw_list_append(&list, &m[1].link);
    hw_list_append(&list, &m[2].link);
    hw_list_prepend(&list, &m[0].link);
    assert_false(hw_list_is_empty(&list));
    assert_int_equal(read_list(&list), 123);
    assert_ptr_equal(hw_list_first(&list), &m[0].link);
    assert_ptr_equal(HW_MEMBER(hw_list_first(&list), member, link), &m[0]);
    assert_int_equal(read_list(&list), 123);
    assert_ptr_equal(hw_list_take_first(&list), &m[0].link);
    assert_false(hw_link_is_linked(&m[0].link));
    assert_int_equal(read_list(&list), 23);
}

HW_TEST(list_links_move_to_the_start_of_another)
{
    member m[3];
    hw_list from, to;
    make_members(m, 3);
    hw_list_init(&from);
    hw_list_init(&to);
    for (int i = 0; i < 3; i++)
        hw_list_append(&from, &m[i].link);
    hw_link_move(&m[1].link, &to);
    assert_int_equal(read_list(&from), 13);
    assert_int_equal(read_list(&to), 2);
    hw_link_move(&m[0].link, &to);
    hw_link_move(&m[2].link, &to);
    assert_true(hw_list_is_empty(&from));
    assert_int_equal(read_list(&to), 312);
    hw_link_move(&m[1].link, &to);
    assert_int_equal(read_list(&to), 231);
}

static void move_lonely_link(void *arg)
{
    hw_list list;
    hw_list_init(&list);
    hw_link_move(arg, &list);
}

HW_TEST(list_moves_only_what_is_on_a_list)
{
    hw_link lonely;
    hw_link_init(&lonely);
    hw_test_expect_death(move_lonely_link, &lonely, "hw_link_is_linked");
}

HW_TEST(list_links_leave_from_anywhere)
{
    member m[3];
    hw_list list;
    make_members(m, 3);
    hw_list_init(&list);
    for (int i = 0; i < 3; i++)
        hw_list_append(&list, &m[i].link);
    assert_true(hw_link_is_linked(&m[1].link));
    hw_link_remove(&m[1].link);
    assert_false(hw_link_is_linked(&m[1].link));
    assert_int_equal(read_list(&list), 13);
    hw_link_remove(&m[1].link);
    assert_int_equal(read_list(&list), 13);
    hw_link_remove(&m[2].link);
    hw_link_remove(&m[0].link);
    assert_true(hw_list_is_empty(&list));
    hw_list_append(&list, &m[1].link);
    assert_int_equal(read_list(&list), 2);
}

HW_TEST(list_zeroed_links_are_on_no_list)
{
    member zeroed = {.number = 4};
    hw_list list;
    hw_list_init(&list);
    assert_false(hw_link_is_linked(&zeroed.link));
    hw_link_remove(&zeroed.link);
    hw_list_append(&list, &zeroed.link);
    assert_int_equal(read_list(&list), 4);
}

HW_TEST(list_append_all_moves_everything)
{
    member m[4];
    hw_list to, from;
    make_members(m, 4);
    hw_list_init(&to);
    hw_list_init(&from);
    hw_list_append_all(&to, &from);
    assert_true(hw_list_is_empty(&to));

    hw_list_append(&from, &m[0].link);
    hw_list_append(&from, &m[1].link);
    hw_list_append_all(&to, &from);
    assert_int_equal(read_list(&to), 12);
    assert_true(hw_list_is_empty(&from));

    hw_list_append(&from, &m[2].link);
    hw_list_append(&from, &m[3].link);
    hw_list_append_all(&to, &from);
    assert_int_equal(read_list(&to), 1234);
    hw_list_append_all(&to, &from);
    assert_int_equal(read_list(&to), 1234);
    assert_int_equal(read_list(&from), 0);
}

static void append_twice(void *arg)
{
    (void)arg;
    hw_list list;
    hw_link link;
    hw_list_init(&list);
    hw_link_init(&link);
    hw_list_append(&list, &link);
    hw_list_append(&list, &link);
}

static void prepend_twice(void *arg)
{
    (void)arg;
    hw_list one, two;
    hw_link link;
    hw_list_init(&one);
    hw_list_init(&two);
    hw_link_init(&link);
    hw_list_prepend(&one, &link);
    hw_list_prepend(&two, &link);
}

HW_TEST(list_appends_once_what_is_on_a_list_already)
{
    hw_list one, two;
    hw_link first, second;
    hw_list_init(&one);
    hw_list_init(&two);
    hw_link_init(&first);
    hw_link_init(&second);
    hw_list_append_once(&one, &first);
    hw_list_append_once(&one, &second);
    hw_list_append_once(&one, &first);
    hw_list_append_once(&two, &first);
    assert_true(hw_list_is_empty(&two));
    assert_ptr_equal(hw_list_take_first(&one), &first);
    assert_ptr_equal(hw_list_take_first(&one), &second);
    assert_null(hw_list_take_first(&one));
}

static void append_to_zeroed_list(void *arg)
{
    (void)arg;
    hw_list list = {0};
    hw_link link;
    hw_link_init(&link);
    hw_list_append(&list, &link);
}

static void append_all_to_itself(void *arg)
{
    (void)arg;
    hw_list list;
    hw_list_init(&list);
    hw_list_append_all(&list, &list);
}

HW_TEST(list_misuse_aborts)
{
    hw_test_expect_death(append_twice, NULL, "assertion failed: !hw_link_is_linked(link)");
    hw_test_expect_death(prepend_twice, NULL, "assertion failed: !hw_link_is_linked(link)");
    hw_test_expect_death(append_to_zeroed_list, NULL, "assertion failed: list->head.prev");
    hw_test_expect_death(append_all_to_itself, NULL, "assertion failed: to != from");
}
