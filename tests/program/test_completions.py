"""Command lines are completed by the shells themselves, with what the program tells them."""
import shutil
import subprocess

import pytest
from running import Running

SHELLS = ["bash", "zsh", "fish"]


def needs(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


@pytest.fixture
def script(tell, place):
    """The completions for a shell, in a file."""
    def write(shell):
        status, out, err = tell("completions", shell)
        assert (status, err) == (0, "")
        (place / shell).write_text(out)
        return place / shell
    return write


@pytest.mark.parametrize("shell", SHELLS)
def test_shells_understand_them(script, shell):
    needs(shell)
    done = subprocess.run([shell, "-n", script(shell)], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def ask_bash(script, place, words):
    """What bash would offer for the last word."""
    source = f"""source {script}
compopt() {{ :; }} # only while keys are read
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hewn; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "--norc", "-uc", source, "bash", *words], cwd=place, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.splitlines()) - {""}


@pytest.mark.parametrize("words, wanted", [
    (["hewn", "--lo"], {"--log", "--log-file", "--loops"}),
    (["hewn", "--port", "80", "--follow"], {"--follow-links"}),
    (["hewn", "--log", ""], {"pretty", "combined", "json", "off"}),
    (["hewn", "--log", "=", "js"], {"json"}),
    (["hewn", "--log", "="], {"pretty", "combined", "json", "off"}),
    (["hewn", "-p", ""], set()),
    (["hewn", "--log-file", "dist/t"], {"dist/ten.txt"}),
    (["hewn", "--hidden", "d"], {"dist", "docs"}),
    (["hewn", "de"], {"defaults"}),
    (["hewn", "help", "l"], {"listening", "log", "limits"}),
    (["hewn", "completions", "b"], {"bash"}),
    (["hewn", "ce"], {"cert"}),
    (["hewn", "cert", ""], {"dev", "show"}),
    (["hewn", "cert", "show", "dist/t"], {"dist/ten.txt"}),
])
def test_what_bash_offers(script, place, words, wanted):
    needs("bash")
    assert ask_bash(script("bash"), place, words) == wanted


def test_what_fish_offers(script, place):
    needs("fish")
    path = script("fish")

    def ask(line):
        done = subprocess.run(["fish", "--no-config", "-c", f"source {path}; complete -C '{line}'"], cwd=place,
                              capture_output=True, text=True, env={"HOME": str(place), "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr
        return {row.split("\t")[0] for row in done.stdout.splitlines()}
    assert {"--log", "--log-file", "--loops"} <= ask("hewn --lo")
    assert ask("hewn --log ") == {"pretty", "combined", "json", "off"}
    assert "dist/ten.txt" in ask("hewn --log-file dist/t")
    assert {"defaults"} <= ask("hewn de")
    assert ask("hewn help li") == {"listening", "limits"}
    assert ask("hewn cert ") == {"dev", "show"}
    assert ask("hewn cert show dist/t") == {"dist/ten.txt"}


@pytest.mark.parametrize("shell, command, ready", [
    ("bash", ["bash", "--norc", "--noprofile", "-i"], "source ./bash"),
    ("zsh", ["zsh", "-f", "-i"], "autoload -U compinit; compinit -D -u; source ./zsh"),
])
def test_at_the_keyboard(script, place, shell, command, ready):
    needs(shell)
    script(shell)
    running = Running(command, terminal=True, cwd=place, environment={"PS1": "> ", "HISTFILE": "/dev/null"})
    try:
        running.type(f"{ready}; echo rea''dy; hewn() {{ echo \"<$*>\"; }}\n".encode())
        running.out.wait_for("ready\r$")
        running.type(b"hewn --log js\t--follow\tdist/te\t\n")
        running.out.wait_for("<--log json --follow-links dist/ten.txt>")
        running.type(b"hewn --log-file dist/te\t\n")
        running.out.wait_for("<--log-file dist/ten.txt>")
        running.type(b"hewn cert sh\tdist/te\t\n")
        running.out.wait_for("<cert show dist/ten.txt>")
    finally:
        running.clean_up()
