"""The folder to be served, and what is said when there is none."""
import os
import socket
import urllib.parse

from conftest import fetch
from running import wait_until


def test_a_missing_folder_is_answered_with_the_nearest(tell):
    assert tell("dits") == (66, "", "hewn: no such directory: 'dits'\n"
                                    "  here there is: dist, docs.  Did you mean  hewn dist ?\n")


def test_a_missing_folder_below_another(tell, place):
    (place / "docs" / "my guide").mkdir()
    assert tell("docs/my guise/") == (
        66, "", "hewn: no such directory: 'docs/my guise/'\n"
                "  in docs/ there is: my guide.  Did you mean  hewn 'docs/my guide' ?\n")


def test_a_missing_folder_like_none(tell, place):
    for name in "abcdefgh":
        (place / name).mkdir()
    (place / "README").write_text("")
    assert tell("nowhere") == (66, "", "hewn: no such directory: 'nowhere'\n"
                                       "  here there is: a, b, c, d, dist, docs, e, f ...\n")


def test_a_missing_folder_where_there_is_nothing_else(tell):
    assert tell("dist/a/b") == (66, "", "hewn: no such directory: 'dist/a/b'\n")
    assert tell("dist/a") == (66, "", "hewn: no such directory: 'dist/a'\n")
    assert tell("") == (66, "", "hewn: no such directory: ''\n  here there is: dist, docs.\n")


def test_names_cannot_speak_to_the_terminal(tell, place):
    (place / "di\x1b[2Jst\u009b").mkdir()
    status, _, err = tell("di\x1b[2Jts\x7f")
    assert status == 66
    assert "\x1b" not in err and "\u009b" not in err and "\x7f" not in err
    assert err.startswith("hewn: no such directory: 'di?[2Jts?'\n  here there is: di?[2Jst?, dist, docs."
                   "  Did you mean  hewn $'di\\033[2Jst\\302\\233' ?")


def test_what_is_neither_folder_nor_file(tell, place):
    os.mkfifo(place / "pipe")
    (place / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(place / "socket"))
        for name in ("pipe", "socket", "/dev/null", "dist/ten.txt/x"):
            assert tell(name) == (66, "", f"hewn: neither a directory nor a file: '{name}'\n")
    assert tell("loop")[0] == 66


def test_a_file_one_may_not_read(tell, place, nobody):
    (place / "dist" / "ten.txt").chmod(0o600)
    assert tell("dist/ten.txt", **nobody) == (77, "", "hewn: cannot open 'dist/ten.txt': permission denied\n")


def test_one_file_is_served_at_the_root_and_under_its_name_and_nothing_else(start, place):
    (place / "dist" / "ten.txt.bak").write_text("other")
    running = start("-p0", "dist/ten.txt")
    assert greeting(running) == "dist/ten.txt (1 file, 10 B)"
    port = running.port()
    assert fetch(port) == fetch(port, "/ten.txt") == (200, b"0123456789")
    assert fetch(port, "/", fields="Range: bytes=2-4\r\n") == (206, b"234")
    for other in ("/index.html", "/ten.txt/", "/ten.txt.bak", "/dist/ten.txt", "/x/ten.txt", "/ten.tx"):
        assert fetch(port, other)[0] == 404, other
    assert fetch(start("-p0", "--cors", "dist/ten.txt").port(), "/", fields="Origin: http://x\r\n") == (200, b"0123456789")
    # Replaced and removed as any editor does.
    (place / "dist" / "new").write_text("new")
    (place / "dist" / "new").rename(place / "dist" / "ten.txt")
    assert fetch(port) == (200, b"new")
    (place / "dist" / "ten.txt").unlink()
    assert fetch(port)[0] == 404


def test_one_file_with_any_name(start, place):
    name = "{a} b%41 \u00e9\".html"
    (place / name).write_text("odd")
    port = start("-p0", name).port()
    assert fetch(port) == (200, b"odd")
    assert fetch(port, "/" + urllib.parse.quote(name)) == (200, b"odd")
    assert fetch(port, "/%7Ba%7D")[0] == 404


def test_one_file_that_is_a_link(start, place):
    (place / "page").symlink_to("dist/ten.txt")
    port = start("-p0", "page").port()
    assert fetch(port) == fetch(port, "/page") == (200, b"0123456789")
    assert fetch(port, "/ten.txt")[0] == 404


def test_hidden_names_are_served_where_that_is_asked_for(start, place):
    names = [".env", "a.html~", "a.bak", "a.swp", "a.orig", ".git/config"]
    (place / "dist" / ".git").mkdir()
    for name in names:
        (place / "dist" / name).write_text(name)
    port = start("-p0", "dist").port()
    assert [fetch(port, "/" + name)[0] for name in names] == [404] * len(names)
    running = start("-p0", "--hidden", "dist")
    assert [fetch(running.port(), "/" + name) for name in names] == [(200, name.encode()) for name in names]
    assert greeting(running).startswith(f"dist/ ({2 + len(names)} files, ")


def test_links_that_lead_out_are_followed_where_that_is_asked_for(start, place):
    (place / "docs" / "sub").mkdir()
    (place / "docs" / "sub" / "index.html").write_text("sub")
    (place / "docs" / "out.txt").write_text("out")
    os.mkfifo(place / "docs" / "pipe")
    dist = place / "dist"
    (dist / "file").symlink_to("../docs/out.txt")
    (dist / "absolute").symlink_to(place / "docs" / "out.txt")
    (dist / "folder").symlink_to(place / "docs")
    (dist / "chain").symlink_to("folder/sub")
    (dist / "pipe").symlink_to("../docs/pipe")
    (dist / "device").symlink_to("/dev/zero")
    (dist / "magic").symlink_to("/proc/self/fd/0")
    (dist / "exe").symlink_to("/proc/self/exe")
    (dist / "loop").symlink_to("loop")
    inside = ["/file", "/absolute", "/folder/out.txt", "/folder/sub/", "/chain/"]
    port = start("-p0", "dist").port()
    assert [fetch(port, path)[0] for path in inside] == [404] * len(inside)
    port = start("-p0", "--follow-links", "dist").port()
    for _ in range(2):  # the second time out of the cache, as far as it has them
        assert [fetch(port, path)[1] for path in inside] == [b"out", b"out", b"out", b"sub", b"sub"]
        assert fetch(port, "/folder/sub")[0] == 308
        for path in ("/pipe", "/device", "/magic", "/exe", "/loop", "/../docs/out.txt", "//etc/passwd",
                     "/folder/../../docs/out.txt"):
            assert fetch(port, path)[0] in (400, 404), path
    # Changes of the file are seen at once, of where a link leads within a second.
    (place / "docs" / "out.txt").write_text("changed")
    assert fetch(port, "/absolute") == (200, b"changed")
    (dist / "next").symlink_to("ten.txt")
    (dist / "next").rename(dist / "file")
    wait_until(lambda: fetch(port, "/file") == (200, b"0123456789"))


def test_a_folder_one_may_not_enter(tell, place, nobody):
    (place / "dist").chmod(0o600)
    assert tell("dist", **nobody) == (77, "", "hewn: cannot open 'dist': permission denied\n")


def greeting(running):
    running.port()
    return running.err.wait_for(r"^hewn \d+\.\d+\.\d+: serving (.*)$").group(1)


def test_the_banner_counts_what_is_served(start, place):
    (place / "dist" / "sub").mkdir()
    (place / "dist" / "sub" / "big").write_bytes(b"x" * 6_400_000)
    (place / "dist" / ".hidden").write_text("not served")
    os.symlink("/etc/passwd", place / "dist" / "link")
    assert greeting(start("-l", "127.0.0.1:0", "dist")) == "dist/ (3 files, 6.1 MiB)"
    assert greeting(start("-l", "127.0.0.1:0", "dist/sub/")) == "dist/sub/ (1 file, 6.1 MiB)"
    assert greeting(start("-l", "127.0.0.1:0", "docs")) == "docs/ (0 files, 0 B)"


def test_a_tree_too_deep_to_be_counted(start, place):
    (place / "dist" / "/".join(["d"] * 40)).mkdir(parents=True)
    assert greeting(start("-l", "127.0.0.1:0", "dist")) == "dist/ (more than 2 files)"


def test_a_folder_that_may_be_entered_but_not_read_is_served(start, place, nobody):
    (place / "dist").chmod(0o711)
    running = start("-l", "127.0.0.1:0", "dist", **nobody)
    assert fetch(running.port(), "/ten.txt") == (200, b"0123456789")
    assert greeting(running) == "dist/ (more than 0 files)"
