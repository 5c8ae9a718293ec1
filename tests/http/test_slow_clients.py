"""Crowds of slow clients, within the default limits: an ordinary client does not notice them, and they cost little.
HEWN_ALL=1: larger crowds."""
import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from serving import Server
from wire import SECONDS_MAX, Client, poll

HERE = Path(__file__).parent
KIB = 1024
MEMORY_MAX = 4 * KIB
CROWDS = [2000] + ([10000] if os.environ.get("HEWN_ALL") else [])
KINDS = ("heads", "bodies", "readers")
TICKS_S = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    (folder / "hello.txt").write_text("hello, world\n")
    (folder / "four.bin").write_bytes(os.urandom(4 * KIB * KIB))
    return folder


class Crowd:
    """Leaves at the end; `closed`: how many the server has closed by then."""

    def __init__(self, server, kind, count):
        self.process = subprocess.Popen([sys.executable, HERE / "slow_crowd.py", str(server.address[1]), kind, str(count)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def wait(self):
        assert self.process.stdout.readline() == "ready\n"

    def __exit__(self, *_):
        self.closed = int(self.process.communicate("", timeout=SECONDS_MAX)[0] or 0)


def ask_steadily(server, count):
    """(served share, 99th percentile in milliseconds)"""
    told = subprocess.run([sys.executable, HERE / "steady_client.py", str(server.address[1]), str(count)],
                          capture_output=True, text=True, timeout=10 * SECONDS_MAX, check=True).stdout
    served, asked, p99 = told.split()
    return int(served) / int(asked), float(p99)


def private_memory(server):
    """Bytes that are this process's alone."""
    text = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Private_Dirty:\s+(\d+) kB", text, re.MULTILINE).group(1)) * KIB


def processor_seconds(server):
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_client_costs_four_kibibytes_at_most(measured, start, folder, kind, record_property):
    server, count = start(folder=folder), 1500
    ask_steadily(server, 20)
    before = private_memory(server)
    with Crowd(server, kind, count) as crowd:
        crowd.wait()
        ask_steadily(server, 20)  # what the crowd has sent has been read before that is answered
        each = (private_memory(server) - before) / count
    record_property("bytes", round(each))
    assert crowd.closed == 0 and each <= MEMORY_MAX, each


@pytest.mark.parametrize("count", CROWDS)
def test_slow_clients_are_not_noticed(measured, start, folder, count, record_property):
    server = start(folder=folder)
    ask_steadily(server, 20)
    before = private_memory(server)
    with contextlib.ExitStack() as crowds:
        made = [crowds.enter_context(Crowd(server, kind, count // len(KINDS))) for kind in KINDS]
        for crowd in made:
            crowd.wait()
        served, p99 = ask_steadily(server, 400)
        each = (private_memory(server) - before) / count
    record_property("p99_ms", p99)
    record_property("bytes", round(each))
    assert served == 1 and p99 < 25 and each <= MEMORY_MAX, (served, p99, each)


def test_a_few_descriptors_and_many_half_requests(measured, case_server, folder, record_property):
    """64 descriptors are 48 connections; 200 clients hold on to one each as long as they are let."""
    server = Server(["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", case_server, "--listen", "127.0.0.1:0", str(folder)])
    try:
        with Crowd(server, "halves", 200) as crowd:
            crowd.wait()
            began, used = time.monotonic(), processor_seconds(server)
            served, p99 = ask_steadily(server, 100)
            share = (processor_seconds(server) - used) / (time.monotonic() - began)
        began = time.monotonic()
        with Client(server.address) as client:
            assert client.get("/hello.txt").status == 200
        recovered = time.monotonic() - began
        assert poll(lambda: ask_steadily(server, 20)[0] == 1)
    finally:
        server.end_well()
    record_property("served", served)
    record_property("processor", round(share, 3))
    assert served >= 0.95 and share < 0.2 and recovered < 1, (served, p99, share, recovered)
