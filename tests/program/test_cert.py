"""hewn cert: certificates for development, as OpenSSL, Python and their own files see them."""
import os
import re
import socket
import ssl
import stat
import subprocess
import threading

import pytest
from conftest import SECONDS_MAX
from test_guide import introspect

FILES = {"ca.pem": 0o644, "ca-key.pem": 0o600, "cert.pem": 0o644, "key.pem": 0o600}
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


@pytest.fixture(autouse=True)
def with_openssl(hewn):
    build = os.path.dirname(hewn)
    if not any(found["name"] == "libcrypto" for found in introspect(build, "dependencies")):
        pytest.skip("built without OpenSSL")


@pytest.fixture
def home(place, monkeypatch):
    """A home without anything in it."""
    made = place / "home"
    made.mkdir()
    monkeypatch.setenv("HOME", str(made))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("LOGNAME", "ann")
    return made


@pytest.fixture
def dev(home, tell):
    """The folder of a certificate that has just been made."""
    status, _, errors = tell("cert", "dev")
    assert (status, errors) == (0, "")
    return home / ".local/share/hewn/dev"


def openssl(*arguments, fails=False, **options):
    """What it says; where it is to fail, of what."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS_MAX, **options)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def verify(dev, certificate, *options, fails=False):
    return openssl("verify", "-x509_strict", "-CAfile", dev / "ca.pem", *options, certificate, fails=fails)


def text_of(certificate):
    return openssl("x509", "-in", certificate, "-noout", "-text")


def issue(dev, folder, names, days=30, more="", key=None, subject="/CN=x"):
    """A certificate that whoever has the authority's key makes for what they like."""
    (folder / "x.cnf").write_text(f"[req]\ndistinguished_name=dn\n[dn]\n[x]\nsubjectAltName={names}\n{more}\n")
    new = ["-key", key] if key else [*NEW_KEY, "-keyout", folder / "x-key.pem"]
    openssl("req", "-new", "-config", folder / "x.cnf", *new, "-subj", subject, "-out", folder / "x.csr")
    openssl("x509", "-req", "-in", folder / "x.csr", "-CA", dev / "ca.pem", "-CAkey", dev / "ca-key.pem", "-days", days,
            "-extfile", folder / "x.cnf", "-extensions", "x", "-out", folder / "x.pem")
    return folder / "x.pem"


def field(output, name):
    """The words behind a name in the program's output, on one line."""
    found = re.search(rf"^  {name} +(.*(?:\n {{15}}\S.*)*)", output, re.MULTILINE)
    return " ".join(found.group(1).split())


def modes(dev):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in dev.iterdir() if path.name != "lock"}


def test_what_is_made_is_what_openssl_verifies(dev):
    for name in ("localhost", socket.gethostname(), socket.gethostname().split(".")[0] + ".local"):
        assert verify(dev, dev / "cert.pem", "-purpose", "sslserver", "-verify_hostname", name).endswith("cert.pem: OK\n")
    for address in ("127.0.0.1", "::1"):
        verify(dev, dev / "cert.pem", "-verify_ip", address)
    verify(dev, dev / "cert.pem", "-verify_hostname", "other.test", fails=True)
    verify(dev, dev / "cert.pem", "-purpose", "sslclient", fails=True)
    authority, leaf = text_of(dev / "ca.pem"), text_of(dev / "cert.pem")
    assert re.search(r"Subject: CN ?= ?Hewn development CA ann@", authority)
    for words in ("Basic Constraints: critical\n                CA:TRUE, pathlen:0\n",
                  "Key Usage: critical\n                Certificate Sign, CRL Sign\n", "Name Constraints: critical\n"):
        assert words in authority
    for words in ("Basic Constraints: critical\n                CA:FALSE\n", "TLS Web Server Authentication",
                  "ecdsa-with-SHA256", "NIST CURVE: P-256"):
        assert words in leaf
    assert len((dev / "cert.pem").read_text().split("BEGIN CERTIFICATE")) == 3
    openssl("x509", "-in", dev / "cert.pem", "-noout", "-checkend", 30 * 86400 - 600)
    openssl("x509", "-in", dev / "cert.pem", "-noout", "-checkend", 30 * 86400 + 600, fails=True)
    openssl("x509", "-in", dev / "ca.pem", "-noout", "-checkend", 3650 * 86400)


def test_a_browser_would_be_content(dev):
    """A handshake, with the files that a server is given and the authority alone trusted."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(dev / "cert.pem", dev / "key.pem")
    client = ssl.create_default_context(cafile=dev / "ca.pem")
    for name in ("localhost", "127.0.0.1"):
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=lambda end=theirs: server.wrap_socket(end, server_side=True).close())
        thread.start()
        with client.wrap_socket(ours, server_hostname=name) as encrypted:
            assert encrypted.version() == "TLSv1.3"
        thread.join(SECONDS_MAX)


@pytest.mark.parametrize("names", ["DNS:example.com", "DNS:localhost,DNS:www.google.com", "DNS:*.com", "IP:8.8.8.8", "IP:2001:db8::1",
                                   "DNS:below.{host}"])
def test_a_stolen_authority_vouches_for_nothing_on_the_internet(dev, tmp_path, names):
    host = socket.gethostname()
    if names.endswith("{host}") and host.endswith(("localhost", ".local", ".test", ".lan", ".internal", ".home.arpa")):
        pytest.skip("this host has a private name")
    made = issue(dev, tmp_path, names.format(host=host))
    assert re.search("permitted subtree violation|excluded subtree violation", openssl(
        "verify", "-CAfile", dev / "ca.pem", made, fails=True))


@pytest.mark.parametrize("names", ["DNS:shop.test", "DNS:a.b.localhost,IP:192.168.1.1", "IP:fd00::9"])
def test_it_does_vouch_for_private_names(dev, tmp_path, names):
    openssl("verify", "-CAfile", dev / "ca.pem", issue(dev, tmp_path, names))


def test_a_stolen_authority_makes_no_other_and_signs_no_mail(dev, tmp_path):
    made = issue(dev, tmp_path, "DNS:a.test", more="basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash", subject="/CN=sub")
    openssl("req", "-new", "-config", tmp_path / "x.cnf", "-key", tmp_path / "x-key.pem", "-subj", "/CN=below", "-out", tmp_path / "below.csr")
    openssl("x509", "-req", "-in", tmp_path / "below.csr", "-CA", made, "-CAkey", tmp_path / "x-key.pem", "-days", 3,
            "-extfile", tmp_path / "x.cnf", "-extensions", "dn", "-out", tmp_path / "below.pem")
    assert "path length constraint exceeded" in openssl("verify", "-CAfile", dev / "ca.pem", "-untrusted", made,
                                                        tmp_path / "below.pem", fails=True)
    mail = issue(dev, tmp_path, "email:ann@example.com")
    assert re.search("(unsupported|unsuitable) certificate purpose", openssl(
        "verify", "-CAfile", dev / "ca.pem", "-purpose", "smimesign", mail, fails=True))


def test_files_are_their_owners_whatever_the_umask_says(home, tell):
    for number, mask in enumerate(("0", "077", "0777")):
        before = ["env", f"XDG_DATA_HOME={home}/{number}/share", "sh", "-c", f'umask {mask}; exec "$@"', "sh"]
        (home / str(number)).mkdir()
        assert tell("cert", "dev", before=before)[0] == 0
        folder = home / str(number) / "share"
        for made in (folder, folder / "hewn", folder / "hewn/dev"):
            assert stat.S_IMODE(made.stat().st_mode) == 0o700
        assert modes(folder / "hewn/dev") == FILES


def test_keys_are_secret_from_their_first_moment(home, tell):
    """Every file that is made is made with the rights of its owner alone."""
    if subprocess.run(["which", "strace"], stdout=subprocess.DEVNULL).returncode:
        pytest.skip("strace is not installed")
    trace = home / "trace"
    environment = ["env", "ASAN_OPTIONS=detect_leaks=0"]
    assert tell("cert", "dev", before=[*environment, "strace", "-f", "-o", trace, "-e", "trace=openat,fchmod,rename,renameat"])[0] == 0
    made = re.findall(r'openat\(\d+, "([^"]+)", [^)]*O_CREAT[^)]*, (0\d+)\) += \d+', trace.read_text())
    assert {mode for _, mode in made} == {"0600"} and len(made) == 5
    flags = re.findall(r'"new", ([A-Z_|]+)', trace.read_text())
    assert len(flags) >= 4 and all("O_EXCL" in flag and "O_NOFOLLOW" in flag for flag in flags if "O_CREAT" in flag)


def test_it_is_kept_and_told(home, tell):
    status, first, _ = tell("cert", "dev")
    assert status == 0 and field(first, "made") == "just now: there was none"
    folder = home / ".local/share/hewn/dev"
    assert field(first, "authority").startswith(f"{folder}/ca.pem is new: nobody trusts it yet")
    assert field(first, "certificate") == f"{folder}/cert.pem" and field(first, "key") == f"{folder}/key.pem"
    assert field(first, "names").startswith("localhost, ")
    before = {name: (folder / name).read_bytes() for name in FILES}
    status, second, _ = tell("cert", "dev")
    assert status == 0 and field(second, "made") == "before, and still good"
    assert "is new" not in second
    assert {name: (folder / name).read_bytes() for name in FILES} == before


def test_how_to_trust_it_is_said_and_not_done(home, tell):
    (home / "a b").mkdir()
    out = tell("cert", "dev", before=["env", f"XDG_DATA_HOME={home}/a b"])[1]
    authority = f"'{home}/a b/hewn/dev/ca.pem'"
    assert f"\n    sudo cp {authority} /usr/local/share/ca-certificates/hewn-dev.crt\n    sudo update-ca-certificates\n" in out
    assert f"-n hewn-dev -i {authority}\n" in out and f"curl --cacert {authority} https://localhost" in out
    assert "To take that back\n    sudo rm /usr/local/share/ca-certificates/hewn-dev.crt\n" in out
    assert not os.path.exists("/usr/local/share/ca-certificates/hewn-dev.crt")


def test_more_names(dev, tell):
    status, out, _ = tell("cert", "dev", "App.localhost", "*.shop.test", "192.168.77.1", "[fd00::77]")
    assert status == 0 and field(out, "made") == "just now: it lacked a name"
    assert {"app.localhost", "*.shop.test", "192.168.77.1", "fd00::77"} <= set(field(out, "names").split(", "))
    verify(dev, dev / "cert.pem", "-verify_hostname", "cart.shop.test")
    # They are kept, also when it is renewed for something else.
    assert field(tell("cert", "dev")[1], "made") == "before, and still good"
    assert "*.shop.test" in field(tell("cert", "dev", "other.test")[1], "names")


@pytest.mark.parametrize("name, words", [
    ("example.com", "the authority for development vouches only for this machine's own name"),
    ("8.8.8.8", "the authority for development vouches only for this machine's own name"),
    ("localhost:9000", "this is neither a host's name nor an address"),
    ("*.localhost", "this is neither a host's name nor an address"),
    ("a,DNS:example.com", "this is neither a host's name nor an address"),
    ("\x1b[2J", "this is neither a host's name nor an address"),
])
def test_names_that_cannot_be(home, tell, name, words):
    status, out, errors = tell("cert", "dev", name)
    assert (status, out) == (64, "")
    assert errors.startswith(f"hewn: {name}: {words}".replace("\x1b", "?"))


def put_leaf(dev, folder, **how):
    """In the place of ours, with our key."""
    made = issue(dev, folder, "DNS:localhost", key=dev / "key.pem", **how)
    (dev / "cert.pem").write_text(made.read_text() + (dev / "ca.pem").read_text())


def test_one_that_ends_soon_is_renewed_with_the_same_key(dev, tmp_path, tell):
    key = (dev / "key.pem").read_bytes()
    put_leaf(dev, tmp_path, days=6)
    status, out, _ = tell("cert", "dev")
    assert status == 0 and field(out, "made") == "just now: fewer than 7 days were left"
    assert (dev / "key.pem").read_bytes() == key and modes(dev) == FILES
    openssl("x509", "-in", dev / "cert.pem", "-noout", "-checkend", 29 * 86400)
    verify(dev, dev / "cert.pem")


def test_another_authority_has_another_certificate(dev, home, tell):
    for name in ("ca.pem", "ca-key.pem"):
        (dev / name).rename(home / name)
    status, out, _ = tell("cert", "dev")
    assert status == 0 and "is new: nobody trusts it yet" in out
    verify(dev, dev / "cert.pem")
    openssl("verify", "-CAfile", home / "ca.pem", dev / "cert.pem", fails=True)


def test_several_at_once(home, hewn):
    """They agree, and what each was told is what is there."""
    for round_ in range(5):
        environment = {**os.environ, "XDG_DATA_HOME": str(home / str(round_))}
        running = [subprocess.Popen([hewn, "cert", "dev"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for _ in range(8)]
        said = [one.communicate(timeout=SECONDS_MAX) for one in running]
        assert [one.returncode for one in running] == [0] * 8, said
        assert sum("is new" in out for out, _ in said) == 1
        dev = home / str(round_) / "hewn/dev"
        verify(dev, dev / "cert.pem")
        assert modes(dev) == FILES
        # The pair fits.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(dev / "cert.pem", dev / "key.pem")


@pytest.mark.parametrize("name", list(FILES))
def test_a_damaged_file_is_told_and_kept(dev, tell, name):
    good = (dev / name).read_text()
    for content in ("", "words\n", good[:100]):
        (dev / name).write_text(content)
        status, out, errors = tell("cert", "dev")
        assert (status, out) == (66, "")
        assert errors.startswith(f"hewn: {dev / name}: ") and errors.endswith("move it away\n")
        assert (dev / name).read_text() == content
    (dev / name).write_text(good)
    assert field(tell("cert", "dev")[1], "made") == "before, and still good"


def test_a_file_of_somebody_else_is_told_and_kept(dev, tell, tmp_path):
    openssl("req", "-x509", *NEW_KEY, "-subj", "/CN=mine", "-days", 90, "-keyout", tmp_path / "own-key.pem", "-out", tmp_path / "own.pem")
    for name in ("cert.pem", "ca.pem"):
        good = (dev / name).read_text()
        (dev / name).write_text((tmp_path / "own.pem").read_text())
        assert tell("cert", "dev") == (66, "", f"hewn: {dev / name}: hewn has not made it: move it away\n")
        assert (dev / name).read_text() == (tmp_path / "own.pem").read_text()
        (dev / name).write_text(good)
    # An authority without bounds is none of ours, whatever it is called.
    openssl("req", "-x509", *NEW_KEY, "-subj", "/CN=Hewn development CA ann@box", "-days", 3650, "-keyout", tmp_path / "k.pem",
            "-out", dev / "ca.pem")
    assert tell("cert", "dev") == (66, "", f"hewn: {dev / 'ca.pem'}: hewn has not made it: move it away\n")


@pytest.mark.parametrize("name", ["key.pem", "ca-key.pem"])
def test_a_key_that_others_may_read_is_refused(dev, tell, name):
    (dev / name).chmod(0o644)
    assert tell("cert", "dev") == (77, "", f"hewn: {dev / name}: others may read it: chmod 600 {dev / name}\n")
    assert stat.S_IMODE((dev / name).stat().st_mode) == 0o644
    (dev / name).chmod(0o600)
    assert tell("cert", "dev")[0] == 0


def test_a_folder_that_others_may_write_into_is_refused(dev, tell):
    dev.chmod(0o770)
    assert tell("cert", "dev") == (77, "", f"hewn: {dev}: others may write into it: chmod 700 {dev}\n")


def test_without_a_home(tell, monkeypatch):
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for home in (None, "", "relative", "/nobody/has/this/home"):
        if home is None:
            monkeypatch.delenv("HOME", raising=False)
        else:
            monkeypatch.setenv("HOME", home)
        for command in ("dev", "show"):
            status, out, errors = tell("cert", command)
            assert (status, out) == (66, "")
            assert "set HOME or XDG_DATA_HOME to a folder of yours" in errors


def test_a_home_that_may_not_be_written(home, tell, nobody):
    home.chmod(0o755)  # root's
    status, out, errors = tell("cert", "dev", **nobody)
    assert (status, out) == (77, "")
    assert errors == (f"hewn: {home}/.local: cannot make this folder: Permission denied; "
                      "XDG_DATA_HOME can name another place\n")


def test_a_home_that_may_only_be_read_will_do_once_it_is_made(home, tell, nobody):
    home.chmod(0o777)
    assert tell("cert", "dev", **nobody)[0] == 0
    dev = home / ".local/share/hewn/dev"
    dev.chmod(0o500)
    status, out, _ = tell("cert", "dev", **nobody)
    assert status == 0 and field(out, "made") == "before, and still good"
    status, out, errors = tell("cert", "dev", "more.test", **nobody)
    assert status == 0 or (status, out) == (77, "") and "new: Permission denied" in errors


def test_anothers_folder_is_refused(home, tell, nobody):
    home.chmod(0o777)
    assert tell("cert", "dev", **nobody)[0] == 0
    status, _, errors = tell("cert", "dev")  # as root
    assert status == 77 and "it is another user's (65534); XDG_DATA_HOME can name another place" in errors


def test_show_tells_of_the_one_for_development(dev, tell):
    status, out, errors = tell("cert", "show")
    assert (status, errors) == (0, "")
    # The days that are left are counted from when it is asked: the same, or one less.
    later = tell("cert", "show", str(dev / "cert.pem"))[1]
    assert re.sub(r"\d+ days left", "", later) == re.sub(r"\d+ days left", "", out)
    days = [[int(number) for number in re.findall(r"(\d+) days left", told)] for told in (out, later)]
    assert days[0] and all(0 <= before - after <= 1 for before, after in zip(*days, strict=True))
    leaf, authority = re.split(r"^  certificate +\d of 2\n", out, flags=re.MULTILINE)[1:]
    fingerprint = re.search(r"Fingerprint=(\S+)", openssl("x509", "-in", dev / "cert.pem", "-noout", "-fingerprint", "-sha256"))[1]
    assert field(leaf, "fingerprint") == f"SHA-256 {fingerprint}"
    assert field(leaf, "key") == "EC prime256v1, 256 bits" and field(leaf, "authority").startswith("no")
    assert re.fullmatch(r"\S+Z to \S+Z, (29|30) days left", field(leaf, "valid"))
    assert field(leaf, "names").startswith("localhost, ")
    assert "fc00::/7" in field(authority, "permitted") and "10.0.0.0/8" in field(authority, "permitted")
    assert field(authority, "authority") == "yes, but of no other authorities"
    assert field(out, "chain") == "complete, up to one that has signed itself"
    assert field(out, "key file") == f"{dev / 'key.pem'}: it fits"


def test_show_tells_of_any(tell, tmp_path, place):
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=Bücher \x1b[2J/CN=old", "-utf8", "-days", 1,
            "-addext", "subjectAltName=DNS:a.example,email:a@example.com", "-keyout", tmp_path / "site.key", "-out", tmp_path / "site.pem")
    status, out, _ = tell("cert", "show", str(tmp_path / "site.pem"))
    assert status == 0 and "\x1b" not in out
    assert "Bücher" in field(out, "subject") and field(out, "key") == "RSA, 2048 bits"
    assert field(out, "names") == "a.example, other" and field(out, "authority") == "yes, for any name"
    assert field(out, "chain") == "complete: it has signed itself"
    assert field(out, "key file") == f"{tmp_path / 'site.key'}: it fits"
    # One file for both, as HAProxy wants it.
    (tmp_path / "both.pem").write_text((tmp_path / "site.key").read_text() + (tmp_path / "site.pem").read_text())
    (tmp_path / "both.pem").chmod(0o644)
    assert field(tell("cert", "show", str(tmp_path / "both.pem"))[1], "key file") == \
        f"{tmp_path / 'both.pem'}: it fits, but others may read it"
    openssl("rsa", "-in", tmp_path / "site.key", "-aes128", "-passout", "pass:words", "-out", tmp_path / "site-key.pem")
    assert "there is no key in it that can be read" in field(tell("cert", "show", str(tmp_path / "site.pem"))[1], "key file")


def test_show_of_nothing(home, tell, place):
    status, out, errors = tell("cert", "show")
    assert (status, out) == (66, "")
    assert errors == (f"hewn: {home}/.local/share/hewn/dev/cert.pem: there is no certificate for development yet "
                      "(hewn cert dev)\n")
    os.mkfifo(place / "pipe")
    for name, words in (("none.pem", "No such file or directory"), ("dist", "Is a directory"), ("pipe", "Invalid argument"),
                        ("dist/ten.txt", "there is no certificate in it that can be read (PEM)")):
        assert tell("cert", "show", name) == (66, "", f"hewn: {name}: {words}\n")


@pytest.mark.parametrize("arguments, words", [
    ([], "cert what? dev makes a certificate for development, show describes one"),
    (["shwo"], "cert shwo? did you mean  hewn cert show ?"),
    (["dve"], "cert dve? did you mean  hewn cert dev ?"),
    (["make"], "cert make? there is  hewn cert dev  and  hewn cert show"),
    (["show", "a", "b"], "one file at a time: 'a' or 'b'?"),
    (["dev", *["a.test"] * 33], "a certificate is made for at most 32 names"),
])
def test_what_makes_no_sense(home, tell, arguments, words):
    assert tell("cert", *arguments) == (64, "", f"hewn: {words}\n")
    assert not list(home.iterdir())
