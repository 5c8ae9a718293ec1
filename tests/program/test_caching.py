"""What browsers and caches are told of files: tags, Cache-Control, codings."""
import gzip
import http.client
import os
import subprocess
import time

import pytest
from running import SECONDS_MAX

SCRIPT = b"let answer = 42;\n" * 200
NAMES = ["index.html", "app-3f9ac1d2.js", "assets/index-BxY12aZq.js", "assets/style.css"]
YEAR = "max-age=31536000, immutable"


@pytest.fixture
def site(place):
    (place / "dist" / "assets").mkdir()
    for name in NAMES:
        (place / "dist" / name).write_bytes(SCRIPT)
    return place / "dist"


@pytest.fixture
def ask(start, site):
    """Starts the program with these options, and asks it."""
    opened = []

    def start_asking(*options):
        running = start("--log", "off", "-l", "127.0.0.1:0", *options, "dist")
        opened.append(http.client.HTTPConnection("127.0.0.1", running.port(), timeout=20))

        def ask_for(target, method="GET", **fields):
            opened[-1].putrequest(method, target, skip_accept_encoding=True)
            for name, value in fields.items():
                opened[-1].putheader(name.replace("_", "-"), value)
            opened[-1].endheaders()
            answer = opened[-1].getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        return ask_for
    yield start_asking
    for connection in opened:
        connection.close()


@pytest.mark.parametrize("options, rules", [
    ([], ["no-cache", YEAR, YEAR, "no-cache"]),
    (["--cache", "auto"], ["no-cache", YEAR, YEAR, "no-cache"]),
    (["--cache=off"], ["no-store"] * 4),
    (["--cache", "90"], ["max-age=90"] * 4),
    (["--cache", "90", "-H", "Cache-Control: private"], ["private"] * 4),
])
def test_how_long_a_file_may_be_used(ask, options, rules):
    asked = ask(*options)
    for name, rule in zip(NAMES, rules):
        for _ in range(2):
            status, fields, _ = asked("/" + name)
            assert (status, fields["cache-control"]) == (200, rule), name
        status, again, _ = asked("/" + name, if_none_match=fields["etag"])
        assert (status, again["cache-control"]) == (304, rule)


@pytest.mark.parametrize("option", ["--cache=0", "--cache=31536001", "--cache=never", "--cache=", "--compress=maybe"])
def test_what_cannot_be_is_refused(tell, option):
    status, output, errors = tell(option, "dist")
    assert status == 64 and output == "" and option.split("=")[0] in errors


def test_new_bytes_under_the_same_date_and_size_are_seen(ask, site):
    asked = ask()
    file = site / "assets" / "style.css"
    tags = set()
    for content in (b"a" * 3000, b"b" * 3000, b"c" * 100_000, b"d" * 100_000, b"e" * 2_000_000, b"f" * 2_000_000):
        file.write_bytes(content)
        os.utime(file, ns=(10 ** 18, 10 ** 18))
        status, fields, body = asked("/assets/style.css")
        assert status == 200 and body == content
        for tag in tags:
            assert asked("/assets/style.css", if_none_match=tag)[0] == 200, tag
        tags |= {fields["etag"]} if "etag" in fields else set()
    assert len(tags) >= 4


def test_the_tag_of_a_large_file_becomes_strong_and_makes_sure_of_parts(ask, site):
    content = os.urandom(3_000_000)
    (site / "large.bin").write_bytes(content)
    asked = ask()
    end = time.monotonic() + SECONDS_MAX
    tag = ""
    while not tag.startswith('"') and time.monotonic() < end:
        tag = asked("/large.bin", "HEAD")[1].get("etag", "")
    assert tag.startswith('"')
    status, fields, body = asked("/large.bin", range="bytes=1000000-", if_range=tag)
    assert (status, body) == (206, content[1_000_000:])
    assert asked("/large.bin", if_none_match=tag)[0] == 304
    (site / "copy.bin").write_bytes(content)
    os.utime(site / "copy.bin", (1, 1))
    # It waits for the hash, unless the file was written just now; then it gets all of it.
    status, fields, body = asked("/copy.bin", range="bytes=1000000-", if_range=tag)
    assert (status, len(body)) in ((206, 2_000_000), (200, 3_000_000))


def test_what_is_coded_already_is_sent(ask, site):
    (site / "index.html.gz").write_bytes(gzip.compress(SCRIPT))
    asked = ask()
    for _ in range(2):
        status, fields, body = asked("/", accept_encoding="gzip, deflate")
        assert status == 200 and fields["content-encoding"] == "gzip" and fields["vary"] == "Accept-Encoding"
        assert gzip.decompress(body) == SCRIPT and fields["content-type"] == "text/html; charset=utf-8"
        coded = fields["etag"]
        status, fields, body = asked("/")
        assert body == SCRIPT and "content-encoding" not in fields and fields["vary"] == "Accept-Encoding"
        assert fields["etag"] != coded
        assert asked("/", accept_encoding="identity;q=0, deflate")[0] == 406
        assert asked("/", accept_encoding="gzip", if_none_match=fields["etag"])[0] == 200
        assert asked("/", accept_encoding="gzip", if_none_match=coded)[0] == 304
    asked = ask("--compress", "off")
    assert "content-encoding" not in asked("/", accept_encoding="gzip")[1]


def test_curl_reads_what_is_coded(start, site):
    (site / "index.html.gz").write_bytes(gzip.compress(SCRIPT))
    running = start("--log", "off", "-l", "127.0.0.1:0", "dist")
    got = subprocess.run(["curl", "-sS", "--compressed", "-w", "%{size_download}",
                          f"http://127.0.0.1:{running.port()}/"], capture_output=True, timeout=SECONDS_MAX, check=True)
    assert got.stdout == SCRIPT + str(len(gzip.compress(SCRIPT))).encode()
