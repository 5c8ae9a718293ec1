import contextlib
import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE))
from webdriver import Browser

# The fixtures of tests/program; it is a conftest too, and one name cannot be imported twice.
found = importlib.util.spec_from_file_location("program_conftest", HERE.parent / "program" / "conftest.py")
program = importlib.util.module_from_spec(found)
found.loader.exec_module(program)
hewn, place, start = program.hewn, program.place, program.start


@pytest.fixture(scope="session")
def only_browser():
    with contextlib.closing(Browser()) as browser:
        yield browser


@pytest.fixture
def browser(only_browser):
    """The browser on a wide light screen in a zone where it is 5:45 later than in UTC; whatever test it is, its
    console has to stay empty: no error of a script, nothing that a policy held back, nothing that was not found."""
    only_browser.screen(1200, "light")
    only_browser.cdp("Emulation.setTimezoneOverride", timezoneId="Asia/Kathmandu")
    only_browser.switch_scripts(True)
    only_browser.said()
    yield only_browser
    only_browser.switch_scripts(True)
    # Beside a plain text the browser asks for an icon that no folder need have.
    said = [entry for entry in only_browser.said() if "/favicon.ico " not in entry[1]]
    only_browser.open("about:blank")
    assert not said
