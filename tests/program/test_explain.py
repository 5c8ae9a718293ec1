"""hewn explain: what would be answered, and why."""
import gzip
import http.client
import os
import re

import pytest


@pytest.fixture
def explain(tell, place):
    dist = place / "dist"
    (dist / "about.html").write_text("about")
    (dist / "app-3f9ac1d2.js").write_text("let a")
    (dist / "app-3f9ac1d2.js.gz").write_bytes(gzip.compress(b"let a"))
    (dist / "old.js").write_text("let b")
    (dist / "old.js.br").write_text("older")
    os.utime(dist / "old.js.br", (1, 1))
    (dist / ".secret").write_text("no")
    (dist / "x.bak").write_text("no")
    (dist / "long.css").write_text("a { color: red }\n" * 100)
    (dist / "sub").mkdir()
    os.symlink("/etc/passwd", dist / "out")
    os.symlink("ten.txt", dist / "in")
    os.mkfifo(dist / "pipe")

    def explain_url(url, *options, **how):
        status, output, errors = tell("explain", *options, url, "dist", **how)
        assert (status, errors) == (0, ""), (status, errors)
        steps = re.findall(r"^  ([a-z-]+) +(.*)$", output, re.MULTILINE)
        fields = re.findall(r"^  ([A-Z][\w-]*): (.*)\n      (.+)$", output, re.MULTILINE)
        answer = re.search(r"^(\d\d\d) ", output, re.MULTILINE)[1]
        return int(answer), steps, {name: (value, reason) for name, value, reason in fields}
    return explain_url


def words_of(steps, subject):
    return " / ".join(words for name, words in steps if name == subject)


@pytest.mark.parametrize("url, options, status, subject, words", [
    ("/", [], 200, "index", "'index.html' stands for the folder"),
    ("/", ["-i", "home.html", "-i", "ten.txt"], 200, "index", "there is no 'home.html' / 'ten.txt' stands for the folder"),
    ("http://localhost:9000/about?x#y", [], 200, "path", "'/about' / 'about.html' stands for 'about'"),
    ("/about", ["--no-clean-urls"], 404, "refused", "there is no 'about'"),
    ("/.secret", [], 404, "refused", "'.secret' is hidden: it begins with a dot; --hidden"),
    ("/.secret", ["--hidden"], 200, "file", "'.secret', 2 bytes"),
    ("/x.bak", [], 404, "refused", "'x.bak' is hidden: editors leave"),
    ("/a/.git/config", [], 404, "refused", "'.git' is hidden"),
    ("/out", [], 404, "refused", "'out' is a symbolic link to '/etc/passwd', which leads out"),
    ("/out", ["--follow-links"], 200, "file", "'out', "),
    ("/in", [], 200, "file", "'in', 10 bytes"),
    ("/pipe", [], 404, "refused", "'pipe' is a pipe: only regular files are sent"),
    ("/ten.txt/x", [], 404, "refused", "'ten.txt' is a file, and has nothing in it"),
    ("/none/x", [], 404, "refused", "there is no 'none'"),
    ("/sub", [], 308, "path", "'sub' is a folder: its name is one with a slash behind it"),
    ("/sub/", [], 200, "listing", "the folder has no index, and is listed"),
    ("/sub/", ["--no-list"], 404, "index", "there is no 'sub/index.html'"),
    ("/%zz", [], 400, "refused", "percent sign without two hexadecimal digits"),
    ("/app-3f9ac1d2.js", [], 200, "coding", "gzip: 'app-3f9ac1d2.js.gz'"),
    ("/app-3f9ac1d2.js", ["--compress=off"], 200, "coding", "no other is looked for"),
    ("/old.js", [], 200, "coding", "'old.js.br' is not used: it is older than its source"),
    ("/long.css", [], 200, "coding", "br, made while it is sent; then once more, as small as it gets"),
    ("/view/7", ["--spa"], 200, "stand-in", "'index.html' is answered in its place"),
])
def test_the_way_to_an_answer_is_told(explain, url, options, status, subject, words):
    answered, steps, _ = explain(url, *options)
    assert answered == status and words in words_of(steps, subject), steps


@pytest.mark.parametrize("url, options, name, value, reason", [
    ("/ten.txt", [], "ETag", '"', "made of the content"),
    ("/ten.txt", [], "Cache-Control", "no-cache", "never stale"),
    ("/ten.txt", ["--cache=60"], "Cache-Control", "max-age=60", "as you said"),
    ("/ten.txt", ["-H", "Cache-Control: private"], "Cache-Control", "private", "-H"),
    ("/ten.txt", ["-H", "X-Y: z"], "X-Y", "z", "-H"),
    ("/app-3f9ac1d2.js", [], "Cache-Control", "immutable", "hash of the content"),
    ("/app-3f9ac1d2.js", [], "Vary", "Accept-Encoding", "other codings"),
    ("/app-3f9ac1d2.js", [], "Content-Encoding", "gzip", "compressed"),
    ("/ten.txt", ["--cors"], "Access-Control-Allow-Origin", "*", "--cors"),
    ("/ten.txt", ["--cors=https://a.example"], "Vary", "Origin", "--cors"),
    ("/ten.txt", ["--isolate"], "Cross-Origin-Opener-Policy", "same-origin", "--isolate"),
    ("/ten.txt", [], "Content-Type", "text/plain", "end of the file's name"),
    ("/long.css", [], "ETag", "-br", "weak because it is made while it is sent"),
    ("/long.css", [], "Content-Type", "text/css", "end of the file's name"),
    ("/none", [], "Content-Type", "text/plain", "what the answer is made of"),
])
def test_each_field_has_its_reason(explain, url, options, name, value, reason):
    _, _, fields = explain(url, *options)
    assert value in fields[name][0] and reason in fields[name][1], fields


def test_it_is_what_a_server_answers(explain, start, place):
    port = start("--log=off", "-l", "127.0.0.1:0", "dist").port()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    accepts = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
               "Accept-Encoding": "gzip, deflate, br, zstd"}
    of_message = ("Date", "Content-Length", "Transfer-Encoding", "Connection")
    for url in ("/", "/about", "/app-3f9ac1d2.js", "/old.js", "/long.css", "/sub", "/sub/", "/none", "/.secret", "/out"):
        connection.request("GET", url, headers=accepts)
        answer = connection.getresponse()
        answer.read()
        status, _, fields = explain(url)
        said = {name: value for name, value in answer.getheaders() if name not in of_message}
        told = {name: value for name, (value, _) in fields.items() if name not in of_message}
        assert status == answer.status and told == said, url
    connection.close()


def test_whose_right_is_missing_is_told(explain, nobody, place):
    private = place / "dist" / "private"
    private.mkdir()
    (private / "x.txt").write_text("x")
    private.chmod(0o700)
    (place / "dist" / "locked.txt").write_text("x")
    (place / "dist" / "locked.txt").chmod(0o600)
    status, steps, _ = explain("/private/x.txt", **nobody)
    words = words_of(steps, "refused")
    assert status == 403 and "'private' is drwx------ of user 0, group 0: this process needs x" in words
    status, steps, _ = explain("/locked.txt", **nobody)
    words = words_of(steps, "refused")
    assert status == 403 and "'locked.txt' is -rw------- of user 0, group 0: this process needs r" in words


def test_what_is_missing_is_said(tell):
    status, _, errors = tell("explain")
    assert status == 64 and "which URL" in errors
    assert tell("explain", "/", "nowhere")[0] == 66
    assert tell("explain", "/", "dist", "more")[0] == 64
    status, output, _ = tell("explain", "ten.txt", "dist")
    assert status == 0 and "GET /ten.txt of dist" in output
    for url in ("http://h:1/ten.txt#x", "localhost:9000/ten.txt", "//h/ten.txt"):
        assert ("GET /" in tell("explain", url, "dist")[1]) and tell("explain", url, "dist")[0] == 0
    assert "GET /?q of dist" in tell("explain", "https://h?q", "dist")[1]
    assert "there is no 'a" in tell("explain", "/" + "a" * 5000, "dist")[1]
