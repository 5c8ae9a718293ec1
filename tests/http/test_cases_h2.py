"""The HTTP cases over HTTP/2: those whose request is one well-formed message, which means the same there. Their status,
fields and content must be what HTTP/1.1 has to answer; what is about lines, chunks, connections and pipelines has no
counterpart and is left out."""
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from frames import CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PROTOCOL_ERROR, Raw, frame, headers, literal
from serving import Server

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE / "cases"))
import h1cases

TRANSLATED_LEAST = 170
CONTENT_MAX = 60_000  # within the window that anybody has
REQUEST = re.compile(r"(?P<method>[!#$%&'*+\-.^_`|~0-9A-Za-z]+) (?P<target>[/*][!-~]*) HTTP/1\.1\r\n(?P<fields>(?:[^\r\n]*\r\n)*?)\r\n"
                     r"(?P<content>.*)", re.DOTALL)
FIELD = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[!-~\x80-\xff](?:[ -~\t\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*")
# Of the connection (RFC 9113 8.2.2), or of HTTP/1.1's way with content.
OF_HTTP_1 = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}


def translate(case, validators):
    """(method, target, fields, content) of a case that HTTP/2 can say; or None."""
    if "parts" in case or "shutdown" in case or "rest" in case["expect"] or case["expect"].get("rest_any"):
        return None
    text = h1cases.spell(case["request"])
    for name, value in validators.items():
        text = text.replace("{{%s}}" % name, value)
    request = REQUEST.fullmatch(text)
    lines = request and [FIELD.fullmatch(line) for line in request["fields"].split("\r\n")[:-1]]
    if not lines or not all(lines):
        return None
    fields = [(line[1].lower(), line[2]) for line in lines]
    names = [name for name, _ in fields]
    hosts = [value for name, value in fields if name == "host" and value]
    lengths = [value for name, value in fields if name == "content-length"]
    content = request["content"]
    if len(hosts) != 1 or names.count("host") != 1 or OF_HTTP_1 & set(names) or names.count("content-length") > 1:
        return None
    if lengths and lengths[0] != str(len(content)) or content and not lengths or len(content) > CONTENT_MAX:
        return None
    return request["method"], request["target"], fields, content


def in_bytes(text):
    return text.encode("latin-1")


def ask(port, request):
    """The answer as h1cases has them; a stream that is reset for its head is a 400."""
    method, target, fields, content = request
    host = dict(fields)["host"]
    pseudo = [(":method", method), (":scheme", "http"), (":path", target), (":authority", host)]
    block = b"".join(literal(in_bytes(name), in_bytes(value)) for name, value in pseudo + fields if name != "host")
    said, flags = b"", END_STREAM if not content else 0
    pieces = [block[at:at + 16384] for at in range(0, len(block), 16384)]
    for i, piece in enumerate(pieces):
        is_last = END_HEADERS if i == len(pieces) - 1 else 0
        said += headers(1, piece, flags | is_last) if i == 0 else frame(CONTINUATION, is_last, 1, piece)
    for at in range(0, len(content), 16384):
        said += frame(DATA, END_STREAM if at + 16384 >= len(content) else 0, 1, in_bytes(content[at:at + 16384]))
    with Raw(port) as client:
        client.send(said)
        client.wait_for(lambda client: 1 in client.ended_streams() or client.resets() or client.goaways())
        return read_answer(client)


def read_answer(client):
    decoder = pytest.importorskip("hpack").Decoder()
    answer, interim = None, []
    for kind, _, stream, payload in client.frames:
        if kind == HEADERS and stream == 1:
            fields = decoder.decode(payload, raw=True)
            answer = h1cases.Response(int(dict(fields)[b":status"]))
            answer.fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields[1:]]
            if answer.status < 200:
                interim.append(answer.status)
        elif kind == DATA and stream == 1:
            answer.body += payload
    if not answer and client.resets().get(1) == PROTOCOL_ERROR:
        answer = h1cases.Response(400)
    if answer:
        answer.interim = interim
    return answer


def judge(case, answer):
    """What is wrong with it."""
    expect = case["expect"]
    if answer is None:
        return "no answer"
    if answer.status not in expect["status"] + expect.get("tolerated", []):
        return f"status {answer.status}, expected {expect['status']}"
    why = [answer.error] if answer.error else []
    if answer.status in expect["status"]:
        why += h1cases.check_answer(expect, answer)
    return "; ".join(why + list(h1cases.check_any_answer(expect, answer)))


def test_the_cases_that_http_2_can_say(case_server, root):
    server = Server([case_server, "--listen", "127.0.0.1:0", str(root)])
    try:
        cases = json.loads((HERE / "cases" / "http1-cases.json").read_text(encoding="utf-8"))
        paths = {case["prefetch"] for case in cases if "prefetch" in case}
        validators = {path: h1cases.fetch_validators(server.address, path) for path in paths}
        translated = [(case, translate(case, validators.get(case.get("prefetch"), {}))) for case in cases]
        translated = [(case, request) for case, request in translated if request]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda pair: ask(server.address[1], pair[1]), translated))
        wrong = [f"{case['id']}: {why}" for (case, _), answer in zip(translated, answers, strict=True) if (why := judge(case, answer))]
        assert not wrong, "\n".join(wrong)
        assert len(translated) >= TRANSLATED_LEAST, len(translated)
    finally:
        server.end_well()
