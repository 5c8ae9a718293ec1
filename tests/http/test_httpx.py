"""httpx: many requests in parallel, and content that is streamed."""
import asyncio

import pytest

httpx = pytest.importorskip("httpx")

CONNECTIONS, REQUESTS = 50, 1000
BLOCK = bytes(range(256)) * 64


def test_a_thousand_requests_over_fifty_connections(server, root):
    names = ["hello.txt", "range.txt", "page.html", "dir/file.txt"]
    contents = [(root / name).read_bytes() for name in names]

    async def fetch_all():
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        turns = asyncio.Semaphore(CONNECTIONS) # else the last of them would wait for a connection all the time

        async def fetch(name):
            async with turns:
                return await client.get("/" + name)

        async with httpx.AsyncClient(base_url=server.url, limits=limits, trust_env=False, timeout=20) as client:
            return await asyncio.gather(*[fetch(names[i % len(names)]) for i in range(REQUESTS)])

    for i, answer in enumerate(asyncio.run(fetch_all())):
        assert answer.status_code == 200 and answer.content == contents[i % len(names)]


def test_a_download_piece_by_piece(server, root):
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        with client.stream("GET", "/big.bin") as answer:
            pieces = list(answer.iter_raw(chunk_size=10007))
    assert len(pieces) > 100 and b"".join(pieces) == (root / "big.bin").read_bytes()


def test_an_upload_piece_by_piece(server):
    """No more than the buffers on the way hold: httpx reads nothing before it has sent all."""
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for _ in range(3):
            answer = client.post("/echo", content=(BLOCK for _ in range(16)))
            assert answer.status_code == 200 and answer.content == BLOCK * 16


def test_a_download_given_up_half_way(server):
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for _ in range(20):
            with client.stream("GET", "/big.bin") as answer:
                next(answer.iter_raw(chunk_size=1000))
        assert client.get("/hello.txt").text == "hello, world\n"
