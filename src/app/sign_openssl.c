/* Signs with HMAC-SHA-256 (RFC 2104, RFC 6234) of OpenSSL.
 *
 * What the program calls a secret signs nothing itself: a key is derived from it, once, for this
 * use and no other. So a signature of a cookie says nothing about what else the program or a later
 * version of this library signs with the same secret. What is signed is "name=value": a name holds
 * no "=", so no two cookies have the same words, and a value cannot be moved to another name. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "app/sign.h"
#include "base/assert.h"
#include "base/buffer.h"

enum { KEY_BYTES = 32, COOKIE_BYTES_MAX = 16 * 1024 };

typedef struct signer_key {
    unsigned char bytes[KEY_BYTES];
} signer_key;

struct hw_signer {
    signer_key *keys;
    size_t count;
};

const bool hw_signer_is_built = true;

/* False: no memory. */
static bool compute_mac(hw_text key, hw_text text, unsigned char ret_mac[KEY_BYTES])
{
    unsigned length = 0;
    unsigned char mac[EVP_MAX_MD_SIZE];
    if (!HMAC(EVP_sha256(), key.at, (int)key.length, (const unsigned char *)text.at, text.length,
              mac, &length))
        return false;
    hw_assert(length == KEY_BYTES);
    memcpy(ret_mac, mac, KEY_BYTES);
    return true;
}

static size_t check_secrets(const char *const *secrets)
{
    size_t count = 0;
    for (; secrets[count]; count++)
        if (hw_text_of(secrets[count]).length < HW_SIGN_SECRET_MIN)
            hw_misuse_abort(NULL, 0, "hewn_app_new: a secret of fewer than %d bytes",
                            HW_SIGN_SECRET_MIN);
    if (count == 0)
        hw_misuse_abort(NULL, 0, "hewn_app_new: app option .secrets without a secret");
    return count;
}

const hw_signer *hw_signer_new(hw_arena *arena, const char *const *secrets)
{
    size_t count = check_secrets(secrets);
    hw_signer *signer = hw_arena_alloc_zeroed(arena, 1, sizeof *signer);
    signer_key *keys = hw_arena_alloc_zeroed(arena, count, sizeof *keys);
    if (!signer || !keys)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!compute_mac(hw_text_of(secrets[i]), HW_TEXT("hewn: key for signed cookies, 1"),
                         keys[i].bytes))
            return NULL;
    *signer = (hw_signer){keys, count};
    return signer;
}

/* RFC 4648 5, without padding. */
static void write_base64url(const unsigned char mac[KEY_BYTES], char ret_text[HW_SIGN_LENGTH])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < HW_SIGN_LENGTH; i++) {
        size_t bit = i * 6;
        unsigned pair = (unsigned)mac[bit / 8] << 8;
        if (bit / 8 + 1 < KEY_BYTES)
            pair |= mac[bit / 8 + 1];
        ret_text[i] = letters[pair >> (10 - bit % 8) & 63];
    }
}

/* False: no memory, or a cookie longer than any head may be. */
static bool sign_with(const signer_key *key, hw_text name, hw_text value,
                      char ret_signature[HW_SIGN_LENGTH])
{
    char memory[COOKIE_BYTES_MAX];
    unsigned char mac[KEY_BYTES];
    hw_buffer words = HW_BUFFER_OVER(memory);
    hw_buffer_put(&words, name);
    hw_buffer_put_char(&words, '=');
    hw_buffer_put(&words, value);
    if (words.overflow ||
        !compute_mac((hw_text){(const char *)key->bytes, KEY_BYTES}, hw_buffer_text(&words), mac))
        return false;
    write_base64url(mac, ret_signature);
    return true;
}

bool hw_signer_sign(const hw_signer *signer, hw_text name, hw_text value,
                    char ret_signature[HW_SIGN_LENGTH])
{
    return sign_with(&signer->keys[0], name, value, ret_signature);
}

bool hw_signer_verify(const hw_signer *signer, hw_text name, hw_text value, hw_text signature)
{
    bool is_right = false;
    if (signature.length != HW_SIGN_LENGTH)
        return false;
    for (size_t i = 0; i < signer->count; i++) {
        char expected[HW_SIGN_LENGTH];
        if (sign_with(&signer->keys[i], name, value, expected) &&
            CRYPTO_memcmp(expected, signature.at, HW_SIGN_LENGTH) == 0)
            is_right = true;
    }
    return is_right;
}
