"""Requests by the seed: a sound one, with one to three ingredients, now and then with a byte that fell in."""
import random

import ingredients
from ingredients import ALL, Request, chunked

NASTY = [b"\x00", b"\r", b"\n", b"\r\n", b" ", b"\t", b"\x0b", b"\x0c", b"\x7f", b"\xff", b":", b";", b",", b'"', b"\\", b"0", b"/", b"#",
         b"%", b"\x01", b"=", b"+", b"-"]
BY_NAME = {one.name: one for one in ALL}


def base(kind):
    request = Request(b"POST" if kind in (2, 3) else b"GET")
    if kind in (1, 2):
        request.frame((b"Content-Length", b"3"), body=b"abc")
    if kind in (3, 4):
        request.frame((b"Transfer-Encoding", b"chunked"), body=chunked(b"abc"))
    return request


class Never:
    """No chance: what an ingredient leaves to chance comes out the same way."""

    @staticmethod
    def random():
        return 0.4


def example(one):
    """(base, the request that shows one ingredient alone)"""
    kind = 2 if one.family in ("CL", "CL.TE", "TE.CL", "TE.TE") else 3 if one.family == "chunk" or "Expect" in one.name else 0
    request = base(kind)
    one.change(request, Never)
    return kind, request.encoded() + ingredients.FINAL


def mutate(data, chance):
    at = chance.randrange(len(data))
    how = chance.randrange(3)
    if how == 0:
        return data[:at] + chance.choice(NASTY) + data[at:]
    if how == 1:
        return data[:at] + data[at + 1:]
    return data[:at] + chance.choice(NASTY) + data[at + 1:]


def generate(seed, number):
    """(what it is made of, whether a byte fell in, its bytes), with a last request behind it, after which all is over."""
    chance = random.Random(f"{seed}/{number}")
    request = base(chance.randrange(5))
    count = chance.choices((1, 2, 3), (70, 22, 8))[0]
    chosen = [ALL[number % len(ALL)]] + chance.sample(ALL, count - 1)
    for one in chosen:
        one.change(request, chance)
    data = request.encoded()
    is_mutated = chance.random() < 0.12
    if is_mutated:
        data = mutate(data, chance)
    return tuple(dict.fromkeys(one.name for one in chosen)), is_mutated, data + ingredients.FINAL
