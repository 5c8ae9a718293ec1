"""How it ends."""
import contextlib
import re
import signal
import time

import pytest
from conftest import SECONDS_MAX, connected, fetch

BIG = 32 * 1024 * 1024


@pytest.fixture
def slow(start, place):
    """A server in the middle of an answer that nobody reads: (it, the connection)."""
    with open(place / "dist" / "big", "wb") as file:
        file.truncate(BIG)

    def start_answer(**options):
        running = start("-l", "127.0.0.1:0", "--log", "off", "dist", **options)
        client = connected(running.port())
        connection = client.__enter__()
        clients.append((client, connection))
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        return running, connection

    clients = []
    yield start_answer
    for client, _ in clients:
        client.__exit__(None, None, None)


def read_to_end(connection):
    length = 0
    while piece := connection.recv(1 << 20):
        length += len(piece)
    return length


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0(start, number):
    running = start("-l", "127.0.0.1:0", "dist")
    assert fetch(running.port(), "/ten.txt")[0] == 200
    running.signal(number)
    assert running.ended() == 0
    assert re.search(r"^hewn: stopping \.\.\.\nhewn: done \(0\.\d s\)\. 1 request, 10 B\.\n\Z", running.err.all(),
                     re.MULTILINE)


def test_a_request_in_flight_is_finished(slow):
    running, connection = slow()
    running.signal(signal.SIGTERM)
    running.err.wait_for(r"^hewn: stopping: 1 request in flight \.\.\.$")
    assert read_to_end(connection) == BIG
    assert running.ended() == 0
    assert re.search(r"^hewn: done \(\d+\.\d s\)\. 1 request, 34 MB\.$", running.err.all(), re.MULTILINE)


def test_while_it_drains_nobody_new_is_let_in(slow):
    running, connection = slow()
    port = running.port()
    running.signal(signal.SIGTERM)
    running.err.wait_for("in flight")
    deadline = time.monotonic() + SECONDS_MAX
    with pytest.raises(ConnectionRefusedError):
        while time.monotonic() < deadline:
            # Who came just before the listener closed is reset, perhaps while he still connects.
            with contextlib.suppress(ConnectionResetError), connected(port):
                pass
    assert read_to_end(connection) == BIG
    assert running.ended() == 0


def test_a_second_signal_ends_it_at_once(slow):
    running, connection = slow()
    running.signal(signal.SIGTERM)
    running.err.wait_for("in flight")
    running.signal(signal.SIGTERM)
    assert running.ended(5) == 0
    try:
        assert read_to_end(connection) < BIG
    except ConnectionResetError:
        pass


def test_a_connection_that_is_idle_holds_nobody_up(start):
    running = start("-l", "127.0.0.1:0", "dist")
    with connected(running.port()) as connection:
        connection.sendall(b"GET /ten.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"0123456789"):
            answer += connection.recv(4096)
        running.signal(signal.SIGTERM)
        assert running.ended(5) == 0
        assert connection.recv(1) == b""


def test_control_c_on_a_terminal(slow):
    running, connection = slow(terminal=True)
    running.type(b"\x03")
    running.out.wait_for(r"stopping: 1 request in flight \.\.\.")
    assert read_to_end(connection) == BIG
    assert running.ended() == 0
    last = running.out.all().rstrip("\r\n").split("\r")[-1]
    assert re.fullmatch(r"\^C  stopping: 1 request in flight \.\.\. done \(\d+\.\d s\)\. 1 request, 34 MB\.", last)


def test_a_signal_right_after_the_start_is_not_lost(start):
    running = start("-l", "127.0.0.1:0", "dist")
    running.err.wait_for("listening on")
    running.signal(signal.SIGTERM)
    running.signal(signal.SIGTERM)
    assert running.ended() == 0
