"""Descriptors that are missing, too few, or lead nowhere."""
import contextlib
import os
import signal
import socket
import subprocess
import time

import pytest
from running import SECONDS_MAX


def fetch_status(path):
    """The status line that comes from a Unix socket, as soon as somebody listens there."""
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(SECONDS_MAX)
            client.connect(str(path))
            client.sendall(b"GET /ten.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return client.makefile("rb").readline()
        assert time.monotonic() < deadline


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", ">&-", "2>&-"])
def test_it_serves_without_standard_descriptors(start, place, closed):
    running = start("-l", "unix:here.sock", "dist", before=["sh", "-c", f'exec "$@" {closed}', "sh"])
    assert fetch_status(place / "here.sock") == b"HTTP/1.1 200 OK\r\n"
    running.signal(signal.SIGTERM)
    assert running.ended() == 0


def test_it_serves_when_nobody_reads_what_it_says(hewn, place):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen([hewn, "-l", "unix:here.sock", "dist"], cwd=place, stdin=subprocess.DEVNULL,
                               stdout=writing, stderr=writing)
    os.close(writing)
    try:
        assert fetch_status(place / "here.sock") == b"HTTP/1.1 200 OK\r\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS_MAX) == 0
    finally:
        process.kill()
        process.wait()


def test_too_few_descriptors_have_nothing_to_do_with_an_address(tell):
    status, out, err = tell("-p0", "--loops=2", "dist", before=["sh", "-c", 'ulimit -n 8 && exec "$@"', "sh"])
    assert (status, out, err) == (70, "", "hewn: cannot start: Too many open files\n")
