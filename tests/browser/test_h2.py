"""HTTP/2 inside TLS, as Chromium speaks it: `hewn --tls dev`, with errors of certificates let pass."""
import contextlib

import pytest
from webdriver import Browser

PAGE = """<!doctype html><title>page</title><link rel="icon" href="data:,"><link rel="stylesheet" href="look.css">
<script src="script.js"></script>%s<p>text"""
# The page and everything it has, by the protocol each came with.
PROTOCOLS = """return performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
    .filter(e => !e.name.startsWith('data:')).map(e => [new URL(e.name).pathname, e.nextHopProtocol])"""
PICTURES = 40
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
SEND = """const done = arguments[0];
    fetch('/', {method: 'POST', body: 'x'.repeat(100000)}).then(answer => done(answer.status), error => done(String(error)))"""


@pytest.fixture
def trusting():
    """A browser of its own that lets any certificate pass."""
    with contextlib.closing(Browser("--ignore-certificate-errors")) as browser:
        yield browser


@pytest.fixture
def site(start, place, monkeypatch):
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    pictures = "".join(f'<img src="{i}.svg">' for i in range(PICTURES))
    (place / "dist" / "index.html").write_text(PAGE % pictures)
    (place / "dist" / "look.css").write_text("p { color: rgb(1, 2, 3) }")
    (place / "dist" / "script.js").write_text("window.hasRun = true")
    for i in range(PICTURES):
        (place / "dist" / f"{i}.svg").write_text(PICTURE)
    running = start("--tls", "dev", "--log", "off", "-l", "127.0.0.1:0", "dist")
    return running.err.wait_for(r"https://\S+:\d+").group(0)


def test_a_page_and_all_it_has_come_over_http_2(trusting, site):
    trusting.open(f"{site}/")
    came = dict(trusting.run(PROTOCOLS))
    assert len(came) == 3 + PICTURES and set(came.values()) == {"h2"}, came
    assert trusting.run("return window.hasRun && getComputedStyle(document.querySelector('p')).color") == "rgb(1, 2, 3)"
    assert trusting.run("return [...document.images].every(image => image.complete && image.naturalWidth === 9)")
    assert trusting.said() == []


def test_an_early_answer_to_content_is_heard(trusting, site):
    trusting.open(f"{site}/")
    for _ in range(5):
        assert trusting.run_async(SEND) == 405
