"""The guide, as its readers follow it: what stands in its boxes is pasted into a shell, in their order."""
import ast
import json
import os
import re
import shutil
import socket
import subprocess

import pytest
from conftest import TOP, fetch

GUIDE = TOP / "docs/guide"
PATH = re.findall(r"^\d+\. \[[^]]*\]\((.*\.md)\)$", (GUIDE / "README.md").read_text(), re.MULTILINE)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 300  # a sanitizer's programs are slow, and so are compilers beside other tests


def listings(page):
    """[(language, text)] of a page."""
    return FENCE.findall((GUIDE / page).read_text())


def introspect(build, what):
    asked = subprocess.run(["meson", "introspect", f"--{what}", build], capture_output=True, text=True, check=True)
    return json.loads(asked.stdout)


def flags_of_sanitizers(build):
    """What must be added where the library was built with sanitizers."""
    sanitizers = next(option["value"] for option in introspect(build, "buildoptions") if option["name"] == "b_sanitize")
    return "" if sanitizers == "none" else f" -fsanitize={sanitizers}"


@pytest.fixture(scope="session")
def installed(hewn, tmp_path_factory):
    """The environment of who has installed the library, in a folder of its own."""
    top, build = tmp_path_factory.mktemp("installed"), os.path.dirname(hewn)
    if not any(found["name"] == "jansson" for found in introspect(build, "dependencies")):
        pytest.skip("built without JSON")
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", str(top)], check=True,
                   timeout=SECONDS_MAX, capture_output=True)
    [described] = top.rglob("hewn.pc")
    words = re.sub(r"^prefix=", f"prefix={top}", described.read_text(), flags=re.MULTILINE)
    sanitizers = flags_of_sanitizers(build)
    described.write_text(re.sub(r"^((?:Libs|Cflags):.*)$", rf"\1{sanitizers}", words, flags=re.MULTILINE))
    return {**os.environ, "PKG_CONFIG_PATH": str(described.parent), "LD_LIBRARY_PATH": str(described.parents[1])}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def paste(place, environment, boxes):
    """Has one shell run all of them: what each wrote to standard output, and what failed."""
    script = ["trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR"]
    for number, box in enumerate(boxes):
        script += [f"exec > {place}/said-{number}", box]
    done = subprocess.run(["bash"], input="\n".join(script), cwd=place, text=True, stderr=subprocess.PIPE,
                          timeout=SECONDS_MAX, env={**environment, "HOME": str(place)})
    failed = [line for line in done.stderr.splitlines() if line.startswith("failed: ")]
    assert done.returncode == 0 and not failed, done.stderr
    return [(place / f"said-{number}").read_text() for number in range(len(boxes))]


def test_the_guide_leads_from_hello_to_a_tested_api(installed, tmp_path):
    if not shutil.which("patch"):
        pytest.skip("patch is not installed")
    port, boxes, expected = str(free_port()), [], []
    for page in PATH:
        for language, text in listings(page):
            if language == "sh":
                boxes.append(text.replace("8080", port))
                expected.append(None)
            elif language == "text":
                expected[-1] = text
    said = paste(tmp_path, installed, boxes)
    for box, words, wanted in zip(boxes, said, expected):
        if not box.startswith(("mkdir", "cat", "patch")):
            assert wanted is not None, f"the guide does not show what comes of\n{box}"
        if wanted is not None:
            assert words == wanted, box
    assert re.fullmatch(r"\d+ passed\n", said[-1]), "the guide ends in the tests of its API"
    assert (tmp_path / "tasks/tasks_test").exists()


def test_what_the_guide_has_written_compiles_without_a_warning(installed, tmp_path):
    if not shutil.which("patch"):
        pytest.skip("patch is not installed")
    writing = [text for page in PATH for language, text in listings(page)
               if language == "sh" and text.startswith(("mkdir", "cat", "patch"))]
    writing = [re.sub(r"^(cc|\./).*\n", "", text, flags=re.MULTILINE) for text in writing]
    paste(tmp_path, installed, writing)
    files = sorted((tmp_path / "tasks").glob("*.c"))
    assert [path.name for path in files] == ["hello.c", "main.c", "tasks.c", "tasks_test.c"]
    flags = subprocess.run(["pkg-config", "--cflags", "hewn"], env=installed, capture_output=True, text=True, check=True)
    for path in files:
        assert max(map(len, path.read_text().splitlines())) <= 100
        subprocess.run(["cc", "-std=c17", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", str(path), "-o", str(tmp_path / "out.o"),
                        *flags.stdout.split()], check=True, timeout=SECONDS_MAX)


@pytest.mark.parametrize("page", sorted(path.name for path in GUIDE.glob("*.md")))
def test_every_listing_can_be_tried(page):
    """Commands are pasted above, programs run below, and Python is read."""
    found = listings(page)
    assert {language for language, _ in found} <= {"sh", "text", "c", "cpp", "python", ""}
    assert page in PATH or not any(language in ("sh", "text") for language, _ in found)
    for text in (text for language, text in found if language == "python"):
        ast.parse(text)
    for _, text in (listing for listing in found if not listing[0]):
        assert "hewn_" not in text, "a program that nobody tries"


PROGRAMS = [(path.name, number, text) for path in sorted(GUIDE.glob("*.md"))
            for number, (language, text) in enumerate(listings(path.name)) if language == "c"]


@pytest.mark.parametrize("page, number, program", PROGRAMS, ids=[f"{page}-{number}" for page, number, _ in PROGRAMS])
def test_a_program_of_the_guide_runs(page, number, program, installed, start, place):
    (place / "program.c").write_text(program)
    (place / "www").mkdir()
    for command in ("cc -Wall -Wextra -Werror -c program.c $(pkg-config --cflags hewn)",
                    "cc program.o -o program $(pkg-config --libs hewn)"):
        subprocess.run(command, shell=True, check=True, cwd=place, env=installed, timeout=SECONDS_MAX)
    running = start("--listen", "127.0.0.1:0", program=str(place / "program"), environment=installed)
    status, _ = fetch(running.port(), "/nobody/has/this/path")
    assert status == 404
    assert running.stop() == 0


def test_what_the_guide_shows_in_c_plus_plus_compiles(installed, tmp_path):
    """Parts of a function that has an application, a handler and where it goes."""
    if not shutil.which("g++"):
        pytest.skip("there is no C++ compiler")
    parts = [text for path in GUIDE.glob("*.md") for language, text in listings(path.name) if language == "cpp"]
    assert parts
    for part in parts:
        (tmp_path / "part.cpp").write_text("#include <hewn.h>\nvoid add(hewn_app *app, const char *method, const char *pattern, "
                                           f"hewn_handler *handler)\n{{\n{part}}}\n")
        subprocess.run("g++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only part.cpp $(pkg-config --cflags hewn)", shell=True,
                       check=True, cwd=tmp_path, env=installed, timeout=SECONDS_MAX)
