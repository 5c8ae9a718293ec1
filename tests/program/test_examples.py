"""The examples, as their users run them."""
import json
import subprocess
from pathlib import Path

import pytest
from conftest import connected, fetch


def example(hewn, name):
    path = Path(hewn).parent / "examples" / name
    if not path.exists():
        pytest.fail(f"there is no {path}: ./dev build makes it")
    return {"program": str(path)}


def test_users_are_listed_and_shown(start, hewn):
    running = start("--listen", "127.0.0.1:0", "--loops", "1", **example(hewn, "users"))
    status, body = fetch(running.port(), "/users")
    assert status == 200
    assert json.loads(body) == {"users": [{"id": 1, "name": "Jim"}, {"id": 2, "name": "Bruce"}, {"id": 3, "name": "Dick"}]}
    status, body = fetch(running.port(), "/users/2")
    assert (status, json.loads(body)) == (200, {"user": {"id": 2, "name": "Bruce"}})
    status, body = fetch(running.port(), "/users/9")
    assert (status, json.loads(body)) == (404, {"error": "Not found"})
    for target in ("/users/Jim", "/users/01", "/users/1/", "/"):
        status, body = fetch(running.port(), target)
        assert (status, json.loads(body)) == (404, {"title": "Not Found", "status": 404})
    assert running.stop() == 0


def test_a_server_lives_in_somebody_elses_loop(hewn):
    with subprocess.Popen([example(hewn, "embed")["program"], "127.0.0.1:0"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as running:
        port = int(running.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])
        assert fetch(port) == (200, b"nothing was typed yet\n")
        running.stdin.write("hello\n")
        running.stdin.flush()
        answer = None
        for _ in range(1000):  # the line has to come first
            answer = fetch(port)
            if answer == (200, b"hello\n"):
                break
        assert answer == (200, b"hello\n")
        running.stdin.close()
        assert running.wait(timeout=20) == 0


def test_an_embedded_server_says_why_it_cannot_listen(hewn):
    told = subprocess.run([example(hewn, "embed")["program"], "no such address"], input="", capture_output=True, text=True, timeout=20)
    assert told.returncode == 69
    assert "no such address" in told.stderr


def test_visits_are_counted_in_c_plus_plus(start, hewn):
    path = Path(hewn).parent / "examples" / "visits"
    if not path.exists():
        pytest.skip("there is no C++ compiler of the C compiler's family")
    running = start("--listen", "127.0.0.1:0", program=str(path))
    for count in (1, 2):
        with connected(running.port()) as client:
            client.sendall(b"POST /visits/Ada HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert answer.endswith(b'\r\n\r\n{"name":"Ada","visits":%d}' % count)
    assert fetch(running.port(), "/visits") == (200, b'{"Ada":2}')
    assert running.stop() == 0
