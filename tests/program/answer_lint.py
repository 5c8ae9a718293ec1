"""What is wrong with an answer to a request, whatever they are about: a list of complaints, each with the
section of the RFC it comes from. An answer is (status, [(name, value), ...], body)."""
import re
from email.utils import parsedate_to_datetime

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(r"([\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?)?")
TAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
MEDIA = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+( *; *[\w-]+=(\"[^\"]*\"|[\w!#$&^.+-]+))*")
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
SINGLE = {"content-length", "content-type", "content-range", "content-location", "date", "etag", "last-modified",
          "location", "expires", "age", "retry-after", "server", "access-control-allow-origin",
          "access-control-max-age", "x-content-type-options"}
# A field of the request that an answer shows the use of: (field of the request, what shows it).
DEPENDS = [("origin", lambda fields, request: fields.get("access-control-allow-origin", "*") != "*"),
           ("accept-encoding", lambda fields, request: "content-encoding" in fields),
           ("access-control-request-headers", lambda fields, request: "access-control-allow-headers" in fields)]


def lint(method, request, answer):
    """`request`: its fields, with small names."""
    status, pairs, body = answer
    fields = {}
    for name, value in pairs:
        fields.setdefault(name.lower(), []).append(value)
    complaints = [words for rule in RULES for words in rule(method, request, status, pairs, fields, body)]
    return complaints


def syntax(method, request, status, pairs, fields, body):
    for name, value in pairs:
        if not TOKEN.fullmatch(name):
            yield f"RFC 9110 5.1: {name!r} is no name"
        if not VALUE.fullmatch(value):
            yield f"RFC 9110 5.5: {name}: {value!r} is no value"
    for name, pattern, section in (("etag", TAG, "8.8.3"), ("content-type", MEDIA, "8.3"), ("date", DATE, "5.6.7"),
                                   ("last-modified", DATE, "5.6.7"), ("content-length", re.compile(r"\d+"), "8.6")):
        for value in fields.get(name, []):
            if not pattern.fullmatch(value):
                yield f"RFC 9110 {section}: {name}: {value!r}"


def singletons(method, request, status, pairs, fields, body):
    for name in SINGLE & fields.keys():
        if len(fields[name]) > 1:
            yield f"RFC 9110 5.3: {name} is said {len(fields[name])} times"


def dates(method, request, status, pairs, fields, body):
    if "date" not in fields:
        yield "RFC 9110 6.6.1: there is no Date"
    elif "last-modified" in fields and (parsedate_to_datetime(fields["last-modified"][0])
                                        > parsedate_to_datetime(fields["date"][0])):
        yield "RFC 9110 8.8.2.1: modified in the future"


def framing(method, request, status, pairs, fields, body):
    length = fields.get("content-length")
    if status in (204, 304) or status < 200:
        if body:
            yield f"RFC 9110 15: a {status} has no content"
        if status != 304 and length:
            yield f"RFC 9110 8.6: a {status} has no Content-Length"
    elif method != "HEAD":
        if length and int(length[0]) != len(body):
            yield f"RFC 9110 8.6: {length[0]} bytes are said, and {len(body)} come"
        if not length and "transfer-encoding" not in fields and "close" not in fields.get("connection", []):
            yield "RFC 9112 6.3: nobody knows where it ends"
    elif body:
        yield "RFC 9110 9.3.2: HEAD has content"
    if length and "transfer-encoding" in fields:
        yield "RFC 9112 6.2: two ways to tell the length"


def content(method, request, status, pairs, fields, body):
    if body and "content-type" not in fields:
        yield "RFC 9110 8.3: nobody knows what it is"
    if status == 205 and body:
        yield "RFC 9110 15.3.6: a 205 has no content"


def ranges(method, request, status, pairs, fields, body):
    said = fields.get("content-range", [None])[0]
    several = fields.get("content-type", [""])[0].startswith("multipart/byteranges")
    if said and status not in (206, 416):
        yield f"RFC 9110 14.4: Content-Range means nothing in a {status}"
    if status == 206 and method != "GET":
        yield "RFC 9110 14.2: ranges are for GET alone"
    if status == 206 and "range" not in request:
        yield "RFC 9110 15.3.7: nobody asked for a part"
    if status == 206 and bool(said) == several:
        yield "RFC 9110 15.3.7: either one Content-Range or several parts"
    if status == 206 and said:
        found = RANGE.fullmatch(said)
        if not found:
            yield f"RFC 9110 14.4: {said!r}"
        elif not int(found[1]) <= int(found[2]) < int(found[3]) or len(body) != int(found[2]) - int(found[1]) + 1:
            yield f"RFC 9110 14.4: {said!r} of {len(body)} bytes"
    if status == 206 and several:
        yield from parts(fields["content-type"][0], body)
    if status == 416 and not (said and re.fullmatch(r"bytes \*/\d+", said)):
        yield "RFC 9110 15.5.17: a 416 says the length there is"
    if status == 206 and not {"etag", "last-modified"} & fields.keys():
        yield "RFC 9110 15.3.7: a part of what?"


def parts(content_type, body):
    boundary = content_type.partition("boundary=")[2].encode()
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if not boundary or pieces[0] or pieces[-1] != b"--\r\n" or len(pieces) < 3:
        yield "RFC 2046 5.1.1: not a multipart body"
        return
    for piece in pieces[1:-1]:
        head, _, data = piece.partition(b"\r\n\r\n")
        found = re.search(rb"(?im)^content-range: bytes (\d+)-(\d+)/\d+\r?$", head)
        if not found or int(found[2]) - int(found[1]) + 1 != len(data):
            yield f"RFC 9110 14.6: a part says {head!r} and has {len(data)} bytes"


def companions(method, request, status, pairs, fields, body):
    for codes, name, section in (((301, 302, 303, 307, 308), "location", "10.2.2"), ((405,), "allow", "15.5.6"),
                                 ((401,), "www-authenticate", "15.5.2"), ((407,), "proxy-authenticate", "15.5.8"),
                                 ((426,), "upgrade", "15.5.22")):
        if status in codes and name not in fields:
            yield f"RFC 9110 {section}: a {status} has {name}"
    if status == 304:
        for name in ("content-type", "content-encoding", "content-range"):
            if name in fields:
                yield f"RFC 9110 15.4.5: a 304 says nothing of the content, {name} least of all"
    if status == 405 and method in fields.get("allow", [""])[0].replace(",", " ").split():
        yield "RFC 9110 15.5.6: what is refused is allowed"


def varying(method, request, status, pairs, fields, body):
    listed = {name.strip().lower() for value in fields.get("vary", []) for name in value.split(",")}
    for name, shows in DEPENDS:
        if shows({key: values[0] for key, values in fields.items()}, request) and not listed & {name, "*"}:
            yield f"RFC 9110 12.5.5: it depends on {name}, and Vary does not say so"


def sharing(method, request, status, pairs, fields, body):
    everybody = fields.get("access-control-allow-origin") == ["*"]
    if everybody and "access-control-allow-credentials" in fields:
        yield "Fetch 3.2.5: credentials for everybody"


RULES = [syntax, singletons, dates, framing, content, ranges, companions, varying, sharing]
