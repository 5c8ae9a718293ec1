"""What is written about the requests, and that no client can write it."""
import fcntl
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import connected, fetch
from running import wait_until

NASTY = "/a%1b%22\\\"'\xff\x01<script>?q=\u00e9"


def send_raw(port, request):
    with connected(port) as client:
        client.sendall(request)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer


def test_the_log_is_json_where_nobody_looks_on(start):
    running = start("-l", "127.0.0.1:0", "--loops", "1", "dist")
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


LINE = re.compile(r'\{"time":.*"complete":(?:true|false)\}')


def ask(client, times, target="/ten.txt"):
    """So many requests on one connection, one after the other."""
    for _ in range(times):
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n0123456789"):
            piece = client.recv(65536)
            assert piece
            answer += piece


def start_into(start, path, *arguments, **options):
    """With its standard output in a file that others may write to too."""
    return start("-l", "127.0.0.1:0", *arguments, "dist",
                 before=["sh", "-c", 'out=$1; shift; exec "$@" >>"$out"', "sh", str(path)], **options)


def test_a_line_is_in_its_file_within_about_a_second(start, place):
    log = place / "log"
    running = start_into(start, log)
    with connected(running.port()) as client:
        ask(client, 1)
        begun = time.monotonic()
        wait_until(lambda: log.read_text().endswith("}\n"))
        assert time.monotonic() - begun < 2.5
    assert running.stop() == 0
    assert running.err.all().count("log:") == 0


def test_a_line_for_eyes_is_there_at_once(start):
    """Five seconds of waiting for ticks, if it were not."""
    running = start("-l", "127.0.0.1:0", "dist", terminal=True)
    with connected(running.port()) as client:
        begun = time.monotonic()
        for number in range(5):
            ask(client, 1, f"/ten.txt?{number}")
            running.out.wait_for(rf"GET  /ten\.txt\?{number} ")
        assert time.monotonic() - begun < 3


def test_all_lines_are_written_before_it_ends(start, place):
    """As many as there is room for while the writer has not run at all."""
    log = place / "log"
    running = start_into(start, log)
    port = running.port()
    with connected(port) as one, connected(port) as other:
        for _ in range(5):
            ask(one, 25)
            ask(other, 25)
    assert running.stop() == 0
    lines = log.read_text().splitlines()
    assert len(lines) == 250 and all(LINE.fullmatch(line) for line in lines)


def test_every_line_is_written_or_told_as_lost(start, place):
    """More than there is room for: a writer that gets no processor time may lose some, and says how many."""
    log = place / "log"
    running = start_into(start, log)
    port = running.port()
    with connected(port) as one, connected(port) as other:
        for number in range(0, 1000, 2):
            ask(one, 1, f"/ten.txt?{number}")
            ask(other, 1, f"/ten.txt?{number + 1}")
    assert running.stop() == 0
    lines, told = log.read_text().splitlines(), running.err.all()
    assert all(LINE.fullmatch(line) for line in lines)
    written = {json.loads(line)["target"] for line in lines}
    assert written <= {f"/ten.txt?{number}" for number in range(1000)} and len(written) == len(lines)
    lost = sum(map(int, re.findall(r"^hewn: log: (\d+) lines? could not be written$", told, re.MULTILINE)))
    assert len(written) + lost == 1000
    assert (lost > 0) == ("hewn: log: lines come faster than they are taken: some are lost\n" in told)


def test_a_full_pipe_neither_stops_it_nor_its_end(start):
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    running = start("-l", "127.0.0.1:0", "--loops", "1", "dist", inherited=(writing,),
                    before=["sh", "-c", f'exec "$@" >/proc/self/fd/{writing}', "sh"])
    with connected(running.port()) as client:
        ask(client, 1000)
    running.err.wait_for(r"^hewn: log: lines come faster than they are taken: some are lost$")
    begun = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - begun < 10
    lost = int(running.err.wait_for(r"^hewn: log: (\d+) lines could not be written$").group(1))
    os.close(writing)
    with os.fdopen(reading) as file:
        assert file.read().count("\n") + lost == 1000
    assert running.err.all().count("hewn: log:") == 2


def test_a_slow_reader_loses_nothing_at_the_end(start):
    """What is in the buffers when it is told to end is waited for."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    running = start("-l", "127.0.0.1:0", "--loops", "1", "dist", inherited=(writing,),
                    before=["sh", "-c", f'exec "$@" >/proc/self/fd/{writing}', "sh"])
    os.close(writing)
    with connected(running.port()) as client:
        ask(client, 200)
    running.signal(signal.SIGTERM)
    running.err.wait_for("stopping")
    with os.fdopen(reading) as file:
        lines = file.read().splitlines()
    assert running.ended() == 0
    assert len(lines) == 200 and all(LINE.fullmatch(line) for line in lines)


def test_a_reader_that_has_gone_is_told_of_once(start):
    reading, writing = os.pipe()
    running = start("-l", "127.0.0.1:0", "dist", inherited=(writing,),
                    before=["sh", "-c", f'exec "$@" >/proc/self/fd/{writing}', "sh"])
    os.close(writing)
    os.close(reading)
    with connected(running.port()) as client:
        ask(client, 1)
        running.err.wait_for(r"^hewn: log: lines cannot be written: Broken pipe$")
        ask(client, 1)
    assert running.stop() == 0
    running.err.wait_for(r"^hewn: log: 2 lines could not be written$")
    assert running.err.all().count("hewn: log:") == 2


@pytest.fixture
def small_disk():
    """A way into a place where /mnt is a disk of 64 KiB, and that folder as seen from here."""
    holder = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c",
         'mount -t tmpfs -o size=64k none /mnt && echo up; read end'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if holder.stdout.readline() != b"up\n":
        holder.communicate(b"\n")
        pytest.skip("no right to mount in a namespace of its own (unshare --mount)")
    enter = ["nsenter", "--mount", "--target", str(holder.pid), f"--wdns={os.getcwd()}", "--"]
    yield enter, Path(f"/proc/{holder.pid}/root/mnt")
    holder.communicate(b"\n")


def test_a_full_disk_is_told_of_and_recovers(start, place, small_disk):
    enter, disk = small_disk
    into_log = ["sh", "-c", 'cd "$1"; shift; exec "$@" >>/mnt/log', "sh", str(place)]
    running = start("-l", "127.0.0.1:0", "--loops", "1", "dist", before=[*enter, *into_log])
    with connected(running.port()) as client:
        (disk / "ballast").write_bytes(b"x" * 32 * 1024)
        ask(client, 1000)
        running.err.wait_for(r"^hewn: log: lines cannot be written: No space left on device$")
        ask(client, 1000)
        first = (disk / "log").read_text()
        (disk / "ballast").unlink()
        (disk / "log").write_text("")  # as those do who turn logs over
        running.err.wait_for(r"^hewn: log: lines are written again; \d+ were lost$")
        ask(client, 10, "/ten.txt?after")
        assert running.stop() == 0
    lines = (first + (disk / "log").read_text()).splitlines()
    lost = int(running.err.wait_for(r"^hewn: log: (\d+) lines could not be written$").group(1))
    assert all(LINE.fullmatch(line) for line in lines)
    assert len(lines) + lost == 2010
    assert sum("?after" in line for line in lines) == 10
    assert running.err.all().count("hewn: log:") == 3
