"""The rules about messages and field blocks, as in rules_h2: RFC 9113 8, RFC 8441 and RFC 7541."""
from frames import (CONTINUATION, DATA, END_HEADERS, END_STREAM, PADDED, PROTOCOL_ERROR, PUSH_PROMISE, STREAM_CLOSED, frame,
                    head, headers, indexed_literal, integer, literal, string)
from rules_h2 import HALF_CLOSED_REMOTE, MALFORMED, OPEN, SHUT, UNREADABLE, answers, ends, get, in_pieces, padded, post, resets, rules

FIELD = literal(b"x", b"y")
PSEUDO = {
    "method": literal(b":method", b"GET"),
    "scheme": literal(b":scheme", b"http"),
    "path": literal(b":path", b"/ten.txt"),
    "authority": literal(b":authority", b"localhost"),
}


def request(*more, **parts):
    """One whose pseudo-header fields are others, or left out (None), or of another value."""
    block = b""
    for name, usual in PSEUDO.items():
        value = parts.get(name, usual)
        block += b"" if value is None else usual if value is usual else literal(b":" + name.encode(), value)
    return headers(1, block + b"".join(more))


def with_field(name, value=b"y"):
    return request(literal(name, value))


def last(content=b"", flags=END_STREAM):
    return frame(DATA, flags, 1, content)


def called(bytes):
    return repr(bytes)[2:-1]


def sized(length):
    return post(literal(b"content-length", str(length).encode()))


# 8.1 Message framing.
rules("8.1", answers(200), {
    "content": last(b"abc"),
    "content-in-pieces": last(b"a", 0) + last(b"b", 0) + last(b"c"),
    "trailers": last(b"abc", 0) + headers(1, FIELD),
    "trailers-without-content": headers(1, FIELD),
    "empty-trailers": headers(1, b""),
    "trailers-in-pieces": last(b"a", 0) + in_pieces(FIELD, 2),
    "unknown-frame-within": last(b"a", 0) + frame(0x42, 0xff, 1, b"x") + last(b"b"),
}, OPEN, echoes=True)
rules("8.1", MALFORMED, {
    "second-head-that-does-not-end": headers(1, FIELD, END_HEADERS),
    "second-head-behind-content": last(b"abc", 0) + headers(1, FIELD, END_HEADERS),
    "second-request": headers(1, head(b"POST", b"/echo"), END_HEADERS),
    **{f"trailers-with-{name}": headers(1, FIELD + block) for name, block in PSEUDO.items()},
    "trailers-with-status": headers(1, literal(b":status", b"200")),
    "trailers-with-an-unknown-pseudo-field": headers(1, literal(b":x", b"y")),
}, OPEN, echoes=True)
# STREAM_CLOSED for what comes behind the end (5.1), which nghttp2 tells of the connection.
rules("8.1", resets(STREAM_CLOSED) | ends(STREAM_CLOSED), {
    "data-behind-trailers": headers(1, FIELD) + last(b"x"),
    "trailers-behind-trailers": headers(1, FIELD) + headers(1, FIELD),
}, (post(),), greeting=SHUT, echoes=True)

# 8.1.1 Malformed messages.
rules("8.1.1", MALFORMED, {
    "content-that-is-not-there": headers(1, head(b"POST", b"/echo", more=literal(b"content-length", b"1"))),
    "less-than-its-length": sized(4) + last(b"abc"),
    "nothing-of-its-length": sized(1) + last(),
    "more-than-its-length": sized(2) + last(b"abc"),
    "more-than-its-length-in-pieces": sized(4) + last(b"abc", 0) + last(b"de"),
    "more-than-a-length-of-0": sized(0) + last(b"a"),
    "less-than-its-length-before-trailers": sized(4) + last(b"abc", 0) + headers(1, FIELD),
    "two-lengths": post(literal(b"content-length", b"3") + literal(b"content-length", b"4")) + last(b"abc"),
    "a-length-that-is-none": post(literal(b"content-length", b"3x")) + last(b"abc"),
    "a-length-below-0": post(literal(b"content-length", b"-3")) + last(b"abc"),
}, echoes=True)
rules("8.1.1", answers(200), {
    "its-length": sized(3) + last(b"abc"),
    "its-length-in-pieces": sized(3) + last(b"ab", 0) + last(b"c", 0) + last(),
    "its-length-before-trailers": sized(3) + last(b"abc", 0) + headers(1, FIELD),
    "a-length-of-0": sized(0) + last(),
    "its-length-without-the-padding": sized(3) + frame(DATA, END_STREAM | PADDED, 1, padded(b"abc", 50)),
}, echoes=True)

# 8.2.1 Field validity.
rules("8.2.1", MALFORMED, {
    f"name-{called(name)}": with_field(name)
    for name in (b"Upper", b"uppeR", b"\0", b"a\0", b" a", b"a b", b"a ", b"a\tb", b"a\nb", b"a\rb", b"a\x1fb", b"a\x7fb",
                 b"a\x80b", b"\xff", b"a:b", b"a:")
})
rules("8.2.1", MALFORMED, {
    f"value-{called(value)}": with_field(b"x", value)
    for value in (b"a\0b", b"\0", b"a\nb", b"a\rb", b"a\r\nb: c", b" a", b"\ta", b"a ", b"a\t", b" ", b"\n", b"a\r")
})
rules("8.2.1", MALFORMED, {
    "method-with-a-space": request(method=b"GET /"),
    "method-with-a-line-feed": request(method=b"GET\n"),
    "path-with-a-nul": request(path=b"/a\0"),
    "path-with-a-line-feed": request(path=b"/a\nb"),
    "path-with-a-space-behind": request(path=b"/a "),
    "path-with-a-space-before": request(path=b" /a"),
    "authority-with-a-return": request(authority=b"a\rb"),
    "scheme-with-a-space": request(scheme=b"http "),
})
rules("8.2.1", MALFORMED, {
    "name-in-trailers": headers(1, literal(b"Upper", b"x")),
    "value-in-trailers": headers(1, literal(b"x", b"a\nb")),
    "space-in-trailers": headers(1, literal(b"x", b" a")),
}, OPEN, echoes=True)
rules("8.2.1", answers(200), {
    "value-of-nothing": with_field(b"x", b""),
    "value-with-blanks-within": with_field(b"x", b"a \tb"),
    "value-of-other-bytes": with_field(b"x", b"\x80\xff"),
    "name-of-all-that-it-may-have": with_field(b"!#$%&'*+-.^_`|~09az"),
})

# 8.2.2 Connection-specific fields.
OF_CONNECTION = {
    "connection": b"close",
    "proxy-connection": b"keep-alive",
    "keep-alive": b"timeout=5",
    "transfer-encoding": b"chunked",
    "upgrade": b"h2c",
}
rules("8.2.2", MALFORMED, {name: with_field(name.encode(), value) for name, value in OF_CONNECTION.items()})
rules("8.2.2", MALFORMED, {
    "te-gzip": with_field(b"te", b"gzip"),
    "te-trailers-and-gzip": with_field(b"te", b"trailers, gzip"),
})
rules("8.2.2", MALFORMED, {
    f"{name}-in-trailers": headers(1, literal(name.encode(), value)) for name, value in OF_CONNECTION.items()
}, OPEN, echoes=True)
rules("8.2.2", answers(200), {"te-trailers": with_field(b"te", b"trailers")})
rules("8.2.3", answers(200), {"cookies-in-pieces": request(literal(b"cookie", b"a=b"), literal(b"cookie", b"c=d"))})

# 8.3 Control data.
rules("8.3", MALFORMED, {
    "unknown-pseudo-field": with_field(b":foo", b"bar"),
    "nameless-pseudo-field": with_field(b":", b"bar"),
    "pseudo-field-in-upper-case": request(literal(b":Path", b"/"), path=None),
    "pseudo-field-with-two-colons": with_field(b"::path", b"/"),
    "status-in-a-request": with_field(b":status", b"200"),
})
rules("8.3", MALFORMED, {
    f"{name}-behind-a-field": request(FIELD, block, **{name: None}) for name, block in PSEUDO.items()
})
rules("8.3", MALFORMED, {f"{name}-twice": request(block) for name, block in PSEUDO.items()})
rules("8.3.1", MALFORMED, {
    "method-left-out": request(method=None),
    "scheme-left-out": request(scheme=None),
    "path-left-out": request(path=None),
    "path-empty": request(path=b""),
    "method-empty": request(method=b""),
    "scheme-empty": request(scheme=b""),
    "nothing-at-all": headers(1, b""),
    "path-without-a-slash": request(path=b"ten.txt"),
    "path-with-a-scheme": request(path=b"http://localhost/ten.txt"),
    "asterisk-of-a-get": request(path=b"*"),
    "userinfo-in-authority": request(authority=b"me@localhost"),
    "userinfo-with-a-password": request(authority=b"me:secret@localhost"),
})
rules("8.3.1", answers(200), {
    "host-for-authority": request(literal(b"host", b"localhost"), authority=None),
    "host-beside-authority": request(literal(b"host", b"localhost")),
    "pseudo-fields-in-another-order": headers(1, b"".join(reversed(PSEUDO.values()))),
    "path-with-a-query": request(path=b"/ten.txt?a=b"),
    "path-that-is-a-slash": request(path=b"/"),
})
rules("8.3.1", answers(200, 204), {"asterisk-of-options": request(method=b"OPTIONS", path=b"*")})

# 8.4 Push is the server's.
PROMISE = b"\0\0\0\2" + head()
rules("8.4", ends(PROTOCOL_ERROR), {
    "push-promise-on-stream-0": frame(PUSH_PROMISE, END_HEADERS, 0, PROMISE),
    "push-promise-on-an-idle-stream": frame(PUSH_PROMISE, END_HEADERS, 1, PROMISE),
})
rules("8.4", ends(PROTOCOL_ERROR), {
    "push-promise-on-a-stream": frame(PUSH_PROMISE, END_HEADERS, 1, PROMISE),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("8.4", ends(PROTOCOL_ERROR), {
    "push-promise-on-an-open-stream": frame(PUSH_PROMISE, END_HEADERS, 1, PROMISE),
}, OPEN, echoes=True)

# 8.5 CONNECT: no server is a proxy by accident. RFC 8441 4: one with a protocol has a scheme and a path.
CONNECT = {"method": b"CONNECT", "authority": b"localhost:80"}
PROTOCOL = literal(b":protocol", b"websocket")
rules("8.5", answers(400, 403, 404, 405, 421, 501), {"connect": request(**CONNECT, scheme=None, path=None)})
rules("8.5", MALFORMED, {
    "connect-with-a-scheme": request(**CONNECT, path=None),
    "connect-with-a-path": request(**CONNECT, scheme=None),
    "connect-with-both": request(**CONNECT),
    "connect-without-authority": request(method=b"CONNECT", authority=None, scheme=None, path=None),
})
rules("8441-4", MALFORMED, {
    "protocol-without-connect": request(PROTOCOL),
    "protocol-of-a-post": request(PROTOCOL, method=b"POST"),
    "protocol-without-a-scheme": request(PROTOCOL, method=b"CONNECT", scheme=None),
    "protocol-without-a-path": request(PROTOCOL, method=b"CONNECT", path=None),
    "protocol-twice": request(PROTOCOL, PROTOCOL, method=b"CONNECT"),
    "protocol-behind-a-field": request(FIELD, PROTOCOL, method=b"CONNECT"),
})
rules("8441-5", answers(400, 403, 404, 405, 501), {"protocol-that-nobody-speaks": request(PROTOCOL, method=b"CONNECT")})


# RFC 7541. What is asked for stands before or behind fields that are fine.

def block(*more, before=b""):
    return headers(1, before + head(more=b"".join(more)))


def huffman(bits, name=b"x"):
    return b"\0" + string(name) + integer(len(bits), 7, 0x80) + bits


def resized(bytes):
    return integer(bytes, 5, 0x20)


ENDLESS = b"\xff" * 10 + b"\x7f"
LATE = indexed_literal(b"late", b"y")
rules("7541-2.3.3", UNREADABLE, {
    "index-beyond-both-tables": block(integer(62, 7, 0x80)),
    "index-far-beyond": block(integer(1 << 20, 7, 0x80)),
    "index-beyond-one-entry": block(LATE, integer(63, 7, 0x80)),
    "name-beyond-both-tables": block(integer(62, 6, 0x40) + string(b"y")),
    "name-beyond-of-a-literal": block(integer(62, 4) + string(b"y")),
    "name-beyond-never-indexed": block(integer(62, 4, 0x10) + string(b"y")),
})
rules("7541-2.3.3", answers(200), {
    "index-of-the-newest": block(LATE, integer(62, 7, 0x80)),
    "name-of-the-newest": block(LATE, integer(62, 6, 0x40) + string(b"z")),
    "index-from-another-block": block(LATE) + headers(3, head(more=integer(62, 7, 0x80))),
    "the-same-entry-twice": block(LATE, LATE, integer(62, 7, 0x80), integer(63, 7, 0x80)),
})
rules("7541-4.1", UNREADABLE, {
    "entry-that-has-been-evicted": block(LATE, indexed_literal(b"x", b"y" * 4060), integer(63, 7, 0x80)),
})
rules("7541-4.3", UNREADABLE, {
    "entry-of-a-table-made-smaller": (block(LATE), headers(3, resized(0) + resized(4096) + head(more=integer(62, 7, 0x80)))),
})
rules("7541-4.4", UNREADABLE, {
    "entry-larger-than-the-table": block(LATE, indexed_literal(b"x", b"y" * 5000), integer(62, 7, 0x80)),
})
rules("7541-4.4", answers(200), {
    "entry-larger-than-the-table-by-itself": block(LATE, indexed_literal(b"x", b"y" * 5000)),
})
rules("7541-4.2", answers(200), {f"size-update-to-{size}": block(before=resized(size)) for size in (0, 1, 4096)})
rules("7541-4.2", answers(200), {"two-size-updates": block(before=resized(0) + resized(4096))})
rules("7541-4.2", UNREADABLE, {
    "size-update-at-the-end": block(resized(100)),
    "size-update-behind-a-field": block(resized(100), FIELD),
    "size-update-between-pseudo-fields": block(before=PSEUDO["method"] + resized(0)),
})
rules("7541-4.2", UNREADABLE, {"size-update-behind-trailers": headers(1, FIELD + resized(0))}, OPEN, echoes=True)
rules("7541-5.1", UNREADABLE, {
    "index-that-overflows": block(b"\xff" + ENDLESS),
    "name-that-overflows": block(b"\x7f" + ENDLESS),
    "length-that-overflows": block(b"\0\x7f" + ENDLESS),
    "value-length-that-overflows": block(b"\0\1x\x7f" + ENDLESS),
    "size-update-that-overflows": block(before=b"\x3f" + ENDLESS),
    "index-of-2-to-the-32-and-2": block(b"\xff" + integer((1 << 32) + 2, 7)[1:]),
})
rules("7541-5.2", answers(200), {
    "huffman": block(huffman(b"\x1f")),
    "huffman-without-padding": block(huffman(b"\xf8")),
    "huffman-of-nothing": block(huffman(b"")),
    "huffman-name": block(b"\0\x81\x1f" + string(b"y")),
})
rules("7541-5.2", UNREADABLE, {
    "padding-of-zeros": block(huffman(b"\x18")),
    "padding-that-ends-with-a-zero": block(huffman(b"\x1e")),
    "padding-of-8-bits": block(huffman(b"\xf8\xff")),
    "padding-of-11-bits": block(huffman(b"\x1f\xff")),
    "padding-alone": block(huffman(b"\xff")),
    "end-of-string": block(huffman(b"\xff\xff\xff\xff")),
    "end-of-string-behind-a-letter": block(huffman(b"\x1f\xff\xff\xff\xff")),
    "end-of-string-before-a-letter": block(huffman(b"\xff\xff\xff\xfc\x7f")),
    "padding-of-a-name": block(b"\0\x81\x18" + string(b"y")),
    "end-of-string-in-a-name": block(b"\0\x84\xff\xff\xff\xff" + string(b"y")),
})
rules("7541-6.1", UNREADABLE, {"index-0": block(b"\x80"), "index-0-alone": headers(1, b"\x80")})
rules("7541-6.1", answers(200), {"static-table": headers(1, b"\x82\x86\x84" + literal(b":authority", b"a"))})
rules("7541-6.2", answers(200), {
    "never-indexed": block(b"\x10" + string(b"x") + string(b"y")),
    "name-of-the-static-table": block(integer(58, 4) + string(b"me")),
    "name-of-the-static-table-indexed": block(integer(58, 6, 0x40) + string(b"me")),
})
rules("7541-6.3", UNREADABLE, {
    f"size-update-to-{size}": block(before=resized(size)) for size in (4097, 1 << 20, (1 << 32) - 1)
})
CUT = {
    "an-index": b"\xff",
    "a-long-index": b"\xff\x80",
    "a-field": b"\0",
    "a-name-length": b"\0\x7f",
    "a-name": b"\0\5ab",
    "a-field-without-a-value": b"\0\1x",
    "a-value-length": b"\0\1x\x7f\x80",
    "a-value": b"\0\1x\5ab",
    "a-huffman-value": b"\0\1x\x85\x1f",
}
rules("7541-3", UNREADABLE, {
    f"block-that-ends-within-{name}": block(rest)
    for name, rest in CUT.items()
})
rules("7541-3", UNREADABLE, {
    "block-that-ends-within-a-size-update": headers(1, b"\x3f"),
    "block-that-ends-within-a-continuation": get(flags=END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, b"\0\5ab"),
})
