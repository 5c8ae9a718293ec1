import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from running import Network, Running, SECONDS_MAX

TOP = Path(__file__).resolve().parents[2]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
          "--"]


@pytest.fixture(scope="session")
def hewn():
    """The program under test."""
    path = (TOP / os.environ.get("HEWN", "build/hewn")).resolve()
    if not path.exists():
        pytest.fail(f"there is no {path}: ./dev build makes it")
    return str(path)


@pytest.fixture
def place():
    """A folder that everybody may enter, with `dist` to be served and `docs` beside it."""
    top = Path(tempfile.mkdtemp(prefix="hewn-"))
    top.chmod(0o755)
    (top / "dist").mkdir()
    (top / "docs").mkdir()
    (top / "dist" / "index.html").write_text("<p>dist")
    (top / "dist" / "ten.txt").write_text("0123456789")
    yield top
    shutil.rmtree(top)


@pytest.fixture
def start(hewn, place):
    """Starts hewn in that folder; what is still running at the end is ended."""
    with contextlib.ExitStack() as started:
        def start_hewn(*arguments, network=None, before=(), program=hewn, **options):
            command = [*before, program, *arguments]
            running = Running(network.inside(*command) if network else command, cwd=place, **options)
            started.callback(running.clean_up)
            return running
        yield start_hewn


@pytest.fixture
def tell(hewn, place):
    """Runs hewn with arguments it will refuse or only answer: (status, output, errors)."""
    def run_hewn(*arguments, network=None, before=(), program=hewn):
        command = [*before, program, *arguments]
        done = subprocess.run(network.inside(*command) if network else command, cwd=place, text=True,
                              capture_output=True, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr
    return run_hewn


@pytest.fixture
def network():
    """See Network; the tests that need one are left out where the kernel refuses it."""
    for tool in ("unshare", "nsenter", "ip"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    made = Network()
    if not made.is_up:
        made.clean_up()
        pytest.skip("no right to make a network namespace (unshare --net)")
    yield made
    made.clean_up()


@pytest.fixture
def nobody(hewn, place):
    """Options of start and tell: hewn, in a place that anybody can reach, run by a user without any right."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    copy = place / "hewn"
    shutil.copy(hewn, copy)
    copy.chmod(0o755)
    return {"before": NOBODY, "program": str(copy)}


@contextlib.contextmanager
def connected(port, host="127.0.0.1"):
    with socket.create_connection((host, port), timeout=SECONDS_MAX) as client:
        yield client


def fetch(port, target="/", host="127.0.0.1", fields=""):
    """(status, body) of one request on a connection of its own."""
    named = f"[{host}]" if ":" in host else host
    with connected(port, host) as client:
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: {named}\r\nConnection: close\r\n{fields}\r\n".encode("latin-1"))
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body
