"""What is no request gets an answer that says so, and the server lives on."""
import random

import pytest
from wire import Client

BAD = b"HTTP/1.1 400 Bad Request\r\n"
NOISE = {
    "a word": b"hello\r\n",
    "a word and a bare line end": b"hello\n",
    "a greeting of another protocol": b"EHLO example.org\r\n",
    "the start of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
    "zeros": bytes(64),
    "high bytes": b"\xff\xfe\xfd\xfc" * 16 + b"\r\n\r\n",
    "chance": random.Random(9).randbytes(4096),
}


@pytest.mark.parametrize("what", NOISE)
def test_noise_is_a_bad_request(server, what):
    with Client(server.address) as client:
        client.send(NOISE[what])
        answer = client.rest()
    assert answer.startswith(BAD), answer
    assert b"\r\nConnection: close\r\n" in answer


def test_half_a_word_and_the_end_of_input(server):
    with Client(server.address) as client:
        client.send("hello")
        client.end_send()
        assert client.rest().startswith(BAD)


def test_nothing_and_the_end_of_input_need_no_answer(server):
    with Client(server.address) as client:
        client.end_send()
        assert client.rest() == b""


@pytest.mark.parametrize("half", ["hello", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\nA"])
def test_half_a_head_is_given_up_at_the_deadline(start, half):
    server = start("--head-ms", "300")
    with Client(server.address) as client:
        client.send(half)
        answer = client.rest()
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n"), answer
    assert b"\r\nConnection: close\r\n" in answer
    with Client(server.address) as client:
        assert client.get("/hello.txt").status == 200


def test_silence_is_given_up_without_a_word(start):
    with Client(start("--head-ms", "300").address) as client:
        assert client.rest() == b""


def test_bytes_one_by_one_move_no_deadline(start):
    server = start("--head-ms", "300")
    with Client(server.address) as client:
        client.send("GET / HTTP/1.1\r\n")
        client.socket.settimeout(0.02)
        for _ in range(500):
            try:
                client.send("A: b\r\n")
                answer = client.socket.recv(4096)
                break
            except TimeoutError:
                pass
    assert answer.startswith(b"HTTP/1.1 408 ")
