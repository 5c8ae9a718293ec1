"""The log in a file: rotated, lost and found again, and read by others."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import connected, fetch
from running import wait_until
from test_log import LINE, ask, send_raw, small_disk  # noqa: F401 (a fixture)

SIGNALS = [signal.SIGHUP, signal.SIGUSR1]


def lines_of(*paths):
    return [line for path in paths if path.exists() for line in path.read_text().splitlines()]


def test_the_log_is_appended_to_a_file(start, place):
    log = place / "log"
    log.write_text("older\n")
    running = start("-l", "127.0.0.1:0", "--log-file", "log", "dist")
    with connected(running.port()) as client:
        ask(client, 3)
    assert running.stop() == 0
    first, *others = lines_of(log)
    assert first == "older" and len(others) == 3 and all(LINE.fullmatch(line) for line in others)
    assert running.out.all() == ""


def test_a_new_file_is_for_its_owner_and_group(start, place):
    running = start("-p0", "--log-file=log", "dist", before=["sh", "-c", 'umask 0; exec "$@"', "sh"])
    running.port()
    assert (place / "log").stat().st_mode & 0o777 == 0o640


def test_on_a_terminal_the_file_has_json_without_colours(start, place):
    running = start("-l", "127.0.0.1:0", "--log-file", "log", "dist", terminal=True, environment={"NO_COLOR": ""})
    with connected(running.port_of_terminal()) as client:
        ask(client, 1)
    assert running.stop() == 0
    (line,) = lines_of(place / "log")
    assert LINE.fullmatch(line)


def test_what_cannot_be_a_log_is_refused(tell, place):
    os.mkfifo(place / "pipe")
    assert tell("--log-file", "no/log", "dist") == (66, "", "hewn: cannot log to 'no/log': No such file or directory\n")
    assert tell("--log-file", "dist", "dist") == (66, "", "hewn: cannot log to 'dist': Is a directory\n")
    assert tell("--log-file", "pipe", "dist") == (66, "", "hewn: cannot log to 'pipe': nobody reads it\n")


def test_a_log_one_may_not_write(tell, nobody):
    assert tell("--log-file", "log", "dist", **nobody)[::2] == (77, "hewn: cannot log to 'log': Permission denied\n")


def is_logged(place, words):
    with contextlib.suppress(FileNotFoundError):  # it has another name by now
        return any(words in path.read_text() for path in place.glob("log*"))
    return False


@pytest.mark.parametrize("number", SIGNALS)
def test_a_rotated_log_loses_no_line_and_has_none_twice(start, place, number):
    """Clients ask all the while; each of them counts up, so that a line is known by its number."""
    log, rotations, clients, each = place / "log", 8, 3, 400
    running = start("-l", "127.0.0.1:0", "--loops", "2", "--log-file", "log", "dist")
    port = running.port()

    def ask_all(name):
        with connected(port) as client:
            for i in range(each):
                ask(client, 1, f"/ten.txt?{name}.{i}")
                if i % 50 == 49:  # no more at a time than there is room for while the writer gets no processor time
                    wait_until(lambda i=i: is_logged(place, f"?{name}.{i}\""))
    askers = [threading.Thread(target=ask_all, args=(name,)) for name in range(clients)]
    for asker in askers:
        asker.start()
    for i in range(rotations):
        log.rename(place / f"log.{i}")
        running.signal(number)
        wait_until(log.exists)
    for asker in askers:
        asker.join()
    with connected(port) as client:
        ask(client, 1, "/ten.txt?last")
    assert running.stop() == 0
    lines = lines_of(*(place / f"log.{i}" for i in range(rotations)), log)
    asked = [json.loads(line)["target"].partition("?")[2] for line in lines]
    assert sorted(asked) == sorted([f"{name}.{i}" for name in range(clients) for i in range(each)] + ["last"])
    # Nothing was written to a file that had been given up.
    assert any("?last" in line for line in lines_of(log))
    assert "log" not in running.err.all()


def test_a_log_that_cannot_be_opened_anew_stays_the_old_one(start, place):
    (place / "logs").mkdir()
    running = start("-l", "127.0.0.1:0", "--log-file", "logs/log", "dist")
    with connected(running.port()) as client:
        ask(client, 1, "/ten.txt?before")
        (place / "logs").rename(place / "moved")
        running.signal(signal.SIGHUP)
        running.err.wait_for("^hewn: cannot open the log anew: 'logs/log': No such file or directory; the old one is kept$")
        ask(client, 1, "/ten.txt?old")
        wait_until(lambda: len(lines_of(place / "moved" / "log")) == 2)
        (place / "logs").mkdir()
        running.signal(signal.SIGUSR1)
        wait_until((place / "logs" / "log").exists)
        ask(client, 1, "/ten.txt?new")
        assert running.stop() == 0
    assert ["?new" in line for line in lines_of(place / "logs" / "log")] == [True]


def test_a_log_that_may_not_be_opened_anew_stays_the_old_one(start, place, nobody):
    (place / "logs").mkdir()
    os.chown(place / "logs", 65534, 65534)
    running = start("-l", "127.0.0.1:0", "--log-file", "logs/log", "dist", **nobody)
    running.port()
    (place / "logs").chmod(0)
    running.signal(signal.SIGHUP)
    running.err.wait_for("^hewn: cannot open the log anew: 'logs/log': Permission denied; the old one is kept$")
    assert fetch(running.port())[0] == 200
    assert running.stop() == 0
    assert len(lines_of(place / "logs" / "log")) == 1


@pytest.mark.parametrize("number", SIGNALS)
def test_without_a_log_file_the_signals_end_nothing(start, number):
    running = start("-l", "127.0.0.1:0", "dist")
    port = running.port()
    running.signal(number)
    assert fetch(port, "/ten.txt?after")[0] == 200
    running.out.wait_for(r"\?after")
    assert running.stop() == 0


# A window: when it is killed the terminal it made has gone.
WINDOW = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])"]


def in_window(window):
    """The process that runs in a window."""
    pid = window.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def has_ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_terminal_that_is_closed_ends_it(start):
    window = start("-l", "127.0.0.1:0", "--log-file", "log", "dist", before=WINDOW)
    port, pid = window.port_of_terminal(), in_window(window)
    os.kill(pid, signal.SIGHUP)  # of somebody who rotates logs
    assert fetch(port)[0] == 200
    window.process.kill()
    wait_until(lambda: has_ended(pid))


def test_under_nohup_it_survives_its_terminal(start, place):
    window = start("-l", "127.0.0.1:0", "--log-file", "log", "dist",
                   before=[*WINDOW, "sh", "-c", 'trap "" HUP; exec "$@"', "sh"])
    port, pid = window.port_of_terminal(), in_window(window)
    window.process.kill()
    window.ended()
    (place / "log").rename(place / "old")
    os.kill(pid, signal.SIGHUP)
    wait_until((place / "log").exists)
    assert fetch(port)[0] == 200
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: has_ended(pid))
    assert len(lines_of(place / "log")) == 1


def test_a_full_disk_is_told_of_and_recovers_in_another_file(start, place, small_disk):  # noqa: F811
    """The half of a line that found room is written again, whole, where there is more."""
    enter, disk = small_disk
    running = start("-l", "127.0.0.1:0", "--loops", "1", "--log-file", "/mnt/log", "dist",
                    before=[*enter, "sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", str(place)])
    with connected(running.port()) as client:
        (disk / "ballast").write_bytes(b"x" * 32 * 1024)
        ask(client, 1000)
        running.err.wait_for(r"^hewn: log: lines cannot be written: No space left on device$")
        ask(client, 200)
        old = (disk / "log").read_bytes().decode()
        # Under another name, so that the room that comes is not the old file's.
        (disk / "log").rename(disk / "old")
        (disk / "log").symlink_to(place / "roomy")
        running.signal(signal.SIGHUP)
        running.err.wait_for(r"^hewn: log: lines are written again; \d+ were lost$")
        ask(client, 10, "/ten.txt?after")
        assert running.stop() == 0
    assert (disk / "old").read_bytes().decode() == old
    *whole, torn = old.split("\n")
    new = lines_of(place / "roomy")
    assert torn == "" or new[0].startswith(torn[:60])
    lost = int(running.err.wait_for(r"^hewn: log: (\d+) lines? could not be written$").group(1))
    assert all(LINE.fullmatch(line) for line in whole + new)
    assert len(whole) + len(new) + lost == 1210
    assert sum("?after" in line for line in new) == 10


def test_a_device_that_is_always_full_fails_no_request(start):
    running = start("-l", "127.0.0.1:0", "--log-file", "/dev/full", "dist")
    with connected(running.port()) as client:
        ask(client, 50)
        running.err.wait_for(r"^hewn: log: lines cannot be written: No space left on device$")
        ask(client, 50)
    assert running.stop() == 0
    running.err.wait_for(r"^hewn: log: 100 lines could not be written$")


ODD_REQUESTS = [
    b"GET /ten.txt\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"G\"T / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"BREW /pot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET http://other.example/ten.txt HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
]
ODD_TARGETS = [b"/%22quoted%22", b"/\"raw\"", b"/back\\slash", b"/%1b%5b2J%00", b"/%e2%82%ac%c3%a9", "/\u20ac\u00e9".encode(),
               b"/\xff\xfe", b"/" + b"long/" * 1500, b"/?q=\"a b\"", b"/ten.txt?%", b"/'<script>"]
ODD_VALUES = [b'"', b'\\', b'a "b" c', b'\\"', b"\x80\xff", "\u20ac".encode(), b"\t tab", b"-", b"x" * 3000]


def test_goaccess_reads_every_line(start, place):
    if not shutil.which("goaccess"):
        pytest.skip("goaccess is not installed")
    running = start("-l", "127.0.0.1:0", "--log", "combined", "--log-file", "log", "dist")
    port = running.port()
    for request in ODD_REQUESTS:
        send_raw(port, request)
    for target in ODD_TARGETS:
        send_raw(port, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for value in ODD_VALUES:
        send_raw(port, b"GET /ten.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\nReferer: " + value +
                 b"\r\nUser-Agent: " + value + b"\r\n\r\n")
    fetch(port, "/ten.txt", fields="If-None-Match: *\r\n")
    fetch(port, "/ten.txt", fields="Range: bytes=20-\r\n")
    assert running.stop() == 0
    count = len(lines_of(place / "log"))
    assert count >= len(ODD_TARGETS) + len(ODD_VALUES) + 2
    done = subprocess.run(["goaccess", "log", "--no-global-config", "--log-format=COMBINED", "-o", "report.json",
                           "--invalid-requests=invalid"], cwd=place, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    general = json.loads((place / "report.json").read_bytes().decode("utf-8", "replace"))["general"]
    invalid = (place / "invalid").read_text(errors="replace") if (place / "invalid").exists() else ""
    assert (general["failed_requests"], general["total_requests"]) == (0, count), invalid
