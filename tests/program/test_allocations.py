"""The examples with each of their allocations failing in turn: they answer, or say why not; they never crash."""
import http.client
import os
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
}
# 0: it served; else those of hewn_main: no memory to start with.
STATUSES = {0, 69, 70}
ANSWERS = {200, 404, 500, 503}


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
        client.request(method, path, body=words[0] if words else None)
        answer = client.getresponse()
        answer.read()
        return answer.status
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        client.close()


def run_once(program, requests, failing, fail_at, count=None):
    """What is wrong with it, or None."""
    environment = {**os.environ, "LD_PRELOAD": str(failing), "FAIL_AT": str(fail_at)}
    if count:
        environment["FAIL_COUNT"] = str(count)
    with subprocess.Popen([program, "--listen", "127.0.0.1:0", "--loops", "1", "--log", "off"], env=environment,
                          stderr=subprocess.PIPE, text=True) as running:
        first = running.stderr.readline()
        answers = []
        if "listening on" in first:
            port = int(first.rstrip().rstrip("/").rsplit(":", 1)[1])
            answers = [ask(port, request) for request in requests]
            running.send_signal(signal.SIGTERM)
        _, rest = running.communicate(timeout=SECONDS_MAX)
    if running.returncode not in STATUSES or (running.returncode and not first):
        return f"allocation {fail_at}: status {running.returncode}, said {first}{rest}"
    if set(answers) - ANSWERS - {None} or answers.count(None) > 1:
        return f"allocation {fail_at}: answers {answers}, said {rest}"
    return None


@pytest.mark.parametrize("name", REQUESTS)
def test_each_allocation_of_an_example_may_fail(hewn, failing, name, tmp_path):
    program = Path(hewn).parent / "examples" / name
    contents = program.read_bytes()
    if b"__asan_init" in contents or b"__tsan_init" in contents:
        pytest.skip("a sanitizer has allocations of its own")
    count = tmp_path / "count"
    assert run_once(program, REQUESTS[name], failing, 0, count) is None
    total = int(count.read_text())
    assert total > 20
    with ThreadPoolExecutor(2) as workers:
        wrong = [told for told in workers.map(lambda at: run_once(program, REQUESTS[name], failing, at), range(1, total + 1)) if told]
    assert not wrong, f"{len(wrong)} of {total}:\n" + "\n".join(wrong)
