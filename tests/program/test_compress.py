"""Answers in content codings, as real clients take them: tests/http/coding_server.c, around which hewn_mw_compress
stands."""
import gzip
import json
import re
import shutil
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import SECONDS_MAX, connected
from running import wait_until

WORDS = b"the quick brown fox jumps over the lazy dog and back again\n"
DECODERS = {"gzip": ["gzip", "-dc"], "br": ["brotli", "-dc"], "zstd": ["zstd", "-dc"]}
CODINGS = ["gzip", "br", "zstd"]


def text(length):
    return bytes(WORDS[(i + i // 1000) % len(WORDS)] for i in range(length))


def lines(count):
    return b"".join(b"line %d of %d\n" % (i, count) for i in range(count))


@pytest.fixture
def coding(start, hewn, place):
    program = Path(hewn).parent / "coding-server"
    if not program.exists():
        pytest.fail(f"there is no {program}: ./dev build makes it")
    asked = subprocess.run(["meson", "introspect", "--dependencies", program.parent], capture_output=True, text=True, check=True)
    if not {"zlib", "libbrotlienc", "libzstd"} <= {found["name"] for found in json.loads(asked.stdout)}:
        pytest.skip("built without one of the codings")
    (place / "page.html").write_bytes(text(300000))
    running = start("page.html", "--listen", "127.0.0.1:0", "--loops", "2", program=str(program))
    wait_until(lambda: "etag" in ask(running, "/file")[1])  # a file that was written just now has none
    return running


def unchunk(body):
    whole = []
    while True:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return b"".join(whole)
        whole.append(body[:int(size, 16)])
        body = body[int(size, 16) + 2:]


def ask(running, target, accept=None, method="GET", fields=(), content=b""):
    """(status, {name: value}, body) of one request; chunks are put together."""
    said = [f"Accept-Encoding: {accept}"] if accept is not None else []
    said += [f"Content-Length: {len(content)}"] if content else []
    head = "".join(f"{line}\r\n" for line in ["Host: x", "Connection: close", *said, *fields])
    with connected(running.port()) as client:
        client.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + content)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *rows = head.decode().split("\r\n")
    found = {row.split(": ", 1)[0].lower(): row.split(": ", 1)[1] for row in rows}
    if found.get("transfer-encoding") == "chunked" and method != "HEAD":
        body = unchunk(body)
    return int(status.split()[1]), found, body


def decode(name, body):
    return subprocess.run(DECODERS[name], input=body, capture_output=True, check=True, timeout=SECONDS_MAX).stdout


CONTENTS = {"/text/5000": text(5000), "/later/5000": text(5000), "/pull/5000": lines(5000), "/stream/5000": lines(5000),
            "/file": text(300000), "/tagged": text(2000)}


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("target", CONTENTS)
def test_a_decoder_gets_the_content_back(coding, name, target):
    content = CONTENTS[target]
    status, fields, body = ask(coding, target, name)
    assert (status, fields["content-encoding"], fields["vary"]) == (200, name, "Accept-Encoding")
    assert decode(name, body) == content and len(body) < len(content) / 3
    assert "accept-ranges" not in fields
    _, head_fields, nothing = ask(coding, target, name, method="HEAD")
    del fields["date"], head_fields["date"]
    assert head_fields == fields and nothing == b""


@pytest.mark.parametrize("accept", [None, "", "identity", "gzip;q=0", "*;q=0", "deflate, compress"])
def test_who_asks_for_nothing_gets_it_as_it_is(coding, accept):
    for target, content in CONTENTS.items():
        status, fields, body = ask(coding, target, accept)
        assert (status, fields["vary"]) == (200, "Accept-Encoding")
        assert body == content and "content-encoding" not in fields


def test_what_would_not_get_smaller_is_left_alone(coding):
    for target in ("/noise/5000", "/text/255", "/secret"):
        _, fields, body = ask(coding, target, "gzip, br, zstd")
        assert "content-encoding" not in fields and len(body) == int(fields["content-length"])
        assert ("vary" in fields) == (target != "/secret")


def test_a_length_is_known_again(coding):
    for target in ("/text/20000", "/later/20000"):
        _, fields, body = ask(coding, target, "br")
        assert int(fields["content-length"]) == len(body) < 2000
    content = text(900000)
    _, fields, body = ask(coding, "/echo", "gzip", "POST", content=content)
    assert int(fields["content-length"]) == len(body) and gzip.decompress(body) == content


@pytest.mark.parametrize("name", CODINGS)
def test_what_is_long_is_compressed_on_its_way(coding, name):
    content = text(3000000)
    _, fields, body = ask(coding, "/echo", name, "POST", content=content)
    assert fields["transfer-encoding"] == "chunked" and fields["content-encoding"] == name
    assert decode(name, body) == content


def test_a_tag_gets_weak_and_is_known_again(coding):
    _, fields, _ = ask(coding, "/tagged", "gzip")
    assert fields["etag"] == 'W/"v1"'
    status, fields, _ = ask(coding, "/tagged", "gzip", fields=[f"If-None-Match: {fields['etag']}"])
    assert (status, fields["etag"], fields["vary"]) == (304, 'W/"v1"', "Accept-Encoding")
    _, fields, _ = ask(coding, "/tagged")
    assert fields["etag"] == '"v1"'


def test_a_range_is_of_the_file_itself(coding):
    status, fields, body = ask(coding, "/file", "gzip", fields=["Range: bytes=5-14"])
    assert (status, body) == (206, text(15)[5:]) and "content-encoding" not in fields


@pytest.mark.parametrize("name", CODINGS)
def test_what_breaks_off_does_not_look_whole(coding, name):
    with connected(coding.port()) as client:
        client.sendall(f"GET /broken HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {name}\r\n\r\n".encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert b"Content-Encoding: " + name.encode() in answer and not answer.endswith(b"\r\n0\r\n\r\n")


def test_an_event_can_be_read_as_soon_as_it_was_written(coding):
    with connected(coding.port()) as client:
        client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        raw = b""
        for number in range(3):
            event = b"event: tell\nid: %d\ndata: there is something new\n\n" % number
            decoded = b""
            while not decoded.endswith(event):
                piece = client.recv(65536)
                assert piece
                raw += piece
                body = raw.partition(b"\r\n\r\n")[2]
                chunks = re.sub(rb"\r\n0\r\n\r\n$", b"\r\n", body)
                decoded = zlib.decompressobj(31).decompress(unchunk(chunks + b"0\r\n\r\n")) if body else b""
            assert decoded.count(b"event: tell\n") == number + 1
            if number < 2:
                assert ask(coding, "/tell", method="POST")[0] == 204
    assert coding.stop() == 0


@pytest.mark.parametrize("name", CODINGS)
def test_curl_decodes_what_it_asked_for(coding, name):
    if not shutil.which("curl") or name not in subprocess.run(["curl", "--version"], capture_output=True, text=True,
                                                               check=True).stdout.replace("brotli", "br").replace("libz", "gzip"):
        pytest.skip(f"curl has no {name} here")
    url = f"http://127.0.0.1:{coding.port()}"
    for target, content in (("/text/70000", text(70000)), ("/stream/70000", lines(70000)), ("/file", text(300000))):
        done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--compressed", "-H", f"Accept-Encoding: {name}",
                               url + target], capture_output=True, timeout=SECONDS_MAX, check=True)
        assert done.stdout == content


def test_httpx_takes_many_at_once(coding):
    httpx = pytest.importorskip("httpx")
    wanted = {"/text/40000": text(40000), "/pull/4000": lines(4000), "/file": text(300000)}
    with httpx.Client(base_url=f"http://127.0.0.1:{coding.port()}", trust_env=False, timeout=SECONDS_MAX) as client:
        with ThreadPoolExecutor(8) as threads:
            targets = list(wanted) * 20
            for target, answer in zip(targets, threads.map(client.get, targets)):
                assert answer.headers["content-encoding"] == "gzip" and answer.content == wanted[target]


def test_many_slow_clients_stay_within_bounds(coding):
    """A hundred, none of which reads: each costs an encoder and what waits in front of it."""
    clients = []
    try:
        for _ in range(100):
            client = connected(coding.port())
            clients.append(client)
            client.__enter__().sendall(b"GET /pull/100000000 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        _, _, body = ask(coding, "/text/5000", "gzip")
        assert gzip.decompress(body) == text(5000)
        status = Path(f"/proc/{coding.process.pid}/status").read_text()
        resident = int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE).group(1))
        # A sanitizer's own memory comes on top.
        assert resident < 600 * 1024
    finally:
        for client in clients:
            client.__exit__(None, None, None)
    assert coding.stop() == 0


def test_a_client_that_goes_leaves_nothing_behind(coding):
    for target in ("/pull/100000000", "/stream/100000000", "/file"):
        for name in CODINGS:
            with connected(coding.port()) as client:
                client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {name}\r\n\r\n".encode())
                assert client.recv(100)
    assert ask(coding, "/text/300", "gzip")[0] == 200
    assert coding.stop() == 0
