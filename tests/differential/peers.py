"""Hewn and its peers, each serving the same three files on a port of its own of 127.0.0.1."""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

FILES = {"a.txt": "=A=", "x.txt": "=X=", "s.txt": "=S="}
MODULES = "/usr/lib/apache2/modules"
START_SECONDS_MAX = 10

CONFIGURATIONS = {
    "nginx": """daemon off;
{user_directive}
worker_processes 1;
pid {place}/nginx.pid;
error_log {place}/error.log crit;
events {{ worker_connections 4000; }}
http {{
    access_log off;
    client_body_temp_path {place}/client; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    keepalive_requests 1000;
    server {{ listen 127.0.0.1:{port} backlog=4096; root {site}; }}
}}
""",
    "h2o": """num-threads: 1
user: {user}
pid-file: {place}/h2o.pid
error-log: {place}/error.log
hosts:
  default:
    listen: {{host: 127.0.0.1, port: {port}}}
    paths:
      "/": {{file.dir: {site}}}
""",
    "lighttpd": """server.modules = ( )
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{site}"
server.errorlog = "{place}/error.log"
server.upload-dirs = ( "{place}" )
server.max-connections = 4000
server.max-fds = 8192
server.listen-backlog = 4096
""",
    "apache": """ServerRoot {place}
ServerName localhost
PidFile {place}/apache.pid
ErrorLog {place}/error.log
LogLevel crit
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
User #65534
Group #65534
StartServers 1
ServerLimit 4
ThreadsPerChild 64
MaxRequestWorkers 256
KeepAliveTimeout 60
DocumentRoot {site}
<Directory {site}>
    Require all granted
</Directory>
""",
}
COMMANDS = {
    "nginx": "nginx -p {place} -c {place}/configuration",
    "h2o": "h2o -c {place}/configuration",
    "lighttpd": "lighttpd -D -f {place}/configuration",
    "apache": "apache2 -X -f {place}/configuration",
    "hewn": "{hewn} --no-list --loops 1 --log off --listen 127.0.0.1:{port} {site}",
}
COMMANDS["apache"] = "apache2 -D FOREGROUND -f {place}/configuration"
PROGRAMS = {"apache": "apache2"}
VERSIONS = {"nginx": "-v", "h2o": "--version", "lighttpd": "-v", "apache2": "-v"}


def program_of(name):
    return PROGRAMS.get(name, name)


def present(hewn):
    """(those that can be had, those that cannot)"""
    there = [name for name in CONFIGURATIONS if shutil.which(program_of(name))]
    return ["hewn", *there], [name for name in CONFIGURATIONS if name not in there]


def version(name, hewn):
    words = [hewn, "--version"] if name == "hewn" else [program_of(name), VERSIONS[program_of(name)]]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    return (told.stdout + told.stderr).strip().split("\n")[0].replace("Server version: ", "").replace("nginx version: ", "")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    def __init__(self, name, hewn, top):
        self.name, self.port = name, free_port()
        self.place = os.path.join(top, name)
        site = os.path.join(top, "site")
        for folder in (top, site, self.place):
            os.makedirs(folder, exist_ok=True)
            os.chmod(folder, 0o755)
        for file, text in FILES.items():
            with open(os.path.join(site, file), "w", encoding="ascii") as out:
                out.write(text)
        user = pwd.getpwuid(os.geteuid()).pw_name
        values = {"place": self.place, "site": site, "port": self.port, "hewn": hewn, "user": user, "modules": MODULES,
                  "user_directive": f"user {user};" if user == "root" else ""}
        if name in CONFIGURATIONS:
            with open(os.path.join(self.place, "configuration"), "w", encoding="ascii") as out:
                out.write(CONFIGURATIONS[name].format(**values))
        with open(os.path.join(self.place, "output"), "wb") as output:
            self.process = subprocess.Popen(COMMANDS[name].format(**values).split(), stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        end = time.monotonic() + START_SECONDS_MAX
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"{name} does not start: see {self.place}/output")
            time.sleep(0.02)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as client:
                client.sendall(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return b" 200 " in client.recv(4096)
        except OSError:
            return False

    def is_alive(self):
        return self.process.poll() is None

    def stop(self):
        """It, and whoever it has started: its session, nobody else."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid and fields[0] != "Z":
                    os.kill(int(path.split("/")[2]), signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()
