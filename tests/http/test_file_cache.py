"""The file cache of the real program: never stale, and never a refusal for want of descriptors."""
import concurrent.futures
import http.client
import os
import random

import pytest
from serving import Server


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def client(start, site):
    connection = http.client.HTTPConnection(*start(folder=site).address, timeout=20)
    yield connection
    connection.close()


def get(client, path):
    client.request("GET", path)
    answer = client.getresponse()
    return answer.status, answer.read()


def learn(client, path, body):
    """Asked for twice, so that the second answer is from the cache."""
    expected = (404, b"Not Found\n") if body is None else (200, body)
    assert get(client, path) == expected
    assert get(client, path) == expected


def test_the_next_request_sees_each_change(client, site, tmp_path):
    file = site / "a.txt"
    learn(client, "/a.txt", None)
    file.write_bytes(b"created")
    learn(client, "/a.txt", b"created")
    file.write_bytes(b"changed")
    learn(client, "/a.txt", b"changed")
    seen = file.stat()
    file.write_bytes(b"CHANGED")  # as long as before, at the same time
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    learn(client, "/a.txt", b"CHANGED")
    with file.open("ab") as more:
        more.write(b" and grown")
    learn(client, "/a.txt", b"CHANGED and grown")
    (tmp_path / "other").write_bytes(b"replaced")
    (tmp_path / "other").rename(file)
    learn(client, "/a.txt", b"replaced")
    file.rename(site / "b.txt")
    learn(client, "/a.txt", None)
    learn(client, "/b.txt", b"replaced")
    os.link(site / "b.txt", tmp_path / "link")
    (tmp_path / "link").write_bytes(b"through a link")
    learn(client, "/b.txt", b"through a link")
    (site / "b.txt").unlink()
    learn(client, "/b.txt", None)


def test_the_next_request_sees_that_an_ancestor_was_renamed(client, site):
    inner = site / "one" / "two" / "three"
    inner.mkdir(parents=True)
    (inner / "x").write_bytes(b"deep")
    (inner / "index.html").write_bytes(b"index")
    learn(client, "/one/two/three/x", b"deep")
    learn(client, "/one/two/three/", b"index")
    learn(client, "/uno/two/three/x", None)
    (site / "one").rename(site / "uno")
    learn(client, "/one/two/three/x", None)
    learn(client, "/one/two/three/", None)
    learn(client, "/uno/two/three/x", b"deep")
    (site / "uno" / "two").rename(site / "two")
    learn(client, "/uno/two/three/x", None)
    learn(client, "/two/three/", b"index")


def test_a_file_that_is_written_all_the_time_is_never_stale(client, site):
    """Three hundred changes, each followed by a request at once."""
    for number in range(300):
        (site / "n.txt").write_text(f"{number}")
        assert get(client, "/n.txt") == (200, f"{number}".encode())


SIZE = 70_000  # too large to be kept in memory
FILES, CLIENTS, REQUESTS = 200, 40, 30


def ask_at_random(address, seed):
    """(the statuses that are not 200, wrong bodies, of one client)"""
    draw = random.Random(seed)
    connection = http.client.HTTPConnection(*address, timeout=30)
    statuses, wrong = [], 0
    for _ in range(REQUESTS):
        number = draw.randrange(FILES)
        try:
            status, body = get(connection, f"/{number}")
        except ConnectionError:
            # They are more than an address's share: an idle connection gives way for one that comes, and
            # its client opens another (RFC 9112 9.3.1).
            connection.close()
            status, body = get(connection, f"/{number}")
        if status != 200:
            statuses.append(status)
        elif body != b"%06d" % number + b"x" * (SIZE - 6):
            wrong += 1
    connection.close()
    return statuses, wrong


@pytest.mark.parametrize("limit", [64, 128])
def test_few_descriptors_refuse_no_file(case_server, site, limit):
    for number in range(FILES):
        (site / f"{number}").write_bytes(b"%06d" % number + b"x" * (SIZE - 6))
    server = Server(["sh", "-c", f'ulimit -n {limit} && exec "$@"', "sh", case_server, "--loops", "2",
                     "--listen", "127.0.0.1:0", str(site)])
    try:
        address = server.address
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            told = list(pool.map(lambda seed: ask_at_random(address, seed), range(CLIENTS)))
    finally:
        server.end_well()
    assert [statuses for statuses, _ in told if statuses] == []
    assert sum(wrong for _, wrong in told) == 0
