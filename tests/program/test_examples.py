"""The examples, as their users run them."""
import contextlib
import json
import sqlite3
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import connected, fetch
from running import SECONDS_MAX


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


LEDGER_ROUNDS = 20


@pytest.fixture
def ledger(start, hewn, place):
    """(port, file) of a ledger with 100 in cash."""
    program = Path(hewn).parent / "examples/ledger"
    if not program.exists():
        pytest.skip("built without SQLite")
    running = start(str(place / "ledger.db"), "--listen", "127.0.0.1:0", "--loops", "1", program=str(program))
    port = running.port()
    status, body = post(port, "/entries", {"account": "cash", "amount": 100})
    if status == 501:
        pytest.skip("built without JSON")
    assert (status, body) == (201, {"id": 1})
    yield port, place / "ledger.db"
    assert running.stop() == 0


def post(port, target, value):
    """(status, what the JSON of the answer says)."""
    body = json.dumps(value)
    with connected(port) as client:
        client.settimeout(SECONDS_MAX * 3)
        client.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@contextlib.contextmanager
def posting(port, target, value):
    """A request under way: a list that will have its answer, once this has ended at the latest."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(post(port, target, value)))
    thread.start()
    yield answers
    thread.join(SECONDS_MAX * 3)
    assert not thread.is_alive()


def balance(port, account):
    status, body = fetch(port, f"/accounts/{account}")
    return json.loads(body)["balance"] if status == 200 else status


def test_a_ledger_keeps_what_it_is_told(ledger):
    port, _ = ledger
    assert post(port, "/entries", {"account": "cash", "amount": -30}) == (201, {"id": 2})
    assert post(port, "/entries", {"account": "b\u00e4nk", "amount": 7}) == (201, {"id": 3})
    assert (balance(port, "cash"), balance(port, "b%C3%A4nk"), balance(port, "nobody")) == (70, 7, 404)
    for wrong in ({"account": "cash"}, {"account": "", "amount": 1}, {"account": "x", "amount": "1"},
                  {"account": "x", "amount": 10 ** 12 + 1}, []):
        assert post(port, "/entries", wrong)[0] == 422
    assert post(port, "/closings", None) == (201, {"accounts": 2})


def test_who_waits_for_the_lock_of_a_database_holds_up_nobody(ledger):
    port, file = ledger
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with posting(port, "/entries", {"account": "cash", "amount": 5}) as answers:
            for _ in range(LEDGER_ROUNDS):  # there is one loop: it is taken over when the entry waits
                assert fetch(port, "/alive") == (200, b"yes\n")
                assert balance(port, "cash") == 100
            assert not answers
            other.execute("INSERT INTO entry(account, amount) VALUES('cash', 1000)")
            other.execute("COMMIT")
        assert answers == [(201, {"id": 3})]
    assert balance(port, "cash") == 1105


def can_write(database):
    try:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")
        return True
    except sqlite3.OperationalError as error:
        assert "locked" in str(error)
        return False


def test_who_holds_the_lock_of_a_database_holds_up_nobody(ledger):
    port, file = ledger
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as other:
        other.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
                      " INSERT INTO entry(account, amount) SELECT 'account ' || i, i FROM n")
        seen, end = 0, time.monotonic() + SECONDS_MAX  # answers that came while the handler was the writer
        while seen < 3 and time.monotonic() < end:
            with posting(port, "/closings", None) as answers:
                while not answers:
                    is_held = not can_write(other)
                    assert fetch(port, "/alive") == (200, b"yes\n")
                    assert balance(port, "cash") == 100
                    seen += is_held and not can_write(other)
            assert answers == [(201, {"accounts": 100001})]
        assert seen >= 3


def test_a_client_behind_a_trusted_proxy_has_its_own_address(start, hewn):
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    options = ["--listen", "127.0.0.1:0", "--loops", "1", "--log", "json"]
    for more, peer in (([], "127.0.0.1"), (["--trusted-proxies", "10.0.0.0/8, 127.0.0.1"], "203.0.113.9")):
        running = start(*options, *more, **example(hewn, "users"))
        request = urllib.request.Request(f"http://127.0.0.1:{running.port()}/users/1", headers=forwarded)
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200
        assert running.stop() == 0
        assert [json.loads(line)["peer"] for line in running.out.all().splitlines()] == [peer]


def test_a_file_of_secrets_is_used_or_refused(start, hewn, place):
    program = example(hewn, "users")["program"]
    secrets = place / "secrets"
    told = subprocess.run([program, "--secret-file", str(secrets)], capture_output=True, text=True, timeout=20)
    assert told.returncode == 66
    assert told.stderr == (f"users: --secret-file {secrets}: there is no such file\n"
                           f"  make one with: (umask 077; openssl rand -hex 32 >> {secrets})\n")
    subprocess.run(["sh", "-c", told.stderr.split("make one with: ")[1]], check=True, timeout=20)
    running = start("--listen", "127.0.0.1:0", "--secret-file", str(secrets), program=program)
    assert fetch(running.port(), "/users/1")[0] == 200
    assert running.stop() == 0
    assert "chmod" not in running.err.all()
