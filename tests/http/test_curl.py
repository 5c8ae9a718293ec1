"""curl, as people use it."""
import random
import re
import shutil
import subprocess

import pytest
from wire import SECONDS_MAX

HELLO = b"hello, world\n"


@pytest.fixture
def curl():
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")

    def run_curl(*arguments, verbose=False, stdin=subprocess.DEVNULL):
        """What it prints, and with `verbose` what it tells of the conversation too."""
        done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--globoff", *(["-v"] if verbose else []),
                               *map(str, arguments)], capture_output=True, timeout=SECONDS_MAX, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return (done.stdout, done.stderr.decode("latin-1")) if verbose else done.stdout
    return run_curl


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """More than fits in all the buffers on the way."""
    path = tmp_path_factory.mktemp("big") / "big"
    path.write_bytes(random.Random(1).randbytes(16 << 20))
    return path


def test_get(curl, server, root):
    for name in ("hello.txt", "empty.txt", "page.html", "big.bin", "dir/", "caf%C3%A9.txt"):
        path = root / name.replace("dir/", "dir/index.html").replace("%C3%A9", "é")
        assert curl(server.url + "/" + name) == path.read_bytes()


def test_head(curl, server):
    head = curl("-I", server.url + "/big.bin").decode()
    assert head.startswith("HTTP/1.1 200 OK\r\n") and head.endswith("\r\n\r\n")
    assert "\r\nContent-Length: 1048576\r\n" in head


@pytest.mark.parametrize("asked, part, told", [("0-3", slice(0, 4), "0-3"), ("-4", slice(-4, None), "996-999"),
                                               ("990-", slice(990, None), "990-999"),
                                               ("500-499999", slice(500, None), "500-999")])
def test_range(curl, server, root, asked, part, told):
    content, talk = curl("-r", asked, server.url + "/range.txt", verbose=True)
    assert content == (root / "range.txt").read_bytes()[part]
    assert "< HTTP/1.1 206 Partial Content\r\n" in talk
    assert f"< Content-Range: bytes {told}/1000\r\n" in talk


def test_a_broken_download_is_resumed(curl, server, root, tmp_path):
    whole, half = (root / "big.bin").read_bytes(), tmp_path / "half"
    half.write_bytes(whole[:600000])
    curl("-C", "-", "-o", half, server.url + "/big.bin")
    assert half.read_bytes() == whole


def test_what_has_not_changed_is_not_sent_again(curl, server, tmp_path):
    tag, code = tmp_path / "tag", "%{http_code} %{size_download}"
    first = curl("--etag-save", tag, "-o", "/dev/null", "-w", code, server.url + "/hello.txt")
    again = curl("--etag-compare", tag, "-o", "/dev/null", "-w", code, server.url + "/hello.txt")
    assert (first, again) == (b"200 13", b"304 0")


def test_a_large_upload_waits_to_be_asked_for(curl, server, big):
    content, talk = curl("-H", "Expect: 100-continue", "--expect100-timeout", "15", "--data-binary", f"@{big}",
                         server.url + "/echo", verbose=True)
    assert content == big.read_bytes()
    assert "< HTTP/1.1 100 Continue\r\n" in talk
    assert talk.index("100 Continue") < talk.index("200 OK")


def test_an_upload_nobody_wants_is_not_asked_for(curl, server, big):
    _, talk = curl("-H", "Expect: 100-continue", "--expect100-timeout", "15", "-T", big,
                   server.url + "/hello.txt", verbose=True)
    assert "< HTTP/1.1 405 " in talk and "100 Continue" not in talk
    assert "We are completely uploaded" not in talk


def test_an_upload_of_unknown_length(curl, server, big):
    with open(big, "rb") as file:
        content, talk = curl("-T", "-", server.url + "/echo", verbose=True, stdin=file)
    assert content == big.read_bytes()
    assert "> Transfer-Encoding: chunked\r\n" in talk and "< Transfer-Encoding: chunked\r\n" in talk


def test_http_1_0(curl, server):
    content, talk = curl("-0", server.url + "/hello.txt", verbose=True)
    assert content == HELLO
    assert re.search(r"^< HTTP/1\.1 200 OK\r$", talk, re.MULTILINE) and "< Connection: close\r\n" in talk
    content, talk = curl("-0", "-X", "POST", "-d", "x" * 1000, server.url + "/echo", verbose=True)
    assert content == b"x" * 1000 and "Transfer-Encoding" not in talk


def test_one_connection_for_many_urls(curl, server):
    urls = [server.url + name for name in ("/hello.txt", "/dir/", "/nowhere", "/hello.txt?again", "/big.bin")]
    count = curl(*[word for url in urls for word in ("-o", "/dev/null", url)], "-w", "%{num_connects} ")
    assert count == b"1 0 0 0 0 "


@pytest.mark.parametrize("target", ["/../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
                                    "/dir/../../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd",
                                    "/dir/..%5c..%5c..%5cetc/passwd", "/.%00./etc/passwd", "/./.././etc/passwd"])
def test_no_way_leads_out_of_the_folder(curl, server, target):
    told = curl("--path-as-is", "-w", " %{http_code}", server.url + target)
    assert b"root:" not in told
    assert told.endswith((b" 400", b" 404"))


def test_an_offer_of_http_2_is_passed_over(curl, server):
    content, talk = curl("--http2", server.url + "/hello.txt", verbose=True)
    assert content == HELLO and "< HTTP/1.1 200 OK\r\n" in talk


def test_a_folder_is_redirected_to(curl, server, root):
    assert curl("-L", server.url + "/dir") == (root / "dir/index.html").read_bytes()
