"""A folder in which others do what they like: what is no file, links that move, a root that goes, files that are
written while they are asked for."""
import http.client
import os
import socket
import stat
import threading

import pytest

ROUNDS = 400


@pytest.fixture
def port(start):
    return start("--log", "off", "-l", "127.0.0.1:0", "dist").port()


@pytest.fixture
def get(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def get_target(target, **fields):
        connection.request("GET", target, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        return answer.status, answer.getheader("etag"), answer.read()
    yield get_target
    connection.close()


class Meanwhile:
    """Does something again and again on a thread of its own."""

    def __init__(self, work):
        self.work, self.is_over, self.failure = work, False, None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        turn = 0
        try:
            while not self.is_over:
                self.work(turn)
                turn += 1
        except OSError as failure:
            self.failure = failure

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()
        assert not self.failure, self.failure


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "block device", "folder link out", "link to itself"])
def test_what_is_no_file_is_not_there(get, place, kind):
    path = place / "dist" / "odd.txt"
    (place / "dist" / "odd.txt.gz").write_bytes(b"not even with a sibling")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    elif kind.endswith("device"):
        try:
            os.mknod(path, 0o666 | (stat.S_IFCHR if kind == "device" else stat.S_IFBLK), os.makedev(1, 3))
        except PermissionError:
            pytest.skip("no right to make a device")
    else:
        path.symlink_to("odd.txt" if kind.startswith("link") else "/etc/passwd")
    for _ in range(2):
        assert get("/odd.txt", accept_encoding="gzip")[0] == 404
        assert get("/ten.txt")[2] == b"0123456789"


def test_a_root_that_is_renamed_is_served_on(get, place):
    assert get("/ten.txt")[0] == 200
    os.rename(place / "dist", place / "moved")
    assert get("/ten.txt")[2] == b"0123456789"
    (place / "moved" / "new.txt").write_text("new")
    assert get("/new.txt")[2] == b"new"
    (place / "dist").mkdir()
    (place / "dist" / "other.txt").write_text("of another folder")
    assert get("/other.txt")[0] == 404


def test_a_root_that_is_deleted_has_nothing_in_it(get, place):
    assert get("/ten.txt")[0] == 200
    for path in (place / "dist").iterdir():
        path.unlink()
    (place / "dist").rmdir()
    for _ in range(2):
        assert get("/ten.txt")[0] == 404
        assert get("/")[0] == 404
    (place / "dist").mkdir()
    (place / "dist" / "ten.txt").write_text("of another folder")
    assert get("/ten.txt")[0] == 404


def test_links_that_move_lead_nowhere_outside(get, place):
    inside, outside = place / "dist" / "in", place / "out"
    for folder, content in ((inside, "inside"), (outside, "OUTSIDE")):
        folder.mkdir()
        (folder / "x.txt").write_text(content)

    def move(turn):
        made = place / "dist" / "made"
        made.symlink_to("in" if turn % 2 else "../out")
        os.rename(made, place / "dist" / "link")

    move(1)
    seen = set()
    with Meanwhile(move):
        for _ in range(ROUNDS):
            status, _, content = get("/link/x.txt")
            assert status in (200, 404) and b"OUTSIDE" not in content
            seen.add(status)
    assert 200 in seen


def test_a_folder_that_becomes_a_link_leads_nowhere_outside(get, place):
    (place / "out").mkdir()
    (place / "out" / "x.txt").write_text("OUTSIDE")

    def swap(turn):
        path = place / "dist" / "a"
        if turn % 2:
            path.unlink()
        else:
            path.symlink_to("../out")
        if turn % 2:
            path.mkdir()
            (path / "x.txt").write_text("inside")
            (path / "x.txt").unlink()
            path.rmdir()

    with Meanwhile(swap):
        for _ in range(ROUNDS):
            assert b"OUTSIDE" not in get("/a/x.txt")[2]


@pytest.mark.parametrize("size", [100, 200_000])
def test_a_file_that_is_replaced_all_the_time_is_always_a_whole_one(get, place, size):
    path, new = place / "dist" / "file.bin", place / "dist" / "new.bin"

    def replace(turn):
        new.write_bytes(bytes([turn % 256]) * size)
        os.rename(new, path)

    replace(0)
    tags = {}
    with Meanwhile(replace):
        for _ in range(ROUNDS):
            status, tag, content = get("/file.bin")
            assert status == 200 and len(content) == size and len(set(content)) == 1
            if tag and not tag.startswith("W/"):
                assert tags.setdefault(tag, content) == content
    assert len(tags) > 1 or size > 100_000


def test_a_file_that_is_written_over_all_the_time_has_a_tag_for_what_was_sent(get, place):
    """What is read while it is written may be half of each; but no two answers of one tag differ."""
    path = place / "dist" / "file.bin"
    path.write_bytes(b"0" * 5000)

    def write_over(turn):
        with open(path, "r+b") as file:
            file.write(bytes([turn % 256]) * 5000)
        os.utime(path, ns=(10 ** 18, 10 ** 18))

    tags = {}
    with Meanwhile(write_over):
        for _ in range(ROUNDS):
            status, tag, content = get("/file.bin")
            assert status == 200 and len(content) == 5000
            assert tags.setdefault(tag, content) == content
            status, _, again = get("/file.bin", if_none_match=tag)
            assert status in (200, 304) and (status == 304) == (again == b"")
    assert len(tags) > 1
