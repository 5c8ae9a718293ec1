"""Where it listens, and with how many loops."""
import os
import socket
import subprocess
from pathlib import Path

import pytest
from wire import SECONDS_MAX, Client


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("loops", [1, 2, 3])
def test_loops(start, loops):
    server = start("--loops", str(loops))
    address = server.address
    assert len(list(Path(f"/proc/{server.process.pid}/task").iterdir())) >= 1 + loops
    clients = [Client(address) for _ in range(40)]
    for client in clients:
        client.request("GET", "/hello.txt")
    assert [client.answer().body for client in clients] == [b"hello, world\n"] * 40
    for client in clients:
        client.__exit__()


def test_a_unix_socket(start, tmp_path):
    path = tmp_path / "socket"
    server = start(listen=[f"unix:{path}"])
    assert server.address == str(path)
    told = subprocess.run(["curl", "-sS", "--unix-socket", path, "http://localhost/hello.txt"], capture_output=True,
                          timeout=SECONDS_MAX)
    assert (told.stdout, told.stderr) == (b"hello, world\n", b"")
    server.stop()
    assert not path.exists()


def test_the_name_of_a_dead_socket_is_taken_over(start, tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with Client(start(listen=[f"unix:{path}"]).address) as client:
        assert client.get("/hello.txt").status == 200


def test_ipv6(start):
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")
    server = start(listen=["[::1]:0"])
    with Client(server.address) as client:
        assert client.get("/hello.txt").status == 200


def test_a_socket_that_was_inherited(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.set_inheritable(listener.fileno(), True)
        server = start(listen=[f"fd:{listener.fileno()}"], inherited=[listener.fileno()])
        assert server.address == listener.getsockname()
    with Client(server.address) as client:
        assert client.get("/hello.txt").status == 200


def test_several_at_once(start, tmp_path):
    server = start(listen=["127.0.0.1:0", f"unix:{tmp_path}/socket", "127.0.0.1:0"])
    server.out.wait_for(r"unix:.*\n.*:\d+\n")
    for address in server.out.text.splitlines():
        host, _, rest = address.partition(":")
        with Client(rest if host == "unix" else (host, int(rest))) as client:
            assert client.get("/hello.txt").status == 200
