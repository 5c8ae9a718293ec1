"""The examples under valgrind, asked over a socket: with --all alone, for it is slow."""
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import TOP
from test_allocations import ANSWERS, REQUESTS, ask

SECONDS_MAX = 120


@pytest.mark.skipif(not os.environ.get("HEWN_ALL"), reason="only with HEWN_ALL=1")
@pytest.mark.parametrize("name", REQUESTS)
def test_an_example_is_clean_under_valgrind(hewn, name):
    program = Path(hewn).parent / "examples" / name
    contents = program.read_bytes()
    if not shutil.which("valgrind") or b"__asan_init" in contents or b"__tsan_init" in contents:
        pytest.skip("no valgrind, or a sanitizer in its place")
    command = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite",
               f"--suppressions={TOP}/tests/valgrind.supp", program, "--listen", "127.0.0.1:0", "--loops", "1", "--log", "off"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        port = int(running.stderr.readline().rstrip().rstrip("/").rsplit(":", 1)[1])
        answers = [ask(port, request) for request in REQUESTS[name] * 3]
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 0 and "==" not in said, said
    assert set(answers) <= ANSWERS - {503}
