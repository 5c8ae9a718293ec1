"""The examples under valgrind, asked over a socket: with --all alone, for it is slow."""
import os
import shutil

import pytest
from conftest import TOP
from test_allocations import ANSWERS, REQUESTS, ask, end, find_example, find_port, start

SECONDS_MAX = 120


@pytest.mark.skipif(not os.environ.get("HEWN_ALL"), reason="only with HEWN_ALL=1")
@pytest.mark.parametrize("name", REQUESTS)
def test_an_example_is_clean_under_valgrind(hewn, name, tmp_path):
    program = find_example(hewn, name)
    if not shutil.which("valgrind"):
        pytest.skip("no valgrind")
    valgrind = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite",
                f"--suppressions={TOP}/tests/valgrind.supp"]
    running, first = start(program, tmp_path, wrapper=valgrind)
    with running:
        answers = [ask(find_port(first), request) for request in REQUESTS[name] * 3]
        said = end(running, SECONDS_MAX)
    assert running.returncode == 0 and "==" not in said, said
    assert set(answers) <= ANSWERS - {503}
