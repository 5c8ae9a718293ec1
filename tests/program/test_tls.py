"""TLS, as OpenSSL, curl and Python see it: what is spoken, who is shown what, and certificates that change."""
import contextlib
import filecmp
import os
import re
import signal
import socket
import ssl
import subprocess
import time

import pytest
from conftest import SECONDS_MAX, connected
from test_cert import openssl
from test_guide import introspect

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
RENEWED_S_MAX = 5  # from a new file to a handshake with it


@pytest.fixture(scope="module", autouse=True)
def with_openssl(hewn):
    """Once: to ask takes longer than any test here."""
    if not any(found["name"] == "libssl" for found in introspect(os.path.dirname(hewn), "dependencies")):
        pytest.skip("built without TLS")


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    """Certificates of one authority, and one of another that calls itself the same."""
    top = tmp_path_factory.mktemp("vault")
    for name in ("ca", "stranger"):
        openssl("req", "-x509", *new_key("ec"), "-subj", "/CN=Authority of a test", "-days", 90,
                "-addext", "keyUsage=critical,keyCertSign", "-keyout", top / f"{name}.key", "-out", top / f"{name}.pem")
    for name, host in (("a", "a.test"), ("again", "a.test"), ("b", "b.test")):
        issue(top, name, host)
    issue(top, "rsa", "a.test", kind="rsa")
    issue(top, "alice", "alice.test")
    issue(top, "mallory", "alice.test", authority="stranger")
    openssl("pkcs8", "-topk8", "-in", top / "a.key", "-passout", "pass:words", "-out", top / "locked.key")
    (top / "damaged.pem").write_text((top / "a.pem").read_text()[:200])
    return top


def new_key(kind):
    return ["-nodes", "-newkey", *({"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}[kind])]


def issue(top, name, host, kind="ec", authority="ca"):
    (top / f"{name}.cnf").write_text(f"subjectAltName=DNS:{host}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    openssl("req", "-new", *new_key(kind), "-subj", f"/CN={name}", "-keyout", top / f"{name}.key", "-out", top / f"{name}.csr")
    openssl("x509", "-req", "-in", top / f"{name}.csr", "-CA", top / f"{authority}.pem", "-CAkey", top / f"{authority}.key",
            "-days", 30, "-extfile", top / f"{name}.cnf", "-out", top / f"{name}.pem")


def pair(vault, name, key=None):
    return f"{vault}/{name}.pem,{vault}/{key or name}.key"


@pytest.fixture
def secure(start, vault):
    """A server with TLS, at whatever port is free; its certificate is a's unless others are named."""
    def start_secure(*arguments, pairs=None):
        named = [word for one in pairs or [pair(vault, "a")] for word in ("--tls", one)]
        running = start("--listen", "127.0.0.1:0", *named, *arguments, "dist")
        running.secure_port = int(running.err.wait_for(r"https://[^ ]*:(\d+)/").group(1))
        return running
    return start_secure


def policy(vault, version=None, shown=None, alpn=(), ciphers=None):
    """What a client wants, who believes the vault's authority."""
    made = ssl.create_default_context(cafile=vault / "ca.pem")
    if version:
        made.minimum_version = made.maximum_version = VERSIONS[version]
    if shown:
        made.load_cert_chain(vault / f"{shown}.pem", vault / f"{shown}.key")
    if alpn:
        made.set_alpn_protocols(alpn)
    if ciphers:
        made.set_ciphers(ciphers)
    return made


@contextlib.contextmanager
def encrypted(running, wanted, name="a.test"):
    with connected(running.secure_port) as client, wanted.wrap_socket(client, server_hostname=name) as inside:
        yield inside


def request(inside, target="/ten.txt", host="a.test", more="Connection: close\r\n"):
    inside.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode())


def read_all(inside):
    answer = b""
    while piece := inside.recv(65536):
        answer += piece
    return answer


def fetch_inside(running, wanted, name="a.test", host=None, **more):
    """(status, body, the certificate that was shown)."""
    with encrypted(running, wanted, name) as inside:
        request(inside, host=host or name, **more)
        head, _, body = read_all(inside).partition(b"\r\n\r\n")
        return int(head.split()[1]), body, inside.getpeercert(True)


def in_der(path):
    return ssl.PEM_cert_to_DER_cert(re.search(r"-----BEGIN CERT.*?END CERTIFICATE-----\n", path.read_text(), re.DOTALL)[0])


def curl(vault, running, target, *more, version="1.3"):
    """Of a.test, which is told to be here; over HTTP/1.1 where nothing else is said."""
    port = running.secure_port
    exactly = {"1.2": ["--tlsv1.2", "--tls-max", "1.2"], "1.3": ["--tlsv1.3"]}[version]
    done = subprocess.run(["curl", "-sS", "--fail", "--noproxy", "*", "--cacert", vault / "ca.pem", "--resolve",
                           f"a.test:{port}:127.0.0.1", "--http1.1", *exactly, *more, f"https://a.test:{port}{target}"],
                          capture_output=True, timeout=SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_curl_fetches_files(secure, place, vault, version):
    large = place / "dist" / "large.bin"
    large.write_bytes(os.urandom(12_345_678))
    running = secure()
    assert curl(vault, running, "/", version=version) == b"<p>dist"
    curl(vault, running, "/large.bin", "-o", place / "got", version=version)
    assert filecmp.cmp(large, place / "got", shallow=False)
    content = large.read_bytes()
    assert curl(vault, running, "/large.bin", "-r", "70000-9000000", version=version) == content[70000:9000001]
    assert curl(vault, running, "/large.bin", "-r", "-500", version=version) == content[-500:]
    parts = curl(vault, running, "/large.bin", "-r", "5-9,1000000-1000004", version=version)
    assert content[5:10] in parts and content[1000000:1000005] in parts and b"Content-Range: bytes 5-9/12345678" in parts
    head = curl(vault, running, "/large.bin", "-I", version=version).decode()
    assert head.startswith("HTTP/1.1 200") and re.search("(?im)^content-length: 12345678\r$", head)
    assert running.stop() == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_several_requests_have_one_connection(secure, vault, version):
    running = secure()
    with encrypted(running, policy(vault, version)) as inside:
        assert inside.version() == f"TLSv{version}"
        request(inside, more="")
        request(inside, "/", more="")
        request(inside)
        answers = read_all(inside)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 3 and answers.endswith(b"0123456789")


def test_http_1_1_is_agreed_on_or_nothing(secure, vault):
    running = secure()
    for offered, agreed in ((["http/1.1"], "http/1.1"), (["x", "http/1.1"], "http/1.1"), ([], None)):
        with encrypted(running, policy(vault, alpn=offered)) as inside:
            assert inside.selected_alpn_protocol() == agreed
            request(inside)
            assert read_all(inside).startswith(b"HTTP/1.1 200 OK\r\n")
    for version in VERSIONS:
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            fetch_inside(running, policy(vault, version, alpn=["spdy/3"]))


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(secure, version):
    said = openssl("s_client", "-connect", f"127.0.0.1:{secure().secure_port}", version, "-cipher", "ALL:@SECLEVEL=0", fails=True,
                   stdin=subprocess.DEVNULL)
    assert re.search("alert protocol version", said) and "Cipher is (NONE)" in said


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions_are_resumed(secure, vault, tmp_path, version):
    running = secure()
    asked = "GET /ten.txt HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
    client = ["s_client", "-connect", f"127.0.0.1:{running.secure_port}", "-servername", "a.test", "-CAfile", vault / "ca.pem",
              "-verify_return_error", "-ign_eof", f"-tls{version.replace('.', '_')}"]
    first = openssl(*client, "-sess_out", tmp_path / "session", input=asked)
    assert re.search(rf"^New, TLSv{version}", first, re.MULTILINE) and "0123456789" in first
    again = openssl(*client, "-sess_in", tmp_path / "session", input=asked)
    assert re.search(rf"^Reused, TLSv{version}", again, re.MULTILINE) and "0123456789" in again
    # Another server has other secrets: it begins anew, and serves all the same.
    client[2] = f"127.0.0.1:{secure().secure_port}"
    other = openssl(*client, "-sess_in", tmp_path / "session", input=asked)
    assert re.search(rf"^New, TLSv{version}", other, re.MULTILINE) and "0123456789" in other


def test_each_name_has_its_certificate(secure, vault):
    running = secure(pairs=[pair(vault, "a"), pair(vault, "b")])
    for name in ("a", "b"):
        status, body, shown = fetch_inside(running, policy(vault), f"{name}.test")
        assert (status, body) == (200, b"0123456789") and shown == in_der(vault / f"{name}.pem")
    anybody = policy(vault)
    anybody.check_hostname = False
    for name in ("c.test", None):
        assert fetch_inside(running, anybody, name, host="c.test")[0::2] == (200, in_der(vault / "a.pem"))
    # RFC 9110 15.5.20
    assert fetch_inside(running, policy(vault), "a.test", host="b.test")[0] == 421
    assert fetch_inside(running, policy(vault), "b.test", host=f"b.test:{running.secure_port}")[0] == 200


def test_keys_of_two_kinds_stand_side_by_side(secure, vault):
    running = secure(pairs=[pair(vault, "a"), pair(vault, "rsa")])
    for kind, name in (("ECDSA", "a"), ("RSA", "rsa")):
        wanted = policy(vault, "1.2", ciphers=f"ECDHE-{kind}-AES128-GCM-SHA256")
        assert fetch_inside(running, wanted) == (200, b"0123456789", in_der(vault / f"{name}.pem"))


@pytest.mark.parametrize("version", VERSIONS)
def test_who_ends_without_a_word_has_its_answer(secure, vault, version):
    """Its side of TCP, with no close_notify before it."""
    running = secure()
    with encrypted(running, policy(vault, version)) as inside:
        request(inside, more="")
        socket.socket.shutdown(inside, socket.SHUT_WR)
        answer = read_all(inside)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"0123456789")


def test_http_in_clear_is_told_so(secure):
    with connected(secure().secure_port) as client:
        request(client)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"https://" in answer


def ask_in_clear(port, target="/", host="a.test"):
    with connected(port) as client:
        request(client, target, host)
        return read_all(client).decode().partition("\r\n\r\n")[0]


def test_clients_are_sent_to_https(secure):
    running = secure("--redirect", "127.0.0.1:0", "--redirect", "127.0.0.1:0,4433", "--redirect", "127.0.0.1:0,443")
    running.err.wait_for(r"(?:^hewn: listening on http://\S+\n){3}")
    ports = [int(port) for port in re.findall(r"http://127.0.0.1:(\d+)/", running.err.text)]
    for port, there in zip(ports, (f":{running.secure_port}", ":4433", ""), strict=True):
        head = ask_in_clear(port, "/no/such?thing=%20", "a.test:80")
        assert head.startswith("HTTP/1.1 308 ") and f"\r\nLocation: https://a.test{there}/no/such?thing=%20\r\n" in head + "\r\n"
        assert "Strict-Transport-Security" not in head


@pytest.mark.parametrize("option, field", [(["--hsts"], b"max-age=31536000"), (["--hsts=60"], b"max-age=60"), ([], None)])
def test_browsers_are_told_to_come_by_https(secure, vault, option, field):
    running = secure(*option, "--redirect", "127.0.0.1:0")
    with encrypted(running, policy(vault)) as inside:
        request(inside)
        found = re.search(rb"(?im)^strict-transport-security: (.*)\r$", read_all(inside))
    assert (found and found[1]) == field
    # RFC 6797 7.2: not over HTTP in clear.
    port = int(running.err.wait_for(r"http://127.0.0.1:(\d+)/").group(1))
    assert "strict-transport-security" not in ask_in_clear(port).lower()


def hear_why_not(running, wanted):
    """A client of TLS 1.3 has done its part before it can hear. It says nothing then, for what is said to who has closed
    is answered by a reset, which overtakes the alert."""
    with encrypted(running, wanted) as inside:
        inside.recv(1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("optional", [[], ["--client-optional"]])
def test_clients_show_who_they_are(secure, vault, version, optional):
    running = secure("--client-ca", vault / "ca.pem", *optional)
    assert fetch_inside(running, policy(vault, version, shown="alice"))[:2] == (200, b"0123456789")
    with pytest.raises(OSError, match="(?i)unknown.ca"):
        hear_why_not(running, policy(vault, version, shown="mallory"))
    if optional:
        assert fetch_inside(running, policy(vault, version))[:2] == (200, b"0123456789")
    else:
        with pytest.raises(ssl.SSLError, match="(?i)certificate.required|handshake.failure"):
            hear_why_not(running, policy(vault, version))
    assert running.stop() == 0


@pytest.fixture
def live(place, vault):
    """A folder with a certificate that will be another."""
    made = place / "live"
    made.mkdir()
    for name in ("a.pem", "a.key"):
        put(vault / name, made / name)
    return made


def put(source, target):
    """As whoever renews it: in one step."""
    new = target.with_suffix(".new")
    new.write_bytes(source.read_bytes())
    new.chmod(0o600)
    new.rename(target)


def ask_until_shown(running, vault, name, seconds=RENEWED_S_MAX):
    """Asks and asks, and no request fails."""
    end = time.monotonic() + seconds
    wanted = policy(vault)
    while True:
        status, body, shown = fetch_inside(running, wanted)
        assert (status, body) == (200, b"0123456789")
        if shown == in_der(vault / name):
            return
        assert time.monotonic() < end


def test_a_new_certificate_is_served_and_nothing_fails(secure, live, vault):
    running = secure(pairs=[pair(live, "a")])
    with encrypted(running, policy(vault)) as before:
        ask_until_shown(running, vault, "a.pem")
        put(vault / "again.key", live / "a.key")
        put(vault / "again.pem", live / "a.pem")
        ask_until_shown(running, vault, "again.pem")
        request(before)  # what is open stays so
        assert read_all(before).endswith(b"0123456789")
    assert "stay as they are" not in running.err.text


def test_a_signal_does_the_same(secure, live, vault):
    """Where nobody is told of a change: the folder that is named has links to another one."""
    (live / "named").mkdir()
    for name in ("a.pem", "a.key"):
        (live / "named" / name).symlink_to(live / name)
    running = secure(pairs=[pair(live / "named", "a")])
    put(vault / "again.key", live / "a.key")
    put(vault / "again.pem", live / "a.pem")
    assert fetch_inside(running, policy(vault))[2] == in_der(vault / "a.pem")
    running.signal(signal.SIGHUP)
    ask_until_shown(running, vault, "again.pem")


def test_a_damaged_certificate_is_told_and_the_old_one_stays(secure, live, vault):
    running = secure(pairs=[pair(live, "a")])
    put(vault / "damaged.pem", live / "a.pem")
    told = running.err.wait_for(r"^.*certificates stay as they are.*$", RENEWED_S_MAX).group(0)
    assert f"{live}/a.pem" in told and "holds no certificate" in told
    ask_until_shown(running, vault, "a.pem")
    running.signal(signal.SIGHUP)
    running.err.wait_for(rf"^hewn: certificates stay as they are: {re.escape(str(live))}/a.pem: holds no certificate")
    ask_until_shown(running, vault, "a.pem")
    put(vault / "again.key", live / "a.key")
    put(vault / "again.pem", live / "a.pem")
    ask_until_shown(running, vault, "again.pem")


@pytest.mark.parametrize("arguments, status, where, what", [
    (["--tls", "{none}.pem,{a}.key"], 66, "{none}.pem", "cannot be read: No such file or directory"),
    (["--tls", "{a}.pem,{none}.key"], 66, "{none}.key", "cannot be read: No such file or directory"),
    (["--tls", "{a}.pem,{a}.key,{none}.der"], 66, "{none}.der", "cannot be read: No such file or directory"),
    (["--tls", "dist,{a}.key"], 66, "dist", "cannot be read: Is a directory"),
    (["--tls", "{damaged}.pem,{a}.key"], 78, "{damaged}.pem", 'holds no certificate (PEM, "BEGIN CERTIFICATE")'),
    (["--tls", "{a}.pem,{a}.pem"], 78, "{a}.pem", 'holds no private key (PEM, "BEGIN PRIVATE KEY")'),
    (["--tls", "{a}.pem,{b}.key"], 78, "{b}.key", "is not the key of {a}.pem"),
    (["--tls", "{a}.pem,{locked}.key"], 78, "{locked}.key",
     "asks for a passphrase, and nobody is there to give it; take it off with openssl pkey"),
    (["--tls", "{a}.pem,{a}.key,{a}.pem"], 78, "{a}.pem", "is no OCSP response (DER)"),
    (["--tls", "/dev/zero,{a}.key"], 78, "/dev/zero", "is longer than 1048576 bytes"),
    (["--tls", "{a}.pem,{a}.key", "--client-ca", "{none}.pem"], 66, "{none}.pem", "cannot be read: No such file or directory"),
    (["--tls", "{a}.pem,{a}.key", "--client-ca", "{a}.key"], 78, "{a}.key", "holds no certificate (PEM)"),
])
def test_files_that_are_wrong(tell, place, vault, arguments, status, where, what):
    # Names of the library's own words are cut; links are short.
    names = {name: name for name in ("a", "b", "none", "locked", "damaged")}
    for path in vault.iterdir():
        (place / path.name).symlink_to(path)
    said = tell("-l", "127.0.0.1:0", *(word.format(**names) for word in arguments), "dist")
    assert said == (status, "", f"hewn: {where.format(**names)}: {what.format(**names)}\n")


def test_a_file_with_a_long_name_is_named(tell, place):
    name = "/".join(["n" * 100] * 4)
    assert tell("--tls", f"{name},{name}", "dist") == (66, "", f"hewn: {name}: cannot be read: No such file or directory\n")


def test_a_key_that_may_not_be_read(tell, place, vault, nobody):
    for name in ("a.pem", "a.key"):
        (place / name).write_bytes((vault / name).read_bytes())
    (place / "a.key").chmod(0o600)
    assert tell("--tls", "a.pem,a.key", "dist", **nobody) == (77, "", "hewn: a.key: cannot be read: Permission denied\n")


@pytest.mark.parametrize("arguments, words", [
    (["--tls", "a.pem"], "--tls: 'a.pem' is not a certificate and its key; write it like --tls cert.pem,key.pem, or --tls dev"),
    (["--hsts"], "--hsts says nothing without --tls"),
    (["--redirect", ":80"], "--redirect says nothing without --tls"),
    (["--client-ca", "ca.pem"], "--client-ca says nothing without --tls"),
    (["--tls", "a.pem,a.key", "--client-optional"], "--client-optional says nothing without --client-ca"),
])
def test_what_makes_no_sense(tell, arguments, words):
    assert tell(*arguments, "dist") == (64, "", f"hewn: {words}\n")
