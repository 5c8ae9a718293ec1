"""HTTP/2, as curl, nghttp, h2load, OpenSSL and python3-h2 speak it, each as it likes."""
import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from conftest import SECONDS_MAX, connected, fetch
from frames import (ACK, CALM, DATA, END_HEADERS, END_STREAM, HEADERS, LAST_ID, NO_ERROR, PING, PREFACE, PROTOCOL_ERROR,
                    REFUSED_STREAM, RST_STREAM, SETTINGS, WINDOW_BYTES, WINDOW_UPDATE, Client, Raw, frame, head, headers, literal, settings)
from running import wait_until
from test_cert import openssl
from test_examples import example
from test_guide import introspect
from test_tls import curl as curl_inside
from test_tls import encrypted, pair, policy, read_all, request, secure, vault  # noqa: F401: two are fixtures

LARGE_BYTES = 12_345_678


@pytest.fixture(scope="module", autouse=True)
def with_nghttp2(hewn):
    built = {found["name"] for found in introspect(os.path.dirname(hewn), "dependencies")}
    if not {"libssl", "libnghttp2"} <= built:
        pytest.skip("built without HTTP/2 or without TLS")


@pytest.fixture
def large(place):
    content = os.urandom(LARGE_BYTES)
    (place / "dist" / "large.bin").write_bytes(content)
    return content


@pytest.fixture
def plain(start):
    def start_plain(*arguments):
        return start("--listen", "127.0.0.1:0", *arguments, "dist")
    return start_plain


@pytest.fixture
def case(start, place):
    """The server of the HTTP cases, which gives content back at /echo."""
    program = Path(os.environ.get("CASE_SERVER", "build/case-server")).resolve()
    if not program.exists():
        pytest.fail(f"there is no {program}: ./dev build makes it")
    running = start("--listen", "127.0.0.1:0", "dist", program=str(program))
    running.case_port = int(running.out.wait_for(r":(\d+)$").group(1))
    return running


@pytest.fixture
def stream(start, hewn):
    return start("--listen", "127.0.0.1:0", **example(hewn, "stream"))


def tool(name, *arguments, package="nghttp2-client", **options):
    """What a program says that need not be there."""
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed: apt install {package}")
    done = subprocess.run([name, *map(str, arguments)], capture_output=True, text=True, timeout=3 * SECONDS_MAX, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def curl(port, target, *more, version="--http2-prior-knowledge"):
    """(version, status, content) in clear."""
    done = subprocess.run(["curl", "-sS", "--noproxy", "*", version, "-w", "\n%{http_version} %{http_code}", *more,
                           f"http://127.0.0.1:{port}{target}"], capture_output=True, timeout=SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    content, _, told = done.stdout.rpartition(b"\n")
    version, status = told.decode().split()
    return version, int(status), content


@contextlib.contextmanager
def talking(port, **how):
    with connected(port) as connection:
        yield Client(connection, **how)


# Who speaks what.

def test_one_server_speaks_both_versions_in_clear(plain):
    running = plain()
    for _ in range(2):
        assert curl(running.port(), "/ten.txt") == ("2", 200, b"0123456789")
        assert curl(running.port(), "/ten.txt", version="--http1.1") == ("1.1", 200, b"0123456789")
        assert curl(running.port(), "/ten.txt", version="--http1.0")[1:] == (200, b"0123456789")
    assert running.stop() == 0


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_one_server_speaks_both_versions_inside_tls(secure, vault, version):  # noqa: F811
    running = secure()
    for option, spoken in (("--http2", b"2"), ("--http1.1", b"1.1"), ("--no-alpn", b"1.1")):
        told = curl_inside(vault, running, "/ten.txt", option, "-w", " %{http_version}", version=version)
        assert told == b"0123456789 " + spoken
    assert running.stop() == 0


@pytest.mark.parametrize("offered, agreed", [
    (["h2"], "h2"), (["http/1.1", "h2"], "h2"), (["h2", "http/1.1"], "h2"), (["x", "http/1.1"], "http/1.1"), ([], None)])
def test_alpn_prefers_h2(secure, vault, offered, agreed):  # noqa: F811
    with encrypted(secure(), policy(vault, alpn=offered)) as inside:
        assert inside.selected_alpn_protocol() == agreed
        if agreed == "h2":
            assert Client(inside, "a.test", "https").fetch() == (200, b"0123456789")
        else:
            request(inside)
            assert read_all(inside).startswith(b"HTTP/1.1 200 OK\r\n")


def test_openssl_agrees_on_h2_and_is_refused_what_nobody_speaks(secure):  # noqa: F811
    port = secure().secure_port
    said = openssl("s_client", "-connect", f"127.0.0.1:{port}", "-alpn", "h2", stdin=subprocess.DEVNULL,
                   errors="replace")
    assert re.search("^ALPN protocol: h2$", said, re.MULTILINE)
    said = openssl("s_client", "-connect", f"127.0.0.1:{port}", "-alpn", "spdy/3,h3", fails=True, stdin=subprocess.DEVNULL)
    assert "no application protocol" in said


def test_who_agreed_on_h2_speaks_nothing_else(secure, vault):  # noqa: F811
    running = secure()
    with encrypted(running, policy(vault, alpn=["h2"])) as inside:
        request(inside)
        answer = read_all(inside)
        assert b"HTTP/1.1" not in answer and b"0123456789" not in answer
    assert running.stop() == 0


@pytest.mark.parametrize("more", [(), ("--data-binary", "x" * 100), ("-I",)])
def test_an_upgrade_to_h2c_is_ignored(plain, more):
    running = plain()
    version, status, content = curl(running.port(), "/ten.txt", "-i", *more, version="--http2")
    assert (version, status) == ("1.1", 405 if "--data-binary" in more else 200)
    assert content.startswith(b"HTTP/1.1 ") and b"101" not in content.partition(b"\r\n")[0]
    assert not re.search(rb"(?im)^upgrade:", content)


@pytest.mark.parametrize("cuts", [[1], [3], [4], [23], [24], [25], list(range(1, 90))])
def test_the_preface_may_come_in_pieces(plain, cuts):
    port = plain().port()
    said = PREFACE + settings() + headers(1, head())
    cuts = [cut for cut in cuts if cut < len(said)]
    with Raw(port, b"") as client:
        for begin, end in zip([0, *cuts], [*cuts, len(said)], strict=True):
            client.send(said[begin:end])
        assert client.wait_for(lambda client: 1 in client.ended_streams())
        assert client.of_kind(DATA, 1)[0][3] == b"0123456789"


@pytest.mark.parametrize("method", [b"P", b"PRI", b"PRIX", b"PROPFIND", b"PUT", b"PRI * HTTP/2.0\r\n\r\nS"])
def test_what_begins_like_the_preface_need_not_be_it(plain, method):
    with connected(plain().port()) as client:
        client.sendall(method[:2])
        client.sendall(method[2:] + b" /ten.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = read_all(client)
    assert re.match(rb"HTTP/1\.1 (?:405|501|400|505) ", answer), answer


# Files.

@pytest.mark.parametrize("where", ["clear", "TLS"])
def test_curl_fetches_files(secure, plain, vault, place, large, where):  # noqa: F811
    running = secure() if where == "TLS" else plain()

    def get(target, *more):
        if where == "TLS":
            return curl_inside(vault, running, target, "--http2", *more)
        version, status, content = curl(running.port(), target, *more)
        assert version == "2" and status < 300
        return content
    assert get("/") == b"<p>dist"
    assert get("/large.bin") == large
    assert get("/large.bin", "-r", "70000-9000000") == large[70000:9000001]
    assert get("/large.bin", "-r", "-500") == large[-500:]
    parts = get("/large.bin", "-r", "5-9,1000000-1000004")
    assert large[5:10] in parts and large[1000000:1000005] in parts and b"Content-Range: bytes 5-9/12345678" in parts
    told = get("/large.bin", "-I").decode()
    assert told.startswith("HTTP/2 200") and re.search(r"(?m)^content-length: 12345678\r$", told)
    assert not re.search(r"(?im)^(connection|keep-alive|transfer-encoding):", told)
    assert running.stop() == 0


def test_the_answers_to_questions_about_files(plain, place):
    wait_until(lambda: time.time() - (place / "dist" / "ten.txt").stat().st_mtime > 2)
    (place / "dist" / "folder").mkdir()
    (place / "dist" / "folder" / "inside.txt").write_text("inside")
    (place / "dist" / "empty.txt").write_text("")
    (place / "dist" / "words.txt").write_text("words and words " * 1000)
    with talking(plain().port()) as client:
        first, = client.wait_for(client.ask())
        assert (first.status, first.body, first.fields["content-length"]) == (200, b"0123456789", "10")
        assert {"date", "etag", "last-modified", "content-type"} <= set(first.fields)
        assert all(name == name.lower() for name in first.fields)
        again, = client.wait_for(client.ask(fields=[("if-none-match", first.fields["etag"])]))
        assert (again.status, again.body) == (304, b"") and again.fields["etag"] == first.fields["etag"]
        told, = client.wait_for(client.ask(method="HEAD"))
        assert (told.status, told.body, told.fields["content-length"]) == (200, b"", "10")
        assert client.fetch("/nowhere")[0] == 404
        assert client.fetch("/empty.txt") == (200, b"")
        assert client.fetch("/ten.txt", fields=[("range", "bytes=2-4")]) == (206, b"234")
        assert client.fetch("/ten.txt", fields=[("range", "bytes=20-")])[0] == 416
        moved, = client.wait_for(client.ask("/folder"))
        assert moved.status in (301, 307, 308) and moved.fields["location"].endswith("/folder/")
        listed, = client.wait_for(client.ask("/folder/", fields=[("accept", "text/html")]))
        assert listed.status == 200 and b"inside.txt" in listed.body
        packed, = client.wait_for(client.ask("/words.txt", fields=[("accept-encoding", "gzip")]))
        assert packed.fields["content-encoding"] == "gzip" and "content-length" not in packed.fields
        assert gzip.decompress(packed.body) == b"words and words " * 1000
        refused, = client.wait_for(client.ask("/ten.txt", method="POST"))
        assert refused.status == 405 and "GET" in refused.fields["allow"]
        assert client.fetch("*", method="OPTIONS")[0] in (200, 204)
        assert client.fetch("/../../etc/passwd")[0] in (400, 404)
        assert client.fetch("/%2e%2e/%2e%2e/etc/passwd")[0] in (400, 404)


def test_a_file_that_is_cut_while_it_is_sent_ends_its_stream_alone(plain, place, large):
    with talking(plain().port(), credits=False) as client:
        stream = client.ask("/large.bin")
        client.wait_until(lambda: len(client.answers[stream].body) == WINDOW_BYTES)
        os.truncate(place / "dist" / "large.bin", 1000)
        client.wire.increment_flow_control_window(1 << 24)
        client.wire.increment_flow_control_window(1 << 24, stream)
        client.flush()
        answer, = client.wait_for(stream)
        assert answer.reset == 2 and not answer.is_ended
        assert client.fetch() == (200, b"0123456789")


def test_nghttp_fetches_a_page_with_all_that_it_has(plain, place):
    for i in range(60):
        (place / "dist" / f"{i}.css").write_text(f"/* {i} */" * (i + 1))
    links = "".join(f'<link rel="stylesheet" href="{i}.css">' for i in range(60))
    (place / "dist" / "page.html").write_text(f"<!doctype html><html><head>{links}</head></html>")
    running = plain()
    said = tool("nghttp", "-a", "-n", "-s", f"http://127.0.0.1:{running.port()}/page.html")
    assert len(re.findall(r"\s200\s.*\.css$", said, re.MULTILINE)) == 60
    assert running.stop() == 0


def test_nghttp_sends_content_and_trailers(case, large, place):
    said = tool("nghttp", "-v", "--no-dep", "-d", place / "dist" / "index.html", "--trailer", "sum: 1",
                f"http://127.0.0.1:{case.case_port}/echo")
    assert "<p>dist" in said and "END_STREAM" in said and ":status: 200" in said
    url = f"http://127.0.0.1:{case.case_port}/echo"
    sent = subprocess.run(["nghttp", "-d", place / "dist" / "large.bin", url], capture_output=True, timeout=SECONDS_MAX)
    assert sent.returncode == 0 and sent.stdout == large


@pytest.mark.parametrize("window", [(), ("-w", "14", "-W", "14")])
def test_h2load_is_served_whatever_it_asks(plain, secure, large, place, window):  # noqa: F811
    (place / "dist" / "half.bin").write_bytes(large[:300_000])
    clear, inside = plain("--log", "off"), secure("--log", "off")
    for url in (f"http://127.0.0.1:{clear.port()}", f"https://127.0.0.1:{inside.secure_port}"):
        for target, requests in (("/ten.txt", 2000), ("/half.bin", 100)):
            # A name that the certificate has.
            said = tool("h2load", "-n", requests, "-c", "8", "-m", "50", *window, "-H", ":authority: a.test", url + target)
            assert re.search(rf"^requests: .*, {requests} succeeded, 0 failed, 0 errored, 0 timeout$", said, re.MULTILINE), said
            assert re.search(rf"^status codes: {requests} 2xx", said, re.MULTILINE), said
    assert clear.stop() == 0 and inside.stop() == 0


# Many streams.

def test_a_hundred_streams_are_answered_side_by_side(plain, place, large):
    (place / "dist" / "part.bin").write_bytes(large[:200_000])
    with talking(plain().port()) as client:
        streams = [client.ask("/part.bin" if i % 2 else "/ten.txt") for i in range(100)]
        for i, answer in enumerate(client.wait_for(*streams)):
            assert (answer.status, answer.body) == (200, large[:200_000] if i % 2 else b"0123456789")


def test_one_stream_too_many_is_refused_and_may_come_again(plain, large):
    with Raw(plain().port(), PREFACE + settings(window_bytes=0)) as client:
        ids = [1 + 2 * i for i in range(101)]
        client.send(b"".join(headers(stream, head(path=b"/large.bin")) for stream in ids))
        assert client.wait_for(lambda client: client.resets())
        assert client.resets() == {201: REFUSED_STREAM}
        client.send(frame(RST_STREAM, 0, 1, b"\0\0\0\x08") + headers(203, head(method=b"HEAD")))
        assert client.wait_for(lambda client: 203 in client.ended_streams())


def test_a_stream_whose_window_is_shut_holds_up_no_other(plain, place, large):
    (place / "dist" / "part.bin").write_bytes(large[:500_000])
    with talking(plain().port(), credits=False) as client:
        client.wire.increment_flow_control_window(1 << 20)
        client.flush()
        slow = [client.ask("/part.bin") for _ in range(10)]
        client.wait_until(lambda: all(len(client.answers[stream].body) == WINDOW_BYTES for stream in slow))
        for _ in range(5):
            assert client.fetch() == (200, b"0123456789")
        client.credits = True
        for stream in slow:
            client.credit(stream, WINDOW_BYTES)
        assert all(answer.body == large[:500_000] for answer in client.wait_for(*slow))


def test_urgent_streams_go_first(plain, large):
    with talking(plain().port()) as client:
        late = client.ask("/large.bin", fields=[("priority", "u=7")])
        soon = client.ask("/large.bin", fields=[("priority", "u=0")])
        client.wait_until(lambda: client.answers[soon].is_ended)
        assert not client.answers[late].is_ended
        assert client.wait_for(late)[0].body == large


# Content.

def test_content_goes_both_ways_on_many_streams(case):
    contents = [os.urandom(50_000 + 10_000 * i) for i in range(20)]
    with talking(case.case_port) as client:
        streams = [client.ask("/echo", "POST", ends=False) for _ in contents]
        for begin in range(0, 300_000, 30_000):
            for stream, content in zip(streams, contents, strict=True):
                if begin < len(content):
                    client.send(stream, content[begin:begin + 30_000], ends=begin + 30_000 >= len(content))
        for answer, content in zip(client.wait_for(*streams), contents, strict=True):
            assert (answer.status, answer.body) == (200, content)


def test_curl_sends_content(case, stream, large, place):
    assert curl(case.case_port, "/echo", "--data-binary", f"@{place}/dist/large.bin") == ("2", 200, large)
    version, status, content = curl(stream.port(), "/count", "--data-binary", f"@{place}/dist/large.bin")
    assert (version, status) == ("2", 200)
    assert json.loads(content) == {"bytes": LARGE_BYTES, "lines": large.count(b"\n")}


def test_events_come_as_they_happen(stream):
    with talking(stream.port()) as client:
        job, squares = client.ask("/job"), client.ask("/squares/100000")
        assert client.wait_for(squares)[0].body.count(b"\r\n") == 100000
        client.wait_until(lambda: b"data: 0\n\n" in client.answers[job].body)
        assert not client.answers[job].is_ended
        answer, = client.wait_for(job)
        assert answer.body.endswith(b"event: done\ndata: \n\n") or b"event: done" in answer.body
        assert "content-length" not in answer.fields


def test_100_continue_comes_when_content_is_wanted(stream, plain):
    with talking(stream.port()) as client:
        wanted = client.ask("/count", "POST", [("expect", "100-continue"), ("content-length", "3")], ends=False)
        client.wait_until(lambda: client.answers[wanted].interim)
        client.send(wanted, b"a\nb", ends=True)
        answer, = client.wait_for(wanted)
        assert answer.interim == [100] and json.loads(answer.body) == {"bytes": 3, "lines": 1}
    with talking(plain().port()) as client:
        unwanted, = client.wait_for(client.ask("/ten.txt", "POST", [("expect", "100-continue"), ("content-length", "3")], ends=False))
        assert (unwanted.status, unwanted.interim) == (405, [])


def test_content_that_nobody_wants_is_stopped_without_an_error(plain):
    """RFC 9113 8.1"""
    with Raw(plain().port()) as client:
        client.send(headers(1, head(b"POST"), END_HEADERS) + frame(DATA, 0, 1, b"x" * 1000))
        assert client.wait_for(lambda client: 1 in client.ended_streams()) and not client.resets()
        # What was on its way is no harm.
        client.send(frame(DATA, END_STREAM, 1, b"x" * 1000) + headers(3, head()))
        assert client.wait_for(lambda client: 3 in client.ended_streams())
        client.send(headers(5, head(b"POST"), END_HEADERS) + frame(DATA, 0, 5, b"x" * 16384) * 3)
        while not client.resets():
            assert client.wait_for(lambda client: client.resets() or client.of_kind(WINDOW_UPDATE, 5))
            client.frames = [found for found in client.frames if found[0] != WINDOW_UPDATE]
            client.send(frame(DATA, 0, 5, b"x" * 16384) * 2)
        assert client.resets() == {5: NO_ERROR} and not client.goaways()


@pytest.mark.parametrize("length", [1, 10_000, 70_000, 1_000_000, LARGE_BYTES])
def test_curl_hears_an_answer_that_comes_before_its_content(plain, large, place, length):
    """It would not, where RST_STREAM came at once."""
    port = plain("--log", "off").port()
    (place / "part").write_bytes(large[:length])
    for _ in range(10):
        assert curl(port, "/ten.txt", "--data-binary", f"@{place}/part")[:2] == ("2", 405)


def test_a_client_that_takes_its_request_back_disturbs_nobody(plain, large):
    running = plain("--log", "json")
    with talking(running.port()) as client:
        for _ in range(50):
            dropped = client.ask("/large.bin")
            client.wait_until(lambda stream=dropped: client.answers[stream].body)
            client.reset(dropped)
        assert client.fetch() == (200, b"0123456789")
    assert running.stop() == 0
    lines = [json.loads(line) for line in running.out.all().splitlines()]
    assert len(lines) == 51 and sum(line["target"] == "/large.bin" for line in lines) == 50


@pytest.mark.parametrize("end", ["close", "reset", "half"])
def test_a_client_may_go_at_any_time(case, large, end):
    for asked in (b"", PREFACE[:10], PREFACE, PREFACE + settings(), PREFACE + settings() + headers(1, head())[:20],
                  PREFACE + settings() + b"".join(headers(1 + 2 * i, head(path=b"/large.bin")) for i in range(50)),
                  PREFACE + settings() + headers(1, head(b"POST", b"/echo"), END_HEADERS) + frame(DATA, 0, 1, b"x" * 9999),
                  PREFACE + settings() + frame(DATA)[:5]):
        with connected(case.case_port) as client:
            client.sendall(asked)
            if end == "half":
                client.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionResetError):
                    while client.recv(1 << 20):
                        pass
            if end == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert curl(case.case_port, "/ten.txt") == ("2", 200, b"0123456789")
    assert case.stop() == 0


# What is malformed.

@pytest.mark.parametrize("block", [
    literal(b":method", b"GET") + literal(b":path", b"/") + literal(b":authority", b"x"),
    head(more=literal(b"Upper", b"x")), head(more=literal(b"connection", b"close")), head(more=literal(b"x", b"a\r\nb: c")),
    head(more=literal(b"transfer-encoding", b"chunked")), head(more=literal(b"host", b"other")), head(path=b"ten.txt"),
    head(more=literal(b"te", b"gzip")), head(more=literal(b":path", b"/")), head(path=b"/ten.txt HTTP/1.1"),
    head(b"GET ", b"/"), head(authority=b"a@b"), literal(b"x", b"y") + head(),
], ids=range(13))
def test_a_malformed_head_resets_its_stream_alone(plain, block):
    running = plain()
    with Raw(running.port()) as client:
        client.send(headers(1, block) + headers(3, head()))
        assert client.wait_for(lambda client: 3 in client.ended_streams() and client.resets())
        assert client.resets() == {1: PROTOCOL_ERROR} and not client.of_kind(HEADERS, 1) and not client.goaways()
    assert running.stop() == 0
    statuses = sorted(json.loads(line)["status"] for line in running.out.all().splitlines())
    assert statuses == [200, 400]


@pytest.mark.parametrize("length, content", [(b"5", b"123456"), (b"7", b"123456"), (b"0", b"1")])
def test_content_is_as_long_as_its_head_says(case, length, content):
    with Raw(case.case_port) as client:
        client.send(headers(1, head(b"POST", b"/echo", more=literal(b"content-length", length)), END_HEADERS) +
                    frame(DATA, END_STREAM, 1, content) + headers(3, head()))
        assert client.wait_for(lambda client: 3 in client.ended_streams() and client.resets())
        assert client.resets() == {1: PROTOCOL_ERROR}


@pytest.mark.parametrize("said", [
    frame(DATA, 0, 0, b"x"), frame(HEADERS, 4, 2, head()), frame(PING, 0, 0, b"short"), frame(SETTINGS, 0, 1),
    frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"), frame(SETTINGS, 0, 0, b"\0\4\xff\xff\xff\xff"), frame(5, 4, 1, b"\0\0\0\2" + head()),
    b"\x00\x40\x01" + frame(DATA, 0, 1)[3:], headers(1, b"\xff\xff\xff\xff\xff\xff"), headers(1, b"\xbe"), headers(1, head(), 1) + frame(PING, 0, 0, b"x" * 8),
    frame(9, 4, 1, head()), frame(RST_STREAM, 0, 1, b"\0\0\0\x08"),
    frame(DATA, 0, 1, b"x"),
], ids=range(14))
def test_a_broken_connection_ends_with_a_reason(plain, said):
    running = plain()
    with Raw(running.port()) as client:
        client.send(said)
        assert client.wait_for_end()
        assert len(client.goaways()) == 1 and client.goaways()[0][1] != NO_ERROR
    assert curl(running.port(), "/ten.txt")[1] == 200
    assert running.stop() == 0


def test_the_authority_decides_as_host_does(secure, vault):  # noqa: F811
    running = secure("--redirect", "127.0.0.1:0", pairs=[pair(vault, "a"), pair(vault, "b")])
    with encrypted(running, policy(vault, alpn=["h2"])) as inside:
        client = Client(inside, "a.test", "https")
        assert client.fetch() == (200, b"0123456789")
        client.authority = "b.test"
        assert client.fetch()[0] == 421  # RFC 9110 15.5.20
    port = int(running.err.wait_for(r"http://127.0.0.1:(\d+)/").group(1))
    with talking(port, authority="a.test") as client:
        answer, = client.wait_for(client.ask("/no/such?thing=%20"))
        assert answer.status == 308
        assert answer.fields["location"] == f"https://a.test:{running.secure_port}/no/such?thing=%20"
        assert "strict-transport-security" not in answer.fields


def test_heads_are_as_long_as_they_may_be(plain):
    running = plain("--max-head", "2KiB")
    with talking(running.port()) as client:
        assert client.fetch(fields=[("x", "y" * 1000)])[0] == 200
        assert client.fetch(fields=[("x", "y" * 1900)])[0] == 431
        assert client.fetch("/" + "y" * 3000)[0] in (414, 431)
        assert client.fetch()[0] == 200
        assert client.wire.remote_settings.max_header_list_size == 2048
    with talking(plain().port()) as client:
        assert client.fetch(fields=[(f"x{i}", "y" * 3000) for i in range(9)])[0] == 200
        assert client.fetch(fields=[(f"x{i}", "y" * 3000) for i in range(11)])[0] == 431
        assert client.fetch("/" + "y" * 9000)[0] == 414
        assert client.fetch()[0] == 200


# The log.

@pytest.mark.parametrize("form, told", [
    ("combined", r'^127\.0\.0\.1 - - \[[^]]+\] "GET /ten\.txt HTTP/2\.0" 200 10 "-" "probe"$'),
    ("json", r'"method":"GET","target":"/ten\.txt".*"protocol":"HTTP/2\.0"')])
def test_the_log_tells_the_version(plain, form, told):
    running = plain("--log", form)
    with talking(running.port()) as client:
        assert client.fetch(fields=[("user-agent", "probe")]) == (200, b"0123456789")
        assert client.fetch("/nowhere")[0] == 404
    running.out.wait_for("nowhere.*\n")
    assert running.stop() == 0
    said = running.out.all()
    assert len(said.splitlines()) == 2 and re.search(told, said, re.MULTILINE)


# The end.

def test_streams_are_finished_when_the_server_drains(plain, large):
    running = plain()
    with Raw(running.port(), PREFACE + settings(window_bytes=1000)) as client:
        client.send(headers(1, head(path=b"/large.bin")) + headers(3, head(path=b"/large.bin")))
        assert client.wait_for(lambda client: len(client.of_kind(DATA)) >= 2)
        running.signal(signal.SIGTERM)
        assert client.wait_for(lambda client: client.goaways())
        assert client.goaways() == [(LAST_ID, NO_ERROR)]
        # Whoever had sent it before it heard of that is served (RFC 9113 6.8).
        client.send(headers(5, head()))
        assert client.wait_for(lambda client: 5 in client.ended_streams())
        assert client.wait_for(lambda client: len(client.goaways()) == 2)
        assert client.goaways()[1] == (5, NO_ERROR)
        # Now it is too late.
        client.send(headers(7, head()))
        wide = (1 << 30).to_bytes(4, "big")
        client.send(b"".join(frame(WINDOW_UPDATE, 0, stream, wide) for stream in (0, 1, 3)))
        assert client.wait_for_end()
        assert {1, 3, 5} <= client.ended_streams() and not client.of_kind(HEADERS, 7)
        for stream in (1, 3):
            assert b"".join(payload for _, _, _, payload in client.of_kind(DATA, stream)) == large
        assert len(client.goaways()) == 2
    assert running.ended() == 0
    assert "4 requests" not in running.err.all()


@pytest.mark.parametrize("asked", [b"", headers(1, head())])
def test_an_idle_connection_is_told_and_closed_when_the_server_drains(plain, asked):
    running = plain()
    with Raw(running.port()) as client:
        client.send(asked + frame(PING, 0, 0, b"12345678"))
        assert client.wait_for(lambda client: client.of_kind(PING) and (not asked or client.ended_streams()))
        running.signal(signal.SIGTERM)
        assert client.wait_for_end()
        assert client.goaways()[-1] == (1 if asked else 0, NO_ERROR)
    assert running.ended() == 0


def test_curl_and_nghttp_outlive_a_drain(plain, large, place):
    running = plain("--loops", "1")
    url = f"http://127.0.0.1:{running.port()}/large.bin"
    slow = subprocess.Popen(["curl", "-sS", "--noproxy", "*", "--http2-prior-knowledge", "--limit-rate", "20M", "-o",
                             place / "got", url], stderr=subprocess.PIPE)
    wait_until(lambda: (place / "got").exists() and (place / "got").stat().st_size > 0)
    running.signal(signal.SIGTERM)
    assert slow.wait(SECONDS_MAX) == 0, slow.stderr.read()
    assert (place / "got").read_bytes() == large
    assert running.ended() == 0


def test_a_second_signal_ends_it_at_once(plain, large):
    running = plain()
    with Raw(running.port(), PREFACE + settings(window_bytes=1000)) as client:
        client.send(headers(1, head(path=b"/large.bin")))
        assert client.wait_for(lambda client: client.of_kind(DATA))
        running.signal(signal.SIGTERM)
        running.err.wait_for("in flight")
        running.signal(signal.SIGTERM)
        assert running.ended() == 0
        assert client.wait_for_end()


@pytest.mark.parametrize("before", [b"", PREFACE[:5], PREFACE[:20], PREFACE, PREFACE + settings(),
                                    PREFACE + settings() + headers(1, head())[:15],
                                    PREFACE + settings() + headers(1, head()[:10], 1)])
def test_who_does_not_go_on_is_cut_off(plain, before):
    running = plain("--head-timeout", "200ms")
    with Raw(running.port(), before) as client:
        assert client.wait_for_end()
        codes = [code for _, code in client.goaways()]
        assert codes in ([CALM], [4]) if len(before) >= len(PREFACE) else codes in ([], [CALM])
    assert curl(running.port(), "/ten.txt")[1] == 200
    assert running.stop() == 0


def test_an_idle_client_is_told_and_let_go(plain):
    running = plain("--idle-timeout", "100ms")
    with Raw(running.port()) as client:
        client.wait_for(lambda client: client.of_kind(SETTINGS))
        client.send(frame(SETTINGS, ACK) + headers(1, head()))
        assert client.wait_for_end()
        assert 1 in client.ended_streams() and client.goaways() == [(1, NO_ERROR)]


def test_http_1_1_is_spoken_beside_it(plain):
    running = plain()
    with talking(running.port()) as client:
        for _ in range(20):
            assert client.fetch() == (200, b"0123456789")
            assert fetch(running.port(), "/ten.txt") == (200, b"0123456789")
