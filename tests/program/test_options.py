"""The command line: what it takes, what it refuses, and in which words."""
import importlib
import os
import re
from pathlib import Path

import pytest
from conftest import TOP, fetch

# Of the table of options.
TOPICS = {"listening": "Where it listens", "files": "What it serves", "log": "What it logs", "limits": "Limits",
          "program": "The program"}
OPTIONS = ["listen", "port", "lan", "public", "tls", "redirect", "hsts", "client-ca", "client-optional", "trusted-proxies", "proxy-protocol", "index", "list", "spa", "clean-urls", "hidden", "follow-links", "header", "cors",
           "cache", "compress", "isolate", "log", "log-file", "max-memory", "max-conns", "head-timeout", "idle-timeout", "min-rate", "max-head", "max-body", "open", "loops", "trace",
           "help", "help-all", "version"]
ON_OTHER_SCREENS = {"redirect", "hsts", "client-ca", "client-optional", "trusted-proxies", "proxy-protocol", "list", "clean-urls", "spa", "hidden", "cache", "compress", "log-file", "follow-links", "header", "cors", "isolate", "max-memory", "max-conns", "head-timeout", "idle-timeout",
                    "min-rate", "max-head", "max-body", "loops", "trace"}


def test_the_help_fits_one_screen_and_has_three_examples(tell):
    status, out, err = tell("--help")
    lines = out.splitlines()
    assert status == 0 and not err
    assert len(lines) <= 23 and max(map(len, lines)) <= 80
    assert sum(line.startswith("  hewn ") for line in lines) == 3
    assert [line for line in lines if line in TOPICS.values()] == [TOPICS[topic] for topic in TOPICS if topic != "limits"]
    assert re.findall(r"^  (?:-., |    )--(?:\[no-\])?([a-z-]+)", out, re.MULTILINE) == \
        [option for option in OPTIONS if option not in ON_OTHER_SCREENS]
    # What an option does stands in a column of its own.
    assert {len(re.match(r"  (?:-., |    )--\S+(?: \S+)? +", line)[0]) for line in lines if line[6:8] == "--"} == {26}
    assert tell("-h")[1] == tell("help")[1] == out


def test_the_whole_help_has_every_option_in_its_group(tell):
    status, out, err = tell("--help-all")
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert re.findall(r"^  (?:-., |    )--(?:\[no-\])?([a-z-]+)", out, re.MULTILINE) == OPTIONS
    parts = re.split(r"\n\n(?=[A-Z])", out.rstrip("\n"))[1:]
    assert [part.split("\n")[0] for part in parts] == list(TOPICS.values())
    # By topic it is the same text.
    assert [tell("help", topic)[1].rstrip("\n") for topic in TOPICS if topic != "listening"] == parts[1:]


@pytest.mark.parametrize("word", ["port", "--port", "-p", "p"])
def test_help_about_an_option(tell, word):
    status, out, err = tell("help", word)
    assert (status, err) == (0, "")
    assert out.startswith("  -p, --port N\n        Listen on this port")
    assert " ".join(out.split()).endswith("for another. From 0 to 65535. The default is 9000.")


@pytest.mark.parametrize("words, said", [
    (["prot"], "no help about 'prot'; did you mean  hewn help port ?"),
    (["limit"], "no help about 'limit'; did you mean  hewn help limits ?"),
    (["xyzzy"], "no help about 'xyzzy'; hewn --help-all has all there is"),
    (["upload"], "'upload' is not in this version"),
    (["limits", "dist"], "what is 'dist'?"),
])
def test_help_about_what_is_not_there(tell, words, said):
    assert tell("help", *words) == (64, "", f"hewn: {said}\n")


def test_the_options_of_the_manual_page_are_those_of_the_table(tell, monkeypatch):
    """docs/man/options.py HEWN mends it."""
    monkeypatch.syspath_prepend(TOP / "docs/man")
    made = importlib.import_module("options").written((TOP / "docs/man/hewn.1").read_text())
    status, out, _ = tell("completions", "man")
    assert status == 0 and out.count(".It ") == len(OPTIONS)
    assert made == out


def test_every_default_is_told(tell):
    status, out, err = tell("defaults")
    assert (status, err) == (0, "")
    defaults = dict(re.findall(r"^([a-z-]+) +(\S.*?)(?: +# .*)?$", out, re.MULTILINE))
    assert list(defaults) == [option for option in OPTIONS if option not in ("help", "help-all", "version")]
    assert defaults["port"] == "9000" and defaults["log"] == "json" and defaults["hidden"] == "off"
    assert defaults["head-timeout"] == "15s" and defaults["max-body"] == "1MiB"
    # Derived ones say from what.
    for name in ("loops", "max-conns", "max-memory", "log"):
        assert re.search(rf"^{name} +\S+ +# \w", out, re.MULTILINE), name
    assert 1 <= int(defaults["loops"]) <= len(os.sched_getaffinity(0))


def test_derived_defaults_are_those_of_this_process(tell):
    few = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"]
    out = tell("defaults", before=few)[1]
    # 64 less an eighth for files and a reserve of eight.
    assert re.search(r"^max-conns +48 ", out, re.MULTILINE)
    one = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    assert re.search(r"^loops +1 ", tell("defaults", before=one)[1], re.MULTILINE)


def test_defaults_take_no_folder(tell):
    assert tell("defaults", "dist") == (64, "", "hewn: what is 'dist'?\n")


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
    (["--log-file="], "--log-file needs a value: --log-file FILE"),
    (["--hidden=yes"], "--hidden takes no value"),
    (["--no-hidden"], "unknown option --no-hidden; did you mean --hidden?"),
    (["--upload", "dist"], "--upload is not in this version"),
    (["--tls=cert.pem", "dist"], "--tls: 'cert.pem' is not a certificate and its key; .*"),
    (["--tls=cert.pem,key.pem,ocsp.der,more"], "--tls: 'cert.pem,key.pem,ocsp.der,more' is not a certificate and its key; .*"),
    (["--hsts", "dist"], "--hsts says nothing without --tls"),
    (["--client-ca", "ca.pem", "dist"], "--client-ca says nothing without --tls"),
    (["--redirect", ":80", "dist"], "--redirect says nothing without --tls"),
    (["--spa=", "dist"], "--spa needs a value: --spa=FILE"),
    (["--spa=a/b", "dist"], "--spa: 'a/b': what stands in is the name of a file"),
    (["--spa=.env", "dist"], "--spa: '.env': a hidden file stands in for nothing"),
    (["--list=yes"], "--list takes no value"),
    (["completions"], "completions for which shell? bash, zsh or fish"),
    (["completions", "tcsh"], "no completions for 'tcsh': there are bash, zsh and fish"),
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
    (["crt", "dev"], "one folder at a time: 'crt' or 'dev'?\n  did you mean  hewn cert ?"),
    (["explian", "/a"], "one folder at a time: 'explian' or '/a'?\n  did you mean  hewn explain ?"),
    (["--live", "dist"], "--live is not in this version"),
    (["-l", "1.2.3:80", "dist"], "cannot listen on 1.2.3:80: not an address: .*"),
    (["-l", "0:99999", "dist"], "cannot listen on 0:99999: not an address: .*"),
])
def test_what_makes_no_sense_is_a_usage_error(tell, arguments, words):
    status, out, err = tell(*arguments)
    wanted = re.escape("hewn: " + words).replace(r"\.\*", ".*") + "\n"
    assert re.fullmatch(wanted, err), err
    assert (status, out) == (64, "")


@pytest.mark.parametrize("command", ["run", "check", "fmt", "reload", "status"])
def test_commands_of_later_versions_are_told_apart_from_folders(tell, place, command):
    (place / command).mkdir()
    status, out, err = tell(command)
    assert (status, out) == (64, "")
    assert err == (f"hewn: the command '{command}' is not in this version\n"
                   f"  a folder of that name is served by  hewn ./{command}\n")


@pytest.mark.parametrize("command", ["run", "defaults", "help"])
def test_a_folder_with_the_name_of_a_command_is_served(start, place, command):
    (place / command).mkdir()
    (place / command / "index.html").write_text("here")
    assert fetch(start(f"./{command}", "-p0").port()) == (200, b"here")
    assert fetch(start("-p0", "--", command).port()) == (200, b"here")


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
