#include "net/keyring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/net/tls_rig.h"

typedef struct keyring_place {
    hw_tls_keys keys;
    tls_rig rig; /* of it the files alone */
    hw_keyring *keyring;
} keyring_place;

static void init_place(keyring_place *place)
{
    *place = (keyring_place){0};
    tls_rig_init(&place->rig);
    if (!hw_tls_keys_init(&place->keys))
        hw_test_out_of_memory();
}

static void open_keyring(keyring_place *place)
{
    hw_fault fault = {0};
    place->rig.sink.arg = &place->rig;
    HW_NEED_OK(hw_keyring_new(&place->keys, NULL, place->rig.files,
                              place->rig.setup.certificate_count, &place->rig.sink, &fault,
                              &place->keyring));
}

static void close_keyring(keyring_place *place)
{
    hw_keyring_release(place->keyring);
    hw_tls_keys_fini(&place->keys);
    tls_rig_fini(&place->rig);
}

/* The number of the certificate that is shown under a name, by the kind of key; -1: none. */
static int shown(const keyring_place *place, const char *name, hw_key_kind kind)
{
    const hw_certificate *found = hw_keyring_find(place->keyring, hw_text_of(name))->of[kind];
    for (int i = 0; found && i < TLS_RIG_FILES_MAX; i++)
        if (found->file == place->rig.files[i].certificate_file)
            return i;
    return -1;
}

HW_TEST(keyring_finds_by_name)
{
    static const struct {
        const char *name;
        int shown;
    } rows[] = {
        {"b.test", 1},
        {"www.b.test", 1},
        {"B.TEST", 1},
        {"wWw.B.tEsT", 1},
        {"b.test.", 1},
        {"B.test.", 1},
        {"a.test", 0},
        {"c.test", 2},
        {"x.d.test", 2},
        {"X.D.test.", 2},
        {"exact.d.test", 3},
        {"EXACT.d.test.", 3},
        /* Of all these nobody has one: the first. */
        {"d.test", 0},
        {"x.y.d.test", 0},
        {".d.test", 0},
        {"..d.test", 0},
        {"d.test..", 0},
        {"xd.test", 0},
        {"b.tes", 0},
        {"b.testt", 0},
        {"", 0},
        {".", 0},
        {"test", 0},
        {"127.0.0.1", 0},
        {"::1", 0},
        {"fg.e.test", 0}, /* a wildcard for a part of a label */
        {"f.e.test", 0},
    };
    keyring_place place;
    init_place(&place);
    tls_rig_add_names(&place.rig, "a.test", PKI_EC);
    tls_rig_add_names(&place.rig, "b.test WWW.b.test", PKI_EC);
    tls_rig_add_names(&place.rig, "c.test *.d.test f*.e.test", PKI_EC);
    tls_rig_add_names(&place.rig, "exact.d.test", PKI_EC);
    open_keyring(&place);
    for (size_t i = 0; i < ROWS(rows); i++)
        if (shown(&place, rows[i].name, HW_KEY_ECDSA) != rows[i].shown)
            fail_msg("\"%s\" finds %d", rows[i].name, shown(&place, rows[i].name, HW_KEY_ECDSA));
    close_keyring(&place);
}

HW_TEST(keyring_knows_names_of_any_length)
{
    char name[400];
    keyring_place place;
    init_place(&place);
    tls_rig_add_names(&place.rig, "a.test", PKI_EC);
    tls_rig_add_names(&place.rig, "*.b.test", PKI_EC);
    open_keyring(&place);
    memset(name, 'x', sizeof name);
    for (size_t length = 1; length < sizeof name - 8; length++) {
        snprintf(name + length, sizeof name - length, ".b.test");
        int expected = length + 7 <= 255 ? 1 : 0;
        if (shown(&place, name, HW_KEY_ECDSA) != expected)
            fail_msg("a label of %zu bytes finds %d", length, shown(&place, name, HW_KEY_ECDSA));
        memset(name + length, 'x', sizeof ".b.test");
    }
    close_keyring(&place);
}

HW_TEST(keyring_takes_the_first_of_a_kind_and_one_of_each)
{
    keyring_place place;
    init_place(&place);
    tls_rig_add_names(&place.rig, "a.test", PKI_EC);
    tls_rig_add_names(&place.rig, "a.test b.test", PKI_EC);
    tls_rig_add_names(&place.rig, "b.test a.test", PKI_ED25519);
    open_keyring(&place);
    assert_int_equal(shown(&place, "a.test", HW_KEY_ECDSA), 0);
    assert_int_equal(shown(&place, "a.test", HW_KEY_EDDSA), 2);
    assert_int_equal(shown(&place, "a.test", HW_KEY_RSA), -1);
    assert_int_equal(shown(&place, "b.test", HW_KEY_ECDSA), 1);
    assert_int_equal(shown(&place, "b.test", HW_KEY_EDDSA), 2);
    /* Who names nobody is shown what those of the first one's names are. */
    assert_int_equal(shown(&place, "c.test", HW_KEY_ECDSA), 0);
    assert_int_equal(shown(&place, "c.test", HW_KEY_EDDSA), 2);
    close_keyring(&place);
}

/* The same each time, whatever the table's order: of two that could stand beside the first, the one
 * that was given before. */
HW_TEST(keyring_chooses_beside_the_first_in_the_order_of_the_files)
{
    keyring_place place;
    init_place(&place);
    tls_rig_add_names(&place.rig, "a.test b.test c.test d.test", PKI_EC);
    tls_rig_add_names(&place.rig, "c.test", PKI_ED25519);
    tls_rig_add_names(&place.rig, "a.test", PKI_ED25519);
    tls_rig_add_names(&place.rig, "d.test", PKI_ED25519);
    for (int i = 0; i < 8; i++) {
        open_keyring(&place);
        assert_int_equal(shown(&place, "", HW_KEY_EDDSA), 1);
        hw_keyring_release(place.keyring);
        place.keyring = NULL;
    }
    close_keyring(&place);
}

HW_TEST(keyring_tells_whether_two_names_are_shown_the_same)
{
    keyring_place place;
    init_place(&place);
    tls_rig_add_names(&place.rig, "a.test b.test", PKI_EC);
    tls_rig_add_names(&place.rig, "c.test", PKI_EC);
    tls_rig_add_names(&place.rig, "b.test", PKI_ED25519);
    open_keyring(&place);
    const hw_key_set *a = hw_keyring_find(place.keyring, HW_TEXT("a.test")),
                     *b = hw_keyring_find(place.keyring, HW_TEXT("b.test")),
                     *c = hw_keyring_find(place.keyring, HW_TEXT("c.test"));
    assert_true(hw_key_set_is_same(a, a));
    assert_false(hw_key_set_is_same(a, b));
    assert_false(hw_key_set_is_same(a, c));
    assert_true(hw_key_set_is_same(b, hw_keyring_find(place.keyring, HW_TEXT("unknown.test"))));
    close_keyring(&place);
}

HW_TEST(keyring_says_what_is_wrong_with_which_file)
{
    keyring_place place;
    hw_fault fault = {0};
    init_place(&place);
    tls_rig_add_names(&place.rig, "a.test", PKI_EC);
    tls_rig_add_names(&place.rig, "b.test", PKI_EC);
    hw_test_folder_write(&place.rig.folder, "certificate1", "damaged");
    int error = hw_keyring_new(&place.keys, NULL, place.rig.files, 2, NULL, &fault, &place.keyring);
    if (error == -ENOMEM)
        hw_test_out_of_memory();
    assert_int_equal(error, -EINVAL);
    assert_string_equal(fault.where, place.rig.files[1].certificate_file);
    assert_null(place.keyring);
    close_keyring(&place);
}

HW_TEST(keyring_warns_of_a_status_it_does_not_use)
{
    keyring_place place;
    init_place(&place);
    pki_certificate *made = pki_issue(&(pki_wish){.names = "a.test"});
    tls_rig_add(&place.rig, made);
    place.rig.files[0].ocsp_file = place.rig.names[0][2];
    pki_write_status(place.rig.names[0][2], &(pki_status){made, made, 1000, 2000, false});
    pki_free(made);
    open_keyring(&place);
    assert_int_equal(place.rig.faults, 1);
    assert_string_equal(place.rig.fault.where, place.rig.names[0][2]);
    close_keyring(&place);
}

HW_TEST(keyring_is_shared_by_reference)
{
    keyring_place place;
    init_place(&place);
    tls_rig_add_names(&place.rig, "a.test", PKI_EC);
    open_keyring(&place);
    assert_ptr_equal(hw_keyring_hold(place.keyring), place.keyring);
    hw_keyring_release(place.keyring);
    assert_int_equal(shown(&place, "a.test", HW_KEY_ECDSA), 0);
    hw_keyring_release(NULL);
    close_keyring(&place);
}
