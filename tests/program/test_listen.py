"""Addresses: the default, what happens when they are taken, and what is said then."""
import os
import re
import socket
import subprocess
import sys

import pytest
from conftest import fetch

HOLD = """
import socket, sys
held = []
for port in sys.argv[1:]:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", int(port)))
    one.listen()
    held.append(one)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold(network):
    """A process that listens on 127.0.0.1 at each of the ports; returns how it will be called."""
    holders = []

    def hold_ports(*ports):
        command = network.inside(sys.executable, "-c", HOLD, *map(str, ports))
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holders.append(holder)
        assert holder.stdout.readline() == b"held\n"
        with open(f"/proc/{holder.pid}/comm") as name:
            return f"{name.read().strip()} (pid {holder.pid})"

    yield hold_ports
    for holder in holders:
        holder.communicate()


def urls(running):
    """All that are announced so far, and one at least."""
    running.err.wait_for("listening on .*\n")
    return re.findall(r"^hewn: listening on (\S+)$", running.err.text, re.MULTILINE)


def curl(network, url):
    return network.run("curl", "-sS", "--globoff", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", url).stdout


def test_the_default_is_port_9000_on_both_loopbacks(start, network):
    running = start("dist", network=network)
    running.err.wait_for(r"\[::1\].*\n")
    assert urls(running) == ["http://127.0.0.1:9000/", "http://[::1]:9000/"]
    for url in urls(running):
        assert curl(network, url) == "200"


def test_the_default_port_moves_aloud_when_it_is_taken(start, network, hold):
    holder = hold(9000, 9001)
    running = start("dist", network=network)
    running.err.wait_for(r"\[::1\].*\n")
    assert urls(running) == ["http://127.0.0.1:9002/", "http://[::1]:9002/"]
    assert f"\nhewn: port 9000 is already in use by {holder}: took 9002\n" in running.err.text


def test_it_moves_to_9009_and_no_further(tell, network, hold):
    holder = hold(*range(9000, 9010))
    status, out, err = tell("dist", network=network)
    assert (status, out) == (69, "")
    assert err == (f"hewn: cannot listen on 127.0.0.1:9009: already in use by {holder}\n"
                   "  try  hewn -p 9010 dist\n")


def test_a_port_that_was_named_does_not_move(tell, network, hold):
    holder = hold(8080)
    assert tell("-p", "8080", "dist", network=network) == (
        69, "", f"hewn: cannot listen on 127.0.0.1:8080: already in use by {holder}\n"
                "  try  hewn -p 8081 dist\n")


def test_an_address_that_was_named_does_not_move(tell, network, hold):
    holder = hold(8080, 8081)
    assert tell("-l", "127.0.0.1:8080", network=network) == (
        69, "", f"hewn: cannot listen on 127.0.0.1:8080: already in use by {holder}\n"
                "  try  hewn -l 127.0.0.1:8082\n")
    assert tell("--public", "--port=8081", "docs", network=network) == (
        69, "", f"hewn: cannot listen on [::]:8081: already in use by {holder}\n"
                "  try  hewn --public -p 8082 docs\n")


@pytest.mark.parametrize("others", [["-p", "8000"], ["-l", "127.0.0.1:8000"]])
def test_no_other_port_is_offered_at_the_price_of_an_address(tell, network, hold, others):
    holder = hold(8080)
    assert tell("-l", "127.0.0.1:8080", *others, network=network) == (
        69, "", f"hewn: cannot listen on 127.0.0.1:8080: already in use by {holder}\n")


def test_a_port_below_1024_without_the_right(tell, network, nobody):
    assert tell("-l", ":80", "dist", network=network, **nobody) == (
        77, "", "hewn: cannot listen on port 80: permission denied\n"
                f"  allow it once with  sudo setcap cap_net_bind_service=+ep {nobody['program']}, "
                "use socket activation, or a port from 1024 up\n")


def test_a_holder_that_may_not_be_seen_is_not_named(tell, network, nobody, hold):
    hold(8080)
    assert tell("-p8080", "dist", network=network, **nobody) == (
        69, "", "hewn: cannot listen on 127.0.0.1:8080: already in use\n"
                "  try  hewn -p 8081 dist\n")


def test_a_machine_without_ipv6(start, network):
    switch = network.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6")
    if switch.returncode:
        pytest.skip("no right to switch IPv6 off: " + switch.stderr.strip())
    running = start("dist", network=network)
    assert urls(running) == ["http://127.0.0.1:9000/"]
    assert curl(network, "http://127.0.0.1:9000/") == "200"
    assert running.stop() == 0
    assert "::1" not in running.err.all()


def test_an_address_this_machine_does_not_have(tell, network):
    assert tell("-l", "192.0.2.1:8080", "dist", network=network) == (
        69, "", "hewn: cannot listen on 192.0.2.1:8080: this machine has no such address\n")


@pytest.fixture
def lan(network):
    for words in ("link add lan type veth peer name far", "link set lan up", "link set far up",
                  "address add 10.1.2.3/24 dev lan", "address add 203.0.113.7/24 dev lan"):
        done = network.run("ip", *words.split())
        if done.returncode:
            pytest.skip("no right to make an interface: " + done.stderr.strip())
    return network


def test_lan_adds_the_private_addresses(start, lan):
    running = start("--lan", "dist", network=lan)
    running.err.wait_for(r"10\.1\.2\.3.*\n")
    assert urls(running) == ["http://127.0.0.1:9000/", "http://[::1]:9000/", "http://10.1.2.3:9000/"]
    assert curl(lan, "http://10.1.2.3:9000/") == "200"
    assert curl(lan, "http://203.0.113.7:9000/") == "000"


def test_public_names_every_way_in(start, lan):
    running = start("--public", "-p", "80", "dist", network=lan)
    running.err.wait_for(r"203\.0\.113\.7.*\n")
    running.err.wait_for(r"\[::1\].*\n")
    assert set(urls(running)) == {"http://127.0.0.1/", "http://[::1]/", "http://10.1.2.3/", "http://203.0.113.7/"}
    for url in urls(running):
        assert curl(lan, url) == "200"


def test_several_addresses(start, place):
    running = start("-l", "127.0.0.1:0", "--listen=localhost:0", f"-lunix:{place}/sock", "dist")
    running.err.wait_for(r"listening on unix:.*\n")
    assert urls(running)[-1] == f"unix:{place}/sock"
    for url in urls(running)[:-1]:
        port = int(re.search(r":(\d+)/$", url).group(1))
        assert fetch(port, host="::1" if "[" in url else "127.0.0.1") == (200, b"<p>dist")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{place}/sock")
        client.sendall(b"GET /ten.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\r\n\r\n0123456789")
    assert running.stop() == 0
    assert not os.path.exists(f"{place}/sock")


def test_an_inherited_socket(start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        running = start("-l", f"fd:{listener.fileno()}", "dist", inherited=[listener.fileno()])
    assert running.port() == port
    assert fetch(port) == (200, b"<p>dist")
