"""What testssl.sh (https://testssl.sh) has to say of a server with certificates of both kinds: nothing above `low`."""
import json
import shutil
import subprocess

import pytest
from running import SECONDS_MAX

SCAN_SECONDS_MAX = 900
FINE = {"OK", "INFO", "LOW"}
# Whatever it calls them, it has looked for these.
LOOKED_FOR = ["SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3", "cipherlist_NULL", "cipherlist_3DES_IDEA", "cipher_order", "heartbleed", "CCS",
              "ticketbleed", "ROBOT", "secure_renego", "secure_client_renego", "CRIME_TLS", "BREACH", "POODLE_SSL", "SWEET32", "FREAK", "DROWN", "LOGJAM",
              "BEAST", "LUCKY13", "RC4", "HSTS_time", "cert_chain_of_trust <cert#1>", "cert_chain_of_trust <cert#2>"]
KINDS = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}
EXTENSIONS = """basicConstraints=CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost
crlDistributionPoints=URI:http://localhost/none.crl
"""

pytestmark = pytest.mark.skipif(not shutil.which("testssl"), reason="testssl.sh is not installed")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=SECONDS_MAX)


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    """A certificate of each kind for localhost, by an authority of their own."""
    top = tmp_path_factory.mktemp("vault")
    (top / "extensions").write_text(EXTENSIONS)
    openssl("req", "-x509", "-nodes", "-newkey", *KINDS["ec"], "-subj", "/CN=Authority of a test", "-days", 90, "-keyout", top / "ca.key",
            "-out", top / "ca.pem")
    for name, kind in KINDS.items():
        openssl("req", "-new", "-nodes", "-newkey", *kind, "-subj", "/CN=localhost", "-keyout", top / f"{name}.key", "-out", top / f"{name}.csr")
        openssl("x509", "-req", "-in", top / f"{name}.csr", "-CA", top / "ca.pem", "-CAkey", top / "ca.key", "-days", 80,
                "-extfile", top / "extensions", "-out", top / f"{name}.pem")
    return top


@pytest.fixture
def port(hewn, start, vault):
    if "built without" in subprocess.run([hewn, "--tls", "/no,/no"], capture_output=True, text=True, timeout=SECONDS_MAX).stderr:
        pytest.skip("built without TLS")
    pairs = [word for kind in KINDS for word in ("--tls", f"{vault}/{kind}.pem,{vault}/{kind}.key")]
    running = start("--listen", "127.0.0.1:0", *pairs, "--hsts", "dist")
    return int(running.err.wait_for(r"https://[^ ]*:(\d+)/").group(1))


def scan(port, report, *options):
    """[finding], each with its id, severity and words. Nobody but the server is asked anything."""
    subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1", *options, "--jsonfile", report,
                    f"localhost:{port}"], stdin=subprocess.DEVNULL, capture_output=True, timeout=SCAN_SECONDS_MAX)
    return json.loads(report.read_text())


def name_worse(findings):
    return {found["id"]: f"{found['severity']}: {found['finding']}" for found in findings if found["severity"] not in FINE}


def test_nothing_above_low_is_found(port, vault, tmp_path):
    findings = scan(port, tmp_path / "report.json", "--add-ca", vault / "ca.pem")
    assert not name_worse(findings)
    assert not set(LOOKED_FOR) - {found["id"] for found in findings}


def test_what_is_wrong_is_found(port, tmp_path):
    """Or the test above would be worth nothing: here nobody vouches for the certificates."""
    worse = name_worse(scan(port, tmp_path / "report.json", "--server-defaults"))
    assert {f"cert_chain_of_trust <cert#{number}>" for number in (1, 2)} <= set(worse)
