/* Finds the certificates of a name.
 *
 * Names are looked up in one table, wildcards too: "*.example.org" is there as it is written, and is
 * asked for with the first label of a name taken off. A wildcard is for one label only, and never for a
 * part of one (RFC 6125 6.4.3): what CAs give is of that form.
 *
 * Where several certificates have a name, one of each kind of key is kept: clients say what they take,
 * and OpenSSL chooses. Of one kind the first that was given wins. */
#include "net/keyring.h"

#include <errno.h>

#include "base/assert.h"
#include "base/map.h"
#include "sys/clock.h"
#include "sys/memory.h"
#include "sys/random.h"

enum { KEYRING_BLOCK_BYTES = 4 * 1024, NAME_BYTES_MAX = 255 }; /* RFC 1035 3.1 */

struct hw_keyring {
    atomic_uint references;
    hw_certificate *certificates;
    size_t count;
    hw_map names; /* hw_key_set */
    hw_key_set first;
    hw_tls_signer_local local; /* of keys that are here */
    hw_arena arena;
};

static void free_keyring(hw_keyring *keyring)
{
    for (size_t i = 0; i < keyring->count; i++)
        hw_certificate_fini(&keyring->certificates[i]);
    hw_tls_signer_local_fini(&keyring->local);
    hw_map_fini(&keyring->names);
    hw_arena_fini(&keyring->arena);
    hw_sys_free(keyring->certificates);
    hw_sys_free(keyring);
}

hw_keyring *hw_keyring_hold(hw_keyring *keyring)
{
    atomic_fetch_add(&keyring->references, 1);
    return keyring;
}

void hw_keyring_release(hw_keyring *keyring)
{
    if (keyring && atomic_fetch_sub(&keyring->references, 1) == 1)
        free_keyring(keyring);
}

typedef struct name_filing {
    hw_keyring *keyring;
    const hw_certificate *certificate;
} name_filing;

static void add_to_set(hw_key_set *set, const hw_certificate *certificate)
{
    if (!set->of[certificate->kind])
        set->of[certificate->kind] = certificate;
}

static int file_name(void *arg, hw_text name)
{
    const name_filing *filing = arg;
    hw_keyring *keyring = filing->keyring;
    hw_key_set *set = hw_map_get(&keyring->names, name);
    if (!set) {
        set = hw_arena_alloc_zeroed(&keyring->arena, 1, sizeof *set);
        if (!set || hw_map_put(&keyring->names, name, set) < 0)
            return -ENOMEM;
    }
    add_to_set(set, filing->certificate);
    return 0;
}

/* Of each kind the one that was given before: names lie in the table in no order. */
static void add_earlier(hw_key_set *first, const hw_key_set *set)
{
    for (size_t kind = 0; kind < HW_KEY_KINDS; kind++)
        if (set->of[kind] && (!first->of[kind] || set->of[kind] < first->of[kind]))
            first->of[kind] = set->of[kind];
}

/* Who names nobody, or somebody unknown, is shown the first certificate; and those of another kind that
 * are for the same names. */
static void choose_first(hw_keyring *keyring)
{
    const hw_map_entry *entry;
    add_to_set(&keyring->first, &keyring->certificates[0]);
    for (size_t at = 0; (entry = hw_map_next(&keyring->names, &at));) {
        const hw_key_set *set = entry->value;
        if (set->of[keyring->certificates[0].kind] == &keyring->certificates[0])
            add_earlier(&keyring->first, set);
    }
}

static int fill_keyring(hw_keyring *keyring, const hw_certificate_keys *keys,
                        const hw_tls_certificate *files, size_t count, const hw_sink *sink,
                        hw_fault *fault)
{
    int64_t now_s = hw_sys_realtime_ns() / HW_NS_PER_S;
    for (size_t i = 0; i < count; i++) {
        hw_certificate *certificate = &keyring->certificates[i];
        int error =
            hw_certificate_load(keys, &files[i], &keyring->arena, now_s, fault, certificate);
        if (error < 0)
            return error;
        keyring->count++;
        hw_certificate_warn(certificate, now_s, sink);
        if (files[i].ocsp_file && certificate->ocsp.length == 0)
            hw_sink_fault(
                sink, EKEYREJECTED, files[i].ocsp_file,
                "this OCSP response is not of now, or not of this certificate: it is not used");
        name_filing filing = {keyring, certificate};
        error = hw_certificate_names(certificate, &keyring->arena, file_name, &filing);
        if (error < 0)
            return hw_fault_set(fault, error == -ENOMEM ? ENOMEM : EINVAL,
                                files[i].certificate_file,
                                error == -ENOMEM ? "out of memory" : "its names cannot be read");
    }
    choose_first(keyring);
    return 0;
}

int hw_keyring_new(const hw_tls_keys *shown, const hw_tls_signer *signer,
                   const hw_tls_certificate *files, size_t count, const hw_sink *sink,
                   hw_fault *fault, hw_keyring **ret_keyring)
{
    uint64_t seed;
    int error = hw_sys_random(&seed, sizeof seed);
    if (error < 0)
        return hw_fault_set(fault, -error, NULL, "%s", hw_error_words(error));
    hw_keyring *keyring = hw_sys_alloc_zeroed(1, sizeof *keyring);
    if (!keyring)
        return hw_fault_set(fault, ENOMEM, NULL, "out of memory");
    atomic_init(&keyring->references, 1);
    hw_map_init(&keyring->names, seed);
    hw_tls_signer_local_init(&keyring->local, seed);
    hw_arena_init(&keyring->arena, KEYRING_BLOCK_BYTES, SIZE_MAX / 2);
    keyring->certificates = hw_sys_alloc_zeroed(count, sizeof *keyring->certificates);
    const hw_certificate_keys keys = {shown, signer ? signer : &keyring->local.signer,
                                      signer ? NULL : &keyring->local};
    error = keyring->certificates ? fill_keyring(keyring, &keys, files, count, sink, fault)
                                  : hw_fault_set(fault, ENOMEM, NULL, "out of memory");
    if (error < 0) {
        hw_keyring_release(keyring);
        return error;
    }
    *ret_keyring = keyring;
    return 0;
}

const hw_key_set *hw_keyring_find(const hw_keyring *keyring, hw_text name)
{
    char lower[NAME_BYTES_MAX + 1];
    const hw_key_set *set = NULL;
    if (name.length > 0 && name.at[name.length - 1] == '.')
        name.length--;
    if (name.length == 0 || name.length >= sizeof lower)
        return &keyring->first;
    for (size_t i = 0; i < name.length; i++)
        lower[i] = hw_char_lower(name.at[i]);
    hw_text key = {lower, name.length};
    set = hw_map_get(&keyring->names, key);
    size_t dot = hw_text_find(key, '.');
    if (!set && dot > 0 && dot < key.length) {
        lower[dot - 1] = '*';
        set = hw_map_get(&keyring->names, hw_text_from(key, dot - 1));
    }
    return set ? set : &keyring->first;
}

bool hw_key_set_is_same(const hw_key_set *a, const hw_key_set *b)
{
    for (size_t kind = 0; kind < HW_KEY_KINDS; kind++)
        if (a->of[kind] != b->of[kind])
            return false;
    return true;
}

const char *hw_keyring_find_worse(const hw_keyring *next, const hw_keyring *now, int64_t now_s)
{
    hw_assert(next->count == now->count);
    for (size_t i = 0; i < next->count; i++)
        if (next->certificates[i].until_s <= now_s && now->certificates[i].until_s > now_s)
            return next->certificates[i].file;
    return NULL;
}
