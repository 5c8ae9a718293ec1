/* Reads the header of the PROXY protocol.
 *
 * What stands behind the header is another protocol's, and may be a handshake: not one byte of it may
 * be taken. So the reader says how many bytes are the header's for certain, and whoever carries it
 * reads those and no more. Of version 2 the first 16 bytes say how many follow. The end of a line is
 * only known when it has come, but how short a line can be is known from its beginning, and after that
 * there are two bytes more as long as there is no CR. Rejected: to look at bytes without taking them
 * (MSG_PEEK), which not every stream can do.
 *
 * Where the text leaves a choice, this reader is strict: a command, a family or a transport that it does
 * not name ends the connection, as do a CR or LF alone, a port out of range and an address of another
 * family. Datagrams are taken: a client that speaks QUIC to its proxy has an address as well.
 * Checksums and other additions are not looked at: a proxy that may speak at all is believed. */
#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/cursor.h"
#include "base/number.h"

/* Of either version: an address in network order. */
static hw_peer peer_of_bytes(sa_family_t family, const void *bytes)
{
    struct sockaddr_storage storage = {.ss_family = family};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (family == AF_INET) {
        memcpy(&in.sin_addr, bytes, sizeof in.sin_addr);
        memcpy(&storage, &in, sizeof in);
    } else if (family == AF_INET6) {
        memcpy(&in6.sin6_addr, bytes, sizeof in6.sin6_addr);
        memcpy(&storage, &in6, sizeof in6);
    }
    return hw_peer_of(&storage);
}

/* Version 1. */

typedef struct line_form {
    hw_text start;
    size_t least; /* bytes of the shortest line that starts so */
    sa_family_t family;
} line_form;

enum { FORM_COUNT = 3 };
static const line_form line_forms[FORM_COUNT] = {
    {HW_TEXT_INIT("PROXY UNKNOWN"), sizeof "PROXY UNKNOWN\r\n" - 1, AF_UNSPEC},
    {HW_TEXT_INIT("PROXY TCP4 "), sizeof "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n" - 1, AF_INET},
    {HW_TEXT_INIT("PROXY TCP6 "), sizeof "PROXY TCP6 :: :: 0 0\r\n" - 1, AF_INET6},
};

/* The addresses of both ends are written alike. */
static bool take_line_address(hw_cursor *line, sa_family_t family, hw_peer *ret_peer)
{
    char string[INET6_ADDRSTRLEN] = "";
    unsigned char bytes[sizeof(struct in6_addr)];
    hw_text text = hw_cursor_take_until(line, ' ');
    if (!hw_cursor_take(line, ' ') || text.length >= sizeof string ||
        hw_text_find(text, '\0') < text.length)
        return false;
    memcpy(string, text.at, text.length);
    if (inet_pton(family, string, bytes) != 1)
        return false;
    *ret_peer = peer_of_bytes(family, bytes);
    return true;
}

static bool is_line_port(hw_text text)
{
    uint64_t port;
    bool has_zero_ahead = text.length > 1 && text.at[0] == '0';
    return text.length <= 5 && !has_zero_ahead && hw_number_decimal(text, &port) &&
           port <= UINT16_MAX;
}

/* A line without its CRLF. */
static ssize_t read_whole_line(hw_text text, const line_form *form, hw_peer *ret_client)
{
    hw_peer from, to;
    hw_cursor line = hw_cursor_of(hw_text_from(text, form->start.length));
    if (form->family == AF_UNSPEC) {
        /* Whatever else stands there is to be ignored. */
        if (!hw_cursor_at_end(&line) && hw_cursor_peek(&line) != ' ')
            return -EPROTO;
        *ret_client = (hw_peer){.family = AF_UNSPEC};
        return 0;
    }
    if (!take_line_address(&line, form->family, &from) ||
        !take_line_address(&line, form->family, &to))
        return -EPROTO;
    hw_text port = hw_cursor_take_until(&line, ' ');
    if (!hw_cursor_take(&line, ' ') || !is_line_port(port) || !is_line_port(hw_cursor_rest(&line)))
        return -EPROTO;
    *ret_client = from;
    return 0;
}

/* Those that a text may become, or has: the shortest of them; NULL: there is none. */
static const line_form *find_line_form(hw_text text)
{
    const line_form *found = NULL;
    for (size_t i = 0; i < FORM_COUNT; i++) {
        const line_form *form = &line_forms[i];
        size_t both = hw_size_min(text.length, form->start.length);
        if (hw_text_equal(hw_text_upto(text, both), hw_text_upto(form->start, both)) &&
            (!found || form->least < found->least))
            found = form;
    }
    return found;
}

static ssize_t read_line(hw_text bytes, hw_peer *ret_client)
{
    const line_form *form = find_line_form(bytes);
    size_t cr = hw_text_find(bytes, '\r'), lf = hw_text_find(bytes, '\n');
    size_t wanted = cr < bytes.length ? 1 : 2;
    if (!form || cr + 2 < bytes.length || (lf < bytes.length && lf != cr + 1))
        return -EPROTO;
    if (lf < bytes.length)
        return bytes.length < form->least
                   ? -EPROTO
                   : read_whole_line(hw_text_upto(bytes, cr), form, ret_client);
    if (cr == bytes.length && bytes.length + wanted < form->least)
        wanted = form->least - bytes.length;
    return bytes.length + wanted > HW_PROXY_LINE_BYTES_MAX ? -EPROTO : (ssize_t)wanted;
}

/* Version 2. */

enum { START_BYTES = 16, VERSION = 2, COMMAND_LOCAL = 0, COMMAND_PROXY = 1 };
static const hw_text signature = HW_TEXT_INIT("\r\n\r\n\0\r\nQUIT\n");

/* Of what names the connection of a client: two addresses and two ports, of Unix sockets two names. */
enum {
    BLOCK_V4_BYTES = 4 + 4 + 2 + 2,
    BLOCK_V6_BYTES = 16 + 16 + 2 + 2,
    BLOCK_UNIX_BYTES = 108 + 108,
};

/* The family in the upper half of a byte, the transport (a stream or datagrams) in the lower. False:
 * there is no such byte. */
static bool find_block(unsigned family, sa_family_t *ret_family, size_t *ret_bytes)
{
    switch (family) {
    case 0x00:
        *ret_family = AF_UNSPEC, *ret_bytes = 0;
        return true;
    case 0x11:
    case 0x12:
        *ret_family = AF_INET, *ret_bytes = BLOCK_V4_BYTES;
        return true;
    case 0x21:
    case 0x22:
        *ret_family = AF_INET6, *ret_bytes = BLOCK_V6_BYTES;
        return true;
    case 0x31:
    case 0x32:
        *ret_family = AF_UNIX, *ret_bytes = BLOCK_UNIX_BYTES;
        return true;
    default:
        return false;
    }
}

static ssize_t read_bytes(hw_text bytes, hw_peer *ret_client)
{
    hw_cursor cursor = hw_cursor_of(bytes);
    sa_family_t family = AF_UNSPEC;
    size_t least = 0;
    if (bytes.length < START_BYTES)
        return (ssize_t)(START_BYTES - bytes.length);
    (void)hw_cursor_take_text(&cursor, signature);
    unsigned version = (unsigned)hw_cursor_next(&cursor);
    unsigned block = (unsigned)hw_cursor_next(&cursor);
    size_t length = (size_t)hw_cursor_next(&cursor) << 8;
    length |= (size_t)hw_cursor_next(&cursor);
    unsigned command = version & 15;
    if (version >> 4 != VERSION || command > COMMAND_PROXY ||
        length > HW_PROXY_HEADER_BYTES_MAX - START_BYTES || length < hw_cursor_left(&cursor))
        return -EPROTO;
    /* Of a connection of the proxy's own nothing else is to be looked at. */
    if (command == COMMAND_PROXY && (!find_block(block, &family, &least) || length < least))
        return -EPROTO;
    if (hw_cursor_left(&cursor) < length)
        return (ssize_t)(length - hw_cursor_left(&cursor));
    /* The client's address stands first; of a Unix socket the family says all. */
    *ret_client = peer_of_bytes(family, cursor.at);
    return 0;
}

ssize_t hw_proxy_header_read(hw_text bytes, hw_peer *ret_client)
{
    size_t both = hw_size_min(bytes.length, signature.length);
    if (bytes.length == 0)
        return (ssize_t)signature.length; /* the shortest line is longer */
    return hw_text_equal(hw_text_upto(bytes, both), hw_text_upto(signature, both))
               ? read_bytes(bytes, ret_client)
               : read_line(bytes, ret_client);
}
