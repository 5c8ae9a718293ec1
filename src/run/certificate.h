/* Certificates for development: makes them, judges what is found, describes any. Texts in PEM (RFC
 * 7468) go in and come out; no files are opened and no clock is read. */
#ifndef HW_RUN_CERTIFICATE_H
#define HW_RUN_CERTIFICATE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"
#include "hewn/server.h"

/* Room for a certificate with as many names as there may be, and its authority's. */
#define HW_CERTIFICATE_BYTES_MAX (48 * 1024)
#define HW_CERTIFICATE_NAMES_MAX 64

/* Whether this build can do any of it. */
extern const bool hw_certificate_is_built;

/* Names as they stand in certificates: "DNS:localhost", "IP:127.0.0.1", "IP:fd00::1". Letters are
 * small ones, addresses as inet_ntop writes them, so that the same name is the same text. */
typedef struct hw_names {
    const char *at[HW_CERTIFICATE_NAMES_MAX];
    size_t count;
} hw_names;

/* Adds the name of a host, or an address, as somebody wrote it ("Box.local", "[::1]"); one that is
 * there already is not added. -EINVAL: it is neither; -E2BIG, -ENOMEM. */
int hw_names_add(hw_names *names, hw_arena *arena, hw_text word);
/* The same for one that is in this form already. */
int hw_names_put(hw_names *names, hw_arena *arena, hw_text name);

/* All that a certificate is made of. */
typedef struct hw_certificate_plan {
    hw_text authority, authority_key; /* the key may be missing while nothing is made */
    hw_text key;                      /* of the certificate itself */
    const hw_names *names;
    int64_t now_s;
} hw_certificate_plan;

/* A private key. 0; -ENOMEM. */
int hw_certificate_make_key(hw_buffer *pem);
/* Whether it is the key of the first certificate: 1, or 0; -EBADMSG: it is no key that can be read. */
int hw_certificate_fits_key(hw_text pem, hw_text key);

/* The certificate of an authority, in which `title` stands behind "Hewn development CA". Beside the
 * names that are nobody's on the Internet it may vouch for `host` (NULL: none), and nothing below
 * that. -EBADMSG: of the key; -ENOMEM. */
int hw_authority_make(hw_text key, const char *title, const char *host, int64_t now_s,
                      hw_buffer *pem);
/* Whether it can go on. 0; or a negative errno, and why, in words behind its name: -EBADMSG: it is
 * damaged; -EEXIST: nothing that was made here; -EKEYEXPIRED: its time is not now. */
int hw_authority_check(hw_text pem, int64_t now_s, const char **ret_why);
/* 1: it may vouch for these names; 0: not for all of them. */
int hw_authority_permits(hw_text pem, const hw_names *names);

/* The certificate of a server, and behind it its authority's. */
int hw_certificate_make(const hw_certificate_plan *plan, hw_buffer *pem);
/* 0: it is as planned, for some time yet. 1: it is to be made anew, and why. Or -EBADMSG, -EEXIST,
 * as of an authority. */
int hw_certificate_check(hw_text pem, const hw_certificate_plan *plan, const char **ret_why);
/* Until when the first one is valid. False: there is none. */
bool hw_certificate_until(hw_text pem, int64_t *ret_s);
/* Adds the names of the first certificate, hosts alone, as far as there is room. -ENOMEM. */
int hw_certificate_tell_names(hw_text pem, hw_arena *arena, hw_names *names);

/* Describes all certificates of a text, and whether each is signed by the next. -EBADMSG: there is
 * none, or what is there is damaged; -ENOMEM. */
int hw_certificate_tell(hw_text pem, int64_t now_s, hewn_tell_fn *tell, void *arg);

#endif
