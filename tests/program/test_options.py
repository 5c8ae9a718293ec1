"""The command line: what it takes, what it refuses, and in which words."""
import re
from pathlib import Path

import pytest
from conftest import TOP, fetch

# Their place is the manual page; the first screen has the last of them alone.
LIMITS = ["max-conns", "head-timeout", "idle-timeout", "min-rate", "max-head", "max-body", "max-memory"]


def test_the_help_fits_one_screen_and_has_three_examples(tell):
    status, out, err = tell("--help")
    lines = out.splitlines()
    assert status == 0 and not err
    assert len(lines) <= 23 and max(map(len, lines)) <= 80
    assert sum(line.startswith("  hewn ") for line in lines) == 3
    assert tell("-h")[1] == out


def test_every_option_of_the_help_is_in_the_manual_page(tell):
    manual = (TOP / "docs/man/hewn.1").read_text()
    options = re.findall(r"--([a-z-]+)", tell("--help")[1]) + ["trace"] + LIMITS
    assert "listen" in options
    for option in options:
        assert re.search(rf"^\.It (Fl . Ar \w+ , )?(Fl . , )?Fl -{option}( Ar \w+)?$", manual, re.MULTILINE), option


def test_the_bounds_of_limits_are_those_of_the_manual_page(tell):
    manual = (TOP / "docs/man/hewn.1").read_text()
    for option in LIMITS:
        item = re.search(rf"^\.It Fl -{option} .*\n((?:(?!\.It).*\n)*)", manual, re.MULTILINE).group(1)
        status, _, err = tell(f"--{option}", "-1")
        bounds = re.search(r" is not a \w+ from (\w\S* to [\w/]+)", err).group(1)
        assert status == 64 and re.search(rf"[Ff]rom {re.escape(bounds)}[.;]", item), option


def test_the_version(tell):
    status, out, err = tell("--version")
    assert status == 0 and not err
    assert re.fullmatch(r"hewn \d+\.\d+\.\d+\n", out)


@pytest.mark.parametrize("arguments, words", [
    (["--prot", "80", "dist"], "unknown option --prot; did you mean --port?"),
    (["--Listen=80"], "unknown option --Listen; did you mean --listen?"),
    (["--xyzzy"], "unknown option --xyzzy; hewn --help lists them"),
    (["--" + "x" * 5000], "unknown option --" + "x" * 5000 + "; hewn --help lists them"),
    (["-Z"], "unknown option -Z; hewn --help lists them"),
    (["--\x1b[2Jport"], "unknown option --?[2Jport; hewn --help lists them"),
    (["-p", "80x"], "--port: '80x' is not a number from 0 to 65535"),
    (["-p", "65536"], "--port: '65536' is not a number from 0 to 65535"),
    (["-p", "99999999999999999999"], "--port: '99999999999999999999' is not a number from 0 to 65535"),
    (["--port=-1"], "--port: '-1' is not a number from 0 to 65535"),
    (["--port"], "--port needs a value: --port N"),
    (["--port="], "--port needs a value: --port N"),
    (["--loops", "0"], "--loops: '0' is not a number from 1 to 1024"),
    (["--max-memory", "1023KiB"], "--max-memory: '1023KiB' is not a size from 1MiB to 1048576GiB; write it like 64MiB"),
    (["--max-memory", "1MB"], "--max-memory: '1MB' is not a size from 1MiB to 1048576GiB; write it like 64MiB"),
    (["--max-memory", "MiB"], "--max-memory: 'MiB' is not a size from 1MiB to 1048576GiB; write it like 64MiB"),
    (["--log", "jsno"], "--log: 'jsno' is not one of pretty, combined, json, off; did you mean json?"),
    (["--log=xml"], "--log: 'xml' is not one of pretty, combined, json, off"),
    (["-i", "a/b", "dist"], "--index: 'a/b': an index is the name of a file"),
    (["--index=..", "dist"], "--index: '..': an index is the name of a file"),
    (["--head-timeout", "15"], "--head-timeout: '15' is not a time from 1ms to 24h; write it like 15s"),
    (["--idle-timeout=25h"], "--idle-timeout: '25h' is not a time from 1ms to 24h; write it like 30s"),
    (["--idle-timeout=0s"], "--idle-timeout: '0s' is not a time from 1ms to 24h; write it like 30s"),
    (["--min-rate", "500B"], "--min-rate: '500B' is not a rate from 1B/s to 1GiB/s; write it like 500B/s"),
    (["--max-head", "255"], "--max-head: '255' is not a size from 256B to 256KiB; write it like 32KiB"),
    (["--max-head", "32kb"], "--max-head: '32kb' is not a size from 256B to 256KiB; write it like 32KiB"),
    (["--max-body", "-1"], "--max-body: '-1' is not a size from 1B to 1024GiB; write it like 1MiB"),
    (["--max-body", "18446744073709551616"],
     "--max-body: '18446744073709551616' is not a size from 1B to 1024GiB; write it like 1MiB"),
    (["--max-body", "18014398509481984KiB"],
     "--max-body: '18014398509481984KiB' is not a size from 1B to 1024GiB; write it like 1MiB"),
    (["--max-conns", "0"], "--max-conns: '0' is not a number from 1 to 1048576"),
    (["--max-body"], "--max-body needs a value: --max-body 1MiB"),
    (["--max-bodi=1"], "unknown option --max-bodi; did you mean --max-body?"),
    (["--lan=yes"], "--lan takes no value"),
    (["--lan", "--public"], "--lan and --public exclude each other; --public includes the LAN"),
    (["dist", "docs"], "one folder at a time: 'dist' or 'docs'?"),
    (["--tls", "dev", "dist"], "--tls is not in this version"),
    (["-l", "1.2.3:80", "dist"], "cannot listen on 1.2.3:80: not an address: .*"),
    (["-l", "0:99999", "dist"], "cannot listen on 0:99999: not an address: .*"),
])
def test_what_makes_no_sense_is_a_usage_error(tell, arguments, words):
    status, out, err = tell(*arguments)
    wanted = re.escape("hewn: " + words).replace(r"\.\*", ".*") + "\n"
    assert re.fullmatch(wanted, err), err
    assert (status, out) == (64, "")


@pytest.mark.parametrize("command", ["run", "check", "fmt", "explain", "status", "help"])
def test_commands_of_later_versions_are_told_apart_from_folders(tell, place, command):
    (place / command).mkdir()
    status, out, err = tell(command)
    assert (status, out) == (64, "")
    assert err == (f"hewn: the command '{command}' is not in this version\n"
                   f"  a folder of that name is served by  hewn ./{command}\n")


def test_a_folder_with_the_name_of_a_command_is_served(start, place):
    (place / "run").mkdir()
    (place / "run" / "index.html").write_text("run")
    assert fetch(start("./run", "-p0").port()) == (200, b"run")
    assert fetch(start("-p0", "--", "run").port()) == (200, b"run")


def test_a_folder_whose_name_begins_with_a_dash(start, place):
    (place / "-p").mkdir()
    (place / "-p" / "index.html").write_text("dash")
    assert fetch(start("--port=0", "--", "-p").port()) == (200, b"dash")


def test_without_a_folder_the_current_one_is_served(start, place):
    (place / "index.html").write_text("here")
    running = start("-l", "127.0.0.1:0")
    assert fetch(running.port()) == (200, b"here")
    assert re.search(r"serving \./ \(3 files, ", running.err.text)


def test_index_names_are_tried_in_order(start, place):
    (place / "dist" / "home.txt").write_text("home")
    port = start("-l", "127.0.0.1:0", "-i", "start.html", "-ihome.txt", "--index=index.html", "dist").port()
    assert fetch(port) == (200, b"home")


def test_a_member_of_a_repeated_option_too_many(tell):
    status, _, err = tell(*["-i", "a.html"] * 33)
    assert (status, err) == (64, "hewn: --index is given more than 32 times\n")


def test_a_number_of_loops(start, place):
    running = start("-l", "127.0.0.1:0", "--loops", "3", "dist")
    port = running.port()
    tasks = Path(f"/proc/{running.process.pid}/task")
    assert len(list(tasks.iterdir())) >= 3
    assert [fetch(port)[0] for _ in range(20)] == [200] * 20


def test_the_ceiling_follows_the_memory_it_may_use(start, place):
    said = [start("-l", "127.0.0.1:0", "--max-memory", size, "dist").err.wait_for(r"^hewn: memory ceiling ([\d.]+) MiB$")
            for size in ("1MiB", "65536KiB")]
    low, high = (float(match[1]) for match in said)
    # What is asked for, and an eighth for the allocator.
    assert abs(high - low - 63 * 9 / 8) <= 1
