"""Folders that are listed, and names that lead somewhere without being a file's: what the program does with the
library's options, the page as a whole, and folders of a hundred thousand names."""
import base64
import hashlib
import html.parser
import http.client
import json
import os
import re
import socket
import time
import urllib.parse

import pytest
from conftest import SECONDS_MAX, connected, fetch
from running import wait_until

MANY = 100_000
LISTED_MAX = 128 * 1024
HTML = "Accept: text/html\r\n"
JSON = "Accept: application/json\r\n"
LOCAL = ("--log", "off", "-l", "127.0.0.1:0")
# A sanitized program is slower and takes more: the figures are those of a release.
IS_QUICK = "asan" not in os.environ.get("HEWN", "")
HAS_ITS_OWN_MEMORY = IS_QUICK and "tsan" not in os.environ.get("HEWN", "")  # no sanitizer's beside it


class Page(html.parser.HTMLParser):
    """The rows of a listing, [(name, link, size, time)], and what its elements say."""

    def __init__(self, body):
        super().__init__()
        self.rows, self.parts, self.open = [], {}, None
        self.feed(body.decode())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.open = tag
        if tag == "tr":
            self.rows.append({"name": "", "link": None, "cells": 0, "size": "", "time": None})
        elif tag in ("td", "th") and self.rows:
            self.rows[-1]["cells"] += 1
            self.rows[-1]["exact"] = self.rows[-1].get("exact") or attributes.get("title")
        elif tag == "a" and self.rows and self.rows[-1]["cells"] == 1:
            self.rows[-1]["link"] = attributes["href"]
        elif tag == "time":
            self.rows[-1]["time"] = attributes["datetime"]

    def handle_endtag(self, tag):
        if tag == "table":
            self.rows = [row for row in self.rows if row["cells"] == 3 and row["name"] != "Name"]
        self.open = None if tag in ("style", "script", "title") else self.open

    def handle_data(self, data):
        if self.open in ("style", "script", "title"):
            self.parts[self.open] = self.parts.get(self.open, "") + data
        elif self.rows and self.rows[-1]["cells"] == 1:
            self.rows[-1]["name"] += data
        elif self.rows and self.rows[-1]["cells"] == 2:
            self.rows[-1]["size"] += data


def get(port, target, **fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)
    connection.request("GET", target, headers=fields)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.fixture
def odd(place):
    """A folder of names that are any bytes at all but a slash and a NUL."""
    folder = os.fsencode(place / "dist" / "odd")
    os.mkdir(folder)
    for byte in range(1, 256):
        if byte != ord("/"):
            with open(folder + b"/x" + bytes([byte]) + b".txt", "wb") as file:
                file.write(bytes([byte]))
    return folder


def test_every_name_is_linked_right(start, odd):
    port = start(*LOCAL, "dist").port()
    page = Page(get(port, "/odd/")[1])
    rows = [row for row in page.rows if row["name"].strip() != "../"]
    assert len(rows) == 254
    linked = {urllib.parse.unquote_to_bytes(row["link"]) for row in rows if row["link"]}
    # What has control characters cannot be asked for.
    asked = {b"x" + bytes([byte]) + b".txt" for byte in range(0x20, 256) if byte not in (ord("/"), 0x7f)}
    assert linked == asked
    for row in rows:
        if row["link"]:
            name = urllib.parse.unquote_to_bytes(row["link"])
            assert fetch(port, "/odd/" + row["link"]) == (200, name[1:2]), name
    assert all(row["name"].isprintable() for row in rows)


def test_the_same_names_as_json(start, odd):
    port = start(*LOCAL, "dist").port()
    answer, body = get(port, "/odd/", Accept="application/json")
    assert answer.getheader("Content-Type") == "application/json" and answer.getheader("Vary") == "Accept"
    names = set()
    for item in json.loads(body):
        assert set(item) - {"href"} == {"name", "type", "size", "modified"}
        assert item["type"] == "file" and item["size"] == 1
        assert ("href" in item) == ("\ufffd" in item["name"])
        names.add(urllib.parse.unquote_to_bytes(item["href"]) if "href" in item else os.fsencode(item["name"]))
    assert names == set(os.listdir(odd))


def test_the_policy_allows_this_style_and_this_script_alone(start, place):
    (place / "dist" / "index.html").unlink()
    answer, body = get(start(*LOCAL, "dist").port(), "/")
    page = Page(body)
    policy = answer.getheader("Content-Security-Policy")
    for part in ("style", "script"):
        is_right = base64.b64encode(hashlib.sha256(page.parts[part].encode()).digest()).decode()
        told = re.search(f"{part}-src 'sha256-([^']*)'", policy)[1]
        assert told == is_right, f"the {part} of src/kit/listing_page.c has the hash sha256-{is_right}"
    assert policy.startswith("default-src 'none';")
    assert not re.search(rb"(?:src|href)=[\"']?(?:https?:|//)|<[^>]* (?:style|on[a-z]+)=", body)


def test_a_page_tells_sizes_and_times(start, place):
    (place / "dist" / "index.html").unlink()
    (place / "dist" / "sub").mkdir()
    (place / "dist" / "big.bin").write_bytes(b"x" * 4200)
    os.utime(place / "dist" / "ten.txt", (0, 0))
    port = start(*LOCAL, "dist").port()
    rows = Page(get(port, "/")[1]).rows
    assert [row["name"].strip() for row in rows] == ["sub/", "big.bin", "ten.txt"]
    assert [row["size"].strip() for row in rows] == ["", "4.2 kB", "10 B"]
    assert rows[1]["exact"] == "4200 bytes" and rows[2]["time"] == "1970-01-01T00:00:00Z"
    for order, names in (("size", ["sub/", "ten.txt", "big.bin"]), ("-name", ["sub/", "ten.txt", "big.bin"]),
                         ("time", ["sub/", "ten.txt", "big.bin"]), ("-time", ["sub/", "big.bin", "ten.txt"])):
        assert [row["name"].strip() for row in Page(get(port, f"/?sort={order}")[1]).rows] == names, order
    rows = Page(get(port, "/sub/")[1]).rows
    assert [row["link"] for row in rows] == ["../"]


@pytest.mark.parametrize("arguments, is_listed", [
    (("-p0",), True),
    (("-l", "127.0.0.1:0", "-l", "[::1]:0"), True),
    (("-l", "0"), True),
    (("-l", ":0"), False),
    (("-l", "127.0.0.1:0", "-l", "0.0.0.0:0"), False),
    (("-l", "127.0.0.1:0", "-l", "unix:socket"), False),
    (("-p0", "--public"), False),
    (("-p0", "--lan"), False),
    (("-p0", "--public", "--list"), True),
    (("-p0", "--no-list"), False),
    (("-p0", "--list", "--no-list"), False),
])
def test_folders_are_listed_on_the_loopback_alone(start, place, arguments, is_listed):
    (place / "dist" / "index.html").unlink()
    port = start("--log", "off", *arguments, "dist").port()
    assert fetch(port, "/")[0] == (200 if is_listed else 404)


def test_a_folder_that_may_not_be_read(start, place, nobody):
    (place / "dist" / "shut").mkdir(mode=0o311)
    (place / "dist" / "shut" / "x.txt").write_text("x")
    (place / "dist" / "closed").mkdir(mode=0o344)
    (place / "dist" / "closed" / "x.txt").write_text("x")
    port = start(*LOCAL, "dist", **nobody).port()
    assert fetch(port, "/shut/") == (403, b"Forbidden\n")
    assert fetch(port, "/shut/x.txt") == (200, b"x")
    assert fetch(port, "/closed/", fields=JSON)[0] == 403


def test_what_is_not_served_is_not_listed(start, place):
    dist = place / "dist"
    (dist / "index.html").unlink()
    for name in (".env", "x~", "a.bak", "a.swp", "a.orig"):
        (dist / name).write_text("secret")
    os.mkfifo(dist / "pipe")
    (dist / "out").symlink_to("../docs")
    (dist / "in").symlink_to("ten.txt")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(dist / "socket"))

        def names(*more):
            _, body = get(start(*LOCAL, *more, "dist").port(), "/", Accept="application/json")
            return [item["name"] for item in json.loads(body)]

        assert names() == ["in", "ten.txt"]
        assert names("--follow-links") == ["out", "in", "ten.txt"]
        assert names("--hidden") == [".env", "a.bak", "a.orig", "a.swp", "in", "ten.txt", "x~"]


def test_an_application_and_its_404(start, place):
    dist = place / "dist"
    (dist / "404.html").write_text("gone")
    (dist / "about.html").write_text("about")
    (dist / "about").mkdir()
    port = start(*LOCAL, "--spa", "dist").port()
    for _ in range(2):
        assert fetch(port, "/users/7", fields=HTML) == (200, b"<p>dist")
        assert fetch(port, "/users/7", fields="Accept: */*\r\n") == (404, b"gone")
        assert fetch(port, "/app.js", fields=HTML) == (404, b"gone")
        assert fetch(port, "/about", fields=HTML) == (200, b"about")
    (dist / "404.html").unlink()
    assert fetch(port, "/app.js", fields=HTML) == (404, b"Not Found\n")
    port = start(*LOCAL, "--spa=about.html", "--no-clean-urls", "dist").port()
    assert fetch(port, "/users/7", fields=HTML) == (200, b"about")
    assert fetch(port, "/about")[0] == 308


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for number in range(MANY):
        os.close(os.open(folder / f"some-file-name-{number * 7919 % MANY:06}.txt", os.O_CREAT | os.O_WRONLY))
    return folder


def memory(process, which):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{which}:\s+(\d+)", file.read())[1]) * 1024


def listen_to(port, target):
    """(seconds to the first row, to the end, what came)."""
    with connected(port) as client:
        began, first, parts = time.monotonic(), None, []
        client.sendall(f"GET {target} HTTP/1.0\r\n{HTML}\r\n".encode())
        while piece := client.recv(1 << 18):
            parts.append(piece)
            if first is None and b"<time" in b"".join(parts[-2:]):
                first = time.monotonic() - began
        return first, time.monotonic() - began, b"".join(parts)


def test_a_hundred_thousand_names(start, many):
    running = start(*LOCAL, str(many))
    port = running.port()
    fetch(port, "/none")
    before = memory(running.process, "VmRSS")
    first, last, answer = listen_to(port, "/")
    grown = memory(running.process, "VmHWM") - before
    assert answer.count(b"<tr><td>") == MANY and b"0 folders, 100000 files, 0 B" in answer
    assert b"Listing-Incomplete" not in answer
    at = -1
    for number in range(0, MANY, 997):
        later = answer.find(b"some-file-name-%06d.txt<" % number)
        assert later > at
        at = later
    # Generous: docs/design/0012-listing.md has what was measured on a machine that does nothing else.
    if IS_QUICK:
        assert first < 1 and last < 6, (first, last)
    if HAS_ITS_OWN_MEMORY:
        assert grown < 24 << 20, grown


def test_who_leaves_half_way_leaves_nothing(start, many):
    running = start(*LOCAL, "--max-memory", "32MiB", str(many))
    port = running.port()
    descriptors = f"/proc/{running.process.pid}/fd"
    fetch(port, "/none")
    before = len(os.listdir(descriptors))
    for _ in range(12):  # all of them together would not have room
        with connected(port) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
            # Nothing is open while a client takes its time.
            wait_until(lambda: len(os.listdir(descriptors)) == before + 1)
    wait_until(lambda: len(os.listdir(descriptors)) == before)
    assert fetch(port, "/")[0] == 200


def test_more_names_than_are_listed(start, many):
    more = [many / f"more-{number:06}" for number in range(LISTED_MAX + 1 - MANY)]
    for path in more:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    port = start(*LOCAL, str(many)).port()
    _, _, answer = listen_to(port, "/")
    assert answer.count(b"<tr><td>") == LISTED_MAX
    assert b"more names than can be listed: these are 131072 of them" in answer
    assert b"\r\nListing-Incomplete: ?1\r\n" in answer
    more[0].unlink()
    _, _, answer = listen_to(port, "/")
    assert answer.count(b"<tr><td>") == LISTED_MAX and b"Listing-Incomplete" not in answer
    for path in more[1:]:
        path.unlink()
