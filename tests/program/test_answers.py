"""The answers of the program, of every kind: nothing is wrong with them that can be seen without knowing what
they are about (answer_lint.py), and HEAD is GET without the content."""
import gzip
import http.client
import time

import pytest
from answer_lint import lint
from conftest import TOP

BIG = bytes(range(256)) * 1024
REQUESTS = [
    ("GET", "/", {}),
    ("GET", "/ten.txt", {}),
    ("GET", "/big.bin", {}),
    ("GET", "/empty", {}),
    ("GET", "/ten.txt", {"range": "bytes=0-3"}),
    ("GET", "/ten.txt", {"range": "bytes=0-1, 4-5"}),
    ("GET", "/big.bin", {"range": "bytes=0-99999, 100001-"}),
    ("GET", "/ten.txt", {"range": "bytes=90-"}),
    ("GET", "/ten.txt", {"range": "lines=1-2"}),
    ("GET", "/ten.txt", {"range": "bytes=0-1", "if-range": '"other"'}),
    ("GET", "/ten.txt", {"if-none-match": "*"}),
    ("GET", "/ten.txt", {"if-modified-since": "Fri, 31 Dec 2100 00:00:00 GMT"}),
    ("GET", "/ten.txt", {"if-match": '"other"'}),
    ("GET", "/ten.txt", {"if-unmodified-since": "Sat, 01 Jan 2000 00:00:00 GMT"}),
    ("GET", "/dir?x=1", {}),
    ("GET", "/none", {}),
    ("GET", "/none", {"accept": "text/html"}),
    ("GET", "/.hidden", {}),
    ("GET", "/dir/", {}),
    ("GET", "/dir/?sort=-size", {"accept": "application/json"}),
    ("GET", "/dir/", {"range": "bytes=0-3", "if-none-match": "*"}),
    ("GET", "/page", {"range": "bytes=0-1"}),
    ("GET", "/page", {"accept": "text/html", "if-none-match": "*"}),
    ("GET", "/none.js", {"accept": "text/html", "range": "bytes=0-1"}),
    ("GET", "/%00", {}),
    ("GET", "/%zz", {}),
    ("GET", "/ten.txt", {"origin": "https://a.example"}),
    ("GET", "/ten.txt", {"origin": "https://b.example"}),
    ("GET", "/none", {"origin": "https://a.example"}),
    ("GET", "/ten.txt", {"origin": "https://a.example", "range": "bytes=0-1, 4-5"}),
    ("GET", "/ten.txt", {"origin": "https://a.example", "if-none-match": "*"}),
    ("GET", "/coded.js", {"accept-encoding": "gzip, br"}),
    ("GET", "/coded.js", {"accept-encoding": "br"}),
    ("GET", "/coded.js", {"accept-encoding": "identity;q=0"}),
    ("GET", "/coded.js", {"accept-encoding": "gzip", "if-none-match": "*"}),
    ("GET", "/coded.js", {"accept-encoding": "gzip", "range": "bytes=0-3"}),
    ("GET", "/coded.js", {"accept-encoding": "gzip", "range": "bytes=0-1, 3-4"}),
    ("GET", "/coded.js", {"accept-encoding": "gzip", "range": "bytes=900-"}),
    ("GET", "/coded.js", {"accept-encoding": "gzip", "origin": "https://a.example"}),
]
ONLY_ONCE = [
    ("POST", "/ten.txt", {"content-length": "0"}),
    ("DELETE", "/none", {}),
    ("FROB", "/ten.txt", {}),
    ("OPTIONS", "/ten.txt", {}),
    ("OPTIONS", "*", {}),
    ("OPTIONS", "/ten.txt", {"origin": "https://a.example", "access-control-request-method": "GET",
                             "access-control-request-headers": "range"}),
    ("OPTIONS", "/ten.txt", {"origin": "https://b.example", "access-control-request-method": "GET"}),
    ("TRACE", "/", {}),
]
SETTINGS = [[], ["--cors", "--isolate"], ["--cors=https://a.example,http://c.example:1"],
            ["-H", "Referrer-Policy: no-referrer", "-H", "Cache-Control: max-age=60", "--isolate"],
            ["--spa", "--cors=https://a.example"], ["--no-list", "--no-clean-urls"]]


@pytest.fixture(params=SETTINGS, ids=lambda setting: " ".join(setting) or "plain")
def connection(request, start, place):
    (place / "dist" / "big.bin").write_bytes(BIG)
    (place / "dist" / "empty").write_bytes(b"")
    (place / "dist" / "coded.js").write_text("answer = 42")
    (place / "dist" / "coded.js.gz").write_bytes(gzip.compress(b"answer = 42"))
    (place / "dist" / "dir").mkdir()
    (place / "dist" / "dir" / "x").write_text("x")
    (place / "dist" / ".hidden").write_text("no")
    (place / "dist" / "page.html").write_text("<p>page")
    if "--spa" in request.param:
        (place / "dist" / "404.html").write_text("<p>gone")
    running = start("--log", "off", "-l", "127.0.0.1:0", *request.param, "dist")
    opened = http.client.HTTPConnection("127.0.0.1", running.port(), timeout=20)
    settle(opened)
    yield opened
    opened.close()


def settle(connection):
    """What was written just now has a weak tag for a moment."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if dict(ask(connection, "HEAD", "/big.bin", {})[1])["ETag"].startswith('"'):
            return


def ask(connection, method, target, fields):
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in fields.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.getheaders(), answer.read()


def test_nothing_is_wrong_with_any_answer(connection):
    seen = set()
    for method, target, fields in REQUESTS + ONLY_ONCE:
        for again in range(2):  # as it is found, and as it is remembered
            answer = ask(connection, method, target, fields)
            seen.add(answer[0])
            assert lint(method, fields, answer) == [], (method, target, fields, answer)
            # What is no request for a file is answered before the folder is asked.
            if answer[2] and answer[0] not in (400, 501):
                assert ("X-Content-Type-Options", "nosniff") in answer[1], (method, target, answer)
    assert {200, 204, 206, 304, 308, 404, 405, 406, 412, 416} <= seen


def test_head_is_get_without_the_content(connection):
    for _, target, fields in REQUESTS:
        for again in range(2):
            head = ask(connection, "HEAD", target, fields)
            asked = {name: value for name, value in fields.items() if name not in ("range", "if-range")}
            status, pairs, _ = ask(connection, "GET", target, asked)
            assert head[0] == status and head[2] == b""
            assert without_date(head[1]) == without_date(pairs), (target, fields)
            assert lint("HEAD", fields, head) == []


def without_date(pairs):
    return [(name, value) for name, value in pairs if name != "Date"]


GOOD = [("Date", "Thu, 26 Nov 2026 20:00:00 GMT"), ("Content-Type", "text/plain"), ("Content-Length", "2"),
        ("X-Content-Type-Options", "nosniff"), ("ETag", '"x"')]


@pytest.mark.parametrize("method, request_fields, status, changes, body, section", [
    ("GET", {}, 200, [], b"ok", None),
    ("GET", {}, 200, [("X Y", "z")], b"ok", "9110 5.1"),
    ("GET", {}, 200, [("X", "z ")], b"ok", "9110 5.5"),
    ("GET", {}, 200, [("ETag", "x")], b"ok", "9110 8.8.3"),
    ("GET", {}, 200, [("Content-Type", "text/plain")], b"ok", "9110 5.3"),
    ("GET", {}, 200, [("Last-Modified", "Thu, 26 Nov 2026 20:00:01 GMT")], b"ok", "9110 8.8.2.1"),
    ("GET", {}, 200, [], b"okay", "9110 8.6"),
    ("HEAD", {}, 200, [], b"ok", "9110 9.3.2"),
    ("GET", {}, 204, [], b"", "9110 8.6"),
    ("GET", {}, 304, [], b"ok", "9110 15:"),
    ("GET", {}, 304, [], b"", "9110 15.4.5"),
    ("GET", {}, 206, [], b"ok", "9110 15.3.7"),
    ("GET", {"range": "x"}, 206, [("Content-Range", "bytes 0-2/9")], b"ok", "9110 14.4"),
    ("HEAD", {"range": "x"}, 206, [("Content-Range", "bytes 0-1/9")], b"", "9110 14.2"),
    ("GET", {}, 200, [("Content-Range", "bytes 0-1/9")], b"ok", "9110 14.4"),
    ("GET", {}, 416, [], b"ok", "9110 15.5.17"),
    ("GET", {}, 308, [], b"ok", "9110 10.2.2"),
    ("PUT", {}, 405, [], b"ok", "9110 15.5.6"),
    ("PUT", {}, 405, [("Allow", "GET, PUT")], b"ok", "9110 15.5.6"),
    ("GET", {}, 401, [], b"ok", "9110 15.5.2"),
    ("GET", {}, 200, [("Content-Encoding", "br")], b"ok", "9110 12.5.5"),
    ("GET", {}, 200, [("Access-Control-Allow-Origin", "https://a")], b"ok", "9110 12.5.5"),
    ("GET", {}, 200, [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Credentials", "true")], b"ok",
     "Fetch 3.2.5"),
])
def test_the_linter_sees_what_is_wrong(method, request_fields, status, changes, body, section):
    complaints = lint(method, request_fields, (status, GOOD + changes, body))
    assert any(section in words for words in complaints) if section else complaints == []


@pytest.mark.parametrize("arguments, words", [
    (["-H", "x"], "--header: 'x' is not a field; write it like 'Name: value'"),
    (["-H", "ETag: \"x\""], "--header: 'ETag': is a field that the server itself sets"),
    (["--header=A: b\nC: d"], "--header: 'A': has a value that cannot be sent: a line end, a NUL, or blanks around it"),
    (["--cors=https://a/"], "--cors: 'https://a/': an origin is a scheme and a host, in small letters and with nothing"
                            " behind: https://example.org"),
    (["--cors=*,https://a"], "--cors: 'https://a': \"*\" stands for every origin: no other beside it"),
    (["--cors="], "--cors needs a value: --cors=ORIGIN,.."),
    (["--cors", "-H", "Access-Control-Allow-Credentials: true"],
     "--header: 'Access-Control-Allow-Credentials': credentials are never for every origin: list those that may"),
    (["--cors=https://" + "a" * 9000], "--cors: 'https://" + "a" * 191 + "': more than 8192 bytes of origins"),
    (["-H", "X-A: " + "v" * 9000], "--header: 'X-A': more than 32 header fields, or 8192 bytes of them"),
    (["--isolate=yes"], "--isolate takes no value"),
])
def test_fields_that_make_no_sense_are_refused(tell, arguments, words):
    assert tell(*arguments, "dist") == (64, "", f"hewn: {words}\n")


def test_fields_and_origins_are_in_the_manual_page():
    manual = (TOP / "docs/man/hewn.1").read_text()
    assert all(f"Fl -{option}" in manual for option in ("header", "cors", "isolate"))
