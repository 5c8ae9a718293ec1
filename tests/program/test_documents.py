"""What the documents say is what there is."""
import importlib
import os
import re
import subprocess

import pytest
from conftest import TOP, fetch
from running import Running

DOCUMENTS = sorted(path for folder in ("", "docs", "docs/guide") for path in (TOP / folder).glob("*.md"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        assert "://" in target or (document.parent / target).exists(), target


@pytest.mark.parametrize("name, before, after", [("README.md", "```c\n", "```\n"),
                                                 ("docs/guide/a-first-program.md", "cat > hello.c <<'END'\n", "END\n")])
def test_the_first_program_is_the_example(name, before, after):
    assert before + (TOP / "examples/hello.c").read_text() + after in (TOP / name).read_text()


def test_the_first_program_is_built_as_they_say(hewn, place):
    build = os.path.dirname(hewn)
    if os.environ.get("HEWN_BUILD", "build") != "build":
        pytest.skip("the words are about the release")
    command, other = (re.search(r"^\$ (gcc .*)$", (TOP / name).read_text(), re.MULTILINE).group(1)
                      for name in ("README.md", "docs/guide/a-first-program.md"))
    assert command == other
    command = command.replace("~/hewn/build", build).replace("~/hewn", str(TOP))
    (place / "hello.c").write_text((TOP / "examples/hello.c").read_text())
    subprocess.run(command, shell=True, cwd=place, check=True, timeout=120)
    running = Running([str(place / "hello"), "--listen", "127.0.0.1:0"], cwd=place)
    try:
        assert fetch(running.port(), "/?name=Ada") == (200, b"Hello, Ada!\n")
    finally:
        running.clean_up()


def test_the_architecture_has_the_layers_that_are_checked(monkeypatch):
    monkeypatch.syspath_prepend(TOP / "tests/lint")
    layers = importlib.import_module("layers")
    rows = re.findall(r"^\| `(\w+)` \| .* \| ([^|]*) \|$", (TOP / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    written = {module: set(re.findall(r"`([\w/]+)`", may)) for module, may in rows if module != "run"}
    assert {"sys", "h1", "server", "kit"} <= set(written)
    later = set(layers.MAY_INCLUDE) - set(written)
    for module, may in written.items():
        assert may == set(layers.MAY_INCLUDE[module].split()) - later, module


def test_the_transcripts_of_errors(tell, readme_transcript):
    for command, words in readme_transcript:
        if "pid" not in words:
            assert tell(*command.split()[1:])[2] == words


@pytest.fixture
def readme_transcript():
    """[(command, what it says)] of the block about what is wrong."""
    text = (TOP / "README.md").read_text()
    block = re.search(r"```\n(\$ hewn dits\n.*?)```", text, re.DOTALL).group(1)
    return [tuple(part.split("\n", 1)) for part in block.split("$ ")[1:]]


def test_the_banner_of_the_readme_and_the_page(start):
    running = start("-l", "127.0.0.1:0", str(TOP / "www"))
    counted = running.err.wait_for(r"www/ (\(.*\))$").group(1)
    for document in ("README.md", "www/index.html"):
        assert f"www/ {counted}" in (TOP / document).read_text(), f"{document}: it is {counted} now"


def test_a_response_that_is_forgotten_is_a_warning():
    """Every function that makes one says so to the compiler."""
    text = re.sub(r"/\*.*?\*/", "", (TOP / "include/hewn.h").read_text(), flags=re.DOTALL)
    declared = re.findall(r"^([^\n;#{}]*)\bhewn_response \*(hewn_\w+)\((?:hewn_request \*rq|hewn_json_writer \*writer)\b", text, re.MULTILINE)
    makers = {name for before, name in declared if "typedef" not in before}
    assert {"hewn_text", "hewn_htmlf", "hewn_jsonf", "hewn_redirect", "hewn_send_file", "hewn_empty", "hewn_json_send"} <= makers
    unmarked = {name for before, name in declared if "typedef" not in before and "HEWN_MUST_USE" not in before}
    assert unmarked == set()
