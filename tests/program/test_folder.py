"""The folder to be served, and what is said when there is none."""
import os

from conftest import fetch


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


def test_a_file_is_not_a_folder(tell):
    assert tell("dist/ten.txt") == (
        66, "", "hewn: not a directory: 'dist/ten.txt'\n"
                "  serving a single file is not in this version; name the folder it lies in\n")
    assert tell("dist/ten.txt/x")[0] == 66


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
