/* Signs what a client keeps for the application, so that it comes back as it was. */
#ifndef HW_APP_SIGN_H
#define HW_APP_SIGN_H

#include "base/arena.h"

/* How long a signature is: 256 bits in base64url, without padding. */
#define HW_SIGN_LENGTH 43
/* The shortest secret. */
#define HW_SIGN_SECRET_MIN 32

typedef struct hw_signer hw_signer;

/* Whether this build can sign at all. */
extern const bool hw_signer_is_built;

/* With a NULL-terminated list of secrets: the first signs, all verify. None at all, one that is too
 * short, and a build that cannot sign, abort. In the arena; NULL: no memory. */
const hw_signer *hw_signer_new(hw_arena *arena, const char *const *secrets);
/* The signature of a cookie. False: no memory. */
bool hw_signer_sign(const hw_signer *signer, hw_text name, hw_text value,
                    char ret_signature[HW_SIGN_LENGTH]);
/* Whether it is the signature that one of the secrets gives this cookie. Takes as long for a wrong
 * one as for a right one. */
bool hw_signer_verify(const hw_signer *signer, hw_text name, hw_text value, hw_text signature);

#endif
