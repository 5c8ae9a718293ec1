"""Behind HAProxy: every way it has of saying who the client is, before each protocol that Hewn speaks."""
import json
import os
import shutil
import socket
import subprocess
import time

import pytest
from conftest import SECONDS_MAX
from test_proxy import certificates, need, proxied, vault  # noqa: F401, fixtures
from test_tls import pair

PATH = os.environ["PATH"] + ":/usr/sbin"
DEFAULTS = """
global
  log stderr local0 err
defaults
  log global
  timeout connect {ms}
  timeout client {ms}
  timeout server {ms}
"""


def is_open(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


@pytest.fixture
def haproxy(tmp_path):
    """Starts one that passes on to a port in this mode, and tells its own."""
    if not shutil.which("haproxy", path=PATH):
        pytest.skip("haproxy is not installed")
    running = []

    def start_haproxy(port, how, mode="http"):
        own = free_port()
        config = tmp_path / "haproxy.cfg"
        lines = f"listen all\n  bind 127.0.0.1:{own}\n  mode {mode}\n  server hewn 127.0.0.1:{port} {how}\n"
        forwards = "  option forwardfor\n" if mode == "http" else ""
        config.write_text(DEFAULTS.format(ms=SECONDS_MAX * 1000) + lines + forwards)
        running.append(subprocess.Popen(["haproxy", "-db", "-f", config], env={**os.environ, "PATH": PATH}))
        deadline = time.monotonic() + SECONDS_MAX
        while not is_open(own):
            assert running[-1].poll() is None and time.monotonic() < deadline, "haproxy has not begun to listen"
            time.sleep(0.005)
        return own

    yield start_haproxy
    for process in running:
        process.kill()
        process.wait()


def curl(port, *more, scheme="http"):
    """(version, status, content), asked by a client at 127.0.0.7."""
    done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--interface", "127.0.0.7", "--resolve", f"a.test:{port}:127.0.0.1",
                           "-w", "\n%{http_version} %{http_code}", *more, f"{scheme}://a.test:{port}/ten.txt"],
                          capture_output=True, timeout=SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    content, _, said = done.stdout.rpartition(b"\n")
    return said.decode(), content


def first_record(running):
    return json.loads(running.out.wait_for(r"(\{.*\})\n").group(1))


@pytest.mark.parametrize("how", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id,crc32c"])
def test_it_says_by_a_header_who_asks(proxied, haproxy, how):  # noqa: F811
    running = proxied()
    port = haproxy(running.proxied_port, how)
    assert curl(port) == ("1.1 200", b"0123456789")
    assert first_record(running)["peer"] == "127.0.0.7"


def test_it_goes_on_by_http2_behind_its_header(hewn, proxied, haproxy):  # noqa: F811
    """It says of every request then that it is for https."""
    need(hewn, "libnghttp2", "HTTP/2")
    running = proxied()
    port = haproxy(running.proxied_port, "send-proxy-v2 proto h2")
    assert curl(port) == ("1.1 200", b"0123456789")
    record = first_record(running)
    assert (record["peer"], record["protocol"]) == ("127.0.0.7", "HTTP/2.0")


def test_it_carries_tls_that_is_not_its_own(hewn, proxied, haproxy, certificates):  # noqa: F811
    need(hewn, "libnghttp2", "HTTP/2")
    running = proxied("--tls", pair(certificates, "a"))
    port = haproxy(running.proxied_port, "send-proxy-v2", mode="tcp")
    assert curl(port, "--cacert", certificates / "ca.pem", scheme="https") == ("2 200", b"0123456789")
    assert first_record(running)["peer"] == "127.0.0.7"


@pytest.mark.parametrize("how", ["", "proto h2"])
def test_it_says_by_a_field_who_asks(hewn, start, haproxy, how):
    if how:
        need(hewn, "libnghttp2", "HTTP/2")
    running = start("--listen", "127.0.0.1:0", "--log", "json", "--trusted-proxies", "127.0.0.1", "dist")
    port = haproxy(running.port(), how)
    assert curl(port) == ("1.1 200", b"0123456789")
    assert first_record(running)["peer"] == "127.0.0.7"
