/* The keys of session tickets (RFC 5077, RFC 8446 4.6.1): one for each hour, all of one secret. For the
 * files that use OpenSSL alone. */
#ifndef HW_NET_TICKET_H
#define HW_NET_TICKET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define HW_TICKET_SECRET_BYTES 32
#define HW_TICKET_NAME_BYTES 16
/* How long a session can be resumed. */
#define HW_TICKET_LIFE_S (2 * 60 * 60)
/* Hours whose tickets are taken: this one, those within the life of a session, and the next, for
 * clocks of machines that share the secret differ. */
#define HW_TICKET_HOURS (HW_TICKET_LIFE_S / (60 * 60) + 2)

/* What an hour's tickets are named, encrypted and signed with. */
typedef struct hw_ticket_keys {
    unsigned char name[HW_TICKET_NAME_BYTES], encryption[32], signature[32];
} hw_ticket_keys;

typedef struct hw_tickets {
    unsigned char secret[HW_TICKET_SECRET_BYTES];
    pthread_mutex_t lock; /* of what follows */
    int64_t newest;       /* the hour of the first of them; 0: there are none */
    hw_ticket_keys
        keys[HW_TICKET_HOURS]; /* newest first: the next hour's, this one's, the last one's ... */
} hw_tickets;

void hw_tickets_init(hw_tickets *tickets, const unsigned char secret[HW_TICKET_SECRET_BYTES]);
void hw_tickets_fini(hw_tickets *tickets); /* and forgets the secret */

/* Both: false: no memory, or, of the second, none that is still taken has this name. Threads: any. */
bool hw_tickets_current(hw_tickets *tickets, int64_t now_s, hw_ticket_keys *ret_keys);
bool hw_tickets_find(hw_tickets *tickets, int64_t now_s,
                     const unsigned char name[HW_TICKET_NAME_BYTES], hw_ticket_keys *ret_keys,
                     bool *ret_is_current);

#endif
