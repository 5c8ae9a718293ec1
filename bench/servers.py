"""The servers: how each is started, asked whether it answers rightly, and what it has used."""
import functools
import glob
import http.client
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import string
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
START_SECONDS_MAX = 10
BLOCK_BYTES = 1 << 20

# The floor's arguments depend on the scenario: see scenarios.py. Values in braces are filled by Server.
COMMANDS = {
    "floor": "{tools}/{limit} {mode} {port} {site} {status}",
    "hewn": "{hewn} --loops 1 --log {hewn_log} --listen 127.0.0.1:{port} {hewn_tls} {site}",
    "hello": "{hello} --loops 1 --log {hewn_log} --listen 127.0.0.1:{port}",
    "floor-file": "{tools}/limit file {port} {site}",
    "nginx": "nginx -p {place} -c {place}/nginx.conf",
    "nginx-nosf": "nginx -p {place} -c {place}/nginx.conf",
    "h2o": "h2o -c {place}/h2o.conf",
    "lighttpd": "lighttpd -D -f {place}/lighttpd.conf",
}
# How connections to a server begin: in clear, with a handshake of TLS 1.3, or at once with HTTP/2 (RFC 9113 3.3).
CLEAR, TLS, PRIOR = "clear", "tls", "prior"
H2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # and empty SETTINGS
NGINX_LISTEN = {CLEAR: "", TLS: " ssl http2", PRIOR: " http2"}
NGINX_TLS = "ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3; ssl_buffer_size 16k;"
H2O_TLS = "      ssl: {{certificate-file: {certificate}, key-file: {key}, minimum-version: TLSv1.3}}"
LIGHTTPD_TLS = ('ssl.engine = "enable"\nssl.pemfile = "{certificate}"\nssl.privkey = "{key}"\n'
                'ssl.openssl.ssl-conf-cmd = ( "MinProtocol" => "TLSv1.3" )')
BASES = {"nginx-nosf": "nginx", "floor-file": "floor"}  # the same program, set up in another way
VERSIONS = {"hewn": "{hewn} --version", "nginx": "nginx -v", "h2o": "h2o --version", "lighttpd": "lighttpd -v"}


class Failure(Exception):
    """What makes a server's figures worthless; it is left out of the scenario, with these words."""


def hello_of(hewn):
    """The application of bench/hello.c, built beside it."""
    return os.path.join(os.path.dirname(os.path.abspath(hewn)), "bench-hello")


def is_there(name, hewn):
    name = BASES.get(name, name)
    program = {"floor": "sh", "hewn": hewn, "hello": hello_of(hewn)}.get(name, name)
    return shutil.which(program) is not None


def version(name, hewn):
    if name not in VERSIONS:
        return ""
    told = subprocess.run(VERSIONS[name].format(hewn=hewn).split(), capture_output=True, text=True, check=False)
    return (told.stdout + told.stderr).strip().split("\n")[0]


@functools.lru_cache
def stripped_kb(program, place):
    """What is left of a copy without its symbols."""
    copy = os.path.join(place, "stripped")
    subprocess.run(["strip", "-o", copy, program], check=True)
    return os.path.getsize(copy) / 1024


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def without_comments(text):
    return "".join(line for line in text.splitlines(True) if not line.startswith("#") and line.strip())


@functools.lru_cache
def trusting():
    """For a certificate that was made a moment ago."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class Server:
    """One server process, or a family of them, on one processor. Use it in a `with`."""

    def __init__(self, name, settings, mode, logs="", begins=CLEAR):
        self.name, self.process, self.begins = name, None, begins
        self.requests = {}  # of each load of HTTP/2, so many as fill its time
        self.port = free_port()
        self.place = os.path.join(settings.place, "run", f"{name}{'-log' if logs else ''}{'' if begins == CLEAR else '-' + begins}")
        os.makedirs(self.place, exist_ok=True)
        self.cpu = settings.server_cpu
        words = mode.split() or [""]
        user = pwd.getpwuid(os.geteuid()).pw_name
        log = os.path.join(self.place, "access.log")
        self.values = {
            "tools": settings.place, "hewn": settings.hewn, "site": settings.site, "place": self.place,
            "port": self.port, "mode": words[0], "status": "".join(words[1:]), "user": user,
            "user_directive": f"user {user};" if user == "root" else "", "descriptors": settings.descriptors,
            "hello": hello_of(settings.hewn), "hewn_log": logs or "off", "sendfile": "off" if name == "nginx-nosf" else "on",
            "nginx_log": f"{log} combined buffer=32k flush=1s" if logs else "off",
            "h2o_log": f"access-log: {log}" if logs else "",
            "lighttpd_log": f'accesslog.filename = "{log}"' if logs else "",
            "lighttpd_modules": ", ".join(['"mod_accesslog"'] * bool(logs) + ['"mod_openssl"'] * (begins == TLS)),
            "nginx_listen": NGINX_LISTEN[begins], "limit": "limit",
            "hewn_tls": "", "nginx_tls": "", "h2o_tls": "", "lighttpd_tls": "",
        }
        if begins == TLS:
            pair = {"certificate": settings.certificate, "key": settings.key}
            self.values.update(
                limit="limit-tls", mode="", status="{certificate} {key}".format(**pair), hewn_tls="--tls {certificate},{key}".format(**pair),
                nginx_tls=NGINX_TLS.format(**pair), h2o_tls=H2O_TLS.format(**pair), lighttpd_tls=LIGHTTPD_TLS.format(**pair))
        self.words = COMMANDS[name].format(**self.values).split()
        self.command = ["taskset", "-c", str(self.cpu), *self.words]  # as a person would type it

    def write_configuration(self):
        name = f"{BASES.get(self.name, self.name)}.conf"
        if os.path.exists(os.path.join(HERE, "peers", name)):
            with open(os.path.join(HERE, "peers", name), encoding="utf-8") as file:
                text = string.Template(file.read()).substitute(self.values)
            with open(os.path.join(self.place, name), "w", encoding="utf-8") as file:
                file.write(text)

    def start(self):
        """Starts it and asks until the first answer has come: the milliseconds that took, from before the fork on. It
        inherits its processor from us, for taskset would be one program more to start."""
        self.write_configuration()
        ours = os.sched_getaffinity(0)
        with open(os.path.join(self.place, "output"), "wb") as output:
            os.sched_setaffinity(0, {self.cpu})
            begin = time.perf_counter()
            try:
                self.process = subprocess.Popen(self.words, cwd=self.place, stdin=subprocess.DEVNULL, stdout=output,
                                                stderr=subprocess.STDOUT, start_new_session=True)
            finally:
                os.sched_setaffinity(0, ours)
        while time.perf_counter() - begin < START_SECONDS_MAX and self.process.poll() is None:
            try:
                self.first_bytes()
                return (time.perf_counter() - begin) * 1000
            except OSError:
                time.sleep(0.0002)
        self.stop()
        raise Failure(f"did not start; {self.place}/output says why")

    def first_bytes(self):
        with socket.create_connection(("127.0.0.1", self.port), 5) as client:
            if self.begins == TLS:
                client = trusting().wrap_socket(client, server_hostname="localhost")
            client.sendall(H2_PREFACE if self.begins == PRIOR else b"GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if not client.recv(4096):
                raise ConnectionError("closed")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def processes(self):
        """Every process of its session, by pid."""
        found = []
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                found.append(int(path.split("/")[2]))
        return found

    def stop(self):
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            pass
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    def cpu_seconds(self):
        """What all its threads have used; the scheduler's own clock, in nanoseconds."""
        total = 0
        for pid in self.processes():
            for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
                try:
                    with open(path, encoding="ascii") as file:
                        total += int(file.read().split()[0])
                except FileNotFoundError:
                    pass
        return total / 1e9

    def private_kb(self):
        """Memory that nobody shares: what it costs to have it running."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += int(re.search(r"^Private_Dirty:\s+(\d+)", file.read(), re.MULTILINE)[1])
        return total

    def program_kb(self):
        """Of the stripped program, without its libraries."""
        return stripped_kb(os.path.realpath(f"/proc/{self.process.pid}/exe"), self.place)

    def get(self, path, fields=None):
        """(status, headers, an iterator over the body)"""
        if self.begins == TLS:
            client = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=trusting())
        else:
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        client.request("GET", path, headers=fields or {})
        answer = client.getresponse()

        def body():
            while piece := answer.read(BLOCK_BYTES):
                yield piece
            client.close()
        return answer.status, answer.headers, body()

    def check_file(self, path):
        """Status, length and every byte."""
        status, headers, body = self.get(path)
        name = self.values["site"] + path
        if status != 200 or headers.get("Content-Length") != str(os.path.getsize(name)):
            raise Failure(f"{path}: status {status}, Content-Length {headers.get('Content-Length')}")
        with open(name, "rb") as file:
            for piece in body:
                if piece != file.read(len(piece)):
                    raise Failure(f"{path}: the bytes are not those of the file")
            if file.read(1):
                raise Failure(f"{path}: the body ends early")

    def url(self, path):
        return f"{'https' if self.begins == TLS else 'http'}://127.0.0.1:{self.port}{path}"

    def check_h2_file(self, path):
        """Every byte; the status and the length are in its frames."""
        with open(self.values["site"] + path, "rb") as file:
            contents = file.read()
        frames = self.nghttp("--verbose", "--null-out", path=path)
        for wanted in (":status: 200", f"content-length: {len(contents)}"):
            if wanted.encode() not in frames:
                raise Failure(f"{path}: no {wanted} over HTTP/2; {self.place}/answer has what came")
        if self.nghttp(path=path) != contents:
            raise Failure(f"{path}: the bytes are not those of the file; {self.place}/answer has them")

    def nghttp(self, *options, path):
        """What that says; also in the file `answer`."""
        told = subprocess.run(["nghttp", "--no-push", *options, self.url(path)], capture_output=True, timeout=20, check=False).stdout
        with open(os.path.join(self.place, "answer"), "wb") as file:
            file.write(told)
        return told

    def check_missing(self, path):
        status, _, body = self.get(path)
        if status != 404:
            raise Failure(f"{path}: status {status}, not 404")
        for _ in body:
            pass

    def check_fresh(self, path):
        """The fields with which this server answers 304, having asked it."""
        _, headers, body = self.get(path)
        for _ in body:
            pass
        fields = {"If-Modified-Since": headers.get("Last-Modified"), "If-None-Match": headers.get("ETag")}
        fields = {name: value for name, value in fields.items() if value}
        status, _, body = self.get(path, fields)
        if status != 304 or any(body):
            raise Failure(f"{path}: status {status} with a body or not 304, asked with {', '.join(fields) or 'nothing'}")
        return [f"{name}: {value}" for name, value in fields.items()]
