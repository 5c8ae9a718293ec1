"""The pages of section 3: one for each function, none of them empty, all of them sound."""
import re
import subprocess

import pytest
from conftest import TOP, needs
from test_install import declared_functions

WORDS_MIN = 4  # in a description; and it ends like a sentence


@pytest.fixture(scope="session")
def pages(installed):
    return {path.stem: path for path in (installed.man / "man3").iterdir()}


def render(page, man, *options):
    done = subprocess.run(["groff", "-mandoc", *options, str(page)], cwd=man, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def section(page, title):
    """The text of a section, without its macros."""
    found = re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", page, re.MULTILINE | re.DOTALL)
    return found and re.sub(r"^\.(?:Bl|El|It|Pp|Bd|Ed).*\n", "", found.group(1), flags=re.MULTILINE).strip()


def names_of(page):
    return set(re.findall(r"^\.Nm (\w+)", page, re.MULTILINE))


def test_each_function_and_macro_has_its_page(pages, tmp_path):
    text = (TOP / "include/hewn.h").read_text() + (TOP / "include/hewn/server.h").read_text()
    macros = re.findall(r"^#define (hewn_\w*[a-z])\(", text, re.MULTILINE)
    public = {name for name in declared_functions(tmp_path) if not name.endswith("_")} | set(macros)
    assert {"hewn_get", "hewn_set_cookie", "hewn_main", "hewn_files"} <= public
    for name in public:
        page = pages[name].read_text()
        link = re.fullmatch(r"\.so man3/(\w+)\.3\n", page)
        assert name in names_of(pages[link.group(1)].read_text() if link else page)
        assert not link or link.group(1) != name


def test_each_page_says_something_of_each_of_its_functions(pages):
    for name, path in pages.items():
        page = path.read_text()
        if page.startswith(".so ") or name == "hewn":
            continue
        assert len(section(page, "NAME").split(".Nd ")[1]) > 10, name
        assert len(section(page, "DESCRIPTION").split()) >= WORDS_MIN, name
        assert section(page, "SYNOPSIS").count("\n.Fo ") == len(names_of(page)), name
        for words in re.findall(r"^\.It Nm (.*(?:\n\.It Nm .*)*\n[^.].*)", page, re.MULTILINE):
            assert len(words.split("\n")[-1].split()) >= 2, (name, words)
        items = re.findall(r"^\.It Nm .*\n(.*)", page, re.MULTILINE)
        assert all(item and not item.startswith(".It") for item in items), name


def test_pages_are_what_troff_understands(pages, installed):
    needs("groff")
    for path in pages.values():
        text = render(path, installed.man, "-ww", "-Tutf8", "-P-cbu")
        assert "NAME" in text and "SYNOPSIS" in text, path.name
    for page in ("hewn.1",):
        render(installed.man / "man1" / page, installed.man, "-ww", "-z", "-Tutf8")


def test_the_index_leads_to_every_page_and_no_further(pages):
    index = pages["hewn"].read_text()
    linked = set(re.findall(r"Xr (hewn_\w+) 3", index))
    named = {name for path in pages.values() for name in names_of(path.read_text())} - {"hewn"}
    assert linked == named
    for path in pages.values():
        for name in re.findall(r"Xr (\w+) 3", path.read_text()):
            assert name in pages, (path.name, name)


def test_a_function_without_a_comment_is_refused(tmp_path):
    """By what makes the pages, so that the build says it."""
    (tmp_path / "docs").mkdir()
    for folder in ("docs/man", "include"):
        subprocess.run(["cp", "-r", TOP / folder, tmp_path / folder], check=True)
    with open(tmp_path / "include/hewn/server.h", "a", encoding="utf-8") as header:
        header.write("\n/* Words. */\nint hewn_old_thing(void);\n/* */\nint hewn_new_thing(hewn_app *app);\n")
    done = subprocess.run(["/usr/bin/python3", tmp_path / "docs/man/make.py", tmp_path / "man3"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "make.py: include/hewn/server.h: hewn_new_thing has no comment\n")
