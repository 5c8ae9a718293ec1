/* Finds a connection's address in a list of ranges, by the way that both write addresses: `net` and `http`
 * know nothing of each other. It is done for a connection, not for a request. */
#include "server/trust.h"

bool hw_trust_has(const hw_cidrs *trusted, const hw_peer *peer)
{
    char string[HW_PEER_STRING_MAX];
    hw_ip ip;
    return trusted && hw_ip_parse(hw_text_of(hw_peer_format(peer, string)), &ip) &&
           hw_cidrs_have(trusted, &ip);
}
