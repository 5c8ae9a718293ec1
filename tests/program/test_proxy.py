"""Behind proxies: connections that begin with a PROXY header, as curl and raw sockets send it, and fields that only proxies may write."""
import contextlib
import json
import os
import socket
import ssl
import subprocess

import pytest
from conftest import SECONDS_MAX, connected, fetch
from test_guide import introspect
from test_tls import pair, policy, read_all, request, vault  # noqa: F401, a fixture

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
TCP4, TCP6 = 0x11, 0x21


def version_1(client, server="10.0.0.1"):
    family = "TCP6" if ":" in client else "TCP4"
    return f"PROXY {family} {client} {server} 56324 443\r\n".encode()


def version_2(command, family, block):
    return SIGNATURE + bytes([command, family]) + len(block).to_bytes(2, "big") + block


def block_of(client, additions=b""):
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    address = socket.inet_pton(family, client)
    return address + bytes(len(address)) + b"\1\1\0\x50" + additions


HEADERS = {
    "192.0.2.7": version_1("192.0.2.7"),
    "2001:db8::7": version_1("2001:db8::7", "::1"),
    "192.0.2.8": version_2(PROXY, TCP4, block_of("192.0.2.8")),
    "192.0.2.9": version_2(PROXY, TCP4, block_of("192.0.2.9", b"\x04\x01\x00" + bytes(256) + b"\x02\x00\x06a.test")),
    "2001:db8::9": version_2(PROXY, TCP6, block_of("2001:db8::9")),
    "127.0.0.1": version_2(LOCAL, 0, b""),
}


def need(hewn, library, words):
    if not any(found["name"] == library for found in introspect(os.path.dirname(hewn), "dependencies")):
        pytest.skip(f"built without {words}")


@pytest.fixture(scope="module")
def certificates(hewn, vault):  # noqa: F811
    need(hewn, "libssl", "TLS")
    return vault


@pytest.fixture
def proxied(start):
    """A server that wants headers of these, with one loop, and its port."""
    def start_proxied(*arguments, senders="127.0.0.1", listen="127.0.0.1:0"):
        running = start("--listen", listen, "--loops", "1", "--log", "json", "--proxy-protocol", senders, *arguments, "dist")
        if not listen.startswith("unix:"):
            running.proxied_port = int(running.err.wait_for(r"https?://[^ ]*:(\d+)/").group(1))
        return running
    return start_proxied


def ask(port, header, fields=""):
    """(status, body) of a request behind a header; nothing where the connection is closed without an answer."""
    with connected(port) as client:
        client.sendall(header + f"GET /ten.txt HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n{fields}\r\n".encode())
        with contextlib.suppress(ConnectionResetError):
            head, _, body = read_all(client).partition(b"\r\n\r\n")
            return (int(head.split()[1]), body) if head else None


def peers(running, count):
    running.out.wait_for(r"(?:\{.*\}\n){%d}" % count)
    return [json.loads(line)["peer"] for line in running.out.text.splitlines()]


def test_the_client_is_who_the_header_names(proxied):
    running = proxied()
    for header in HEADERS.values():
        assert ask(running.proxied_port, header) == (200, b"0123456789")
    assert peers(running, len(HEADERS)) == list(HEADERS)
    assert running.stop() == 0
    assert "PROXY" not in running.err.text


def curl_behind(port, *more, scheme="http"):
    return subprocess.run(["curl", "-sS", "--noproxy", "*", "--haproxy-protocol", "--resolve", f"a.test:{port}:127.0.0.1", *more,
                           f"{scheme}://a.test:{port}/ten.txt"], capture_output=True, timeout=SECONDS_MAX)


def test_curl_sends_a_header(proxied):
    running = proxied()
    assert curl_behind(running.proxied_port).stdout == b"0123456789"
    assert peers(running, 1) == ["127.0.0.1"]


def test_curl_sends_a_header_before_tls(proxied, certificates):  # noqa: F811
    running = proxied("--tls", pair(certificates, "a"))
    for version in ("--tls-max", "1.2"), ("--tlsv1.3",):
        done = curl_behind(running.proxied_port, "--cacert", certificates / "ca.pem", *version, scheme="https")
        assert (done.returncode, done.stdout) == (0, b"0123456789"), done.stderr
    assert peers(running, 2) == ["127.0.0.1"] * 2


@pytest.mark.parametrize("cut", [0, 1, 12, 16, -1])
def test_tls_begins_behind_the_header(proxied, certificates, cut):
    """A header whose rest comes later, when the server has long waited for it; then the handshake."""
    running = proxied("--tls", pair(certificates, "a"))
    named = ["2001:db8::7", "192.0.2.9"]
    for name in named:
        header = HEADERS[name]
        with connected(running.proxied_port) as client:
            client.sendall(header[:cut])
            # The only loop has answered this one, so it has seen the other before.
            ask_encrypted(running.proxied_port, certificates, HEADERS["192.0.2.7"])
            client.sendall(header[cut:])
            with policy(certificates).wrap_socket(client, server_hostname="a.test") as inside:
                request(inside)
                assert read_all(inside).endswith(b"\r\n\r\n0123456789")
    assert peers(running, 4) == ["192.0.2.7", named[0], "192.0.2.7", named[1]]
    assert running.stop() == 0


def ask_encrypted(port, certificates, header):
    with connected(port) as client:
        client.sendall(header)
        with policy(certificates).wrap_socket(client, server_hostname="a.test") as inside:
            request(inside)
            return read_all(inside)


def test_tls_comes_not_before_the_header(proxied, certificates):  # noqa: F811
    running = proxied("--tls", pair(certificates, "a"))
    with connected(running.proxied_port) as client, pytest.raises((ssl.SSLError, ConnectionResetError)):
        policy(certificates).wrap_socket(client, server_hostname="a.test")
    running.err.wait_for(r"hewn: 127\.0\.0\.1: began a connection without a PROXY header")


def test_nobody_else_may_connect(proxied):
    running = proxied(senders="10.0.0.0/8, ::1, unix:")
    for header in (b"", *HEADERS.values()):
        assert ask(running.proxied_port, header) is None
    running.err.wait_for(r"hewn: 127\.0\.0\.1: may send no PROXY header here: its connection was closed\n")
    assert running.stop() == 0
    assert running.out.text == ""


def test_what_is_no_header_is_refused_and_told_of_now_and_then(proxied):
    running = proxied()
    broken = [b"", b"PROXY TCP4 192.0.2.7\r\n", b"PROXY TCP4 192.0.2.7 10.0.0.1 1 65536\r\n", version_1("192.0.2.7")[:-2] + b"\n",
              version_2(PROXY, TCP4, b"short"), version_2(0x22, TCP4, bytes(12)), version_2(PROXY, 0x41, bytes(12)),
              SIGNATURE + b"\x21\x11\xff\xff"]
    for header in broken * 5:
        assert ask(running.proxied_port, header) is None
    assert ask(running.proxied_port, HEADERS["192.0.2.7"]) == (200, b"0123456789")
    assert running.stop() == 0
    assert 1 <= running.err.text.count("without a PROXY header that makes sense") < len(broken * 5)


def test_a_unix_socket_takes_headers_too(proxied, place):
    path = place / "socket"
    running = proxied(senders="unix:", listen=f"unix:{path}")
    running.err.wait_for("listening on unix:")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS_MAX)
        client.connect(str(path))
        client.sendall(HEADERS["192.0.2.8"])
        request(client)
        assert read_all(client).endswith(b"0123456789")
    assert peers(running, 1) == ["192.0.2.8"]


def test_fields_are_believed_of_the_client_alone_that_a_header_names(proxied):
    """A proxy that carries bytes carries its client's fields too: what counts is whether that one is trusted."""
    running = proxied("--trusted-proxies", "127.0.0.1, 10.0.0.0/8")
    fields = "X-Forwarded-For: 198.51.100.4\r\n"
    assert ask(running.proxied_port, version_1("192.0.2.7"), fields)[0] == 200
    assert ask(running.proxied_port, version_1("10.0.0.5"), fields)[0] == 200
    assert peers(running, 2) == ["192.0.2.7", "198.51.100.4"]


@pytest.mark.parametrize("trusted,client", [("127.0.0.0/8", "198.51.100.4"), ("10.0.0.0/8, unix:", "127.0.0.1"), (None, "127.0.0.1")])
def test_fields_of_trusted_proxies_count(start, trusted, client):
    running = start("--listen", "127.0.0.1:0", "--log", "json", *(["--trusted-proxies", trusted] if trusted else []), "dist")
    for field in "X-Forwarded-For: 9.9.9.9, 198.51.100.4", "Forwarded: for=9.9.9.9, for=198.51.100.4":
        assert fetch(running.port(), "/ten.txt", fields=field + "\r\n") == (200, b"0123456789")
    assert peers(running, 2) == [client] * 2


def redirecting(start, certificates, *arguments):
    running = start("--listen", "127.0.0.1:0", "--redirect", "127.0.0.1:0", "--tls", pair(certificates, "a"), *arguments, "dist")
    running.clear_port = int(running.err.wait_for(r"http://[^ ]*:(\d+)/").group(1))
    return running


def test_who_came_by_https_to_a_proxy_is_not_redirected(start, certificates):  # noqa: F811
    running = redirecting(start, certificates, "--hsts", "--trusted-proxies", "127.0.0.1")
    for fields, status in (("", 308), ("X-Forwarded-Proto: http\r\n", 308), ("X-Forwarded-Proto: https\r\n", 200),
                           ("Forwarded: for=192.0.2.7;proto=https\r\n", 200), ("X-Forwarded-Proto: https, http\r\n", 308),
                           ("X-Forwarded-Proto: https\r\nForwarded: for=192.0.2.7;proto=http\r\n", 308)):
        assert fetch(running.clear_port, "/ten.txt", fields=fields)[0] == status, fields


def test_who_only_says_so_is_redirected(start, certificates):  # noqa: F811
    running = redirecting(start, certificates, "--trusted-proxies", "10.0.0.0/8")
    for fields in "X-Forwarded-Proto: https\r\n", "Forwarded: for=10.0.0.1;proto=https\r\n":
        assert fetch(running.clear_port, "/ten.txt", fields=fields)[0] == 308


@pytest.mark.parametrize("trusted,status", [("127.0.0.1", b"200"), ("10.0.0.0/8", b"308")])
def test_the_same_holds_over_http2(hewn, start, certificates, trusted, status):
    need(hewn, "libnghttp2", "HTTP/2")
    running = redirecting(start, certificates, "--trusted-proxies", trusted)
    for said, expected in (("https", status), ("http", b"308")):
        done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--http2-prior-knowledge", "-H", f"X-Forwarded-Proto: {said}", "-o", "/dev/null",
                               "-w", "%{http_version} %{http_code}", f"http://127.0.0.1:{running.clear_port}/ten.txt"],
                              capture_output=True, timeout=SECONDS_MAX)
        assert done.stdout == b"2 " + expected


def test_the_address_that_redirects_wants_headers_too(start, certificates):  # noqa: F811
    running = redirecting(start, certificates, "--proxy-protocol", "127.0.0.1")
    assert ask(running.clear_port, HEADERS["192.0.2.8"])[0] == 308
    assert ask(running.clear_port, b"") is None


@pytest.mark.parametrize("option", ["--proxy-protocol", "--trusted-proxies"])
def test_addresses_that_are_none_are_told(tell, option):
    for value, words in (("10.0.0.1/8", '"10.0.0.1/8" has bits set behind those that its length counts'),
                         ("::1, proxy.test", '"proxy.test" is not an IP address')):
        status, _, errors = tell("--listen", "127.0.0.1:0", option, value, "dist")
        assert status == 64 and errors.startswith(f"hewn: {option}: {words}")
    status, _, errors = tell(option, "", "dist")
    assert status == 64 and option in errors


def test_headers_of_nobody_are_refused(tell):
    assert tell("--listen", "127.0.0.1:0", "--proxy-protocol", " , ", "dist")[::2] == (64, "hewn: --proxy-protocol: names nobody\n")


def test_behind_a_proxy_folders_are_not_listed_unasked(start, place):
    (place / "dist" / "index.html").unlink()
    for arguments, status in ((), 200), (("--trusted-proxies", "127.0.0.1"), 404), (("--trusted-proxies", "127.0.0.1", "--list"), 200):
        running = start("--listen", "127.0.0.1:0", *arguments, "dist")
        assert fetch(running.port())[0] == status
