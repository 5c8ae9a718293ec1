"""What makes a request odd, one thing each: which rule it touches, and what that rule wants of a server.

An ingredient changes a Request. Its `wants` says what the cited section leaves a server:
  refuse   an error, and the rest of the connection is not read as requests
  should   the same, but only a SHOULD says so, as RFC 9112 2.2 and 3 do of whatever the grammar does not allow
  accept   an answer, and the next request is found where it begins
  choice   either: the section allows leniency, or says nothing
  choice-close   an answer or an error, and the connection must be closed behind it
  close    an answer, and the connection must be closed behind it
  method   an error for the method alone; the next request may be read"""
from collections import namedtuple

SMUGGLED = b"GET /x.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
FINAL = b"GET /s.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
Ingredient = namedtuple("Ingredient", "name family rule wants change")
ALL = []


class Request:
    """Bytes in parts; `ends` are the ends of its lines."""

    def __init__(self, method=b"GET", version=b"HTTP/1.1"):
        self.method, self.target, self.version = method, b"/a.txt", version
        self.blanks = (b" ", b" ")
        self.before, self.line_end, self.field_end, self.head_end = b"", b"\r\n", b"\r\n", b"\r\n"
        self.fields = [(b"Host", b": ", b"localhost")]
        self.body = b""
        self.line = None

    def add(self, name, value, between=b": "):
        self.fields.append((name, between, value))

    def drop(self, name):
        self.fields = [field for field in self.fields if field[0].lower() != name.lower()]

    def frame(self, *fields, body=b""):
        """Other framing than there was: these fields, and this body."""
        self.drop(b"Content-Length")
        self.drop(b"Transfer-Encoding")
        for field in fields:
            self.fields.append(field if len(field) == 3 else (field[0], b": ", field[1]))
        self.body = body

    def encoded(self):
        line = self.line
        if line is None:
            line = self.method + self.blanks[0] + self.target + self.blanks[1] + self.version
        lines = b"".join(b"".join(field) + self.field_end for field in self.fields)
        return self.before + line + self.line_end + lines + self.head_end + self.body


def chunked(*pieces, end=b"0\r\n\r\n"):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


def ingredient(family, name, rule, wants):
    def keep(change):
        ALL.append(Ingredient(f"{family}: {name}", family, rule, wants, change))
        return change
    return keep


def simple(family, rule, wants, table):
    """{name: a change of the request}"""
    for name, change in table.items():
        ingredient(family, name, rule, wants)(change)


LENGTH, CODING = b"Content-Length", b"Transfer-Encoding"


# Content-Length beside Transfer-Encoding

@ingredient("CL.TE", "the length covers a second request", "RFC 9112 6.1, 6.3 (3), 11.2", "choice-close")
def cl_te(request, chance):
    body = b"0\r\n\r\n" + SMUGGLED
    request.frame((LENGTH, b"%d" % len(body)), (CODING, b"chunked"), body=body)


@ingredient("TE.CL", "a chunk holds a second request", "RFC 9112 6.1, 6.3 (3), 11.2", "choice-close")
def te_cl(request, chance):
    body = chunked(SMUGGLED)
    request.frame((CODING, b"chunked"), (LENGTH, b"%d" % (body.index(b"\r\n") + 2)), body=body)


@ingredient("CL.TE", "both agree", "RFC 9112 6.1, 6.3 (3)", "choice-close")
def cl_te_agree(request, chance):
    body = chunked(b"abc")
    request.frame((LENGTH, b"%d" % len(body)), (CODING, b"chunked"), body=body)


@ingredient("CL.TE", "a length that is no number", "RFC 9112 6.3 (3, 5)", "choice-close")
def cl_te_bad(request, chance):
    request.frame((LENGTH, b"abc"), (CODING, b"chunked"), body=chunked(b"abc"))


@ingredient("CL.TE", "in HTTP/1.0", "RFC 9112 6.1", "choice-close")
def cl_te_old(request, chance):
    body = b"0\r\n\r\n" + SMUGGLED
    request.version = b"HTTP/1.0"
    request.frame((LENGTH, b"%d" % len(body)), (CODING, b"chunked"), body=body)


# Transfer-Encoding that one reads and another does not

def coding(name, rule, wants, *fields):
    @ingredient("TE.TE", name, rule, wants)
    def change(request, chance):
        request.frame(*fields, body=b"0\r\n\r\n" + SMUGGLED if chance.random() < 0.5 else chunked(b"abc"))


coding("chunked twice in two lines", "RFC 9112 6.1, 6.3 (4)", "choice", (CODING, b"chunked"), (CODING, b"chunked"))
coding("chunked, chunked", "RFC 9112 6.1, 6.3 (4)", "choice", (CODING, b"chunked, chunked"))
coding("chunked, identity", "RFC 9112 6.3 (4)", "refuse", (CODING, b"chunked, identity"))
coding("identity, chunked", "RFC 9112 6.1", "should", (CODING, b"identity, chunked"))
coding("identity", "RFC 9112 6.3 (4)", "refuse", (CODING, b"identity"))
coding("gzip, chunked", "RFC 9112 6.1", "should", (CODING, b"gzip, chunked"))
coding("gzip", "RFC 9112 6.3 (4)", "refuse", (CODING, b"gzip"))
coding("an unknown word", "RFC 9112 6.3 (4)", "refuse", (CODING, b"xchunked"))
coding("chunked and then an unknown line", "RFC 9112 6.3 (4)", "refuse", (CODING, b"chunked"), (CODING, b"x"))
coding("an unknown line and then chunked", "RFC 9112 6.1", "should", (CODING, b"x"), (CODING, b"chunked"))
coding("capital letters", "RFC 9112 7", "accept", (CODING, b"CHUNKED"))
coding("mixed letters of the name", "RFC 9110 5.1", "accept", (b"tRANSFER-eNCODING", b"chunked"))
coding("no space behind the colon", "RFC 9112 5", "accept", (CODING, b":", b"chunked"))
coding("a tab behind the colon", "RFC 9112 5", "accept", (CODING, b":\t", b"chunked"))
coding("blanks behind the value", "RFC 9112 5", "accept", (CODING, b"chunked \t "))
coding("a vertical tab before the value", "RFC 9112 6.3 (4)", "refuse", (CODING, b"\x0bchunked"))
coding("a form feed behind the value", "RFC 9112 6.3 (4)", "refuse", (CODING, b"chunked\x0c"))
coding("a NUL behind the value", "RFC 9110 5.5", "choice", (CODING, b"chunked\x00"))
coding("a no-break space behind the value", "RFC 9112 6.3 (4)", "refuse", (CODING, b"chunked\xa0"))
coding("in quotes", "RFC 9112 6.3 (4)", "refuse", (CODING, b'"chunked"'))
coding("with a parameter", "RFC 9112 7.1", "should", (CODING, b"chunked;a=b"))
coding("with a semicolon", "RFC 9112 7, 2.2", "should", (CODING, b"chunked;"))
coding("a comma behind", "RFC 9110 5.6.1.2", "choice", (CODING, b"chunked,"))
coding("a comma before", "RFC 9110 5.6.1.2", "choice", (CODING, b",chunked"))
coding("empty", "RFC 9112 6.1", "choice", (CODING, b""))
coding("a blank before the colon", "RFC 9112 5.1", "refuse", (CODING, b" : ", b"chunked"))
coding("a tab before the colon", "RFC 9112 5.1", "refuse", (CODING, b"\t: ", b"chunked"))
coding("an underscore in the name", "RFC 9110 5.1", "choice", (b"Transfer_Encoding", b"chunked"))
coding("a blank before the name", "RFC 9112 5.2, 3.2", "refuse", (b" Transfer-Encoding", b"chunked"))
coding("a CR behind the value", "RFC 9112 2.2", "choice", (CODING, b"chunked\r"))
coding("a CR in the name", "RFC 9112 2.2, 5.1", "refuse", (b"Transfer-Encoding\r", b"chunked"))
coding("folded", "RFC 9112 5.2", "choice", (CODING, b":\r\n ", b"chunked"))
coding("behind another field's bare LF", "RFC 9112 2.2", "choice", (b"X", b"y\nTransfer-Encoding: chunked"))
coding("behind another field's bare CR", "RFC 9112 2.2", "choice", (b"X", b"y\rTransfer-Encoding: chunked"))


@ingredient("TE.TE", "in HTTP/1.0", "RFC 9112 6.1", "choice-close")
def coding_old(request, chance):
    request.version = b"HTTP/1.0"
    request.add(b"Connection", b"keep-alive")
    request.frame((CODING, b"chunked"), body=chunked(b"abc"))


# Content-Length

def length(name, rule, wants, *values, body=b"abc", between=b": "):
    @ingredient("CL", name, rule, wants)
    def change(request, chance):
        request.frame(*((LENGTH, between, value) for value in values), body=body)


for _value, _name in ((b"+3", "a plus"), (b"-3", "a minus"), (b"0x3", "hexadecimal"), (b"3.0", "a point"), (b"3e0", "an exponent"),
                      (b"3 3", "a blank within"), (b"3;", "a semicolon"), (b'"3"', "quotes"), (b"three", "a word"),
                      (b"\x0b3", "a vertical tab"), (b"3_0", "an underscore"), (b"\xb3", "a digit of another alphabet")):
    length(_name, "RFC 9112 6.3 (5)", "refuse", _value)
length("a NUL", "RFC 9110 5.5", "choice", b"3\x00")
length("empty", "RFC 9112 6.3 (5)", "refuse", b"", body=b"")
length("leading zeros", "RFC 9110 8.6", "accept", b"0003")
length("nothing but zeros", "RFC 9110 8.6", "accept", b"0000", body=b"")
length("more than 2^63", "RFC 9110 8.6", "refuse", b"9223372036854775808")
length("more than 2^64", "RFC 9110 8.6", "refuse", b"18446744073709551619")
length("thirty digits", "RFC 9110 8.6", "refuse", b"3" * 30)
length("a hundred zeros before it", "RFC 9110 8.6", "choice", b"0" * 100 + b"3")
length("a list of the same", "RFC 9112 6.3 (5)", "choice", b"3, 3")
length("a list of others", "RFC 9112 6.3 (5)", "refuse", b"3, 4")
length("two lines of the same", "RFC 9112 6.3 (5), RFC 9110 8.6", "choice", b"3", b"3")
length("two lines, the smaller first", "RFC 9112 6.3 (5)", "refuse", b"3", b"%d" % (3 + len(SMUGGLED)), body=b"abc" + SMUGGLED)
length("two lines, the larger first", "RFC 9112 6.3 (5)", "refuse", b"%d" % (3 + len(SMUGGLED)), b"3", body=b"abc" + SMUGGLED)
length("a comma behind", "RFC 9112 6.3 (5)", "choice", b"3,")
length("a blank before the colon", "RFC 9112 5.1", "refuse", b"3", between=b" : ")
length("a tab behind the colon", "RFC 9112 5", "accept", b"3", between=b":\t")
length("folded", "RFC 9112 5.2", "choice", b"3", between=b":\r\n ")
length("an underscore in the name", "RFC 9110 5.1", "choice", b"3", between=b": ", body=b"abc")
length("0 with a second request behind it", "RFC 9112 9.3.2", "accept", b"0", body=SMUGGLED)
length("shorter than what comes", "RFC 9112 9.3.2", "choice", b"2")


# Line ends

def ends(name, rule, wants, **parts):
    @ingredient("line end", name, rule, wants)
    def change(request, chance):
        for part, value in parts.items():
            setattr(request, part, value)


ends("a bare LF behind the request line", "RFC 9112 2.2", "choice", line_end=b"\n")
ends("a bare LF behind each field", "RFC 9112 2.2", "choice", field_end=b"\n")
ends("a bare LF for the empty line", "RFC 9112 2.2", "choice", head_end=b"\n")
ends("bare LFs everywhere", "RFC 9112 2.2", "choice", line_end=b"\n", field_end=b"\n", head_end=b"\n")
ends("a bare CR behind the request line", "RFC 9112 2.2, 3", "should", line_end=b"\r")
ends("bare CRs behind the fields", "RFC 9112 2.2", "choice", field_end=b"\r")
ends("CR CR LF behind the request line", "RFC 9112 2.2", "choice", line_end=b"\r\r\n")
ends("CR CR LF behind the fields", "RFC 9112 2.2", "choice", field_end=b"\r\r\n")
ends("CR CR LF for the empty line", "RFC 9112 2.2, 5.1", "choice", head_end=b"\r\r\n")
ends("an empty line before", "RFC 9112 2.2", "accept", before=b"\r\n")
ends("two empty lines before", "RFC 9112 2.2", "choice", before=b"\r\n\r\n")
ends("a bare LF before", "RFC 9112 2.2", "choice", before=b"\n")
ends("a blank before", "RFC 9112 2.2, 3", "choice", before=b" ")
ends("a NUL before", "RFC 9112 2.2, 3", "should", before=b"\x00")
ends("a blank line with a blank before", "RFC 9112 2.2", "choice", before=b" \r\n")


# Fields

def field(name, rule, wants, *fields):
    @ingredient("field", name, rule, wants)
    def change(request, chance):
        at = chance.randrange(len(request.fields) + 1) if chance.random() < 0.3 else len(request.fields)
        request.fields[at:at] = [one if len(one) == 3 else (one[0], b": ", one[1]) for one in fields]


field("folded", "RFC 9112 5.2", "choice", (b"X", b"a\r\n b"))
field("folded with a tab", "RFC 9112 5.2", "choice", (b"X", b"a\r\n\tb"))
field("folded to nothing", "RFC 9112 5.2", "choice", (b"X", b"a\r\n "))
field("a blank before the colon", "RFC 9112 5.1", "refuse", (b"X", b" : ", b"a"))
field("a tab before the colon", "RFC 9112 5.1", "refuse", (b"X", b"\t: ", b"a"))
field("a blank in the name", "RFC 9110 5.1, 5.6.2, RFC 9112 2.2", "should", (b"X Y", b"a"))
field("no name", "RFC 9110 5.1, 5.6.2, RFC 9112 2.2", "should", (b"", b"a"))
field("no colon", "RFC 9112 5, 2.2", "should", (b"X", b"", b""))
field("a control byte in the name", "RFC 9110 5.6.2, RFC 9112 2.2", "should", (b"X\x01", b"a"))
field("a NUL in the name", "RFC 9110 5.6.2, RFC 9112 2.2", "should", (b"X\x00Y", b"a"))
field("a high byte in the name", "RFC 9110 5.6.2, RFC 9112 2.2", "should", (b"X\xe9", b"a"))
field("a bracket in the name", "RFC 9110 5.6.2, RFC 9112 2.2", "should", (b"X(Y)", b"a"))
field("an at sign in the name", "RFC 9110 5.6.2, RFC 9112 2.2", "should", (b"X@Y", b"a"))
field("a quote in the name", "RFC 9110 5.6.2, RFC 9112 2.2", "should", (b'X"', b"a"))
field("all marks a token may have", "RFC 9110 5.6.2", "accept", (b"!#$%&'*+-.^_`|~9", b"a"))
field("a NUL in the value", "RFC 9110 5.5", "choice", (b"X", b"a\x00b"))
field("a CR in the value", "RFC 9110 5.5, RFC 9112 2.2", "choice", (b"X", b"a\rb"))
field("a LF in the value", "RFC 9110 5.5, RFC 9112 2.2", "choice", (b"X", b"a\nb"))
field("a control byte in the value", "RFC 9110 5.5", "choice", (b"X", b"a\x01b"))
field("a DEL in the value", "RFC 9110 5.5", "choice", (b"X", b"a\x7fb"))
field("a high byte in the value", "RFC 9110 5.5", "accept", (b"X", b"a\xe9b"))
field("a tab in the value", "RFC 9110 5.5", "accept", (b"X", b"a\tb"))
field("an empty value", "RFC 9110 5.5", "accept", (b"X", b":", b""))
field("a colon in the value", "RFC 9110 5.5", "accept", (b"X", b"a: b"))
field("Connection names Content-Length", "RFC 9110 7.6.1", "choice", (b"Connection", b"content-length"))
field("Connection close", "RFC 9112 9.6", "close", (b"Connection", b"close"))
field("Connection close in capitals", "RFC 9110 7.6.1", "close", (b"Connection", b"CLOSE"))
field("Connection close in a list", "RFC 9110 7.6.1", "close", (b"Connection", b"x, close"))
field("Connection close in a second line", "RFC 9110 7.6.1, 5.3", "close", (b"Connection", b"keep-alive"), (b"Connection", b"close"))
field("Upgrade to something unknown", "RFC 9110 7.8", "accept", (b"Connection", b"upgrade"), (b"Upgrade", b"nonsense/9"))
field("Upgrade to h2c", "RFC 9110 7.8", "accept", (b"Connection", b"Upgrade, HTTP2-Settings"), (b"Upgrade", b"h2c"),
      (b"HTTP2-Settings", b"AAMAAABkAAQAAP__"))
field("Upgrade without Connection", "RFC 9110 7.8", "accept", (b"Upgrade", b"websocket"))
field("Expect of something else", "RFC 9110 10.1.1", "choice", (b"Expect", b"nonsense"))
field("Expect 100-continue", "RFC 9110 10.1.1", "accept", (b"Expect", b"100-continue"))
field("Expect 100-continue in capitals", "RFC 9110 10.1.1", "accept", (b"Expect", b"100-Continue"))
field("Expect 100-continue twice", "RFC 9110 10.1.1", "accept", (b"Expect", b"100-continue"), (b"Expect", b"100-continue"))
field("TE: chunked", "RFC 9110 10.1.4", "choice", (b"Connection", b"TE"), (b"TE", b"chunked"))
field("Range of a file with a body", "RFC 9110 14.2", "accept", (b"Range", b"bytes=0-0"))


# Host

def host(name, rule, wants, *values, target=None, version=None):
    @ingredient("Host", name, rule, wants)
    def change(request, chance):
        request.drop(b"Host")
        for value in values:
            request.add(b"Host", value)
        request.target = target or request.target
        request.version = version or request.version


host("missing", "RFC 9112 3.2", "refuse")
host("twice", "RFC 9112 3.2", "refuse", b"localhost", b"localhost")
host("two others", "RFC 9112 3.2", "refuse", b"localhost", b"other")
host("empty", "RFC 9112 3.2", "choice", b"")
host("a list", "RFC 9112 3.2", "refuse", b"localhost, other")
host("a blank within", "RFC 9112 3.2", "refuse", b"local host")
host("a path", "RFC 9112 3.2", "refuse", b"localhost/a")
host("user information", "RFC 9112 3.2, RFC 9110 7.2", "refuse", b"user@localhost")
host("a port that is none", "RFC 9112 3.2", "refuse", b"localhost:abc")
host("a port too large", "RFC 3986 3.2.3", "choice", b"localhost:99999")
host("an empty port", "RFC 3986 3.2.3", "accept", b"localhost:")
host("a bracket that is not closed", "RFC 9112 3.2", "refuse", b"[::1")
host("an address in brackets", "RFC 3986 3.2.2", "accept", b"[::1]")
host("a NUL", "RFC 9110 5.5", "refuse", b"local\x00host")
host("a percent sign without digits", "RFC 9112 3.2, RFC 3986 2.1", "refuse", b"local%zzhost")
host("an underscore", "RFC 3986 3.2.2", "accept", b"local_host")
host("a quote", "RFC 9112 3.2", "refuse", b'local"host')
host("two colons", "RFC 9112 3.2", "refuse", b"localhost:80:80")
host("missing in HTTP/1.0", "RFC 9112 3.2", "accept", version=b"HTTP/1.0")
host("twice in HTTP/1.0", "RFC 9112 3.2", "refuse", b"localhost", b"localhost", version=b"HTTP/1.0")
host("other than absolute-form says", "RFC 9112 3.2.2", "accept", b"other", target=b"http://localhost/a.txt")
host("missing beside absolute-form", "RFC 9112 3.2", "refuse", target=b"http://localhost/a.txt")
host("twice beside absolute-form", "RFC 9112 3.2", "refuse", b"localhost", b"other", target=b"http://localhost/a.txt")


# Targets

def target(name, rule, wants, value, method=None):
    @ingredient("target", name, rule, wants)
    def change(request, chance):
        request.target = value
        request.method = method or request.method


target("absolute-form", "RFC 9112 3.2.2", "accept", b"http://localhost/a.txt")
target("absolute-form in capitals", "RFC 3986 3.1", "accept", b"HTTP://localhost/a.txt")
target("absolute-form without a path", "RFC 9110 4.2.3", "accept", b"http://localhost")
target("absolute-form with a foreign scheme", "RFC 9112 3.2.2", "choice", b"ftp://localhost/a.txt")
target("absolute-form with user information", "RFC 9110 4.2.4", "should", b"http://user@localhost/a.txt")
target("absolute-form without a host", "RFC 9110 4.2.1", "refuse", b"http:///a.txt")
target("a word", "RFC 9112 3.2", "should", b"a.txt")
target("a fragment", "RFC 9112 3.2.1", "should", b"/a.txt#b")
target("a backslash", "RFC 9112 3.2.1, RFC 3986 3.3", "should", b"/b\\..\\a.txt")
target("a control byte", "RFC 9112 3.2.1, RFC 3986 3.3", "should", b"/a\x01.txt")
target("a NUL", "RFC 9112 3.2.1, RFC 3986 3.3", "should", b"/a\x00.txt")
target("a DEL", "RFC 9112 3.2.1, RFC 3986 3.3", "should", b"/a\x7f.txt")
target("a high byte", "RFC 9112 3.2.1, RFC 3986 3.3", "should", b"/\xe9.txt")
target("an encoded NUL", "RFC 3986 2.1", "choice", b"/a%00.txt")
target("a percent sign without digits", "RFC 3986 2.1", "should", b"/a%zz.txt")
target("half a percent sign", "RFC 3986 2.1", "should", b"/a.txt%4")
target("a percent sign in the query", "RFC 3986 2.1", "should", b"/a.txt?%zz")
target("a quote", "RFC 9112 3.2.1, RFC 3986 3.3", "should", b'/a".txt')
target("angle brackets in the query", "RFC 3986 3.4", "should", b"/a.txt?<b>")
target("a blank", "RFC 9112 3.2", "should", b"/a b.txt")
target("a tab", "RFC 9112 3.2", "should", b"/a\tb.txt")
target("dot segments", "RFC 3986 5.2.4", "choice", b"/b/../a.txt")
target("dot segments above the root", "RFC 3986 5.2.4", "choice", b"/../a.txt")
target("encoded dot segments", "RFC 3986 6.2.2", "choice", b"/b/%2e%2e/a.txt")
target("two slashes", "RFC 3986 3.3", "choice", b"//a.txt")
target("an encoded slash", "RFC 3986 2.2", "choice", b"/b%2f..%2fa.txt")
target("an asterisk with GET", "RFC 9112 3.2.4", "should", b"*")
target("an asterisk with OPTIONS", "RFC 9110 9.3.7", "accept", b"*", b"OPTIONS")
target("a query", "RFC 9112 3.2.1", "accept", b"/a.txt?b=c&d")
target("CONNECT to a host and port", "RFC 9110 9.3.6, 15.5.6", "method", b"localhost:80", b"CONNECT")
target("CONNECT to a path", "RFC 9112 3.2.3", "should", b"/a.txt", b"CONNECT")
target("nine thousand bytes", "RFC 9112 3", "choice", b"/a.txt?" + b"q" * 9000)


# Request lines

def line(name, rule, wants, value):
    @ingredient("request line", name, rule, wants)
    def change(request, chance):
        request.line = value.replace(b"GET", request.method) if request.method in (b"GET", b"POST") else value


line("no version", "RFC 9112 2.3, 3", "choice", b"GET /a.txt")
line("nothing but the method", "RFC 9112 3", "should", b"GET")
line("no target", "RFC 9112 3", "should", b"GET  HTTP/1.1")
line("two blanks before the target", "RFC 9112 3", "choice", b"GET  /a.txt HTTP/1.1")
line("two blanks before the version", "RFC 9112 3", "choice", b"GET /a.txt  HTTP/1.1")
line("a tab between", "RFC 9112 3", "choice", b"GET\t/a.txt HTTP/1.1")
line("a vertical tab between", "RFC 9112 3", "choice", b"GET\x0b/a.txt HTTP/1.1")
line("a blank behind", "RFC 9112 3", "choice", b"GET /a.txt HTTP/1.1 ")
line("a fourth word", "RFC 9112 3", "should", b"GET /a.txt HTTP/1.1 b")
line("a lower-case method", "RFC 9110 9.1, 15.6.2", "method", b"get /a.txt HTTP/1.1")
line("an unknown method", "RFC 9110 9.1, 15.6.2", "method", b"FROB /a.txt HTTP/1.1")
line("a method that is no token", "RFC 9112 3.1", "should", b"G(T /a.txt HTTP/1.1")
line("a method with a NUL", "RFC 9112 3.1", "should", b"G\x00T /a.txt HTTP/1.1")
line("a method with a colon", "RFC 9112 3.1", "should", b"GET: /a.txt HTTP/1.1")
line("TRACE", "RFC 9110 9.3.8", "method", b"TRACE /a.txt HTTP/1.1")
for _version, _wants in ((b"HTTP/1.2", "accept"), (b"HTTP/1.9", "accept"), (b"HTTP/2.0", "choice"), (b"HTTP/0.9", "choice"),
                         (b"HTTP/3.0", "choice"), (b"HTTP/1.10", "should"), (b"HTTP/01.1", "should"), (b"HTTP/1", "should"),
                         (b"HTTP/1.", "should"), (b"HTTP/1.1.1", "should"), (b"http/1.1", "should"), (b"HTTP/1,1", "should"),
                         (b"HTTP/+1.1", "should"), (b"HTTP/ 1.1", "should"), (b"HTTP 1.1", "should"), (b"HTTP/1.x", "should"),
                         (b"HTTPS/1.1", "should"), (b"ICE/1.1", "should"), (b"HTTP/1.1\x00", "should"), (b"HTTP/9.9", "choice")):
    line("version " + repr(_version)[2:-1], "RFC 9112 2.3, 3" if _wants == "should" else "RFC 9112 2.3, RFC 9110 2.5", _wants, b"GET /a.txt " + _version)


# Chunks

def chunk(name, rule, wants, body):
    @ingredient("chunk", name, rule, wants)
    def change(request, chance):
        request.frame((CODING, b"chunked"), body=body)


for _size, _name, _wants in ((b"0x3", "hexadecimal with 0x", "should"), (b"+3", "a plus", "should"), (b"-3", "a minus", "should"),
                             (b" 3", "a blank before", "should"), (b"\t3", "a tab before", "should"), (b"3 ", "a blank behind", "choice"),
                             (b"3\t", "a tab behind", "choice"), (b"0003", "leading zeros", "accept"), (b"0" * 40 + b"3", "forty zeros", "choice"),
                             (b"3_0", "an underscore", "should"), (b"g", "no digit", "should"), (b"", "empty", "should"),
                             (b"3\x00", "a NUL", "should"), (b"3\x0b", "a vertical tab", "should"), (b"3 3", "a blank within", "should"),
                             (b"FFFFFFFFFFFFFFFF", "2^64 - 1", "refuse"), (b"10000000000000003", "2^64 + 3", "refuse"),
                             (b"8000000000000000", "2^63", "refuse"), (b"3.0", "a point", "should"), (b"3,3", "a comma", "should")):
    chunk("size: " + _name, "RFC 9112 7.1", _wants, _size + b"\r\nabc\r\n0\r\n\r\n")
for _extension, _name, _wants in ((b";", "no name", "should"), (b";a", "a name", "accept"), (b";a=b", "a value", "accept"),
                                  (b" ; a = b", "blanks around", "accept"), (b';a="b"', "a quoted value", "accept"),
                                  (b';a="b;c\\"d"', "a quoted pair", "accept"), (b';a="b', "a quote that is not closed", "should"),
                                  (b';a="b\r\n0\r\n\r\n"', "a line end in quotes", "should"), (b';a="b\nc"', "a bare LF in quotes", "should"),
                                  (b";a\n", "a bare LF in it", "should"), (b";a\r", "a bare CR in it", "should"), (b";a=", "no value", "should"),
                                  (b";a=b c", "two words", "should"), (b";\x00", "a NUL", "should"), (b";a@b", "no token", "should"),
                                  (b";" + b"a" * 300, "three hundred bytes", "choice"), (b";;", "two semicolons", "should"),
                                  (b"a;b", "behind another digit", "choice")):
    chunk("extension: " + _name, "RFC 9112 7.1.1", _wants, b"3" + _extension + b"\r\nabc\r\n0\r\n\r\n")
chunk("extension: a bare LF ends the line", "RFC 9112 7.1.1, 2.2", "should", b"3;a\nabc\r\n0\r\n\r\n")
chunk("size: a bare LF behind", "RFC 9112 7.1, 2.2", "should", b"3\nabc\r\n0\r\n\r\n")
chunk("size: a bare CR behind", "RFC 9112 7.1, 2.2", "should", b"3\rabc\r\n0\r\n\r\n")
chunk("size: CR CR LF behind", "RFC 9112 7.1, 2.2", "should", b"3\r\r\nabc\r\n0\r\n\r\n")
chunk("data: a bare LF behind", "RFC 9112 7.1, 2.2", "should", b"3\r\nabc\n0\r\n\r\n")
chunk("data: a bare CR behind", "RFC 9112 7.1, 2.2", "should", b"3\r\nabc\r0\r\n\r\n")
chunk("data: nothing behind", "RFC 9112 7.1", "should", b"3\r\nabc0\r\n\r\n")
chunk("data: two other bytes behind", "RFC 9112 7.1", "should", b"3\r\nabcXX0\r\n\r\n")
chunk("data: longer than the size", "RFC 9112 7.1", "should", b"3\r\nabcd\r\n0\r\n\r\n")
chunk("data: shorter than the size", "RFC 9112 7.1", "should", b"4\r\nabc\r\n0\r\n\r\n")
chunk("last: many zeros", "RFC 9112 7.1", "accept", b"3\r\nabc\r\n000\r\n\r\n")
chunk("last: a bare LF ends it all", "RFC 9112 7.1, 2.2", "should", b"3\r\nabc\r\n0\n\n")
chunk("last: a bare LF for the empty line", "RFC 9112 7.1, 2.2", "choice", b"3\r\nabc\r\n0\r\n\n")
chunk("last: with an extension", "RFC 9112 7.1", "accept", b"3\r\nabc\r\n0;a=b\r\n\r\n")
chunk("last: none, a request follows", "RFC 9112 7.1", "should", b"3\r\nabc\r\n")
chunk("none at all, a request follows", "RFC 9112 7.1", "should", b"")
chunk("trailer: a field", "RFC 9112 7.1.2", "accept", b"3\r\nabc\r\n0\r\nX: y\r\n\r\n")
chunk("trailer: Content-Length", "RFC 9110 6.5.1", "choice", b"3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n")
chunk("trailer: Transfer-Encoding", "RFC 9110 6.5.1", "choice", b"3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n")
chunk("trailer: no colon", "RFC 9112 7.1.2, 5", "should", b"3\r\nabc\r\n0\r\nX\r\n\r\n")
chunk("trailer: a blank before the colon", "RFC 9112 5.1, 7.1.2", "should", b"3\r\nabc\r\n0\r\nX : y\r\n\r\n")
chunk("trailer: a bare LF", "RFC 9112 2.2", "choice", b"3\r\nabc\r\n0\r\nX: y\n\r\n")
chunk("trailer: a NUL", "RFC 9110 5.5", "choice", b"3\r\nabc\r\n0\r\nX: \x00\r\n\r\n")
chunk("trailer: folded", "RFC 9112 5.2", "choice", b"3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n")
chunk("trailer: a request line", "RFC 9112 7.1.2, 5", "should", b"3\r\nabc\r\n0\r\n" + SMUGGLED)
chunk("of three pieces", "RFC 9112 7.1", "accept", chunked(b"a", b"bb", b"c" * 300))


# Persistence

@ingredient("version", "HTTP/1.0", "RFC 9112 9.3", "close")
def old(request, chance):
    request.version = b"HTTP/1.0"


@ingredient("version", "HTTP/1.0 with keep-alive", "RFC 9112 9.3", "choice")
def old_kept(request, chance):
    request.version = b"HTTP/1.0"
    request.add(b"Connection", b"keep-alive")


@ingredient("version", "HTTP/1.0 with keep-alive and close", "RFC 9112 9.3", "close")
def old_both(request, chance):
    request.version = b"HTTP/1.0"
    request.add(b"Connection", b"keep-alive, close")


@ingredient("version", "a simple request of HTTP/0.9", "RFC 9112 2.3, 3", "choice")
def oldest(request, chance):
    request.line, request.fields, request.head_end, request.body = b"GET /a.txt", [], b"", b""


@ingredient("plain", "nothing odd", "RFC 9112 3, 6, 7", "accept")
def plain(request, chance):
    pass
