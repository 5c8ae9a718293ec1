import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path += [str(HERE), str(TOP / "tests" / "program")]
from serving import Server, is_sanitized
from wire import Client


def program(name, default):
    path = (TOP / os.environ.get(name, default)).resolve()
    if not path.exists():
        pytest.fail(f"there is no {path}: ./dev build makes it")
    return str(path)


@pytest.fixture(scope="session")
def case_server():
    return program("CASE_SERVER", "build/case-server")


@pytest.fixture(scope="session")
def stall_server():
    return program("STALL_SERVER", "build/stall-server")


@pytest.fixture(scope="session")
def hewn_program():
    return program("HEWN", "build/hewn")


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """The folder of the HTTP cases; tests that change files have one of their own."""
    folder = tmp_path_factory.mktemp("root")
    subprocess.run([sys.executable, HERE / "cases" / "mkroot.py", folder], check=True)
    return folder


@pytest.fixture
def start(case_server, root):
    """Starts a case server; whoever still runs at the end of the test must end well."""
    with contextlib.ExitStack() as started:
        def start_server(*options, folder=root, listen=("127.0.0.1:0",), **how):
            listening = [word for address in listen for word in ("--listen", address)]
            server = Server([case_server, *listening, *options, str(folder)], **how)
            started.callback(server.end_well)
            return server
        yield start_server


@pytest.fixture(scope="session")
def shared_server(case_server, root):
    server = Server([case_server, "--listen", "127.0.0.1:0", str(root)])
    yield server
    server.end_well()


@pytest.fixture
def server(shared_server):
    """A server that several tests use, one after the other: it has to live through each."""
    yield shared_server
    with Client(shared_server.address) as client:
        assert client.get("/hello.txt").status == 200


@pytest.fixture
def measured(case_server):
    """For tests of speed and memory: they say nothing about a program that watches over itself."""
    if is_sanitized(case_server):
        pytest.skip("a sanitized build is not measured; the release build is")
