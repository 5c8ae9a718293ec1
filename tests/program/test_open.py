"""--open: a browser is started, and nothing depends on how it fares."""
import os
import re
from pathlib import Path

import pytest
from conftest import fetch
from running import wait_until

NO_DESKTOP = {"BROWSER": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}


@pytest.fixture
def browser(place):
    """A program that writes down its arguments, standard descriptors and session."""
    path = place / "browser"
    path.write_text("""#!/bin/sh
standard=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
printf '%s\\n' "$standard" >said.new
printf '%s\\n' "$@" >>said.new
ps -o sid= -p $$ >>said.new
mv said.new said
""")
    path.chmod(0o755)
    return path


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split() + [
        child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def without_root(text):
    return re.sub("^hewn: --open: the browser runs as root, as this does\n", "", text, flags=re.MULTILINE)


def test_a_browser_is_shown_the_page(start, place, browser):
    running = start("-p0", "--open", "dist", environment={**NO_DESKTOP, "BROWSER": str(browser)})
    port = running.port()
    wait_until((place / "said").exists)
    *standard, url, session = (place / "said").read_text().split()
    assert url == f"http://127.0.0.1:{port}/"
    assert standard == ["/dev/null"] * 3
    assert int(session) != os.getsid(running.process.pid)
    wait_until(lambda: not children(running.process.pid))  # nor a zombie
    assert fetch(port)[0] == 200
    assert running.stop() == 0
    assert ("runs as root" in running.err.all()) == (os.geteuid() == 0)
    assert "--open" not in without_root(running.err.all())


def test_the_first_command_that_is_there_is_taken_and_no_shell(start, place, browser):
    commands = f"no-such-browser %s:{browser} --new  %s $(touch owned) ; x:other"
    running = start("--public", "-p0", "-o", "dist", environment={**NO_DESKTOP, "BROWSER": commands})
    port = running.port()
    wait_until((place / "said").exists)
    assert (place / "said").read_text().split("\n")[3:-2] == [
        "--new", f"http://127.0.0.1:{port}/", "$(touch", "owned)", ";", "x"]
    assert not (place / "owned").exists()


@pytest.mark.parametrize("environment, arguments, words", [
    (NO_DESKTOP, [], "there is no desktop here, and $BROWSER is not set"),
    ({**NO_DESKTOP, "BROWSER": "/no/such"}, [], "cannot start /no/such: No such file or directory"),
    ({**NO_DESKTOP, "DISPLAY": ":0", "PATH": "/nowhere"}, [], "cannot start xdg-open: No such file or directory"),
    ({**NO_DESKTOP, "BROWSER": "false"}, [], "false ended with status 1"),
    ({**NO_DESKTOP, "BROWSER": "true"}, ["-l", "unix:socket"], "no address that a browser could use"),
])
def test_what_goes_wrong_is_said_and_serving_goes_on(start, environment, arguments, words):
    running = start(*(arguments or ["-p0"]), "--open", "dist", environment=environment)
    running.err.wait_for(rf"^hewn: --open: {re.escape(words)}$")
    if not arguments:
        assert fetch(running.port())[0] == 200
    assert running.stop() == 0
    assert without_root(running.err.all()).count("--open") == 1
