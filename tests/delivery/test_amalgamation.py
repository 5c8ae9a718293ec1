"""hewn.c and hewn.h: the library in two files, with the C library and threads alone."""
import re
import subprocess

import pytest
from asking import ask
from conftest import SECONDS_MAX, TOP, WARNINGS, compile_program, needs

# Keeps what it is sent, so that it reads JSON and writes some.
ECHO = """
#include "hewn.h"

static hewn_response *echo(hewn_request *rq)
{
    const hewn_json *body = hewn_body_json(rq);
    if (!body)
        return hewn_body_problem(rq);
    return hewn_jsonf(rq, 200, "{'you said': %p}", hewn_raw(body));
}

int main(int argc, char **argv)
{
    hewn_app *app = hewn_new();
    hewn_post(app, "/", echo);
    return hewn_main(app, argc, argv);
}
"""
SECRETS = """
#include "hewn.h"

int main(int argc, char **argv)
{
    static const char *const secrets[] = {"0123456789abcdef0123456789abcdef", NULL};
    return hewn_main(hewn_new(.secrets = secrets), argc, argv);
}
"""
COMPILED = {"gcc": ["gcc", "-O2"], "clang": ["clang", "-O0"],
            "with": ["gcc", "-O0", "-DHEWN_WITH_JANSSON", "-DHEWN_WITH_OPENSSL", "-DHEWN_WITH_NGHTTP2",
                     "-DHEWN_WITH_XXHASH", "-DHEWN_WITH_ZLIB",
                     "-DHEWN_WITH_BROTLI", "-DHEWN_WITH_ZSTD"]}
LIBRARIES = ["-ljansson", "-lssl", "-lcrypto", "-lnghttp2", "-lz", "-lbrotlienc", "-lzstd"]


class Amalgamation:
    """Compiled in all ways at once, which takes a while; each is waited for where it is wanted."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run([TOP / "dev", "amalgamate", folder], check=True, stderr=subprocess.DEVNULL)
        self.compilers = {}
        for way, command in COMPILED.items():
            if not subprocess.run(["which", command[0]], stdout=subprocess.DEVNULL).returncode:
                self.compilers[way] = subprocess.Popen([*command, *WARNINGS, "-c", "hewn.c", "-o", f"{way}.o"], cwd=folder,
                                                       stderr=subprocess.PIPE, text=True)

    def object(self, way):
        compiler = self.compilers[way]
        errors = compiler.communicate(timeout=SECONDS_MAX)[1]
        assert compiler.returncode == 0 and not errors, errors
        self.compilers[way] = subprocess.Popen(["true"], stderr=subprocess.PIPE, text=True)
        return self.folder / f"{way}.o"

    def program(self, way, name, source, libraries=()):
        (self.folder / f"{name}.c").write_text(source)
        compile_program([COMPILED[way][0], "-O1", *WARNINGS, f"-I{self.folder}", self.folder / f"{name}.c", self.object(way),
                         "-lpthread", *libraries, "-o", self.folder / f"{name}-{way}"])
        return self.folder / f"{name}-{way}"


@pytest.fixture(scope="session")
def amalgamation(tmp_path_factory):
    made = Amalgamation(tmp_path_factory.mktemp("amalgamation"))
    yield made
    for compiler in made.compilers.values():
        compiler.communicate()


def example(name):
    return (TOP / "examples" / f"{name}.c").read_text()


@pytest.mark.parametrize("way", ["gcc", "clang"])
def test_the_first_program_needs_nothing_else(amalgamation, start, way):
    needs(way)
    program = amalgamation.program(way, "hello", example("hello"))
    needed = subprocess.run(["readelf", "-dW", program], capture_output=True, text=True, check=True).stdout
    assert [name for name in needed.split() if name.startswith("[lib") and name not in ("[libc.so.6]", "[libpthread.so.0]")] == []
    running = start(program)
    assert ask(running.port(), "GET /?name=Ada") == (200, "Hello, Ada!\n")
    assert running.stop() == 0


def test_it_is_what_one_command_compiles(amalgamation):
    """The command of the documents, but without optimisation and in the language without extensions."""
    commands = {re.search(r"^\$ (cc .* hewn\.c .*)$", (TOP / name).read_text(), re.MULTILINE).group(1)
                for name in ("README.md", "docs/guide/link-with-hewn.md")}
    assert commands == {"cc -O2 hello.c hewn.c -lpthread -o hello"}
    (amalgamation.folder / "hello.c").write_text(example("hello"))
    command = ["cc", "-std=c17", *WARNINGS, *commands.pop().split()[2:]]
    subprocess.run(command, cwd=amalgamation.folder, check=True, timeout=SECONDS_MAX)
    told = subprocess.run([amalgamation.folder / "hello", "--help"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("usage: hello ")


def test_json_is_written(amalgamation, start):
    running = start(amalgamation.program("gcc", "users", example("users")))
    assert ask(running.port(), "GET /users/2") == (200, '{"user":{"id":2,"name":"Bruce"}}')
    assert running.stop() == 0


def test_without_jansson_it_says_what_is_missing(amalgamation, start):
    running = start(amalgamation.program("gcc", "echo", ECHO))
    status, body = ask(running.port(), "POST /", "Content-Type: application/json\r\n", '{"a": 1}')
    assert status == 501
    assert "this server was built without Jansson, which reads JSON" in body
    assert running.stop() == 0


def test_without_openssl_it_says_what_is_missing(amalgamation):
    program = amalgamation.program("gcc", "secrets", SECRETS)
    told = subprocess.run([program, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert told.returncode < 0
    assert "app option .secrets needs a library with OpenSSL (tls)" in told.stderr


def test_both_libraries_can_be_had(amalgamation, start):
    program = amalgamation.program("with", "echo", ECHO, LIBRARIES)
    running = start(program)
    assert ask(running.port(), "POST /", "Content-Type: application/json\r\n", '{"a": [1]}') == (200, '{"you said":{"a":[1]}}')
    assert running.stop() == 0
    running = start(amalgamation.program("with", "secrets", SECRETS, LIBRARIES))
    assert ask(running.port(), "GET /")[0] == 404
    assert running.stop() == 0


def test_it_is_the_sources_and_nothing_else(amalgamation):
    """Every source file is there once, whole but for the lines that include a header of ours."""
    text = (amalgamation.folder / "hewn.c").read_text()
    for path in (TOP / "src").rglob("*.[ch]"):
        kept = "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith('#include "'))
        assert text.count(kept) == 1, path
