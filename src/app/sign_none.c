/* Where the library was built without OpenSSL (Meson option `tls`) nothing is signed: an app that
 * has secrets does not start. */
#include "app/sign.h"

#include "base/assert.h"

const bool hw_signer_is_built = false;

const hw_signer *hw_signer_new(hw_arena *arena, const char *const *secrets)
{
    (void)arena, (void)secrets;
    hw_misuse_abort(NULL, 0,
                    "hewn_app_new: app option .secrets needs a library with OpenSSL (tls)");
}

bool hw_signer_sign(const hw_signer *signer, hw_text name, hw_text value,
                    char ret_signature[HW_SIGN_LENGTH])
{
    (void)signer, (void)name, (void)value, (void)ret_signature;
    return false;
}

bool hw_signer_verify(const hw_signer *signer, hw_text name, hw_text value, hw_text signature)
{
    (void)signer, (void)name, (void)value, (void)signature;
    return false;
}
