"""What is written about the requests, and that no client can write it."""
import json
import re

import pytest
from conftest import connected, fetch

NASTY = "/a%1b%22\\\"'\xff\x01<script>?q=\u00e9"


def send_raw(port, request):
    with connected(port) as client:
        client.sendall(request)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer


def test_the_log_is_json_where_nobody_looks_on(start):
    running = start("-l", "127.0.0.1:0", "dist")
    port = running.port()
    fetch(port, "/ten.txt", fields="User-Agent: probe \"1\"\r\n")
    fetch(port, "/nowhere")
    running.out.wait_for("nowhere.*\n")
    assert running.stop() == 0
    first, second = map(json.loads, running.out.all().splitlines())
    assert first["status"] == 200 and second["status"] == 404
    assert "/ten.txt" in first.values() and 'probe "1"' in first.values() and "GET" in first.values()
    assert 10 in first.values()


@pytest.mark.parametrize("form", ["json", "combined", "pretty"])
def test_what_a_client_sent_is_escaped(start, form):
    running = start("-l", "127.0.0.1:0", "--log", form, "dist")
    port = running.port()
    agent = b"\x80\xc2\x9b31m\"\\ \t end"
    send_raw(port, b"GET /%1b%0a%22'\"<> HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    send_raw(port, b"GET /ten.txt?\"\\ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nReferer: " + agent +
             b"\r\nUser-Agent: " + agent + b"\r\n\r\n")
    fetch(port, "/last")
    running.out.wait_for("/last.*\n")
    assert running.stop() == 0
    out = running.out.all()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffd]", out), out
    for line in out.splitlines():
        if form == "json":
            json.loads(line)
        if form == "combined":
            assert re.fullmatch(r'127\.0\.0\.1 - - \[[^]]+\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-)'
                                r' "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"', line), line


def test_the_log_can_be_off(start):
    running = start("-l", "127.0.0.1:0", "--log=off", "dist")
    assert fetch(running.port())[0] == 200
    assert running.stop() == 0
    assert running.out.all() == ""


def test_on_a_terminal_banner_and_log_are_for_eyes(start):
    running = start("-l", "127.0.0.1:0", "dist", terminal=True)
    port = running.port()
    fetch(port, "/ten.txt")
    running.out.wait_for(r"^\d\d:\d\d:\d\d  200  GET  /ten\.txt +10 B +[\d.]+ (?:us|ms)\r$")
    assert re.match(rf"  hewn \d+\.\d+\.\d+   dist/ \(2 files, 17 B\)\r\n  -> http://127\.0\.0\.1:{port}/\r\n",
                    running.out.text)


def test_colours_are_for_terminals_that_want_them(start):
    running = start("-l", "127.0.0.1:0", "dist", terminal=True, environment={"NO_COLOR": ""})
    running.out.wait_for("http://")
    assert "\033[" in running.out.text
    running = start("-l", "127.0.0.1:0", "dist", environment={"NO_COLOR": ""})
    running.port()
    assert "\033[" not in running.err.text


def test_a_trace_tells_the_life_of_a_request(start):
    running = start("-l", "127.0.0.1:0", "--trace", "dist")
    fetch(running.port(), "/ten.txt")
    running.stop()
    told = running.out.all() + running.err.all()
    steps = [told.find(step) for step in ("net/listener", "h1/parser", "kit/static", "h1/encode", "exchange/record")]
    assert -1 not in steps and steps == sorted(steps), told
