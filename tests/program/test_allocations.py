"""The examples with each of their allocations failing in turn: they answer, or say why not; they never crash."""
import http.client
import os
import re
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import SECONDS_MAX

REQUESTS = {
    "hello": ["GET /?name=Ann"],
    "users": ["GET /users", "GET /users/2", "GET /users/9", "GET /nothing"],
    "stream": ["GET /squares/3000", "POST /count some words"],
    "embed": ["GET /", "GET /nothing"],
    "ledger": ['POST /entries {"account": "cash", "amount": 250}', "POST /closings", "GET /accounts/cash", "GET /alive"],
    "visits": ["POST /visits/Ada", "GET /visits"],
}
# 0: it served; else those of hewn_main: no memory to start with.
STATUSES = {0, 69, 70}
ANSWERS = {200, 201, 404, 500, 503}


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """The library that makes an allocation fail."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("there is no compiler")
    made = tmp_path_factory.mktemp("failing") / "failing.so"
    source = Path(__file__).with_name("failing.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source], check=True, timeout=60)
    return made


def ask(port, request):
    """The status; None: the connection ended without an answer, as it may for want of memory."""
    method, path, *words = request.split(" ", 2)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)
    try:
        fields = {"Content-Type": "application/json"} if words and words[0].startswith("{") else {}
        client.request(method, path, body=words[0] if words else None, headers=fields)
        answer = client.getresponse()
        answer.read()
        return answer.status
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        client.close()


def start(program, folder, environment=None, wrapper=()):
    """The running example, and the line in which it says where it listens, or why it does not."""
    options = {"env": environment, "stderr": subprocess.PIPE, "text": True}
    if program.name == "embed":
        running = subprocess.Popen([*wrapper, program, "127.0.0.1:0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        return running, running.stdout.readline()
    file = [folder / "ledger.db"] if program.name == "ledger" else []
    running = subprocess.Popen([*wrapper, program, *file, "--listen", "127.0.0.1:0", "--loops", "1", "--log", "off"], **options)
    return running, running.stderr.readline()


def find_port(said):
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
    return int(found[1]) if found else None


def end(running, seconds=SECONDS_MAX):
    """What else it has said. embed ends with its input, the others with a signal."""
    if not running.stdin:
        running.send_signal(signal.SIGTERM)
    return running.communicate(timeout=seconds)[1]


def find_example(hewn, name):
    """The program, without a sanitizer: those have allocations of their own."""
    program = Path(hewn).parent / "examples" / name
    if not program.exists():
        pytest.skip("it is not built here")
    contents = program.read_bytes()
    if b"__asan_init" in contents or b"__tsan_init" in contents:
        pytest.skip("a sanitizer has allocations of its own")
    return program


def run_once(program, failing, folder, fail_at, count=None):
    """What is wrong with it, or None."""
    environment = {**os.environ, "LD_PRELOAD": str(failing), "FAIL_AT": str(fail_at)}
    if count:
        environment["FAIL_COUNT"] = str(count)
    place = folder / str(fail_at)
    place.mkdir()
    running, first = start(program, place, environment)
    with running:
        port = find_port(first)
        answers = [ask(port, request) for request in REQUESTS[program.name]] if port else []
        said = end(running) if port else running.communicate(timeout=SECONDS_MAX)[1]
    words = f"allocation {fail_at}: status {running.returncode}, answers {answers}, said {first}{said}"
    if running.returncode not in STATUSES or (running.returncode and not first + said):
        return words
    if set(answers) - ANSWERS - {None} or answers.count(None) > 1:
        return words
    return None


@pytest.mark.parametrize("name", REQUESTS)
def test_each_allocation_of_an_example_may_fail(hewn, failing, name, tmp_path):
    program = find_example(hewn, name)
    count = tmp_path / "count"
    assert run_once(program, failing, tmp_path, 0, count) is None
    total = int(count.read_text())
    assert total > 20
    places = range(1, total + 1)
    with ThreadPoolExecutor(2) as workers:
        wrong = [told for told in workers.map(lambda at: run_once(program, failing, tmp_path, at), places) if told]
    assert not wrong, f"{len(wrong)} of {len(places)}:\n" + "\n".join(wrong)
