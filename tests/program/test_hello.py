"""examples/hello: an application as a program, from its command line to its end."""
import json
import os
import re
import signal
from pathlib import Path

import pytest
from conftest import connected, fetch


@pytest.fixture
def hello(hewn):
    """Built beside hewn. An option of `start` and `tell`."""
    path = Path(hewn).parent / "examples" / "hello"
    if not path.exists():
        pytest.fail(f"there is no {path}: ./dev build makes it")
    return {"program": str(path)}


def test_it_says_hello(start, hello):
    running = start("--listen", "127.0.0.1:0", "--loops", "1", **hello)
    assert fetch(running.port()) == (200, b"Hello, world!\n")
    assert fetch(running.port(), "/?name=Ada%20L.") == (200, b"Hello, Ada L.!\n")
    assert fetch(running.port(), "/nothing")[0] == 404
    assert running.stop() == 0


def ask(port, line):
    with connected(port) as client:
        client.sendall(f"{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer.decode()


def test_what_nobody_wrote_is_answered_too(start, hello):
    port = start("--listen", "127.0.0.1:0", "--log", "off", **hello).port()
    assert re.match(r"HTTP/1.1 405 (?s:.*)\r\nAllow: GET, HEAD, OPTIONS\r\n", ask(port, "DELETE /"))
    assert re.match(r"HTTP/1.1 204 (?s:.*)\r\nAllow: GET, HEAD, OPTIONS\r\n", ask(port, "OPTIONS *"))
    assert re.match(r"HTTP/1.1 200 (?s:.*)\r\nContent-Length: 14\r\n(?s:.*)\r\n\r\n$", ask(port, "HEAD /"))
    assert ask(port, "TRACE /").startswith("HTTP/1.1 501 ")


def test_it_logs_json_where_nobody_looks(start, hello):
    running = start("--listen", "127.0.0.1:0", **hello)
    fetch(running.port(), "/?name=%1b31m", fields="User-Agent: \x80\"\\\r\n")
    running.stop()
    record = json.loads(running.out.all())
    assert (record["method"], record["target"], record["status"]) == ("GET", "/?name=%1b31m", 200)
    assert record["user_agent"] == "\ufffd\"\\"
    assert "\x1b" not in json.dumps(record, ensure_ascii=False)


def test_it_logs_for_eyes_on_a_terminal(start, hello):
    running = start("--listen", "127.0.0.1:0", terminal=True, **hello)
    fetch(running.port())
    running.out.wait_for(r"^\d\d:\d\d:\d\d  200  GET  /  +14 B  \d+(?:\.\d)? ms\r?$")
    running.type(b"\x03")
    assert running.ended() == 0


def test_it_tells_every_step_of_a_request(start, hello):
    running = start("--listen", "127.0.0.1:0", "--log", "off", "--trace", **hello)
    fetch(running.port())
    running.stop()
    assert running.out.all().count("step app/dispatch  ") == 1


def test_a_reader_that_stopped_does_not_stop_it(start, hello):
    """A pipe holds 64 KiB; a line that does not fit is lost."""
    reading, writing = os.pipe()
    command = ["sh", "-c", f"exec \"$@\" >/proc/self/fd/{writing}", "sh"]
    running = start("--listen", "127.0.0.1:0", before=command, inherited=(writing,), **hello)
    with connected(running.port()) as client:
        for _ in range(1000):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"Hello, world!\n"):
                answer += client.recv(65536)
    assert running.stop() == 0
    running.err.wait_for(r"^hewn: log: \d+ lines could not be written$")
    os.close(reading)
    os.close(writing)


def test_a_second_signal_ends_it_at_once(start, hello):
    running = start("--listen", "127.0.0.1:0", **hello)
    with connected(running.port()) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        running.signal(signal.SIGINT)
        running.err.wait_for(r"^hello: stopping: \d requests? in flight$")
        running.signal(signal.SIGINT)
        assert running.ended(5) == 0


def test_it_refuses_what_it_does_not_understand(tell, hello):
    assert tell("--prot", "80", **hello) == (64, "", "hello: unknown option --prot; --help lists them\n")
    assert tell("--lisen=80", **hello)[2] == "hello: unknown option --lisen; did you mean --listen?\n"
    assert tell("--log", "xml", **hello)[0] == 64
    assert tell("--listen", "nowhere", **hello)[0] == 64
    status, out, err = tell("--help", **hello)
    assert status == 0 and out.startswith("usage: hello ") and err == ""


def test_it_says_who_has_the_port(start, tell, hello):
    port = start("--listen", "127.0.0.1:0", **hello).port()
    status, _, err = tell("--listen", f"{port}", **hello)
    assert status == 69
    assert re.fullmatch(rf"hello: cannot listen on 127\.0\.0\.1:{port}: already in use by hello \(pid \d+\)\n", err)


def test_the_default_is_both_loopbacks(start, network, hello):
    running = start(network=network, **hello)
    running.err.wait_for(r"^hello: listening on http://127\.0\.0\.1:9000/\n"
                         r"hello: listening on http://\[::1\]:9000/\n")
    assert running.stop() == 0


def test_a_machine_without_ipv6_is_a_note(start, tell, network, hello):
    tell("-qw", "net.ipv6.conf.all.disable_ipv6=1", network=network, program="sysctl")
    running = start(network=network, **hello)
    running.err.wait_for(r"^hewn: \[::1\]:9000: not listening there: this machine has no IPv6\n"
                         r"hello: listening on http://127\.0\.0\.1:9000/\n")
    assert running.stop() == 0
