import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests" / "program"))
from running import Running

WARNINGS = ["-Wall", "-Wextra", "-Werror"]
SECONDS_MAX = 120


class Installed:
    """What `meson install` has put below a folder of its own, and a compiler that knows it by
    pkg-config alone."""

    def __init__(self, top, prefix):
        self.prefix = top / prefix.relative_to("/")
        self.libraries = next(self.prefix.rglob("libhewn.so")).parent
        self.man = self.prefix / "share" / "man"
        self.environment = {**os.environ, "PKG_CONFIG_PATH": str(self.libraries / "pkgconfig"),
                            "PKG_CONFIG_SYSROOT_DIR": str(top)}

    def pkg_config(self, *options):
        return subprocess.run(["pkg-config", *options], env=self.environment, check=True,
                              capture_output=True, text=True).stdout.split()

    def needed(self):
        """What Hewn is built on."""
        return [word for word in self.pkg_config("--print-requires-private", "hewn") if word[0].isalpha()]

    def archive(self):
        """What links with the archive of Hewn, and with the shared libraries of what it is built on."""
        return [word.replace("-lhewn", "-l:libhewn.a") for word in self.pkg_config("--libs", "hewn", *self.needed())]

    def compile(self, output, *sources, compiler="gcc", options=(), libraries=None):
        libraries = self.pkg_config("--libs", "hewn") if libraries is None else libraries
        compile_program([compiler, "-O1", *options, *self.pkg_config("--cflags", "hewn"), *sources, *libraries,
                         "-o", output])


def compile_program(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=SECONDS_MAX)
    assert done.returncode == 0 and done.stderr == "", done.stderr


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    build = TOP / os.environ.get("HEWN_BUILD", "build")
    top = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "-C", build, "--destdir", top],
                   check=True, stdout=subprocess.DEVNULL)
    return Installed(top, Path("/usr/local"))


@pytest.fixture
def start():
    """Starts a program that ends in hewn_main; what is still running at the end is ended."""
    with contextlib.ExitStack() as started:
        def start_program(program, *arguments, **options):
            running = Running([str(program), "--listen", "127.0.0.1:0", "--log", "off", *arguments], **options)
            started.callback(running.clean_up)
            return running
        yield start_program


def needs(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
