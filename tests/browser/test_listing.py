"""The page that lists a folder, as its reader meets it in a browser: links, keys, sorting, the filter, without
scripts, on narrow and wide screens in both schemes. HEWN_SCREENSHOTS=FOLDER keeps pictures of the last."""
import os
import urllib.parse
from pathlib import Path

import pytest
from running import wait_until
from webdriver import Refused

LOOK = (Path(__file__).parent / "look.js").read_text()
LOCAL = ("--log", "off", "-l", "127.0.0.1:0")
FOLDERS = [b"sub folder", b"<i>", b"a?b#c%20d", "עברית".encode()]
# A name, and what is shown of it.
FILES = {
    b"two  blanks.txt": "two  blanks.txt",
    b" first.txt": " first.txt",
    b"quo\"te's.txt": "quo\"te's.txt",
    b"<b>bold.txt": "<b>bold.txt",
    b"<script>alert(1).txt": "<script>alert(1).txt",
    b"&amp;.txt": "&amp;.txt",
    b"100%25.txt": "100%25.txt",
    b"a#b?c&d=e;f.txt": "a#b?c&d=e;f.txt",
    b"javascript:alert(1).txt": "javascript:alert(1).txt",
    b"http:example.org.txt": "http:example.org.txt",
    b"back\\slash.txt": "back\\slash.txt",
    b"-rf.txt": "-rf.txt",
    b"+1.txt": "+1.txt",
    b"caf\xe9.txt": "caf\ufffd.txt",
    b"\xff\xfe.txt": "\ufffd\ufffd.txt",
    "naïve 日本 😀.txt".encode(): "naïve 日本 😀.txt",
    "שלום עולם.txt".encode(): "שלום עולם.txt",
    "photo\u202egpj.txt".encode(): "photoU+202Egpj.txt",
    b"File2.txt": "File2.txt",
    b"file10.txt": "file10.txt",
    b"x" * 250 + b".txt": "x" * 250 + ".txt",
}
NO_LINK = b"bell\x07.txt"
HIDDEN = [b".env", b".git", b"old~"]
DEEP = "/" + "/".join(f"{name}-{'of-many-words-' * 8}" for name in ("first", "second", "third")) + "/"

ROWS = """return [...document.querySelectorAll('tbody tr:not(.u)')].filter(r => r.getClientRects().length)
    .map(r => r.cells[0].textContent)"""
FOCUS = "const e = document.activeElement; return e.id || (e.closest('tr') ? e.textContent : e.tagName)"
SORTED = """return [...document.querySelectorAll('th')].map(h => h.getAttribute('aria-sort')).concat(location.search)"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def folder(place):
    """Names that are anything a name can be, each with a text, a size and a time of its own."""
    top = os.fsencode(place / "dist")
    for name in os.listdir(top):
        os.unlink(os.path.join(top, name))
    for number, name in enumerate([*FILES, NO_LINK]):
        path = os.path.join(top, name)
        write(path, f"this is number {number} " + "." * (number * 389 % 2000))
        os.utime(path, (10**9 + number * 7919 % 1009 * 86400,) * 2)
    for number, name in enumerate(FOLDERS):
        os.mkdir(os.path.join(top, name))
        write(os.path.join(top, name, b"inside.txt"), f"inside of {number}")
        os.utime(os.path.join(top, name), (1.5 * 10**9 - number * 86400,) * 2)
    for name in HIDDEN:
        write(os.path.join(top, name), "secret")
    os.makedirs(os.fsencode(f"{place}/dist{DEEP}"))
    for number in range(30):
        write(f"{place}/dist{DEEP}file {number}.txt", str(number))
    return place / "dist"


@pytest.fixture
def site(start, folder):
    """The address of that folder, served."""
    return f"http://127.0.0.1:{start(*LOCAL, 'dist').port()}"


def link_to(browser, name):
    return browser.find(f'tbody a[href="{urllib.parse.quote(name, safe="")}"]')


def text_of(browser):
    return browser.run("return document.body.innerText")


def expect(browser, script, wanted):
    """Polls: a page may take its time."""
    last = []

    def is_so():
        last[:] = [browser.run(script)]
        return last[0] == wanted
    try:
        wait_until(is_so)
    except AssertionError:
        assert last[0] == wanted


def expect_url(browser, url):
    expect(browser, "return location.href", url)


def test_the_console_would_tell(browser, site):
    """What the fixture looks for at the end of each test would be found."""
    browser.open(site + "/")
    assert browser.said() == []
    browser.run("""document.body.append(Object.assign(document.createElement('script'), {text: 'window.hurt = 1'}),
        Object.assign(document.createElement('img'), {src: '/-rf.txt'}));
        setTimeout(() => { throw Error('planted') })""")
    said = []
    wait_until(lambda: said.extend(browser.said()) or len(said) >= 3)
    assert sorted(level for level, _ in said) == ["SEVERE"] * 3
    assert sum("Content Security Policy" in message for _, message in said) == 2
    assert browser.run("return window.hurt") is None


def test_names_are_shown_as_they_are(browser, site):
    browser.screen(1200, "light", height=4000)  # what is out of sight has no text yet
    browser.open(site + "/")
    shown = [*FILES.values(), "bellU+0007.txt", DEEP.split("/")[1] + "/",
             *(os.fsdecode(name) + "/" for name in FOLDERS)]
    assert sorted(browser.run(ROWS)) == sorted(shown)
    assert sorted(browser.run(ROWS.replace("textContent", "innerText"))) == sorted(shown)
    assert browser.run("return document.querySelectorAll('tbody b, tbody i').length") == 2  # U+202E, U+0007
    assert browser.run("return document.title") == "/"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_each_link_leads_to_its_file(browser, site, scripts):
    browser.switch_scripts(scripts)
    for number, name in enumerate(FILES):
        browser.open(site + "/")
        browser.click(link_to(browser, name))
        assert text_of(browser).startswith(f"this is number {number} "), name
    browser.open(site + "/")
    with pytest.raises(Refused):
        link_to(browser, NO_LINK)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_folders_open_and_lead_back(browser, site, scripts):
    browser.switch_scripts(scripts)
    for number, name in enumerate(FOLDERS):
        browser.open(site + "/")
        browser.click(browser.find(f'tbody a[href="{urllib.parse.quote(name, safe="")}/"]'))
        assert browser.run("return document.title") == os.fsdecode(name)
        inside = browser.url()
        browser.click(link_to(browser, b"inside.txt"))
        assert text_of(browser) == f"inside of {number}"
        browser.back()
        assert browser.url() == inside
        browser.click(browser.find("tr.u a" if number % 2 else "nav a:first-child"))
        assert browser.url() == site + "/"
    browser.open(site + DEEP)
    for above in (3, 2, 1):
        assert browser.run("return document.querySelectorAll('nav a').length") == above + 1
        browser.click(browser.find(f"nav a:nth-child({above})"))
        assert browser.url() == site + "/".join(DEEP.split("/")[:above]) + "/"


def order_of(folder, key, descends):
    """The files, as they are shown."""
    names = [os.fsencode(entry) for entry in os.listdir(folder)]
    shown = [name for name in names if name not in HIDDEN]
    facts = {name: os.stat(os.path.join(os.fsencode(folder), name)) for name in shown}
    of_key = {"size": lambda name: facts[name].st_size, "time": lambda name: int(facts[name].st_mtime)}[key]
    files = sorted((name for name in shown if name in FILES or name == NO_LINK), key=of_key, reverse=descends)
    return [{**FILES, NO_LINK: "bellU+0007.txt"}[name] for name in files]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_columns_sort(browser, site, folder, scripts):
    browser.switch_scripts(scripts)
    addresses = []
    for first in ("/", "/?sort=size"):
        browser.open(site + first)
        browser.run("window.kept = true")
        # The head by which it is sorted turns the order round, another begins with its usual one.
        for column, said in ((3, "-time"), (3, "time"), (2, "-size"), (2, "size"), (1, "name"), (1, "-name"),
                             (1, "name")):
            browser.click(browser.find(f"th:nth-child({column}) a"))
            descends = said.startswith("-")
            wanted = [None, None, None, f"?sort={said}"]
            wanted[column - 1] = "descending" if descends else "ascending"
            expect(browser, SORTED, wanted)
            assert browser.run("return window.kept === true") == scripts  # at once, or a page anew
            rows = browser.run(ROWS)
            if column > 1:
                assert rows[len(FOLDERS) + 1:] == order_of(folder, said.lstrip("-"), descends)
            assert all(name.endswith("/") for name in rows[:len(FOLDERS) + 1])
            assert rows.index("File2.txt") < rows.index("file10.txt") or column != 1 or descends
            if scripts:  # who is sent this address sees this order
                addresses.append((browser.url(), rows))
    for address, rows in addresses:
        browser.open(address)
        assert browser.run(ROWS) == rows, address


def test_columns_sort_by_keyboard(browser, site):
    browser.open(site + "/")
    before = browser.run(ROWS)
    browser.press("Tab", "Tab", "Tab")
    assert browser.run("return document.activeElement.innerText") == "Name"
    browser.press("Enter")
    expect(browser, SORTED, ["descending", None, None, "?sort=-name"])
    after = browser.run(ROWS)
    folders = len(FOLDERS) + 1
    assert after == before[:folders][::-1] + before[folders:][::-1]
    browser.press("Tab", "Enter")
    expect(browser, SORTED, [None, "descending", None, "?sort=-size"])
    assert browser.run("return document.activeElement.innerText") == "Size"


def test_the_filter(browser, site):
    browser.open(site + "/")
    before, total = browser.run(ROWS), len(FILES) + len(FOLDERS) + 2
    told = "return document.getElementById('n').innerText"
    assert browser.run(told).startswith(f"{len(FOLDERS) + 1} folders, {len(FILES) + 1} files, ")
    browser.press("/")
    assert browser.run(FOCUS) == "q"
    browser.press("FILE")
    expect(browser, ROWS, ["File2.txt", "file10.txt"])
    assert browser.run(told) == f"2 of {total}"
    browser.press(" 10 fi")  # words, in any order
    expect(browser, ROWS, ["file10.txt"])
    browser.press(" nowhere")
    expect(browser, ROWS, [])
    assert browser.run(told) == f"0 of {total}"
    assert browser.role(browser.find("#n")) == "status"  # who hears the page hears the count
    address = browser.url()
    browser.press("Enter", "Down")  # there is nothing to open or to move to
    assert browser.run(FOCUS) == "q" and browser.url() == address
    browser.press("Escape")
    expect(browser, ROWS, before)
    assert browser.run("return document.querySelector('#q').value") == "" and browser.run(FOCUS) == "BODY"
    # What is filtered is sorted and can be sorted.
    browser.press("/", "file")
    browser.click(browser.find("th:first-child a"))
    expect(browser, ROWS, ["file10.txt", "File2.txt"])
    browser.press("/", "<b>")  # "/" marks what was there: it is typed over
    expect(browser, ROWS, ["<b>bold.txt"])
    browser.press("Enter")
    expect_url(browser, site + "/%3Cb%3Ebold.txt")


def test_the_filter_is_out_of_the_way(browser, site):
    """Enter in an empty filter leads nowhere, and what is typed into it are no commands."""
    address = site + "/sub%20folder/"
    browser.open(address)
    browser.press("/", "Enter", "hjk/", "Backspace")
    assert browser.run("return document.querySelector('#q').value") == "hjk"
    assert browser.url() == address
    browser.press("Escape", "j")
    assert browser.run(FOCUS) == "../"


def test_keys_move_and_open(browser, site):
    browser.open(site + "/sub%20folder/")
    browser.press("j")
    assert browser.run(FOCUS) == "../"
    browser.press("j")
    assert browser.run(FOCUS) == "inside.txt"
    browser.press("Down")  # the last
    assert browser.run(FOCUS) == "inside.txt"
    browser.press("k")
    assert browser.run(FOCUS) == "../"
    browser.press("Up")  # above the first is the filter
    assert browser.run(FOCUS) == "q"
    browser.press("Down", "Down")
    assert browser.run(FOCUS) == "inside.txt"
    browser.press("k", holding="Control")  # the browser's, not ours
    assert browser.run(FOCUS) == "inside.txt"
    browser.press("Enter")
    expect_url(browser, site + "/sub%20folder/inside.txt")
    for key in ("h", "Backspace"):
        browser.open(site + "/sub%20folder/")
        browser.press(key)
        expect_url(browser, site + "/")
    browser.press("h", "Backspace")  # nothing is above the top
    browser.press("j")
    assert browser.url() == site + "/"
    # Every row that is a link has its turn, in the order that is seen; what is none is passed over.
    rows = [name for name in browser.run(ROWS) if name != "bellU+0007.txt"]
    met = [browser.run(FOCUS)]
    for _ in rows[1:]:
        browser.press("j")
        met.append(browser.run(FOCUS))
    assert met == rows


def test_times_are_the_readers(browser, site, folder):
    os.utime(folder / "-rf.txt", (10**9, 10**9))
    cell = """const t = [...document.querySelectorAll('tr')].find(r => r.innerText.startsWith('-rf'))
        .querySelector('time'); return [t.innerText, t.title]"""
    browser.open(site + "/")
    expect(browser, cell, ["2001-09-09 07:31", "2001-09-09T01:46:40Z"])
    browser.switch_scripts(False)
    browser.open(site + "/")
    assert browser.run(cell) == ["2001-09-09 01:46", ""]


def test_nothing_is_offered_that_needs_scripts(browser, site):
    browser.switch_scripts(False)
    browser.open(site + "/sub%20folder/")
    assert browser.run("""return [...document.querySelectorAll('input, kbd')].filter(e => e.getClientRects().length)
        .length""") == 0


def test_it_is_a_table_to_who_hears_it(browser, site):
    browser.open(site + "/")
    roles = {"nav": "navigation", "table": "table", "tbody tr": "row", "th": "columnheader", "td": "cell",
             "#q": "searchbox", "main": "main"}
    assert {selector: browser.role(browser.find(selector)) for selector in roles} == roles


def test_a_folder_of_many_names(browser, site, folder):
    """More rows than are laid out together."""
    (folder / "many").mkdir()
    names = [f"name {number}.txt" for number in range(600)]
    for name in names:
        write(folder / "many" / name, "x")
    browser.open(site + "/many/")
    assert browser.run(ROWS) == names
    browser.press("/", "99")
    expect(browser, ROWS, [name for name in names if "99" in name])
    browser.press("Escape")
    browser.click(browser.find("th:first-child a"))
    expect(browser, ROWS, names[::-1])
    browser.press("k")  # from nowhere: the last one
    assert browser.run(FOCUS) == "name 0.txt" and browser.run(LOOK, 1200) == []
    browser.press("Enter")
    expect_url(browser, site + "/many/name%200.txt")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1200])
def test_it_can_be_read(browser, site, width, scheme):
    def expect_fine(where):
        assert browser.run(LOOK, width) == [], where

    def keep_picture(name):
        if shots := os.environ.get("HEWN_SCREENSHOTS"):
            browser.screenshot(f"{shots}/{name}-{width}-{scheme}.png")

    browser.screen(width, scheme)
    browser.open(site + DEEP)
    expect_fine("in a deep folder")
    keep_picture("deep")
    for number, key in enumerate(["Down"] * 31 + ["Up"] * 32):  # no row may go below what stands on top
        browser.press(key)
        if number % 3 == 0:
            expect_fine(f"with the focus after {key}")
        if number == 45:
            keep_picture("scrolled")
    browser.open(site + "/")
    expect_fine("at first")
    keep_picture("first")
    browser.hover(link_to(browser, b"-rf.txt"))
    expect_fine("under the pointer")
    browser.run("document.querySelector('main').insertAdjacentHTML('afterbegin', '<p class=w>Names are missing.</p>')")
    expect_fine("with a warning")
    for _ in range(6):  # the way, the filter, three heads, a row
        browser.press("Tab")
        expect_fine("with the focus by Tab")
    keep_picture("focus")
    browser.press("/", "nowhere")
    expect_fine("without a row")
    keep_picture("none")
    browser.switch_scripts(False)
    browser.open(site + "/")
    expect_fine("without scripts")
