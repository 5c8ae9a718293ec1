"""What is installed can be linked with, shared and static, and exports what the headers declare."""
import os
import re
import subprocess

import pytest
from asking import ask
from conftest import SECONDS_MAX, TOP, WARNINGS, compile_program, needs

VERSION = re.search(r"version: '([\d.]+)'", (TOP / "meson.build").read_text()).group(1)
SONAME = f"libhewn.so.{VERSION.rpartition('.')[0]}"


def output(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, timeout=SECONDS_MAX,
                          **options).stdout


def declared_functions(folder):
    """Those of the headers, by the compiler's own list."""
    listing = folder / "declared"
    compile_program(["gcc", "-fsyntax-only", "-aux-info", listing, "-include", "hewn/server.h", f"-I{TOP}/include", "-x", "c",
                     "/dev/null"])
    return set(re.findall(rf"{TOP}/include\S* \*/ [^(]*?(\w+) \(", listing.read_text()))


def says_hello(start, program, **options):
    running = start(program, **options)
    assert ask(running.port(), "GET /?name=Ada") == (200, "Hello, Ada!\n")
    assert running.stop() == 0


def test_everything_is_there(installed):
    assert output(installed.prefix / "bin" / "hewn", "--version") == f"hewn {VERSION}\n"
    for name in ("include/hewn.h", "include/hewn/server.h", "share/man/man1/hewn.1", "share/man/man3/hewn.3"):
        assert (installed.prefix / name).stat().st_size > 0
    for shell, name in (("bash", "bash-completion/completions/hewn"), ("zsh", "zsh/site-functions/_hewn"),
                        ("fish", "fish/vendor_completions.d/hewn.fish")):
        told = output(installed.prefix / "bin" / "hewn", "completions", shell)
        assert (installed.prefix / "share" / name).read_text() == told
    assert installed.pkg_config("--modversion", "hewn") == [VERSION]


def test_pkg_config_knows_what_an_archive_needs(installed):
    assert installed.needed() == ["jansson", "libcrypto", "libssl", "libnghttp2", "zlib", "libbrotlienc", "libzstd"]
    libraries = {"-ljansson", "-lcrypto", "-lssl", "-lnghttp2", "-lz", "-lbrotlienc", "-lzstd"}
    assert libraries | {"-pthread"} <= set(installed.pkg_config("--static", "--libs", "hewn"))
    assert not libraries & set(installed.pkg_config("--libs", "hewn"))


def test_the_first_program_is_linked_with_the_shared_library(installed, start, tmp_path):
    installed.compile(tmp_path / "hello", TOP / "examples/hello.c", options=WARNINGS)
    assert f"[{SONAME}]" in output("readelf", "-dW", tmp_path / "hello")
    says_hello(start, tmp_path / "hello", environment={"LD_LIBRARY_PATH": str(installed.libraries)})


def test_the_first_program_is_linked_with_the_archive(installed, start, tmp_path):
    for more in ("-O0", "-O2", "-flto"):
        installed.compile(tmp_path / "hello", TOP / "examples/hello.c", options=[*WARNINGS, more], libraries=installed.archive())
    assert "libhewn" not in output("readelf", "-dW", tmp_path / "hello")
    says_hello(start, tmp_path / "hello")


def test_the_archive_is_for_other_compilers_too(installed, start, tmp_path):
    needs("clang")
    installed.compile(tmp_path / "hello", TOP / "examples/hello.c", compiler="clang", options=WARNINGS, libraries=installed.archive())
    says_hello(start, tmp_path / "hello")


def documented_commands():
    texts = [(TOP / name).read_text() for name in ("README.md", "docs/guide/link-with-hewn.md")]
    return sorted({command for text in texts for command in re.findall(r"^\$ (.*pkg-config.*)$", text, re.MULTILINE)})


@pytest.mark.parametrize("command", documented_commands())
def test_programs_are_linked_as_the_documents_say(installed, start, tmp_path, command):
    needs(command.split()[0])
    for name in ("hello.c", "visits.cpp"):
        (tmp_path / name).write_text((TOP / "examples" / name).read_text())
    subprocess.run(command, shell=True, check=True, cwd=tmp_path, env=installed.environment, timeout=SECONDS_MAX)
    program = tmp_path / command.split()[-1]
    assert ("libhewn" in output("readelf", "-dW", program)) != ("libhewn.a" in command)
    running = start(program, environment={"LD_LIBRARY_PATH": str(installed.libraries)})
    assert ask(running.port(), "GET /nothing")[0] == 404
    assert running.stop() == 0


def test_the_shared_library_has_a_name_of_its_version(installed):
    assert f"Library soname: [{SONAME}]" in output("readelf", "-dW", installed.libraries / "libhewn.so")
    assert os.readlink(installed.libraries / "libhewn.so") == SONAME
    assert os.readlink(installed.libraries / SONAME) == f"libhewn.so.{VERSION}"


def test_it_exports_what_the_headers_declare(installed, tmp_path):
    listing = output("nm", "-D", "--defined-only", "--format=posix", installed.libraries / "libhewn.so")
    exported = {line.split()[0].partition("@")[0] for line in listing.splitlines()}
    declared = {name for name in declared_functions(tmp_path) if not name.endswith("_")}
    assert "hewn_main" in declared and "hewn_server_new" in declared
    assert exported == declared


def test_names_of_the_archive_are_ours(installed):
    listing = output("nm", "-g", "--defined-only", "--format=posix", installed.libraries / "libhewn.a")
    names = [line.split()[0] for line in listing.splitlines() if len(line.split()) > 1]
    assert [name for name in names if not name.startswith(("hewn_", "hw_"))] == []


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("standard", ["c++17", "c++20"])
def test_the_headers_are_for_c_plus_plus_too(installed, tmp_path, compiler, standard):
    needs(compiler)
    installed.compile(tmp_path / "visits.o", TOP / "examples/visits.cpp", compiler=compiler,
                      options=[f"-std={standard}", "-pedantic", "-c", *WARNINGS], libraries=[])
    (tmp_path / "all.cpp").write_text("#include <hewn/server.h>\n")
    installed.compile(tmp_path / "all.o", tmp_path / "all.cpp", compiler=compiler,
                      options=[f"-std={standard}", "-pedantic", "-c", *WARNINGS], libraries=[])


def test_the_example_in_c_plus_plus_counts_visits(installed, start, tmp_path):
    needs("g++")
    installed.compile(tmp_path / "visits", TOP / "examples/visits.cpp", compiler="g++", options=["-std=c++17", *WARNINGS])
    running = start(tmp_path / "visits", environment={"LD_LIBRARY_PATH": str(installed.libraries)})
    assert ask(running.port(), "GET /visits") == (200, "{}")
    assert ask(running.port(), "POST /visits/Ada") == (201, '{"name":"Ada","visits":1}')
    assert ask(running.port(), "POST /visits/%22%3C") == (201, '{"name":"\\"\\u003c","visits":1}')
    assert ask(running.port(), "POST /visits/Ada") == (201, '{"name":"Ada","visits":2}')
    assert ask(running.port(), "GET /visits") == (200, '{"\\"\\u003c":1,"Ada":2}')
    assert ask(running.port(), "GET /visits/Ada")[0] == 405
    assert running.stop() == 0
